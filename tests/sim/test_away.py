"""Members of a simulated room that lose it: their players obey their own viewers, and find the way back.

Whatever the order of cut links, stalls, and what the viewers do: a player that cannot reach its room obeys within one
step; back in the room it goes to the room's timeline, unless its viewer paused; then it stands until the viewer plays,
or until the room is paused. A room that nobody follows any more is paused.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hangd.engine.follower.picture import Motion
from tests.sim.story import LAN
from tests.sim.world import Viewer, World

_NEAR = 0.05
"""Seconds from the timeline. Drift is corrected from 10 ms on."""
_QUIET = 12.0
"""Seconds after which every player has found its place: two resyncs are 5 s apart at least."""

Deed = tuple[str, int, float]


def couple() -> tuple[World, Viewer, Viewer]:
    """Two viewers in a room that plays."""
    world = World(seed=5)
    ada = world.join("ada", LAN, offset=50.0, skew=20e-6)
    world.run(1.0)
    bob = world.join("bob", LAN, offset=900.0, skew=-20e-6)
    world.run(3.0)
    ada.play()
    world.run(2.0)
    return world, ada, bob


def moves(world: World, viewer: Viewer) -> bool:
    """Let a moment pass, and return whether the picture has moved in it."""
    before = viewer.true_position()
    world.run(0.1)
    return abs(viewer.true_position() - before) > 0.01


def is_away(viewer: Viewer) -> bool:
    return viewer.follower.state.on_own.link != "up"


def is_apart(viewer: Viewer) -> bool:
    return viewer.follower.on_own.left is not None


def deeds() -> st.SearchStrategy[list[Deed]]:
    kinds = st.sampled_from(("pause", "play", "seek", "speed", "cut", "cut", "stall", "wait", "wait"))
    values = st.floats(0.05, 1.0)
    return st.lists(st.tuples(kinds, st.integers(0, 1), values), min_size=1, max_size=14)


def do(world: World, viewer: Viewer, kind: str, value: float) -> None:
    """Do one deed, and check what has to follow from it at once."""
    state, apart = viewer.follower.state, is_apart(viewer)
    obeys_alone = is_away(viewer) or apart
    # A player that still works on its last command gets the next one when it has settled.
    busy = state.picture.motion in (Motion.LOADING, Motion.SEEKING, Motion.PAUSING)
    match kind:
        case "cut":
            if viewer.connected:
                viewer.cut(10 * value)
        case "stall":
            viewer.stall(5 * value)
        case "wait":
            world.run(4 * value)
        case "pause":
            viewer.pause()
            if obeys_alone:
                assert viewer.follower.paused
                assert state.picture.motion not in (Motion.RUNNING, Motion.STARTING)
        case "play":
            viewer.play()
            if apart:
                assert state.follows, "it goes to the room"
            elif obeys_alone:
                assert not viewer.follower.paused
                assert state.picture.motion is not Motion.SETTLED
        case "seek":
            target = 3000 * value
            viewer.seek(target)
            if obeys_alone and not busy and state.pending_input.merged is None:
                assert state.picture.motion is Motion.SEEKING or viewer.follower.picture.is_settled_at(target)
                assert state.picture.position == pytest.approx(target, abs=0.002)
        case "speed":
            viewer.speed(0.5 + value)
            if obeys_alone:
                assert viewer.follower.rate == pytest.approx(0.5 + value, abs=0.01)


@settings(max_examples=150, deadline=None)
@given(deeds())
@example([("cut", 0, 1.0), ("pause", 0, 0.1), ("wait", 0, 1.0)])
@example([("cut", 0, 1.0), ("cut", 1, 0.9), ("pause", 0, 0.1), ("pause", 1, 0.1)])
@example([("stall", 0, 1.0), ("pause", 0, 0.1), ("wait", 0, 1.0)])
@example([("stall", 0, 1.0), ("pause", 0, 0.1), ("wait", 0, 0.4), ("cut", 0, 1.0), ("play", 0, 0.1)])
def test_players_obey_their_viewers_and_find_the_way_back(story: list[Deed]) -> None:
    world, ada, bob = couple()
    for kind, who, value in story:
        do(world, (ada, bob)[who], kind, value)
        world.run(0.02)
    world.run(10.0 + _QUIET)
    assert not (is_apart(ada) and is_apart(bob)), "nobody follows the room, so it is paused"
    for viewer in (ada, bob):
        assert not is_away(viewer)
        if is_apart(viewer):
            assert viewer.follower.paused and not moves(world, viewer)
            viewer.play()
    world.run(_QUIET)
    for viewer in (ada, bob):
        assert viewer.follower.state.follows
        assert viewer.follower.paused == (not world.timeline.playing)
    assert all(abs(error) < _NEAR for error in world.errors().values())


def test_a_pause_without_the_link_stands_while_the_others_play_and_seek() -> None:
    world, ada, bob = couple()
    bob.cut(5.0)
    bob.pause()
    world.run(0.5)
    assert not moves(world, bob) and moves(world, ada)
    world.run(8.0)
    assert is_apart(bob) and not moves(world, bob)
    began = world.now
    ada.seek(600.0)
    while not world.is_running or world.timeline.position < 600.0:
        world.run(0.01)
    assert world.now - began < 0.8, "the gate does not wait for a player that stands apart"
    world.run(2.0)
    assert not moves(world, bob) and abs(world.errors()["ada"]) < _NEAR
    rev = world.timeline.rev
    bob.play()
    world.run(3.0)
    assert abs(world.errors()["bob"]) < _NEAR
    assert world.timeline.rev == rev, "the room was not changed"


def test_a_seek_while_the_room_is_silent_is_done_here_after_a_second_and_by_all_once_it_answers() -> None:
    world, ada, bob = couple()
    bob.stall(4.0)
    bob.seek(900.0)
    world.run(1.5)
    assert is_away(bob) and bob.true_position() >= 900.0 > ada.true_position()
    bob.seek(1800.0)
    world.run(0.3)
    assert bob.true_position() >= 1800.0 > ada.true_position()
    world.run(6.0)
    assert not is_away(bob)
    assert ada.true_position() > 1800.0 and abs(ada.true_position() - bob.true_position()) < _NEAR


def test_a_pause_while_the_room_is_silent_counts_once_it_answers() -> None:
    world, ada, bob = couple()
    bob.stall(4.0)
    bob.pause()
    world.run(3.5)
    assert is_away(bob) and not moves(world, bob) and moves(world, ada)
    world.run(2.0)
    assert not is_away(bob) and not world.timeline.playing
    assert abs(ada.true_position() - bob.true_position()) < 0.003


@pytest.mark.parametrize("seconds", [(3.0, 6.0), (6.0, 3.0)])
def test_viewers_who_have_both_paused_play_on_together_and_miss_nothing(seconds: tuple[float, float]) -> None:
    """As after a restart of the server, in whichever order they come back."""
    world, ada, bob = couple()
    ada.cut(seconds[0])
    bob.cut(seconds[1])
    bob.pause()
    world.run(1.0)
    ada.pause()
    world.run(10.0)
    first = bob.true_position()
    assert first < 5.0 and not world.timeline.playing
    assert ada.true_position() == pytest.approx(first, abs=0.01) and not moves(world, ada)
    ada.play()
    world.run(3.0)
    assert all(abs(error) < _NEAR for error in world.errors().values())
    assert moves(world, bob) and bob.true_position() < first + 3.2
