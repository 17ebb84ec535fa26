"""Names within a room: which one a new member gets, so that members that are present can be told apart.

``joining`` calls these functions. Names are compared as `hangd.protocol.names` says.
"""

from collections.abc import Iterable
from typing import Final

from hangd.engine.room.inputs import EntryRequest
from hangd.engine.room.roster import RoomMember
from hangd.engine.room.state import RoomData
from hangd.protocol.messages import MemberChanged
from hangd.protocol.names import NAME_MAX, as_seen, member_key

_GUEST_DIGITS: Final = range(5, 27)
"""Digits of its client id in the name of a basic client, if the name with four is taken. "guest-" and 26 digits fill
the longest name."""


def name_for(room: RoomData, input: EntryRequest, before: str | None) -> str:
    """Return the name that the client asked for, or a similar one if a present member has a name that looks alike.

    It is not refused: it may be a second screen of the same person. ``before``: the name that the client had when it
    was a member before. It has it again, if that is the name that it asks for, with a number perhaps.
    """
    taken = room.roster.taken_names()
    if before is not None and is_numbered(before, input.name) and member_key(before) not in taken:
        return before
    if member_key(input.name) not in taken:
        return input.name
    if input.full:
        others: Iterable[str] = ()
    else:
        others = (f"guest-{input.client_id[:digits]}" for digits in _GUEST_DIGITS)
    return next((name for name in others if member_key(name) not in taken), _free(input.name, taken))


def keep_apart(room: RoomData, member: RoomMember) -> bool:
    """Give another name to whoever has taken that of this member while it was away. Returns whether somebody has."""
    key, renamed = member_key(member.name), False
    for other in room.roster:
        if other is not member and other.present and member_key(other.name) == key:
            other.name = _free(other.name, room.roster.taken_names())
            room.announce(MemberChanged(other.as_member()))
            renamed = True
    return renamed


def is_numbered(name: str, asked: str) -> bool:
    """Tell whether ``name`` is what a client that asked for ``asked`` may be called: that, or that with a number."""
    _, _, number = name.rpartition("-")
    return name == asked or (number.isdecimal() and number.isascii() and name == _numbered(asked, int(number)))


def _numbered(name: str, number: int) -> str:
    """Return "ann-2" for "ann", shortened to the longest name that is allowed.

    What is not shown is left out: it looked like part of the other member's name.
    """
    suffix = f"-{number}"
    return as_seen(name)[: NAME_MAX - len(suffix)].rstrip() + suffix


def _free(name: str, taken: set[str]) -> str:
    """Return this name with the first number that nobody who is present has."""
    return next(one for number in range(2, len(taken) + 3) if member_key(one := _numbered(name, number)) not in taken)
