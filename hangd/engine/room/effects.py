"""What the server's machines (Room, Session) are told, and what they order. The hub is the one interpreter.

Facts are past tense, orders are imperative. ``request_id`` is the client's mark on a message: whoever answers that
message directly sends it back as ``re``.
"""

from typing import Literal

from msgspec import Struct

from hangd.protocol.errors import RemoteProtocolError
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    Hello,
    JoinRoom,
    RequestId,
    ServerMessage,
)
from hangd.protocol.model import LeftReason

__all__ = [
    "AnswerPing",
    "CheckPassword",
    "Close",
    "ConnectionLost",
    "ConnectionResumed",
    "CreateRequested",
    "EnterRoom",
    "ForgetMember",
    "ForgetRoom",
    "ForwardToRoom",
    "FrameReceived",
    "FrameRejected",
    "Greet",
    "Greeted",
    "HashPassword",
    "JoinRequested",
    "LatencyMeasured",
    "ListRoomsTo",
    "MessageReceived",
    "OpenRoom",
    "PasswordChecked",
    "PasswordHashed",
    "Refused",
    "Reply",
    "RoomEffect",
    "RoomEntered",
    "RoomExited",
    "RoomInput",
    "SendTo",
    "SessionEffect",
    "SessionInput",
]


# ---- facts for a Room -----------------------------------------------------------------------------------------------


class CreateRequested(Struct, frozen=True):
    """The room's first input: its creator enters as host. ``host_secret`` is fresh, for the creator's eyes only."""

    client_id: str
    name: str
    full: bool
    """The client said Hello. Basic clients count neither for lead nor for gate and hear only what is marked Basic."""
    host_secret: str
    message: CreateRoom
    request_id: RequestId | None = None


class JoinRequested(Struct, frozen=True):
    client_id: str
    name: str
    full: bool
    message: JoinRoom
    request_id: RequestId | None = None


class PasswordChecked(Struct, frozen=True):
    """The answer to CheckPassword, some milliseconds and inputs later."""

    client_id: str
    matches: bool


class PasswordHashed(Struct, frozen=True):
    """The answer to HashPassword."""

    client_id: str
    password_hash: str


class MessageReceived(Struct, frozen=True):
    """A member said something that concerns the room."""

    client_id: str
    message: ClientMessage
    request_id: RequestId | None = None


class ConnectionLost(Struct, frozen=True):
    client_id: str


class ConnectionResumed(Struct, frozen=True):
    """A member that was away is back under its old id."""

    client_id: str


class LatencyMeasured(Struct, frozen=True):
    """One round trip between server and member took ``rtt`` seconds (a WebSocket ping)."""

    client_id: str
    rtt: float


RoomInput = (
    CreateRequested
    | JoinRequested
    | PasswordChecked
    | PasswordHashed
    | MessageReceived
    | ConnectionLost
    | ConnectionResumed
    | LatencyMeasured
)


# ---- orders of a Room -----------------------------------------------------------------------------------------------


class SendTo(Struct, frozen=True):
    """Send one message to these members, encoded once whatever their number. ``re`` is for a single recipient."""

    client_ids: tuple[str, ...]
    message: ServerMessage
    re: RequestId | None = None


class CheckPassword(Struct, frozen=True):
    """Compare off the loop, then feed PasswordChecked back."""

    client_id: str
    password: str
    password_hash: str


class HashPassword(Struct, frozen=True):
    """Hash (argon2id) off the loop, then feed PasswordHashed back."""

    client_id: str
    password: str


class ForgetMember(Struct, frozen=True):
    """This client is not (or no longer) a member here: it may join another room, and can not resume here."""

    client_id: str
    reason: LeftReason | Literal["refused"]


class ForgetRoom(Struct, frozen=True):
    """The room has been empty for as long as the server keeps one. No effect follows this one."""


RoomEffect = SendTo | CheckPassword | HashPassword | ForgetMember | ForgetRoom


# ---- facts for a Session --------------------------------------------------------------------------------------------


class FrameReceived(Struct, frozen=True):
    """A frame that decoded."""

    message: ClientMessage
    request_id: RequestId | None = None


class FrameRejected(Struct, frozen=True):
    """A frame that did not decode."""

    error: RemoteProtocolError


class Greeted(Struct, frozen=True):
    """The hub carried out Greet. ``room_id`` is set where the member resumed its place in that room."""

    name: str
    room_id: str | None = None


class RoomEntered(Struct, frozen=True):
    room_id: str


class RoomExited(Struct, frozen=True):
    """The client is in no room now: it left, was removed, or was refused."""


class Refused(Struct, frozen=True):
    """The hub could not do what was ordered (no such room, server full, bad token): the Error has been sent."""

    fatal: bool = False
    """Nothing can follow on this connection: the hub closes it."""


SessionInput = FrameReceived | FrameRejected | Greeted | RoomEntered | RoomExited | Refused


# ---- orders of a Session --------------------------------------------------------------------------------------------


class Reply(Struct, frozen=True):
    message: ServerMessage
    re: RequestId | None = None


class AnswerPing(Struct, frozen=True):
    """Send a Pong stamped as it is written, with the epoch and rev of the room that the client is in."""

    t0: float
    t1: float
    re: RequestId | None = None


class Greet(Struct, frozen=True):
    """Check the token, resume if asked and possible, send Welcome, and feed Greeted (or Refused) back."""

    hello: Hello
    re: RequestId | None = None


class OpenRoom(Struct, frozen=True):
    """Make a room around this message and enter it; feed RoomEntered or Refused back."""

    message: CreateRoom
    name: str
    full: bool
    re: RequestId | None = None


class EnterRoom(Struct, frozen=True):
    """Find the room and ask it in; feed RoomEntered, RoomExited or Refused back."""

    message: JoinRoom
    name: str
    full: bool
    re: RequestId | None = None


class ForwardToRoom(Struct, frozen=True):
    message: ClientMessage
    re: RequestId | None = None


class ListRoomsTo(Struct, frozen=True):
    re: RequestId | None = None


class Close(Struct, frozen=True):
    """Close the connection with this WebSocket close code. No effect follows this one."""

    code: int
    reason: str


SessionEffect = Reply | AnswerPing | Greet | OpenRoom | EnterRoom | ForwardToRoom | ListRoomsTo | Close
