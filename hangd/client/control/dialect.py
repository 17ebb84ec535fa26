"""mpv's IPC dialect: a line to a request, an outcome to a line. No socket, no meaning.

::

    {"command":["seek",5],"request_id":1}                    -> Request, answered in one of the shapes below
    {"command":{"_name":"seek","target":5,"_flags":[]}}      -> Request with named arguments
    seek 5; set pause no                                     -> TextLine: any number of requests, never answered
    "# note", ""                                             -> None

The four shapes of an answer differ in the order of their keys; so do mpv's (measured against 0.35)::

    {"data":D,"request_id":N,"error":"success"}              result()
    {"request_id":N,"error":"success"}                       done()
    {"request_id":N,"error":"success","data":D}              completion(), of what was asked with "async":true
    {"request_id":N,"error":E}                               failure(); hang adds "details" where it knows more
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from hangd.client.control.conductor import CommandRefused
from hangd.client.control.notation import NotationError, from_bytes, parse, to_bytes, write

__all__ = [
    "PREFIXES",
    "Malformed",
    "Request",
    "TextLine",
    "completion",
    "decode",
    "done",
    "failed_completion",
    "failure",
    "line",
    "result",
]

PREFIXES: Final = frozenset(
    "osd-auto no-osd osd-bar osd-msg osd-msg-bar raw expand-properties repeatable nonrepeatable nonscalable async sync"
    .split()
)  # fmt: skip
"""What may stand before a command. Only ``raw`` and ``expand-properties`` change anything here."""

_WORD: Final = re.compile(
    r"""[ \t\r]*+(?:(?P<stop>;|\#.*|$)
        |"(?P<double>[^"\\]*+(?:\\.[^"\\]*+)*+)"
        |'(?P<single>[^']*)'
        |(?P<bare>[^\s;"']+))""",
    re.DOTALL | re.VERBOSE,
)
"""One word of a text line; or, at the end of a command, what ends it."""


class Request(Struct, frozen=True):
    """One command. ``arguments`` is a list (by position) or a dict (by name)."""

    name: str
    arguments: list[Any] | dict[str, Any]
    request_id: Any = 0
    prefixes: frozenset[str] = frozenset()
    asynchronous: bool = False


class TextLine(Struct, frozen=True):
    requests: tuple[Request, ...]


class Malformed(Exception):
    """A line that begins as a request and is none. ``request_id`` is 0 where it did not get that far."""

    def __init__(self, request_id: Any = 0) -> None:
        super().__init__("invalid parameter")
        self.request_id = request_id


def decode(data: bytes) -> Request | TextLine | None:
    """Read one line (without its newline). Raises Malformed, which is answered with ``invalid parameter``."""
    # A C string ends at a NUL, and so does the line.
    text = from_bytes(data.partition(b"\0")[0]).lstrip(" \t\r")
    if not text or text.startswith("#"):
        return None
    if not text.startswith("{"):
        return TextLine(_requests(text))
    try:
        message = parse(text)
    except NotationError:
        raise Malformed from None
    asynchronous = message.get("async", False)
    if not isinstance(asynchronous, bool):
        raise Malformed  # mpv looks here before it looks for the id
    request_id = message.get("request_id", 0)
    if asynchronous and (not isinstance(request_id, int) or isinstance(request_id, bool)):
        raise Malformed(request_id)
    match message.get("command"):
        case [*words]:
            return _positional(words, request_id, asynchronous)
        case {**named}:
            return _named(named, request_id, asynchronous)
    raise Malformed(request_id)


def _positional(words: list[Any], request_id: Any, asynchronous: bool) -> Request:
    prefixes = set()
    while words and isinstance(words[0], str) and words[0] in PREFIXES:
        prefixes.add(words.pop(0))
    if not words or not isinstance(words[0], str):
        raise Malformed(request_id)
    return Request(words[0], words[1:], request_id, frozenset(prefixes), asynchronous)


def _named(named: dict[Any, Any], request_id: Any, asynchronous: bool) -> Request:
    # With "_name" there, "name" is an argument like any other.
    name = named.pop("_name", None) or named.pop("name", None)
    prefixes = named.pop("_flags", [])
    if not isinstance(name, str) or not isinstance(prefixes, list):
        raise Malformed(request_id)
    if not all(isinstance(prefix, str) and prefix in PREFIXES for prefix in prefixes):
        raise Malformed(request_id)
    return Request(name, named, request_id, frozenset(prefixes), asynchronous)


def _requests(text: str) -> tuple[Request, ...]:
    """Split a text line at ``;`` and into words. From the first thing on that is no word, it is dropped."""
    requests: list[Request] = []
    words: list[Any] = []
    at = 0
    while True:
        found = _WORD.match(text, at)
        if found is not None and found["stop"] is None:
            words.append(
                _unquote(found["double"]) if found["double"] is not None else found["single"] or found["bare"] or ""
            )
            at = found.end()
            continue
        if words and found is not None:
            try:
                request = _positional(words, 0, False)
            except Malformed:
                return tuple(requests)
            # In text, unlike in JSON, ${...} is expanded unless asked otherwise.
            expanding = request.prefixes if "raw" in request.prefixes else request.prefixes | {"expand-properties"}
            requests.append(Request(request.name, request.arguments, prefixes=expanding))
        if found is None or found["stop"] != ";":
            return tuple(requests)
        words = []
        at = found.end()


def _unquote(quoted: str) -> str:
    try:
        text: str = parse(f'"{quoted}"')
    except NotationError:
        return quoted
    return text


# ---- answers --------------------------------------------------------------------------------------------------------


def line(message: Mapping[str, Any]) -> bytes:
    return to_bytes(write(message)) + b"\n"


def result(request_id: Any, data: Any) -> bytes:
    return line({"data": data, "request_id": request_id, "error": "success"})


def done(request_id: Any) -> bytes:
    return line({"request_id": request_id, "error": "success"})


def completion(request_id: Any, data: Any) -> bytes:
    return line({"request_id": request_id, "error": "success", "data": data})


def failure(request_id: Any, refused: CommandRefused) -> bytes:
    return line({"request_id": request_id, "error": refused.error, **_details(refused)})


def failed_completion(request_id: Any, refused: CommandRefused) -> bytes:
    """Say that what was asked with "async":true was begun and failed."""
    return line({"request_id": request_id, "error": refused.error, "data": None, **_details(refused)})


def _details(refused: CommandRefused) -> dict[str, Any]:
    if refused.code is None:
        return {}
    return {"details": {"code": refused.code, "message": refused.message}}
