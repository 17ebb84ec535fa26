"""The effects of the server's machines, first those of a `Room` and then those of a `Session`.

Effects are orders in the imperative; the hub (`hangd.rooms.hub`) is their only interpreter. ``re`` is the id of the
request that a message answers.
"""

from typing import Literal

from msgspec import Struct

from hangd.protocol.accounts import AccountRequest
from hangd.protocol.invites import Invite
from hangd.protocol.messages import ClientMessage, CreateRoom, Hello, JoinRoom, RequestId, ServerMessage
from hangd.protocol.model import LeftReason, Room
from hangd.protocol.push import PushRequest

Audience = Literal["these", "all", "full", "basic"]


class SendTo(Struct, frozen=True):
    """Send one message to these members, except ``but``. With ``re`` there is one recipient.

    ``members`` is the same tuple for as long as the same are there: who carries this out need not look each one up.
    """

    members: tuple[str, ...]
    message: ServerMessage
    re: RequestId | None = None
    but: str | None = None
    audience: Audience = "these"
    """Who these are among the members that are present, so that another server need not be told their ids."""

    @property
    def client_ids(self) -> tuple[str, ...]:
        return tuple(client_id for client_id in self.members if client_id != self.but)


class CheckPassword(Struct, frozen=True):
    """Compare the password with the hash outside the event loop, then give PasswordChecked to the room, in any case."""

    client_id: str
    password: str
    password_hash: str


class HashPassword(Struct, frozen=True):
    """Hash the password (argon2id) outside the event loop, then give PasswordHashed to the room."""

    client_id: str
    password: str


class SignInvite(Struct, frozen=True):
    """Sign this invite, which the room has made, and send it to the client: InviteCreated."""

    client_id: str
    invite: Invite
    issuer: str
    re: RequestId | None = None


class CountGuess(Struct, frozen=True):
    """This client has shown a secret that nobody has here."""

    client_id: str


class LetIn(Struct, frozen=True):
    """This client is a member from now on."""

    client_id: str


class ForgetMember(Struct, frozen=True):
    """This client is not a member of the room, or not any more. It may enter another room and cannot resume here."""

    client_id: str
    reason: LeftReason | Literal["refused"]


class ShowRoom(Struct, frozen=True):
    """Answer the Hello of a client that has come back with Welcome, which has the room as it is for it."""

    client_id: str
    room: Room | None
    """None: the client is not a member any more."""


class KeepWatched(Struct, frozen=True):
    """Keep in the history what the room watched (`hangd.engine.room.history`)."""

    room: str | None
    """The room's name."""
    film: str | None
    """None: its members do not share names."""
    duration: float | None
    started_at: float
    """Server time at which it first played."""
    seconds: float
    members: int
    corrections: int
    skew_p50: float | None
    skew_p95: float | None


class ForgetRoom(Struct, frozen=True):
    """Drop the room: it has been empty for as long as the server keeps an empty one. Always the last effect."""


ClientOrder = SendTo | CheckPassword | HashPassword | SignInvite | CountGuess | ForgetMember | ShowRoom
"""What concerns clients. It is carried out where they are connected."""
HostingOrder = KeepWatched | ForgetRoom
"""What concerns the room alone. It is carried out where the room is."""
RoomEffect = ClientOrder | LetIn | HostingOrder


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
    """Send the page of the public rooms that follows the one that ended with ``after``."""

    after: str | None = None
    re: RequestId | None = None


class AskPush(Struct, frozen=True):
    """Subscribe, unsubscribe or invite, if this server does that; ``name`` is the client's own."""

    message: PushRequest
    name: str
    re: RequestId | None = None


class AskAccounts(Struct, frozen=True):
    """Do what is asked about accounts outside the event loop, answer it, and give Identified back."""

    message: AccountRequest
    re: RequestId | None = None


class Close(Struct, frozen=True):
    """Close the connection with this WebSocket close code. Always the last effect."""

    code: int
    reason: str


SessionEffect = (
    Reply | AnswerPing | Greet | OpenRoom | EnterRoom | ForwardToRoom | ListRoomsTo | AskPush | AskAccounts | Close
)
