"""How long people were in a room. What hardly anybody has used makes place for other rooms, and is forgotten sooner.

A server has space for a number of rooms, and anybody can make rooms and leave them. A room in which people were for
five minutes in all is worth keeping, and so is one with a password, or whose owner has an account: those make place for
no other. (A password does not count where one network has made very many rooms: it costs nothing to give one.) A room
that was left within seconds is kept for an hour at most.

``room.Room`` calls `review` in every turn, and ``joining`` `owned` when it learns who somebody is.
"""

from typing import Final

from hangd.engine.room.roster import RoomMember
from hangd.engine.room.saved import ATTENDED_MOST
from hangd.engine.room.state import RoomData

_AT_ONCE: Final = 10.0
"""Seconds. Too short to have given others a link to the room."""

_AT_ONCE_TTL: Final = 3600.0


def review(room: RoomData, now: float) -> None:
    """Count the time that has passed with somebody present. Nothing is counted any more once it is enough."""
    if room.attended >= ATTENDED_MOST:
        return
    is_attended = bool(room.roster.ids())
    if room.attended_since is None:
        room.attended_since = now if is_attended else None
        return
    attended = room.attended + (now - room.attended_since)
    if not is_attended or attended >= ATTENDED_MOST:
        room.attended, room.attended_since = min(attended, ATTENDED_MOST), None


def owned(room: RoomData, member: RoomMember) -> None:
    """Take in who a member is: a room whose owner has an account is worth as much as one that was used for long."""
    if member.owner and member.account is not None:
        room.attended, room.attended_since = ATTENDED_MOST, None


def makes_place(room: RoomData, *, of_many: bool = False) -> bool:
    """Tell whether the room may be removed for another one: nobody is there, or waits, and little would be lost.

    ``of_many``: it is one of very many rooms from one network. Then a password keeps it no longer than others.
    """
    if room.host_digest is None:
        return False  # Whoever makes it is about to come in, as in a cluster, where both are not one step.
    if room.attended >= ATTENDED_MOST or room.pending or any(member.present for member in room.roster):
        return False
    return of_many or (room.password_hash is None and room.hashing is None)


def ttl(room: RoomData) -> float:
    """Return for how many seconds the empty room is kept."""
    is_brief = room.attended < _AT_ONCE and room.password_hash is None
    return min(room.settings.ttl, _AT_ONCE_TTL) if is_brief else room.settings.ttl


def check(room: RoomData) -> None:
    """Assert the invariants."""
    counts = room.attended < ATTENDED_MOST and any(member.present for member in room.roster)
    assert (room.attended_since is not None) == counts
