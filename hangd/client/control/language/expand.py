"""mpv's property expansion: ``${name}`` in a text becomes the property's value.

Used by the table of commands for text lines (and where a request asks for it), and by ``expand-text`` and its like.

::

    ${name}  ${=name}  ${>name}   the value for people; raw; in a fixed length (newer mpv), which here is as the first
    ${name:fallback}              the fallback (expanded too) where the property has no value
    ${?name:text}  ${!name:text}                    the text if there is a value; if there is none
    ${?name==value:text}  ${!name==value:text}      compared as for people, with ${?=name==value:text} raw
    $$  $}                        a dollar; a brace          $>   the rest is not expanded (not inside braces)

Without a value and without a fallback: nothing if raw, else ``(unavailable)``, or ``(error)`` if there is no such
property. If no closing brace follows, ``${`` is plain text. If they all close inner ones, the
outer one extends to the end of the text.
(Source: m_properties_expand_string in mpv's options/m_property.c.)
"""

import re
from collections.abc import Callable
from typing import Final

from hangd.client.control.port import CommandRefused

_RESULT_MAX: Final = 1 << 20
"""Characters. A line can ask for ``${track-list}`` a hundred thousand times."""
_NAME_MAX: Final = 63
"""Bytes. A longer name is unknown to mpv."""

_PLAIN: Final = re.compile(r"[^$}]+")
_NAME: Final = re.compile(r"([^:}]*)(:?)")
_SIGNS: Final = re.compile(r"([?!]?)(=|>|)(.*)", re.DOTALL)

Read = Callable[[str, bool], str]
"""Returns the value of the property with this name, raw or for people. Raises CommandRefused where it has none."""


def expand(text: str, read: Read) -> str:
    """Expand ``text``. Raises CommandRefused where the result would be too long."""
    parts: list[str] = []
    left = _RESULT_MAX
    last_brace = text.rfind("}")
    at = level = 0
    skipped = 0  # the level of braces up to whose end everything is left out; 0: nothing is
    while at < len(text):
        pair = text[at : at + 2]
        if level and pair[0] == "}":
            if level == skipped:
                skipped = 0
            level -= 1
            at += 1
        elif pair == "${" and last_brace > at:
            found = _NAME.match(text, at + 2)
            assert found is not None
            at = found.end()
            level += 1
            if not skipped:
                value, skip = _property(found[1], read, bool(found[2]))
                left -= len(value)
                if left < 0:
                    raise CommandRefused.failed()
                parts.append(value)
                skipped = level if skip else 0
        elif pair == "$>" and not level:
            parts.append(text[at + 2 :])
            break
        else:
            plain = _PLAIN.match(text, at)
            part = pair[1] if pair in ("$$", "$}") else plain.group() if plain else pair[0]
            at += 2 if pair in ("$$", "$}") else len(part)
            if not skipped:
                parts.append(part)
    return "".join(parts)


def _property(spelled: str, read: Read, has_fallback: bool) -> tuple[str, bool]:
    """Return the text for ``${spelled``, and whether what follows up to the brace is left out."""
    found = _SIGNS.fullmatch(spelled)
    assert found is not None
    sign, manner, name = found.groups()
    compared = ""
    if sign:
        name, compared, wanted = name.partition("==")
    raw = manner == "=" or (bool(sign) and not compared)
    value, excuse = _value(name, read, raw)
    if sign:
        met = value == wanted if compared else value is not None
        return "", met != (sign == "?")
    if value is None:
        return "" if raw or has_fallback else excuse, False
    return value, True


def _value(name: str, read: Read, raw: bool) -> tuple[str | None, str]:
    """Return the property's value, or None and what stands for it."""
    if len(name.encode("utf-8", "surrogateescape")) > _NAME_MAX:
        return None, "(error)"
    try:
        return read(name, raw), ""
    except CommandRefused as refused:
        return None, "(unavailable)" if refused.error == "property unavailable" else "(error)"
