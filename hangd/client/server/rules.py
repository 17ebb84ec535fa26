"""Read the rules of a room (its policy) as people write them: for ``room-set`` and ``room-create``."""

from typing import Final, get_args

from hangd.client.control.port import CommandRefused
from hangd.protocol.model import CAPACITY_MAX, Access, Control, Interruption, Loop, Match, Wait

_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "control": get_args(Control),
    "match": get_args(Match),
    "wait": get_args(Wait),
    "start": ("anyone", "ready"),
    "stall": get_args(Interruption),
    "leave": get_args(Interruption),
    "loop": get_args(Loop),
    "access": get_args(Access),
}
"""The rules whose values are words. ``start`` may be a number instead."""

RULES: Final = (*_WORDS, "capacity", "locked", "history", "password")
"""The names of all rules that can be set."""


def rule_value(name: str, text: str) -> object:
    """Return the value of this rule. Raises CommandRefused, which says what would be right."""
    words = _WORDS.get(name)
    if name == "password":
        return text
    if name in ("locked", "history"):
        return flag(name, text)
    if name == "capacity" or (name == "start" and text.isdecimal()):
        if not (text.isdecimal() and len(text) < 9 and 1 <= int(text) <= CAPACITY_MAX):
            raise CommandRefused.invalid(f"{name} is a number from 1 to {CAPACITY_MAX}, not {text[:40]!r}")
        return int(text)
    if words is None:
        raise CommandRefused.invalid(f"there is no room setting {name[:40]!r}: {', '.join(RULES)}")
    if text not in words:
        choices = [*words, "a number of members"] if name == "start" else words
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        raise CommandRefused.invalid(f"{name} is {listed}, not {text[:40]!r}")
    return text


def flag(name: str, text: str) -> bool:
    """Return whether this text says yes. Raises CommandRefused where it says neither yes nor no."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise CommandRefused.invalid(f"{name} is yes or no, not {text[:40]!r}")
