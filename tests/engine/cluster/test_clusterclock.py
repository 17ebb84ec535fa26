"""ClusterClock on simulated machines, whose true time is known: the nodes agree, and no clock runs backwards."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hangd.engine.cluster.clusterclock import AskTime, ClockPing, ClockPong, ClusterClock, Reference
from tests.engine.cluster.clock_world import MS, Machine, World, busy, lan

offsets = st.floats(-1e5, 1e5)
skews = st.floats(-100e-6, 100e-6)


def test_the_first_node_begins_a_timescale_at_once() -> None:
    clock = ClusterClock("a", "boot", "ts")
    assert clock.bound(5.0) == float("inf")
    assert clock.may_lead(None, 5.0)
    assert clock.lead(None, 5.0) == Reference("a", "boot", 0.0, "ts")
    assert (clock.ready, clock.clock_id, clock.to_cluster(6.0), clock.to_local(6.0), clock.bound(7.0)) == (
        True,
        "ts",
        6.0,
        6.0,
        0.0,
    )
    assert clock.deadline() is None


def test_processes_of_one_boot_tell_exactly_the_same_time_and_ask_nobody() -> None:
    reference = Reference("a", "boot", 12.5, "ts")
    clock = ClusterClock("b", "boot", "own")
    assert clock.reference(reference, 5.0) == []
    assert (clock.ready, clock.clock_id, clock.to_cluster(6.0), clock.bound(6.0)) == (True, "ts", 18.5, 0.0)
    assert clock.deadline() is None
    assert clock.lead(reference, 7.0) == Reference("b", "boot", 12.5, "ts")


def test_a_single_node_that_is_started_again_on_its_machine_goes_on_with_the_timescale() -> None:
    clock = ClusterClock("b", "boot", "own")
    reference = Reference("a", "boot", 12.5, "ts")
    assert clock.may_lead(reference, 5.0)
    assert clock.lead(reference, 5.0) == Reference("b", "boot", 12.5, "ts")


def test_processes_of_machines_that_do_not_tell_their_boot_are_of_different_ones() -> None:
    clock = ClusterClock("b", None, "own")
    clock.reference(Reference("a", None, 12.5, "ts"), 5.0)
    assert not clock.ready
    assert clock.deadline() == 5.0


def test_a_node_that_does_not_know_the_time_leads_only_if_nobody_else_can_for_long() -> None:
    clock = ClusterClock("b", "other", "own")
    reference = Reference("a", "boot", 12.5, "ts")
    assert not clock.may_lead(reference, 5.0)
    clock.reference(reference, 5.0)
    assert not clock.may_lead(reference, 14.9)
    assert clock.may_lead(reference, 15.0)
    assert clock.lead(reference, 15.0) == Reference("b", "other", 0.0, "own")
    assert clock.clock_id == "own"


def test_who_leads_stays_so_with_the_same_offset() -> None:
    clock = ClusterClock("a", "boot", "ts")
    reference = clock.lead(None, 5.0)
    assert clock.lead(reference, 50.0) is reference
    assert clock.reference(reference, 51.0) == []
    assert clock.leads


def test_only_the_reference_answers() -> None:
    clock = ClusterClock("a", "boot", "ts")
    assert clock.answer("c", ClockPing(1.0), 5.0, 5.1) is None
    clock.reference(Reference("b", "boot", 2.0, "ts"), 5.0)
    assert clock.answer("c", ClockPing(1.0), 5.0, 5.1) is None
    clock.lead(None, 6.0)
    assert clock.answer("c", ClockPing(1.0), 7.0, 7.5) == ClockPong(1.0, 9.0, 9.5, "ts")


def test_answers_of_others_and_answers_to_nothing_are_ignored() -> None:
    clock = ClusterClock("b", "other", "own")
    clock.reference(Reference("a", "boot", 0.0, "ts"), 5.0)
    for number in range(20):
        (ask,) = clock.expire(5.0 + 0.05 * number)
        assert isinstance(ask, AskTime)
        t0 = ask.ping.t0
        assert clock.ponged("c", ClockPong(t0, t0, t0, "ts"), t0) == []
        assert clock.ponged("a", ClockPong(t0, t0, t0, "another"), t0) == []
        assert clock.ponged("a", ClockPong(t0 - 1.0, t0, t0, "ts"), t0) == []
    assert not clock.ready
    assert clock.ponged("a", ClockPong(t0, t0, t0, "ts"), t0) == []
    assert clock.ponged("a", ClockPong(t0, t0 + 9.0, t0 + 9.0, "ts"), t0) == [], "an answer counts once"


def test_a_reference_that_answers_nothing_is_asked_for_ever() -> None:
    clock = ClusterClock("b", "other", "own")
    clock.reference(Reference("a", "boot", 0.0, "ts"), 0.0)
    asked = 0
    for _ in range(10_000):
        due = clock.deadline()
        assert due is not None
        asked += len(clock.expire(due))
        clock.check()
        if due > 600.0:
            break
    assert asked == pytest.approx(2400, abs=50)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("delay", [lan, busy])
def test_nodes_agree_within_a_millisecond_from_the_first_second_on(seed: int, delay: Callable[[Random], float]) -> None:
    world = World(seed, delay)
    for _ in range(4):
        world.join(world.random.uniform(-1e5, 1e5), world.random.uniform(-100e-6, 100e-6))
    world.run(1.0)
    assert all(machine.clock.ready for machine in world.machines)
    world.run(60.0)
    assert world.worst < 1.0 * MS
    assert not any(machine.jumps for machine in world.machines)


@pytest.mark.parametrize("seed", range(6))
def test_changes_of_the_reference_are_not_seen(seed: int) -> None:
    world = World(seed, lan)
    for _ in range(5):
        world.join(world.random.uniform(-1e5, 1e5), world.random.uniform(-100e-6, 100e-6))
    for _ in range(4):
        world.run(world.random.choice([1.5, 5.0, 12.0, 40.0]))
        leader = next(machine for machine in world.machines if machine.clock.leads and machine.up)
        leader.up = False
        world.run(5.0)
        assert sum(machine.clock.leads and machine.up for machine in world.machines) == 1
        world.join(world.random.uniform(-1e5, 1e5), world.random.uniform(-100e-6, 100e-6))
    world.run(10.0)
    assert world.worst < 1.0 * MS
    assert len({machine.clock.clock_id for machine in world.machines if machine.up}) == 1
    assert not any(machine.jumps for machine in world.machines)


@given(
    seed=st.integers(0, 2**32),
    clocks=st.lists(st.tuples(offsets, skews), min_size=2, max_size=4),
    deaths=st.lists(st.tuples(st.floats(0.2, 20.0), st.integers(0, 5)), max_size=4),
)
@settings(max_examples=10)
def test_no_clock_runs_backwards_whoever_dies(
    seed: int, clocks: list[tuple[float, float]], deaths: list[tuple[float, int]]
) -> None:
    world = World(seed, lan)
    for offset, skew in clocks:
        world.join(offset, skew)
    for seconds, which in deaths:
        world.run(seconds)
        alive = [machine for machine in world.machines if machine.up and machine.clock.ready]
        if len(alive) > 1:
            alive[which % len(alive)].up = False
    world.run(8.0)
    assert world.worst < 1.5 * MS


def test_a_node_that_loses_the_lease_follows_without_a_jump() -> None:
    world = World(3, lan)
    first, second = (world.join(offset, skew) for offset, skew in [(500.0, 80e-6), (-7000.0, -80e-6)])
    world.run(30.0)
    world.record, world.leader = second.clock.lead(world.record, second.now), second.name
    world.run(60.0)
    assert (first.clock.leads, second.clock.leads) == (False, True)
    assert world.worst < 1.0 * MS
    assert not first.jumps


def test_a_machine_that_stood_still_jumps_and_tells_another_clock_id() -> None:
    """Its clock stood still with it, as that of a virtual machine that was paused."""
    world = World(4, lan)
    first, second = (world.join(offset, 0.0) for offset in (500.0, -7000.0))
    world.run(30.0)
    assert second.clock.clock_id == first.clock.clock_id
    # Nobody knows of it before the next ping is answered.
    world.bounds_hold = False
    second.offset -= 20.0
    world.now += 20.0
    world.run(30.0)
    assert len(second.jumps) == 1
    assert second.jumps[0] == pytest.approx(20.0, abs=0.01)
    assert second.clock.clock_id == f"{first.clock.clock_id}-n1-1"
    assert abs(second.clock.to_cluster(second.now) - first.clock.to_cluster(first.now)) < 1.0 * MS


def test_another_timescale_is_a_jump() -> None:
    world = World(5, lan)
    first, second = (world.join(offset, 0.0) for offset in (500.0, -7000.0))
    world.run(5.0)
    stranger = ClusterClock("n2", "boot-x", "another")
    world.machines.append(machine := Machine(world, "n2", offset=100.0, skew=0.0))
    machine.clock = stranger
    world.record, world.leader, world.leased_until = stranger.lead(None, machine.now), "n2", world.now + 1e9
    world.run(5.0)
    for one in (first, second):
        assert len(one.jumps) == 1
        assert one.clock.clock_id == "another"
        assert abs(one.clock.to_cluster(one.now) - stranger.to_cluster(machine.now)) < 1.0 * MS


def test_times_are_converted_there_and_back() -> None:
    world = World(6, lan)
    world.join(500.0, 0.0)
    second = world.join(-7000.0, 90e-6)
    for _ in range(100):
        world.run(0.37)
        if second.clock.ready:
            now = second.now
            assert second.clock.to_local(second.clock.to_cluster(now)) == pytest.approx(now, abs=1e-6)
            assert second.clock.to_cluster(second.clock.to_local(second.time() + 5.0)) > second.last
            second.clock._last = None
