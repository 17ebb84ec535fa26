"""What a room's history says of an evening on simulated time, compared with what is known of that evening."""

import pytest

from hangd.engine.follower.drift import Hold, Resync
from hangd.engine.room.saved import Watching
from tests.sim.story import FAR, LAN
from tests.sim.test_together import company
from tests.sim.world import Viewer, World


def watching(world: World) -> Watching:
    found = world.room.saved().watching
    assert found is not None
    return found


def corrections(viewers: list[Viewer]) -> int:
    """Return how often pictures really jumped or waited."""
    return sum(isinstance(one.correction, Hold | Resync) for viewer in viewers for one in viewer.corrections)


@pytest.mark.parametrize("seed", range(4))
def test_an_undisturbed_evening_has_no_corrections_and_small_errors(seed: int) -> None:
    world = World(seed)
    viewers = company(world, [LAN, LAN, FAR])
    viewers[0].play()
    world.run(300.0)
    viewers[1].seek(1800.0)
    world.run(60.0)
    viewers[2].pause()
    world.run(30.0)
    viewers[2].play()
    world.run(60.0)
    found = watching(world)
    assert found.members == 3
    assert found.corrections == corrections(viewers)
    assert found.seconds == pytest.approx(420.0, abs=3.0)
    median = found.skew.percentile(0.5)
    assert median is not None and median < 0.010


@pytest.mark.parametrize("seed", range(4))
def test_pictures_that_freeze_are_counted_once_each(seed: int) -> None:
    world = World(seed)
    viewers = company(world, [LAN, LAN])
    viewers[0].play()
    world.run(30.0)
    for viewer in (*viewers, viewers[0]):
        viewer.freeze(1.0)
        world.run(90.0)
    found = watching(world)
    assert corrections(viewers) >= 3
    assert found.corrections == pytest.approx(corrections(viewers), abs=1)


def test_the_percentiles_are_those_of_the_true_errors() -> None:
    world = World(seed=5)
    viewers = company(world, [LAN, LAN])
    viewers[0].play()
    world.run(5.0)
    sizes = []
    for _ in range(600):
        world.run(1.0)
        sizes += [abs(error) for error in world.errors().values()]
    sizes.sort()
    found = watching(world)
    for part in (0.5, 0.95):
        true = sizes[int(len(sizes) * part)]
        told = found.skew.percentile(part)
        assert told is not None
        assert told == pytest.approx(true, abs=0.004)
