"""The messages: two closed unions, ``ClientMessage`` and ``ServerMessage``.

On the wire a message is ``{"type": NAME, "payload": {...}}``, optionally with a request id: ``id`` in a client's
message, ``re`` in the server's answer to it. NAME is the name of the struct, except for ``SyncCommand``, whose payload
is itself a union with the tag ``action``. "Basic" marks the messages that a basic client (one that never sends Hello)
has to know.
"""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from hangd.protocol import accounts, films, invites, model, names
from hangd.protocol.errors import Details, ErrorCode, HangProtocolError
from hangd.protocol.message import Message, normalise
from hangd.protocol.push import PushRequest

RequestId = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
"""A client chooses it; the direct answer carries it back as ``re``. Integers are those that a double represents."""


class Action(Struct, frozen=True, omit_defaults=True, tag_field="action"):
    pass


# ---- from clients to the server -------------------------------------------------------------------------------------


class Resume(Struct, frozen=True):
    """Proof that this connection replaces an older one of the same client."""

    client_id: model.ClientId
    secret: model.Secret


class Hello(Message, frozen=True):
    """Become a full client. Only valid as the first message. Answer: Welcome."""

    protocol: int
    name: model.Name
    client: model.ShortText
    features: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=32)] = model.always_encoded(())
    token: model.Token | None = None
    """The access token of an account. A wrong one, or one that has expired, is as none."""
    resume: Resume | None = None
    device: model.Device | None = None
    """The same whenever this installation connects to this server, and another one at each server."""
    password: model.Password | None = None
    """The server's own password, where it has one."""

    def __post_init__(self) -> None:
        normalise(self, "name", names.member_name)


class Ping(Message, frozen=True):
    """Ask for the server time. ``t0`` is the client's local time, returned in the Pong."""

    t0: model.Moment


class CreateRoom(Message, frozen=True):
    """Basic. Create a room for a file and join it as host. Answer: RoomCreated.

    A full client may give ``file.quick_hash`` alone, and tell the whole hash later by SetFile.
    """

    file_hash: model.FileHash | None = None
    file: model.FileInfo | None = None
    name: model.Alias | None = None
    password: model.Password | None = None
    policy: model.PolicyChange | None = None

    def __post_init__(self) -> None:
        if self.name is not None:
            normalise(self, "name", names.room_name)


class JoinRoom(Message, frozen=True):
    """Basic. Join a room, by its id or its name. Answer: RoomJoined.

    A member that gives only ``file.quick_hash`` and no ``file_hash`` is ``verifying``. A full client that gives neither
    ``file_hash`` nor ``file`` is a member without the film, until it says SetFile.
    """

    room_id: model.RoomName
    file_hash: model.FileHash | None = None
    file: model.FileInfo | None = None
    password: model.Password | None = None
    host_secret: model.Secret | None = None
    return_secret: model.Secret | None = None
    """Proves that this client was a member before: it is let in though the room is locked, and has its role again."""
    invite: model.Token | None = None
    """A signed invite (InviteCreated). It stands in for the password, and gives the role that it names."""

    def __post_init__(self) -> None:
        normalise(self, "room_id", names.sought_room)


class LeaveRoom(Message, frozen=True):
    """Basic. Leave the room. Answer: RoomLeft."""


class _ActionAt(Action, frozen=True):
    timestamp: model.Position
    command_id: model.CommandId | None = None


class Play(_ActionAt, frozen=True, tag="Play"):
    """Basic. Everybody plays from ``timestamp`` on.

    Where the policy ``start`` makes a paused room wait, it is answered by a Pause of the room itself at ``timestamp``,
    with the reason "waiting". The room plays later by itself.
    """

    force: bool = False
    """Do not wait until members are ready. Only the host may."""


class Pause(_ActionAt, frozen=True, tag="Pause"):
    """Basic. Everybody pauses on the frame at ``timestamp``."""


