"""What an administrator can ask a running server, and its answer: one line of JSON each."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from hangd.protocol.model import MOTD_MAX

LINE_MAX: Final = 1 << 16
"""Bytes of a request. Answers are longer."""

REASON_MAX: Final = 500
_Reason = Annotated[str, Meta(max_length=REASON_MAX)]


class _Request(Struct, frozen=True, tag_field="ask", tag=str.lower, forbid_unknown_fields=True):
    pass


class Rooms(_Request, frozen=True):
    """List the rooms."""


class Clients(_Request, frozen=True):
    """List the connections of clients. ``room``: only those in this room, by its name or id."""

    room: str | None = None


class Kick(_Request, frozen=True):
    """Put a client out, by the name of its connection."""

    connection: str
    reason: _Reason | None = None


class Close(_Request, frozen=True):
    """Close a room, by its name or id."""

    room: str
    reason: _Reason | None = None


class Motd(_Request, frozen=True):
    """Tell the text that greets each client. ``text``: use this one from now on; "": none."""

    text: Annotated[str, Meta(max_length=MOTD_MAX)] | None = None


class Drain(_Request, frozen=True):
    """Take nobody in any more, and stop when nobody is left, or after ``seconds``. ``cancel``: go on as before."""

    seconds: Annotated[float, Meta(ge=0)] | None = None
    cancel: bool = False


Request = Rooms | Clients | Kick | Close | Motd | Drain


class Answered(Struct, frozen=True, omit_defaults=True):
    """The answer. ``error``: why it was not done, in one sentence; else ``rows`` of a list, or what was done."""

    rows: list[dict[str, Any]] | None = None
    said: str | None = None
    error: str | None = None


request_decoder: Final = msgspec.json.Decoder(Request)
answer_decoder: Final = msgspec.json.Decoder(Answered)
