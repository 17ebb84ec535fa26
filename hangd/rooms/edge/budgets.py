"""Budgets: what the connections of a network, of the server, and the members of a room share of its limits.

An address (an IPv6 address by its /64) may send what a quarter of its allowed connections may, and all clients together
what twenty such addresses may. For rare messages that bounds the work of the server; how many messages and lines of
chat it takes in all is not limited, because rooms take turns there. What is sent is budgeted by connection, by address
and by room (`hangd.engine.room.connection.limits`).

What was not used for a while is forgotten: a new budget would be the same.
"""

from collections.abc import Callable, Iterable
from typing import Final, Protocol
from weakref import WeakValueDictionary

from msgspec import Struct

from hangd.engine.room.connection.limits import Allowance, Limits, Rate, Rates, Share
from hangd.engine.room.connection.ratelimit import Budget
from hangd.engine.room.connection.session import SessionSettings

_CONNECTIONS_PER_SHARE: Final = 4
"""Of so many connections from one address, one may send as much as it may at all times."""
_ADDRESSES: Final = 20.0
_DELIVERIES_MIN: Final = 1000.0
"""A second, for an address or a room: a small room is not slowed for a slider that is dragged."""
_SECONDS_AT_ONCE: Final = 6.0
"""Of deliveries. A room of a hundred behind one address comes back at once, or follows three seeks within a second."""
_CONNECTION_PART: Final = 0.25
"""Of what a full room may: one member that drags a slider in a full room makes a fifth of that."""
_CHECK_SECONDS: Final = 1.0
"""After which a room has what its present members may have."""
_NETWORKS_MAX: Final = 10_000
_TIDY_SECONDS: Final = 10.0


class SharedSettings(Struct, frozen=True, kw_only=True):
    """``deliveries_per_member``: messages a second that may go out for each member that a room has, and for each
    connection that an address may have."""

    deliveries_per_member: float = 100.0
    room_capacity: int = 100
    max_per_address: int = 100

    def in_room(self, members: int) -> Rate:
        return self._deliveries(members)

    def of_network(self) -> Rate:
        return self._deliveries(self.max_per_address)

    def of_connection(self) -> Rate:
        return self.in_room(self.room_capacity).times(_CONNECTION_PART)

    @property
    def share(self) -> float:
        """How many times as much as one connection all connections of an address may send."""
        return max(1.0, self.max_per_address / _CONNECTIONS_PER_SHARE)

    def part(self, messages: Rate) -> Share:
        """Return the part of one connection. ``messages``: what it may send."""
        own = messages.times(self.share / self.max_per_address)
        sent = self.of_network().times(1 / self.max_per_address)
        return Share(Rate(own.per_second, max(1.0, own.burst)), sent)

    def _deliveries(self, number: int) -> Rate:
        per_second = max(_DELIVERIES_MIN, self.deliveries_per_member * number)
        return Rate(per_second, per_second * _SECONDS_AT_ONCE)


class Debtors(Struct, frozen=True):
    """How many owe for what was sent."""

    networks: int
    rooms: int


class RoomBudget:
    """What may be sent for a room, by how many members it has."""

    __slots__ = ("budget", "check_at", "members")

    def __init__(self, members: int, rate: Rate, now: float) -> None:
        self.members = members
        self.check_at = now + _CHECK_SECONDS
        """When it is next looked how many there are."""
        self.budget = rate.budget(now)

    def resize(self, members: int, rate: Rate, now: float) -> None:
        """The room has so many members now. Of what it may at once it has what it had: else it could have as much as
        it likes, by members that come and go."""
        left = min(self.budget.burst, self.budget.left + max(0.0, now - self.budget.at) * self.budget.rate)
        self.members = members
        self.budget = Budget(rate=rate.per_second, burst=rate.burst, left=min(left, rate.burst), at=now)


class _Place(Protocol):
    """Of `hangd.rooms.edge.base.Place`, what is used here."""

    sent: RoomBudget | None

    @property
    def member_count(self) -> int: ...


