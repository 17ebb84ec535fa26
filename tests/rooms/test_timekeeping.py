"""The time of a cluster at its nodes: two Timekeepers whose clocks differ, and the clock that rooms are given."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from hangd.cluster.base import NodeInfo
from hangd.engine.cluster.clusterclock import ClockPing, ClockPong, ClusterClock, Reference
from hangd.engine.cluster.lease import GONE
from hangd.rooms.clock import boot_id, machine_clock
from hangd.rooms.clustered import timekeeping
from hangd.rooms.clustered.timekeeping import ClusterServerClock, Timekeeper
from hangd.store.base import ClockMark
from hangd.tasks import Tasks
from tests.cluster.listening import Recorder
from tests.cluster.model_redis import ModelNode, ModelRedis

PATIENCE = 60.0
NEAR = 0.002


class World:
    """Nodes of one process, each with a clock that is so many seconds ahead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.redis = ModelRedis()
        self.tasks = Tasks()
        self.nodes: dict[str, Timekeeper] = {}
        self.clusters: dict[str, ModelNode] = {}
        self.ahead: dict[str, float] = {}
        self.told: list[tuple[str, bool]] = []
        """Who has told that the clock is another one, and whether the timescale is."""
        self._monkeypatch = monkeypatch

    async def node(self, name: str, *, ahead: float = 0.0, boot: str | None = None, looks: bool = True) -> Timekeeper:
        """``boot``: the name of its machine's clock."""
        cluster = self.clusters[name] = ModelNode(self.redis, name)
        await cluster.start(Recorder())
        self.ahead[name] = ahead
        self.lives(name)
        self._monkeypatch.setattr(timekeeping, "machine_clock", lambda: boot)
        keeper = Timekeeper(cluster, self._clock(name), lambda node, message: self._send(name, node, message))
        keeper.changed = lambda is_other: self.told.append((name, is_other))
        self.nodes[name] = keeper
        if looks:
            self.tasks.start(keeper.keep(), name=name)
        return keeper

    def lives(self, name: str, **fields: Any) -> None:
        info = NodeInfo(node=name, name=name, since=0.0, version="test", **fields)
        self.clusters[name].renew(info, lambda _: None)

    def _clock(self, name: str) -> Callable[[], float]:
        return lambda: time.monotonic() + self.ahead[name]

    def _send(self, sender: str, node: str, message: ClockPing | ClockPong) -> None:
        if node in self.nodes:
            arrives = lambda: self.nodes[node].received(sender, message, self._clock(node)())  # noqa: E731
            asyncio.get_running_loop().call_soon(arrives)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def aclose(self) -> None:
        for keeper in self.nodes.values():
            keeper.stop()
        await self.tasks.cancel()


async def test_a_node_with_another_clock_tells_the_time_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    # Timers run by the clock of this process, so it is the reference's that is ahead.
    first = await world.node("first", ahead=1000.0, boot="a")
    await first.known()
    assert (first.offset(), first.bound(), first.leads) == (0.0, 0.0, True)
    second = await world.node("second", boot="b")
    assert (second.clock_id, second.offset(), second.bound()) == (None, None, None), "it does not know it yet"
    await second.known()
    offset, bound = second.offset(), second.bound()
    assert offset is not None and bound is not None
    assert abs(offset - 1000.0) <= max(bound, NEAR) and not second.leads
    assert second.clock_id == first.clock_id == first.clock.clock_id == second.clock.clock_id
    assert abs(first.clock.now() - second.clock.now()) <= max(bound, NEAR)
    assert world.told == [("first", False), ("second", False)]

    # The second machine stood still for 5 s: so the first one's clock is ahead.
    clock_id = second.clock_id
    world.ahead["first"] += 5.0
    await world.until(lambda: len(world.told) > 2)
    assert world.told[2:] == [("second", False)] and second.clock_id != clock_id
    assert second.clock.clock_id == first.clock.clock_id, "the timescale is the same"
    await world.until(lambda: abs(first.clock.now() - second.clock.now()) < 0.05)
    await world.aclose()


async def test_a_new_node_begins_no_timescale_while_others_know_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    first = await world.node("first", ahead=1000.0, boot="a", looks=False)
    world.lives("first", clock_offset=0.0)
    second = await world.node("second", boot="b")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await second.known()
    # Redis has lost its memory. Whoever knows the time tells it again.
    world.tasks.start(first.keep(), name="first")
    await second.known()
    assert first.leads and second.clock_id == first.clock_id
    await world.aclose()


