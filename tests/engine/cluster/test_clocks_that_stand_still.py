"""Machines that stand still, and their clocks with them: only these are moved, though one of them told the time."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.cluster.clock_world import MS, RESTS, Machine, World, busy, lan


def _error(world: World) -> float:
    """Return by how much the clocks differ now, those of machines that run."""
    told = [one.time() for one in world.machines if one.up and one.paused_at is None]
    return max(told) - min(told)


def _three(seed: int, delay: Callable[[Random], float] = lan, *, count: int = 3) -> tuple[World, Machine]:
    """Return machines that know each other's clocks well, and the one that tells the time."""
    world = World(seed, delay)
    for _ in range(count):
        world.join(world.random.uniform(-1e5, 1e5), world.random.uniform(-100e-6, 100e-6))
    world.run(20.0 + world.random.random())
    world.bounds_hold = False  # Nobody knows that a clock stood still before the next ping is answered.
    return world, next(one for one in world.machines if one.clock.leads)


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("seconds", [0.06, 0.1, 0.3, 0.8, 2.5, 8.0])
@pytest.mark.parametrize("delay", [lan, busy])
def test_only_the_machine_that_stood_still_is_moved_though_it_told_the_time(
    delay: Callable[[Random], float], seconds: float, count: int
) -> None:
    for seed in range(4):
        world, first = _three(seed, delay, count=count)
        before = {one.name: one.time() - world.now for one in world.machines}
        first.pause(seconds)
        world.run(seconds + 6.0)
        assert not any(one.jumps for one in world.machines if one is not first), (seed, "their clients are thrown out")
        assert not first.clock.leads
        assert first.jumps == pytest.approx([seconds], abs=0.01), seed
        for one in world.machines:
            assert one.time() - world.now == pytest.approx(before[one.name], abs=0.01), (seed, one.name)
        world.run(10.0)
        assert _error(world) < 1.0 * MS, seed


@pytest.mark.parametrize("seconds", [0.06, 0.3, 0.8, 2.5, 20.0])
def test_a_follower_that_stood_still_is_moved_and_the_reference_stays(seconds: float) -> None:
    for seed in range(6):
        world, first = _three(seed)
        follower = next(one for one in world.machines if one is not first)
        follower.pause(seconds)
        world.run(seconds + 3.0)
        assert first.clock.leads
        assert [len(one.jumps) for one in world.machines] == [int(one is follower) for one in world.machines]
        assert follower.jumps == pytest.approx([seconds], abs=0.01)
        world.run(5.0)
        assert _error(world) < 1.0 * MS


@pytest.mark.parametrize("seconds", [0.01, 0.02, 0.045])
def test_a_machine_that_stood_still_for_a_moment_is_moved_slowly(seconds: float) -> None:
    for seed in range(6):
        world, first = _three(seed)
        first.pause(seconds)
        world.run(2 * seconds / 500e-6 + 10.0)
        assert not any(one.jumps for one in world.machines)
        assert _error(world) < 1.0 * MS


def test_processes_of_the_machine_that_stood_still_do_not_tell_the_time_after_it() -> None:
    for seed in range(6):
        world = World(seed, lan)
        first = world.join(500.0, 0.0, boot="one")
        sibling = world.join(500.0, 0.0, boot="one")
        others = [world.join(-7000.0, 50e-6), world.join(90.0, -50e-6)]
        world.run(20.0 + world.random.random())
        world.bounds_hold = False
        for one in (first, sibling):
            one.pause(0.8)
        world.run(8.0)
        assert [len(one.jumps) for one in (first, sibling, *others)] == [1, 1, 0, 0]
        assert any(one.clock.leads for one in others)
        assert _error(world) < 1.0 * MS


def test_where_nobody_else_can_tell_the_time_the_one_that_stood_still_tells_it_on() -> None:
    world, first = _three(1, count=2)
    second = next(one for one in world.machines if one is not first)
    second_looks = second.clock.may_lead
    second.clock.may_lead = lambda reference, now: False  # type: ignore[method-assign]
    first.pause(0.8)
    world.run(RESTS + 4.0)
    assert first.clock.leads and len(second.jumps) == 1 and not first.jumps
    second.clock.may_lead = second_looks  # type: ignore[method-assign]
    world.run(5.0)
    assert _error(world) < 1.0 * MS


def test_pings_that_are_late_are_no_sign_that_the_reference_stood_still() -> None:
    """Nor is it when they are in time again, nor when the process of the reference gets no processor."""
    for seed in range(4):
        world = World(seed, lan)
        for _ in range(3):
            world.join(world.random.uniform(-1e5, 1e5), world.random.uniform(-100e-6, 100e-6))
        world.run(20.0)
        first = next(one for one in world.machines if one.clock.leads)
        for late in (0.02, 0.1, 0.3):
            world.delay = lambda random, late=late: lan(random) + random.random() * late  # type: ignore[misc]
            world.run(10.0)
            world.delay = lan
            world.run(10.0)
            assert first.clock.leads
        # Here it may seem so, and then nobody sees that another one tells the time.
        for late in (0.5, 1.0, 0.1):
            world.delay = lambda random, late=late: lan(random) + late / 2 * (1 + random.random())  # type: ignore[misc]
            world.run(20.0)
            world.delay = lan
            world.run(20.0)
        assert not any(one.jumps for one in world.machines)
        assert world.worst < 3.0 * MS


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(2, 5),
    pauses=st.lists(st.tuples(st.floats(12.0, 30.0), st.integers(0, 4), st.floats(0.06, 6.0)), min_size=1, max_size=4),
)
@settings(max_examples=30, deadline=None)
def test_whichever_machines_stand_still_one_after_the_other_only_they_are_moved(
    seed: int, count: int, pauses: list[tuple[float, int, float]]
) -> None:
    world, _ = _three(seed, count=count)
    before = {one.name: one.time() - world.now for one in world.machines}
    stood_still: dict[str, int] = {one.name: 0 for one in world.machines}
    for gap, which, seconds in pauses:
        paused = world.machines[which % count]
        stood_still[paused.name] += 1
        paused.pause(seconds)
        world.run(seconds + gap)
        assert {one.name: len(one.jumps) for one in world.machines} == stood_still
        assert _error(world) < 1.0 * MS
    for one in world.machines:
        assert one.time() - world.now == pytest.approx(before[one.name], abs=0.05)