class Seek(_ActionAt, frozen=True, tag="Seek"):
    """Basic. Everybody seeks to ``timestamp``; a room that plays continues from there."""


class Speed(Action, frozen=True, tag="Speed"):
    """Basic. Everybody plays at ``rate`` times normal speed."""

    rate: model.Rate
    command_id: model.CommandId | None = None


class Stop(Action, frozen=True, tag="Stop"):
    """Basic. The room is paused at 0, and players unload the file."""

    command_id: model.CommandId | None = None


SyncCommand = Play | Pause | Seek | Speed | Stop


class Report(Message, frozen=True):
    """The state of a full client's player. No answer."""

    state: model.ReportedState
    position: model.Position
    at: model.Moment
    """Server time at which the player was at ``position``."""
    error: model.SignedSeconds | None = None
    """Signed seconds from the timeline, positive when ahead; None: not known, or not now."""
    clock_error: model.Bound = model.always_encoded(0.0)
    rev: model.Revision = model.always_encoded(0)
    """``rev`` of the newest timeline that the player follows."""
    apart: bool = False
    """The player does not follow the room: its viewer paused it while the room could not be reached."""


class SetReady(Message, frozen=True):
    """Say whether a member is ready for the film to start. Answer: MemberChanged, to all."""

    ready: bool
    client_id: model.ClientId | None = None
    """Whose readiness it is; None: the sender's own. Another member's is the host's to set."""


class SetFile(Message, frozen=True):
    """This is this member's own copy of the film that is shown, or more is known of it. Answer: MemberChanged, to all.

    It never moves the room. Refused as FileHashMismatch where it is no copy of the film: the member is put out then.
    """

    file: model.FileInfo
    file_hash: model.FileHash | None = None
    entry: model.EntryId | None = None
    """The entry of which it is a copy. Where another one is shown by now, the answer is NoSuchEntry."""


class SetMedia(Message, frozen=True):
    """Move the room on to another film. Answer: MediaChanged, to all.

    With ``entry`` that entry of the queue becomes current, and ``file`` and ``file_hash`` are left out. Without it
    ``file`` becomes a new entry after the current one, and is current; the sender has that film. Refused as NoSuchEntry
    where the entry is no longer in the queue.
    """

    file_hash: model.FileHash | None = None
    file: model.FileInfo | None = None
    start: model.Position = 0.0
    entry: model.EntryId | None = None
    clear: bool = False
    """The queue becomes this film alone."""
    play: bool = False
    """Play once all members that have the film stand at ``start``, or after 5 s. False: the room is paused there."""


class QueueInsert(Message, frozen=True):
    """Put new entries into the queue, in their order. Answer: QueueChanged, to all; Done where nothing changed.

    Refused as TooLarge where the queue would become longer than it may be; nothing is inserted then.
    """

    after: model.EntryId | None
    """The entry that they come after; null: the beginning; an id that is not in the queue, such as "end": the end."""
    entries: Annotated[tuple[model.QueueItem, ...], Meta(max_length=model.QUEUE_MAX)]


class QueueRemove(Message, frozen=True):
    """Take entries out of the queue. Ids that are not in the queue are ignored. Answer: as for QueueInsert.

    The film that is shown goes on, also where its entry is taken out.
    """

    ids: model.EntryIds


class QueueMove(Message, frozen=True):
    """Put entries elsewhere in the queue, one after the other in the order of ``ids``. Answer: as for QueueInsert.

    Ids that are not in the queue are ignored. ``after`` as in QueueInsert, among the entries that are not moved.
    """

    ids: model.EntryIds
    after: model.EntryId | None


class SetEntry(Message, frozen=True):
    """Tell what is not known of an entry yet: its hashes, its duration. Answer: EntryChanged, to all.

    Refused as FileHashMismatch where it is known already, and differs.
    """

    id: model.EntryId
    file_hash: model.FileHash | None = None
    file: model.FileInfo | None = None


