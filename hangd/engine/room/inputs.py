"""The inputs of the server's machines, first those of a `Room` and then those of a `Session`.

Inputs are facts in the past tense; the hub (`hangd.rooms.hub`) makes them. ``request_id`` is the id of a client's
request: the direct answer carries it back as ``re``.
"""

from typing import Literal

from msgspec import Struct

from hangd.engine.room.admission.identity import BadInvite, GivenInvite, Identity
from hangd.protocol.errors import RemoteProtocolError, RequestRefused
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
    identity: Identity = Identity()


class JoinRequested(Struct, frozen=True):
    client_id: str
    name: str
    full: bool
    message: JoinRoom
    request_id: RequestId | None = None
    return_secret: str | None = None
    """New and random. Only this client gets it, if it is a full one and has not come back by an older one."""
    identity: Identity = Identity()
    invite: GivenInvite | BadInvite | None = None
    """What the message's token is. None: it has none."""
    limited: RequestRefused | None = None
    """Why the client's network may not try secrets for now. None: it may."""


EntryRequest = CreateRequested | JoinRequested


class AnswerLost(Struct, frozen=True):
    """A client has not been told what became of this request: nothing, or what was said is lost."""

    request: EntryRequest

    @property
    def client_id(self) -> str:
        return self.request.client_id


class PasswordChecked(Struct, frozen=True):
    """The result of CheckPassword. Other inputs may have come in between."""

    client_id: str
    matches: bool | RequestRefused
    """RequestRefused: it was not compared, for this reason."""


class CheckLost(Struct, frozen=True):
    """The result of CheckPassword will not come, if one was due: the client is gone, and nobody tells more of it."""

    client_id: str


class PasswordHashed(Struct, frozen=True):
    """The result of HashPassword. None: it failed."""

    client_id: str
    password_hash: str | None


class HashLost(Struct, frozen=True):
    """The result of HashPassword will not come, or nobody knows whether it will. If its client is there, others have
    told it that its request has no answer."""

    client_id: str


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
    identity: Identity = Identity()
    since: float = 0.0
    """Server time at which that connection began, where it may be told later than a newer one at another server."""


class IdentityChanged(Struct, frozen=True):
    """A client that is in the room has logged in or out."""

    client_id: str
    identity: Identity


class AccountEnded(Struct, frozen=True):
    """An account, or everybody with a tag, may not be at this server any more: members that have the tag go.

    ``reason``: "left" if that was their own wish.
    """

    tag: str
    reason: Literal["ended", "left"]
    detail: str
    """One sentence for the members that go."""


class AdminRemoved(Struct, frozen=True):
    """The server's administrator puts this member out. ``detail``: one sentence for it."""

    client_id: str
    detail: str


class LatencyMeasured(Struct, frozen=True):
    """One round trip between server and client (a WebSocket ping) took ``rtt`` seconds."""

    client_id: str
    rtt: float


ConnectionInput = ConnectionLost | ConnectionResumed | LatencyMeasured | IdentityChanged | AccountEnded | AdminRemoved
PasswordInput = PasswordChecked | CheckLost | PasswordHashed | HashLost
RoomInput = EntryRequest | AnswerLost | PasswordInput | MessageReceived | ConnectionInput


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
    has_account: bool = False
    """Whether it has proven to be somebody's who has an account."""


class Identified(Struct, frozen=True):
    """AskAccounts was carried out, and answered."""

    has_account: bool


class RoomEntered(Struct, frozen=True):
    room_id: str


class RoomExited(Struct, frozen=True):
    """The client is in no room: it left, was removed, or could not enter. It has been told."""


SessionInput = FrameReceived | FrameRejected | Greeted | Identified | RoomEntered | RoomExited
