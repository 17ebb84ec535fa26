"""Why a value was not taken, in words fit for a user: what msgspec says, said to somebody who does not know Python.

Used for what peers send and for what stands in a config file: both are judged by the limits in the types.
"""

import re
from collections.abc import Callable
from typing import Final

from hangd.protocol.model import PATTERN_MEANINGS

__all__ = ["located", "reason"]

_KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_BOUNDS: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def _kinds(names: str) -> str:
    return " or ".join(_KINDS.get(name, name) for name in names.split(" | "))


def _number(digits: str) -> str:
    return digits.removesuffix(".0")


def _matching(found: re.Match[str]) -> str:
    # The expression is printed as repr() does it. Whatever is not in the table is better than the expression.
    pattern = found[1].encode().decode("unicode_escape")
    return f"must be {PATTERN_MEANINGS.get(pattern, 'of another form')}"


def _length(found: re.Match[str]) -> str:
    if (found[2], found[3]) == (">=", "1"):
        return "must not be empty"
    unit = "characters" if found[1] == "str" else "items"
    return f"must have {_BOUNDS[found[2]]} {found[3]} {unit}"


_WORDINGS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"Expected `[^`]*` matching regex '(.*)'", re.DOTALL), _matching),
    (re.compile(r"Expected `(\w+)` of length ([<>]=) (\d+)"), _length),
    (re.compile(r"Expected `\w+` ([<>]=?) (\S+)"), lambda found: f"must be {_BOUNDS[found[1]]} {_number(found[2])}"),
    (
        re.compile(r"Expected `([^`]*)`, got `([^`]*)`"),
        lambda found: f"must be {_kinds(found[1])}, not {_kinds(found[2])}",
    ),
    (re.compile(r"Expected `([^`]*)`"), lambda found: f"must be {_kinds(found[1])}"),
    (re.compile(r"Object missing required field `(\w+)`"), lambda found: f"has no {found[1]}"),
    (re.compile(r"Invalid (?:enum )?value (.*)", re.DOTALL), lambda found: f"must not be {found[1]}"),
    (re.compile(r"JSON is malformed: (.*)", re.DOTALL), lambda found: f"is not JSON: {found[1]}"),
    (re.compile(r"Input data was truncated"), lambda _: "is not JSON: it ends too early"),
    (re.compile(r"Number out of range"), lambda _: "must be a number that is less far from zero"),
    (re.compile(r"maximum recursion depth .*", re.DOTALL), lambda _: "is nested too deeply"),
    (re.compile(r"'utf-8' codec can't .*", re.DOTALL), lambda _: "is not UTF-8 text"),
)


_PLACE: Final = re.compile(r" - at `\$([^`]*)`$")


def located(said: str) -> tuple[str, str]:
    """Split what msgspec ``said`` into the path below the value that was judged (".name", or "") and the `reason`."""
    found = _PLACE.search(said)
    return ("", reason(said)) if found is None else (found[1], reason(said[: found.start()]))


def reason(said: str) -> str:
    """Return what msgspec ``said`` (without the path) as the rest of a sentence that begins with the value's name."""
    for pattern, wording in _WORDINGS:
        if (found := pattern.fullmatch(said)) is not None:
            return wording(found)
    return said[:1].lower() + said[1:]
