"""Clean text that comes from a file: decode it, shorten it, and replace control characters, which a terminal obeys."""

import unicodedata
from typing import Final

_LINE_LENGTH: Final = 200
_PARAGRAPH_LENGTH: Final = 2000
_CONTROLS: Final = frozenset({"Cc", "Cs"})
"""Unicode's categories of control characters and lone surrogates."""


def line(raw: bytes | str | None) -> str:
    """Return one line of at most 200 characters, for names and titles."""
    return " ".join(_clean(raw, _LINE_LENGTH).split())


def paragraph(raw: bytes | str | None) -> str:
    """Return at most 2000 characters, line breaks included."""
    return _clean(raw, _PARAGRAPH_LENGTH).strip()


def _clean(raw: bytes | str | None, length: int) -> str:
    # Cut before decoding too, so that a huge text costs nothing: a character has at most four bytes.
    raw = (raw or "")[: 4 * length]
    text = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
    text = text[:length].replace("\r\n", "\n")
    return "".join("\ufffd" if unicodedata.category(c) in _CONTROLS and c not in "\n\t" else c for c in text)
