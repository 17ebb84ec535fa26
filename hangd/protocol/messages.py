"""The messages: two closed unions, ``ClientMessage`` and ``ServerMessage``.

On the wire a message is ``{"type": NAME, "payload": {...}}``, optionally with a request id: ``id`` in a client's
message, ``re`` in the server's answer to it. NAME is the name of the struct, except for ``SyncCommand``, whose payload
is itself a union with the tag ``action``. "Basic" marks the messages that a basic client (one that never sends Hello)
has to know.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct, ValidationError
from msgspec.structs import force_setattr

from hangd.protocol import model, names
from hangd.protocol.errors import Details, ErrorCode, HangProtocolError

RequestId = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
"""A client chooses it; the direct answer carries it back as ``re``. Integers are those that a double represents."""


class _Message(Struct, frozen=True, omit_defaults=True):
    pass


def _normalise(message: Struct, field: str, normal: Callable[[str], str]) -> None:
    """Give a field of a decoded message its normal form. Raises ValidationError where ``normal`` raises ValueError."""
    try:
        force_setattr(message, field, normal(getattr(message, field)))
    except ValueError as error:
        raise ValidationError(f"{error} - at `$.{field}`") from None


class Action(Struct, frozen=True, omit_defaults=True, tag_field="action"):
    pass


# ---- from clients to the server -------------------------------------------------------------------------------------


class Resume(Struct, frozen=True):
    """Proof that this connection replaces an older one of the same client."""

    client_id: model.ClientId
    secret: model.Secret


class Hello(_Message, frozen=True):
    """Become a full client. Only valid as the first message. Answer: Welcome."""

    protocol: int
    name: model.Name
    client: model.ShortText
    features: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=32)] = model.always_encoded(())
    token: Annotated[str, Meta(max_length=4096)] | None = None
    resume: Resume | None = None

    def __post_init__(self) -> None:
        _normalise(self, "name", names.member_name)


class Ping(_Message, frozen=True):
    """Ask for the server time. ``t0`` is the client's local time, returned in the Pong."""

    t0: model.Moment


class CreateRoom(_Message, frozen=True):
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
            _normalise(self, "name", names.room_name)


class JoinRoom(_Message, frozen=True):
    """Basic. Answer: RoomJoined. A member that gives only ``file.quick_hash`` and no ``file_hash`` is ``verifying``.

    A full client that gives neither ``file_hash`` nor ``file`` is a member without the film, until it says SetFile.
    """

    room_id: model.RoomName
    file_hash: model.FileHash | None = None
    file: model.FileInfo | None = None
    password: model.Password | None = None
    host_secret: model.Secret | None = None
    return_secret: model.Secret | None = None
    """Proves that this client was a member before: it is let in though the room is locked, and has its role again."""

    def __post_init__(self) -> None:
        _normalise(self, "room_id", names.sought_room)


class LeaveRoom(_Message, frozen=True):
    """Basic. Answer: RoomLeft."""


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


class Report(_Message, frozen=True):
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


class SetReady(_Message, frozen=True):
    """Answer: MemberChanged, to all."""

    ready: bool
    client_id: model.ClientId | None = None
    """Whose readiness it is; None: the sender's own. Another member's is the host's to set."""


class SetFile(_Message, frozen=True):
    """This is this member's own copy of the film that is shown, or more is known of it. Answer: MemberChanged, to all.

    It never moves the room. Refused as FileHashMismatch where it is no copy of the film: the member is put out then.
    """

    file: model.FileInfo
    file_hash: model.FileHash | None = None
    entry: model.EntryId | None = None
    """The entry of which it is a copy. Where another one is shown by now, the answer is NoSuchEntry."""


class SetMedia(_Message, frozen=True):
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


class QueueInsert(_Message, frozen=True):
    """Put new entries into the queue, in their order. Answer: QueueChanged with ``inserted``, to all.

    Refused as TooLarge where the queue would become longer than it may be; nothing is inserted then.
    """

    after: model.EntryId | None
    """The entry that they come after; null: the beginning; an id that is not in the queue, such as "end": the end."""
    entries: Annotated[tuple[model.QueueItem, ...], Meta(max_length=model.QUEUE_MAX)]


