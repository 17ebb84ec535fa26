"""The effects of the server's machines, first those of a `Room` and then those of a `Session`.

Effects are orders in the imperative; the hub (`hangd.rooms.hub`) is their only interpreter. ``re`` is the id of the
request that a message answers.
"""

from typing import Literal

from msgspec import Struct

from hangd.protocol.messages import ClientMessage, CreateRoom, Hello, JoinRoom, PushRequest, RequestId, ServerMessage
from hangd.protocol.model import LeftReason


class SendTo(Struct, frozen=True):
    """Send one message to these members. With ``re`` there is one recipient."""

    client_ids: tuple[str, ...]
    message: ServerMessage
    re: RequestId | None = None


class CheckPassword(Struct, frozen=True):
    """Compare the password with the hash outside the event loop, then give PasswordChecked to the room."""

    client_id: str
    password: str
    password_hash: str


class HashPassword(Struct, frozen=True):
    """Hash the password (argon2id) outside the event loop, then give PasswordHashed to the room."""

    client_id: str
    password: str


class ForgetMember(Struct, frozen=True):
    """This client is not a member of the room, or not any more. It may enter another room and cannot resume here."""

    client_id: str
    reason: LeftReason | Literal["refused"]


class ForgetRoom(Struct, frozen=True):
    """Drop the room: it has been empty for as long as the server keeps an empty one. Always the last effect."""


RoomEffect = SendTo | CheckPassword | HashPassword | ForgetMember | ForgetRoom


class Reply(Struct, frozen=True):
    message: ServerMessage
    re: RequestId | None = None


class AnswerPing(Struct, frozen=True):
    """Send a Pong, with the time at which it is written and the epoch and rev of the client's room."""

    t0: float
    t1: float
    re: RequestId | None = None


class Greet(Struct, frozen=True):
    """Resume if that is requested and possible, send Welcome, then give Greeted back."""

    hello: Hello
    re: RequestId | None = None


class OpenRoom(Struct, frozen=True):
    """Create a room and let the client enter it; give RoomEntered or RoomExited back."""

    message: CreateRoom
    name: str
    full: bool
    re: RequestId | None = None


class EnterRoom(Struct, frozen=True):
    """Find the room and ask it to let the client in; give RoomEntered or RoomExited back."""

    message: JoinRoom
    name: str
    full: bool
    re: RequestId | None = None


class ForwardToRoom(Struct, frozen=True):
    message: ClientMessage
    re: RequestId | None = None


class ListRoomsTo(Struct, frozen=True):
    re: RequestId | None = None


class AskPush(Struct, frozen=True):
    """Subscribe, unsubscribe or invite, if this server does that; ``name`` is the client's own."""

    message: PushRequest
    name: str
    re: RequestId | None = None


class Close(Struct, frozen=True):
    """Close the connection with this WebSocket close code. Always the last effect."""

    code: int
    reason: str


SessionEffect = Reply | AnswerPing | Greet | OpenRoom | EnterRoom | ForwardToRoom | ListRoomsTo | AskPush | Close
