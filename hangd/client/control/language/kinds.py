"""The kinds of value that properties and arguments have: what is accepted, and how each is shown.

Every kind reads a value as JSON or as text ("yes", "55", "0:01:30") and says whether it is of the wrong sort
(TypeError) or of the right one but out of place (ValueError): mpv answers the two differently. It writes a value raw
(``text``, for get_property_string and ``${=name}``) and for people (``pretty``, for ``${name}``).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from ctypes import c_float
from dataclasses import dataclass, field
from typing import Any, Final

from hangd.client.control.language.json import read_double, write

__all__ = [
    "Choice",
    "Direction",
    "Double",
    "Flag",
    "FlagSet",
    "Integer",
    "Kind",
    "Node",
    "Phrase",
    "Switch",
    "Text",
    "Time",
    "TrackNumber",
]

_SPACE: Final = " \t\n\v\f\r"
_WHOLE: Final = re.compile(r"[+-]?(?:[0-9]{1,49}|0[xX][0-9a-fA-F]{1,47})")
_CLOCK: Final = re.compile(r"\s*([+-]?)(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-9]{1,9}(?:\.[0-9]*)?)")


def _double(text: str) -> float:
    """Read what C's strtod takes, whole. Raises ValueError."""
    text = text.lstrip(_SPACE)
    read = read_double(text)
    if read is None or read[1] != len(text):
        raise ValueError
    return read[0]


def _clock(seconds: float) -> str:
    """Seconds as mpv shows them to people: 00:01:30."""
    whole = int(abs(seconds))
    return f"{'-' if seconds < 0 else ''}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


@dataclass(frozen=True)
class Kind:
    """Any plain data: strings as they are, everything else as JSON."""

    label: str = field(default="Node", kw_only=True)
    """mpv's name for it, in ``command-list``."""

    def parse(self, value: Any) -> Any:
        return value

    def text(self, value: Any) -> str:
        match value:
            case bool():
                return "yes" if value else "no"
            case str():
                return value
            case _:
                return write(value)

    def pretty(self, value: Any) -> str:
        if isinstance(value, Mapping) and value:
            return "".join(f"{key}={self.text(item)}\n" for key, item in value.items())
        return self.text(value)


Node = Kind


@dataclass(frozen=True)
class Text(Kind):
    """A string, and nothing that would have to be made one: so is mpv."""

    label: str = field(default="String", kw_only=True)

    def parse(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value


@dataclass(frozen=True)
class Phrase(Text):
    """A string for hang's own commands: a number or a flag will do, too."""

    def parse(self, value: Any) -> str:
        if isinstance(value, (bool, int, float)):
            return self.text(value)
        return super().parse(value)


@dataclass(frozen=True)
class Choice(Phrase):
    options: Sequence[str] = ()
    label: str = field(default="Choice", kw_only=True)

    def parse(self, value: Any) -> str:
        chosen = super().parse(value)
        if chosen not in self.options:
            raise ValueError
        return chosen


@dataclass(frozen=True)
class Direction(Text):
    """Where to go on: "up" or "down", or a number by its sign, as text."""

    label: str = field(default="up|down", kw_only=True)

    def parse(self, value: Any) -> str:
        word = super().parse(value)
        if word in ("up", "down"):
            return word
        return "up" if Double().parse(word) > 0 else "down"


@dataclass(frozen=True)
class FlagSet(Text):
    """Words joined by ``+``, or a list of them, at most one of each group: "absolute+exact"."""

    groups: Sequence[Sequence[str]] = ()
    label: str = field(default="Flags", kw_only=True)

    def parse(self, value: Any) -> str:
        if isinstance(value, list):
            words = [super(FlagSet, self).parse(word) for word in value]
        else:
            # A plus at the end adds nothing.
            words = super().parse(value).removesuffix("+").split("+") if value != "" else []
        for group in self.groups:
            if sum(word in group for word in words) > 1:
                raise ValueError
        if not all(any(word in group for group in self.groups) for word in words):
            raise ValueError
        return "+".join(words)


@dataclass(frozen=True)
class Flag(Kind):
    label: str = field(default="Flag", kw_only=True)

    def parse(self, value: Any) -> bool:
        match value:
            case bool():
                return value
            case "yes" | "":
                return True
            case "no":
                return False
            case str():
                raise ValueError
        raise TypeError


@dataclass(frozen=True)
class Switch(Flag):
    """A flag that in mpv is a choice of words: "auto" is no, and a number no word."""

    label: str = field(default="Choice", kw_only=True)

    def parse(self, value: Any) -> bool:
        if value == "auto":
            return False
        if isinstance(value, int) and not isinstance(value, bool):
            raise ValueError
        return super().parse(value)


@dataclass(frozen=True)
class Integer(Kind):
    low: int = -(2**63)
    high: int = 2**63 - 1
    label: str = field(default="Integer", kw_only=True)

    def parse(self, value: Any) -> int:
        if isinstance(value, str):
            text = value.lstrip(_SPACE)
            if not _WHOLE.fullmatch(text):
                raise ValueError
            # As decimal if it can be ("010"), at most what 64 bits hold.
            value = min(max(int(text, 16 if "x" in text.lower() else 10), -(2**63)), 2**63 - 1)
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if not self.low <= value <= self.high:
            raise ValueError
        return value


@dataclass(frozen=True)
class Double(Kind):
    low: float = -math.inf
    high: float = math.inf
    show: Callable[[float], str] = "{:.3f}".format
    single: bool = False
    """Kept with 24 bits only, as mpv keeps the volume: 33.333333 reads as 33.333332."""
    label: str = field(default="Double", kw_only=True)

    def parse(self, value: Any) -> float:
        number = self._read(value) if isinstance(value, str) else value
        if not isinstance(number, (int, float)) or isinstance(number, bool):
            raise TypeError
        number = float(number)
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ValueError
        return c_float(number).value if self.single else number

    def _read(self, text: str) -> float:
        """Read a number, or a ratio: 16:9, 16/9."""
        numerator, sign, denominator = text.partition(":" if ":" in text else "/")
        try:
            return _double(numerator) / _double(denominator) if sign else _double(numerator)
        except ZeroDivisionError:
            raise ValueError from None

    def text(self, value: Any) -> str:
        return f"{value:f}"

    def pretty(self, value: Any) -> str:
        return self.show(value)


@dataclass(frozen=True)
class Time(Double):
    """Seconds, or [HH:]MM:SS[.fraction]."""

    show: Callable[[float], str] = _clock
    label: str = field(default="Time", kw_only=True)

    def _read(self, text: str) -> float:
        if (found := _CLOCK.fullmatch(text)) is None:
            return _double(text)
        sign, hours, minutes, seconds = found.groups()
        total = int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        return -total if sign == "-" else total


@dataclass(frozen=True)
class TrackNumber(Integer):
    """Which track of its kind: 1, 2, ...; False for none; "auto" (here -1) for whichever comes first."""

    label: str = field(default="Choice", kw_only=True)

    def parse(self, value: Any) -> int:
        if value is True:
            raise ValueError
        if value is False or value == "no":
            return 0
        if value == "auto":
            return -1
        return super().parse(value)

    def text(self, value: Any) -> str:
        return str(value) if value else "no"
