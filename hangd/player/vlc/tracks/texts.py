"""Somebody else's text, made fit to be kept: decoded, cut, and without what a terminal would take for an order."""

import unicodedata

__all__ = ["line", "paragraph"]

_LINE_LENGTH = 200
_PARAGRAPH_LENGTH = 2000
_CONTROLS = frozenset({"Cc", "Cs"})
"""Unicode's categories of control characters and lone surrogates."""


def line(raw: bytes | str | None) -> str:
    """Return one line of at most 200 characters: names and titles."""
    return " ".join(_clean(raw, _LINE_LENGTH).split())


def paragraph(raw: bytes | str | None) -> str:
    """Return at most 2000 characters, their line breaks among them."""
    return _clean(raw, _PARAGRAPH_LENGTH).strip()


def _clean(raw: bytes | str | None, length: int) -> str:
    # Cut before and after: what is dropped need not be decoded, and a character has at most four bytes.
    raw = (raw or "")[: 4 * length]
    text = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
    text = text[:length].replace("\r\n", "\n")
    return "".join("\ufffd" if _is_control(character) else character for character in text)


def _is_control(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in _CONTROLS
