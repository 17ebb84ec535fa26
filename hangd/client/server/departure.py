"""Departure: that this viewer is out of its room, why, and what to do about it, in a sentence.

`Membership` makes one when the viewer is out of a room, and `ViewerState` keeps it until the next room is entered.
"""

import shlex
import time
from typing import Any, Final

import msgspec
from msgspec import Struct

from hangd.log import escape
from hangd.protocol.model import LeftReason

_SAID_MAX: Final = 300
"""Characters that are quoted of a server's or a host's words."""

_BAN_LASTS: Final = "a ban lasts as long as the room"

_NOT_BACK: Final[dict[str, tuple[str, str]]] = {
    "RoomNotFound": ("{room} is not on the server any more", "create it anew: hangctl create FILE"),
    "RoomLocked": (
        "you were away from {room} for too long, and it is locked now",
        "ask its host to unlock it (hangctl policy locked no), then: {join}",
    ),
    "RoomFull": ("you were away from {room} for too long, and it is full now", "try again later: {join}"),
    "WrongPassword": (
        "you were away from {room} for too long, and its password has changed",
        "ask for the new one, then: {join} --password",
    ),
    "Banned": ("you are banned from {room}", _BAN_LASTS),
    "FileHashMismatch": (
        "you were away from {room} for too long, and it shows another film now",
        "with your copy of that: {join} FILE",
    ),
}
"""Why a room did not let this member back in, and what to do, by the code of the server's refusal."""


class Departure(Struct, frozen=True):
    """``what`` has happened, and ``advice``: both are the beginning of a sentence, without a full stop."""

    room_id: str
    name: str | None
    reason: LeftReason
    what: str
    advice: str
    at: float
    """Unix time."""

    @property
    def detail(self) -> str:
        """One sentence for a person, or two."""
        return f"{self.what}; {self.advice}" if self.advice else self.what

    @property
    def is_own_wish(self) -> bool:
        return self.reason == "left"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: the property ``room/left``."""
        values = {name: getattr(self, name) for name in ("room_id", "name", "reason", "detail", "at")}
        plain: dict[str, Any] = msgspec.to_builtins({key: value for key, value in values.items() if value is not None})
        return plain


def departure(
    room_id: str, name: str | None, reason: LeftReason, said: str | None = None, code: str | None = None
) -> Departure:
    """Return what there is to say to a viewer that is out of this room now.

    Args:
        said: the server's, or the host's, reason.
        code: that of the refusal to let the viewer back in, where that is what happened.
    """
    return _departure(room_id, name, reason, said, *_words(reason, said, code))


def on_the_way(room_id: str, name: str | None) -> Departure:
    """Return what there is to say while a daemon that was started anew goes back into this room."""
    return _departure(
        room_id,
        name,
        "lost",
        None,
        "hangd was started anew, and is on its way back into {room}",
        "to stay out: hangctl leave",
    )


def _departure(
    room_id: str, name: str | None, reason: LeftReason, said: str | None, what: str, advice: str
) -> Departure:
    words = {
        "room": escape(name or room_id),
        "join": f"hangctl join {escape(shlex.quote(name or room_id))}",
        "said": escape((said or "")[:_SAID_MAX]),
    }
    return Departure(room_id, name, reason, what.format(**words), advice.format(**words), time.time())


def _words(reason: LeftReason, said: str | None, code: str | None) -> tuple[str, str]:
    because = ": {said}" if said else ""
    match reason:
        case "left":
            return "you have left {room}", ""
        case "kicked":
            return f"the host of {{room}} put you out of it{because}", "you may come again: {join}"
        case "banned":
            return f"the host of {{room}} banned you from it{because}", _BAN_LASTS
        case "closed":
            return "the server closed {room} after a fault of its own", "create it anew: hangctl create FILE"
        case "mismatch":
            what = f"you are out of {{room}}{because or ', because your file is not its film'}"
            return what, "the film is paused here; with a good copy: {join} FILE"
        case "lost" if code is None:
            return f"you are out of {{room}}{because}", "come again: {join}"
        case "lost":
            unforeseen = (
                f"you were away from {{room}} for too long, and it did not let you in{because}",
                "try: {join}",
            )
            return _NOT_BACK.get(code, unforeseen)
