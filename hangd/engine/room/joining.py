"""Let clients into a room: who may enter, under which name, and who is host.

A password is compared outside the event loop (`CheckPassword`). When the result has come all rules are applied again,
because the room may have been locked, filled or given another password meanwhile.
"""

import hashlib
import hmac
import math
from collections.abc import Iterable
from typing import Final

from hangd.engine.room.effects import CheckPassword, ForgetMember
from hangd.engine.room.file_match import compare_files
from hangd.engine.room.inputs import CreateRequested, EntryRequest, JoinRequested
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import PendingJoin, RoomData
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import MemberChanged, MemberJoined, RoomCreated, RoomJoined
from hangd.protocol.model import NAME_MAX

_GUEST_DIGITS: Final = range(5, 27)
"""Digits of its client id in the name of a basic client, if the name with four is taken. "guest-" and 26 digits fill
the longest name."""


def request(room: RoomData, input: EntryRequest, now: float) -> None:
    """Let a client in that asks for it, or refuse it."""
    if input.client_id in room.roster or input.client_id in room.pending:
        refused = RequestRefused("AlreadyInRoom", "you are in this room already")
        room.refuse(input.client_id, refused, input.request_id)
    elif isinstance(input, CreateRequested):
        _create(room, input)
    else:
        _admit(room, input, now, proven=None)


def password_checked(room: RoomData, client_id: str, now: float, *, matches: bool) -> None:
    """Go on with the client whose password has been compared."""
    pending = room.pending.pop(client_id, None)
    if pending is None:
        return  # Its connection broke meanwhile.
    if matches:
        _admit(room, pending.request, now, proven=pending.password_hash)
    else:
        room.wrong_passwords.take(now)
        _refuse(room, pending.request, RequestRefused("WrongPassword", "wrong password"))


def _create(room: RoomData, input: CreateRequested) -> None:
    message = input.message
    if room.forgotten:
        return _refuse(room, input, RequestRefused("RoomNotFound", "there is no such room"))
    if room.host_digest is not None:
        return _refuse(room, input, RequestRefused("AlreadyInRoom", "this room exists already"))
    # The secret is 128 random bits or more, so its digest needs no salt.
    room.host_digest = _digest(input.host_secret)
    room.name = message.name
    room.set_first_film(message.file_hash, message.file)
    if message.policy is not None:
        room.change_policy(message.policy)
        if message.policy.password and room.password_hash is None:
            room.hash_password(input.client_id, message.policy.password, None)
    _add(room, input, verifying=False)
    created = RoomCreated(room.room_id, input.client_id, input.host_secret, room.view())
    room.send((input.client_id,), created, input.request_id)


def _admit(room: RoomData, input: JoinRequested, now: float, *, proven: str | None) -> None:
    """Let a client in, refuse it, or order its password to be compared. ``proven``: the hash that it matched."""
    message = input.message
    is_owner = _is_owner(room, message.host_secret)
    try:
        if room.host_digest is None or room.forgotten:
            raise RequestRefused("RoomNotFound", "there is no such room")
        if input.client_id in room.banned:
            raise RequestRefused("Banned", "you are banned from this room")
        if room.policy.locked and not is_owner:
            raise RequestRefused("RoomLocked", "this room is locked: nobody else is let in for now")
        if len(room.roster) >= room.policy.capacity:
            raise RequestRefused("RoomFull", f"this room is full: it takes {room.policy.capacity}")
        if room.password_hash is not None and not is_owner and proven != room.password_hash:
            if message.password is None:
                raise RequestRefused("WrongPassword", "this room has a password")
            if (wait := room.wrong_passwords.wait(now)) > 0:
                raise RequestRefused.rate_limited(f"too many wrong passwords: wait {math.ceil(wait)} seconds")
            room.pending[input.client_id] = PendingJoin(input, room.password_hash)
            room.effects.append(CheckPassword(input.client_id, message.password, room.password_hash))
            return
        verifying = compare_files(room, message.file_hash, message.file)
    except RequestRefused as refused:
        _refuse(room, input, refused)
        return
    room.learn_file(message.file_hash, message.file)
    member = _add(room, input, verifying=verifying)
    old_host = room.roster.make_host(member) if is_owner else None
    joined = RoomJoined(room.room_id, member.client_id, member.role == "host", room.view())
    room.send((member.client_id,), joined, input.request_id)
    room.send(room.roster.full_ids(but=member.client_id), MemberJoined(member.as_member()))
    if old_host is not None:
        room.send(room.roster.full_ids(but=member.client_id), MemberChanged(old_host.as_member()))


def _add(room: RoomData, input: EntryRequest, *, verifying: bool) -> RoomMember:
    member = RoomMember(
        client_id=input.client_id,
        name=_name_for(room, input),
        full=input.full,
        file_hash=input.message.file_hash,
        file=input.message.file,
        verifying=verifying,
    )
    room.roster.add(member)
    return member


def _name_for(room: RoomData, input: EntryRequest) -> str:
    """Return the name that the client asked for, or a similar one if a present member has that name.

    It is not refused: it may be a second screen of the same person.
    """
    roster = room.roster
    if not roster.name_taken(input.name):
        return input.name
    if input.full:
        others: Iterable[str] = (_numbered(input.name, number) for number in range(2, len(roster) + 3))
    else:
        others = (f"guest-{input.client_id[:digits]}" for digits in _GUEST_DIGITS)
    return next((name for name in others if not roster.name_taken(name)), input.name)


def _is_owner(room: RoomData, secret: str | None) -> bool:
    # A wrong secret is not an error: RoomJoined says who is host, and a client may offer an old secret.
    digest = room.host_digest
    return secret is not None and digest is not None and hmac.compare_digest(_digest(secret), digest)


def _refuse(room: RoomData, input: EntryRequest, refused: RequestRefused) -> None:
    room.refuse(input.client_id, refused, input.request_id)
    room.effects.append(ForgetMember(input.client_id, "refused"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _numbered(name: str, number: int) -> str:
    """Return "ann-2" for "ann", shortened to the longest name that is allowed."""
    suffix = f"-{number}"
    return name[: NAME_MAX - len(suffix)].rstrip() + suffix
