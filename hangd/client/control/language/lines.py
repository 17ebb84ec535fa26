"""The lines of mpv's IPC: bytes to a request, and the outcome of a request to bytes. Called by ``server``.

::

    {"command":["seek",5],"request_id":1}                    -> Request with arguments by position
    {"command":{"_name":"seek","target":5,"_flags":[]}}      -> Request with arguments by name
    seek 5; set pause no                                     -> a tuple of Requests; none if any is wrong
    "# note", ""                                             -> None

The four shapes of an answer differ in the order of their keys, as mpv's do (measured against 0.35)::

    {"data":D,"request_id":N,"error":"success"}              result()
    {"request_id":N,"error":"success"}                       done()
    {"request_id":N,"error":E}                               failure(); hang adds "details" where there is a code
    {"request_id":N,"error":"success","data":D}              answer() to a request with "async":true
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct, structs

from hangd.client.control.language.json import InvalidJson, parse, write
from hangd.client.control.port import CommandRefused

_ON_PICTURE: Final = ("no-osd", "osd-auto", "osd-bar", "osd-msg", "osd-msg-bar")
_REPEATING: Final = ("repeatable", "nonrepeatable")
PREFIXES: Final = frozenset({
    *_ON_PICTURE, *_REPEATING, "raw", "expand-properties", "nonscalable", "async", "sync",
})  # fmt: skip
"""Words that may come before a command's name. All but nonscalable have an effect here; the four words of osd have the
same one."""
_ARGUMENTS_MAX: Final = 100
"""Of a command in a text line: mpv's MP_CMD_MAX_ARGS."""
_WORDS_MAX: Final = 10_000
"""Of a text line, semicolons included: as many as values in a line of JSON, and for the same reason."""

_WORD: Final = re.compile(
    rb"""[ \t-\r]*+(?:(?P<stop>;|\#|$)
        |(?P<double>"[^"\\]*+(?:\\.[^"\\]*+)*+")
        |'(?P<single>[^']*+)'
        |`(?P<mark>.)(?P<custom>.*?)(?P=mark)`
        |(?!["'`])(?P<bare>[^ \t-\r;\#]++))""",
    re.DOTALL | re.VERBOSE,
)
"""One word of a text line, or what ends a command. Matched in bytes, because a custom quote's mark is one byte."""


class Request(Struct, frozen=True):
    """One command. ``arguments`` is a list (by position) or a dict (by name)."""

    name: str
    arguments: list[Any] | dict[str, Any]
    request_id: Any = 0
    prefixes: tuple[str, ...] = ()
    asynchronous: bool = False
    """Sent with "async":true: later requests do not wait for it, and it is answered between the events."""
    answered: bool = True
    """False in a text line."""

    @property
    def expanding(self) -> bool:
        """Whether properties are expanded in its arguments."""
        return self._last_of("raw", "expand-properties") == "expand-properties"

    @property
    def unattended(self) -> bool:
        """Whether its outcome is not wanted (prefix ``async``): it is answered as soon as it has begun."""
        return self._last_of("sync", "async") == "async" and not self.asynchronous

    @property
    def shown(self) -> bool:
        """Whether the picture is to show what the command has done: always in text, with a prefix in JSON."""
        return self._last_of(*_ON_PICTURE) not in ("", "no-osd")

    @property
    def repeatable(self) -> bool | None:
        """Whether a key that is held down repeats the command; None: that depends on the command."""
        return {"": None, "repeatable": True, "nonrepeatable": False}[self._last_of(*_REPEATING)]

    def _last_of(self, *opposites: str) -> str:
        return next((prefix for prefix in reversed(self.prefixes) if prefix in opposites), "")


class TextLine(Struct, frozen=True):
    """A line of commands in text."""

    requests: tuple[Request, ...]
    source: str
    """The commands as they were written, without what follows them."""
    comment: str
    """What follows the commands behind a ``#``."""


class Malformed(CommandRefused):
    """A line that begins with a brace and is not a request. ``request_id`` is 0 where it could not be read."""

    def __init__(self, request_id: Any = 0) -> None:
        super().__init__("invalid parameter")
        self.request_id = request_id


def decode(data: bytes) -> Request | tuple[Request, ...] | None:
    """Read one line, without its newline. A tuple is a line of text, whose requests are not answered.

    Raises Malformed.
    """
    # mpv's lines are C strings: a NUL ends them.
    text = data.partition(b"\0")[0].lstrip(b" \t\r")
    if not text or text.startswith(b"#"):
        return None
    if not text.startswith(b"{"):
        return _requests(text)
    try:
        message = parse(text)
    except InvalidJson:
        raise Malformed from None
    asynchronous = message.get("async", False)
    if not isinstance(asynchronous, bool):
        raise Malformed  # mpv checks this before it reads the id
    request_id = message.get("request_id", 0)
    if asynchronous and (not isinstance(request_id, int) or isinstance(request_id, bool)):
        raise Malformed(request_id)
    match message.get("command"):
        case [*words]:
            return _positional(words, request_id, asynchronous)
        case dict() as named:
            return _named(named, request_id, asynchronous)
    raise Malformed(request_id)


