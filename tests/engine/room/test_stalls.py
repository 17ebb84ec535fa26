"""For how long a room waits for the stalls of one member: real ones are waited for, and nobody holds the film."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.admission.identity import Identity
from hangd.protocol.messages import LeaveRoom, MemberChanged, Play, SetMedia, SetPolicy, SyncBroadcast
from hangd.protocol.model import PolicyChange
from tests.support.rooms.stage import OTHER_HASH, Stage, file_info

LONG = file_info(duration=50_000.0)
NEXT = file_info(size=2000, quick_hash="02" * 32, duration=50_000.0)


def playing(**policy: Any) -> Stage:
    """Ann, host, and bob and cy, each of another network, in a room that plays and waits for everyone."""
    stage = Stage(ttl=1e9)
    stage.create("ann", file=LONG, policy=PolicyChange(**{"wait": "everyone", **policy}))
    for name in ("bob", "cy"):
        comes(stage, name, name)
    stage.says("ann", Play(timestamp=0.0))
    stage.passes(1.0)
    stage.goes_on()
    return stage


def comes(stage: Stage, name: str, network: str) -> None:
    stage.join(name, file=LONG, identity=Identity((f"net:{network}",)))
    stage.reports(name, "playing", 1.0)


def stalls(stage: Stage, name: str, seconds: float, *, every: float = 0.0) -> None:
    """Let a member's player stall for so long, and then play for ``every`` seconds."""
    stage.reports(name, "buffering", 5.0)
    stage.passes(seconds)
    stage.reports(name, "playing", 5.0)
    stage.passes(every)


def is_given_up(stage: Stage, name: str) -> bool:
    return stage.member(name).given_up


def until_given_up(stage: Stage, name: str) -> None:
    for _ in range(50):
        if is_given_up(stage, name):
            return
        stalls(stage, name, 20.0, every=1.0)
    raise AssertionError("the room waits for ever")


def stopped(stage: Stage, seconds: float, deed: Any) -> float:
    """Repeat the deed for so long, and return for how long the room stood meanwhile."""
    began, stood = stage.now, 0.0
    while stage.now < began + seconds:
        stood += _stood(stage, deed)
    return stood


def _stood(stage: Stage, deed: Any) -> float:
    before, line = stage.now, stage.timeline
    deed()
    return (stage.now - before) - (_position_of(stage.timeline, stage.now) - _position_of(line, before))


def _position_of(line: Any, now: float) -> float:
    runs = line.playing and line.gate is None
    return float(line.position + max(0.0, now - line.at) * (line.rate if runs else 0.0))


@pytest.mark.parametrize(("seconds", "every"), [(0.6, 0.3), (5.0, 0.1), (29.0, 1.0), (100.0, 1.0)])
@pytest.mark.parametrize("comes_anew", [False, True])
def test_who_invents_stalls_holds_the_film_for_two_minutes_at_most(
    seconds: float, every: float, comes_anew: bool
) -> None:
    stage, count = playing(), 0

    def invents() -> None:
        nonlocal count
        name = "bob" if not comes_anew else f"bob {count}"
        stalls(stage, name, seconds, every=every)
        if comes_anew:
            stage.says(name, LeaveRoom())
            count += 1
            comes(stage, f"bob {count}", "bob")

    if comes_anew:
        stage.says("bob", LeaveRoom())
        comes(stage, "bob 0", "bob")
    stood = stopped(stage, 900.0, invents)
    assert 1.0 < stood < 120.0
    assert is_given_up(stage, "bob" if not comes_anew else f"bob {count}")


def test_everybody_is_told_once_that_a_member_is_not_waited_for_any_more() -> None:
    stage = playing()
    until_given_up(stage, "bob")
    for name in ("ann", "bob", "cy"):
        told = [one.member for one in stage.heard(name) if isinstance(one, MemberChanged) and one.member.given_up]
        assert told and {member.client_id for member in told} == {"bob"}
    stage.goes_on()
    stage.reports("bob", "buffering", 5.0)
    stage.passes(40.0)
    assert stage.timeline.gate is None and not [one for one in stage.heard("ann") if isinstance(one, SyncBroadcast)]
    stage.reports("cy", "buffering", 5.0)
    stage.passes(1.0)
    assert stage.timeline.gate == "buffering", "others are waited for"


def test_a_gate_opens_when_the_only_one_that_it_waits_for_is_given_up() -> None:
    stage = playing()
    stalls(stage, "bob", 20.0, every=0.1)
    stalls(stage, "bob", 20.0, every=0.1)
    stage.reports("bob", "buffering", 5.0)
    stage.passes(15.0)
    gates = [stage.timeline.gate]
    stage.passes(10.0)
    assert [*gates, stage.timeline.gate] == ["buffering", None]
    assert stage.timeline.playing and is_given_up(stage, "bob")


@pytest.mark.parametrize(("seconds", "every"), [(1.0, 60.0), (5.0, 200.0), (20.0, 600.0), (0.4, 0.4)])
def test_stalls_such_as_players_have_are_waited_for_to_the_end(seconds: float, every: float) -> None:
    stage = playing()
    for _ in range(int(3600 / (seconds + every))):
        stalls(stage, "bob", seconds, every=every)
    assert not is_given_up(stage, "bob")


def test_another_film_and_the_rule_set_anew_are_another_chance() -> None:
    stage = playing()
    for again in (SetPolicy(wait="everyone"), SetMedia(file=NEXT, file_hash=OTHER_HASH, play=True)):
        until_given_up(stage, "bob")
        stage.goes_on()
        stage.says("ann", again)
        assert not is_given_up(stage, "bob")


def test_a_room_that_pauses_for_stalls_does_so_a_few_times() -> None:
    stage, pauses = playing(wait="nobody", stall="pause"), 0
    for _ in range(100):
        stage.reports("bob", "playing", 5.0)
        stage.reports("bob", "buffering", 5.0)
        stage.passes(1.0)
        pauses += not stage.timeline.playing
        stage.says("ann", Play(timestamp=stage.timeline.position))
    assert 3 < pauses < 20 and is_given_up(stage, "bob")


def test_two_that_stall_at_once_are_both_charged_and_nobody_else() -> None:
    stage = playing()
    for _ in range(10):
        for name in ("bob", "cy"):
            stage.reports(name, "buffering", 5.0)
        stage.passes(10.0)
        for name in ("bob", "cy"):
            stage.reports(name, "playing", 5.0)
        stage.passes(1.0)
    assert [is_given_up(stage, name) for name in ("ann", "bob", "cy")] == [False, True, True]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bob", "cy"]), st.sampled_from(["buffering", "playing", "paused"]), st.floats(0.0, 40.0)
        ),
        max_size=60,
    )
)
def test_each_network_holds_the_film_for_its_own_time_and_no_longer(story: list[tuple[str, Any, float]]) -> None:
    stage = playing()

    def all_of_it() -> None:
        for name, state, seconds in story:
            stage.reports(name, state, 5.0)
            stage.passes(seconds)
        stage.reports("bob", "playing", 5.0)
        stage.reports("cy", "playing", 5.0)

    began = stage.now
    stood = _stood(stage, all_of_it)
    # A start needs a moment, of which there is one after each stop.
    assert stood <= 2 * (60.0 + 0.05 * (stage.now - began)) * 1.3 + 5.0


def test_the_budget_of_the_film_is_not_used_up_by_waiting_for_nobody() -> None:
    stage = playing(wait="nobody")
    for _ in range(20):
        stalls(stage, "bob", 30.0, every=1.0)
    assert not is_given_up(stage, "bob")
