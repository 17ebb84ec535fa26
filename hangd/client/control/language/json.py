"""mpv's JSON: any bytes to a value, and a value to the text that mpv would write.

``lines`` reads requests and writes answers with it; ``kinds`` and ``subjects`` write values as text with it.

Read: JSON by the standard library, and what clients of mpv are known to send beside it: bytes that are not UTF-8 and
control characters inside strings (shell scripts insert file names as they are), integers of more than 64 bits, a key
that occurs twice, and any text after the value. mpv's other extensions (trailing commas, bare keys, ``=`` for ``:``,
``"\\xAB"``, hexadecimal and octal numbers) are refused: no known client uses them.

Written: scripts take answers apart with grep and sed, so keys keep their order, there are no spaces, doubles have six
decimals as with C's ``%f``, and only control characters, quotes and backslashes are escaped. (Source: misc/json.c.)

A byte that is not UTF-8 becomes a lone surrogate U+DC80 to U+DCFF (PEP 383) and is written as that byte again, so that
file names of any encoding pass unchanged. No other surrogate and no NUL is in a string that was read here.
"""

import math
import re
from collections.abc import Mapping, Sequence
from json import JSONDecoder, JSONEncoder
from typing import Any, Final

__all__ = ["InvalidJson", "from_bytes", "parse", "to_bytes", "write"]

_DEPTH_MAX: Final = 50
"""mpv's MAX_JSON_DEPTH; the outermost value counts."""
_VALUES_MAX: Final = 10_000
"""In one line. mpv has no such limit, but here the event loop waits while a value is checked, or written back."""
_INT64: Final = range(-(2**63), 2**63)

# A NUL would be refused by the operating system in a file name and end the string in libVLC. The surrogates cannot be
# encoded; they come from escapes such as "\ud83d" without its second half.
_UNFIT: Final = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")

# As in mpv, the first of two equal keys counts. The first operand gives the order of the keys, the second the values.
_decoder: Final = JSONDecoder(strict=False, object_pairs_hook=lambda pairs: dict(pairs) | dict(reversed(pairs)))
_encode_string: Final = JSONEncoder(ensure_ascii=False).encode


class InvalidJson(ValueError):
    """The bytes do not begin with a JSON value, or with one that is too large."""


def parse(data: bytes) -> Any:
    """Read the value that ``data`` begins with. Raises InvalidJson, and nothing else."""
    try:
        value, _end = _decoder.raw_decode(from_bytes(data))
        root = [value]
        _check(root)
    except (ValueError, OverflowError, RecursionError) as error:
        raise InvalidJson(str(error)) from None
    return root[0]


def _check(root: list[Any]) -> None:
    """Refuse what is nested too deeply, too large or unfit as text; make long integers doubles, as mpv does.

    Goes level by level, so that the depth is known without recursion.
    """
    values_left = _VALUES_MAX
    containers: list[Any] = [root]
    for _ in range(_DEPTH_MAX):
        values_left -= sum(map(len, containers))
        if values_left < 0:
            raise InvalidJson("too many values")
        inner: list[Any] = []
        for container in containers:
            is_object = isinstance(container, dict)
            if is_object and _UNFIT.search("".join(container)):
                raise InvalidJson("a key with a NUL or half a character")
            # Setting a key that exists is allowed during the iteration.
            for key, item in container.items() if is_object else enumerate(container):
                if isinstance(item, str):
                    if _UNFIT.search(item):
                        raise InvalidJson("a string with a NUL or half a character")
                elif isinstance(item, (dict, list)):
                    if item:
                        inner.append(item)
                elif isinstance(item, float):
                    if not math.isfinite(item):
                        raise InvalidJson("a number that no double can hold")
                elif item is not None and item not in _INT64:
                    container[key] = float(item)
        if not inner:
            return
        containers = inner
    raise InvalidJson("nested too deeply")


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


def from_bytes(data: bytes) -> str:
    """Decode UTF-8, with a lone surrogate for each byte that is not."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """Encode as UTF-8, with the bytes again that `from_bytes` made surrogates of."""
    return text.encode("utf-8", "surrogateescape")
