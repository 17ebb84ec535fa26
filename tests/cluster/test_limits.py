"""What a network may have at all nodes together, on simulated time."""

import pytest

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
