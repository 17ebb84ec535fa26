"""All data of a room, and the operations that its parts share: send messages, change rules, let members go.

A full member that goes, unless it is put out by the host, becomes a *former* member: with a secret it proves who it
was, and has its role again. Into a locked room these are let in and nobody else. Whoever has gone before the room was
locked is forgotten at that moment, so that the former members of a locked room are those who were in it when it was
locked, or were let in since.

`RoomData` is the whole state of a `hangd.engine.room.room.Room`. The parts of the room work on it one after the other
within one input: ``requests``, ``joining`` and ``media`` for what clients ask, ``room`` for what happens by time.

A full member gets every message. A basic member gets SyncBroadcast, what happens to itself (RoomCreated, RoomJoined,
RoomLeft, Error), and the direct answers to its own requests.
"""

from collections import OrderedDict
from math import inf
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from hangd.engine.film import is_same, known_duration
from hangd.engine.room import queue as queues
from hangd.engine.room.connection.ratelimit import Budget, TokenBucket
from hangd.engine.room.effects import Audience, ForgetMember, HashPassword, RoomEffect, SendTo
from hangd.engine.room.inputs import JoinRequested
from hangd.engine.room.queue_space import QueueShare, size_of
from hangd.engine.room.roster import RoomMember, Roster
from hangd.engine.room.saved import BannedMember, FormerMember, KeptInvite, SavedRoom, SavedTimeline, Watching
from hangd.engine.room.schedule import Schedule
from hangd.engine.room.untold import Untold
from hangd.protocol import messages
from hangd.protocol.errors import RequestRefused
from hangd.protocol.films import EntryChanged, FilmDescribed, QueueChanged
from hangd.protocol.messages import RequestId, ServerMessage, SyncCommand
from hangd.protocol.model import (
    ROOM_ITSELF,
    Access,
    FileInfo,
    LeftReason,
    MemberReport,
    PendingStart,
    Policy,
    PolicyChange,
    Queue,
    QueueChange,
    Reason,
    Room,
    Timeline,
)

_AGES_BETWEEN_RUNS: Final = 1000
"""More revocations than a server makes that cannot save its rooms."""

_WRONG_PASSWORDS_AT_ONCE: Final = 10
_WRONG_PASSWORDS_PER_SECOND: Final = 0.2
"""All attackers together, from however many addresses, have twelve tries a minute: 17,000 a day. A password of five
random letters then lasts two years. Meanwhile everybody waits, except those that know the owner's secret."""


class RoomSettings(Struct, frozen=True):
    """The server's settings for all of its rooms. Times in seconds."""

    ttl: float = 600.0
    """How long an empty room is kept."""
    away: float = 90.0
    """How long a full member without a connection is kept."""
    capacity: int = 100
    """The largest capacity that a policy may have, and the default."""
    echo: Literal["full", "always", "never"] = "full"
    """Which clients get their own commands back: full clients, all, none."""
    history: bool = True
    """Whether it is kept what rooms watch, unless their policies say no."""
    accounts: bool = False
    """Whether clients can have an account here."""
    needs_account: bool = False
    """Whether they must have one (``--require-token``)."""
    invites: bool = False
    """Whether this server signs invites."""

    def check_access(self, access: Access | None) -> None:
        """Check that a room may have this rule. Raises RequestRefused: nobody could come in."""
        if access == "accounts" and not self.accounts:
            raise RequestRefused("Forbidden", "this server has no accounts: a room of it cannot ask for them")
        if access == "invited" and not self.invites:
            raise RequestRefused("Forbidden", "this server signs no invites: use a password, or lock the room")


class PendingJoin(Struct):
    """A join whose password is being compared with ``password_hash``. None: it waits for others to be compared."""

    request: JoinRequested
    password_hash: str | None = None


