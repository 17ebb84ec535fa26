"""The model of Redis on simulated time, as nodes reach it over connections that take time, break, and are made again.

`tests.cluster.model_redis` says what each operation does; here is when it happens, and what becomes of it where the
connection ends meanwhile: the same as with `hangd.cluster.redis.connection`.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, Final, TypeVar

from hangd.cluster.base import (
    ClusterFailed,
    Commit,
    Elsewhere,
    KeptClient,
    Listener,
    NameTaken,
    NodeInfo,
    Outcome,
    Owned,
    Renewal,
)
from hangd.cluster.local import LocalCluster
from hangd.cluster.local import Process as Shared
from hangd.cluster.memory import Memory
from tests.cluster.model_redis import at_once
from tests.cluster.sim.processes import Process, Time

_T = TypeVar("_T")

_ANSWER_SECONDS: Final = 5.0


class SimulatedRedis(Shared):
    """What the nodes share. ``delay``: returns how long the next thing takes on its way, in seconds."""

    def __init__(self, time: Time, delay: Callable[[], float]) -> None:
        self.time = time
        self.delay = delay
        self.is_up = True
        self.nodes: dict[str, SimulatedNode] = {}
        self.committers: dict[tuple[str, int], str] = {}
        """Who has made commits, by the room and the fence."""
        super().__init__(Memory(lambda: time.now))

    def snapshot(self) -> Memory:
        """Return a copy of all that is kept."""
        return deepcopy(self.memory)


class _Request:
    def __init__(
        self, do: Callable[[], object], answered: Callable[[object], None], *, again: bool, waits: bool
    ) -> None:
        self.do = do
        self.answered = answered
        """Called with the answer, which may be a ClusterFailed."""
        self.again = again
        self.waits = waits


class SimulatedNode(LocalCluster):
    """A node's connection to the model: what it asks arrives later, in order, and so do the answers."""

    def __init__(self, redis: SimulatedRedis, process: Process, node: str) -> None:
        super().__init__(redis, node, clock=lambda: redis.time.now)
        self._redis = redis
        redis.nodes[node] = self
        self._loop = process
        self._listener: Listener | None = None
        self.is_connected = False
        self._connection = 0
        """Number of the last connection: what is on its way on an earlier one is lost."""
        self._unanswered: deque[_Request] = deque()
        self._waiting: deque[_Request] = deque()
        self._lines: dict[str, float] = {}
        """When the last thing on each way arrives."""
        self.slowness = 0.0
        """Seconds that everything takes longer."""

    # ---- the connection ---------------------------------------------------------------------------------------------

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        self._connect()

    async def aclose(self) -> None:
        with contextlib.suppress(ClusterFailed, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._ask(lambda: self.memory.leave(self.node))
        self._listener = None
        self._disconnect()

    def cut(self) -> None:
        """Let the connection end, and none be made until `mend`."""
        if self.is_connected:
            self._disconnect()
            if self._listener is not None:
                self._loop.arrive(self._listener.disconnected)

    def mend(self) -> None:
        """Let the node connect again."""
        if self._listener is not None and not self.is_connected and self._redis.is_up and not self._loop.is_killed:
            self._loop.arrive(self._connect)

    def _connect(self) -> None:
        if self._listener is None or self.is_connected or not self._redis.is_up:
            return
        self.is_connected = True
        self._redis.listeners[self.node] = self._listener
        waiting, self._waiting = self._waiting, deque()
        for request in waiting:
            self._send(request)
        self._listener.connected()

    def _disconnect(self) -> None:
        self.is_connected = False
        self._connection += 1
        self._redis.listeners.pop(self.node, None)
        unanswered, self._unanswered = self._unanswered, deque()
        for request in unanswered:
            if request.again:
                self._waiting.append(request)
            else:
                self._loop.arrive(request.answered, ClusterFailed("the connection has ended before the answer"))

    def _carry(self, way: str, what: Callable[[], None]) -> None:
        """Let this happen when it arrives on this way, if the connection still is then."""
        time, connection = self._redis.time, self._connection
        at = max(self._lines.get(way, 0.0), time.now + self._redis.delay() + self.slowness)
        self._lines[way] = at
        time.at(at, lambda: what() if self._connection == connection else None)

    def _send(self, request: _Request) -> None:
        if self._loop.is_killed:
            return
        if not self.is_connected:
            if request.waits and self._listener is not None:
                self._waiting.append(request)
            else:
                request.answered(ClusterFailed("Redis cannot be reached"))
            return
        self._unanswered.append(request)
        self._carry("commands", partial(self._done, request))

    def _done(self, request: _Request) -> None:
        """Redis carries a request out."""
        answer: object
        try:
            answer = request.do()
        except ClusterFailed as failed:
            answer = failed
        self._carry("answers", lambda: self._loop.arrive(self._answered, request, answer, self._connection))

    def _answered(self, request: _Request, answer: object, connection: int) -> None:
        if connection == self._connection and self._unanswered and self._unanswered[0] is request:
            self._unanswered.popleft()
            request.answered(answer)

    async def _ask(self, do: Callable[[], _T], *, again: bool = False) -> _T:
        answered: asyncio.Future[Any] = self._loop.create_future()
        request = _Request(
            do, lambda answer: None if answered.done() else answered.set_result(answer), again=again, waits=True
        )
        self._send(request)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await answered
        except TimeoutError:
            raise ClusterFailed("Redis has not answered") from None
        finally:
            if not answered.done() or answered.cancelled():
                request.again = False
                with contextlib.suppress(ValueError):
                    self._waiting.remove(request)
        if isinstance(answer, ClusterFailed):
            raise answer
        result: _T = answer
        return result

    def _tell(self, node: str, what: Callable[[Listener], None]) -> None:
        """As `LocalCluster._tell`, on the way of that node's inbox."""
        listener, other = self._redis.listeners.get(node), self._redis.nodes[node]
        if listener is not None:
            other._carry("inbox", lambda: other._loop.arrive(what, listener))

    def _arrived(self, parcel: bytes, listener: Listener) -> None:
        # By the clock of the machine at which it arrives, not of the one that has sent it.
        listener.received(parcel, asyncio.get_running_loop().time())

    # ---- what RedisCluster does not wait for ------------------------------------------------------------------------

    def renew(self, info: NodeInfo, done: Callable[[Renewal], None]) -> None:
        def do() -> Renewal:
            answers: list[Renewal] = []
            LocalCluster.renew(self, info, answers.append)
            return answers[0]

        def answered(answer: object) -> None:
            done(answer if isinstance(answer, Renewal) else Renewal.FAILED)

        self._send(_Request(do, answered, again=False, waits=False))

    def beat(self, number: int) -> None:
        self._send(_Request(lambda: LocalCluster.beat(self, number), _ignored, again=False, waits=False))

    def post(self, node: str, parcel: bytes) -> None:
        self._send(_Request(lambda: LocalCluster.post(self, node, parcel), _ignored, again=False, waits=False))

    def broadcast(self, parcel: bytes) -> None:
        self._send(_Request(lambda: LocalCluster.broadcast(self, parcel), _ignored, again=False, waits=False))

    def commit(self, commit: Commit, done: Callable[[Outcome], None]) -> None:
        def do() -> Outcome:
            outcomes: list[Outcome] = []
            LocalCluster.commit(self, commit, outcomes.append)
            if outcomes[0] is Outcome.OK:
                committer = self._redis.committers.setdefault((commit.room_id, commit.fence), self.node)
                assert committer == self.node, f"{committer} and {self.node} have both made commits of one fence"
            return outcomes[0]

        def answered(answer: object) -> None:
            done(answer if isinstance(answer, Outcome) else Outcome.FAILED)

        self._send(_Request(do, answered, again=True, waits=True))

    def renew_clients(self, client_ids: Iterable[str]) -> None:
        ids = tuple(client_ids)
        self._send(_Request(lambda: LocalCluster.renew_clients(self, ids), _ignored, again=True, waits=True))

    # ---- what it waits for ------------------------------------------------------------------------------------------

    def _asked(self, make: Callable[[], Coroutine[Any, Any, _T]], *, again: bool) -> Coroutine[Any, Any, _T]:
        return self._ask(lambda: at_once(make()), again=again)

    async def nodes(self) -> list[NodeInfo]:
        return await self._asked(super().nodes, again=False)

    async def silence(self) -> float:
        return await self._asked(super().silence, again=True)

    async def create(self, room_id: str, alias_key: str | None, fields: dict[str, bytes]) -> Owned | NameTaken:
        return await self._asked(partial(super().create, room_id, alias_key, fields), again=True)

    async def find(self, name: str, alias_key: str) -> str | None:
        return await self._asked(partial(super().find, name, alias_key), again=True)

    async def claim(self, room_id: str) -> Owned | Elsewhere | None:
        return await self._asked(partial(super().claim, room_id), again=True)

    async def release(self, room_id: str, fence: int, parcels: Sequence[tuple[str, bytes]] = ()) -> bool:
        return await self._asked(partial(super().release, room_id, fence, parcels), again=False)

    async def forget(self, room_id: str, fence: int) -> bool:
        return await self._asked(partial(super().forget, room_id, fence), again=False)

    async def rooms_without_owner(self, limit: int = 100) -> list[str]:
        return await self._asked(partial(super().rooms_without_owner, limit), again=True)

    async def public_rooms(self, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        return await self._asked(partial(super().public_rooms, after, limit), again=True)

    async def keep_client(self, client_id: str, room_id: str, proof: bytes) -> str | None:
        return await self._asked(partial(super().keep_client, client_id, room_id, proof), again=False)

    async def keep_client_again(self, client_id: str, room_id: str, proof: bytes) -> bool:
        return await self._asked(partial(super().keep_client_again, client_id, room_id, proof), again=True)

    async def client(self, client_id: str) -> KeptClient | None:
        return await self._asked(partial(super().client, client_id), again=True)

    async def forget_client(self, client_id: str, room_id: str) -> bool:
        return await self._asked(partial(super().forget_client, client_id, room_id), again=False)

    async def take(self, key: str, rate: float, burst: float) -> float:
        return await self._asked(partial(super().take, key, rate, burst), again=False)

    async def add(self, key: str, amount: int, seconds: float) -> int:
        return await self._asked(partial(super().add, key, amount, seconds), again=False)

    async def share(self, key: str, amount: int) -> int:
        return await self._asked(partial(super().share, key, amount), again=True)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._asked(partial(super().put, key, value, seconds), again=True)

    async def put_new(self, key: str, value: bytes, seconds: float) -> bool:
        return await self._asked(partial(super().put_new, key, value, seconds), again=False)

    async def get(self, key: str) -> bytes | None:
        return await self._asked(partial(super().get, key), again=True)

    async def lead(self, key: str, seconds: float) -> str:
        return await self._asked(partial(super().lead, key, seconds), again=True)


def _ignored(_answer: object) -> None:
    pass
