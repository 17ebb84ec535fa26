"""Signed invites to a room: who may make them, which are still good, and whom they let in.

The server signs an invite, and its token says who made it, for which role and until when; the room need not remember
it. It remembers the last hundred to show them, and each one with a limit of uses until that is used up: one of those
that it does not know lets nobody in.

What is revoked is remembered as marks: the id of one invite, or "AGE:ISSUER" for all that an issuer has made up to an
age. A newer mark of an issuer covers its older ones, and replaces them. Ids have a pattern without a colon.

An invite's id says how old it is. That age is a number which rises with each revocation of many, so "all until now" is
all of a smaller age. No clock is asked, which could be wrong. After a restart the age is higher by far, so that no
invite is younger whose room was not saved any more.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from hangd.engine.room.admission.identity import GivenInvite, is_account
from hangd.engine.room.effects import SignInvite
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import FormerMember, KeptInvite
from hangd.engine.room.state import RoomData
from hangd.protocol import invites
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId
from hangd.protocol.model import INVITE_ID, INVITE_SECONDS_MAX

_KEPT_MOST: Final = 100
_REVOKED_MOST: Final = 256
_REVOKED_BY_OTHERS: Final = 128
"""Up to so many revocations others than the host may add theirs, so that they leave it a place."""
_REVOKED_SECONDS: Final = INVITE_SECONDS_MAX + 86400.0
"""How long a revocation is kept: an invite that it is about has expired by then, also by a clock that is a day off."""

_LIMITED: Final = "u"
_ID: Final = re.compile(INVITE_ID)
_MARK: Final = re.compile(r"([0-9]{1,20}):(.+)")
_REVOKED: Final = "this invite was revoked: ask for a new one"


def create(room: RoomData, sender: RoomMember, message: invites.CreateInvite, re: RequestId | None, now: float) -> None:
    """Order an invite to be signed, for a member that may control the room.

    Raises:
        RequestRefused: the server signs none, only the host may give this role, or there are too many invites.
    """
    if not room.settings.invites:
        raise RequestRefused("Forbidden", "this server signs no invites: give others the room's name, and its password")
    if message.role != "viewer" and sender.role != "host":
        raise RequestRefused("Forbidden", f"only this room's host may invite controllers: {room.ask_host()}")
    _forget_old(room, now)
    if len(room.invites) >= _KEPT_MOST:
        oldest = next((one for one in room.invites.values() if one.uses is None), None)
        if oldest is None:
            raise RequestRefused(
                "TooLarge", f"this room has {_KEPT_MOST} invites with a limit of uses: revoke some of them first"
            )
        del room.invites[oldest.id]
    invite_id = f"{room.invite_age}-{room.new_id('i' if message.uses is None else _LIMITED, short=True)}"
    until = now + message.expires_in
    made = KeptInvite(invite_id, message.role, sender.name, _issuers(room, sender)[0], until, message.uses)
    room.invites[invite_id] = made
    sender.may_have_invites = True
    room.effects.append(SignInvite(sender.client_id, _told(made, now), made.issuer, re))


def listed(room: RoomData, sender: RoomMember, now: float) -> invites.Invites:
    """Return the invites that this member may know of: the host all of them, others their own."""
    mine = _issuers(room, sender)
    alive = _alive(room, now).values()
    known = [one for one in alive if sender.role == "host" or one.issuer in mine]
    return invites.Invites(tuple(_told(one, now) for one in reversed(known)))


def revoke(room: RoomData, sender: RoomMember, message: invites.RevokeInvites, now: float) -> None:
    """Let nobody in any more by some invites.

    Raises:
        RequestRefused: there is no such invite, it is another member's, or too many revocations are kept already.
    """
    if message.everybodys:
        if sender.role != "host":
            raise RequestRefused(
                "Forbidden", f"only this room's host may revoke everybody's invites: {room.ask_host()}"
            )
        _revoke_everybodys(room)
    elif message.id is not None:
        _revoke_one(room, sender, message.id, now)
    else:
        _revoke_all_of(room, (sender,), now, _most_for(sender))


def revoke_for_ban(room: RoomData, held: Iterable[RoomMember | FormerMember], now: float) -> None:
    """Revoke the invites of all whom a ban holds; everybody's, if there is no space for that many revocations."""
    try:
        _revoke_all_of(room, held, now, _REVOKED_MOST)
    except RequestRefused:
        _revoke_everybodys(room)


def fault(room: RoomData, given: GivenInvite) -> str | None:
    """Return why an invite that the server has signed does not let anybody into this room. None: it does."""
    if given.room_id != room.room_id:
        return "this invite is for another room: ask a member of this one for an invite"
    if _ID.search(given.id) is None or given.id in room.revoked:
        return _REVOKED
    age = int(given.id.partition("-")[0])
    if age < room.invites_from or any(
        issuer == given.issuer and age <= until for until, issuer in filter(None, map(_marked, room.revoked))
    ):
        return _REVOKED
    if _is_limited(given.id) and given.id not in room.invites:
        return "this invite has been used up, or was revoked: ask for a new one"
    return None


