"""Let clients into a room: who may enter, under which name, and who is host.

Who may come in is asked in this order: is it banned, is the room locked, may it come in by ``access``, is there space
(``places``), does it know the password, has it the film. The owner always comes in, and is host; without the film, if
the one that it has is another one. A password is compared outside the event loop (`CheckPassword`). When the
result has come all rules are applied again, because the room may have been locked, filled or given another password
meanwhile.

A signed invite stands in for the password, also when its member comes back, and for the policy ``access``, and gives a
new member its role. It opens no lock and lifts no ban. A bad one does not matter where anybody may come in.

A client that shows the secret of a former member, or of one that is away, has come back: it gets that role and,
where nobody else has it now, its name. The secret of a member that is present proves nothing.

A client without a secret, called as members that are away, is taken for their person, whose daemon crashed before it
could keep the secret: their places are given up, so that one person has one row. It gets nothing of theirs, and if it
is somebody else they can still come back by their secrets. A host's place is not given up, because another member
would be host then.
"""

import hashlib
import hmac
from collections.abc import Callable

from msgspec.structs import replace

from hangd.engine.room import stalls
from hangd.engine.room.admission import attendance, bans, inviting, places
from hangd.engine.room.admission.identity import NEEDS_ACCOUNT, BadInvite, GivenInvite, Identity, merged
from hangd.engine.room.admission.naming import is_numbered, keep_apart, name_for
from hangd.engine.room.effects import CheckPassword, CountGuess, ForgetMember, LetIn, ShowRoom
from hangd.engine.room.file_match import compare_files, learn
from hangd.engine.room.inputs import CheckLost, CreateRequested, EntryRequest, JoinRequested, PasswordChecked
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import FormerMember
from hangd.engine.room.state import PendingJoin, RoomData
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import MemberChanged, MemberJoined, RoomCreated, RoomJoined
from hangd.protocol.model import Role


def request(room: RoomData, input: EntryRequest, now: float) -> None:
    """Let a client in that asks for it, or refuse it."""
    if input.client_id in room.roster or input.client_id in room.pending:
        refused = RequestRefused("AlreadyInRoom", "you are in this room already")
        room.refuse(input.client_id, refused, input.request_id)
    elif isinstance(input, CreateRequested):
        _create(room, input, now)
    else:
        if _proves_nothing(room, input):
            room.effects.append(CountGuess(input.client_id))
        _admit(room, input, now, proven=None)


def answer_lost(room: RoomData, input: EntryRequest, now: float) -> bool:
    """Answer a client again that was let in, or is about to be, and has not heard of it.

    Returns whether what is saved of the members has changed.
    """
    member = room.roster.get(input.client_id)
    if member is None:
        room.pending.pop(input.client_id, None)
        room.comparing.discard(input.client_id)  # Nobody may be comparing its password any more.
        request(room, input, now)
        return False
    if not member.present:
        return _resume(room, member, input.identity, now, lambda: _answer_again(room, input, member))
    _answer_again(room, input, member)
    return False


def _answer_again(room: RoomData, input: EntryRequest, member: RoomMember) -> None:
    shown = [input.return_secret] + ([input.message.return_secret] if isinstance(input, JoinRequested) else [])
    secret = next((one for one in shown if one is not None and _digest(one) == member.return_digest), None)
    room.effects.append(LetIn(member.client_id))
    answer: RoomCreated | RoomJoined
    if isinstance(input, CreateRequested):
        answer = RoomCreated(room.room_id, member.client_id, input.host_secret, room.view(), secret)
    else:
        answer = RoomJoined(room.room_id, member.client_id, member.role == "host", room.view(), secret)
    room.send((member.client_id,), answer, input.request_id)


def password_checked(room: RoomData, input: PasswordChecked | CheckLost, now: float) -> None:
    """Go on with the client whose password has been compared, and with those that wait for that."""
    client_id, matches = input.client_id, input.matches if isinstance(input, PasswordChecked) else False
    if isinstance(input, CheckLost) and client_id not in room.comparing:
        return
    room.comparing.discard(client_id)
    if matches is False:
        # What is not known counts, too: tries that are broken off were a way past the limit.
        room.wrong_passwords.take(now)
    pending = room.pending.pop(client_id, None)  # None: its connection broke meanwhile.
    if pending is not None and matches is True:
        _admit(room, pending.request, now, proven=pending.password_hash)
    elif pending is not None:
        wrong = RequestRefused("WrongPassword", "wrong password: ask a member of this room for it, or for an invite")
        _refuse(room, pending.request, wrong if isinstance(matches, bool) else matches)
    waiting = [one.request for one in room.pending.values() if one.password_hash is None]
    for request in waiting:
        if room.comparing and room.wrong_passwords.left(now) <= len(room.comparing):
            break
        del room.pending[request.client_id]
        _admit(room, request, now, proven=None)


def close(room: RoomData) -> None:
    """Refuse all that wait to be let in: the room is forgotten."""
    for pending in room.pending.values():
        _refuse(room, pending.request, _no_room())
    room.pending.clear()


