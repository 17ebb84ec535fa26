"""Films of a queue on simulated time: all viewers begin the next film together, and slow viewers catch up."""

import pytest

from hangd.protocol.messages import QueueInsert, SetMedia
from hangd.protocol.model import QUEUE_END, FileInfo, QueueItem
from tests.sim.story import FAR, LAN
from tests.sim.test_together import apart, company, p95
from tests.sim.world import FILM_SECONDS, Viewer, World

NEXT = QueueItem(file_hash="e" * 64, file=FileInfo(size=2, duration=FILM_SECONDS, name="next"))


def adds(viewer: Viewer) -> None:
    viewer.send(QueueInsert(QUEUE_END, (NEXT,)))
    viewer.world.run(1.0)


def runs_out(world: World, viewer: Viewer) -> None:
    """Play to the end of the current film."""
    viewer.play()
    world.run(1.0)
    viewer.seek(FILM_SECONDS - 5.0)
    world.run(2.0)
    world.run(FILM_SECONDS - world.timeline.position - (world.now - world.timeline.at) + 0.01)


def shows(world: World) -> str | None:
    file = world.room.view().file
    return None if file is None else file.name


@pytest.mark.parametrize("seed", range(3))
def test_the_next_film_begins_for_everybody_at_once(seed: int) -> None:
    world = World(seed)
    viewers = company(world, [LAN, LAN, FAR])
    adds(viewers[1])
    runs_out(world, viewers[0])
    assert (shows(world), world.timeline.gate) == ("next", "seeking")
    world.run(3.0)
    assert world.is_running, "well before the five seconds are over"
    assert p95(apart(world, 10)) < 0.02
    assert all(10 < viewer.true_position() < 14 for viewer in viewers)
    assert [viewer.follower.picture.state.path for viewer in viewers] == ["/next"] * 3
    assert not any(member.verifying for member in world.room.view().members)


@pytest.mark.parametrize(("load_cost", "begins_after"), [(3.0, 3.0), (9.0, 5.0)])
def test_a_slow_player_is_waited_for_and_later_catches_up(load_cost: float, begins_after: float) -> None:
    world = World(1)
    viewers = company(world, [LAN, LAN])
    world.join("slow", LAN, load_cost=load_cost)
    world.run(load_cost + 1.0)
    adds(viewers[0])
    runs_out(world, viewers[0])
    world.run(begins_after - 0.1)
    assert world.timeline.gate == "seeking"
    world.run(0.5)
    assert world.is_running
    world.run(30.0)
    assert max(map(abs, world.errors().values())) < 0.02


def test_a_viewer_that_finds_the_film_late_catches_up() -> None:
    world = World(1)
    viewers = company(world, [LAN, LAN, LAN])
    viewers[2].finds = 8.0
    adds(viewers[0])
    runs_out(world, viewers[0])
    world.run(2.0)
    assert world.is_running, "whoever says that it has nothing to show is not waited for"
    world.run(30.0)
    assert max(map(abs, world.errors().values())) < 0.02


def test_a_viewer_without_the_film_is_not_waited_for() -> None:
    world = World(2)
    viewers = company(world, [LAN, LAN])
    viewers[1].finds = None
    viewers[0].send(SetMedia(NEXT.file_hash, NEXT.file, start=600.0, play=True))
    world.run(2.5)
    assert world.is_running
    assert viewers[0].true_position() > 600
    assert viewers[1].follower.picture.state.path is None


def test_a_film_that_nobody_has_is_not_played() -> None:
    world = World(3)
    viewers = company(world, [LAN, LAN])
    for viewer in viewers:
        viewer.finds = None
    adds(viewers[0])
    runs_out(world, viewers[0])
    world.run(4.5)
    assert world.timeline.gate == "seeking"
    world.run(100.0)
    assert (world.timeline.playing, world.timeline.position) == (False, 0.0)
