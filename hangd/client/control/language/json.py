"""mpv's JSON: any bytes to a value, and a value to the text that mpv would write.

``lines`` reads requests and writes answers with it; ``kinds`` and ``subjects`` write values as text with it.

Read: JSON by the standard library, and what clients of mpv are known to send beside it: bytes that are not UTF-8 and
control characters inside strings (shell scripts insert file names as they are), integers of more than 64 bits, a key
that occurs twice, and any text after the value. mpv's other extensions (trailing commas, bare keys, ``=`` for ``:``,
``"\\xAB"``, hexadecimal and octal numbers) are refused: no known client uses them.

Written: scripts take answers apart with grep and sed, so keys keep their order, there are no spaces, doubles have six
decimals as with C's ``%f``, and only control characters, quotes and backslashes are escaped. (Source: misc/json.c.)

A byte that is not UTF-8 is a lone surrogate U+DC80 to U+DCFF in a string ("surrogateescape", PEP 383), so that file
names of any encoding pass unchanged. No other surrogate and no NUL is in a string that was read here.
"""

import math
import re
from collections.abc import Mapping, Sequence
from json import JSONDecoder, JSONEncoder
from typing import Any, Final

_DEPTH_MAX: Final = 50
"""mpv's MAX_JSON_DEPTH; the outermost value counts."""
_VALUES_MAX: Final = 10_000
"""In one line. mpv has no such limit, but here the event loop waits while a line is read, or a value written back."""
_INT64: Final = range(-(2**63), 2**63)

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
# A NUL would end the string in libVLC and is refused by the operating system in file names. The surrogates cannot be
# encoded; they come from escapes such as "\ud83d" without its second half.
_UNFIT: Final = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")


class InvalidJson(ValueError):
    """The bytes do not begin with a JSON value, or with one that is too large."""


def parse(data: bytes) -> Any:
    """Read the value that ``data`` begins with. Raises InvalidJson, and nothing else."""
    # The second count leaves out what is inside strings. It takes time, and most lines do not need it.
    if _values(data) > _VALUES_MAX and _values(_STRING.sub(b"", data)) > _VALUES_MAX:
        raise InvalidJson("too many values")
    try:
        value, _end = _decoder.raw_decode(data.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise InvalidJson(str(error)) from None
    _check(value, _DEPTH_MAX)
    return _joined(value) if b"\\u" in data else value


def _values(data: bytes) -> int:
    """Return an upper bound for the number of values: all but the first follow a comma or an opening bracket."""
    return 1 + data.count(b",") + data.count(b"[") + data.count(b"{")


def _integer(digits: str) -> int | float:
    # Beyond 64 bits it becomes a double, as in mpv. The length is checked first because int() is slow with thousands.
    return value if len(digits) <= 20 and (value := int(digits)) in _INT64 else _double(digits)


def _double(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise InvalidJson("a number that no double can hold")
    return value


# As in mpv, the first of two equal keys counts: the first operand gives the order of the keys, the second the values.
# parse_constant gets NaN and Infinity, which mpv refuses too.
_decoder: Final = JSONDecoder(
    strict=False,
    parse_int=_integer,
    parse_float=_double,
    parse_constant=_double,
    object_pairs_hook=lambda pairs: dict(pairs) | dict(reversed(pairs)),
)
_encode_string: Final = JSONEncoder(ensure_ascii=False).encode


def _check(value: Any, depth: int) -> None:
    """Refuse strings that are unfit, and values that are nested more than ``depth`` deep."""
    if depth == 0:
        raise InvalidJson("nested too deeply")
    if isinstance(value, str):
        if _UNFIT.search(value):
            raise InvalidJson("a string with a NUL or half a character")
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)


def _joined(value: Any) -> Any:
    """Return the value with its strings made of bytes anew: bytes written as escapes may be UTF-8 after all.

    So do programs write them that take all names for ASCII; one file is to have one name here.
    """
    match value:
        case str() if not value.isascii():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
        case dict():
            return {_joined(key): _joined(item) for key, item in value.items()}
        case list():
            return [_joined(item) for item in value]
    return value


def write(value: Any) -> str:
    """Write plain data (None, bool, int, float, str, mappings, sequences) as mpv does."""
    match value:
        case str():
            return _encode_string(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:f}" if math.isfinite(value) else f'"{value:f}"'
        case Mapping():
            return "{" + ",".join(f"{_encode_string(str(key))}:{write(item)}" for key, item in value.items()) + "}"
        case Sequence():
            return "[" + ",".join(map(write, value)) + "]"
    raise TypeError(f"not plain data: {type(value).__name__}")