def resumed(room: RoomData, client_id: str, identity: Identity, now: float) -> bool:
    """Let a member go on that has a connection again, unless a ban holds who it is by now.

    Returns whether what is saved of the members has changed.
    """
    member = room.roster.get(client_id)
    if member is None:
        room.effects.append(ShowRoom(client_id, None))
        return False
    return _resume(room, member, identity, now, lambda: room.effects.append(ShowRoom(client_id, room.view())))


def _resume(room: RoomData, member: RoomMember, identity: Identity, now: float, show: Callable[[], None]) -> bool:
    """Let a member go on. ``show``: shows it the room. Returns as `resumed`.

    Where an account is needed, a member may come back without one, because its token may have expired meanwhile. It
    may not do so twice: then it would hear the room for as long as it likes.
    """
    known = member.tags, member.account
    is_strange = room.settings.needs_account and member.account is None and identity.account is None
    member.resume(now)
    room.roster.presence_changed()
    renamed = keep_apart(room, member)
    is_banned = bans.identified(room, member, identity)
    show()
    if is_banned:
        _put_out(room, member, now)
    elif is_strange:
        room.pause_without(member, now)
        room.remove(member, "left", detail=NEEDS_ACCOUNT.message)
    else:
        attendance.owned(room, member)
        room.announce_member(member)
    return renamed or known != (member.tags, member.account)


def identified(room: RoomData, client_id: str, identity: Identity, now: float) -> RoomMember | None:
    """Take in who a client is by now, that is in the room or wants to be. Returns it if it is a member, and stays."""
    if (pending := room.pending.get(client_id)) is not None:
        pending.request = replace(pending.request, identity=identity)
    member = room.roster.get(client_id)
    if member is None:
        return None
    if not bans.identified(room, member, identity, logged_out=True):
        attendance.owned(room, member)
        return member
    _put_out(room, member, now)
    return None


def _put_out(room: RoomData, member: RoomMember, now: float) -> None:
    """Remove a member of which it turns out that a ban holds it."""
    inviting.revoke_for_ban(room, (member,), now)
    room.pause_without(member, now)
    room.remove(member, "banned", detail=bans.BANNED.message)


def _create(room: RoomData, input: CreateRequested, now: float) -> None:
    message = input.message
    if room.forgotten:
        return _refuse(room, input, _no_room())
    if room.host_digest is not None:
        return _refuse(room, input, RequestRefused("AlreadyInRoom", "this room exists already"))
    try:
        room.settings.check_access(message.policy.access if message.policy else None)
    except RequestRefused as refused:
        return _refuse(room, input, refused)
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
    """Let a client in, refuse it, or let its password be compared. ``proven``: the hash that it matched."""
    message = input.message
    is_owner = _is_owner(room, message.host_secret)
    before = _member_before(room, input)
    away = [before] if isinstance(before, RoomMember) else [] if before is not None else _namesakes(room, input)
    try:
        if room.host_digest is None or room.forgotten:
            raise _no_room()
        if not is_owner:
            bans.check(room, input, _known(input, before), proven=before is not None, now=now)
        if room.policy.locked and not is_owner and before is None:
            raise RequestRefused(
                "RoomLocked",
                "this room is locked: only those who were members when it was locked are let in, until its host "
                "unlocks it",
            )
        invite = input.invite if isinstance(input.invite, GivenInvite) else None
        fault = _fault(room, input)
        is_invited = invite is not None and fault is None
        if not is_owner and before is None and not is_invited:
            _check_access(room, input, fault)
        given = places.given_up(room, away, is_owner=is_owner)
        # An invite with few uses would be used up when its member comes back.
        was_invited = before is not None and before.invited
        if (
            room.password_hash is not None
            and not (is_owner or is_invited or was_invited)
            and proven != room.password_hash
        ):
            _compare_password(room, input, fault, now)
            return
        # A full client that has told of no file is a member without the film, and may bring it later by SetFile.
        without_film = input.full and message.file_hash is None and message.file is None
        try:
            verifying = not without_film and compare_files(room, message.file_hash, message.file)
        except RequestRefused:
            if not is_owner:
                raise
            # The room has moved on to another film. Its owner comes in without it.
            verifying, message = False, replace(message, file_hash=None, file=None)
            input = replace(input, message=message)
    except RequestRefused as refused:
        _refuse(room, input, refused)
        return
    was_host = any(member.role == "host" for member in away)
    for member in away + given:
        if member.present:
            room.remove(member, "left", detail="this room is full, and you came in by another connection")
        else:
            room.remove(member, "lost")
    own = input.return_secret if input.full else None
    secret = own if before is None else message.return_secret
    used = invite if is_invited and before is None and not is_owner else None
    member = _add(room, input, secret, now, before, used, verifying=verifying)
    old_host = room.roster.make_host(member) if is_owner or was_host else None
    learn(room)
    joined = RoomJoined(room.room_id, member.client_id, member.role == "host", room.view(), secret)
    room.send((member.client_id,), joined, input.request_id)
    room.tell("full", MemberJoined(member.as_member()), but=member.client_id)
    if old_host is not None:
        room.tell("full", MemberChanged(old_host.as_member()), but=member.client_id)