class RoomData(Struct, kw_only=True):
    room_id: str
    settings: RoomSettings
    schedule: Schedule
    policy: Policy
    wrong_passwords: TokenBucket
    queue_share: QueueShare
    """The memory for the queue."""
    roster: Roster = field(default_factory=Roster)
    name: str | None = None
    file_hash: str | None = None
    """Of the film that is shown. None: not known yet, and ``file`` describes the film."""
    file: FileInfo | None = None
    queue: Queue = Queue()
    untold: Untold = field(default_factory=Untold)
    start: PendingStart | None = None
    """The start that the room waits with (``readiness``), as the members have been told."""
    password_hash: str | None = None
    host_digest: bytes | None = None
    """SHA-256 of the owner's secret. None: the room has not been created yet."""
    empty_since: float | None = None
    attended: float = 0.0
    """For how many seconds somebody was present (``attendance``), up to ATTENDED_MOST."""
    attended_since: float | None = None
    """Since when somebody is, which is not in ``attended`` yet. None: nobody is, or it is not counted any more."""
    forgotten: bool = False
    """Whether ForgetRoom was ordered: nobody may enter any more."""
    bans: list[BannedMember] = field(default_factory=list)
    """Oldest first."""
    invites: dict[str, KeptInvite] = field(default_factory=dict)
    """By id, oldest first: those with a limit of uses, and the last ones of the others."""
    revoked: dict[str, float] = field(default_factory=dict)
    """Until when which invites are remembered as revoked: one by its id, or all of an issuer that are not younger than
    an age by "AGE:ISSUER"."""
    invite_age: int = 0
    """Of new invites. It rises with each revocation of many."""
    invites_from: int = 0
    """The least age that is still good: everybody's invites before that were revoked."""
    former: dict[bytes, FormerMember] = field(default_factory=dict)
    """Full members that have gone and may come back, by the digest of their secret, oldest first. At most as many as
    a room of this server may have members; then the oldest viewer is forgotten."""
    pending: dict[str, PendingJoin] = field(default_factory=dict)
    """Joins that wait for PasswordChecked, by client id, oldest first."""
    comparing: set[str] = field(default_factory=set)
    """The clients of which CheckPassword was ordered and has not been answered, be they still there or not."""
    hashing: tuple[str, RequestId | None] | None = None
    """The client that set the password that is being hashed, and its request. One at a time: so they keep their
    order."""
    stalls: dict[str, Budget] = field(default_factory=dict)
    """What each network has left for stalls in this film (``stalls``), oldest first."""
    stalls_counted: float | None = None
    """Until when the time is charged for which the gate is closed for stalls. None: it is not."""
    recent_commands: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)
    """Client id and command id of the last commands, oldest first."""
    watching: Watching | None = None
    """The film that is being watched, for the room's history (``history``)."""
    ids_given: int = 0
    effects: list[RoomEffect] = field(default_factory=list)
    """The effects of the current input, so far."""

    @classmethod
    def new(
        cls, *, room_id: str, epoch: str, settings: RoomSettings, now: float, queue_share: QueueShare
    ) -> "RoomData":
        return cls(
            room_id=room_id,
            settings=settings,
            queue_share=queue_share,
            schedule=Schedule(timeline=Timeline(epoch, rev=0, playing=False, position=0.0, rate=1.0, at=now)),
            policy=Policy(capacity=settings.capacity),
            wrong_passwords=TokenBucket.full(rate=_WRONG_PASSWORDS_PER_SECOND, burst=_WRONG_PASSWORDS_AT_ONCE, now=now),
            empty_since=now,
        )

    @property
    def timeline(self) -> Timeline:
        return self.schedule.timeline

    def new_id(self, kind: str, *, short: bool = False) -> str:
        """Return an id that this room has never given to anything and will not give again.

        ``short``: in all likelihood. Before a restart it may have given some that are not known any more.
        """
        self.ids_given += 1
        epoch = self.timeline.epoch
        return f"{kind}{self.ids_given}-{epoch[:4] if short else epoch}"

    def may_control(self, member: RoomMember) -> bool:
        """Tell whether the policy lets this member control the room."""
        match self.policy.control:
            case "everyone":
                return True
            case "controllers":
                return member.role != "viewer"
            case "host":
                return member.role == "host"

    def ask_host(self) -> str:
        """Return the end of a sentence that tells a member why it may not do something."""
        host = self.roster.host
        return "ask the host" if host is None else f"ask {host.name}"

    # ---- messages ---------------------------------------------------------------------------------------------------

    def send(
        self,
        client_ids: tuple[str, ...],
        message: ServerMessage,
        re: RequestId | None = None,
        *,
        but: str | None = None,
    ) -> None:
        """Send to these clients, if there are any, except ``but``."""
        if client_ids and client_ids != (but,):
            self.effects.append(SendTo(client_ids, message, re, but))

    def tell(self, audience: Audience, message: ServerMessage, *, but: str | None = None) -> None:
        """Send to all present members, or all full or basic ones among them, except ``but``."""
        client_ids = self.roster.audience(audience)
        if client_ids and client_ids != (but,):
            self.effects.append(SendTo(client_ids, message, None, but, audience))

    def refuse(self, client_id: str, refused: RequestRefused, re: RequestId | None) -> None:
        self.send((client_id,), messages.Error.of(refused), re)

    def announce(self, message: ServerMessage, *, sender: str | None = None, re: RequestId | None = None) -> None:
        """Send to all full members. If the sender of the request ``re`` is among them, this answers its request."""
        self._tell_answering("full", message, sender, re)

    def broadcast(
        self,
        command: SyncCommand,
        command_id: str | None = None,
        *,
        sender: RoomMember | None = None,
        re: RequestId | None = None,
        reason: Reason | None = None,
        about: str | None = None,
    ) -> None:
        """Send all members a command that took effect and the timeline that followed.

        No sender: the room itself did it, for this reason.
        """
        message = self._sync(command, command_id, sender, reason, about)
        if sender is None or self._gets_own_commands(sender):
            self._tell_answering("all", message, sender.client_id if sender else None, re)
        else:
            self.tell("all", message, but=sender.client_id)

    def answer_otherwise(
        self, command: SyncCommand, command_id: str | None, *, reason: Reason, sender: RoomMember, re: RequestId | None
    ) -> None:
        """Send all members what the room did instead of what this member's command says. It answers the command."""
        message = self._sync(command, command_id, None, reason)
        self._tell_answering("all", message, sender.client_id, re)

    def answer_unchanged(self, command: SyncCommand, *, sender: RoomMember, re: RequestId | None) -> None:
        """Send the timeline to the sender of a command that changed nothing, and to nobody else."""
        if self._gets_own_commands(sender):
            stripped = replace(command, command_id=None)
            self.send((sender.client_id,), self._sync(stripped, command.command_id, sender), re)

    def announce_member(self, member: RoomMember) -> None:
        """Send all about this member to the other full members."""
        self.untold.discard(member.client_id)
        self.tell("full", messages.MemberChanged(member.as_member()), but=member.client_id)

    @property
    def untold_due(self) -> float:
        """From when on `tell_reports` is to be called once something happens. Infinity: there is nothing to tell."""
        untold = self.untold
        if not untold.positions and not untold.states:  # It is asked several times for each input.
            return inf
        return untold.due(len(self.roster), resting=not self.timeline.playing)

    @property
    def untold_deadline(self) -> float:
        """When it is to be called although nothing happens."""
        untold = self.untold
        if not untold.positions and not untold.states:
            return inf
        return untold.deadline(len(self.roster), resting=not self.timeline.playing)

    def tell_reports(self, now: float) -> None:
        """Send the full members what the others' players do, as far as that is due."""
        if self.untold_due > now:
            return
        ids = self.untold.take(now)
        told = tuple(MemberReport.of(self.roster.members[client_id].as_member()) for client_id in ids)
        self.tell("full", messages.MembersReported(told), but=ids[0] if len(ids) == 1 else None)

    # ---- changes ----------------------------------------------------------------------------------------------------

    def pause_without(self, member: RoomMember, now: float) -> None:
        """Pause for the others, if the policy says so, because this present member leaves or loses its connection.

        It is not told, because its own player goes on alone.
        """
        if self.policy.leave == "pause" and self.timeline.playing and member.full and member.has_film:
            message = self._sync(self.schedule.pause(now), None, None, "left", member.client_id)
            self.tell("all", message, but=member.client_id)

    def change_policy(self, change: PolicyChange) -> bool:
        """Change the rules, except the password. Returns whether anything changed."""
        old = self.policy
        given = {name: value for name, value in asdict(change).items() if value is not None and name != "password"}
        self.policy = replace(old, **given)
        self._limit_capacity()
        if self.policy.locked and not old.locked:
            self.former.clear()
        return self.policy != old

    def set_password_hash(self, password_hash: str | None) -> None:
        self.password_hash = password_hash
        self.policy = replace(self.policy, has_password=password_hash is not None)

    def hash_password(self, client_id: str, password: str, re: RequestId | None) -> None:
        """Order a new password to be hashed. The input PasswordHashed completes the change."""
        self.hashing = (client_id, re)
        self.effects.append(HashPassword(client_id, password))

    def set_first_film(self, file_hash: str | None, file: FileInfo | None) -> QueueChange | None:
        """Make this the room's film, and put it into the queue if it is described. Return how the queue changes."""
        self.file_hash, self.file = file_hash, file
        self.schedule.learn_duration(known_duration(file))
        change = queues.begun(self.queue, file_hash, file)
        self.change_queue(change)
        return change

    def check_space(self, change: QueueChange | None) -> None:
        """Check that there is memory for the queue after this change. Raises RequestRefused."""
        self.queue_share.check(self._growth(change))

    def change_queue(self, change: QueueChange | None) -> None:
        """Change the queue, whether there is memory for it or not."""
        growth = self._growth(change)
        self.queue = queues.after(self.queue, change)
        if growth:
            self.queue_share.resize(self.queue_share.used + growth)

    def _growth(self, change: QueueChange | None) -> int:
        """Return how many bytes more the queue takes after this change."""
        if change is None or not (change.inserted or change.removed):
            return 0
        gone = set(change.removed)
        return size_of(change.inserted) - size_of(entry for entry in self.queue.entries if gone and entry.id in gone)

    def is_film(self, file_hash: str | None, file: FileInfo | None) -> bool:
        """Tell whether a member's file is the very file that is shown, as far as its hashes are known."""
        return is_same(file_hash, file, self.file_hash, self.file)

    def describe(self, file_hash: str | None, file: FileInfo) -> None:
        """Take in what is known by now of the film that is shown."""
        self.file_hash, self.file = file_hash, file
        self.schedule.learn_duration(known_duration(file))
        self.queue = queues.described(self.queue, file_hash, file)

    def learn(self, file_hash: str | None, file: FileInfo) -> None:
        """Take in what is known by now of the film that is shown, and tell all full members."""
        if (file_hash, file) == (self.file_hash, self.file):
            return
        if self.file is None:
            # The name stays private: the member that chose the film did not tell it.
            file = replace(file, name=None)
            change = self.set_first_film(file_hash, file)
            if change is not None:
                self.announce(QueueChanged(change))
            self.announce(FilmDescribed(file_hash, file))
            return
        self.describe(file_hash, file)
        entry = queues.current_of(self.queue)
        if entry is not None:
            self.announce(EntryChanged(entry))
        else:
            self.announce(FilmDescribed(file_hash, file))

    def remove(
        self,
        member: RoomMember,
        reason: LeftReason,
        *,
        detail: str | None = None,
        by: str | None = None,
        re: RequestId | None = None,
    ) -> None:
        """Remove a member, and tell it and the others. ``by`` is the client whose request ``re`` this carries out."""
        if member.present and reason != "lost":
            own = re if by == member.client_id else None
            self.send((member.client_id,), messages.RoomLeft(self.room_id, reason, detail), own)
        if reason not in ("kicked", "banned", "removed", "ended"):
            self._remember(member)
        self.untold.discard(member.client_id)
        heir = self.roster.remove(member.client_id)
        self.effects.append(ForgetMember(member.client_id, reason))  # Before the others: it is none of them any more.
        self.announce(messages.MemberLeft(member.client_id, reason), sender=by, re=re)
        if heir is not None:
            self.announce(messages.MemberChanged(heir.as_member()))

    def _remember(self, member: RoomMember) -> None:
        """Keep what a full member needs to come back."""
        digest = member.return_digest
        if digest is None:
            return
        self.former[digest] = member.as_former(digest)
        if len(self.former) > self.settings.capacity:
            # A viewer first that loses nothing but its name.
            plain = (key for key, one in self.former.items() if one.role == "viewer" and not one.invited)
            del self.former[next(plain, next(iter(self.former)))]

    def restore(self, saved: SavedRoom, now: float) -> None:
        """Continue a room from before a restart. Its full members are away until they resume."""
        self.name, self.file_hash, self.file = saved.name, saved.file_hash, saved.file
        self.policy = saved.policy
        self._limit_capacity()
        self.set_password_hash(saved.password_hash)
        self.host_digest = saved.host_digest
        self.bans = list(saved.bans)
        self.invites = {one.id: one for one in saved.invites}
        self.revoked = dict(saved.revoked)
        self.invite_age, self.invites_from = saved.invite_age + _AGES_BETWEEN_RUNS, saved.invites_from
        self.watching, self.attended = saved.watching, saved.attended
        self.former = {former.return_digest: former for former in saved.former[-self.settings.capacity :]}
        until = now + self.settings.away
        self.roster.restore(RoomMember.restored(member, until) for member in saved.members)
        # A room without members was empty before the restart, or is since: only basic members were in it.
        self.empty_since = None if saved.members else saved.empty_since
        self.schedule.duration = known_duration(saved.file)
        # A room that was saved before there were queues has a film, so it has a queue now.
        self.queue = saved.queue
        if not saved.queue.rev:
            self.queue = queues.after(saved.queue, queues.begun(saved.queue, saved.file_hash, saved.file))
        self.queue_share.resize(size_of(self.queue.entries))
        self.schedule.restore(saved.timeline.restored(self.timeline.epoch), now)

    # ---- views ------------------------------------------------------------------------------------------------------

    def view(self) -> Room:
        return Room(
            room_id=self.room_id,
            file_hash=self.file_hash,
            file=self.file,
            policy=self.policy,
            members=tuple(member.as_member() for member in self.roster),
            timeline=self.timeline,
            name=self.name,
            queue=self.queue,
            start=self.start,
        )

    def saved(self) -> SavedRoom:
        assert self.host_digest is not None
        return SavedRoom(
            room_id=self.room_id,
            host_digest=self.host_digest,
            file_hash=self.file_hash,
            file=self.file,
            policy=self.policy,
            members=tuple(member.saved() for member in self.roster if member.full),
            timeline=SavedTimeline.of(self.timeline),
            name=self.name,
            password_hash=self.password_hash,
            bans=tuple(self.bans),
            invites=tuple(self.invites.values()),
            revoked=dict(self.revoked),
            invite_age=self.invite_age,
            invites_from=self.invites_from,
            empty_since=self.empty_since,
            queue=self.queue,
            former=tuple(self.former.values()),
            watching=None if self.watching is None else self.watching.saved(),
            attended=self.attended,
        )

    def _limit_capacity(self) -> None:
        self.policy = replace(self.policy, capacity=min(self.policy.capacity, self.settings.capacity))

    def _gets_own_commands(self, sender: RoomMember) -> bool:
        echo = self.settings.echo
        return echo == "always" or (echo == "full" and sender.full)

    def _sync(
        self,
        command: SyncCommand,
        command_id: str | None,
        sender: RoomMember | None,
        reason: Reason | None = None,
        about: str | None = None,
    ) -> messages.SyncBroadcast:
        return messages.SyncBroadcast(
            from_client=sender.client_id if sender else ROOM_ITSELF,
            command=command,
            timeline=self.timeline,
            command_id=command_id,
            reason=reason,
            about=about,
        )

    def _tell_answering(
        self, audience: Audience, message: ServerMessage, sender: str | None, re: RequestId | None
    ) -> None:
        if re is None or sender is None or sender not in self.roster.audience(audience):
            self.tell(audience, message)
            return
        self.tell(audience, message, but=sender)
        self.send((sender,), message, re)
