"""RedisCluster: `hangd.cluster.base.Cluster` over Redis."""

import asyncio
import logging
import math
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import hiredis
import msgspec

from hangd.cluster import messages
from hangd.cluster.base import (
    FORGOTTEN_SECONDS,
    KEEP_SECONDS,
    LIFE_SECONDS,
    PUBLIC,
    RENEWALS,
    SEEN_SECONDS,
    SHARE_SECONDS,
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
)
from hangd.cluster.redis.connection import Connection
from hangd.cluster.redis.dialing import Dialer
from hangd.cluster.redis.keys import FIELD, LINK, PREFIX, Keys
from hangd.cluster.redis.layout import commit_call, fields_of, outcome_of, owned_of
from hangd.cluster.redis.script_texts import digests
from hangd.cluster.redis.wire import Answer, Request, Word, pack
from hangd.redis_url import RedisPlace

_log = logging.getLogger(__name__)

_RENEWED_AT_ONCE: Final = 100
_KEYS_AT_ONCE: Final = 500
"""How many keys Redis looks at in one step of a sweep."""
_ROOMS_AT_ONCE: Final = 50
"""The same where it reads what it finds: it does nothing else meanwhile."""
_BEAT_SECONDS: Final = 2.0
"""If a beat has not come back after so long, the connections lead to a server that is no longer the right one."""
_STILL_SECONDS: Final = 1.5
"""A node that lets so long pass between two beats has stood still. It beats twice as often."""
_LEAVE_SECONDS: Final = 1.0