class QueueRemove(_Message, frozen=True):
    """Take entries out of the queue. Answer: QueueChanged, to all. Ids that are not in the queue are ignored.

    The film that is shown goes on, also where its entry is taken out.
    """

    ids: Annotated[tuple[model.EntryId, ...], Meta(max_length=model.QUEUE_MAX)]


class QueueMove(_Message, frozen=True):
    """Put entries elsewhere in the queue, one after the other in the order of ``ids``. Answer: QueueChanged, to all.

    Ids that are not in the queue are ignored. ``after`` as in QueueInsert, among the entries that are not moved.
    """

    ids: Annotated[tuple[model.EntryId, ...], Meta(max_length=model.QUEUE_MAX)]
    after: model.EntryId | None


class SetEntry(_Message, frozen=True):
    """Tell what is not known of an entry yet: its hashes, its duration. Answer: EntryChanged, to all.

    Refused as FileHashMismatch where it is known already, and differs.
    """

    id: model.EntryId
    file_hash: model.FileHash | None = None
    file: model.FileInfo | None = None


class Say(_Message, frozen=True):
    """One line of chat. Answer: Said, to all."""

    text: model.ChatText


class SetPolicy(model.PolicyChange, frozen=True, omit_defaults=True):
    """Answer: PolicyChanged, to all."""


class SetRole(_Message, frozen=True):
    """Answer: MemberChanged, to all. If ``role`` is ``host``, the old host becomes a controller."""

    client_id: model.ClientId
    role: model.Role


class GetRoom(_Message, frozen=True):
    """Answer: RoomState."""


class Kick(_Message, frozen=True):
    client_id: model.ClientId
    ban: bool = model.always_encoded(False)
    reason: model.ShortText | None = None


class ListRooms(_Message, frozen=True):
    """Answer: Rooms, or an Error if the server does not publish its rooms."""


class PushKeys(Struct, frozen=True):
    """What a message for a browser is encrypted with, as in its PushSubscription."""

    p256dh: model.PushKey
    auth: model.PushAuth


class PushSubscribe(_Message, frozen=True):
    """Be invited under this name by push, from now on. Answer: Done.

    The first client that asks for a name has it, and changes it or gives it up by the same secret. Refused as NameTaken
    where another one has it.
    """

    name: model.Name
    endpoint: model.PushEndpoint
    keys: PushKeys
    secret: model.Secret
    """Made by the client. It proves later that the name is its own."""

    def __post_init__(self) -> None:
        _normalise(self, "name", names.member_name)


class PushUnsubscribe(_Message, frozen=True):
    """Be invited under this name no more. Answer: Done, also where there is no such name, or it is another client's."""

    name: model.Name
    secret: model.Secret

    def __post_init__(self) -> None:
        _normalise(self, "name", names.member_name)


class PushInvite(_Message, frozen=True):
    """Invite who has subscribed under this name to the sender's room. Answer: Done, whoever there is."""

    name: model.Name

    def __post_init__(self) -> None:
        _normalise(self, "name", names.member_name)


FilmRequest = SetMedia | QueueInsert | QueueRemove | QueueMove | SetEntry
"""The requests that change the film or the queue. `Policy.control` says which members may make them."""

PushRequest = PushSubscribe | PushUnsubscribe | PushInvite
"""The requests about invitations by push. Only full clients may make them, and only some servers grant them."""

_MemberRequest = LeaveRoom | Report | SetReady | SetFile | Say | SetPolicy | SetRole | GetRoom | Kick
ClientMessage = (
    Hello | Ping | CreateRoom | JoinRoom | ListRooms | SyncCommand | FilmRequest | _MemberRequest | PushRequest
)


# ---- from the server to clients -------------------------------------------------------------------------------------


class Welcome(_Message, frozen=True):
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


class Done(_Message, frozen=True):
    """The request is carried out, and there is nothing more to tell."""


class Pong(_Message, frozen=True):
    """``t1``: server time at which the Ping's bytes arrived; ``t2``: server time just before the Pong was written."""

    t0: model.Moment
    t1: model.Moment
    t2: model.Moment
    epoch: str | None = None
    rev: model.Revision | None = None


class RoomCreated(_Message, frozen=True):
    """Basic."""

    room_id: str
    client_id: model.ClientId
    host_secret: model.Secret
    room: model.Room
    return_secret: model.Secret | None = None
    """For JoinRoom later on. Only full clients get one."""


