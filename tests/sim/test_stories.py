"""Stories from hypothesis, and a thousand hours of random ones: no promise is broken, and each fault is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.faults import FAULTS
from tests.sim.story import Deed, Person, Story, made_up
from tests.sim.telling import tell, tell_hours
from tests.sim.world import Way

VIEWER_HOURS = 1000.0
"""This takes most of a minute on two free cores, so the test is marked ``real``: no other test runs beside it."""

ways = st.builds(
    lambda out, back, jitter: Way(out, back, min(jitter, out, back)),
    st.floats(0.0003, 0.2),
    st.floats(0.0003, 0.2),
    st.floats(0.0, 0.04),
)
people = st.builds(
    Person,
    way=ways,
    offset=st.floats(0.0, 1e6),
    # Half of what a clock's bound allows for (ClockPolicy.wander). The thousand hours go up to all of it.
    skew=st.floats(-100e-6, 100e-6),
    media_ppm=st.floats(-50.0, 50.0),
    seek_cost=st.floats(0.02, 0.25),
    key_frames=st.sampled_from([0.0, 0.0, 0.0, 10.0]),
)
waits, who = st.floats(0.05, 20.0), st.integers(0, 5)
deeds = st.one_of(
    st.builds(Deed, waits, st.sampled_from(["play", "play", "pause", "leave"]), who),
    st.builds(Deed, waits, st.just("seek"), who, st.floats(0.0, 6000.0)),
    st.builds(Deed, waits, st.just("speed"), who, st.sampled_from([0.5, 1.0, 1.25, 2.0])),
    st.builds(Deed, waits, st.sampled_from(["cut", "sleep"]), who, st.floats(0.1, 60.0)),
    st.builds(Deed, waits, st.just("freeze"), who, st.floats(0.01, 5.0)),
    st.builds(Deed, waits, st.just("join"), person=people),
)
stories = st.builds(
    Story,
    seed=st.integers(0, 2**32),
    people=st.lists(people, min_size=2, max_size=4).map(tuple),
    deeds=st.lists(deeds, max_size=12).map(tuple),
    peace=st.just(90.0),
)


@settings(max_examples=60, deadline=None)
@given(stories)
def test_whatever_happens_every_promise_is_kept(story: Story) -> None:
    """Any people and networks, and any deeds in any order and at any interval."""
    assert tell(story).broken == ()


@pytest.mark.real
@pytest.mark.timed
@pytest.mark.timeout(600)
def test_a_thousand_viewer_hours_keep_every_promise(capsys: pytest.CaptureFixture[str]) -> None:
    """Rooms of two to six for an hour each, with samples as often as VLC gives them, none left out.

    The duration is printed but is no condition; the time limit is for a process pool that hangs.
    """
    hours = tell_hours(VIEWER_HOURS)
    with capsys.disabled():
        print(f"\n{hours.viewer_hours:.0f} viewer-hours in {hours.seconds:.0f} s: {hours.pace:.0f} a minute")
    assert hours.viewer_hours >= VIEWER_HOURS
    assert hours.broken == {}


def test_a_viewer_that_stands_still_again_and_again_waits_for_its_next_resync() -> None:
    """Resyncs are rationed, and the witness allows for that. Hypothesis found the story."""
    person = Person(Way(0.125, 0.125), seek_cost=0.25)
    deeds = (
        Deed(1.0, "play", 0),
        Deed(1.0, "freeze", 0, 1.0),
        Deed(4.0, "play", 0),
        Deed(1.0, "freeze", 0, 1.0),
        Deed(5.0, "speed", 0, 0.5),
        Deed(8.0, "freeze", 0, 1.0),
    )
    assert tell(Story(seed=0, people=(person,) * 4, deeds=deeds, peace=90.0)).broken == ()


def test_a_viewer_whose_seeks_end_late_seeks_twice_in_each_resync() -> None:
    """Its resyncs are rationed, and each seek of theirs may come too late. Hypothesis found such stories."""
    slow, quick = Person(Way(0.17, 0.04, 0.037), skew=97e-6, seek_cost=0.231, key_frames=10.0), Person(Way(0.1, 0.05))
    deeds = (
        Deed(5.0, "play", 0),
        Deed(1.0, "join", person=slow),
        Deed(0.05, "speed", 0, 2.0),
        Deed(0.05, "join", person=quick),
        Deed(3.0, "join", person=quick),
    )
    for seed in range(20):
        assert tell(Story(seed=seed, people=(quick, quick), deeds=deeds, peace=90.0)).broken == ()


def test_the_same_story_is_told_the_same_way() -> None:
    """So a fault that was found once can be reproduced."""
    story = made_up(5, 1800.0)
    assert tell(story) == tell(story)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_put_in_on_purpose_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same promises and in the same stories as for the unchanged code. Usually the first few stories suffice."""
    FAULTS[fault](monkeypatch)
    assert any(tell(made_up(seed)).broken for seed in range(48))
