"""Stories made up by hypothesis and by the hundred hours: the witness finds no promise broken, but each fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.faults import FAULTS
from tests.sim.story import Deed, Person, Story, made_up
from tests.sim.telling import tell, tell_hours
from tests.sim.world import Way

VIEWER_HOURS = 1000.0
"""Most of a minute on two cores that nobody else uses, so the test is marked as one that is not beside others."""

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
    # As far as a clock's bound allows for (ClockPolicy.wander); the hundreds of hours go to twice that.
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
    """Any people, any networks, anything done to them at any pace."""
    assert tell(story).broken == ()


@pytest.mark.real
@pytest.mark.timed
@pytest.mark.timeout(600)
def test_a_thousand_viewer_hours_keep_every_promise(capsys: pytest.CaptureFixture[str]) -> None:
    """Rooms of two to six for an hour each, with VLC's own intervals, and nothing left out.

    How long it takes is printed, not judged: the limit is for a pool that hangs.
    """
    hours = tell_hours(VIEWER_HOURS)
    with capsys.disabled():
        print(f"\n{hours.viewer_hours:.0f} viewer-hours in {hours.seconds:.0f} s: {hours.pace:.0f} a minute")
    assert hours.viewer_hours >= VIEWER_HOURS
    assert hours.broken == {}


def test_the_same_story_is_told_the_same_way() -> None:
    """So that what went wrong once can be looked at."""
    story = made_up(5, 1800.0)
    assert tell(story) == tell(story)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_put_in_on_purpose_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the promises that healthy viewers keep, and in the same stories (of which the first few mostly do)."""
    FAULTS[fault](monkeypatch)
    assert any(tell(made_up(seed)).broken for seed in range(48))