def use(room: RoomData, given: GivenInvite) -> None:
    """Count that this invite has let a new member in."""
    kept = room.invites.get(given.id)
    if kept is None or kept.uses is None:
        return
    if kept.uses > 1:
        room.invites[given.id] = replace(kept, uses=kept.uses - 1)
    else:
        del room.invites[given.id]


def check(room: RoomData) -> None:
    """Assert the invariants."""
    assert len(room.invites) <= _KEPT_MOST
    assert len(room.revoked) <= _REVOKED_MOST
    assert room.invites_from <= room.invite_age
    assert all(one.uses is None or one.uses > 0 for one in room.invites.values())
    assert all((one.uses is not None) == _is_limited(one.id) for one in room.invites.values())


def _revoke_one(room: RoomData, sender: RoomMember, invite_id: str, now: float) -> None:
    _forget_old(room, now)
    kept = room.invites.get(invite_id)
    if sender.role != "host" and (kept is None or kept.issuer not in _issuers(room, sender)):
        raise RequestRefused("Forbidden", f"that is no invite of yours: {room.ask_host()}")
    if not _is_limited(invite_id):
        _check_space(room, int(invite_id not in room.revoked), _most_for(sender))
        room.revoked[invite_id] = now + _REVOKED_SECONDS
    room.invites.pop(invite_id, None)


def _revoke_all_of(room: RoomData, makers: Iterable[RoomMember | FormerMember], now: float, most: int) -> None:
    """Revoke the invites that these have made. Raises RequestRefused: more than ``most`` revocations would be kept.

    Whoever has made none gets no mark, unless by its account: other members may have been that, too.
    """
    _forget_old(room, now)
    issuers = dict.fromkeys(
        issuer
        for maker in makers
        for issuer in (_issuers(room, maker) if maker.may_have_invites else _issuers_of_accounts(room, maker))
    )
    if not issuers:
        return
    others = {mark: until for mark, until in room.revoked.items() if (_marked(mark) or (0, ""))[1] not in issuers}
    _check_space(room, len(issuers) - (len(room.revoked) - len(others)), most)
    room.invites = {invite_id: one for invite_id, one in room.invites.items() if one.issuer not in issuers}
    room.revoked = others | {f"{room.invite_age}:{issuer}": now + _REVOKED_SECONDS for issuer in issuers}
    room.invite_age += 1


def _revoke_everybodys(room: RoomData) -> None:
    room.invites.clear()
    room.revoked.clear()
    room.invite_age += 1
    room.invites_from = room.invite_age


def _most_for(sender: RoomMember) -> int:
    return _REVOKED_MOST if sender.role == "host" else _REVOKED_BY_OTHERS


def _check_space(room: RoomData, wanted: int, most: int) -> None:
    if wanted > 0 and len(room.revoked) + wanted > most:
        raise RequestRefused(
            "TooLarge", f"this room remembers {len(room.revoked)} revocations: its host can revoke everybody's invites"
        )


def _alive(room: RoomData, now: float) -> dict[str, KeptInvite]:
    """Return the invites that have not expired, but none whose id could not be told to clients: no room makes those."""
    kept = room.invites.items()
    return {invite_id: one for invite_id, one in kept if now < one.until and _ID.search(invite_id)}


def _forget_old(room: RoomData, now: float) -> None:
    """Forget what has expired, and marks that newer ones cover: rooms of older versions can be full of them."""
    room.invites = _alive(room, now)
    alive = {mark: until for mark, until in room.revoked.items() if now < until}
    newest: dict[str, int] = {}
    for age, issuer in filter(None, map(_marked, alive)):
        newest[issuer] = max(age, newest.get(issuer, 0))
    room.revoked = {
        mark: until
        for mark, until in alive.items()
        if (marked := _marked(mark)) is None or marked[0] == newest[marked[1]]
    }


def _marked(mark: str) -> tuple[int, str] | None:
    """Return the age and the issuer of a mark that is about all invites of one. None: it is not."""
    found = _MARK.fullmatch(mark)
    return None if found is None else (int(found[1]), found[2])


def _issuers(room: RoomData, member: RoomMember | FormerMember) -> tuple[str, ...]:
    """Return by what the room knows this member's invites, first the one for new invites. Nobody can be told by it."""
    if isinstance(member, RoomMember) and member.return_digest is None:
        secret = f"id:{member.client_id}"
    else:
        assert member.return_digest is not None
        secret = f"return:{member.return_digest.hex()}"
    return (*_issuers_of_accounts(room, member), _issuer(room, secret))


def _issuers_of_accounts(room: RoomData, member: RoomMember | FormerMember) -> tuple[str, ...]:
    return tuple(_issuer(room, tag) for tag in member.tags if is_account(tag))


def _issuer(room: RoomData, known_by: str) -> str:
    digest = hashlib.sha256(f"{room.room_id} {known_by}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:12]).decode()


def _is_limited(invite_id: str) -> bool:
    """Tell by its id whether an invite has a limit of uses."""
    return invite_id.partition("-")[2].startswith(_LIMITED)


def _told(one: KeptInvite, now: float) -> invites.Invite:
    return invites.Invite(one.id, one.role, one.by, max(0.0, round(one.until - now, 3)), one.uses)
