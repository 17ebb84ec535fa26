"""mpv's JSON: a lenient reader and an exact writer, because scripts cut these lines apart with grep and sed.

Read: JSON, and as mpv does also a trailing comma, ``=`` for ``:``, bare words as keys, ``"\\xAB"`` for a byte, numbers
in hexadecimal and octal, whatever follows the closing brace. Written: doubles as C's ``%f``, infinities as strings, the
keys in the order given, only control characters escaped. (Sources: mpv's misc/json.c and mp_parse_escape in
common/common.c, and its answers.)

Text is UTF-8 if it can be: a byte that is none stands as a lone surrogate (PEP 383) and is written as that byte again,
so a path goes through unharmed whatever its encoding. mpv's strings are C strings: they end at a NUL.
"""

import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["NotationError", "Repeating", "from_bytes", "parse", "read_double", "to_bytes", "unescape", "write"]

_DEPTH: Final = 50
"""mpv's MAX_JSON_DEPTH; the outermost value counts."""
_MOST_VALUES: Final = 10_000
"""In one line. mpv has no such limit, but the event loop, which parses, has other guests."""
_INT64: Final = range(-(2**63), 2**63)

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STRING: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_ESCAPE: Final = re.compile(
    rb"""\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})
        |u(....)
        |x(..)
        |(.?))""",
    re.DOTALL | re.VERBOSE,
)
_HEXADECIMAL: Final = re.compile(rb"[ \t-\r]*([+-]?(?:0[xX])?[0-9a-fA-F]+)?")
_INTEGER: Final = re.compile(r"-?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_DOUBLE: Final = re.compile(
    r"""[+-]?(?:0[xX](?P<hex>[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?
        |(?P<decimal>[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)""",
    re.VERBOSE,
)
_SMALLEST: Final = sys.float_info.min
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
_ESCAPED: Final = {
    b'"': b'"', b"'": b"'", b"\\": b"\\", b"/": b"/", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n",
    b"r": b"\r", b"t": b"\t",
}  # fmt: skip
_CONTROL: Final = re.compile(r'[\x00-\x1f"\\]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HALVES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class NotationError(ValueError):
    """What came is not even mpv's JSON."""


class Repeating(dict[str, Any]):
    """An object with a key that came twice. It is looked up as its first value, and written as it came."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(reversed(pairs))
        self.pairs = pairs


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Encode, with bytes that were none of UTF-8 as they came. Half a surrogate pair becomes U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _HALVES.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def parse(text: str) -> Any:
    """Read the value that ``text`` begins with. Raises NotationError, and nothing else, on what is none."""
    return _Reader(text).value(_DEPTH)


def write(value: Any) -> str:
    """Write plain data (None, bool, int, float, str, mappings, sequences) in mpv's format."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:f}" if math.isfinite(value) else f'"{value:f}"'
        case str():
            return f'"{_CONTROL.sub(_escape, value)}"'
        case Mapping():
            pairs = value.pairs if isinstance(value, Repeating) else value.items()
            return "{" + ",".join(f"{write(str(key))}:{write(item)}" for key, item in pairs) + "}"
        case Sequence():
            return "[" + ",".join(write(item) for item in value) + "]"
        case _:
            raise TypeError(f"not plain data: {type(value).__name__}")


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04x}"


