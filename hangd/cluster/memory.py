"""Memory: what nodes of one process share. It follows the rules that the scripts of `hangd.cluster.redis` follow.

Every method does what one script does, at once. Times are seconds of ``clock``.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from hangd.cluster.base import (
    FORGOTTEN_SECONDS,
    KEEP_SECONDS,
    LIFE_SECONDS,
    PUBLIC,
    SEEN_SECONDS,
    SHARE_SECONDS,
    Change,
    Commit,
    Elsewhere,
    KeptClient,
    NameTaken,
    NodeInfo,
    Outcome,
    Owned,
    RoomSeen,
)
from hangd.engine.room.connection.ratelimit import TokenBucket

_T = TypeVar("_T")


class Expiring(Generic[_T]):
    """Values that end some time after they were put."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[_T, float]] = {}
        self._swept = 16

    def __iter__(self) -> Iterator[str]:
        now = self._clock()
        return iter([key for key, (_, until) in self._kept.items() if until > now])

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def get(self, key: str) -> _T | None:
        value, until = self._kept.get(key, (None, 0.0))
        return value if until > self._clock() else None

    def put(self, key: str, value: _T, seconds: float) -> None:
        self._kept[key] = (value, self._clock() + seconds)
        if len(self._kept) > 2 * self._swept:
            now = self._clock()
            self._kept = {each: kept for each, kept in self._kept.items() if kept[1] > now}
            self._swept = max(16, len(self._kept))

    def left(self, key: str) -> float:
        """Return for how many seconds more the value is kept."""
        return max(0.0, self._kept.get(key, (None, 0.0))[1] - self._clock())

    def renew(self, key: str, seconds: float) -> None:
        if (value := self.get(key)) is not None:
            self.put(key, value, seconds)

    def drop(self, key: str) -> bool:
        """Returns whether there was a value."""
        was = key in self
        self._kept.pop(key, None)
        return was

    def clear(self) -> None:
        self._kept.clear()


class KeptRoom(Struct):
    """What is kept of one room, or only its fence, if it is gone."""

    owner: str
    fence: int
    number: int | None
    """None: the room is gone."""
    alias_key: str | None = None
    fields: dict[str, bytes] = {}
    applied: dict[str, int] = {}


