"""Error codes, close codes, and the exceptions about them.

The codec raises RemoteProtocolError when it decodes and LocalProtocolError when it encodes. The machines raise
RequestRefused. The server answers the first two kinds with an ``Error`` message (`hangd.protocol.messages.Error.of`).
"""

from math import ceil
from typing import Final, Literal, Self

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
    "InvalidInvite",
    "RateLimited",
    "InvalidMessage",
    "UnknownType",
    "TooLarge",
    "UnsupportedProtocol",
    "NameTaken",
    "NoSuchEntry",
    "ServerFull",
    "Internal",
]

Details = dict[str, str | float | int | bool]
"""What a program may want to know about an error beside its code, by name."""

_RETRYABLE: Final = frozenset({"RoomFull", "RoomLocked", "RateLimited", "ServerFull", "Internal"})

# WebSocket close codes of this protocol. A client that does not know a code acts on its range:
# 4000-4499: connect again later; 4500-4999: do not.
CLOSE_GOING_DOWN: Final = 4001
CLOSE_TOO_SLOW: Final = 4002
CLOSE_IDLE: Final = 4003
CLOSE_PROTOCOL: Final = 4500
CLOSE_UNAUTHORIZED: Final = 4501
CLOSE_BANNED: Final = 4502
CLOSE_RATE_LIMITED: Final = 4503
CLOSE_REPLACED: Final = 4504
"""Another connection resumed this client id."""
CLOSE_REMOVED: Final = 4505
"""The server's administrator has put this client out."""


def may_return(close_code: int) -> bool:
    """Tell whether a client may connect again by itself after its connection was closed with this code.

    Codes outside 4000-4999 come from the network (1006: the connection broke; 1012: a proxy restarts), and allow it.
    """
    return not 4500 <= close_code <= 4999


class HangProtocolError(Exception):
    """Base of the three below. ``message``, which is also its ``str()``, is one sentence for a user."""

    def __init__(self, code: ErrorCode, message: str, *, details: Details | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.details = details

    @property
    def retry(self) -> bool:
        """Whether the same request may be granted later."""
        return self.code in _RETRYABLE


class RemoteProtocolError(HangProtocolError):
    """The peer sent something that is not a message of this protocol.

    ``path`` is the JSON path of the value that is wrong. ``request_id`` is the message's request id, if it could be
    read.
    """

    def __init__(self, code: ErrorCode, message: str, *, path: str = "$", request_id: str | int | None = None) -> None:
        super().__init__(code, message, details={"path": path})
        self.path = path
        self.request_id = request_id


class RequestRefused(HangProtocolError):
    """A valid request is not granted, now or at all. Raised before the request has changed anything.

    The constructors below are for the codes that carry details.
    """

    @classmethod
    def invalid(cls, path: str, why: str) -> Self:
        """The value at this JSON path is wrong, which only the receiver can know. ``why`` follows the path."""
        return cls("InvalidMessage", f"{path} {why}", details={"path": path})

    @classmethod
    def file_mismatch(cls, message: str, **details: str | float | int | bool) -> Self:
        return cls("FileHashMismatch", message, details=details or None)

    @classmethod
    def rate_limited(
        cls, message: str, retry_after: float | None = None, *, limit: str | None = None, of: str | None = None
    ) -> Self:
        """There was too much of something.

        Args:
            message: what there was too much of. How long to wait is added to it.
            retry_after: seconds until the same request will be granted, if that is known.
            limit: which limit it is, in the words of the server's options: "chat", "joins".
            of: whose limit, where several have the same: "connection", "network" or "room".
        """
        known = {"retry_after": retry_after, "limit": limit, "of": of}
        details: Details = {name: value for name, value in known.items() if value is not None}
        if retry_after is not None:
            message = f"{message}: try again in {max(1, ceil(retry_after))} s"
        return cls("RateLimited", message, details=details or None)


class LocalProtocolError(HangProtocolError):
    """This side tried to send a message that does not exist in its direction: a bug on this side."""

    def __init__(self, message: str) -> None:
        super().__init__("Internal", message)
