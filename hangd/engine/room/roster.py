"""Who is in a room: members in the order in which they came, their roles, their links, and who is away.

A member is *present* while its connection lives, and *away* (full members only) for a while after it dropped: it keeps
id, role and place, hears nothing, and counts for nothing. There is one host for as long as there is anyone; the heir of
a host that left is a present member rather than an away one, then a controller rather than a viewer, then whoever came
first.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct, field
from msgspec.structs import asdict

from hangd.engine.room.saved import SavedMember
from hangd.protocol.messages import Report
from hangd.protocol.model import FileInfo, Member, MemberState, Role

__all__ = ["Occupant", "Roster"]

LEAD_BASE: Final = 0.060
"""Seconds that a client needs besides the wire: to decode, to wake the player's thread, for the player to unpause."""

LEAD_MIN: Final = 0.080
LEAD_MAX: Final = 0.500
"""One bad link holds the room no longer than this; whoever is later than that catches up by itself."""

_JITTERS: Final = 4
"""Mean deviations on top of the smallest delay: of roughly exponential delays, 98 % come sooner (1 - e^-4)."""

_TRIPS: Final = 16
"""Round trips remembered of each member: 2 to 5 minutes of WebSocket pings."""

_STANDS_WITHIN: Final = 0.25
"""Seconds from the target at which a player counts as standing on it: an imprecise container seeks no better."""


class Occupant(Struct):
    """One member, as the room knows it. Times are server times in seconds."""

    client_id: str
    name: str
    full: bool
    role: Role = "viewer"
    file_hash: str | None = None
    file: FileInfo | None = None
    verifying: bool = False
    state: MemberState = "idle"
    ready: bool = False
    report: Report | None = None
    """The last one of this connection."""
    away_until: float | None = None
    buffering_since: float | None = None
    forgiven: bool = False
    """The room waited for this stall as long as it does, or was told to go on: it does not wait for it again."""
    told_at: float = float("-inf")
    """When the others last heard how this member does."""
    untold: bool = False
    trips: deque[float] = field(default_factory=lambda: deque(maxlen=_TRIPS))
    """Half round trips, seconds."""

    @classmethod
    def absent(cls, saved: SavedMember, until: float) -> "Occupant":
        """Return a member whose connection a restart ended; its place is kept until then."""
        return cls(full=True, state="away", away_until=until, **asdict(saved))

    def saved(self) -> SavedMember:
        return SavedMember(
            client_id=self.client_id,
            name=self.name,
            role=self.role,
            ready=self.ready,
            verifying=self.verifying,
            file_hash=self.file_hash,
            file=self.file,
        )

    @property
    def present(self) -> bool:
        return self.away_until is None

    @property
    def has_film(self) -> bool:
        """Whether it has the room's film, as far as it said: another film takes this away until it says so anew."""
        return self.file_hash is not None or self.file is not None

    @property
    def stalls(self) -> bool:
        """Whether this is a stall that a patient room waits for."""
        return self.present and self.full and self.buffering_since is not None and not self.forgiven

    def lead(self) -> float:
        """Return the seconds within which nearly every message reaches this member."""
        if not self.trips:
            return 0.0
        least = min(self.trips)
        return least + _JITTERS * (sum(self.trips) / len(self.trips) - least)

    def is_repeated_by(self, report: Report) -> bool:
        """Tell whether this report says what the last one said, but for the place and the errors."""
        last = self.report
        return last is not None and report.state == last.state and report.rev == last.rev

    def hear(self, report: Report, now: float) -> bool:
        """Take in a report. Returns whether the member's state changed."""
        changed = report.state != self.state
        self.state = report.state
        self.report = report
        if report.state != "buffering":
            self.buffering_since = None
            self.forgiven = False
        elif self.buffering_since is None:
            self.buffering_since = now
        return changed

    def lose(self, until: float) -> None:
        """The connection dropped; the place is kept until then."""
        self.away_until = until
        self._forget_player()
        self.state = "away"

    def resume(self) -> None:
        """The connection is back, and what the player does is not known yet."""
        self.away_until = None
        self._forget_player()
        self.state = "idle"

    def stands_at(self, position: float, rev: int) -> bool:
        """Tell whether the player reported that it waits at ``position``, as timeline ``rev`` or a later one asked."""
        report = self.report
        return (
            report is not None
            and report.rev >= rev
            and report.state in ("paused", "ended")
            and abs(report.position - position) <= _STANDS_WITHIN
        )

    def shows_nothing(self, rev: int) -> bool:
        """Tell whether it has not got the film, and said on timeline ``rev`` or a later one that it shows none."""
        report = self.report
        return not self.has_film and report is not None and report.rev >= rev and report.state == "idle"

    def as_member(self) -> Member:
        report = self.report
        return Member(
            client_id=self.client_id,
            name=self.name,
            role=self.role,
            state=self.state,
            ready=self.ready,
            verifying=self.verifying,
            position=report.position if report else None,
            error=report.error if report else None,
            clock_error=report.clock_error if report else None,
            rtt=2 * min(self.trips) if self.trips else None,
            file=self.file,
        )

    def _forget_player(self) -> None:
        self.report = None
        self.buffering_since = None
        self.forgiven = False
        self.untold = False


