"""What members ask of their room, one method a message, and whether they may. Films are ``media``'s.

A request is refused by RequestRefused before it has changed anything; `Room` tells its sender.
"""

from collections import OrderedDict
from typing import Final, assert_never

from hangd.engine.room.effects import HashPassword
from hangd.engine.room.media import RoomMedia
from hangd.engine.room.roster import Occupant
from hangd.engine.room.state import Assembly
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    GetRoom,
    Hello,
    JoinRoom,
    Kick,
    LeaveRoom,
    ListRooms,
    MemberChanged,
    Pause,
    Ping,
    Play,
    PolicyChanged,
    QueueInsert,
    QueueMove,
    QueueRemove,
    Report,
    RequestId,
    RoomState,
    Said,
    Say,
    Seek,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    Speed,
    Stop,
    SyncCommand,
)
from hangd.protocol.model import LeftReason

__all__ = ["Requests"]

_COMMANDS_REMEMBERED: Final = 64
"""A repeat comes within seconds, after a reconnect; a room sees a few commands a second at the most."""


class Requests:
    """Carries out what members ask for. Messages that are no room's business are refused."""

    def __init__(self, assembly: Assembly, media: RoomMedia) -> None:
        self._room = assembly
        self._media = media
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._hashing: tuple[str, RequestId | None] | None = None
        """Who set a password that is still being hashed: only one at a time, so their order stays what it was."""

    def handle(self, sender: Occupant, message: ClientMessage, re: RequestId | None, now: float) -> None:
        """Carry out one request of a present member.

        Raises:
            RequestRefused: it can not be granted, and nothing changed.
        """
        match message:
            case Report():  # first: most are
                self._report(sender, message, now)
            case Play() | Pause() | Seek() | Speed() | Stop():
                self._command(sender, message, re, now)
            case LeaveRoom():
                self._room.show_out(sender, "left", by=sender.client_id, re=re)
            case SetReady(ready=ready):
                sender.ready = ready
                self._room.announce(MemberChanged(sender.as_member()), sender=sender.client_id, re=re)
            case SetFile():
                self._media.set_file(sender, message, re)
            case SetMedia():
                self._require_control(sender)
                self._media.set_media(sender, message, re, now)
            case QueueInsert():
                self._require_control(sender)
                self._media.insert(sender, message, re)
            case QueueRemove():
                self._require_control(sender)
                self._media.remove(sender, message, re)
            case QueueMove():
                self._require_control(sender)
                self._media.move(sender, message, re)
            case SetEntry():
                self._require_control(sender)
                self._media.set_entry(sender, message, re)
            case Say(text=text):
                self._room.announce(Said(sender.client_id, text, at=now), sender=sender.client_id, re=re)
            case SetPolicy():
                self._set_policy(sender, message, re)
            case SetRole():
                self._set_role(sender, message, re)
            case Kick():
                self._kick(sender, message, re)
            case GetRoom():
                self._room.send((sender.client_id,), RoomState(self._room.snapshot()), re)
            case Hello() | Ping() | CreateRoom() | JoinRoom() | ListRooms():
                raise RequestRefused("InvalidMessage", "that is not for a room to answer")
            case _:
                assert_never(message)

    def set_password_hash(self, client_id: str, password_hash: str) -> None:
        """Take over the hash of a password that this member set; whoever it is by now, it was allowed to."""
        if self._hashing is None or self._hashing[0] != client_id:
            return
        re = self._hashing[1]
        self._hashing = None
        self._room.set_password_hash(password_hash)
        self._room.announce(PolicyChanged(self._room.policy), sender=client_id, re=re)

    def hash_password(self, client_id: str, password: str, re: RequestId | None) -> None:
        """Order a password to be hashed; `set_password_hash` goes on from there."""
        self._hashing = (client_id, re)
        self._room.effects.append(HashPassword(client_id, password))

    # ---- the film ---------------------------------------------------------------------------------------------------

    def _command(self, sender: Occupant, command: SyncCommand, re: RequestId | None, now: float) -> None:
        room = self._room
        self._require_control(sender)
        mark = command.command_id
        if mark is not None and (sender.client_id, mark) in self._done:
            room.answer(command, sender=sender, re=re)
            return
        held = room.schedule.gate is not None
        lead = room.roster.lead() if sender.full else None
        done = room.schedule.apply(command, now, lead)
        if mark is not None:
            self._done[sender.client_id, mark] = None
            if len(self._done) > _COMMANDS_REMEMBERED:
                self._done.popitem(last=False)
        if done is None:
            room.answer(command, sender=sender, re=re)
            return
        if held and isinstance(done, Play):
            # Somebody wants to go on: the stalls of now are waited for no more, or the gate would close at once again.
            room.roster.forgive()
        room.broadcast(done, mark, sender=sender, re=re)

    def _report(self, sender: Occupant, report: Report, now: float) -> None:
        if not sender.full:
            return  # it never said Hello: it counts for nothing that reports are for
        if sender.hear(report, now):
            self._room.tell_how(sender, now)
        else:
            sender.untold = True  # told in a while, by the room's deadline

    # ---- the rules and the people -----------------------------------------------------------------------------------

    def _set_policy(self, sender: Occupant, change: SetPolicy, re: RequestId | None) -> None:
        room = self._room
        _require_host(sender, "change its rules")
        if change.password is not None and self._hashing is not None:
            raise RequestRefused("RateLimited", "another password is just being set in this room")
        changed = room.change_policy(change)
        if change.password == "":
            room.set_password_hash(None)
        if change.password:
            # The rest of the change does not wait for the hash. The answer does.
            if changed:
                room.announce(PolicyChanged(room.policy))
            self.hash_password(sender.client_id, change.password, re)
        else:
            room.announce(PolicyChanged(room.policy), sender=sender.client_id, re=re)

    def _set_role(self, sender: Occupant, message: SetRole, re: RequestId | None) -> None:
        room = self._room
        _require_host(sender, "give roles")
        member = self._member(message.client_id)
        if message.role == "host":
            room.roster.crown(member)
        elif member is sender:
            raise RequestRefused("Forbidden", "a room needs a host: make somebody else host instead")
        else:
            member.role = message.role
        if member is not sender and message.role == "host":
            room.announce(MemberChanged(sender.as_member()))
        room.announce(MemberChanged(member.as_member()), sender=sender.client_id, re=re)

    def _kick(self, sender: Occupant, message: Kick, re: RequestId | None) -> None:
        _require_host(sender, "send members away")
        member = self._member(message.client_id)
        if member is sender:
            raise RequestRefused("Forbidden", "to go yourself, leave the room")
        if message.ban:
            self._room.banned.append(member.client_id)
        reason: LeftReason = "banned" if message.ban else "kicked"
        self._room.show_out(member, reason, detail=message.reason, by=sender.client_id, re=re)

    # ---- who may ----------------------------------------------------------------------------------------------------

    def _member(self, client_id: str) -> Occupant:
        member = self._room.roster.get(client_id)
        if member is None:
            raise RequestRefused("NotInRoom", "there is no such member in this room")
        return member

    def _require_control(self, sender: Occupant) -> None:
        match self._room.policy.control:
            case "everyone":
                return
            case "controllers":
                if sender.role == "viewer":
                    raise RequestRefused("Forbidden", "only the host and the controllers may control this room")
            case "host":
                _require_host(sender, "control it")


def _require_host(sender: Occupant, what: str) -> None:
    if sender.role != "host":
        raise RequestRefused("Forbidden", f"only this room's host may {what}")