class Memory:
    """What nodes share.

    Args:
        life: for how many seconds a node counts as alive.
        keep: for how many seconds rooms are kept that no node renews; clients are, too, but for a day at most.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, life: float = LIFE_SECONDS, keep: float = KEEP_SECONDS
    ) -> None:
        self._clock = clock
        self._life = life
        self._keep = keep
        self.lives: Expiring[NodeInfo] = Expiring(clock)
        self.seen: Expiring[float] = Expiring(clock)
        """When each node has renewed its life last, also of those that have died since."""
        self.rooms: Expiring[KeptRoom] = Expiring(clock)
        self.aliases: Expiring[str] = Expiring(clock)
        self.clients: Expiring[KeptClient] = Expiring(clock)
        self.values: Expiring[bytes] = Expiring(clock)
        self.leads: Expiring[str] = Expiring(clock)
        self._buckets: Expiring[TokenBucket] = Expiring(clock)
        self._counters: Expiring[int] = Expiring(clock)
        self._shares: Expiring[dict[str, int]] = Expiring(clock)
        self._lists: dict[str, Expiring[bytes]] = {}

    def clear(self) -> None:
        """Lose everything."""
        for kept in vars(self).values():
            if isinstance(kept, Expiring):
                kept.clear()
        self._lists.clear()

    def renew(self, info: NodeInfo) -> bool:
        """Returns whether the node was alive."""
        was = info.node in self.lives
        self.lives.put(info.node, info, self._life)
        self.seen.put(info.node, self._clock(), SEEN_SECONDS)
        return was

    def leave(self, node: str) -> None:
        """End a node's life."""
        self.lives.drop(node)
        self.seen.drop(node)

    def silence(self, node: str) -> float:
        lives = {other: self.lives.get(other) for other in self.seen if other != node}
        since = [self.seen.get(other) for other, life in lives.items() if life is None or life.clock_offset is not None]
        return min((self._clock() - at for at in since if at is not None), default=math.inf)

    def create(
        self, node: str, room_id: str, alias_key: str | None, fields: dict[str, bytes]
    ) -> Owned | NameTaken | None:
        """None: there is such a room."""
        kept = self.rooms.get(room_id)
        if kept is not None:
            return Owned(kept.fence, 0, dict(fields), {}) if (kept.owner, kept.number) == (node, 0) else None
        if alias_key is not None:
            other = self.aliases.get(alias_key)
            if other is not None and other != room_id and self.room(other) is not None:
                return NameTaken(other)
            self.aliases.put(alias_key, room_id, self._keep)
        fence = self._new_fence(0)
        self.rooms.put(room_id, KeptRoom(node, fence, 0, alias_key, dict(fields)), self._keep)
        return Owned(fence, 0, dict(fields), {})

    def room(self, room_id: str) -> KeptRoom | None:
        """Return the room, unless it is gone."""
        kept = self.rooms.get(room_id)
        return None if kept is None or kept.number is None else kept

    def find(self, name: str, alias_key: str) -> str | None:
        for room_id in (name, self.aliases.get(alias_key)):
            if room_id is not None and self.room(room_id) is not None:
                return room_id
        return None

    def claim(self, node: str, room_id: str) -> Owned | Elsewhere | None:
        kept = self.room(room_id)
        if kept is None or kept.number is None:
            return None
        if kept.owner not in ("", node) and kept.owner in self.lives:
            return Elsewhere(kept.owner, kept.fence)
        kept.owner, kept.fence = node, self._new_fence(kept.fence)
        self._touch(room_id, kept)
        return Owned(kept.fence, kept.number, dict(kept.fields), dict(kept.applied))

    def commit(self, node: str, commit: Commit) -> tuple[Outcome, bool]:
        """Returns the outcome, and whether the parcels are to be sent, which they were not before."""
        kept = self.rooms.get(commit.room_id)
        if kept is not None and (kept.fence > commit.fence or (kept.fence == commit.fence and kept.owner != node)):
            return Outcome.LOST, False
        follows = kept is not None and kept.fence == commit.fence and kept.number is not None
        if not follows and not commit.whole:
            return Outcome.WHOLE, False
        if kept is not None and kept.number is not None and follows:
            if commit.number <= kept.number:
                return Outcome.OK, False
            if commit.number != kept.number + 1 and not commit.whole:
                return Outcome.WHOLE, False
        if commit.whole or kept is None:
            self._write_whole(node, commit)
        else:
            kept.number = commit.number
            for name, value in commit.fields.items():
                if value is None:
                    kept.fields.pop(name, None)
                else:
                    kept.fields[name] = value
            kept.applied |= commit.applied
            for link in commit.ended:
                kept.applied.pop(link, None)
        return Outcome.OK, True

    def release(self, node: str, room_id: str, fence: int) -> bool:
        kept = self._owned(node, room_id, fence)
        if kept is not None:
            kept.owner = ""
        return kept is not None

    def forget(self, node: str, room_id: str, fence: int) -> bool:
        kept = self._owned(node, room_id, fence)
        if kept is None:
            return False
        if kept.alias_key is not None and self.aliases.get(kept.alias_key) == room_id:
            self.aliases.drop(kept.alias_key)
        self.rooms.put(room_id, KeptRoom("", fence + 1, None), FORGOTTEN_SECONDS)
        return True

    def touch(self, node: str, room_id: str, fence: int) -> None:
        """Keep a room for longer, if it is this owner's."""
        if (kept := self._owned(node, room_id, fence)) is not None:
            self._touch(room_id, kept)

    def rooms_seen(self, fields: Sequence[str]) -> list[RoomSeen]:
        """As `hangd.cluster.base.Cluster.rooms`."""
        found = []
        for room_id in self.rooms:
            kept = self.room(room_id)
            if kept is not None and kept.number is not None:
                chosen = {name: value for name, value in kept.fields.items() if name in fields}
                owned = Owned(kept.fence, kept.number, chosen, dict(kept.applied) if fields else {})
                found.append(RoomSeen(room_id, kept.owner if kept.owner in self.lives else None, owned))
        return found

    def rooms_without_owner(self, limit: int) -> list[str]:
        rooms = ((room_id, self.room(room_id)) for room_id in self.rooms)
        found = (room_id for room_id, kept in rooms if kept is not None and kept.owner not in self.lives)
        return [room_id for room_id, _ in zip(found, range(limit), strict=False)]

    def public_rooms(self, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        rooms = ((room_id, self.room(room_id)) for room_id in self.rooms)
        shown = (
            (room_id, kept.fields[PUBLIC]) for room_id, kept in rooms if kept is not None and PUBLIC in kept.fields
        )
        return sorted(each for each in shown if after is None or each[0] > after)[:limit]

    def keep_client(self, client_id: str, client: KeptClient) -> str | None:
        before = self.clients.get(client_id)
        self.clients.put(client_id, client, min(self._keep, KEEP_SECONDS))
        return None if before is None or before.edge == client.edge else before.edge

    def keep_client_again(self, client_id: str, client: KeptClient) -> bool:
        before = self.clients.get(client_id)
        if before is not None and before.edge != client.edge:
            return False
        self.keep_client(client_id, client)
        return True

    def renew_client(self, client_id: str) -> None:
        self.clients.renew(client_id, min(self._keep, KEEP_SECONDS))

    def forget_client(self, client_id: str, room_id: str) -> bool:
        client = self.clients.get(client_id)
        return client is not None and client.room_id == room_id and self.clients.drop(client_id)

    def list_of(self, name: str) -> Expiring[bytes]:
        return self._lists.setdefault(name, Expiring(self._clock))

    def change_entry(
        self, of: str, key: str, before: bytes | None, after: bytes | None, seconds: float, most: int
    ) -> Change:
        entries = self.list_of(of)
        kept = entries.get(key)
        if kept not in (before, after):
            return Change.OTHER
        if after is None:
            entries.drop(key)
        elif kept is None and len(list(entries)) >= most:
            return Change.FULL
        else:
            entries.put(key, after, seconds)
        return Change.OK

    def take(self, key: str, rate: float, burst: float) -> float:
        now = self._clock()
        bucket = self._buckets.get(key) or TokenBucket.full(rate=rate, burst=burst, now=now)
        wait = 0.0 if bucket.take(now) else bucket.wait(now)
        self._buckets.put(key, bucket, burst / rate + 1.0)
        return wait

    def add(self, key: str, amount: int, seconds: float) -> int:
        value = self._counters.get(key)
        self._counters.put(key, (value or 0) + amount, seconds if value is None else self._counters.left(key))
        return (value or 0) + amount

    def share(self, node: str, key: str, amount: int) -> int:
        shares = {each: has for each, has in (self._shares.get(key) or {}).items() if each in self.lives}
        shares[node] = amount
        self._shares.put(key, shares, SHARE_SECONDS)
        return sum(shares.values())

    def lead(self, node: str, key: str, seconds: float) -> str:
        leader = self.leads.get(key)
        if leader is not None and leader != node and leader in self.lives:
            return leader
        self.leads.put(key, node, seconds)
        return node

    def _new_fence(self, last: int) -> int:
        return max(last + 1, int(self._clock() * 1000))

    def _owned(self, node: str, room_id: str, fence: int) -> KeptRoom | None:
        kept = self.room(room_id)
        return kept if kept is not None and (kept.owner, kept.fence) == (node, fence) else None

    def _touch(self, room_id: str, kept: KeptRoom) -> None:
        self.rooms.put(room_id, kept, self._keep)
        if kept.alias_key is not None:
            self.aliases.renew(kept.alias_key, self._keep)

    def _write_whole(self, node: str, commit: Commit) -> None:
        fields = {name: value for name, value in commit.fields.items() if value is not None}
        kept = KeptRoom(node, commit.fence, commit.number, commit.alias_key, fields, dict(commit.applied))
        self.rooms.put(commit.room_id, kept, self._keep)
        if commit.alias_key is not None:
            other = self.aliases.get(commit.alias_key)
            if other is None or other == commit.room_id or self.room(other) is None:
                self.aliases.put(commit.alias_key, commit.room_id, self._keep)
