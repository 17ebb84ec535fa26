"""Kinds of value that properties and command arguments have: how each is parsed, and how it is written as text.

A kind parses what a client sent, as JSON or as text ("yes", "55", "0:01:30"). It raises TypeError where the type is
wrong and ValueError where the type is right but the value is not allowed: mpv answers the two with different errors.
It writes a value as raw text (``text``, for get_property_string and ``${=name}``) and for people (``pretty``, for
``${name}``).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from hangd.client.control.language.json import write
from hangd.player.subtitles import parse_color

# Like mpv: white space may precede a number, not follow it, and integers may be hexadecimal.
_INTEGER: Final = re.compile(r"\s*[+-]?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]+)", re.ASCII)
_DECIMAL: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_CLOCK: Final = re.compile(r"\s*([+-]?)(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-9]{1,9}(?:\.[0-9]*)?)", re.ASCII)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return int(text, 16 if "x" in text.lower() else 10)


def _double(text: str) -> float:
    return float(text) if _DECIMAL.fullmatch(text) else float(_integer(text))


def _clock(seconds: float) -> str:
    """Return seconds as mpv shows them to people: 00:01:30."""
    whole = int(abs(seconds))
    return f"{'-' if seconds < 0 else ''}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


@dataclass(frozen=True)
class Kind:
    """Any plain data. Strings are written as they are, everything else as JSON."""

    label: ClassVar[str] = "Node"
    """mpv's name for the kind, in the property ``command-list``."""

    def parse(self, value: Any) -> Any:
        return value

    def shown(self, parsed: Any) -> Any:
        """Return a parsed value as clients read it, once it has been written."""
        return parsed

    def text(self, value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else write(value)

    def pretty(self, value: Any) -> str:
        if isinstance(value, Mapping) and value:
            return "".join(f"{key}={self.text(item)}\n" for key, item in value.items())
        return self.text(value)


Node = Kind


@dataclass(frozen=True)
class Text(Kind):
    """A string. As in mpv, numbers and flags are not converted to it."""

    label = "String"

    def parse(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError
        return value


@dataclass(frozen=True)
class Phrase(Text):
    """A string in hang's own commands: numbers and flags are converted to it."""

    def parse(self, value: Any) -> str:
        return super().parse(self.text(value) if isinstance(value, (bool, int, float)) else value)


@dataclass(frozen=True)
class Choice(Phrase):
    options: Sequence[str] = ()
    label = "Choice"

    def parse(self, value: Any) -> str:
        chosen = super().parse(value)
        if chosen not in self.options:
            raise ValueError
        return chosen


_COUNTED: Final = re.compile(r"%([0-9]{1,9})%")
_QUOTED: Final = re.compile(r'"([^"]*)"|\[([^]]*)\]')


@dataclass(frozen=True)
class Pairs(Kind):
    """Names with their values: an object of strings, or ``name=value,name=value``.

    A value with a comma is written "..." or [...], or %LENGTH%... with its number of bytes.
    """

    label = "Key/value list"

    def parse(self, value: Any) -> Mapping[str, str]:
        if isinstance(value, Mapping):
            if not all(isinstance(each, str) for each in value.values()):
                raise TypeError
            return dict(value)
        rest, pairs = Text().parse(value), {}
        while rest:
            name, sign, rest = rest.partition("=")
            if not sign:
                raise ValueError
            pairs[name], rest = self._value(rest)
        return pairs

    def _value(self, text: str) -> tuple[str, str]:
        """Return the value that the text begins with, and what follows the comma behind it."""
        if (counted := _COUNTED.match(text)) is not None:
            data, length = text[counted.end() :].encode("utf-8", "surrogateescape"), int(counted[1])
            if length > len(data):
                raise ValueError
            value, text = (part.decode("utf-8", "surrogateescape") for part in (data[:length], data[length:]))
        elif (quoted := _QUOTED.match(text)) is not None:
            value, text = quoted[1] if quoted[2] is None else quoted[2], text[quoted.end() :]
        else:
            value = text.partition(",")[0]
            text = text[len(value) :]
        if text[:1] not in ("", ","):
            raise ValueError
        return value, text[1:]


@dataclass(frozen=True)
class Color(Text):
    """A colour, here a number: 0xAARRGGBB."""

    label = "Color"

    def parse(self, value: Any) -> Any:
        return parse_color(super().parse(value))

    def shown(self, parsed: int) -> str:
        return f"#{parsed:08X}"


@dataclass(frozen=True)
class Words(Kind):
    """A list of strings, or "one,two"."""

    label = "String list"

    def parse(self, value: Any) -> Sequence[str]:
        if isinstance(value, list):
            if not all(isinstance(each, str) for each in value):
                raise ValueError
            return value
        text = Text().parse(value)
        return text.split(",") if text else []

    def text(self, value: Any) -> str:
        return ",".join(value)

    def pretty(self, value: Any) -> str:
        return self.text(value)


@dataclass(frozen=True)
class Direction(Text):
    """The direction of ``cycle``: "up" or "down", or a number as text, whose sign counts."""

    label = "up|down"

    def parse(self, value: Any) -> str:
        word = super().parse(value)
        if word in ("up", "down"):
            return word
        return "up" if Double().parse(word) > 0 else "down"


@dataclass(frozen=True)
class FlagSet(Text):
    """Words joined by ``+``, or a list of words; at most one of each group: "absolute+exact"."""

    groups: Sequence[Sequence[str]] = ()
    label = "Flags"

    def parse(self, value: Any) -> str:
        if isinstance(value, list):
            words = [super(FlagSet, self).parse(word) for word in value]
        else:
            # mpv ignores a plus sign at the end.
            words = super().parse(value).removesuffix("+").split("+") if value != "" else []
        if any(sum(word in group for word in words) > 1 for group in self.groups):
            raise ValueError
        if not all(any(word in group for group in self.groups) for word in words):
            raise ValueError
        return "+".join(words)


@dataclass(frozen=True)
class Flag(Kind):
    label = "Flag"

    def parse(self, value: Any) -> bool:
        if isinstance(value, str):
            if value not in ("yes", "", "no"):
                raise ValueError
            return value != "no"
        if not isinstance(value, bool):
            raise TypeError
        return value


@dataclass(frozen=True)
class Switch(Flag):
    """A flag that is a choice of words in mpv: "auto" reads as no, and a number is a wrong value, not a wrong type."""

    label = "Choice"

    def parse(self, value: Any) -> bool:
        if isinstance(value, int) and not isinstance(value, bool):
            raise ValueError
        return super().parse("no" if value == "auto" else value)


@dataclass(frozen=True)
class Integer(Kind):
    low: int = -(2**63)
    high: int = 2**63 - 1
    show: Callable[[int], str] | None = None
    label = "Integer"

    def parse(self, value: Any) -> int:
        if isinstance(value, str):
            value = _integer(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if not self.low <= value <= self.high:
            raise ValueError
        return value

    def pretty(self, value: int) -> str:
        return self.text(value) if self.show is None else self.show(value)


@dataclass(frozen=True)
class Double(Kind):
    low: float = -math.inf
    high: float = math.inf
    show: Callable[[float], str] = "{:.3f}".format
    label = "Double"

    def parse(self, value: Any) -> float:
        number = self._read(value) if isinstance(value, str) else value
        if not isinstance(number, (int, float)) or isinstance(number, bool):
            raise TypeError
        number = float(number)
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ValueError
        return number

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
    """A number of seconds, or [HH:]MM:SS[.fraction]."""

    show: Callable[[float], str] = _clock
    label = "Time"

    def _read(self, text: str) -> float:
        if (found := _CLOCK.fullmatch(text)) is None:
            return _double(text)
        sign, hours, minutes, seconds = found.groups()
        total = int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        return -total if sign == "-" else total


@dataclass(frozen=True)
class TrackNumber(Integer):
    """The number of a track among those of its type, from 1. False: no track. "auto", here -1: the film's default."""

    label = "Choice"

    def parse(self, value: Any) -> int:
        if value is True:
            raise ValueError
        if value is False or value == "no":
            return 0
        return -1 if value == "auto" else super().parse(value)

    def shown(self, parsed: int) -> Any:
        return "auto" if parsed == -1 else parsed or False

    def text(self, value: Any) -> str:
        return str(value) if value else "no"
