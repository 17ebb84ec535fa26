"""A start that waits until everybody is ready, and films that begin again, on simulated time with real followers."""

import pytest

from hangd.protocol.messages import QueueInsert, SetPolicy, SetReady
from hangd.protocol.model import QUEUE_END
from tests.sim.story import FAR, LAN
from tests.sim.test_queue import NEXT, runs_out, shows
from tests.sim.test_together import apart, company, p95
from tests.sim.world import FILM_SECONDS, World


@pytest.mark.parametrize("seed", range(3))
def test_everybody_starts_at_once_when_the_last_one_is_ready(seed: int) -> None:
    world = World(seed)
    viewers = company(world, [LAN, LAN, FAR])
    viewers[0].send(SetPolicy(start="ready"))
    world.run(0.5)
    viewers[1].play()
    world.run(20.0)
    assert not world.timeline.playing
    assert all(viewer.true_position() == 0.0 for viewer in viewers), "nobody's picture moves meanwhile"
    for viewer in viewers:
        viewer.send(SetReady(ready=True))
    world.run(2.5)
    assert not world.timeline.playing
    world.run(2.0)
    assert world.is_running
    assert p95(apart(world, 10)) < 0.02


def test_a_play_from_elsewhere_stands_there_before_it_starts() -> None:
    world = World(2)
    viewers = company(world, [LAN, LAN])
    viewers[0].send(SetPolicy(start="ready"))
    world.run(0.5)
    viewers[1].seek(100.0)
    viewers[1].play()
    world.run(3.0)
    assert [viewer.true_position() for viewer in viewers] == pytest.approx([100.0, 100.0], abs=0.05)
    for viewer in viewers:
        viewer.send(SetReady(ready=True))
    world.run(4.0)
    assert world.is_running


def test_a_film_that_begins_again_begins_for_everybody_at_once() -> None:
    world = World(3)
    viewers = company(world, [LAN, LAN, FAR])
    viewers[0].send(SetPolicy(loop="film"))
    runs_out(world, viewers[0])
    world.run(3.0)
    assert world.is_running and world.timeline.position == 0.0
    assert p95(apart(world, 10)) < 0.02
    assert all(10 < viewer.true_position() < 14 for viewer in viewers)


def test_after_the_last_film_comes_the_first() -> None:
    world = World(4)
    viewers = company(world, [LAN, LAN])
    viewers[0].send(SetPolicy(loop="queue"))
    viewers[0].send(QueueInsert(QUEUE_END, (NEXT,)))
    world.run(1.0)
    runs_out(world, viewers[0])
    world.run(5.0)
    assert shows(world) == "next"
    viewers[0].seek(FILM_SECONDS - 5.0)
    world.run(12.0)
    assert shows(world) != "next"
    assert world.is_running
