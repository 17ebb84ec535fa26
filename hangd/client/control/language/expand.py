"""mpv's property expansion: ``${name}`` in a text becomes the property's value.

::

    ${name}  ${=name}  ${>name}   the value for people; raw; in a fixed length (newer mpv), which here is the first
    ${name:fallback}           the fallback (itself expanded) where there is no value
    ${?name:text}  ${!name:text}            the text if there is a value; if there is none
    ${?name==value:text}  ${!name==value:text}      compared as for people, with ${?=name==value:text} raw
    $$  $}                     a dollar; a brace          $>   the rest stands as it is, but not inside braces

Without a value and without a fallback: nothing if raw, else ``(unavailable)``, or ``(error)`` where there is no such
property. A ``${`` after which no brace closes stands as it is; one that others have closed ends with the text.
(Source: m_properties_expand_string in mpv's options/m_property.c.)
"""

import re
from collections.abc import Callable
from typing import Final

from hangd.client.control.port import CommandRefused

__all__ = ["expand"]

_MOST: Final = 1 << 20
"""Characters in the result: a line may ask for ``${track-list}`` a hundred thousand times."""
_LONGEST_NAME: Final = 63
"""Bytes. What is longer mpv does not know."""

_PLAIN: Final = re.compile(r"[^$}]+")
_NAME: Final = re.compile(r"[^:}]*")
_SIGNS: Final = re.compile(r"([?!]?)(=|>|)(.*)", re.DOTALL)

Read = Callable[[str, bool], str]
"""The value of the property with this name, raw or for people. Raises CommandRefused where there is none."""


def expand(text: str, read: Read) -> str:
    """Expand ``text``. Raises CommandRefused where the result would be beyond all measure."""
    parts: list[str] = []
    left = _MOST
    last = text.rfind("}")
    at = level = 0
    skipped = 0
    """The level of braces up to whose end everything is left out; 0 where nothing is."""
    while at < len(text):
        pair = text[at : at + 2]
        if level and pair[0] == "}":
            if level == skipped:
                skipped = 0
            level -= 1
            at += 1
            continue
        if pair == "${" and last > at:
            found = _NAME.match(text, at + 2)
            assert found is not None
            at = found.end()
            level += 1
            fallback = text.startswith(":", at)
            at += fallback
            if not skipped:
                value, skip = _property(found.group(), read, fallback)
                left -= len(value)
                parts.append(value)
                skipped = level if skip else 0
        elif pair == "$>" and not level:
            parts.append(text[at + 2 :])
            break
        elif pair in ("$$", "$}"):
            at += 2
            if not skipped:
                parts.append(pair[1])
        else:
            plain = _PLAIN.match(text, at)
            part = plain.group() if plain else pair[0]
            at += len(part)
            if not skipped:
                parts.append(part)
        if left < 0:
            raise CommandRefused("error running command")
    return "".join(parts)


def _property(spelled: str, read: Read, fallback: bool) -> tuple[str, bool]:
    """Return what stands in the place of ``${spelled`` and whether what follows up to the brace is left out."""
    found = _SIGNS.fullmatch(spelled)
    assert found is not None
    sign, manner, name = found.groups()
    compared = ""
    if sign:
        name, compared, wanted = name.partition("==")
    raw = manner == "=" or (bool(sign) and not compared)
    value, excuse = _value(name, read, raw)
    if compared:
        return "", (value is not None and value == wanted) != (sign == "?")
    if sign:
        return "", (value is not None) != (sign == "?")
    if value is None:
        return "" if raw or fallback else excuse, False
    return value, True


def _value(name: str, read: Read, raw: bool) -> tuple[str | None, str]:
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        return None, "(error)"
    try:
        return read(name, raw), ""
    except CommandRefused as refused:
        return None, "(unavailable)" if refused.error == "property unavailable" else "(error)"
