"""Places in a full room: who gives up its place so that somebody else can come in.

The places of the absent give way to whoever comes, that of the one that is away for longest first. One network whose
clients come and drop fills a room with absent members at no cost; so while a network has more than a few of them, its
own go before those of others. An absent host keeps its place, because another member would be host then.

The owner always comes in: for somebody absent, be that the host; for itself, where it is still there by another
connection, which the server may not have missed yet; or as one more than the room takes.

``joining`` calls `given_up`, and removes whom it returns.
"""

from collections import Counter
from typing import Final

from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.protocol.errors import RequestRefused

_FEW: Final = 3
"""Absent members of one network that count as those of different people."""


def given_up(room: RoomData, leaving: list[RoomMember], *, is_owner: bool) -> list[RoomMember]:
    """Return the members that give up their places, beside those that are ``leaving``, so that one more can come in.

    Raises:
        RequestRefused: RoomFull.
    """
    gone = {member.client_id for member in leaving}
    staying = [member for member in room.roster if member.client_id not in gone]
    needed = len(staying) + 1 - room.policy.capacity
    if needed <= 0:
        return []
    given = _longest_absent([one for one in staying if not one.present and (is_owner or one.role != "host")], needed)
    if len(given) == needed:
        return given
    if not is_owner:
        raise RequestRefused(
            "RoomFull", f"this room is full: it takes {room.policy.capacity}. Try again when somebody has left"
        )
    itself = [member for member in staying if member.owner and member.present]
    return given + sorted(itself, key=lambda member: member.heard_at or 0.0)[:1]


def _longest_absent(absent: list[RoomMember], most: int) -> list[RoomMember]:
    """Return up to ``most`` of these absent members: those that give up their places first."""
    absent = sorted(absent, key=lambda member: member.away_until or 0.0)
    networks = Counter(member.network for member in absent)
    given: list[RoomMember] = []
    while absent and len(given) < most:
        largest = max(networks.values())
        first = next(one for one in absent if largest <= _FEW or networks[one.network] == largest)
        absent.remove(first)
        networks[first.network] -= 1
        given.append(first)
    return given
