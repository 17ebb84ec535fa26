"""Signed invites to a room: who may make them, which are still good, and whom they let in.

The server signs an invite, and its token says who made it, for which role and until when; the room need not remember
it. It remembers the last hundred to show them, and each one with a limit of uses until that is used up: one of those
that it does not know lets nobody in.

An invite's id says how old it is. That age is a number which rises with each revocation of many, so "all until now" is
all of a smaller age. No clock is asked, which could be wrong. After a restart the age is higher by far, so that no
invite is younger whose room was not saved any more.
"""

import base64
import hashlib
from typing import Final

from msgspec.structs import replace

from hangd.engine.room.admission.identity import GivenInvite
from hangd.engine.room.effects import SignInvite
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import KeptInvite
from hangd.engine.room.state import RoomData
from hangd.protocol import invites
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import RequestId
from hangd.protocol.model import INVITE_SECONDS_MAX

_KEPT_MOST: Final = 100
_REVOKED_MOST: Final = 256
_REVOKED_SECONDS: Final = INVITE_SECONDS_MAX + 86400.0
"""How long a revocation is kept: an invite that it is about has expired by then, also by a clock that is a day off."""

_LIMITED: Final = "u"
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
    room.effects.append(SignInvite(sender.client_id, _told(made, now), made.issuer, re))


def listed(room: RoomData, sender: RoomMember, now: float) -> invites.Invites:
    """Return the invites that this member may know of: the host all of them, others their own."""
    mine = _issuers(room, sender)
    alive = [one for one in room.invites.values() if now < one.until]
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
        revoke_all_of(room, sender, now)


def revoke_all_of(room: RoomData, member: RoomMember, now: float) -> None:
    """Revoke the invites that this member has made. Raises RequestRefused: too many revocations are kept already."""
    _forget_old(room, now)
    mine = _issuers(room, member)
    _check_space(room, len(mine))
    room.invites = {invite_id: one for invite_id, one in room.invites.items() if one.issuer not in mine}
    for issuer in mine:
        room.revoked[f"{room.invite_age}:{issuer}"] = now + _REVOKED_SECONDS
    room.invite_age += 1


def revoke_for_ban(room: RoomData, member: RoomMember, now: float) -> None:
    """Revoke the invites of a member that is banned; everybody's, if there is no space for another revocation."""
    try:
        revoke_all_of(room, member, now)
    except RequestRefused:
        _revoke_everybodys(room)


def fault(room: RoomData, given: GivenInvite) -> str | None:
    """Return why an invite that the server has signed does not let anybody into this room. None: it does."""
    if given.room_id != room.room_id:
        return "this invite is for another room: ask a member of this one for an invite"
    age, _, rest = given.id.partition("-")
    if not age.isdecimal() or int(age) < room.invites_from or given.id in room.revoked:
        return _REVOKED
    for mark in room.revoked:
        until, _, issuer = mark.partition(":")
        if issuer == given.issuer and int(age) <= int(until):
            return _REVOKED
    if _is_limited(rest) and given.id not in room.invites:
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
    assert all((one.uses is not None) == _is_limited(one.id.partition("-")[2]) for one in room.invites.values())


def _revoke_one(room: RoomData, sender: RoomMember, invite_id: str, now: float) -> None:
    _forget_old(room, now)
    kept = room.invites.get(invite_id)
    if sender.role != "host" and (kept is None or kept.issuer not in _issuers(room, sender)):
        raise RequestRefused("Forbidden", f"that is no invite of yours: {room.ask_host()}")
    age, _, rest = invite_id.partition("-")
    if kept is None and (not age.isdecimal() or not rest):
        raise RequestRefused(
            "InvalidMessage",
            "this room has no such invite: ask for its invites to see their ids",
            details={"path": "$.payload.id"},
        )
    if not _is_limited(rest):
        _check_space(room, 1)
        room.revoked[invite_id] = now + _REVOKED_SECONDS
    room.invites.pop(invite_id, None)


def _revoke_everybodys(room: RoomData) -> None:
    room.invites.clear()
    room.revoked.clear()
    room.invite_age += 1
    room.invites_from = room.invite_age


def _check_space(room: RoomData, wanted: int) -> None:
    if len(room.revoked) + wanted > _REVOKED_MOST:
        raise RequestRefused(
            "TooLarge", f"this room remembers {_REVOKED_MOST} revocations: its host can revoke everybody's invites"
        )


def _forget_old(room: RoomData, now: float) -> None:
    room.invites = {invite_id: one for invite_id, one in room.invites.items() if now < one.until}
    room.revoked = {mark: until for mark, until in room.revoked.items() if now < until}


def _issuers(room: RoomData, member: RoomMember) -> tuple[str, ...]:
    """Return by what the room knows this member's invites, first the one for new invites. Nobody can be told by it."""
    secret = f"return:{member.return_digest.hex()}" if member.return_digest is not None else f"id:{member.client_id}"
    known = [*(tag for tag in member.tags if tag.startswith("acc:")), secret]
    digests = (hashlib.sha256(f"{room.room_id} {one}".encode()).digest() for one in known)
    return tuple(base64.urlsafe_b64encode(digest[:12]).decode() for digest in digests)


def _is_limited(rest: str) -> bool:
    """Tell whether an invite has a limit of uses, by its id without the age."""
    return rest.startswith(_LIMITED)


def _told(one: KeptInvite, now: float) -> invites.Invite:
    return invites.Invite(one.id, one.role, one.by, max(0.0, round(one.until - now, 3)), one.uses)
