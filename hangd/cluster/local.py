"""LocalCluster: the port for a server that is alone, or for several nodes in one process. Answers are there at once."""

import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from hangd.cluster.base import (
    KEEP_SECONDS,
    RENEWALS,
    Change,
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
    RoomSeen,
    new_incarnation,
)
from hangd.cluster.memory import Memory

_T = TypeVar("_T")


class Process:
    """What the nodes of one process share: a memory, and who is there.

    Args:
        later: called with what is to happen when something that was said has arrived. None: that happens within the
            call. In simulations it takes time.
    """

    def __init__(self, memory: Memory, later: Callable[[Callable[[], None]], None] | None = None) -> None:
        self.memory = memory
        self.later = later if later is not None else _at_once
        self.listeners: dict[str, Listener] = {}


class LocalCluster:
    """A node of this process. None given: alone, and alive for as long as it is started."""

    def __init__(
        self,
        process: Process | None = None,
        node: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        keep: float = KEEP_SECONDS,
    ) -> None:
        self._alone = process is None
        self._process = process if process is not None else Process(Memory(clock, life=math.inf, keep=math.inf))
        self._node = node if node is not None else new_incarnation("local")
        self._clock = clock
        self._keep = keep
        self._rooms: dict[str, tuple[int, float]] = {}
        """Fence, and when to renew it, of each room that this node owns."""

    @property
    def node(self) -> str:
        return self._node

    @property
    def memory(self) -> Memory:
        """What this node shares with the others of the process."""
        return self._process.memory

    async def start(self, listener: Listener) -> None:
        self._process.listeners[self._node] = listener
        if self._alone:
            self.memory.renew(NodeInfo(node=self._node, name="local", since=0.0, version=""))
        listener.connected()

    async def aclose(self) -> None:
        self._process.listeners.pop(self._node, None)
        self.memory.leave(self._node)

    # Nodes

    def renew(self, info: NodeInfo, done: Callable[[Renewal], None]) -> None:
        was = self.memory.renew(info)
        self._process.later(lambda: done(Renewal.KEPT if was else Renewal.REVIVED))
        now = self._clock()
        for room_id, (fence, due) in list(self._rooms.items()):
            if due <= now:
                self.memory.touch(self._node, room_id, fence)
                self._rooms[room_id] = (fence, now + self._keep / RENEWALS)

    def beat(self, number: int) -> None:
        self._tell(self._node, lambda listener: listener.beat_heard(number, self._clock()))

    async def nodes(self) -> list[NodeInfo]:
        lives = self.memory.lives
        return [info for node in sorted(lives) if (info := lives.get(node)) is not None]

    async def silence(self) -> float:
        return self.memory.silence(self._node)

    def post(self, node: str, parcel: bytes) -> None:
        if node not in self._process.listeners:
            self._tell(self._node, partial(_unreachable, node))
        self._publish([(node, parcel)])

    def broadcast(self, parcel: bytes) -> None:
        self._publish([(node, parcel) for node in self._process.listeners if node != self._node])

    # Rooms

    async def create(self, room_id: str, alias_key: str | None, fields: dict[str, bytes]) -> Owned | NameTaken:
        self._check_alive()
        created = self.memory.create(self._node, room_id, alias_key, fields)
        if created is None:
            raise ClusterFailed(f"there is a room {room_id} already")
        return self._own(room_id, created)

    async def find(self, name: str, alias_key: str) -> str | None:
        return self.memory.find(name, alias_key)

    async def claim(self, room_id: str) -> Owned | Elsewhere | None:
        self._check_alive()
        return self._own(room_id, self.memory.claim(self._node, room_id))

    def commit(self, commit: Commit, done: Callable[[Outcome], None]) -> None:
        outcome, publish = self.memory.commit(self._node, commit)
        if outcome is Outcome.LOST:
            self._rooms.pop(commit.room_id, None)
        elif outcome is Outcome.OK and commit.whole:
            self._own(commit.room_id, Owned(commit.fence, commit.number, {}, {}))
        if publish:
            self._publish(commit.parcels)
            for node in dict.fromkeys(node for node, _ in commit.parcels if node not in self._process.listeners):
                self._tell(self._node, partial(_unreachable, node))
        self._process.later(lambda: done(outcome))

    async def release(self, room_id: str, fence: int, parcels: Sequence[tuple[str, bytes]] = ()) -> bool:
        self._rooms.pop(room_id, None)
        if not self.memory.release(self._node, room_id, fence):
            return False
        self._publish(parcels)
        return True

    async def forget(self, room_id: str, fence: int) -> bool:
        self._rooms.pop(room_id, None)
        return self.memory.forget(self._node, room_id, fence)

    async def rooms_without_owner(self, limit: int = 100) -> list[str]:
        return self.memory.rooms_without_owner(limit)

    async def public_rooms(self, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        return self.memory.public_rooms(after, limit)

    async def rooms(self, fields: Sequence[str] = ()) -> AsyncIterator[RoomSeen]:
        for seen in self.memory.rooms_seen(fields):
            yield seen

    # Clients

    async def clients(self) -> AsyncIterator[tuple[str, KeptClient]]:
        kept = self.memory.clients
        for client_id in kept:
            if (client := kept.get(client_id)) is not None:
                yield client_id, client

    async def keep_client(self, client_id: str, room_id: str, proof: bytes) -> str | None:
        return self.memory.keep_client(client_id, KeptClient(room_id, proof, self._node))

    async def keep_client_again(self, client_id: str, room_id: str, proof: bytes) -> bool:
        return self.memory.keep_client_again(client_id, KeptClient(room_id, proof, self._node))

    def renew_clients(self, client_ids: Iterable[str]) -> None:
        for client_id in client_ids:
            self.memory.renew_client(client_id)

    async def client(self, client_id: str) -> KeptClient | None:
        return self.memory.clients.get(client_id)

    async def forget_client(self, client_id: str, room_id: str) -> bool:
        return self.memory.forget_client(client_id, room_id)

    # Small things that all nodes share

    async def take(self, key: str, rate: float, burst: float) -> float:
        return self.memory.take(key, rate, burst)

    async def add(self, key: str, amount: int, seconds: float) -> int:
        return self.memory.add(key, amount, seconds)

    async def share(self, key: str, amount: int) -> int:
        return self.memory.share(self._node, key, amount)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        self.memory.values.put(key, value, seconds)

    async def put_new(self, key: str, value: bytes, seconds: float) -> bool:
        new = key not in self.memory.values
        if new:
            self.memory.values.put(key, value, seconds)
        return new

    async def get(self, key: str) -> bytes | None:
        return self.memory.values.get(key)

    async def delete(self, key: str) -> bool:
        return self.memory.values.drop(key)

    async def entry(self, of: str, key: str) -> bytes | None:
        return self.memory.list_of(of).get(key)

    async def change_entry(
        self, of: str, key: str, before: bytes | None, after: bytes | None, *, seconds: float, most: int
    ) -> Change:
        return self.memory.change_entry(of, key, before, after, seconds, most)

    async def lead(self, key: str, seconds: float) -> str:
        self._check_alive()
        return self.memory.lead(self._node, key, seconds)

    def _publish(self, parcels: Sequence[tuple[str, bytes]]) -> None:
        for node, parcel in parcels:
            self._tell(node, partial(self._arrived, parcel))

    def _arrived(self, parcel: bytes, listener: Listener) -> None:
        listener.received(parcel, self._clock())

    def _tell(self, node: str, what: Callable[[Listener], None]) -> None:
        """Tell a node this when it arrives, if the node is still there then."""

        def arrived() -> None:
            if (listener := self._process.listeners.get(node)) is not None:
                what(listener)

        self._process.later(arrived)

    def _check_alive(self) -> None:
        if self._node not in self.memory.lives:
            raise ClusterFailed("this node does not count as alive: it has not been heard of for some seconds")

    def _own(self, room_id: str, answer: _T) -> _T:
        if isinstance(answer, Owned):
            self._rooms[room_id] = (answer.fence, self._clock() + self._keep / RENEWALS)
        return answer


def _unreachable(node: str, listener: Listener) -> None:
    listener.unreachable(node)


def _at_once(what: Callable[[], None]) -> None:
    what()
