"""Assembly: what a room holds, and the orders that it has given in the turn that is under way.

Shared by those that act on it: ``requests.Requests`` (what members ask for), ``media.RoomMedia`` (which film) and
``room.Room`` (doors and time).

Who hears what: a full member hears everything. A basic one hears only SyncBroadcast, what happens to itself
(RoomCreated, RoomJoined, RoomLeft, Error), and the direct answer to a question that it put.
"""

from collections import deque
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.room import queue as queues
from hangd.engine.room.effects import ForgetMember, RoomEffect, SendTo
from hangd.engine.room.file_match import compare_files
from hangd.engine.room.roster import Occupant, Roster
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.schedule import Schedule
from hangd.protocol.messages import (
    MemberChanged,
    MemberLeft,
    QueueChanged,
    RequestId,
    RoomLeft,
    ServerMessage,
    SyncBroadcast,
    SyncCommand,
)
from hangd.protocol.model import (
    ROOM_ITSELF,
    FileHash,
    FileInfo,
    LeftReason,
    Policy,
    PolicyChange,
    Queue,
    Room,
    Timeline,
)

__all__ = ["Assembly", "RoomSettings"]

_BANS_KEPT: Final = 1024
"""A ban names a client id, which lasts as long as a connection (and its resumption): old ones are dead anyway."""


class RoomSettings(Struct, frozen=True):
    """What the server lays down for each of its rooms. Seconds."""

    ttl: float = 600.0
    """How long an empty room lives on."""
    away: float = 90.0
    """How long a full member whose connection dropped keeps its place."""
    capacity: int = 100
    """The most members that a policy may allow, and what it allows by default."""
    echo: Literal["full", "always", "never"] = "full"
    """Who gets its own commands back: full clients, everyone, nobody."""


