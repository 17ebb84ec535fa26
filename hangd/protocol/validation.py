"""Explain msgspec's validation errors in words for a user who does not know Python.

Called for what peers send (`hangd.protocol.codec`), for the config file (`hangd.config`) and for the arguments of
hang's own commands: all three are validated by the limits in the types of `hangd.protocol.model`.
"""

import re
from collections.abc import Callable
from typing import Final

from hangd.protocol.model import PATTERN_MEANINGS

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


def _matching(found: re.Match[str]) -> str:
    # msgspec prints the regular expression as repr() does.
    pattern = found[1].encode().decode("unicode_escape")
    return f"must be {PATTERN_MEANINGS.get(pattern, 'of another form')}"


def _length(found: re.Match[str]) -> str:
    if (found[2], found[3]) == (">=", "1"):
        return "must not be empty"
    unit = "characters" if found[1] == "str" else "items"
    return f"must have {_BOUNDS[found[2]]} {found[3]} {unit}"


_EXPLANATIONS: Final[tuple[tuple[str, Callable[[re.Match[str]], str]], ...]] = (
    (r"Expected `[^`]*` matching regex '(.*)'", _matching),
    (r"Expected `(\w+)` of length ([<>]=) (\d+)", _length),
    (
        r"Expected `\w+` ([<>]=?) (\S+)",
        lambda found: f"must be {_BOUNDS[found[1]]} {found[2].removesuffix('.0')}",
    ),
    (r"Expected `([^`]*)`, got `([^`]*)`", lambda found: f"must be {_kinds(found[1])}, not {_kinds(found[2])}"),
    (r"Expected `([^`]*)`", lambda found: f"must be {_kinds(found[1])}"),
    (r"Object missing required field `(\w+)`", lambda found: f"has no {found[1]}"),
    (r"Invalid (?:enum )?value (.*)", lambda found: f"must not be {found[1]}"),
    (r"JSON is malformed: (.*)", lambda found: f"is not JSON: {found[1]}"),
    (r"Input data was truncated", lambda _: "is not JSON: it ends too early"),
    (r"Number out of range", lambda _: "must be a number that is less far from zero"),
    (r"maximum recursion depth .*", lambda _: "is nested too deeply"),
    (r"'utf-8' codec can't .*|Invalid UTF-8 encoded string", lambda _: "is not UTF-8 text"),
)
"""Regular expression of msgspec's text, and the explanation. The first that matches the whole text is used."""

_AT_PATH: Final = re.compile(r" - at `\$([^`]*)`$")


def explain(error: Exception) -> tuple[str, str]:
    """Return where a value is wrong and why.

    The first is the path below the value that was validated (".name", or "" for the value itself). The second is the
    end of a sentence that begins with the name of what is at that path ("must not be empty").
    """
    text, path = str(error), ""
    if (found := _AT_PATH.search(text)) is not None:
        text, path = text[: found.start()], found[1]
    for pattern, explanation in _EXPLANATIONS:
        if (found := re.fullmatch(pattern, text, re.DOTALL)) is not None:
            return path, explanation(found)
    return path, text[:1].lower() + text[1:]
