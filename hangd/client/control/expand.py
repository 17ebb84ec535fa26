"""mpv's property expansion: ``${name}`` in a text becomes the property's value.

::

    ${name}  ${=name}          the value for people; raw
    ${name:fallback}           the fallback (itself expanded) where there is no value
    ${?name:text}  ${!name:text}            the text if there is a value; if there is none
    ${?name==value:text}  ${!name==value:text}
    $$  $}                     a dollar; a brace          $>   the rest stands as it is

Without a value and without a fallback: nothing if raw, else ``(unavailable)``, or ``(error)`` where there is no such
property. What does not close its brace is left as it stands.
"""

import re
from collections.abc import Callable
from typing import Final

from hangd.client.control.conductor import CommandRefused

__all__ = ["expand"]

_DEPTH: Final = 50
_MOST: Final = 1 << 20
"""Characters in the result: a line may ask for ``${track-list}`` a hundred thousand times."""

_PLAIN: Final = re.compile(r"[^$}]+")
_NAME: Final = re.compile(r"([?!=>]*)([^:}]*)")

Read = Callable[[str, bool], str]
"""The value of the property with this name, raw or for people. Raises CommandRefused where there is none."""


def expand(text: str, read: Read) -> str:
    """Expand ``text``. Raises CommandRefused where the result would be beyond all measure."""
    return _Expansion(text, read).span(0, keep=True)


class _Broken(Exception):
    """A brace that never closes."""


class _Expansion:
    def __init__(self, text: str, read: Read) -> None:
        self._text = text
        self._read = read
        self._at = 0
        self._left = _MOST

    def span(self, depth: int, *, keep: bool) -> str:
        """Expand up to the end, or inside braces up to the closing one. Unless it is to ``keep``, read no property."""
        text = self._text
        parts: list[str] = []
        while self._at < len(text):
            begin = self._at
            if depth and text[begin] == "}":
                break
            pair = text[begin : begin + 2]
            if pair == "${":
                self._at += 2
                try:
                    part = self._property(depth + 1, keep)
                except _Broken:
                    if depth:
                        raise
                    part = self._rest(begin)
            elif pair in ("$$", "$}"):
                part = pair[1]
                self._at += 2
            elif pair == "$>":
                part = self._rest(begin + 2)
            else:
                found = _PLAIN.match(text, begin)
                part = found.group() if found else text[begin]
                self._at += len(part)
            if keep:
                parts.append(part)
        return "".join(parts)

    def _property(self, depth: int, keep: bool) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None or depth > _DEPTH:
            raise _Broken
        signs, name = found.groups()
        self._at = found.end()
        value = excuse = None
        if "?" in signs or "!" in signs:
            name, compared, expected = name.partition("==")
            if keep:
                value, _ = self._value(name, raw="=" in signs)
            holds = value == expected if compared else value is not None
            wanted, value = holds != ("!" in signs), ""
        else:
            if keep:
                value, excuse = self._value(name, raw="=" in signs)
            wanted = value is None
        if self._eat(":"):
            fallback = self.span(depth, keep=keep and wanted)
            value = fallback if wanted else value
        if not self._eat("}"):
            raise _Broken
        return value if value is not None else excuse or ""

    def _value(self, name: str, raw: bool) -> tuple[str | None, str]:
        try:
            value = self._read(name, raw)
        except CommandRefused as refused:
            excuse = "(unavailable)" if refused.error == "property unavailable" else "(error)"
            return None, "" if raw else excuse
        self._left -= len(value)
        if self._left < 0:
            raise CommandRefused("error running command")
        return value, ""

    def _eat(self, sign: str) -> bool:
        if self._text[self._at : self._at + 1] != sign:
            return False
        self._at += 1
        return True

    def _rest(self, begin: int) -> str:
        self._at = len(self._text)
        return self._text[begin:]
