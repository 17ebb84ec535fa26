"""mpv's JSON: a lenient reader and an exact writer, because scripts cut these lines apart with grep and sed.

Read: JSON, and as mpv does also a trailing comma, ``=`` for ``:``, bare words as keys, ``"\\xAB"`` for a byte, numbers
in hexadecimal and octal, whatever follows the closing brace. Written: doubles as C's ``%f``, infinities as strings, the
keys in the order given, only control characters escaped. (Sources: mpv's misc/json.c, and its answers.)

Text is UTF-8 if it can be: a byte that is none stands as a lone surrogate (PEP 383) and is written as that byte again,
so a path goes through unharmed whatever its encoding. mpv's strings are C strings: they end at a NUL.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["NotationError", "from_bytes", "parse", "to_bytes", "write"]

_DEPTH: Final = 50
"""mpv's MAX_JSON_DEPTH; the outermost value counts."""
_MOST_VALUES: Final = 10_000
"""In one line. mpv has no such limit, but the event loop, which parses, has other guests."""
_INT64: Final = range(-(2**63), 2**63)

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STRING: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_INTEGER: Final = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_HEX_FLOAT: Final = re.compile(r"-?0[xX][0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?(?:[pP][+-]?[0-9]+)?")
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}
_ESCAPED: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CONTROL: Final = re.compile(r'[\x00-\x1f"\\]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HALVES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class NotationError(ValueError):
    """What came is not even mpv's JSON."""


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
            return "{" + ",".join(f"{write(str(key))}:{write(item)}" for key, item in value.items()) + "}"
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
        items: dict[str, Any] = {}
        while self._another("}", first=not items):
            key = self._string() if self._peek() == '"' else self._match(_WORD)
            self._skip_space()
            if self._peek() not in (":", "="):
                raise NotationError("no value after a key")
            self._at += 1
            # Where a key comes twice mpv looks up the first.
            value = self.value(depth)
            items.setdefault(key, value)
        return items

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
        text = found.group(1)
        if "\\" in text:
            # Through UTF-16, two halves become one character; through UTF-8, escaped bytes become their text.
            text = _ESCAPE.sub(_unescape, text)
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            if any("\ud800" <= character <= "\udbff" for character in text):
                raise NotationError("half a character")
            text = from_bytes(to_bytes(text))
        return text.partition("\0")[0]

    def _number(self) -> int | float:
        integer = _INTEGER.match(self._text, self._at)
        number = _HEX_FLOAT.match(self._text, self._at) or _DECIMAL.match(self._text, self._at)
        # As strtoll and strtod do side by side: whoever reads further wins, and of a draw the integer.
        if integer and number and integer.end() >= number.end() and integer.end() - self._at <= 24:
            self._at = integer.end()
            whole = _integer(integer.group())
            return whole if whole in _INT64 else float(whole)
        if number is None:
            raise NotationError("a minus without a number")
        self._at = number.end()
        try:
            value = float.fromhex(number.group()) if "x" in number.group().lower() else float(number.group())
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise NotationError("a number beyond all bounds")
        return value

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


def _integer(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if digits[:2] in ("0x", "0X"):
        return sign * int(digits[2:], 16)
    return sign * int(digits, 8 if digits.startswith("0") else 10)


def _unescape(match: re.Match[str]) -> str:
    unit, byte, character = match.groups()
    if unit is not None:
        return chr(int(unit, 16))
    if byte is not None:
        code = int(byte, 16)
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    if character not in _ESCAPED:
        raise NotationError("an escape that is none")
    return _ESCAPED[character]
