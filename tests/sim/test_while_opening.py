"""Whatever is asked while a film opens holds, in any order: seeks, pauses, starts, speeds, and another film."""

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.inputs import FileOpened
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import Resume
from hangd.engine.timeline import playable_rate
from tests.sim.story import LAN
from tests.sim.world import Viewer, World

_OPENING: Final = 0.5
"""Seconds that a film takes to open."""

Ask = tuple[str, float]
"""What is asked, and with which position or rate."""

_ASKS: Final = st.one_of(
    st.tuples(st.just("seek"), st.sampled_from((0.0, 23.0, 100.5, 7000.0))),
    st.tuples(st.just("skip"), st.sampled_from((5.0, 20.0))),
    st.tuples(st.sampled_from(("play", "pause")), st.just(0.0)),
    st.tuples(st.just("speed"), st.sampled_from((0.5, 1.0, 1.5))),
)
_AGAIN: Final = st.one_of(st.tuples(st.just("load"), st.just(0.0)), st.tuples(st.just("load and play"), st.just(0.0)))
_SCRIPTS: Final = st.lists(st.tuples(st.sampled_from((0.0, 0.02, 0.12, 0.3)), _ASKS), max_size=8)


class Wanted:
    """What was asked for, all in all."""

    def __init__(self) -> None:
        self.position, self.playing, self.rate = 0.0, False, 1.0

    def take(self, ask: Ask) -> None:
        what, value = ask
        match what:
            case "seek":
                self.position = value
            case "skip":
                self.position += value
            case "play" | "pause":
                self.playing = what == "play"
            case "speed":
                self.rate = playable_rate(value)
            case _:
                self.position, self.playing = 0.0, what == "load and play"


def _asks(viewer: "Opening", ask: Ask) -> None:
    what, value = ask
    match what:
        case "seek":
            viewer.seek(value)
        case "skip":
            viewer.seek((viewer.follower.requested_position(viewer.local) or 0.0) + value)
        case "speed":
            viewer.speed(value)
        case "play":
            viewer.play()
        case "pause":
            viewer.pause()
        case _:
            viewer.opens()
            if what == "load and play":
                viewer.play()


class Opening(Viewer):
    """A viewer whose films take `_OPENING` to open."""

    begun_at: float | None = None
    """Where the picture was when the player was resumed last."""

    def opens(self) -> None:
        self._tell(FileOpened("/other", entry=len(self.log) + 1))

    def _do(self, effects: list[FollowerEffect]) -> None:
        if any(isinstance(effect, Resume) for effect in effects):
            self.begun_at = self.true_position()
        super()._do(effects)


def _alone() -> tuple[World, Opening]:
    world = World()
    return world, Opening(world, "ada", LAN, load_cost=_OPENING)


def _judge(world: World, viewer: Opening, wanted: Wanted) -> None:
    world.run(3.0)
    motion = viewer.follower.picture.state.motion
    assert viewer.follower.rate == pytest.approx(wanted.rate)
    assert viewer.follower.paused is not wanted.playing
    if wanted.playing:
        assert motion is Motion.RUNNING
        assert viewer.begun_at == pytest.approx(wanted.position, abs=0.01)
    else:
        assert motion is Motion.SETTLED
        assert viewer.true_position() == pytest.approx(wanted.position, abs=0.01)


@given(st.lists(st.tuples(st.sampled_from((0.0, 0.02, 0.12, 0.3)), st.one_of(_ASKS, _AGAIN)), max_size=8))
@settings(max_examples=300, deadline=None)
def test_alone(script: Sequence[tuple[float, Ask]]) -> None:
    world, viewer = _alone()
    wanted = Wanted()
    opened, now = 0.0, 0.0
    for gap, ask in script:
        if now + gap >= opened + _OPENING - 0.01:
            break  # it is open by then
        world.run(gap)
        now += gap
        if ask[0].startswith("load"):
            opened = now
        _asks(viewer, ask)
        wanted.take(ask)
        if ask[0] in ("seek", "skip"):
            assert viewer.follower.position(viewer.local) == pytest.approx(wanted.position)
    _judge(world, viewer, wanted)


def test_a_place_that_is_set_while_a_film_opens_is_where_it_starts() -> None:
    world, viewer = _alone()
    _asks(viewer, ("play", 0.0))
    world.run(0.1)
    _asks(viewer, ("seek", 23.0))
    world.run(0.05)
    _asks(viewer, ("play", 0.0))
    wanted = Wanted()
    wanted.position, wanted.playing = 23.0, True
    _judge(world, viewer, wanted)


def test_a_seek_that_is_merged_is_not_made_in_the_next_film() -> None:
    world, viewer = _alone()
    world.run(2.0)
    _asks(viewer, ("seek", 100.5))
    world.run(0.02)
    _asks(viewer, ("seek", 23.0))
    world.run(0.02)
    _asks(viewer, ("load", 0.0))
    _judge(world, viewer, Wanted())


def _in_a_room() -> tuple[World, Opening]:
    world = World()
    viewer = Opening(world, "ada", LAN, load_cost=_OPENING)
    world.viewers["ada"] = viewer
    viewer.enter(creating=True)
    world.run(0.1)
    return world, viewer


@given(_SCRIPTS)
@settings(max_examples=200, deadline=None)
def test_in_a_room(script: Sequence[tuple[float, Ask]]) -> None:
    """The room's timeline is what was asked for, and the picture is there."""
    world, viewer = _in_a_room()
    wanted = Wanted()
    now, runs = 0.1, 0.0
    for gap, ask in script:
        if now + gap >= _OPENING - 0.01:
            break
        # A room does not wait for a member whose film still opens: it runs from the start on.
        runs += gap * 1.5 if wanted.playing else 0.0
        world.run(gap)
        now += gap
        _asks(viewer, ask)
        wanted.take(ask)
    world.run(4.0)
    timeline = world.timeline
    assert timeline.playing is wanted.playing
    assert wanted.position - 0.05 <= timeline.position <= wanted.position + runs + 0.05
    assert timeline.rate == pytest.approx(wanted.rate)
    assert abs(world.errors()["ada"]) < 0.05
