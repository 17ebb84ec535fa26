"""Let clients into a room: who may enter, under which name, and who is host.

A password is compared outside the event loop (`CheckPassword`). When the result has come all rules are applied again,
because the room may have been locked, filled or given another password meanwhile.

A client that shows the secret of a former member, or of one that is away, has come back: it gets that role and,
where nobody else has it now, its name. The secret of a member that is present proves nothing.

A client without a secret, called as members that are away, is taken for their person, whose daemon crashed before it
could keep the secret: their places are given up, so that one person has one row. It gets nothing of theirs, and if it
is somebody else they can still come back by their secrets. A host's place is not given up, because another member
would be host then.
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
from hangd.engine.room.saved import FormerMember
from hangd.engine.room.state import PendingJoin, RoomData
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import MemberChanged, MemberJoined, RoomCreated, RoomJoined
from hangd.protocol.names import NAME_MAX, member_key, without_ignorable

_GUEST_DIGITS: Final = range(5, 27)
"""Digits of its client id in the name of a basic client, if the name with four is taken. "guest-" and 26 digits fill
the longest name."""


def request(room: RoomData, input: EntryRequest, now: float) -> None:
    """Let a client in that asks for it, or refuse it."""
    if input.client_id in room.roster or input.client_id in room.pending:
        refused = RequestRefused("AlreadyInRoom", "you are in this room already")
        room.refuse(input.client_id, refused, input.request_id)
    elif isinstance(input, CreateRequested):
        _create(room, input, now)
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


def _create(room: RoomData, input: CreateRequested, now: float) -> None:
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
    verifying = room.file_hash is None and room.policy.match == "hash"
    secret = input.return_secret if input.full else None
    _add(room, input, secret, now, verifying=verifying)
    created = RoomCreated(room.room_id, input.client_id, input.host_secret, room.view(), secret)
    room.send((input.client_id,), created, input.request_id)


def _admit(room: RoomData, input: JoinRequested, now: float, *, proven: str | None) -> None:
    """Let a client in, refuse it, or order its password to be compared. ``proven``: the hash that it matched."""
    message = input.message
    is_owner = _is_owner(room, message.host_secret)
    before = _member_before(room, input)
    away = [before] if isinstance(before, RoomMember) else [] if before is not None else _namesakes(room, input)
    try:
        if room.host_digest is None or room.forgotten:
            raise RequestRefused("RoomNotFound", "there is no such room")
        if input.client_id in room.banned:
            raise RequestRefused("Banned", "you are banned from this room")
        if room.policy.locked and not is_owner and before is None:
            raise RequestRefused(
                "RoomLocked",
                "this room is locked: only those who were members when it was locked are let in, until its host "
                "unlocks it",
            )
        if len(room.roster) - len(away) >= room.policy.capacity:
            raise RequestRefused("RoomFull", f"this room is full: it takes {room.policy.capacity}")
        if room.password_hash is not None and not is_owner and proven != room.password_hash:
            if message.password is None:
                raise RequestRefused("WrongPassword", "this room has a password")
            if (wait := room.wrong_passwords.wait(now)) > 0:
                raise RequestRefused.rate_limited(f"too many wrong passwords: wait {math.ceil(wait)} seconds")
            room.pending[input.client_id] = PendingJoin(input, room.password_hash)
            room.effects.append(CheckPassword(input.client_id, message.password, room.password_hash))
            return
        # A full client that has told of no file is a member without the film, and may bring it later by SetFile.
        without_film = input.full and message.file_hash is None and message.file is None
        verifying = not without_film and compare_files(room, message.file_hash, message.file)
    except RequestRefused as refused:
        _refuse(room, input, refused)
        return
    room.learn_file(message.file_hash, message.file)
    was_host = any(member.role == "host" for member in away)
    for member in away:
        room.remove(member, "lost")
    own = input.return_secret if input.full else None
    secret = own if before is None else message.return_secret
    member = _add(room, input, secret, now, before, verifying=verifying)
    old_host = room.roster.make_host(member) if is_owner or was_host else None
    joined = RoomJoined(room.room_id, member.client_id, member.role == "host", room.view(), secret)
    room.send((member.client_id,), joined, input.request_id)
    room.send(room.roster.full_ids(but=member.client_id), MemberJoined(member.as_member()))
    if old_host is not None:
        room.send(room.roster.full_ids(but=member.client_id), MemberChanged(old_host.as_member()))


def _add(
    room: RoomData,
    input: EntryRequest,
    secret: str | None,
    now: float,
    before: RoomMember | FormerMember | None = None,
    *,
    verifying: bool,
) -> RoomMember:
    """Make the client a member. ``secret``: with which it may come back. ``before``: the member that it was."""
    digest = None if secret is None else _digest(secret)
    if digest is not None:
        room.former.pop(digest, None)
    member = RoomMember(
        client_id=input.client_id,
        name=_name_for(room, input, None if before is None else before.name),
        full=input.full,
        role="viewer" if before is None or before.role == "host" else before.role,
        return_digest=digest,
        file_hash=input.message.file_hash,
        file=input.message.file,
        verifying=verifying,
        heard_at=now,
    )
    room.roster.add(member)
    return member


def _name_for(room: RoomData, input: EntryRequest, before: str | None) -> str:
    """Return the name that the client asked for, or a similar one if a present member has a name that looks alike.

    It is not refused: it may be a second screen of the same person. ``before``: the name that the client had when it
    was a member before. It has it again, if that is the name that it asks for, with a number perhaps.
    """
    taken = room.roster.taken_names()
    if before is not None and _is_numbered(before, input.name) and member_key(before) not in taken:
        return before
    if member_key(input.name) not in taken:
        return input.name
    if input.full:
        others: Iterable[str] = (_numbered(input.name, number) for number in range(2, len(taken) + 3))
    else:
        others = (f"guest-{input.client_id[:digits]}" for digits in _GUEST_DIGITS)
    return next((name for name in others if member_key(name) not in taken), input.name)


def _member_before(room: RoomData, input: JoinRequested) -> RoomMember | FormerMember | None:
    """Return the member that this client was before: one that has gone, or one that is away."""
    secret = input.message.return_secret
    if secret is None or not input.full:
        return None
    # Finding a digest, unlike comparing secrets, takes a time from which nobody learns the secret.
    digest = _digest(secret)
    away = (member for member in room.roster if not member.present and member.return_digest == digest)
    return room.former.get(digest) or next(away, None)


def _namesakes(room: RoomData, input: JoinRequested) -> list[RoomMember]:
    """Return the members that are away, called as this client wants to be, or that with a number. None of them is host.

    A daemon that crashed twice, while the server had not noticed the first time, was "ann" and "ann-2".
    """
    away = [member for member in room.roster if not member.present and member.role != "host"]
    return [member for member in away if input.full and _is_numbered(member.name, input.name)]


def _is_owner(room: RoomData, secret: str | None) -> bool:
    # A wrong secret is not an error: RoomJoined says who is host, and a client may offer an old secret.
    digest = room.host_digest
    return secret is not None and digest is not None and hmac.compare_digest(_digest(secret), digest)


def _refuse(room: RoomData, input: EntryRequest, refused: RequestRefused) -> None:
    room.refuse(input.client_id, refused, input.request_id)
    room.effects.append(ForgetMember(input.client_id, "refused"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _is_numbered(name: str, asked: str) -> bool:
    """Tell whether ``name`` is what a client that asked for ``asked`` may be called: that, or that with a number."""
    _, _, number = name.rpartition("-")
    return name == asked or (number.isdecimal() and number.isascii() and name == _numbered(asked, int(number)))


def _numbered(name: str, number: int) -> str:
    """Return "ann-2" for "ann", shortened to the longest name that is allowed.

    What is not shown is left out: it looked like part of the other member's name.
    """
    suffix = f"-{number}"
    return without_ignorable(name)[: NAME_MAX - len(suffix)].rstrip() + suffix
