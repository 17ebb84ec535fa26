"""Limits: how much a client may ask for, and how much the server sends for it.

Two kinds of limits hold together. Each message takes a token of its class from its connection, from its network and
from the server as a whole (`Allowance`); where one of them has none left, nothing is taken and the message is refused.
What the server then sends because of it is charged to the connection, the network and the room (`Budget`); who has
spent more than there was is refused until it is paid back. So a message may cost more than is left, once.

What others have used up holds nobody back from what a member cannot do without (`is_needed`): for that each connection
has a `Share` of its own, beside what its network and its room have.

A `Session` has one `Limits`. What it shares with others is made by `hangd.rooms.edge.budgets`.
"""

from collections.abc import Mapping
from math import ceil
from typing import Final, Literal, NamedTuple, Protocol, get_args

from hangd.engine.room.connection.ratelimit import Budget, TokenBucket
from hangd.protocol import messages
from hangd.protocol.accounts import AccountRequest
from hangd.protocol.errors import RequestRefused
from hangd.protocol.invites import GetBans, GetInvites
from hangd.protocol.messages import ClientMessage

MessageClass = Literal["messages", "reports", "chat", "rooms", "joins", "lists", "accounts"]
"""What is limited apart from the others. "messages": all that no other class has."""

Holder = Literal["connection", "network", "room"]
"""Who has to wait for what was sent."""
_OWES: Final[dict[Holder, str]] = {
    "connection": "the server has had to send too much because of you",
    "network": "the server has had to send too much because of those in your network",
    "room": "the server has had to send too much to your room",
}

_CLASSES: Final[dict[type, MessageClass]] = {
    messages.Report: "reports",
    messages.Say: "chat",
    messages.CreateRoom: "rooms",
    messages.JoinRoom: "joins",
    messages.ListRooms: "lists",
    messages.GetRoom: "lists",
    GetInvites: "lists",
    GetBans: "lists",
    **dict.fromkeys(get_args(AccountRequest), "accounts"),
}

_KIB: Final = 1024
_MINUTE: Final = 60.0


class Rate(NamedTuple):
    """How many a second in the long run, and how many at once."""

    per_second: float
    burst: float

    @classmethod
    def per_minute(cls, number: float) -> "Rate":
        """So many in a minute, and as many at once."""
        return cls(number / _MINUTE, max(1.0, number))

    def times(self, factor: float) -> "Rate":
        return Rate(self.per_second * factor, self.burst * factor)

    def bucket(self, now: float) -> TokenBucket:
        return TokenBucket.full(rate=self.per_second, burst=self.burst, now=now)

    def budget(self, now: float) -> Budget:
        return Budget.full(rate=self.per_second, burst=self.burst, now=now)


Rates = Mapping[MessageClass, Rate]


def class_of(message: ClientMessage) -> MessageClass:
    """Return the class of a message. A new password of a room is as much work as a new room with one."""
    if type(message) is messages.SetPolicy and message.password:
        return "rooms"
    return _CLASSES.get(type(message), "messages")


_NEEDED: Final = frozenset(
    {
        messages.Report,
        messages.Play,
        messages.Pause,
        messages.Seek,
        messages.Speed,
        messages.Stop,
        messages.SetReady,
        messages.SetPolicy,
        messages.SetRole,
        messages.Kick,
    }
)


def is_needed(message: ClientMessage, kind: MessageClass) -> bool:
    """Tell whether a member needs this to follow the room, or to control it. None of them makes much be sent.

    ``kind``: its class.
    """
    return type(message) in _NEEDED and kind != "rooms"


def cost(length: int) -> int:
    """Return what it costs to deliver a frame of so many bytes to one client: 1, and 1 for each further KiB."""
    return 1 + length // _KIB


def retry_after(wait: float) -> float:
    """Return these seconds as clients are told them: rounded up, so that who waits for so long is not refused again."""
    return ceil(wait * 1000 - 1e-6) / 1000


def owing(of: Holder, wait: float) -> RequestRefused:
    """Return the refusal for who has to wait for what was sent. ``of``: who has used it up."""
    return RequestRefused.rate_limited(_OWES[of], retry_after(wait), limit="deliveries", of=of)


class Allowance:
    """The tokens and the budget of one holder: a connection, a network, or the server.

    Args:
        rates: a class that is missing here is not limited.
        sent: what may be sent for it. None: that is not limited.
    """

    __slots__ = ("__weakref__", "_buckets", "_rates", "sent")

    def __init__(self, rates: Rates, sent: Budget | None = None) -> None:
        self._rates = rates
        self._buckets: dict[MessageClass, TokenBucket] = {}
        self.sent = sent

    def bucket(self, kind: MessageClass, now: float) -> TokenBucket | None:
        """Return the bucket of a class. It is made when it is first needed: most clients never list anything."""
        bucket = self._buckets.get(kind)
        if bucket is None and (rate := self._rates.get(kind)) is not None:
            bucket = self._buckets[kind] = rate.bucket(now)
        return bucket

    def is_full(self, now: float) -> bool:
        """Tell whether a new one would be the same."""
        if self.sent is not None and not self.sent.is_full(now):
            return False
        return all(bucket.is_full(now) for bucket in self._buckets.values())

    def check(self) -> None:
        for bucket in self._buckets.values():
            bucket.check()
        if self.sent is not None:
            self.sent.check()


