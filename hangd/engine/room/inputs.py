"""The inputs of the server's machines, first those of a `Room` and then those of a `Session`.

Inputs are facts in the past tense; the hub (`hangd.rooms.hub`) makes them. ``request_id`` is the id of a client's
request: the direct answer carries it back as ``re``.
"""

from msgspec import Struct

from hangd.protocol.errors import RemoteProtocolError
from hangd.protocol.messages import ClientMessage, CreateRoom, JoinRoom, RequestId


class CreateRequested(Struct, frozen=True):
    """The first input of a room: a client creates it and enters as host."""

    client_id: str
    name: str
    full: bool
    """The client sent Hello. Basic clients do not count for lead or gate, and get only the messages marked Basic."""
    host_secret: str
    """New and random. Only the client that creates the room gets it."""
    message: CreateRoom
    request_id: RequestId | None = None
    return_secret: str | None = None
    """New and random. Only this client gets it, if it is a full one."""


class JoinRequested(Struct, frozen=True):
    client_id: str
    name: str
    full: bool
    message: JoinRoom
    request_id: RequestId | None = None
    return_secret: str | None = None
    """New and random. Only this client gets it, if it is a full one and has not come back by an older one."""


EntryRequest = CreateRequested | JoinRequested


class PasswordChecked(Struct, frozen=True):
    """The result of CheckPassword. Other inputs may have come in between."""

    client_id: str
    matches: bool


class PasswordHashed(Struct, frozen=True):
    """The result of HashPassword. None: it failed."""

    client_id: str
    password_hash: str | None


class MessageReceived(Struct, frozen=True):
    """A client that is in the room sent a message that concerns the room."""

    client_id: str
    message: ClientMessage
    request_id: RequestId | None = None


class ConnectionLost(Struct, frozen=True):
    client_id: str


class ConnectionResumed(Struct, frozen=True):
    """A member that was away has a connection again, under its old client id."""

    client_id: str


class LatencyMeasured(Struct, frozen=True):
    """One round trip between server and client (a WebSocket ping) took ``rtt`` seconds."""

    client_id: str
    rtt: float


ConnectionInput = ConnectionLost | ConnectionResumed | LatencyMeasured
RoomInput = EntryRequest | PasswordChecked | PasswordHashed | MessageReceived | ConnectionInput


class FrameReceived(Struct, frozen=True):
    """A frame was decoded."""

    message: ClientMessage
    request_id: RequestId | None = None


class FrameRejected(Struct, frozen=True):
    """A frame could not be decoded."""

    error: RemoteProtocolError


class Greeted(Struct, frozen=True):
    """Greet was carried out."""

    name: str
    resumed: str | None = None
    """The client id that this connection resumed, if it did."""
    room_id: str | None = None
    """The room that the resumed client is in, if it is in one."""


class RoomEntered(Struct, frozen=True):
    room_id: str


class RoomExited(Struct, frozen=True):
    """The client is in no room: it left, was removed, or could not enter. It has been told."""


SessionInput = FrameReceived | FrameRejected | Greeted | RoomEntered | RoomExited
