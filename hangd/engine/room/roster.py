"""The members of a room, in the order in which they came: roles, connections, what their players reported.

A member is *present* while it has a connection. A full member whose connection broke is *away* for a while: it keeps
its client id, role and place in the order, gets no messages, and no gate waits for it. A room with members has exactly
one host. When the host leaves, the next one is a present member before one that is away, then a controller before a
viewer, then the one that came first.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct, field
from msgspec.structs import asdict

from hangd.engine.room.admission.identity import Identity, is_lasting, merged
from hangd.engine.room.effects import Audience
from hangd.engine.room.saved import BasicMember, FormerMember, SavedMember
from hangd.protocol.messages import Report
from hangd.protocol.model import FileInfo, Member, MemberState, Role
from hangd.protocol.names import member_key

LEAD_BASE: Final = 0.060
"""Seconds that a client needs beside the network: decode the message, wake the player's thread, unpause the player."""

LEAD_MIN: Final = 0.080
LEAD_MAX: Final = 0.500
"""One slow connection delays the room by no more than this. A member that is later catches up by itself."""

_JITTERS: Final = 4
"""Mean deviations above the smallest delay. If delays are roughly exponential, 98 % are shorter (1 - e^-4)."""

_DELAYS_KEPT: Final = 16
"""Round trips kept of each member: 2 to 5 minutes of WebSocket pings."""

_RTT_MAX: Final = 60.0
"""Seconds. The server gives a connection up before a ping takes that long."""

_SETTLED_WITHIN: Final = 0.25
"""Seconds between a player and the target at which it counts as settled: imprecise containers seek no better."""