class RedisCluster:
    """The cluster whose Redis is there, as one node uses it.

    Args:
        node: the incarnation of this node (`hangd.cluster.base.new_incarnation`).
        prefix: what all keys begin with.
        life: for how many seconds a node counts as alive.
        keep: for how many seconds rooms are kept that no node renews; clients are, too, but for a day at most.
        jitter: returns a number from 0 to 1, which spreads the attempts of several nodes to connect.
    """

    def __init__(
        self,
        place: RedisPlace,
        node: str,
        *,
        prefix: str = PREFIX,
        life: float = LIFE_SECONDS,
        keep: float = KEEP_SECONDS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._node = node
        self._keys = Keys(prefix, place.database)
        self._life = life
        self._keep = keep
        self._all = self._keys.all.encode()
        self._listener: Listener | None = None
        self._jitter = jitter
        self._place = place
        self._made: Connection | None = None
        self._rooms: dict[str, tuple[int, float]] = {}
        """Fence, and when to renew it, of each room that this node owns; those that are due first are first."""
        self._beaten: tuple[int, float] | None = None
        """The last beat that has not come back, and when it left."""
        self._beat_at = 0.0
        """When the last beat left."""

    @property
    def node(self) -> str:
        return self._node

    @property
    def is_connected(self) -> bool:
        return self._made is not None and self._made.is_connected

    @property
    def unanswered(self) -> int:
        """How many requests Redis has not answered."""
        return 0 if self._made is None else self._made.unanswered

    async def start(self, listener: Listener) -> None:
        assert self._made is None
        channels = (self._keys.inbox + self._node, self._keys.all)
        probe = self._keys.small("v", "probe")
        dialer = Dialer(self._place, f"hang-{self._node}", channels, self._published, probe=probe)
        connection = Connection(dialer, connected=self._connected, disconnected=self._disconnected, random=self._jitter)
        self._listener, self._made = listener, connection
        try:
            await connection.open()
        except BaseException:
            self._listener = self._made = None
            raise

    async def aclose(self) -> None:
        if self._made is None:
            return
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._ask("leave", [self._keys.life + self._node, self._keys.nodes], self._node)
        except (ClusterFailed, TimeoutError) as error:
            _log.info("this node leaves without telling the others: %s", error)
        self._listener = None
        await self._made.aclose()

    # Nodes

    def renew(self, info: NodeInfo, done: Callable[[Renewal], None]) -> None:
        def answered(answer: Answer) -> None:
            failed = isinstance(answer, Exception)
            done(Renewal.FAILED if failed else Renewal.KEPT if answer == 1 else Renewal.REVIVED)

        keys = [self._keys.life + self._node, self._keys.nodes]
        words = (msgspec.json.encode(info), _ms(self._life), self._node, round(SEEN_SECONDS))
        self._send("renew", keys, words, answered, waits=False)
        self._renew_rooms()

    def beat(self, number: int) -> None:
        now = asyncio.get_running_loop().time()
        was_still = now - self._beat_at > _STILL_SECONDS
        self._beat_at = now
        if self._beaten is None or was_still:
            # What has come back while this process stood still, or got no processor, is not read yet.
            self._beaten = (number, now)
        elif now - self._beaten[1] > _BEAT_SECONDS:
            self._beaten = None
            self._connection.reconnect(f"beats have not come back for {_BEAT_SECONDS:g} s")
        self._publish(self._keys.inbox + self._node, messages.beat(number), _ignored)

    async def nodes(self) -> list[NodeInfo]:
        answer = await self._ask("nodes", [self._keys.nodes], self._keys.life)
        found = []
        for life in answer:
            try:
                found.append(msgspec.json.decode(life, type=NodeInfo))
            except msgspec.DecodeError as error:
                # It may be a newer hang during an upgrade.
                _log.warning("what a node tells of itself cannot be read: %s", error)
        return sorted(found, key=lambda info: info.node)

    async def silence(self) -> float:
        answer = await self._ask("silence", [self._keys.nodes], self._node, self._keys.life, again=True)
        return math.inf if answer is None else float(answer)

    def post(self, node: str, parcel: bytes) -> None:
        self._publish(self._keys.inbox + node, messages.parcel(parcel), partial(self._posted, node))

    def broadcast(self, parcel: bytes) -> None:
        self._publish(self._keys.all, messages.to_all(self._node, parcel), _ignored)

    # Rooms

    async def create(self, room_id: str, alias_key: str | None, fields: dict[str, bytes]) -> Owned | NameTaken:
        keys = self._keys
        names = [keys.room + room_id, keys.life + self._node]
        if alias_key is not None:
            names.append(keys.alias(alias_key))
        words = [self._node, room_id, self._keep_ms, keys.room, *fields_of(fields)]
        answer = await self._ask("create", names, *words, again=True)
        self._check_alive(answer)
        if answer == b"known":
            raise ClusterFailed(f"there is a room {room_id} already")
        if isinstance(answer, list):
            return NameTaken(answer[1].decode())
        return self._own(room_id, Owned(int(answer), 0, fields, {}))

    async def find(self, name: str, alias_key: str) -> str | None:
        keys = [self._keys.room + name, self._keys.alias(alias_key)]
        answer = await self._ask("find", keys, name, self._keys.room, again=True)
        return None if answer is None else answer.decode()

    async def claim(self, room_id: str) -> Owned | Elsewhere | None:
        keys = [self._keys.room + room_id, self._keys.life + self._node]
        answer = await self._ask("claim", keys, self._node, self._keys.life, self._keep_ms, again=True)
        self._check_alive(answer)
        if answer is None:
            return None
        if answer[0] == b"elsewhere":
            return Elsewhere(answer[1].decode(), int(answer[2]))
        return self._own(room_id, owned_of(answer))

    def commit(self, commit: Commit, done: Callable[[Outcome], None]) -> None:
        script, keys, words = commit_call(commit, self._keys, self._node, self._keep_ms)
        self._send(script, keys, words, partial(self._committed, commit, done), again=True)

    async def release(self, room_id: str, fence: int, parcels: Sequence[tuple[str, bytes]] = ()) -> bool:
        self._rooms.pop(room_id, None)
        words: list[Word] = [self._node, fence]
        for node, parcel in parcels:
            words += (self._keys.inbox + node, messages.parcel(parcel))
        return bool(await self._ask("release", [self._keys.room + room_id], *words))

    async def forget(self, room_id: str, fence: int) -> bool:
        self._rooms.pop(room_id, None)
        keys = [self._keys.room + room_id, self._keys.public]
        return bool(await self._ask("forget", keys, self._node, fence, room_id, _ms(FORGOTTEN_SECONDS)))

    async def rooms_without_owner(self, limit: int = 100) -> list[str]:
        found: dict[str, None] = {}
        words = [self._keys.room, self._keys.life]
        async with aclosing(self._pages("orphans", self._keys.room, _KEYS_AT_ONCE, words)) as pages:
            async for rooms in pages:
                found.update((room.decode(), None) for room in rooms)
                if len(found) >= limit:
                    break
        return list(found)[:limit]

    async def public_rooms(self, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        first = "-" if after is None else f"({after}"
        words = (first, limit, self._keys.room, FIELD + PUBLIC)
        answer = await self._ask("public", [self._keys.public], *words, again=True)
        return [(room.decode(), summary) for room, summary in zip(answer[::2], answer[1::2], strict=True)]

    async def rooms(self, fields: Sequence[str] = ()) -> AsyncIterator[RoomSeen]:
        keys, at_once = self._keys, _ROOMS_AT_ONCE if fields else _KEYS_AT_ONCE
        words = [keys.room, keys.life, LINK, *(FIELD + name for name in fields)]
        async for room, is_alive, owner, *kept in self._each("rooms", keys.room, at_once, words):
            yield RoomSeen(room.decode(), owner.decode() if is_alive else None, owned_of(kept))

    # Clients

    async def clients(self) -> AsyncIterator[tuple[str, KeptClient]]:
        prefix = self._keys.client("")
        async for client, room, proof, edge in self._each("clients", prefix, _KEYS_AT_ONCE, [prefix]):
            yield client.decode(), KeptClient(room.decode(), proof, edge.decode())

    async def _each(self, script: str, prefix: str, at_once: int, words: list[str]) -> AsyncIterator[list[Any]]:
        """As `_pages`, one by one. What is found begins with its id."""
        seen = set[bytes]()
        async for page in self._pages(script, prefix, at_once, words):
            for found in page:
                if found[0] not in seen:  # SCAN may show one twice.
                    seen.add(found[0])
                    yield found

    async def _pages(self, script: str, prefix: str, at_once: int, words: list[str]) -> AsyncGenerator[list[Any]]:
        """Run a script that looks through keys that begin so, until it has seen all. Yields what it finds each time."""
        cursor = b"0"
        while True:
            cursor, *found = await self._ask(script, [], cursor, _escaped(prefix) + "*", at_once, *words, again=True)
            yield found
            if cursor == b"0":
                return

    async def keep_client(self, client_id: str, room_id: str, proof: bytes) -> str | None:
        key = self._keys.client(client_id)
        before = await self._ask("keep_client", [key], room_id, proof, self._node, self._keep_client_ms)
        return None if before is None or before == self._node.encode() else before.decode()

    async def keep_client_again(self, client_id: str, room_id: str, proof: bytes) -> bool:
        key = self._keys.client(client_id)
        words = (room_id, proof, self._node, self._keep_client_ms)
        return bool(await self._ask("keep_client_again", [key], *words, again=True))

    def renew_clients(self, client_ids: Iterable[str]) -> None:
        for client_id in client_ids:
            words = ("PEXPIRE", self._keys.client(client_id), self._keep_client_ms)
            self._connection.send(Request(pack(*words), _ignored, again=True))

    async def client(self, client_id: str) -> KeptClient | None:
        answer = await self._command("HMGET", self._keys.client(client_id), "room", "proof", "edge", again=True)
        return None if answer[0] is None else KeptClient(answer[0].decode(), answer[1], answer[2].decode())

    async def forget_client(self, client_id: str, room_id: str) -> bool:
        return bool(await self._ask("forget_client", [self._keys.client(client_id)], room_id))

    # Small things that all nodes share

    async def take(self, key: str, rate: float, burst: float) -> float:
        return float(await self._ask("take", [self._keys.small("b", key)], repr(rate), repr(burst)))

    async def add(self, key: str, amount: int, seconds: float) -> int:
        return int(await self._ask("add", [self._keys.small("k", key)], amount, _ms(seconds)))

    async def share(self, key: str, amount: int) -> int:
        words = (self._node, amount, self._keys.life, _ms(SHARE_SECONDS))
        return int(await self._ask("share", [self._keys.small("s", key)], *words, again=True))

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._command("SET", self._keys.small("v", key), value, "PX", _ms(seconds), again=True)

    async def put_new(self, key: str, value: bytes, seconds: float) -> bool:
        return await self._command("SET", self._keys.small("v", key), value, "PX", _ms(seconds), "NX") is not None

    async def get(self, key: str) -> bytes | None:
        value: bytes | None = await self._command("GET", self._keys.small("v", key), again=True)
        return value

    async def delete(self, key: str) -> bool:
        return bool(await self._command("DEL", self._keys.small("v", key)))

    async def entry(self, of: str, key: str) -> bytes | None:
        value: bytes | None = await self._command("GET", self._keys.small("e", f"{of}:{key}"), again=True)
        return value

    async def change_entry(
        self, of: str, key: str, before: bytes | None, after: bytes | None, *, seconds: float, most: int
    ) -> Change:
        keys = [self._keys.small("e", f"{of}:{key}"), self._keys.small("x", of)]
        words = (key, before or b"", after or b"", _ms(seconds), most)
        return Change((await self._ask("change_entry", keys, *words, again=True)).decode())

    async def lead(self, key: str, seconds: float) -> str:
        keys = [self._keys.small("l", key), self._keys.life + self._node]
        answer = await self._ask("lead", keys, self._node, _ms(seconds), self._keys.life, again=True)
        self._check_alive(answer)
        leader: str = answer.decode()
        return leader

    # What is asked, and what is answered

    @property
    def _connection(self) -> Connection:
        assert self._made is not None, "it was not started"
        return self._made

    @property
    def _keep_ms(self) -> int:
        return _ms(self._keep)

    @property
    def _keep_client_ms(self) -> int:
        return _ms(min(self._keep, KEEP_SECONDS))

    def _send(
        self,
        script: str,
        keys: Sequence[str],
        words: Iterable[Word],
        answered: Callable[[Answer], None],
        *,
        again: bool = False,
        waits: bool = True,
    ) -> None:
        packed = pack("EVALSHA", digests()[script], len(keys), *keys, *words)
        self._connection.send(Request(packed, answered, again=again, waits=waits))

    async def _ask(self, script: str, keys: Sequence[str], *words: Word, again: bool = False) -> Any:
        return await self._command("EVALSHA", digests()[script], len(keys), *keys, *words, again=again)

    async def _command(self, *words: Word, again: bool = False) -> Any:
        return await self._connection.ask(pack(*words), again=again)

    def _publish(self, channel: str, message: bytes, answered: Callable[[Answer], None]) -> None:
        self._connection.send(Request(pack("PUBLISH", channel, message), answered, waits=False))

    def _posted(self, node: str, answer: Answer) -> None:
        if answer == 0 and self._listener is not None:
            self._listener.unreachable(node)

    def _committed(self, commit: Commit, done: Callable[[Outcome], None], answer: Answer) -> None:
        outcome, deaf = outcome_of(answer, self._keys)
        if isinstance(answer, hiredis.ReplyError):
            _log.error("Redis refused a commit of room %s: %s", commit.room_id, answer)
        elif outcome is Outcome.LOST:
            self._rooms.pop(commit.room_id, None)
        elif outcome is Outcome.OK and commit.whole:
            self._keep_renewed(commit.room_id, commit.fence)
        done(outcome)
        if self._listener is not None:
            for node in deaf:
                self._listener.unreachable(node)

    def _check_alive(self, answer: Answer) -> None:
        if answer == b"dead":
            raise ClusterFailed("this node does not count as alive: Redis has not heard of it for some seconds")

    def _own(self, room_id: str, owned: Owned) -> Owned:
        self._keep_renewed(room_id, owned.fence)
        return owned

    def _keep_renewed(self, room_id: str, fence: int) -> None:
        self._rooms.pop(room_id, None)
        self._rooms[room_id] = (fence, asyncio.get_running_loop().time() + self._keep / RENEWALS)

    def _renew_rooms(self) -> None:
        """Renew those rooms that are due, some of them now."""
        now = asyncio.get_running_loop().time()
        for _ in range(_RENEWED_AT_ONCE):
            room_id = next(iter(self._rooms), None)
            if room_id is None or self._rooms[room_id][1] > now:
                return
            fence = self._rooms[room_id][0]
            self._keep_renewed(room_id, fence)
            keys = [self._keys.room + room_id, self._keys.public]
            self._send("touch", keys, (self._node, fence, self._keep_ms, 2 * self._keep_ms), _ignored, again=True)

    # What happens

    def _published(self, channel: bytes, message: bytes, at: float) -> None:
        listener = self._listener
        if listener is None:
            return
        if channel != self._all and message[:1] == messages.PARCEL:  # Most are.
            listener.received(message[1:], at)
            return
        match messages.read(message):
            case messages.Beat(number):
                self._beaten = None
                listener.beat_heard(number, at)
            case messages.ToAll(sender, parcel) if sender != self._node:
                listener.received(parcel, at)
            case None:
                _log.warning("somebody who is no hang publishes in %s", channel.decode(errors="replace"))

    def _connected(self) -> None:
        self._beaten = None
        if self._listener is not None:
            self._listener.connected()

    def _disconnected(self) -> None:
        if self._listener is not None:
            self._listener.disconnected()


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _escaped(text: str) -> str:
    """Return a pattern for SCAN that matches exactly this."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in text)


def _ignored(_answer: Answer) -> None:
    pass
