"""Departure: that this viewer is out of its room, why, and what to do about it, in a sentence.

`Membership` makes one when the viewer is out of a room, and `ViewerState` keeps it until the next room is entered.
"""

import shlex
import time
from typing import Any, Final

import msgspec
from msgspec import Struct

from hangd.log import escape
from hangd.protocol.messages import Error
from hangd.protocol.model import Access, LeftReason

_SAID_MAX: Final = 300
"""Characters that are quoted of a server's or a host's words."""

_BAN_LASTS: Final = "it holds for this device until the host lifts it, and for your network for 24 hours"
_BAN_LASTS_WITH_ACCOUNT: Final = "it holds for your account and for this device until the host lifts it"
_AGAIN_INVITED: Final = "to come again you need an invite: ask one of its members"
_MAY_LIFT: Final = "only the host can lift that"

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
    "Banned": ("you are banned from {room}", _MAY_LIFT),
    "Unauthorized": ("{room} did not let you in again{because}", "to come again: hangctl login; then: {join}"),
    "InvalidInvite": ("{room} did not let you in again{because}", "ask one of its members for an invite"),
    "ServerBanned": ("the server does not let you in{because}", "once that is lifted: {join}"),
    "ServerPassword": (
        "the server wants its own password{because}",
        "give it: hangctl connect; then: {join}",
    ),
    "LoginEnded": ("the server has ended the connection{because}", "to come again: hangctl login; then: {join}"),
    "FileHashMismatch": (
        "you were away from {room} for too long, and it shows another film now",
        "with your copy of that: {join} FILE",
    ),
}
"""Why a room did not let this member back in, and what to do, by the code of the server's refusal."""

_UNTIL_WELCOME: Final = ("ServerBanned", "ServerPassword")


class Departure(Struct, frozen=True):
    """``what`` has happened, and ``advice``: both are the beginning of a sentence, without a full stop."""

    room_id: str
    name: str | None
    reason: LeftReason
    what: str
    advice: str
    at: float
    """Unix time."""
    until_welcome: bool = False
    """Whether it is not true any more once the server lets this viewer in."""

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


def not_let_in(refusal: Error) -> str:
    """Return the code, for `departure`, of a server that does not let this viewer in at all."""
    if refusal.code == "Banned":
        return "ServerBanned"
    if refusal.code != "Unauthorized":
        return refusal.code
    return "ServerPassword" if (refusal.details or {}).get("need") == "password" else "LoginEnded"


def departure(
    room_id: str,
    name: str | None,
    reason: LeftReason,
    said: str | None = None,
    code: str | None = None,
    *,
    has_account: bool = False,
    access: Access = "anyone",
) -> Departure:
    """Return what there is to say to a viewer that is out of this room now.

    Args:
        said: the server's, or the host's, reason.
        code: that of the refusal to let the viewer back in, where that is what happened.
        has_account: whether the viewer is logged in.
        access: who may join the room.
    """
    what, advice = _words(reason, said, code, has_account, access)
    return _departure(room_id, name, reason, said, what, advice, until_welcome=code in _UNTIL_WELCOME)


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
    room_id: str,
    name: str | None,
    reason: LeftReason,
    said: str | None,
    what: str,
    advice: str,
    *,
    until_welcome: bool = False,
) -> Departure:
    words = {
        "room": escape(name or room_id),
        "join": f"hangctl join {escape(shlex.quote(name or room_id))}",
        "said": escape((said or "")[:_SAID_MAX]),
    }
    return Departure(room_id, name, reason, what.format(**words), advice.format(**words), time.time(), until_welcome)


def _words(
    reason: LeftReason, said: str | None, code: str | None, has_account: bool, access: Access
) -> tuple[str, str]:
    because = ": {said}" if said else ""
    match reason:
        case "left" if said:  # The viewer has logged out where only accounts may be.
            return "you are out of {room}: {said}", "to come again: hangctl login; then: {join}"
        case "left":
            return "you have left {room}", ""
        case "kicked":
            again = _AGAIN_INVITED if access == "invited" else "you may come again: {join}"
            return f"the host of {{room}} put you out of it{because}", again
        case "banned":
            lasts = _BAN_LASTS_WITH_ACCOUNT if has_account else _BAN_LASTS
            return f"the host of {{room}} banned you from it{because}", lasts
        case "ended":
            return f"the server put you out of {{room}}{because}", "to come again: hangctl login; then: {join}"
        case "removed":
            return f"the server's administrator put you out of {{room}}{because}", "you may come again: {join}"
        case "closed" if said:
            return "the server closed {room}: {said}", "create it anew: hangctl create FILE"
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
            what, advice = _NOT_BACK.get(code, unforeseen)
            return what.replace("{because}", because), advice
