"""Carry out the requests of a room's members, after checking that the member may make them.

A request that is not granted raises RequestRefused before it has changed anything; `Room` answers its sender.
What concerns the film and the queue is in ``media``.
"""

from typing import Final, assert_never

from hangd.engine.room import history, media, readiness, stalls
from hangd.engine.room.admission import bans, inviting
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.protocol import accounts, invites, messages, push
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId
from hangd.protocol.model import LeftReason

_COMMANDS_KEPT: Final = 64
"""Commands whose repetition is recognised. A client repeats one within seconds, after it has connected again; a room
gets a few commands a second at the most."""


def handle(
    room: RoomData, sender: RoomMember, message: messages.ClientMessage, re: RequestId | None, now: float
) -> None:
    """Carry out the request of a member that is present.

    Raises:
        RequestRefused: it is not granted, and nothing changed.
    """
    client_id = sender.client_id
    match message:
        case messages.Report():  # first: most are
            _report(room, sender, message, now)
        case messages.Play() | messages.Pause() | messages.Seek() | messages.Speed() | messages.Stop():
            _command(room, sender, message, re, now)
        case messages.LeaveRoom():
            room.pause_without(sender, now)
            room.remove(sender, "left", by=client_id, re=re)
        case messages.SetReady():
            _set_ready(room, sender, message, re)
        case messages.SetFile():
            media.set_file(room, sender, message, re)
        case (
            messages.SetMedia()
            | messages.QueueInsert()
            | messages.QueueRemove()
            | messages.QueueMove()
            | messages.SetEntry()
        ):
            _require_control(room, sender)
            media.handle(room, sender, message, re, now)
        case messages.Say(text=text):
            room.announce(messages.Said(client_id, text, at=now), sender=client_id, re=re)
        case messages.SetPolicy():
            _set_policy(room, sender, message, re)
        case messages.SetRole():
            _set_role(room, sender, message, re)
        case messages.Kick():
            _kick(room, sender, message, re, now)
        case messages.GetRoom():
            room.send((client_id,), messages.RoomState(room.view()), re)
        case invites.CreateInvite():
            _require_control(room, sender)
            inviting.create(room, sender, message, re, now)
        case invites.GetInvites():
            room.send((client_id,), inviting.listed(room, sender, now), re)
        case invites.RevokeInvites():
            inviting.revoke(room, sender, message, now)
            room.send((client_id,), messages.Done(), re)
        case invites.GetBans():
            _require_host(room, sender, "see its bans")
            room.send((client_id,), bans.listed(room, now), re)
        case invites.Unban(id=ban_id):
            _require_host(room, sender, "lift bans")
            bans.unban(room, ban_id, now)
            room.send((client_id,), bans.listed(room, now), re)
        case messages.Hello() | messages.Ping() | messages.CreateRoom() | messages.JoinRoom() | messages.ListRooms():
            raise RequestRefused("InvalidMessage", "that is not for a room to answer")
        case _ if isinstance(message, push.PushRequest | accounts.AccountRequest):
            raise RequestRefused("InvalidMessage", "that is not for a room to answer")
        case _:
            assert_never(message)


def password_hashed(room: RoomData, client_id: str, password_hash: str | None) -> None:
    """Complete the change of the password that this client requested. It was allowed to when it did."""
    if room.hashing is None or room.hashing[0] != client_id:
        return
    re, room.hashing = room.hashing[1], None
    if password_hash is None:
        room.refuse(client_id, RequestRefused("Internal", "the server could not set that password"), re)
        return
    room.set_password_hash(password_hash)
    room.announce(messages.PolicyChanged(room.policy, by=client_id), sender=client_id, re=re)


def hash_lost(room: RoomData, client_id: str) -> None:
    """Let the password be as it was, if a new one of this client was being hashed."""
    if room.hashing is not None and room.hashing[0] == client_id:
        room.hashing = None


def _command(
    room: RoomData, sender: RoomMember, command: messages.SyncCommand, re: RequestId | None, now: float
) -> None:
    _require_control(room, sender)
    key = None if command.command_id is None else (sender.client_id, command.command_id)
    if key in room.recent_commands:
        room.answer_unchanged(command, sender=sender, re=re)
        return
    if type(command) is messages.Play and not room.timeline.playing and readiness.has_to_wait(room):
        if not command.force:
            readiness.ask(room, sender, command, re, now)
            _remember(room, key)
            return
        _require_host(room, sender, "start before everybody is ready")
    was_gated = room.schedule.gate is not None
    lead = room.roster.lead if sender.full else None
    done = room.schedule.apply(command, now, lead)
    _remember(room, key)
    if done is None:
        room.answer_unchanged(command, sender=sender, re=re)
        return
    if type(done) is messages.Play and (was_gated or room.policy.stall == "pause"):
        # Somebody does not want to wait for the current stalls any longer. They would stop the room again at once.
        room.roster.ignore_stalls()
    if room.start is not None and isinstance(done, messages.Play | messages.Pause | messages.Stop):
        readiness.drop(room)
    room.broadcast(done, command.command_id, sender=sender, re=re)


