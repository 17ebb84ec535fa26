"""What a network may have at all nodes together, on simulated time."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from hangd.cluster.base import ClusterFailed, NodeInfo
from hangd.protocol.errors import RequestRefused
from hangd.rooms.clustered.limits import ClusterLimits
from hangd.server.places import Places
from hangd.server.trust.guesses import Guesses, Limit
from tests.cluster.model_redis import ModelNode, ModelRedis
from tests.support.network.memory_transport import MemoryClient, MemoryTransport


class One:
    """A node: its clients by network, and its limit for guesses."""

    def __init__(self, redis: ModelRedis, name: str) -> None:
        self.redis = redis
        self.node = ModelNode(redis, f"{name}-00000000")
        self.node.renew(NodeInfo(node=self.node.node, name=name, since=0.0, version=""), lambda _: None)
        self.limits = ClusterLimits(self.node, lambda: b"secret", lambda: redis.now)
        self.places = Places(5, self.limits.counted("clients"))
        self.guesses = Guesses(Limit(10, 10.0), "too many")
        self.guesses.shared = self.limits.bucket("secrets", self.guesses.rate.per_second, self.guesses.rate.burst)
        self.open: list[MemoryTransport] = []

    def connect(self, network: str, count: int = 1) -> int:
        """Let so many come. Returns how many were let in."""
        let_in = 0
        for _ in range(count):
            if not self.places.is_full(network):
                self.open.append(MemoryTransport(MemoryClient(), ""))
                self.places.enter(self.open[-1], network)
                let_in += 1
        return let_in

    def guess(self, key: str, count: int) -> int:
        """Guess wrong so many times. Returns how many guesses were allowed."""
        allowed = 0
        for _ in range(count):
            try:
                self.guesses.take(key, self.redis.now)
            except RequestRefused as refused:
                assert refused.code == "RateLimited"
            else:
                allowed += 1
        return allowed


class Three:
    def __init__(self) -> None:
        self.redis = ModelRedis()
        self.nodes = [One(self.redis, name) for name in ("a", "b", "c")]

    async def second(self) -> None:
        """Let a second go by, at whose end all nodes share what they have."""
        self.redis.advance(self.redis.now + 1.0)
        for one in self.nodes:
            if not one.node.is_cut:
                one.node.renew(NodeInfo(node=one.node.node, name="x", since=0.0, version=""), lambda _: None)
        for one in self.nodes:
            if not one.node.is_cut:
                await one.limits.share()


async def test_connections_count_at_all_nodes_together() -> None:
    three = Three()
    a, b, c = three.nodes
    assert a.connect("n", 4) == 4
    await three.second()
    # A node of which nothing was asked about this network knows nothing of it yet: it learns with the first one.
    assert b.connect("n") == 1
    await three.second()
    assert [one.connect("n", 5) for one in (b, a)] == [0, 1], "a has not been told of b's: it had nothing to decide"
    await three.second()
    assert [one.connect("n", 5) for one in (a, b)] == [0, 0]
    assert c.connect("other", 9) == 5, "another network is not concerned"
    for transport in a.open:
        a.places.leave(transport, "n")
    await three.second()
    assert b.connect("n", 9) == 4, "1 is here, and none elsewhere"


async def test_what_the_others_had_is_forgotten_when_nobody_asks() -> None:
    three = Three()
    a, b, _ = three.nodes
    assert a.connect("n", 4) == 4
    await three.second()
    assert b.connect("n") == 1
    await three.second()
    b.places.leave(b.open[0], "n")
    await three.second()
    for transport in a.open:
        a.places.leave(transport, "n")
    for _ in range(61):
        await three.second()
    assert b.connect("n", 9) == 5, "a has none, and has told so to whoever asks"


async def test_of_networks_that_have_gone_nothing_is_kept() -> None:
    three = Three()
    a, b, _ = three.nodes
    for number in range(100):
        a.connect(f"n{number}")
        await three.second()
        b.connect(f"n{number}")
        await three.second()
        b.places.leave(b.open[-1], f"n{number}")
        await three.second()
    for _ in range(61):
        await three.second()
    assert [len(count._elsewhere) for one in three.nodes for count in one.limits._counts] == [0, 0, 0]


async def test_connections_that_last_for_hours_stay_counted() -> None:
    three = Three()
    a, b, _ = three.nodes
    a.connect("n", 2)
    await three.second()
    b.connect("n", 2)
    await three.second()
    for second in range(3 * 3600):
        await three.second()
        assert b.limits._counts[0].elsewhere("n") == 2, f"after {second} s"
    assert b.connect("n", 9) == 1


class Hands(RuleBasedStateMachine):
    """Whatever comes and goes: a minute after, no node believes that others have what they have not."""

    def __init__(self) -> None:
        super().__init__()
        self.three = Three()

    @rule(node=st.integers(0, 2), network=st.sampled_from("mn"), comes=st.booleans())
    def change(self, node: int, network: str, comes: bool) -> None:
        one = self.three.nodes[node]
        if comes:
            one.connect(network)
        elif (oldest := one.places.oldest(network)) is not None:
            one.places.leave(oldest, network)

    @rule(seconds=st.sampled_from([1, 20, 29, 31, 45]))
    def wait(self, seconds: int) -> None:
        asyncio.run(self.pass_by(seconds))

    @rule()
    def rest(self) -> None:
        asyncio.run(self.pass_by(62))
        for one in self.three.nodes:
            for network in "mn":
                others = [other.places.count(network) for other in self.three.nodes if other is not one]
                known = one.limits._counts[0].elsewhere(network)
                # Who has had nothing to decide may not know of them.
                assert known in ((0, sum(others)) if one.places.count(network) else (0,))

    async def pass_by(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.three.second()


TestHands = Hands.TestCase
TestHands.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)


async def test_a_node_that_has_died_holds_nothing() -> None:
    three = Three()
    a, b, _ = three.nodes
    assert a.connect("n", 5) == 5
    await three.second()
    assert b.connect("n") == 1
    await three.second()
    assert b.connect("n") == 0
    a.node.is_cut = True
    for _ in range(4):
        await three.second()
    b.connect("n")
    await three.second()
    assert b.connect("n", 9) == 4


async def test_without_redis_a_nodes_own_limit_holds() -> None:
    three = Three()
    a, b, _ = three.nodes
    b.node.is_cut = True
    assert a.connect("n", 5) == 5 and b.connect("n", 9) == 5
    assert b.guess("n", 99) == 10
    with pytest.raises(ClusterFailed):
        await b.limits.share()
    assert b.connect("n", 9) == 0 and b.guess("n", 9) == 0
    b.node.is_cut = False
    await three.second()
    await three.second()
    b.places.leave(b.open[0], "n")
    assert b.connect("n") == 0, "by now it knows of the others, which it could not ask then"


async def test_guesses_count_at_all_nodes_together() -> None:
    three = Three()
    a, b, c = three.nodes
    assert a.guess("n", 99) == 10
    await three.second()
    assert b.guess("n", 1) == 1, "it is the first one here, of which nothing is known yet"
    await three.second()
    assert b.guess("n", 9) == 0 and b.guess("other", 99) == 10
    allowed = 0
    for _ in range(600):
        await three.second()
        allowed += sum(one.guess("n", 1) for one in (a, b, c))
    assert 50 <= allowed <= 65, "one in ten seconds"


async def test_a_guess_that_was_right_costs_nothing() -> None:
    three = Three()
    a, b, _ = three.nodes
    for _ in range(50):
        assert a.guess("n", 1) == 1
        a.guesses.give_back("n", three.redis.now)
        await three.second()
    assert b.guess("n", 99) == 10


async def test_redis_is_told_no_addresses() -> None:
    three = Three()
    a = three.nodes[0]
    a.connect("192.0.2.7")
    a.guess("192.0.2.7", 3)
    told: list[str] = []

    async def share(key: str, amount: int) -> int:
        told.append(key)
        return amount

    async def take(key: str, rate: float, burst: float) -> float:
        told.append(key)
        return 0.0

    a.node.share, a.node.take = share, take  # type: ignore[method-assign]
    await a.limits.share()
    assert len(told) == 4 and "192.0.2.7" not in " ".join(told)
