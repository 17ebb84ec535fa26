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

from collections import deque
from typing import Final, Literal

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from hangd.engine.film import is_same, known_duration
from hangd.engine.room import queue as queues
from hangd.engine.room.effects import ForgetMember, HashPassword, RoomEffect, SendTo
from hangd.engine.room.inputs import JoinRequested
from hangd.engine.room.ratelimit import TokenBucket
from hangd.engine.room.roster import RoomMember, Roster
from hangd.engine.room.saved import FormerMember, SavedRoom
from hangd.engine.room.schedule import Schedule
from hangd.protocol import messages
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId, ServerMessage, SyncCommand
from hangd.protocol.model import (
    ROOM_ITSELF,
    FileInfo,
    LeftReason,
    PendingStart,
    Policy,
    PolicyChange,
    Queue,
    Reason,
    Role,
    Room,
    Timeline,
)

_BANS_KEPT: Final = 1024
"""A ban names a client id, which lives only as long as its connection and the resumption of it: old bans are void."""

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


class PendingJoin(Struct, frozen=True):
    """A join whose password is being compared with ``password_hash``."""

    request: JoinRequested
    password_hash: str


class RoomData(Struct, kw_only=True):
    room_id: str
    settings: RoomSettings
    schedule: Schedule
    policy: Policy
    wrong_passwords: TokenBucket
    roster: Roster = field(default_factory=Roster)
    name: str | None = None
    file_hash: str | None = None
    """Of the film that is shown. None: not known yet, and ``file`` describes the film."""
    file: FileInfo | None = None
    queue: Queue = Queue()
    start: PendingStart | None = None
    """The start that the room waits with (``readiness``), as the members have been told."""
    password_hash: str | None = None
    host_digest: bytes | None = None
    """SHA-256 of the owner's secret. None: the room has not been created yet."""
    empty_since: float | None = None
    forgotten: bool = False
    """Whether ForgetRoom was ordered: nobody may enter any more."""
    banned: deque[str] = field(default_factory=lambda: deque(maxlen=_BANS_KEPT))
    former: dict[bytes, FormerMember] = field(default_factory=dict)
    """Full members that have gone and may come back, by the digest of their secret, oldest first. At most as many as
    a room of this server may have members."""
    pending: dict[str, PendingJoin] = field(default_factory=dict)
    """Joins that wait for PasswordChecked, by client id."""
    hashing: tuple[str, RequestId | None] | None = None
    """The client that set the password that is being hashed, and its request. One at a time: so they keep their
    order."""
    recent_commands: dict[tuple[str, str], None] = field(default_factory=dict)
    """Client id and command id of the last commands, oldest first."""
    effects: list[RoomEffect] = field(default_factory=list)
    """The effects of the current input, so far."""

    @classmethod
    def new(cls, *, room_id: str, epoch: str, settings: RoomSettings, now: float) -> "RoomData":
        return cls(
            room_id=room_id,
            settings=settings,
            schedule=Schedule(timeline=Timeline(epoch, rev=0, playing=False, position=0.0, rate=1.0, at=now)),
            policy=Policy(capacity=settings.capacity),
            wrong_passwords=TokenBucket.full(rate=_WRONG_PASSWORDS_PER_SECOND, burst=_WRONG_PASSWORDS_AT_ONCE, now=now),
            empty_since=now,
        )

    @property
    def timeline(self) -> Timeline:
        return self.schedule.timeline

    # ---- messages ---------------------------------------------------------------------------------------------------

    def send(self, client_ids: tuple[str, ...], message: ServerMessage, re: RequestId | None = None) -> None:
        if client_ids:
            self.effects.append(SendTo(client_ids, message, re))

    def refuse(self, client_id: str, refused: RequestRefused, re: RequestId | None) -> None:
        self.send((client_id,), messages.Error.of(refused), re)

    def announce(self, message: ServerMessage, *, sender: str | None = None, re: RequestId | None = None) -> None:
        """Send to all full members. If the sender of the request ``re`` is among them, this answers its request."""
        self._send_answering(self.roster.full_ids(), message, sender, re)

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
            self._send_answering(self.roster.ids(), message, sender.client_id if sender else None, re)
        else:
            self.send(self.roster.ids(lambda member: member is not sender), message)

    def answer_otherwise(
        self, command: SyncCommand, command_id: str | None, *, reason: Reason, sender: RoomMember, re: RequestId | None
    ) -> None:
        """Send all members what the room did instead of what this member's command says. It answers the command."""
        message = self._sync(command, command_id, None, reason)
        self._send_answering(self.roster.ids(), message, sender.client_id, re)

    def answer_unchanged(self, command: SyncCommand, *, sender: RoomMember, re: RequestId | None) -> None:
        """Send the timeline to the sender of a command that changed nothing, and to nobody else."""
        if self._gets_own_commands(sender):
            stripped = replace(command, command_id=None)
            self.send((sender.client_id,), self._sync(stripped, command.command_id, sender), re)

    def announce_state(self, member: RoomMember, now: float) -> None:
        """Send the state of this member to the other full members."""
        member.announced_at = now
        member.unannounced = False
        self.send(self.roster.full_ids(but=member.client_id), messages.MemberChanged(member.as_member()))

    # ---- changes ----------------------------------------------------------------------------------------------------

    def pause_without(self, member: RoomMember, now: float) -> None:
        """Pause for the others, if the policy says so, because this present member leaves or loses its connection.

        It is not told, because its own player goes on alone.
        """
        if self.policy.leave == "pause" and self.timeline.playing and member.full and member.has_film:
            message = self._sync(self.schedule.pause(now), None, None, "left", member.client_id)
            self.send(self.roster.ids(lambda other: other is not member), message)

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

    def set_first_film(self, file_hash: str | None, file: FileInfo | None) -> None:
        """Make this the room's film, and put it into the queue if it is described."""
        self.file_hash, self.file = file_hash, file
        self.schedule.learn_duration(known_duration(file))
        self.queue = queues.begun(self.queue, file_hash, file)

    def is_film(self, file_hash: str | None, file: FileInfo | None) -> bool:
        """Tell whether a member's file is the very file that is shown, as far as its hashes are known."""
        return is_same(file_hash, file, self.file_hash, self.file)

    def learn_file(self, file_hash: str | None, file: FileInfo | None) -> None:
        """Add to the room's description of its film what a member with the same file knows about it."""
        if file is None or not self.is_film(file_hash, file):
            return
        if self.file is None:
            # The name stays private: the member that chose the film did not tell it.
            self.set_first_film(self.file_hash, replace(file, name=None))
            self.announce(messages.QueueChanged(self.queue))
        else:
            self.learn(self.file_hash, queues.completed(self.file, file))

    def describe(self, file_hash: str | None, file: FileInfo) -> None:
        """Take in what is known by now of the film that is shown."""
        self.file_hash, self.file = file_hash, file
        self.schedule.learn_duration(known_duration(file))
        self.queue = queues.described(self.queue, file_hash, file)

    def learn(self, file_hash: str | None, file: FileInfo) -> None:
        """Take in what is known by now of the film that is shown, and tell all full members."""
        if (file_hash, file) == (self.file_hash, self.file):
            return
        self.describe(file_hash, file)
        entry = queues.current_of(self.queue)
        if entry is not None:
            self.announce(messages.EntryChanged(entry))
        else:
            self.announce(messages.RoomState(self.view()))

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
        if reason not in ("kicked", "banned"):
            self._remember(member)
        heir = self.roster.remove(member.client_id)
        self.announce(messages.MemberLeft(member.client_id, reason), sender=by, re=re)
        if heir is not None:
            self.announce(messages.MemberChanged(heir.as_member()))
        self.effects.append(ForgetMember(member.client_id, reason))

    def _remember(self, member: RoomMember) -> None:
        """Keep what a full member needs to come back. Host it is then only by the owner's secret."""
        digest = member.return_digest
        if digest is None:
            return
        role: Role = "controller" if member.role == "host" else member.role
        self.former[digest] = FormerMember(digest, member.name, role)
        if len(self.former) > self.settings.capacity:
            del self.former[next(iter(self.former))]

    def restore(self, saved: SavedRoom, now: float) -> None:
        """Continue a room from before a restart. All its members are away until they resume."""
        self.name, self.file_hash, self.file = saved.name, saved.file_hash, saved.file
        self.policy = saved.policy
        self._limit_capacity()
        self.set_password_hash(saved.password_hash)
        self.host_digest = saved.host_digest
        self.banned.extend(saved.banned)
        self.former = {former.return_digest: former for former in saved.former[-self.settings.capacity :]}
        until = now + self.settings.away
        self.roster.restore(RoomMember.absent(member, until) for member in saved.members)
        # A room without members was empty before the restart, or is since: only basic members were in it.
        self.empty_since = None if saved.members else saved.empty_since
        self.schedule.duration = known_duration(saved.file)
        # A room that was saved before there were queues has a film, so it has a queue now.
        self.queue = saved.queue if saved.queue.rev else queues.begun(saved.queue, saved.file_hash, saved.file)
        self.schedule.restore(replace(saved.timeline, epoch=self.timeline.epoch), now)

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
            timeline=self.timeline,
            name=self.name,
            password_hash=self.password_hash,
            banned=tuple(self.banned),
            empty_since=self.empty_since,
            queue=self.queue,
            former=tuple(self.former.values()),
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

    def _send_answering(
        self, client_ids: tuple[str, ...], message: ServerMessage, sender: str | None, re: RequestId | None
    ) -> None:
        if re is None or sender not in client_ids:
            self.send(client_ids, message)
            return
        self.send(tuple(client_id for client_id in client_ids if client_id != sender), message)
        self.send((sender,), message, re)
