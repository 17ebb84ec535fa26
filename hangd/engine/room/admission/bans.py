"""Keep people out of a room: ban them by what they are known by, and let them in again.

A ban holds the tags of its member (``identity``): its accounts and its device for good; its network for a day, and only
where it had no account, because others use that network too. The id of the connection is one more tag, so that whoever
is known by nothing else stays out for as long as it stays connected.

A ban holds a person, not one membership: the others of it that are in the room go too, and those that were in it before
do not come back.

The network's tag never keeps out whoever was a member before, or has another account. Nothing keeps out the owner.
"""

from typing import Final

from hangd.engine.room.admission.identity import Identity, is_lasting
from hangd.engine.room.inputs import JoinRequested
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import BannedMember, FormerMember
from hangd.engine.room.state import RoomData
from hangd.protocol import invites
from hangd.protocol.errors import RequestRefused
from hangd.protocol.model import BanKind

_MOST: Final = 256
_NETWORK_SECONDS: Final = 86400.0
_KINDS: Final[dict[str, BanKind]] = {"acc:": "account", "dev:": "device", "net:": "network"}
_CONNECTION: Final = "id:"

BANNED: Final = RequestRefused(
    "Banned", "you are banned from this room: only its host can lift that", details={"of": "room"}
)


def ban(
    room: RoomData, sender: RoomMember, member: RoomMember, reason: str | None, now: float
) -> tuple[list[RoomMember], list[FormerMember]]:
    """Ban a member that is not the sender. Returns all members that it holds, which have to go, and former members.

    Raises:
        RequestRefused: there are too many bans, or it would hold the sender too.
    """
    lasting = [tag for tag in member.tags if is_lasting(tag)]
    if not set(lasting).isdisjoint(sender.tags):
        raise RequestRefused(
            "Forbidden", f"{member.name} has the same account or device as you: send it away without a ban"
        )
    room.bans = _alive(room, now)
    if len(room.bans) >= _MOST:
        raise RequestRefused("TooLarge", f"this room has {_MOST} bans already: lift some of them first")
    networks = [tag for tag in member.tags if tag.startswith("net:")] if member.account is None else []
    made = BannedMember(
        id=room.new_id("b"),
        name=member.name,
        by=sender.name,
        tags=(*lasting, *networks, _CONNECTION + member.client_id),
        until=now + _NETWORK_SECONDS,
        reason=reason,
    )
    room.bans.append(made)
    held = [other for other in room.roster if other is member or (not other.owner and _has_lasting(made, other.tags))]
    return held, [former for former in room.former.values() if _has_lasting(made, former.tags)]


def check(room: RoomData, input: JoinRequested, tags: tuple[str, ...], *, proven: bool, now: float) -> None:
    """Check that no ban holds this client.

    Args:
        tags: what it is known by, also from before.
        proven: it was a member before.

    Raises:
        RequestRefused: Banned.
    """
    trusted = proven or input.identity.account is not None
    for one in room.bans:
        by_network = not trusted and now < one.until and not set(one.tags).isdisjoint(tags)
        if by_network or _has_lasting(one, tags) or _CONNECTION + input.client_id in one.tags:
            raise BANNED


def identified(room: RoomData, member: RoomMember, identity: Identity, *, logged_out: bool = False) -> bool:
    """Take in who a member is by now (`RoomMember.learn`). Returns whether it has to go: a ban holds it as that."""
    member.learn(identity, logged_out=logged_out)
    return not member.owner and any(_has_lasting(one, member.tags) for one in room.bans)


def listed(room: RoomData, now: float) -> invites.Bans:
    """Return the bans that hold somebody, as clients are told."""
    return invites.Bans(tuple(_told(one, now) for one in _alive(room, now)))


def unban(room: RoomData, ban_id: str, now: float) -> None:
    """Lift a ban. Raises RequestRefused: there is no such ban."""
    left = [one for one in room.bans if one.id != ban_id]
    if len(left) == len(room.bans):
        raise RequestRefused.invalid("$.payload.id", "is no ban of this room: ask for its bans to see which there are")
    room.bans = left


def check_roster(room: RoomData) -> None:
    """Assert that no member is banned by its account or device."""
    assert len(room.bans) <= _MOST
    for member in room.roster:
        assert member.owner or not any(_has_lasting(one, member.tags) for one in room.bans)


def _alive(room: RoomData, now: float) -> list[BannedMember]:
    return [one for one in room.bans if now < one.until or any(map(is_lasting, one.tags))]


def _has_lasting(one: BannedMember, tags: tuple[str, ...]) -> bool:
    return any(tag in tags for tag in one.tags if is_lasting(tag))


def _told(one: BannedMember, now: float) -> invites.Ban:
    found: set[str] = {tag[:4] for tag in one.tags}
    left = one.until - now if "net:" in found and now < one.until else None
    kinds = tuple(kind for prefix, kind in _KINDS.items() if prefix in found and (prefix != "net:" or left is not None))
    return invites.Ban(one.id, one.name, one.by, kinds, one.reason, left)