class RoomBudgets(Protocol):
    """The budgets of rooms, by id. None: there is no such room."""

    def at(self, room_id: str, now: float) -> Budget | None: ...

    def get(self, room_id: str) -> Budget | None:
        """Return the budget that `at` has made."""


class Share(NamedTuple):
    """Of what a network and a room have, the part of one connection that nobody else can use up."""

    messages: Rate
    sent: Rate


class Limits:
    """What limits one connection. ``own`` is its own allowance; the others are shared, and None where nothing is."""

    __slots__ = ("_buckets", "_on_share", "_rooms", "_server", "_share", "_share_left", "network", "own")

    def __init__(self, own: Allowance) -> None:
        self.own = own
        self.network: Allowance | None = None
        self._server: Allowance | None = None
        self._rooms: RoomBudgets | None = None
        self._share: Share | None = None
        self._share_left: Allowance | None = None
        """None: it never needed its share, as most do not."""
        self._on_share = False
        """Whether the message that is handled was granted from its share."""
        self._buckets: dict[MessageClass, tuple[TokenBucket, ...]] = {}
        """Of each class that was asked for: from which buckets its tokens are taken, the connection's own first."""

    def share(self, network: Allowance | None, server: Allowance, rooms: RoomBudgets, part: Share) -> None:
        """From now on the connection shares these with others, and ``part`` of them is its own."""
        self.network, self._server, self._rooms, self._share = network, server, rooms, part
        self._buckets.clear()

    def take(self, kind: MessageClass, now: float, *, needed: bool = False) -> float:
        """Take a token of this class from everybody whose it is, if all have one.

        Returns 0.0, or for how many seconds it has to wait; then nothing is taken. What is ``needed`` is granted from
        its share, if the others have none.
        """
        self._on_share = False
        wait, buckets = 0.0, self._buckets.get(kind)
        if buckets is None:
            buckets = self._buckets[kind] = self._buckets_of(kind, now)
        for bucket in buckets:
            if not bucket.has(now):
                wait = max(wait, bucket.wait(now))
        if wait > 0.0:
            own = self.own.bucket(kind, now)
            if not needed or (own is not None and not own.has(now)) or not self._take_share(now):
                return wait
            buckets = () if own is None else (own,)
        for bucket in buckets:
            bucket.use()
        return 0.0

    def _buckets_of(self, kind: MessageClass, now: float) -> tuple[TokenBucket, ...]:
        holders = (holder for holder in (self.own, self.network, self._server) if holder is not None)
        return tuple(bucket for holder in holders if (bucket := holder.bucket(kind, now)) is not None)

    def debt(self, now: float, *, needed: bool = False) -> float:
        """Return for how many seconds the connection, or its network, has to wait for what was sent."""
        own = 0.0 if self.own.sent is None else self.own.sent.wait(now)
        if self.network is None or self.network.sent is None:
            return own
        wait = max(own, self.network.sent.wait(now))
        return own if wait > own and needed and self._take_share(now) else wait

    def debtor(self, now: float) -> Holder:
        """Return for whom too much was sent, of a connection that has a `debt`."""
        return "network" if self.own.sent is None or self.own.sent.wait(now) == 0.0 else "connection"

    def room_debt(self, room_id: str, now: float, *, needed: bool = False) -> float:
        """Return for how many seconds a room has to wait for what was sent."""
        budget = None if self._rooms is None else self._rooms.at(room_id, now)
        wait = 0.0 if budget is None else budget.wait(now)
        return 0.0 if wait > 0.0 and needed and self._take_share(now) else wait

    def _take_share(self, now: float) -> bool:
        """Grant the message that is handled from the share, if there is enough left. Return whether it is granted."""
        if self._share_left is None and self._share is not None:
            self._share_left = Allowance({"messages": self._share.messages}, self._share.sent.budget(now))
        if not self._on_share and self._share_left is not None:
            tokens, sent = self._share_left.bucket("messages", now), self._share_left.sent
            assert tokens is not None and sent is not None
            self._on_share = sent.wait(now) == 0.0 and tokens.take(now)
        return self._on_share

    def charge(self, cost: float, room_id: str | None) -> None:
        """Count what was sent because of this connection, which is in this room."""
        if self.own.sent is not None:
            self.own.sent.spend(cost)
        if self._on_share and self._share_left is not None and self._share_left.sent is not None:
            self._share_left.sent.spend(cost)
            return
        if self.network is not None and self.network.sent is not None:
            self.network.sent.spend(cost)
        if room_id is not None and self._rooms is not None and (room := self._rooms.get(room_id)) is not None:
            room.spend(cost)
