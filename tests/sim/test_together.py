"""Viewers in a room on simulated time: single cases with their numerical goals.

`tests.sim.witness` has the promises that hold in every case; `test_stories` tests them.
"""

import statistics

import pytest

from hangd.engine.follower.drift import Resync, Trim
from hangd.engine.player_messages import PauseFor, SeekTo
from tests.sim.story import FAR, LAN, LOPSIDED
from tests.sim.world import Viewer, Way, World


def company(world: World, ways: list[Way], **habits: float) -> list[Viewer]:
    """Bring viewers into one room, each with its own clock and player."""
    viewers = []
    for index, way in enumerate(ways):
        viewers.append(
            world.join(
                f"viewer-{index}",
                way,
                offset=world.random.uniform(0.0, 1e5),
                skew=world.random.uniform(-50e-6, 50e-6),
                **habits,
            )
        )
        world.run(1.0)
    world.run(2.0)
    return viewers


def apart(world: World, seconds: float, every: float = 0.1) -> list[float]:
    """Return the distance between the two farthest pictures, in seconds of media, at intervals of ``every`` seconds."""
    distances = []
    for _ in range(round(seconds / every)):
        world.run(every)
        if world.is_running:
            errors = world.errors().values()
            distances.append(max(errors) - min(errors))
    return distances


def p95(values: list[float]) -> float:
    assert values
    return sorted(values)[int(len(values) * 0.95)]


@pytest.mark.parametrize(
    ("ways", "goal"),
    [
        pytest.param([LAN, LAN], 0.005, id="same-room"),
        pytest.param([LAN, LAN, LAN, LAN, LAN], 0.005, id="five-on-a-lan"),
        pytest.param([LAN, FAR], 0.015, id="one-far-away"),
        # 15 ms of asymmetry that nobody can observe, and 10 ms below the threshold of corrections.
        pytest.param([LAN, LOPSIDED], 0.025, id="asymmetry-that-nobody-can-see"),
    ],
)
def test_start_seek_and_pause_keep_everybody_together(ways: list[Way], goal: float) -> None:
    """The median of nine runs, because with 30 ms of jitter it is a matter of chance how well the clock is known."""
    evenings = [evening(World(seed), ways) for seed in range(9)]
    for distances in zip(*evenings, strict=True):
        assert statistics.median(distances) <= goal


def evening(world: World, ways: list[Way]) -> tuple[float, float, float]:
    """Return how far apart viewers were (p95, seconds) after a start, after a seek, and after a pause and play."""
    viewers = company(world, ways)
    viewers[0].play()
    world.run(1.0)
    started = p95(apart(world, 60))
    viewers[-1].seek(1800.0)
    world.run(2.5)
    sought = p95(apart(world, 20))
    assert all(viewer.true_position() > 1800 for viewer in viewers)
    viewers[0].pause()
    world.run(1.5)
    positions = [viewer.true_position() for viewer in viewers]
    assert max(positions) - min(positions) < 0.001, "everybody stands on the same frame"
    viewers[-1].play()
    world.run(1.5)
    return started, sought, p95(apart(world, 20))


def test_a_faster_speed_stays_together() -> None:
    world = World(seed=3)
    viewers = company(world, [LAN, LAN])
    viewers[0].play()
    world.run(2.0)
    viewers[1].speed(1.5)
    world.run(2.0)
    assert p95(apart(world, 60)) <= 0.008
    before = viewers[0].true_position()
    world.run(10.0)
    assert viewers[0].true_position() - before == pytest.approx(15.0, abs=0.05)


def test_ten_minutes_undisturbed_need_hardly_a_correction() -> None:
    far = []
    for seed in range(8, 16):
        world = World(seed=seed)
        viewers = company(world, [LAN, LAN, FAR])
        viewers[0].play()
        world.run(5.0)
        for viewer in viewers:
            viewer.corrections.clear()
            viewer.commands.clear()
        world.run(600.0)
        for viewer in viewers:
            assert not any(isinstance(command, SeekTo | PauseFor) for command in viewer.commands)
        assert max(len(viewer.corrections) for viewer in viewers[:2]) <= 3
        far.append(len(viewers[2].corrections))
    # The far viewer knows the clock less well, and each improvement of its clock is a trim.
    assert sum(far) / len(far) <= 3


def test_a_joiner_catches_up_and_disturbs_nobody() -> None:
    world = World(seed=5)
    viewers = company(world, [LAN, LAN])
    viewers[0].play()
    world.run(100.0)
    for viewer in viewers:
        viewer.commands.clear()
    late = world.join("late", FAR, offset=777.0)
    world.run(2.0)
    assert abs(world.errors()["late"]) < 0.030
    world.run(8.0)
    assert abs(world.errors()["late"]) < 0.015
    assert late.follower.paused is False
    assert not any(isinstance(command, SeekTo | PauseFor) for viewer in viewers for command in viewer.commands)


def test_a_cut_link_is_come_back_from() -> None:
    world = World(seed=9)
    viewers = company(world, [LAN, LAN, FAR])
    viewers[0].play()
    world.run(30.0)
    viewers[2].cut(20.0)
    world.run(5.0)
    viewers[0].seek(3000.0)
    world.run(15.0)
    world.run(1.5)
    assert abs(world.errors()["viewer-2"]) < 0.05, "where the others went meanwhile"


def test_a_player_that_was_stopped_comes_back() -> None:
    """As with SIGSTOP: the picture is frozen for five seconds, and nobody is told."""
    world = World(seed=13)
    viewers = company(world, [LAN, LAN])
    viewers[0].play()
    world.run(20.0)
    viewers[1].freeze(5.0)
    world.run(5.0)
    world.run(3.0)
    assert abs(world.errors()["viewer-1"]) < 0.020
    assert abs(world.errors()["viewer-0"]) < 0.005


def test_a_slow_file_is_not_sought_in_a_loop() -> None:
    """Seeks that take two seconds: the target allows for that, and the number of resyncs is limited."""
    world = World(seed=17)
    viewers = company(world, [LAN, LAN], seek_cost=2.0)
    viewers[0].play()
    world.run(10.0)
    for viewer in viewers:
        viewer.commands.clear()
    world.run(300.0)
    for viewer in viewers:
        assert sum(isinstance(command, SeekTo) for command in viewer.commands) <= 2
    assert p95(apart(world, 10)) < 0.02


def test_a_media_clock_of_two_hundred_ppm_is_trimmed_not_sought() -> None:
    world = World(seed=19)
    viewers = company(world, [LAN])
    viewers.append(world.join("quick", LAN, skew_ppm=200.0))
    world.run(2.0)
    viewers[0].play()
    world.run(600.0)
    quick = viewers[1]
    assert all(isinstance(corrected.correction, Trim) for corrected in quick.corrections)
    assert 5 <= len(quick.corrections) <= 30, "12 cm of film in ten minutes, a centimetre at a time"
    assert abs(world.errors()["quick"]) < 0.015


def test_a_lag_is_trimmed_away_or_sought_by_its_size() -> None:
    world = World(seed=31)
    viewers = company(world, [LAN, LAN])
    viewers[0].play()
    world.run(10.0)
    for lag, kind in ((0.03, Trim), (0.1, Trim), (1.0, Resync)):
        viewers[1].corrections.clear()
        viewers[1].freeze(lag)
        world.run(30)
        assert isinstance(viewers[1].corrections[0].correction, kind)
        assert abs(world.errors()["viewer-1"]) < 0.010