async def test_what_the_last_reference_told_goes_on_at_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    await (await world.node("first", boot="a")).known()
    kept = await world.clusters["first"].get("clock")
    assert kept is not None
    reference = msgspec.structs.replace(msgspec.json.decode(kept, type=Reference), node="gone", offset=-123.0)
    await world.aclose()

    world = World(monkeypatch)
    other = await world.node("other", boot="b", looks=False)
    await world.clusters["other"].put("clock", msgspec.json.encode(reference), 60.0)
    second = await world.node("second", boot="a")
    await second.known()
    assert (second.offset(), second.clock_id, second.leads) == (-123.0, reference.timescale, True)
    world.tasks.start(other.keep(), name="other")
    await other.known()
    assert other.clock_id == reference.timescale
    await world.aclose()


async def _cold(monkeypatch: pytest.MonkeyPatch) -> tuple[World, dict[str, Timekeeper]]:
    """Return nodes whose local clocks stand still, so that no time passes for them, in a cluster whose last reference
    has just died, on another machine. It was the only one that knew the time."""
    world = World(monkeypatch)
    monkeypatch.setattr(world, "_clock", lambda name: lambda: 100.0)
    await world.node("before", boot="gone", looks=False)
    world.lives("before", clock_offset=0.0)
    kept = msgspec.json.encode(Reference("before", "gone", 5.0, "scale of before"))
    await world.clusters["before"].put("clock", kept, 3600.0)
    world.clusters["before"].die()
    del world.nodes["before"]
    world.redis.advance(world.redis.now + 4.0)
    keepers = {name: await world.node(name, boot=name) for name in ("second", "third")}
    return world, keepers