class Say(Message, frozen=True):
    """One line of chat. Answer: Said, to all."""

    text: model.ChatText


class SetPolicy(model.PolicyChange, frozen=True, omit_defaults=True):
    """Change the room's rules. Answer: PolicyChanged, to all. Only the host may."""


class SetRole(Message, frozen=True):
    """Give a member a role. Answer: MemberChanged, to all. Only the host may.

    If ``role`` is ``host``, the old host becomes a controller.
    """

    client_id: model.ClientId
    role: model.Role


class GetRoom(Message, frozen=True):
    """Ask for the state of the room. Answer: RoomState."""


class Kick(Message, frozen=True):
    """Put a member out of the room. Answer: MemberLeft, to all that are left. Only the host may."""

    client_id: model.ClientId
    ban: bool = model.always_encoded(False)
    """Keep it out from now on."""
    reason: model.ShortText | None = None


class ListRooms(Message, frozen=True):
    """Ask for the rooms of this server. Answer: Rooms, or an Error if the server does not publish its rooms."""

    after: model.RoomsPage | None = None
    """``next`` of the Rooms before. None: from the beginning."""


FilmRequest = SetMedia | QueueInsert | QueueRemove | QueueMove | SetEntry
"""The requests that change the film or the queue. `Policy.control` says which members may make them."""

_MemberRequest = LeaveRoom | Report | SetReady | SetFile | Say | SetPolicy | SetRole | GetRoom | Kick
_OtherRequest = PushRequest | accounts.AccountRequest | invites.TrustRequest
ClientMessage = (
    Hello | Ping | CreateRoom | JoinRoom | ListRooms | SyncCommand | FilmRequest | _MemberRequest | _OtherRequest
)


# ---- from the server to clients -------------------------------------------------------------------------------------


class Welcome(Message, frozen=True):
    """The answer to Hello."""

    client_id: model.ClientId
    resume_secret: model.Secret
    protocol: int
    server: str
    clock_id: str
    """Identifies the server's clock. Times of clocks with different ids cannot be compared."""
    features: tuple[str, ...]
    limits: model.Limits
    resumed: bool
    motd: str | None = None
    room: model.Room | None = None
    """The room that a resumed client is in, if it is in one."""
    public_url: model.ServerUrl | None = None
    """The server's URL for invites. None: the one that the client connected to."""
    push_key: str | None = None
    """The server sends invitations by push (feature ``push``), signed with this key: VAPID, 65 bytes in base64url."""
    account: model.AccountName | None = None
    """Whose token the Hello carried. None: it carried none that is good."""
    needs_account: bool = False
    """This client has to log in before the server grants it anything but AccountRequests."""


class Done(Message, frozen=True):
    """The request is carried out, and there is nothing more to tell."""


class Pong(Message, frozen=True):
    """The answer to Ping.

    ``t1``: server time at which the Ping's bytes arrived; ``t2``: server time just before the Pong was written.
    """

    t0: model.Moment
    t1: model.Moment
    t2: model.Moment
    epoch: model.Epoch | None = None
    rev: model.Revision | None = None


class RoomCreated(Message, frozen=True):
    """Basic. The room is there, and the receiver is in it, as its host. ``host_secret`` proves who owns it."""

    room_id: model.RoomId
    client_id: model.ClientId
    host_secret: model.Secret
    room: model.Room
    return_secret: model.Secret | None = None
    """For JoinRoom later on. Only full clients get one."""


class RoomJoined(Message, frozen=True):
    """Basic. The receiver is in the room."""

    room_id: model.RoomId
    client_id: model.ClientId
    is_host: bool
    room: model.Room
    return_secret: model.Secret | None = None
    """For JoinRoom later on. Only full clients get one. A client that came back by one gets the same again."""


class RoomLeft(Message, frozen=True):
    """Basic. The receiver is no longer in the room. ``detail`` is a sentence for a user."""

    room_id: model.RoomId
    reason: model.LeftReason
    detail: str | None = None


