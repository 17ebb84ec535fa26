"""mpv's IPC dialect: a line to a request, an outcome to a line. No socket, no meaning.

::

    {"command":["seek",5],"request_id":1}                    -> Request, answered in one of the shapes below
    {"command":{"_name":"seek","target":5,"_flags":[]}}      -> Request with named arguments
    seek 5; set pause no                                     -> TextLine: all of its requests or none; never answered
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

from hangd.client.control.language.json import NotationError, Repeating, from_bytes, parse, to_bytes, unescape, write
from hangd.client.control.port import CommandRefused

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
"""What may stand before a command. Only `_OPPOSITES` change anything here."""
_OPPOSITES: Final = {"raw": "expand-properties", "expand-properties": "raw", "sync": "async", "async": "sync"}
"""Of these, the last one given is meant."""
_MOST_ARGUMENTS: Final = 100
"""Of a command in a text line: mpv's MP_CMD_MAX_ARGS."""

_WORD: Final = re.compile(
    rb"""[ \t-\r]*+(?:(?P<stop>;|\#|$)
        |"(?P<double>[^"\\]*+(?:\\.[^"\\]*+)*+)"
        |'(?P<single>[^']*+)'
        |`(?P<mark>.)(?P<custom>.*?)(?P=mark)`
        |(?!["'`])(?P<bare>[^ \t-\r;\#]++))""",
    re.DOTALL | re.VERBOSE,
)
"""One word of a text line; or, at the end of a command, what ends it. In bytes: a custom quote's mark is one."""


class Request(Struct, frozen=True):
    """One command. ``arguments`` is a list (by position) or a dict (by name)."""

    name: str
    arguments: list[Any] | dict[str, Any]
    request_id: Any = 0
    prefixes: frozenset[str] = frozenset()
    asynchronous: bool = False

    @property
    def expanding(self) -> bool:
        """Whether properties are to be expanded in its arguments."""
        return "expand-properties" in self.prefixes

    @property
    def unattended(self) -> bool:
        """Whether what becomes of it is of no interest: it has succeeded as soon as it has begun."""
        return "async" in self.prefixes


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
    line = data.partition(b"\0")[0].lstrip(b" \t\r")
    if not line or line.startswith(b"#"):
        return None
    if not line.startswith(b"{"):
        return TextLine(_requests(line))
    try:
        message = parse(from_bytes(line))
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
        case dict() as named:
            return _named(named, request_id, asynchronous)
    raise Malformed(request_id)


def _positional(
    words: list[Any], request_id: Any, asynchronous: bool, prefixes: frozenset[str] = frozenset()
) -> Request:
    while words and isinstance(words[0], str) and words[0] in PREFIXES:
        prefixes = _with(prefixes, words.pop(0))
    if not words or not isinstance(words[0], str):
        raise Malformed(request_id)
    return Request(words[0], words[1:], request_id, prefixes, asynchronous)


def _with(prefixes: frozenset[str], prefix: str) -> frozenset[str]:
    return prefixes - {_OPPOSITES.get(prefix, prefix)} | {prefix}


def _named(named: dict[Any, Any], request_id: Any, asynchronous: bool) -> Request:
    # With "_name" there, "name" is an argument like any other.
    key = "_name" if isinstance(named.get("_name"), str) else "name"
    name, flags = named.pop(key, None), named.pop("_flags", [])
    if not isinstance(name, str) or not isinstance(flags, list):
        raise Malformed(request_id)
    if isinstance(named, Repeating) and len(named) != sum(word not in (key, "_flags") for word, _ in named.pairs):
        raise Malformed(request_id)  # an argument that is set twice
    prefixes: frozenset[str] = frozenset()
    for flag in flags:
        if not isinstance(flag, str) or flag not in PREFIXES:
            raise Malformed(request_id)
        prefixes = _with(prefixes, flag)
    return Request(name, named, request_id, prefixes, asynchronous)


def _requests(line: bytes) -> tuple[Request, ...]:
    """Split a text line at ``;`` and into words. With anything wrong in one command, there is none."""
    requests: list[Request] = []
    words: list[Any] = []
    at = 0
    while True:
        found = _WORD.match(line, at)
        if found is None:
            return ()
        at = found.end()
        if found["stop"] is None:
            try:
                words.append(_word(found))
            except NotationError:
                return ()
            continue
        if requests and not words:
            return tuple(requests)  # after the last ; there may be nothing
        try:
            # In text, unlike in JSON, ${...} is expanded unless asked otherwise.
            requests.append(_positional(words, 0, False, frozenset({"expand-properties"})))
        except Malformed:
            return ()
        if len(requests[-1].arguments) > _MOST_ARGUMENTS:
            return ()
        if found["stop"] != b";":
            return tuple(requests)
        words = []


def _word(found: re.Match[bytes]) -> str:
    if found["double"] is not None:
        return unescape(from_bytes(found["double"])).partition("\0")[0]
    return from_bytes(found["bare"] or found["single"] or found["custom"] or b"")


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