async def test_a_cold_start_waits_for_no_reference_that_can_have_no_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    world, keepers = await _cold(monkeypatch)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await keepers["second"].known()
    # A node that is cut off has sent its clients away by then.
    world.redis.advance(world.redis.now + GONE)
    for name in keepers:
        world.lives(name)
    async with asyncio.timeout(PATIENCE):
        # Which of both does not matter. The other one measures it, for which its clock would have to run.
        while not any(keeper.clock_id for keeper in keepers.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (leader,) = [keeper for keeper in keepers.values() if keeper.clock_id]
    assert leader.leads and leader.clock_id != "scale of before"
    await world.aclose()


async def test_nobody_waits_for_a_reference_that_ended_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    world, keepers = await _cold(monkeypatch)
    world.redis.memory.leave("before")
    await world.until(lambda: any(keeper.clock_id for keeper in keepers.values()))
    await world.aclose()


async def test_a_cold_start_waits_while_somebody_lives_who_knows_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, keepers = await _cold(monkeypatch)
    world.redis.advance(world.redis.now + GONE)
    for name in keepers:
        world.lives(name, clock_offset=1.0 if name == "third" else None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await keepers["second"].known()
    await world.aclose()


def _give_up(keeper: Timekeeper) -> None:
    """Let a node find that its clock stood still, by the pings of another one."""
    assert keeper.leads
    for number in range(20):
        at = keeper.clock.local()
        keeper.received("asker", ClockPing(at + (0.8 if number == 19 else 0.0)), at)


async def _look(world: World, *names: str) -> list[str]:
    """Let these look who tells the time, one after the other. Returns who does."""
    for name in names:
        await world.nodes[name]._look()
        world.nodes[name].stop()
        world.redis.advance(world.redis.now + 0.01)
    return [name for name, keeper in world.nodes.items() if keeper.leads]


def _after_next_get(cluster: ModelNode, monkeypatch: pytest.MonkeyPatch, do: Callable[[], Awaitable[object]]) -> None:
    """Let this happen while a node waits for what it has asked of Redis."""

    async def get(key: str) -> bytes | None:
        kept = await ModelNode.get(cluster, key)
        monkeypatch.setattr(cluster, "get", partial(ModelNode.get, cluster))
        await do()
        return kept

    monkeypatch.setattr(cluster, "get", get)


async def _two_of_one_machine(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(monkeypatch)
    for name, boot in (("first", "a"), ("sibling", "a"), ("other", "b")):
        await world.node(name, boot=boot, looks=False)
    assert await _look(world, "first", "sibling") == ["first"]
    return world


@pytest.mark.parametrize("while_it_looks", [False, True])
async def test_a_machine_that_stood_still_lets_another_one_tell_the_time(
    monkeypatch: pytest.MonkeyPatch, while_it_looks: bool
) -> None:
    world = await _two_of_one_machine(monkeypatch)
    first = world.nodes["first"]
    if while_it_looks:

        async def give_up() -> None:
            _give_up(first)

        _after_next_get(world.clusters["first"], monkeypatch, give_up)
        assert await _look(world, "first") == []
    else:
        _give_up(first)
    assert await _look(world, "first", "sibling", "first", "sibling") == []
    kept = await world.clusters["first"].get("clock")
    assert kept is not None and msgspec.json.decode(kept, type=Reference).stood_still
    assert await _look(world, "other") == [], "it does not know the time"
    # Nobody else can tell it. Its machine does again.
    world.redis.advance(world.redis.now + 5.1)
    for name in world.clusters:
        world.lives(name)
    assert await _look(world, "sibling", "first") == ["sibling"]
    assert world.nodes["sibling"].clock_id == first.clock_id
    await world.aclose()


async def test_who_has_read_what_was_kept_before_its_machine_gave_up_does_not_lead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await _two_of_one_machine(monkeypatch)

    async def give_up() -> None:
        _give_up(world.nodes["first"])
        await _look(world, "first")

    _after_next_get(world.clusters["sibling"], monkeypatch, give_up)
    assert await _look(world, "sibling") == []
    assert "clock" not in world.redis.memory.leads
    await world.aclose()


async def test_what_another_version_has_kept_of_the_clock_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    first = await world.node("first", looks=False)
    await world.clusters["first"].put("clock", b'{"clock_id": "x", "monotonic": 1.0}', 60.0)
    world.tasks.start(first.keep(), name="first")
    await first.known()
    await world.until(lambda: b"timescale" in (world.redis.memory.values.get("clock") or b""))
    await world.aclose()


async def test_the_least_of_the_last_eight_beats_is_the_way_to_redis_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    node = await world.node("first", looks=False)
    assert node.hop == 0.0
    for number in range(20):
        node.beat_sent(number)
        sent = time.monotonic()
        node.beat_heard(number, sent + (0.001 if number == 0 else 0.2))
        node.beat_heard(number + 100, sent + 5.0)  # It was not sent from here.
        assert node.hop == pytest.approx(0.001 if number < 8 else 0.2, abs=0.01)


def _clock(local: list[float], wall: float = 50_000.0) -> ClusterServerClock:
    known = ClusterClock("me", "a", "scale")
    known.lead(Reference("before", "a", 100.0, "scale"), local[0])
    clock = ClusterServerClock(known, local=lambda: local[0], wall=lambda: wall)
    clock.clock_id = "scale"
    return clock


def test_rooms_live_in_cluster_time() -> None:
    local = [1000.0]
    clock = _clock(local)
    assert (clock.now(), clock.local()) == (1100.0, 1000.0)
    assert (clock.to_cluster(1001.0), clock.to_local(1101.0), clock.to_local(None)) == (1101.0, 1001.0, None)
    assert clock.mark() == ClockMark("scale", 1100.0, 50_000.0)


def test_a_deadline_that_is_due_is_not_missed_by_a_rounding_error() -> None:
    clock = _clock([1000.0])
    assert clock.due(1001.0, 1101.0 + 1e-9) == 1101.0 + 1e-9
    assert clock.due(1001.0, 1101.0 - 5.0) == 1101.0, "it was late"
    assert clock.due(1001.0, 1102.0) == 1101.0, "the clock has moved: it is not due"
    assert clock.due(1001.0, None) == 1101.0


def test_times_of_one_timescale_need_no_translation_and_others_go_by_the_wall_clock() -> None:
    clock = _clock([1000.0])
    assert clock.shift(ClockMark("scale", 5.0, 1.0)) == 0.0
    # Ten seconds have passed since: 995 there, 1090 here.
    assert 995.0 + clock.shift(ClockMark("other", 995.0, 49_990.0)) == pytest.approx(1090.0)


def test_processes_of_one_machine_name_the_same_clock() -> None:
    named = machine_clock()
    if boot_id() is not None:
        assert named is not None and named.startswith(boot_id() or "")
    assert named == machine_clock()