class RoomState(Message, frozen=True):
    """The state of the room that the receiver is in."""

    room: model.Room


class SyncBroadcast(Message, frozen=True):
    """Basic. A command that took effect, and the timeline that followed from it."""

    from_client: model.ClientId
    command: SyncCommand
    timeline: model.Timeline
    command_id: model.CommandId | None = None
    reason: model.Reason | None = None
    """Why the room itself did it."""
    about: model.ClientId | None = None
    """The member that the reason is about: whose player stalls, or who has left."""


class StartChanged(Message, frozen=True):
    """What `Room.start` is now. None: the room does not wait any more, because it plays, or because somebody paused."""

    start: model.PendingStart | None


class MemberJoined(Message, frozen=True):
    """A member has come into the room."""

    member: model.Member


class MemberChanged(Message, frozen=True):
    """Something about a member is different, for instance its role or its copy of the film."""

    member: model.Member


class MembersReported(Message, frozen=True):
    """Players do something else, or are at other positions. Nothing else about these members is different.

    A member's own report may be among them; it knows better.
    """

    reports: tuple[model.MemberReport, ...]


class MemberLeft(Message, frozen=True):
    """A member is no longer in the room."""

    client_id: model.ClientId
    reason: model.LeftReason


class PolicyChanged(Message, frozen=True):
    """The rules of the room are different."""

    policy: model.Policy
    by: model.ClientId | None = None
    """Who changed it."""


class Said(Message, frozen=True):
    """A line of chat."""

    from_client: model.ClientId
    text: str
    at: model.Moment


class Rooms(Message, frozen=True):
    """A page of the rooms of this server, as it publishes them. No page is larger than 64 KiB."""

    rooms: tuple[model.RoomSummary, ...]
    next: model.RoomsPage | None = None
    """There are more: ask for those after this. None: these were the last."""


class Error(Message, frozen=True):
    """Basic. A request is refused, or a message was wrong.

    ``message`` is one sentence for a user; ``retry``: the same request may succeed later.
    """

    code: ErrorCode
    message: str
    retry: bool
    details: Details | None = None

    @classmethod
    def of(cls, error: HangProtocolError) -> "Error":
        """Return the message that tells a client of this exception."""
        return cls(error.code, error.message, error.retry, error.details)


class Goodbye(Message, frozen=True):
    """The server closes this connection. Only full clients get this."""

    reason: Literal["going-down", "too-slow", "idle", "protocol", "replaced", "rate-limited"]
    retry_after: Annotated[float, Meta(ge=0, le=3600)] | None = None
    """Seconds to wait before connecting again; absent: do not connect again automatically."""


class Notice(Message, frozen=True):
    """What the server says to people now, such as that it is about to stop. Only full clients get this."""

    text: Annotated[str, Meta(min_length=1, max_length=model.MOTD_MAX)]


_AboutConnection = Welcome | Pong | Rooms | Done | Error | Goodbye | Notice | accounts.AccountAnswer
_AboutMembers = MemberJoined | MemberChanged | MembersReported | MemberLeft
_AboutRoom = RoomCreated | RoomJoined | RoomLeft | RoomState | SyncBroadcast | StartChanged | PolicyChanged | Said
_AboutFilms = films.FilmAnswer
_AboutTrust = invites.TrustAnswer
ServerMessage = _AboutConnection | _AboutMembers | _AboutRoom | _AboutFilms | _AboutTrust

_ACTIONS: Final = get_args(SyncCommand)

CLIENT_TYPES: Final[dict[str, object]] = {
    **{kind.__name__: kind for kind in get_args(ClientMessage) if kind not in _ACTIONS},
    "SyncCommand": SyncCommand,
}
"""Type of the payload by the name on the wire, for every client message."""

SERVER_TYPES: Final[dict[str, object]] = {kind.__name__: kind for kind in get_args(ServerMessage)}
"""The same for every server message."""
