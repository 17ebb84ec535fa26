"""Names of rooms and of members: their normal form, what is refused, and which names are the same.

Names are normalised once, when a message is decoded (`hangd.protocol.messages`), and shown as they are from then on.
They are compared by their keys: in the server's directory of rooms, among the members of a room, and where a user names
a member. Two names that look alike have the same key; so nobody can pass for another by a character that is not seen.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

ROOM_NAME_MAX: Final = 64
"""Longest name of a room, in characters."""

NAME_MAX: Final = 32
"""Longest name of a member, in characters."""

_ROOM_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A UUID, as servers give to rooms."""

_IGNORABLE_RANGES: Final = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Unicode's property Default_Ignorable_Code_Point: what is not shown. Soft hyphens, joiners, marks of direction,
fillers, variation selectors, tags. From DerivedCoreProperties.txt of Unicode 16.0; Python's `unicodedata` lacks it, and
it has not changed since Unicode 6.0 but for characters that were unassigned."""

_IGNORABLE: Final = frozenset(chr(code) for first, last in _IGNORABLE_RANGES for code in range(first, last + 1))
_UNSEEN: Final = "".join(f"{chr(first)}-{chr(last)}" for first, last in _IGNORABLE_RANGES)
_AROUND: Final = re.compile(rf"\A[{_UNSEEN}]*\s[{_UNSEEN}\s]*|\s[{_UNSEEN}\s]*\Z")
"""Spaces at either end, with what is not shown outside them. Inside them it may belong to a letter or an emoji."""
_EMOJI_STYLE: Final = str.maketrans("", "", "\ufe0e\ufe0f")
"""Keyboards add these to emoji, to say whether it is drawn in colour. A room's name is the same without them."""


def room_name(text: str) -> str:
    """Return the normal form of a room's name: NFC, ordinary spaces, no variation selectors of emoji.

    Raises:
        ValueError: it is not a room's name. ``str()`` is the end of a sentence that begins with what it is the name of.
    """
    name = sought_room(text)
    if not name:
        raise ValueError("must not be empty")
    if len(name) > ROOM_NAME_MAX:
        raise ValueError(f"must have at most {ROOM_NAME_MAX} characters")
    if name.strip() != name:
        raise ValueError("must not begin or end with a space")
    if "/" in name:
        raise ValueError("must not contain a slash")
    for letter in name:
        if letter in _IGNORABLE or not letter.isprintable():
            raise ValueError(f"must not contain {_described(letter)}, which cannot be seen")
    if _looks_like_id(name):
        raise ValueError("must not look like a room's id, because links to that room would lead here")
    return name


def sought_room(text: str) -> str:
    """Return the normal form of what may be a room's name or id. Refuses nothing: such a room may not exist."""
    spaced = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in text)
    return unicodedata.normalize("NFC", spaced.translate(_EMOJI_STYLE))


def member_name(text: str) -> str:
    """Return the normal form of a member's name: NFC, without spaces around what is seen of it.

    Raises:
        ValueError: as `room_name` does.
    """
    name = unicodedata.normalize("NFC", text)
    if not member_key(name):
        raise ValueError("must have a character that can be seen")
    name = _AROUND.sub("", name)
    if len(name) > NAME_MAX:
        raise ValueError(f"must have at most {NAME_MAX} characters")
    return name


def room_key(name: str) -> str:
    """Return what is equal for names of the same room: upper and lower case make no difference."""
    return sought_room(sought_room(name).casefold()).strip()


def member_key(name: str) -> str:
    """Return what is equal for members' names that look alike, as Unicode's NFKC_Casefold; "" if nothing is seen.

    Case makes no difference, nor do variants of a letter (full width, ligatures) and characters that are not shown.
    """
    if name.isascii():
        return name.casefold().strip()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    # Once more, for letters that an ignored character kept apart.
    return unicodedata.normalize("NFKC", _without_ignorable(folded).casefold()).strip()


def matching(given: str, names: Mapping[str, str]) -> list[str]:
    """Return the keys in ``names`` of the members' names that ``given`` means: equal names, or else names that look
    alike."""
    composed = unicodedata.normalize("NFC", given)
    exact = [key for key, name in names.items() if unicodedata.normalize("NFC", name) == composed]
    alike = member_key(given)
    return exact or [key for key, name in names.items() if alike and member_key(name) == alike]


def as_seen(name: str) -> str:
    """Return what is seen of a member's name, in NFC: without what is not shown, and without spaces around the rest."""
    # Letters that were kept apart may join now.
    return unicodedata.normalize("NFC", _without_ignorable(name)).strip()


def _without_ignorable(name: str) -> str:
    return "".join(letter for letter in name if letter not in _IGNORABLE)


def _looks_like_id(name: str) -> bool:
    """Tell whether people may take this name for a UUID: in any case, of letters and dashes of any kind."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _ROOM_ID.fullmatch("".join("-" if unicodedata.category(one) == "Pd" else one for one in folded)) is not None


def _described(letter: str) -> str:
    described = unicodedata.name(letter, "").lower()
    return f"U+{ord(letter):04X}" + (f" ({described})" if described else "")