class Roster:
    """The members of one room, oldest first."""

    def __init__(self) -> None:
        self._members: dict[str, Occupant] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Occupant]:
        return iter(self._members.values())

    def __contains__(self, client_id: object) -> bool:
        return client_id in self._members

    def get(self, client_id: str) -> Occupant | None:
        return self._members.get(client_id)

    @property
    def host(self) -> Occupant | None:
        return next((member for member in self if member.role == "host"), None)

    def add(self, member: Occupant) -> None:
        """Let a member in. The first one is host, whatever its role said."""
        if not self._members:
            member.role = "host"
        self._members[member.client_id] = member

    def remove(self, client_id: str) -> Occupant | None:
        """Take a member out. Returns the one that became host by that, if any."""
        self._members.pop(client_id)
        return self._elect()

    def bring_back(self, members: Iterable[Occupant]) -> None:
        """Fill the empty roster with those who were in before a restart, oldest first.

        If their host is not among them (it was a basic member), one of them is host now.
        """
        self._members = {member.client_id: member for member in members}
        self._elect()

    def _elect(self) -> Occupant | None:
        """Make somebody host if nobody is. Returns whom."""
        if not self._members or self.host is not None:
            return None
        heir = min(self, key=lambda member: (not member.present, member.role != "controller"))
        heir.role = "host"
        return heir

    def crown(self, member: Occupant) -> Occupant | None:
        """Make ``member``, who is in, the host. Returns the old one, now a controller, if that was another."""
        old = self.host
        if old is None or old is member:
            return None
        member.role = "host"
        old.role = "controller"
        return old

    def ids(self, which: Callable[[Occupant], bool] = lambda _: True) -> tuple[str, ...]:
        """Return the ids of the present members that satisfy ``which``: nobody else can hear anything."""
        return tuple(member.client_id for member in self if member.present and which(member))

    def full_ids(self, *, but: str | None = None) -> tuple[str, ...]:
        return tuple([id for id, member in self._members.items() if member.full and member.present and id != but])

    def name_taken(self, name: str) -> bool:
        """Tell whether a present member goes by ``name``.

        An away member does not keep its name from others: after a crash that very person comes back as a new client.
        """
        folded = name.casefold()
        return any(member.present and member.name.casefold() == folded for member in self)

    def lead(self) -> float:
        """Return how far ahead, in seconds, a change must lie for every present full member to hear of it in time."""
        slowest = max((member.lead() for member in self if member.present and member.full), default=0.0)
        return min(max(slowest + LEAD_BASE, LEAD_MIN), LEAD_MAX)

    def all_stand_at(self, position: float, rev: int) -> bool:
        """Tell whether every present full member that shows anything waits there. True where there is none."""
        return all(member.stands_at(position, rev) for member in self._awaited(rev))

    def all_loaded_at(self, position: float, rev: int) -> bool:
        """Tell the same of another film: it counts from whoever has it, and somebody has, if any full one is here."""
        if not self.full_ids():
            return True
        awaited = self._awaited(rev)
        return bool(awaited) and all(member.has_film and member.stands_at(position, rev) for member in awaited)

    def all_ended(self, rev: int) -> bool:
        """Tell whether those who have the film and told how they are all reported its end, on ``rev`` or later."""
        reports = [m.report for m in self if m.present and m.full and m.has_film and m.report is not None]
        return bool(reports) and all(report.rev >= rev and report.state == "ended" for report in reports)

    def _awaited(self, rev: int) -> list[Occupant]:
        """Return whom a gate that closed on ``rev`` waits for."""
        return [member for member in self if member.present and member.full and not member.shows_nothing(rev)]

    @property
    def anybody_present(self) -> bool:
        return any(member.present for member in self)

    def forgive(self) -> None:
        """Wait no longer for the stalls of now."""
        for member in self:
            member.forgiven = member.buffering_since is not None

    def check(self) -> None:
        assert sum(member.role == "host" for member in self) == (1 if self._members else 0)
        for client_id, member in self._members.items():
            assert member.client_id == client_id
            assert member.full or member.present, "a basic member is never away"
            assert (member.state == "away") == (not member.present)
            assert (member.buffering_since is not None) == (member.state == "buffering")
            assert not (member.forgiven and member.buffering_since is None)