class RoomMember(Struct):
    """What the room knows about one member. Times are server times in seconds."""

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
    """The last one since the member has this connection."""
    heard_at: float | None = None
    """When the room last had a message of it. None: not since the room was restored."""
    away_until: float | None = None
    buffering_since: float | None = None
    stall_ignored: bool = False
    """The room does not wait for the current stall: it has waited long enough, or somebody pressed Play."""
    given_up: bool = False
    """The room does not wait for its stalls until the film changes: it has waited for enough of them (``stalls``)."""
    film_rev: int = 0
    """The timeline's rev when the room changed to its film: what was reported before is about another film."""
    returned: bool = False
    """It is back on another connection, and has neither told of a file nor shown a picture since."""
    had_film: bool = False
    """Whether it had the film before, so that it is expected to have this one too."""
    has_played: bool = False
    """Whether its player played the room's film, or stood at its end, after it said that it has it."""
    interrupted: int | None = None
    """The timeline's rev on which its player played and then did not, as far as it has reported (``history``)."""
    delays: list[float] = field(default_factory=list)
    """Half round trips, in seconds, oldest first (`measured`)."""
    return_digest: bytes | None = None
    """SHA-256 of the secret with which it may come back once it has gone. None: a basic member."""
    tags: tuple[str, ...] = ()
    """By which it is known (``identity``)."""
    account: str | None = None
    """The name of the account that it has proven to be."""
    owner: bool = False
    """Whether it has shown the owner's secret, or got it: no ban of this room holds it."""
    invited: bool = False
    """Whether it came in by an invite, which stands in for the password also when it comes back."""
    may_have_invites: bool = False
    """Whether it may have made invites, now or as the former member that it was."""

    @classmethod
    def restored(cls, saved: SavedMember, until: float) -> "RoomMember":
        """Return a member of a restored room: away, until it resumes or this time has come; or basic, and present."""
        if not saved.full:
            return cls(**asdict(saved))
        return cls(state="away", away_until=until, **asdict(saved))

    def saved(self) -> SavedMember:
        return SavedMember(**{name: getattr(self, name) for name in SavedMember.__struct_fields__})

    def as_former(self, return_digest: bytes) -> FormerMember:
        """Return what it needs to come back. Host it is then only by the owner's secret."""
        return FormerMember(
            return_digest,
            self.name,
            "controller" if self.role == "host" else self.role,
            self.invited,
            tuple(tag for tag in self.tags if is_lasting(tag)),
            self.may_have_invites,
        )

    def learn(self, identity: Identity, *, logged_out: bool = False) -> None:
        """Take in who it is by now. ``logged_out``: if it has no login, it has ended that itself."""
        self.tags, self.account = merged(self.tags, identity, logged_out=logged_out), identity.account

    @property
    def present(self) -> bool:
        return self.away_until is None

    @property
    def network(self) -> str:
        """What is the same for members of one network. Of some it is not known: each of them counts as one."""
        return next((tag for tag in self.tags if tag.startswith("net:")), self.client_id)

    @property
    def told_file(self) -> bool:
        """Whether it said which file it has, be that open now or not."""
        return self.file_hash is not None or self.file is not None

    @property
    def has_film(self) -> bool:
        """Whether it said that it has the room's film. When the film changes, it has to say so again.

        A page that was loaded anew is back as the same member, but without the file that it had.
        """
        is_empty = self.returned and self.report is not None and self.report.state == "idle"
        return self.told_file and not is_empty

    @property
    def stalls(self) -> bool:
        """Whether its player waits for data, and the room has not given up waiting for it (``wait: everyone``)."""
        return self.follows and self.buffering_since is not None and not (self.stall_ignored or self.given_up)

    @property
    def apart(self) -> bool:
        """Whether its player does not follow the room, because its viewer paused it while the room was out of reach."""
        return self.report is not None and self.report.apart

    @property
    def follows(self) -> bool:
        """Whether the room can wait for its player: it is there, reports, has the film, and follows the room."""
        return self.present and self.full and self.has_film and not self.apart

    @property
    def lacks_film(self) -> bool:
        """Whether it has not got the film, and has said so: its player has no file open since the room shows it."""
        report = self.report
        return not self.has_film and report is not None and report.rev >= self.film_rev and report.state == "idle"

    def measured(self, rtt: float) -> None:
        """Take in a round trip in seconds."""
        self.delays = [*self.delays[1 - _DELAYS_KEPT :], min(max(0.0, rtt), _RTT_MAX) / 2]

    def lead(self) -> float:
        """Return the seconds within which nearly every message reaches this member."""
        if not self.delays:
            return 0.0
        least = min(self.delays)
        return least + _JITTERS * (sum(self.delays) / len(self.delays) - least)

    def repeats(self, report: Report) -> bool:
        """Tell whether this report differs from the last one in position and errors only."""
        last = self.report
        if last is None:
            return False
        return (report.state, report.rev, report.apart) == (last.state, last.rev, last.apart)

    def apply(self, report: Report, now: float) -> bool:
        """Store a report. Returns whether what the others see of it has changed, beside its position."""
        before = self.state, self.apart, self.lacks_film
        self.state = report.state
        self.report = report
        self.returned = self.returned and report.state == "idle"
        self.has_played |= self.has_film and report.state in ("playing", "ended")
        changed = before != (self.state, self.apart, self.lacks_film)
        if report.state != "buffering":
            self.buffering_since = None
            self.stall_ignored = False
        elif self.buffering_since is None:
            self.buffering_since = now
        return changed

    def lose(self, until: float) -> None:
        """Mark as away: the connection broke. The room keeps the member until this time."""
        self._forget_player("away")
        self.away_until = until

    def resume(self, now: float) -> None:
        """Mark as present again. What the player does is unknown until the next report."""
        self._forget_player("idle")
        self.returned = True
        self.heard_at = now
        self.away_until = None

    def settled_at(self, position: float, rev: int) -> bool:
        """Tell whether the player reported that it is paused at ``position`` since timeline ``rev``."""
        report = self.report
        return (
            report is not None
            and report.rev >= rev
            and report.state in ("paused", "ended")
            and abs(report.position - position) <= _SETTLED_WITHIN
        )

    @property
    def may_have_played(self) -> bool:
        """Whether it may have shown the room's film to somebody. Basic members do not report what they play."""
        return self.has_played or (self.has_film and not self.full)

    @property
    def may_bring_film(self) -> bool:
        """Whether it may be opening its copy of the film that the room has changed to."""
        return self.present and self.full and not self.apart and self.had_film and not self.lacks_film

    def change_film(self, rev: int, *, has_it: bool, verifying: bool) -> None:
        """The room changes to another film on its timeline ``rev``. ``has_it``: its file is that film already."""
        self.had_film = self.has_film or (self.had_film and not self.lacks_film)
        self.film_rev = rev
        self.ready, self.verifying, self.has_played = False, verifying, False
        if not has_it:
            self.file_hash = self.file = None

    def as_member(self) -> Member:
        """Return what the other members are told."""
        report = self.report
        return Member(
            client_id=self.client_id,
            name=self.name,
            role=self.role,
            state=self.state,
            ready=self.ready,
            verifying=self.verifying,
            position=_shown(report.position, 3) if report else None,
            error=_shown(report.error, 4) if report else None,
            clock_error=_shown(report.clock_error, 4) if report else None,
            # The smallest round trip tells the distance. The others also contain time that messages waited in queues.
            rtt=_shown(2 * min(self.delays), 4) if self.delays else None,
            file=self.file,
            film=not self.lacks_film,
            apart=self.apart,
            heard_at=_shown(self.heard_at, 3),
            account=self.account,
            given_up=self.given_up,
        )

    def _forget_player(self, state: MemberState) -> None:
        self.state = state
        self.report = self.interrupted = None
        self.buffering_since = None
        self.stall_ignored = False