def _fault(room: RoomData, input: JoinRequested) -> str | None:
    """Return why the invite that a client has given lets nobody in. None: it does, or none was given."""
    match input.invite:
        case None:
            return None
        case BadInvite(why=why):
            return why
        case given:
            return inviting.fault(room, given)


def _check_access(room: RoomData, input: JoinRequested, fault: str | None) -> None:
    """Check that somebody may come in who was no member before, does not own the room, and has no good invite.

    Raises:
        RequestRefused: Unauthorized, InvalidInvite, RateLimited.
    """
    access = room.policy.access
    if access == "anyone" or (access == "accounts" and input.identity.account is not None):
        return
    if input.limited is not None and isinstance(input.invite, BadInvite):
        raise input.limited
    if fault is not None:
        raise RequestRefused("InvalidInvite", fault)
    if access == "invited":
        raise RequestRefused("InvalidInvite", "this room is only for those who are invited: ask a member for an invite")
    raise RequestRefused(
        "Unauthorized",
        "this room is only for those who have an account at this server: log in, or ask a member for an invite",
        details={"need": "account"},
    )


def _compare_password(room: RoomData, input: JoinRequested, fault: str | None, now: float) -> None:
    """Let the client's password be compared, at once or after those of others.

    Only as many are compared at a time as may be wrong, so that tries at once are no way past the limit; and nobody is
    refused because others, who know the password, come in at the same time.

    Raises:
        RequestRefused: it has given none, or it has to wait.
    """
    password, password_hash = input.message.password, room.password_hash
    assert password_hash is not None
    if password is None and fault is not None:
        raise input.limited or RequestRefused("InvalidInvite", fault)
    if password is None:
        raise RequestRefused("WrongPassword", "this room has a password: ask a member for it, or for an invite")
    if input.limited is not None:
        raise input.limited
    if room.wrong_passwords.left(now) > len(room.comparing):
        room.comparing.add(input.client_id)
        room.pending[input.client_id] = PendingJoin(input, password_hash)
        room.effects.append(CheckPassword(input.client_id, password, password_hash))
    elif room.comparing:
        room.pending[input.client_id] = PendingJoin(input)
    else:
        wait = room.wrong_passwords.wait(now)
        raise RequestRefused.rate_limited("too many wrong passwords for this room", round(wait, 3), limit="guesses")


def _proves_nothing(room: RoomData, input: JoinRequested) -> bool:
    """Tell whether a client shows a secret that nobody has here. It may be an old one, of a room of the same name."""
    message = input.message
    digest = None if message.return_secret is None else _digest(message.return_secret)
    known = digest is None or digest in room.former or any(member.return_digest == digest for member in room.roster)
    return not known or (message.host_secret is not None and not _is_owner(room, message.host_secret))


def _add(
    room: RoomData,
    input: EntryRequest,
    secret: str | None,
    now: float,
    before: RoomMember | FormerMember | None = None,
    invite: GivenInvite | None = None,
    *,
    verifying: bool,
) -> RoomMember:
    """Make the client a member.

    Args:
        secret: with which it may come back.
        before: the member that it was.
        invite: by which it has come in.
    """
    if invite is not None:
        inviting.use(room, invite)
    digest = None if secret is None else _digest(secret)
    if digest is not None:
        room.former.pop(digest, None)
    member = RoomMember(
        client_id=input.client_id,
        name=name_for(room, input, None if before is None else before.name),
        full=input.full,
        role=_role(before, invite),
        return_digest=digest,
        file_hash=input.message.file_hash,
        file=input.message.file,
        verifying=verifying,
        heard_at=now,
        tags=_known(input, before),
        account=input.identity.account,
        owner=isinstance(input, CreateRequested) or _is_owner(room, input.message.host_secret),
        invited=invite is not None or (before is not None and before.invited),
        may_have_invites=before is not None and before.may_have_invites,
    )
    room.roster.add(member)
    attendance.owned(room, member)
    stalls.came(room, member)
    room.effects.append(LetIn(member.client_id))
    return member


def _known(input: EntryRequest, before: RoomMember | FormerMember | None) -> tuple[str, ...]:
    """Return by what a client is known that wants to come in. ``before``: the member that it was."""
    return merged(() if before is None else before.tags, input.identity)


def _role(before: RoomMember | FormerMember | None, invite: GivenInvite | None) -> Role:
    if before is not None:
        return "viewer" if before.role == "host" else before.role
    return "viewer" if invite is None else invite.role


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
    return [member for member in away if input.full and is_numbered(member.name, input.name)]


def _is_owner(room: RoomData, secret: str | None) -> bool:
    # A wrong secret is not an error: RoomJoined says who is host, and a client may offer an old secret.
    digest = room.host_digest
    return secret is not None and digest is not None and hmac.compare_digest(_digest(secret), digest)


def _no_room() -> RequestRefused:
    return RequestRefused("RoomNotFound", "there is no such room any more: create it")


def _refuse(room: RoomData, input: EntryRequest, refused: RequestRefused) -> None:
    room.refuse(input.client_id, refused, input.request_id)
    room.effects.append(ForgetMember(input.client_id, "refused"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