class Assembly:
    def __init__(self, *, room_id: str, epoch: str, settings: RoomSettings, now: float) -> None:
        self.room_id = room_id
        self.settings = settings
        self.name: str | None = None
        self.file_hash = ""
        self.file: FileInfo | None = None
        self.queue = Queue()
        self.policy = Policy(capacity=settings.capacity)
        self.password_hash: str | None = None
        self.roster = Roster()
        self.schedule = Schedule(epoch=epoch, now=now)
        self.banned: deque[str] = deque(maxlen=_BANS_KEPT)
        self.effects: list[RoomEffect] = []

    def compare(self, file_hash: str | None, file: FileInfo | None) -> bool:
        """Judge a member's file by this room's own and its rules: see `compare_files`."""
        return compare_files(
            self.policy.match, room_hash=self.file_hash, room_file=self.file, file_hash=file_hash, file=file
        )

    # ---- saying -----------------------------------------------------------------------------------------------------

    def send(self, client_ids: tuple[str, ...], message: ServerMessage, re: RequestId | None = None) -> None:
        if client_ids:
            self.effects.append(SendTo(client_ids, message, re))

    def announce(self, message: ServerMessage, *, sender: str | None = None, re: RequestId | None = None) -> None:
        """Tell all full members; the sender's copy, if it gets one, answers its request."""
        self._send_marked(self.roster.full_ids(), message, sender, re)

    def broadcast(
        self,
        command: SyncCommand,
        command_id: str | None = None,
        *,
        sender: Occupant | None = None,
        re: RequestId | None = None,
    ) -> None:
        """Tell everyone of a command that took effect (the room's own: no sender) and of the timeline that it made."""
        message = self._sync(command, command_id, sender)
        if sender is None or self._hears_itself(sender):
            self._send_marked(self.roster.ids(), message, sender.client_id if sender else None, re)
        else:
            self.send(self.roster.ids(lambda member: member is not sender), message)

    def answer(self, command: SyncCommand, *, sender: Occupant, re: RequestId | None) -> None:
        """Tell the sender, and nobody else, how the timeline stands after a command that changed nothing."""
        if self._hears_itself(sender):
            stripped = replace(command, command_id=None)
            self.send((sender.client_id,), self._sync(stripped, command.command_id, sender), re)

    def tell_how(self, member: Occupant, now: float) -> None:
        """Tell the other full members how this one does."""
        member.told_at = now
        member.untold = False
        self.send(self.roster.full_ids(but=member.client_id), MemberChanged(member.as_member()))

    # ---- changing ---------------------------------------------------------------------------------------------------

    def change_policy(self, change: PolicyChange) -> bool:
        """Take over what is given, but for the password. Returns whether that made a difference."""
        old = self.policy
        self.policy = replace(
            old,
            control=old.control if change.control is None else change.control,
            match=old.match if change.match is None else change.match,
            wait=old.wait if change.wait is None else change.wait,
            capacity=old.capacity if change.capacity is None else min(change.capacity, self.settings.capacity),
            locked=old.locked if change.locked is None else change.locked,
        )
        return self.policy != old

    def set_password_hash(self, password_hash: str | None) -> None:
        self.password_hash = password_hash
        self.policy = replace(self.policy, has_password=password_hash is not None)

    def show_first(self, file_hash: FileHash, file: FileInfo | None) -> None:
        """Be a room for this film, which is its queue as well."""
        self.file_hash, self.file = file_hash, file
        self.schedule.duration = known_duration(file)
        self.queue = queues.begun(self.queue, file_hash, file)

    def learn_file(self, file_hash: str | None, file: FileInfo | None) -> None:
        """Fill in what the room did not know of its own film, from somebody who has all of it."""
        if file_hash != self.file_hash or file is None:
            return
        if self.file is None:
            # The name is its member's own business: the one who chose the film told none.
            self.show_first(self.file_hash, replace(file, name=None))
            self.announce(QueueChanged(self.queue))
            return
        self.file = queues.completed(self.file, file)
        self.queue = queues.described(self.queue, self.file)
        self.schedule.duration = known_duration(self.file)

    def dismiss(
        self, member: Occupant, reason: LeftReason, *, by: str | None = None, re: RequestId | None = None
    ) -> None:
        """Take a member out for good and tell the others. ``by`` asked for it, with ``re``."""
        heir = self.roster.remove(member.client_id)
        self.announce(MemberLeft(member.client_id, reason), sender=by, re=re)
        if heir is not None:
            self.announce(MemberChanged(heir.as_member()))
        self.effects.append(ForgetMember(member.client_id, reason))

    def show_out(
        self,
        member: Occupant,
        reason: LeftReason,
        *,
        detail: str | None = None,
        by: str | None = None,
        re: RequestId | None = None,
    ) -> None:
        """Tell a member that it is out, and then dismiss it."""
        own = re if by == member.client_id else None
        if member.present:
            self.send((member.client_id,), RoomLeft(self.room_id, reason, detail), own)
        self.dismiss(member, reason, by=by, re=re)

    def bring_back(self, saved: SavedRoom, now: float) -> None:
        """Be the room that was saved, under this epoch: all its members are away until they come back."""
        self.name, self.file_hash, self.file = saved.name, saved.file_hash, saved.file
        self.policy = replace(saved.policy, capacity=min(saved.policy.capacity, self.settings.capacity))
        self.set_password_hash(saved.password_hash)
        self.banned.extend(saved.banned)
        until = now + self.settings.away
        self.roster.bring_back(Occupant.absent(member, until) for member in saved.members)
        self.schedule.duration = known_duration(saved.file)
        # One that was saved before there were queues has its film, and so has a queue.
        self.queue = saved.queue if saved.queue.rev else queues.begun(saved.queue, saved.file_hash, saved.file)
        self.schedule.go_on(replace(saved.timeline, epoch=self.timeline.epoch), now)

    # ---- showing ----------------------------------------------------------------------------------------------------

    @property
    def timeline(self) -> Timeline:
        return self.schedule.timeline

    def snapshot(self) -> Room:
        return Room(
            room_id=self.room_id,
            file_hash=self.file_hash,
            file=self.file,
            policy=self.policy,
            members=tuple(member.as_member() for member in self.roster),
            timeline=self.timeline,
            name=self.name,
            queue=self.queue,
        )

    # ---- within -----------------------------------------------------------------------------------------------------

    def _hears_itself(self, sender: Occupant) -> bool:
        match self.settings.echo:
            case "full":
                return sender.full
            case "always":
                return True
            case "never":
                return False

    def _sync(self, command: SyncCommand, command_id: str | None, sender: Occupant | None) -> SyncBroadcast:
        return SyncBroadcast(
            from_client=sender.client_id if sender else ROOM_ITSELF,
            command=command,
            timeline=self.timeline,
            command_id=command_id,
        )

    def _send_marked(
        self, client_ids: tuple[str, ...], message: ServerMessage, sender: str | None, re: RequestId | None
    ) -> None:
        if re is None or sender not in client_ids:
            self.send(client_ids, message)
            return
        self.send(tuple(client_id for client_id in client_ids if client_id != sender), message)
        self.send((sender,), message, re)


def known_duration(file: FileInfo | None) -> float | None:
    """Return the film's length in seconds, where it is known. Files that tell of 0 s do not know theirs."""
    return (file.duration or None) if file is not None else None