class _RoomBudgets:
    """Implements `hangd.engine.room.connection.limits.RoomBudgets`. A room's budget ends with the room."""

    def __init__(self, shared: SharedSettings, place: Callable[[str], _Place | None]) -> None:
        self._shared = shared
        self._place = place

    def get(self, room_id: str) -> Budget | None:
        place = self._place(room_id)
        return None if place is None or place.sent is None else place.sent.budget

    def at(self, room_id: str, now: float) -> Budget | None:
        place = self._place(room_id)
        if place is None:
            return None
        sent = place.sent
        if sent is None:
            members = place.member_count
            sent = place.sent = RoomBudget(members, self._shared.in_room(members), now)
        elif now >= sent.check_at:
            sent.check_at = now + _CHECK_SECONDS
            if (members := place.member_count) != sent.members:
                sent.resize(members, self._shared.in_room(members), now)
        return sent.budget


class _Networks:
    """The allowances of networks. Those that were used lately are kept, and all that connections have."""

    def __init__(self, settings: SharedSettings, rates: Rates) -> None:
        self._sent = settings.of_network()
        self._rates = rates
        self._connected: WeakValueDictionary[str, Allowance] = WeakValueDictionary()
        self._recent: dict[str, Allowance] = {}
        self._crowd: Allowance | None = None
        self._tidied_at = float("-inf")

    def at(self, network: str, now: float) -> Allowance:
        allowance = self._connected.get(network)
        if allowance is None:
            if len(self._recent) >= _NETWORKS_MAX:
                self._tidy(now)
            if len(self._recent) >= _NETWORKS_MAX:
                # Whoever has many networks could get new allowances for all of them, if any were forgotten.
                if self._crowd is None:
                    self._crowd = Allowance(_times(self._rates, _ADDRESSES), self._sent.times(_ADDRESSES).budget(now))
                return self._crowd
            allowance = Allowance(self._rates, self._sent.budget(now))
        self._connected[network] = self._recent[network] = allowance
        return allowance

    def debtors(self, now: float) -> int:
        return sum(one.sent is not None and one.sent.wait(now) > 0.0 for one in self._recent.values())

    def _tidy(self, now: float) -> None:
        """Forget what is full again. It looks at all of them, so not too often."""
        if now - self._tidied_at >= _TIDY_SECONDS:
            self._tidied_at = now
            self._recent = {network: one for network, one in self._recent.items() if not one.is_full(now)}


class Budgets:
    """Makes the limits of connections: what each has for itself, and what it shares.

    ``place`` returns the room with this id, if it is there.
    """

    def __init__(self, session: SessionSettings, shared: SharedSettings, place: Callable[[str], _Place | None]) -> None:
        self._own = session.rates()
        self._sent = shared.of_connection()
        self._part = shared.part(self._own["messages"])
        self.rooms = _RoomBudgets(shared, place)
        # A report costs no more than a Ping. Each player has one for each seek of the room, so all have them at once.
        of_network: Rates = {kind: rate for kind, rate in self._own.items() if kind != "reports"}
        self._networks = _Networks(shared, _times(of_network, shared.share))
        on_server: Rates = {kind: rate for kind, rate in session.rare_rates().items() if kind != "chat"}
        self._server = Allowance(_times(on_server, shared.share * _ADDRESSES))

    def limits(self, network: str, now: float) -> Limits:
        """Return the limits of a new connection. ``network``: "" for a Unix socket, whose clients share no network."""
        limits = Limits(Allowance(self._own, self._sent.budget(now)))
        limits.share(self._networks.at(network, now) if network else None, self._server, self.rooms, self._part)
        return limits

    def debtors(self, places: Iterable[_Place], now: float) -> Debtors:
        rooms = sum(place.sent is not None and place.sent.budget.wait(now) > 0.0 for place in places)
        return Debtors(self._networks.debtors(now), rooms)


def _times(rates: Rates, factor: float) -> Rates:
    return {kind: rate.times(factor) for kind, rate in rates.items()}