def _remember(room: RoomData, key: tuple[str, str] | None) -> None:
    """Remember a command that was carried out, so that its repetition is recognised."""
    if key is not None:
        room.recent_commands[key] = None
        if len(room.recent_commands) > _COMMANDS_KEPT:
            room.recent_commands.popitem(last=False)


def _set_ready(room: RoomData, sender: RoomMember, message: messages.SetReady, re: RequestId | None) -> None:
    member = sender if message.client_id is None else _member(room, message.client_id)
    if member is not sender:
        _require_host(room, sender, "say that another member is ready")
    member.ready = message.ready
    room.announce(messages.MemberChanged(member.as_member()), sender=sender.client_id, re=re)


def _report(room: RoomData, sender: RoomMember, report: messages.Report, now: float) -> None:
    if not sender.full:
        return  # Neither gate nor lead depends on a basic member.
    history.reported(room, sender, report)
    room.untold.add(sender.client_id, changed=sender.apply(report, now))


def _set_policy(room: RoomData, sender: RoomMember, change: messages.SetPolicy, re: RequestId | None) -> None:
    _require_host(room, sender, "change its rules")
    room.settings.check_access(change.access)
    if change.password is not None and room.hashing is not None:
        raise RequestRefused.rate_limited("another password is just being set in this room", 1.0, limit="passwords")
    changed = room.change_policy(change)
    if change.wait is not None or change.stall is not None:
        stalls.forget(room)
    if change.password == "":
        room.set_password_hash(None)
    if change.password:
        # The other rules change at once. The answer to the request follows when the password is hashed.
        if changed:
            room.announce(messages.PolicyChanged(room.policy, by=sender.client_id))
        room.hash_password(sender.client_id, change.password, re)
    else:
        room.announce(messages.PolicyChanged(room.policy, by=sender.client_id), sender=sender.client_id, re=re)


def _set_role(room: RoomData, sender: RoomMember, message: messages.SetRole, re: RequestId | None) -> None:
    _require_host(room, sender, "give roles")
    member = _member(room, message.client_id)
    if message.role == "host":
        room.roster.make_host(member)
    elif member is sender:
        raise RequestRefused("Forbidden", "a room needs a host: make somebody else host instead")
    else:
        member.role = message.role
    if member is not sender and message.role == "host":
        room.announce(messages.MemberChanged(sender.as_member()))
    room.announce(messages.MemberChanged(member.as_member()), sender=sender.client_id, re=re)


def _kick(room: RoomData, sender: RoomMember, message: messages.Kick, re: RequestId | None, now: float) -> None:
    _require_host(room, sender, "send members away")
    member = _member(room, message.client_id)
    if member is sender:
        raise RequestRefused("Forbidden", "to go yourself, leave the room")
    reason: LeftReason = "banned" if message.ban else "kicked"
    if message.ban:
        # All that the same person is here, not only the member that is named, and has invited as any of them.
        held, former = bans.ban(room, sender, member, message.reason, now)
        inviting.revoke_for_ban(room, (*held, *former), now)
        for other in held:
            if other is not member:
                room.remove(other, reason, detail=message.reason, by=sender.client_id)
    room.remove(member, reason, detail=message.reason, by=sender.client_id, re=re)


def _member(room: RoomData, client_id: str) -> RoomMember:
    member = room.roster.get(client_id)
    if member is None:
        raise RequestRefused("NotInRoom", "there is no such member in this room any more")
    return member


def _require_control(room: RoomData, sender: RoomMember) -> None:
    if room.may_control(sender):
        return
    if room.policy.control == "host":
        _require_host(room, sender, "control it")
    raise RequestRefused("Forbidden", f"only the host and the controllers may control this room: {room.ask_host()}")


def _require_host(room: RoomData, sender: RoomMember, what: str) -> None:
    if sender.role != "host":
        raise RequestRefused("Forbidden", f"only this room's host may {what}: {room.ask_host()}")
