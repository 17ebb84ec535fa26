"""Error codes, close codes, and what is raised about them.

::

    Exception
     +-- HangProtocolError            base; has a code, a message fit for a user, and whether retrying makes sense
          +-- RemoteProtocolError     the peer sent what it must not: answered with Error, changes nothing
          +-- RequestRefused          the peer asked for what it may not have (or not now): answered with Error
          +-- LocalProtocolError      we were about to send what we must not: a bug here

Only RemoteProtocolError comes out of the codec, only RequestRefused out of a machine that judges a request, and both
are turned into an ``Error`` message in one place, the server's interpreter.
"""

from typing import Final, Literal, get_args

__all__ = [
    "CLOSE_BANNED",
    "CLOSE_GOING_DOWN",
    "CLOSE_IDLE",
    "CLOSE_PROTOCOL",
    "CLOSE_RATE_LIMITED",
    "CLOSE_REPLACED",
    "CLOSE_TOO_SLOW",
    "CLOSE_UNAUTHORIZED",
    "ERROR_CODES",
    "ErrorCode",
    "HangProtocolError",
    "LocalProtocolError",
    "RemoteProtocolError",
    "RequestRefused",
    "may_return",
]

ErrorCode = Literal[
    "FileHashMismatch",
    "RoomNotFound",
    "RoomFull",
    "RoomLocked",
    "WrongPassword",
    "Banned",
    "NotInRoom",
    "AlreadyInRoom",
    "Forbidden",
    "Unauthorized",
    "RateLimited",
    "InvalidMessage",
    "UnknownType",
    "TooLarge",
    "UnsupportedProtocol",
    "NameTaken",
    "NoSuchEntry",
    "NotHashed",
    "ServerFull",
    "Internal",
]
ERROR_CODES: Final[tuple[str, ...]] = get_args(ErrorCode)

_RETRYABLE: Final = frozenset({"RoomFull", "RoomLocked", "RateLimited", "ServerFull", "NotHashed", "Internal"})

# WebSocket close codes of our own. The range tells a client that knows no more what to do:
# 4000-4499 come back later, 4500-4999 do not.
CLOSE_GOING_DOWN: Final = 4001
CLOSE_TOO_SLOW: Final = 4002
CLOSE_IDLE: Final = 4003
CLOSE_PROTOCOL: Final = 4500
CLOSE_UNAUTHORIZED: Final = 4501
CLOSE_BANNED: Final = 4502
CLOSE_RATE_LIMITED: Final = 4503
CLOSE_REPLACED: Final = 4504
"""Another connection of the same member resumed its place."""


def may_return(close_code: int) -> bool:
    """Tell whether a client whose connection ended with this code should try again by itself.

    Codes outside our range (1006, a cut wire; 1012, a proxy that restarts) are the network's, and pass.
    """
    return not 4500 <= close_code <= 4999


class HangProtocolError(Exception):
    """Base of the tree. ``str()`` of it is one sentence fit for a user."""

    def __init__(
        self, code: ErrorCode, message: str, *, details: dict[str, str | float | int | bool] | None = None
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.details = details

    @property
    def retry(self) -> bool:
        """Whether the same request may be granted later."""
        return self.code in _RETRYABLE


class RemoteProtocolError(HangProtocolError):
    """The peer sent something that is no message of this protocol. ``request_id`` is its mark, if readable."""

    def __init__(self, code: ErrorCode, message: str, *, path: str = "$", request_id: str | int | None = None) -> None:
        super().__init__(code, message, details={"path": path})
        self.path = path
        self.request_id = request_id


class RequestRefused(HangProtocolError):
    """The peer asked for something that it can not have now."""


class LocalProtocolError(HangProtocolError):
    """We tried to say something that the protocol has no room for. A bug on this side."""

    def __init__(self, message: str) -> None:
        super().__init__("Internal", message)