class _Reader:
    """Recursive descent over one line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._values_left = _MOST_VALUES

    def value(self, depth: int) -> Any:
        self._values_left -= 1
        if depth == 0 or self._values_left < 0:
            raise NotationError("too deep or too long")
        self._skip_space()
        match self._peek():
            case "{":
                return self._object(depth - 1)
            case "[":
                return self._list(depth - 1)
            case '"':
                return self._string()
            case "-" | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9":
                return self._number()
        word = self._match(_WORD)
        if word not in _CONSTANTS:
            raise NotationError("neither a value nor a container")
        return _CONSTANTS[word]

    def _object(self, depth: int) -> dict[str, Any]:
        pairs: list[tuple[str, Any]] = []
        while self._another("}", first=not pairs):
            key = self._string() if self._peek() == '"' else self._match(_WORD)
            self._skip_space()
            if self._peek() not in (":", "="):
                raise NotationError("no value after a key")
            self._at += 1
            pairs.append((key, self.value(depth)))
        items = dict(pairs)
        return items if len(items) == len(pairs) else Repeating(pairs)

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while self._another("]", first=not items):
            items.append(self.value(depth))
        return items

    def _another(self, end: str, *, first: bool) -> bool:
        """Step over the opening bracket or a comma; at the ``end`` step over that and say False."""
        if first:
            self._at += 1
        self._skip_space()
        if not first and self._peek() == ",":
            self._at += 1
            self._skip_space()
        elif not first and self._peek() != end:
            raise NotationError("no comma between two items")
        if self._peek() != end:
            return True
        self._at += 1
        return False

    def _string(self) -> str:
        found = _STRING.match(self._text, self._at)
        if found is None:
            raise NotationError("a string without end")
        self._at = found.end()
        return unescape(found.group(1)).partition("\0")[0]

    def _number(self) -> int | float:
        # As strtoll and strtod do side by side: whoever reads further wins, and of a draw the integer. What is too
        # large or too small for either it has not read.
        whole = fraction = None
        whole_end = fraction_end = self._at
        if found := _INTEGER.match(self._text, self._at):
            whole = _integer(found.group(1), negative=self._peek() == "-")
            whole_end = self._at if whole is None else found.end()
        if read := read_double(self._text, self._at):
            fraction, end, exact = read
            fraction_end = end if exact else self._at
        self._at = max(whole_end, fraction_end)
        if whole is not None and whole_end >= fraction_end:
            return whole
        if fraction is None or fraction_end < self._at or fraction_end == whole_end:
            raise NotationError("no number, or one beyond all bounds")
        return fraction

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise NotationError("something else was due here")
        self._at = found.end()
        return found.group()

    def _skip_space(self) -> None:
        self._match(_SPACE)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def _integer(text: str, *, negative: bool) -> int | None:
    """Read what strtoll takes in base 0; None where it is more than 64 bits."""
    base = 16 if text[:2] in ("0x", "0X") else 8 if text.startswith("0") else 10
    digits = text[2 if base == 16 else 0 :].lstrip("0") or "0"
    if len(digits) > 22:
        return None  # 64 bits are 22 octal digits; and Python is slow with thousands
    whole = int(digits, base) * (-1 if negative else 1)
    return whole if whole in _INT64 else None


def read_double(text: str, at: int = 0) -> tuple[float, int, bool] | None:
    """Read what strtod takes of ``text`` from ``at`` on, but for the words inf and nan.

    Returns the number, where it ends, and whether a double can hold it (infinite, or subnormal: it can not).
    """
    found = _DOUBLE.match(text, at)
    if found is None:
        return None
    hexadecimal, decimal = found["hex"], found["decimal"]
    try:
        value = float.fromhex(found.group()) if hexadecimal is not None else float(found.group())
    except OverflowError:
        value = -math.inf if found.group().startswith("-") else math.inf
    nothing = not (hexadecimal or decimal).strip("0.")
    return value, found.end(), nothing or _SMALLEST <= abs(value) < math.inf


def unescape(text: str) -> str:
    """Resolve the escapes of a string in double quotes. Raises NotationError where there is one that is none."""
    if "\\" not in text:
        return text
    return from_bytes(_ESCAPE.sub(_unescape, to_bytes(text)))


def _unescape(match: re.Match[bytes]) -> bytes:
    high, low, unit, byte, character = match.groups()
    if high is not None:
        code = (int(high, 16) - 0xD800 << 10) + 0x10000 + int(low, 16) - 0xDC00
    elif unit is not None:
        code = _hexadecimal(unit)
        if code < 0 or 0xD800 <= code < 0xDC00:
            raise NotationError("half a character")
    elif byte is not None:
        return bytes([_hexadecimal(byte) & 0xFF])
    elif character in _ESCAPED:
        return _ESCAPED[character]
    else:
        raise NotationError("an escape that is none")
    # The latter half of a pair alone is written as if it were a character: what comes is no UTF-8, and goes as it came.
    return chr(code).encode("utf-8", "surrogatepass")


def _hexadecimal(digits: bytes) -> int:
    # With spaces before it, a sign, 0x: whatever strtoll takes. Of nothing it makes 0.
    found = _HEXADECIMAL.fullmatch(digits)
    if found is None:
        raise NotationError("an escape that is none")
    return int(found.group(1) or b"0", 16)