class RoomJoined(_Message, frozen=True):
    """Basic."""

    room_id: str
    client_id: model.ClientId
    is_host: bool
    room: model.Room
    return_secret: model.Secret | None = None
    """For JoinRoom later on. Only full clients get one. A client that came back by one gets the same again."""


class RoomLeft(_Message, frozen=True):
    """Basic. The receiver is no longer in the room. ``detail`` is a sentence for a user."""

    room_id: str
    reason: model.LeftReason
    detail: str | None = None


class RoomState(_Message, frozen=True):
    room: model.Room


class SyncBroadcast(_Message, frozen=True):
    """Basic. A command that took effect, and the timeline that followed from it."""

    from_client: model.ClientId
    command: SyncCommand
    timeline: model.Timeline
    command_id: model.CommandId | None = None
    reason: model.Reason | None = None
    """Why the room itself did it."""
    about: model.ClientId | None = None
    """The member that the reason is about: whose player stalls, or who has left."""


class StartChanged(_Message, frozen=True):
    """What `Room.start` is now. None: the room does not wait any more, because it plays, or because somebody paused."""

    start: model.PendingStart | None


class MemberJoined(_Message, frozen=True):
    member: model.Member


class MemberChanged(_Message, frozen=True):
    member: model.Member


class MemberLeft(_Message, frozen=True):
    client_id: model.ClientId
    reason: model.LeftReason


class PolicyChanged(_Message, frozen=True):
    policy: model.Policy
    by: model.ClientId | None = None
    """Who changed it."""


class MediaChanged(_Message, frozen=True):
    """The room changed to another film, because a member requested it or because the previous film has ended.

    A member that has the film opens it and sends SetFile. From then on the room's gates wait for this member too.
    """

    file_hash: model.FileHash | None
    file: model.FileInfo
    timeline: model.Timeline
    queue: model.Queue = model.Queue()
    by: model.ClientId | None = None
    """Who requested it. None: the previous film has ended."""


class QueueChanged(_Message, frozen=True):
    """The queue after an edit. Where an edit changed nothing, only the member that asked gets this, as its answer."""

    queue: model.Queue
    inserted: Annotated[tuple[model.EntryId, ...], Meta(max_length=model.QUEUE_MAX)] = ()
    """The ids of the entries that this edit inserted, in the order of the request."""
    by: model.ClientId | None = None
    """Who edited it. None: the room has learned what its film is."""


class EntryChanged(_Message, frozen=True):
    """More is known of this entry than before: a hash, its duration. The queue's ``rev`` stays as it was."""

    entry: model.QueueEntry


class Said(_Message, frozen=True):
    from_client: model.ClientId
    text: str
    at: model.Moment


class Rooms(_Message, frozen=True):
    rooms: tuple[model.RoomSummary, ...]


class Error(_Message, frozen=True):
    """Basic. ``message`` is one sentence for a user; ``retry``: the same request may succeed later."""

    code: ErrorCode
    message: str
    retry: bool
    details: Details | None = None

    @classmethod
    def of(cls, error: HangProtocolError) -> "Error":
        """Return the message that tells a client of this exception."""
        return cls(error.code, error.message, error.retry, error.details)


class Goodbye(_Message, frozen=True):
    """The server closes this connection. Only full clients get this."""

    reason: Literal["going-down", "too-slow", "idle", "protocol", "replaced", "rate-limited"]
    retry_after: Annotated[float, Meta(ge=0, le=3600)] | None = None
    """Seconds to wait before connecting again; absent: do not connect again automatically."""


_AboutConnection = Welcome | Pong | Rooms | Done | Error | Goodbye
_AboutMembers = RoomCreated | RoomJoined | RoomLeft | RoomState | MemberJoined | MemberChanged | MemberLeft
_AboutRoom = SyncBroadcast | StartChanged | PolicyChanged | MediaChanged | QueueChanged | EntryChanged | Said
ServerMessage = _AboutConnection | _AboutMembers | _AboutRoom

_ACTIONS: Final = get_args(SyncCommand)

CLIENT_TYPES: Final[dict[str, object]] = {
    **{kind.__name__: kind for kind in get_args(ClientMessage) if kind not in _ACTIONS},
    "SyncCommand": SyncCommand,
}
"""Type of the payload by the name on the wire, for every client message."""

SERVER_TYPES: Final[dict[str, object]] = {kind.__name__: kind for kind in get_args(ServerMessage)}
"""The same for every server message."""