def _shown(seconds: float | None, digits: int) -> float | None:
    """Return seconds as the others are told them: a third of the bytes that members get would be digits beyond."""
    return None if seconds is None else round(seconds, digits)


class Roster(Struct):
    """The members of one room by client id, oldest first."""

    members: dict[str, RoomMember] = field(default_factory=dict)
    changes: int = 0
    """Rises whenever a member comes or goes."""
    present_ids: tuple[str, ...] | None = None
    """What `ids` returns. None: it has to look again."""
    present_full_ids: tuple[str, ...] | None = None
    """What `full_ids` returns."""

    def __len__(self) -> int:
        return len(self.members)

    def __iter__(self) -> Iterator[RoomMember]:
        return iter(self.members.values())

    def __contains__(self, client_id: object) -> bool:
        return client_id in self.members

    def get(self, client_id: str) -> RoomMember | None:
        return self.members.get(client_id)

    @property
    def host(self) -> RoomMember | None:
        return next((member for member in self if member.role == "host"), None)

    def add(self, member: RoomMember) -> None:
        """Add a member. The first one becomes host: a room needs one, and its owner's secret takes the role back."""
        if not self.members:
            member.role = "host"
        self.members[member.client_id] = member
        self.presence_changed()
        self.changes += 1

    def remove(self, client_id: str) -> RoomMember | None:
        """Remove a member. Returns the member that became host because of that, if any."""
        del self.members[client_id]
        self.presence_changed()
        self.changes += 1
        return self._elect()

    def restore(self, members: Iterable[RoomMember]) -> None:
        """Fill the empty roster with the members of a restored room, oldest first.

        If the host is not among them, because it was a basic member that was not kept, another one becomes host.
        """
        self.members = {member.client_id: member for member in members}
        self.presence_changed()
        self._elect()

    def _elect(self) -> RoomMember | None:
        """Make a member host if there is no host. Returns that member."""
        if not self.members or self.host is not None:
            return None
        heir = min(self, key=lambda member: (not member.present, member.role != "controller"))
        heir.role = "host"
        return heir

    def make_host(self, member: RoomMember) -> RoomMember | None:
        """Make this member the host. Returns the old host, now a controller, if it was another member."""
        old = self.host
        if old is None or old is member:
            return None
        member.role = "host"
        old.role = "controller"
        return old

    def presence_changed(self) -> None:
        """Call this after `RoomMember.lose` and `RoomMember.resume`: the ids are known by heart until then."""
        self.present_ids = self.present_full_ids = None

    def audience(self, audience: Audience) -> tuple[str, ...]:
        """Return the ids of these members, as far as they are present: others cannot be sent anything."""
        match audience:
            case "all":
                return self.ids()
            case "full":
                return self.full_ids()
            case "basic":
                return tuple([id for id, member in self.members.items() if not member.full])
            case _:
                raise ValueError(audience)

    def ids(self) -> tuple[str, ...]:
        """Return the ids of the present members."""
        if self.present_ids is None:
            self.present_ids = tuple(id for id, member in self.members.items() if member.present)
        return self.present_ids

    def full_ids(self) -> tuple[str, ...]:
        """Return the ids of the present full members."""
        if self.present_full_ids is None:
            self.present_full_ids = tuple(id for id, member in self.members.items() if member.full and member.present)
        return self.present_full_ids

    def basic(self) -> tuple[BasicMember, ...]:
        """Return what is kept of the basic members, where anything is."""
        return tuple([BasicMember(before, member.saved()) for before, member in enumerate(self) if not member.full])

    def taken_names(self) -> set[str]:
        """Return the names of the present members, by which they are told apart (`member_key`).

        The name of an away member is free: after a crash the same person may come back as a new client.
        """
        return {member_key(member.name) for member in self if member.present}

    def lead(self) -> float:
        """Return the seconds from now to the earliest start that every member hears of in time."""
        slowest = max((member.lead() for member in self if member.follows), default=0.0)
        return min(max(slowest + LEAD_BASE, LEAD_MIN), LEAD_MAX)

    def all_settled_at(self, position: float, rev: int, *, loading: bool) -> bool:
        """Tell whether every member that the gate of timeline ``rev`` waits for has settled. True if there is none.

        ``loading``: the members open another film, so it waits for those as well that may still bring it. Then it is
        False while full members are present and the gate waits for none of them: nobody has the film yet.
        """
        awaited = [member for member in self if member.follows or (loading and member.may_bring_film)]
        if loading and not awaited:
            return not self.full_ids()
        return all(member.has_film and member.settled_at(position, rev) for member in awaited)

    def all_ended(self, rev: int, counts: Callable[[RoomMember], bool]) -> bool:
        """Tell whether all that count, have the film and sent a report have reported its end since timeline ``rev``.

        A host that has the film has to be among them.
        """
        able = [m for m in self if m.follows and counts(m)]
        reports = [m.report for m in able if m.report is not None or m.role == "host"]
        return bool(reports) and all(one is not None and one.rev >= rev and one.state == "ended" for one in reports)

    def all_apart(self, rev: int, counts: Callable[[RoomMember], bool]) -> bool:
        """Tell whether nobody follows the timeline ``rev``, because members have paused it for themselves.

        One of them has to count. All present full members have to have reported on it since they came back: until then
        it is not known.
        """
        if not any(member.apart and counts(member) for member in self):  # Asked in every turn, and nearly always so.
            return False
        present = [member for member in self if member.present and member.full]
        if any(member.report is None or member.report.rev < rev for member in present):
            return False
        return not any(member.follows or member.may_bring_film for member in present)

    def first_apart(self, counts: Callable[[RoomMember], bool]) -> float | None:
        """Return the smallest position at which a player that is apart, and counts, stands with a film open, if any."""
        reports = [member.report for member in self if member.present and member.report is not None and counts(member)]
        return min((report.position for report in reports if report.apart and report.state != "idle"), default=None)

    def ignore_stalls(self) -> None:
        """Do not wait any longer for the stalls that there are now."""
        for member in self:
            member.stall_ignored = member.buffering_since is not None

    def check(self) -> None:
        """Assert the invariants."""
        assert self.present_ids in (None, tuple(member.client_id for member in self if member.present))
        full_ids = tuple(member.client_id for member in self if member.present and member.full)
        assert self.present_full_ids in (None, full_ids)
        assert sum(member.role == "host" for member in self) == (1 if self.members else 0)
        for client_id, member in self.members.items():
            assert member.client_id == client_id
            assert member.full or member.present, "a basic member is never away"
            assert (member.state == "away") == (not member.present)
            assert (member.buffering_since is not None) == (member.state == "buffering")
            assert not (member.stall_ignored and member.buffering_since is None)
        assert len(self.taken_names()) == sum(member.present for member in self), "nobody passes for another member"