def _positional(words: list[Any], request_id: Any, asynchronous: bool) -> Request:
    prefixes: list[str] = []
    while words and isinstance(words[0], str) and words[0] in PREFIXES:
        prefixes.append(words.pop(0))
    if not words or not isinstance(words[0], str):
        raise Malformed(request_id)
    return Request(words[0], words[1:], request_id, tuple(prefixes), asynchronous)


def _named(named: dict[str, Any], request_id: Any, asynchronous: bool) -> Request:
    # Beside "_name", "name" is an argument like any other.
    key = "_name" if isinstance(named.get("_name"), str) else "name"
    name, flags = named.pop(key, None), named.pop("_flags", [])
    if not isinstance(name, str) or not isinstance(flags, list):
        raise Malformed(request_id)
    if not all(isinstance(flag, str) and flag in PREFIXES for flag in flags):
        raise Malformed(request_id)
    return Request(name, named, request_id, tuple(flags), asynchronous)


def _requests(text: bytes) -> tuple[Request, ...]:
    """Split a text line into its commands. Returns none at all where anything in it is wrong."""
    try:
        return text_line(text).requests
    except CommandRefused:
        return ()


def text_line(text: bytes) -> TextLine:
    """Split a line of text into its commands.

    Raises CommandRefused, which says what is wrong with it.
    """
    requests: list[Request] = []
    words: list[Any] = []
    at = 0
    for _ in range(_WORDS_MAX):
        if (found := _WORD.match(text, at)) is None:
            raise CommandRefused.invalid("a quotation mark is not closed")
        at = found.end()
        if found["stop"] is None:
            try:
                words.append(_word(found))
            except InvalidJson:
                raise CommandRefused.invalid('there is no such \\ between quotation marks "..."') from None
            continue
        if words or not requests:  # nothing is needed after the last semicolon
            requests.append(_in_text(words))
        if not words or found["stop"] != b";":
            comment = text[at:] if found["stop"] == b"#" else b""
            return TextLine(tuple(requests), _decoded(text[: found.start("stop")]), _decoded(comment))
        words = []
    raise CommandRefused.invalid(f"there are more than {_WORDS_MAX} words")


def _in_text(words: list[Any]) -> Request:
    try:
        request = _positional(words, 0, False)
    except Malformed:
        raise CommandRefused.invalid("there is no command") from None
    if len(request.arguments) > _ARGUMENTS_MAX:
        raise CommandRefused.invalid(f"a command has more than {_ARGUMENTS_MAX} arguments")
    # In text, unlike in JSON, ${...} is expanded and the picture shows what is done, unless the line asks otherwise.
    prefixes = ("expand-properties", "osd-auto", *request.prefixes)
    return structs.replace(request, prefixes=prefixes, answered=False)


def _word(found: re.Match[bytes]) -> str:
    if found["double"] is not None:
        word: str = parse(found["double"])
        return word
    return (found["bare"] or found["single"] or found["custom"] or b"").decode("utf-8", "surrogateescape")


def _decoded(part: bytes) -> str:
    return part.decode("utf-8", "surrogateescape").strip()


def line(message: Mapping[str, Any]) -> bytes:
    """Write any message, such as an event. Raises TypeError where it holds other than plain data."""
    return write(message).encode("utf-8", "surrogateescape") + b"\n"


def result(request_id: Any, data: Any) -> bytes:
    return line({"data": data, "request_id": request_id, "error": "success"})


def done(request_id: Any) -> bytes:
    return line({"request_id": request_id, "error": "success"})


def failure(request_id: Any, refused: CommandRefused, *, begun: bool = False) -> bytes:
    """Write a refusal. ``begun``: the request was asynchronous, and failed after its arguments were accepted."""
    message: dict[str, Any] = {"request_id": request_id, "error": refused.error}
    if begun:
        message["data"] = None
    if refused.code is not None:
        message["details"] = {**refused.more, "code": refused.code, "message": refused.message}
    return line(message)


def answer(request: Request, outcome: Any) -> bytes:
    """Write the answer to a command, of which ``outcome`` is the result or a CommandRefused."""
    if isinstance(outcome, CommandRefused):
        begun = request.asynchronous and outcome.error != "invalid parameter"
        return failure(request.request_id, outcome, begun=begun)
    if request.asynchronous:
        return line({"request_id": request.request_id, "error": "success", "data": outcome})
    return result(request.request_id, outcome)
