"""A model of what RedisCluster promises, on simulated time: nodes that share a memory, and can be cut from it.

`test_model.py` holds it to a real Redis by the same operations.
"""

import heapq
import itertools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hangd.cluster.base import ClusterFailed, Commit, Listener, NodeInfo, Outcome, Renewal
from hangd.cluster.local import LocalCluster, Process
from hangd.cluster.memory import Memory

_T = TypeVar("_T")


def at_once(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Return the result of a coroutine of the model, none of which ever waits."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: _T = ended.value
        return result
    coroutine.close()
    raise AssertionError("a coroutine of the model waits")


class ModelRedis(Process):
    """What the nodes share. What was said arrives after a time, in the order in which it was said.

    Args:
        start: the time at first, in seconds.
        delay: returns how long the next message or answer takes. 0: it arrives within the call.
    """

    def __init__(self, start: float = 1000.0, delay: Callable[[], float] = lambda: 0.0, **more: float) -> None:
        self.now = start
        self._delay = delay
        self._under_way: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._last = start
        super().__init__(Memory(lambda: self.now, **more), self._later)

    @property
    def deadline(self) -> float | None:
        """When the next message or answer arrives. None: none is under way."""
        return self._under_way[0][0] if self._under_way else None

    def advance(self, now: float) -> None:
        """Let time go on, and everything arrive that arrives until then."""
        while self._under_way and self._under_way[0][0] <= now:
            at, _, arrived = heapq.heappop(self._under_way)
            self.now = max(self.now, at)
            arrived()
        self.now = max(self.now, now)

    def _later(self, what: Callable[[], None]) -> None:
        delay = self._delay()
        if not delay and not self._under_way:
            what()
            return
        self._last = max(self._last, self.now + delay)
        heapq.heappush(self._under_way, (self._last, next(self._count), what))


class ModelNode(LocalCluster):
    """A node of the model. While it is `cut`, it is as RedisCluster without a connection."""

    def __init__(self, redis: ModelRedis, node: str, **more: float) -> None:
        super().__init__(redis, node, clock=lambda: redis.now, **more)
        self._redis = redis
        self._waiting: list[tuple[Commit, Callable[[Outcome], None]]] = []
        self._listener: Listener | None = None
        self.is_cut = False

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        await super().start(listener)

    @property
    def memory(self) -> Memory:
        # Whatever waits for an answer asks for this.
        if self.is_cut:
            raise ClusterFailed("Redis cannot be reached")
        return super().memory

    async def aclose(self) -> None:
        self.is_cut = False
        await super().aclose()

    def cut(self) -> None:
        """Let this node lose its connection. What was said to it, and is under way, is lost."""
        assert self._listener is not None
        self.is_cut = True
        self._redis.listeners.pop(self.node, None)
        self._listener.disconnected()

    def mend(self) -> None:
        """Let it have a connection again. The commits that waited are carried out."""
        assert self._listener is not None
        self.is_cut = False
        self._redis.listeners[self.node] = self._listener
        waiting, self._waiting = self._waiting, []
        for commit, done in waiting:
            super().commit(commit, done)
        self._listener.connected()

    def die(self) -> None:
        """End without a word: killed, or its machine is gone."""
        self.is_cut = True
        self._waiting.clear()
        self._redis.listeners.pop(self.node, None)

    def renew(self, info: NodeInfo, done: Callable[[Renewal], None]) -> None:
        if self.is_cut:
            done(Renewal.FAILED)
        else:
            super().renew(info, done)

    def beat(self, number: int) -> None:
        if not self.is_cut:
            super().beat(number)

    def post(self, node: str, parcel: bytes) -> None:
        if not self.is_cut:
            super().post(node, parcel)

    def broadcast(self, parcel: bytes) -> None:
        if not self.is_cut:
            super().broadcast(parcel)

    def commit(self, commit: Commit, done: Callable[[Outcome], None]) -> None:
        if self.is_cut:
            self._waiting.append((commit, done))
        else:
            super().commit(commit, done)
