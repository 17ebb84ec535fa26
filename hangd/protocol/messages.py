"""What travels: two closed unions, ``ClientMessage`` and ``ServerMessage``.

On the wire a message is ``{"type": NAME, "payload": {...}}``, optionally with an ``id`` (a client's) or a ``re`` (the
reply's). NAME is the struct's name, but for ``SyncCommand``, whose payload is itself a union tagged by ``action``.
What a basic client (one that never says Hello) must understand is marked "Basic".
"""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from hangd.protocol.errors import ErrorCode
from hangd.protocol.model import (
    QUEUE_MAX,
    Alias,
    Bound,
    ChatText,
    ClientId,
    CommandId,
    EntryId,
    FileHash,
    FileInfo,
    LeftReason,
    Limits,
    Member,
    Moment,
    Name,
    Password,
    Policy,
    PolicyChange,
    Position,
    Queue,
    QueueEntry,
    QueueItem,
    Rate,
    ReportedState,
    Revision,
    Role,
    Room,
    RoomName,
    RoomSummary,
    Secret,
    ShortText,
    SignedSeconds,
    Timeline,
    written,
)

__all__ = [
    "CLIENT_TYPES",
    "SERVER_TYPES",
    "Action",
    "ClientMessage",
    "CreateRoom",
    "EntryChanged",
    "Error",
    "GetRoom",
    "Goodbye",
    "Hello",
    "JoinRoom",
    "Kick",
    "LeaveRoom",
    "ListRooms",
    "MediaChanged",
    "MemberChanged",
    "MemberJoined",
    "MemberLeft",
    "Pause",
    "Ping",
    "Play",
    "PolicyChanged",
    "Pong",
    "QueueChanged",
    "QueueInsert",
    "QueueMove",
    "QueueRemove",
    "Report",
    "RequestId",
    "Resume",
    "RoomCreated",
    "RoomJoined",
    "RoomLeft",
    "RoomState",
    "Rooms",
    "Said",
    "Say",
    "Seek",
    "ServerMessage",
    "SetEntry",
    "SetFile",
    "SetMedia",
    "SetPolicy",
    "SetReady",
    "SetRole",
    "Speed",
    "Stop",
    "SyncBroadcast",
    "SyncCommand",
    "Welcome",
]

RequestId = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
"""A client's own mark on a message; the direct reply carries it back as ``re``. A whole number that all JSON keeps."""


class _Message(Struct, frozen=True, omit_defaults=True):
    pass


class _Action(Struct, frozen=True, omit_defaults=True, tag_field="action"):
    pass


# ---- what a client says ---------------------------------------------------------------------------------------------


class Resume(Struct, frozen=True):
    """The proof that a new connection is the member whose old one dropped."""

    client_id: ClientId
    secret: Secret


class Hello(_Message, frozen=True):
    """Makes this a full client. First message or not at all. Reply: Welcome."""

    protocol: int
    name: Name
    client: ShortText
    features: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=32)] = written(())
    token: Annotated[str, Meta(max_length=4096)] | None = None
    resume: Resume | None = None


class Ping(_Message, frozen=True):
    """Asks for the server's clock. ``t0`` is the client's, echoed in the Pong."""

    t0: Moment


class CreateRoom(_Message, frozen=True):
    """Basic. Makes a room around a file and joins it as host. Reply: RoomCreated."""

    file_hash: FileHash
    file: FileInfo | None = None
    name: Alias | None = None
    password: Password | None = None
    policy: PolicyChange | None = None


class JoinRoom(_Message, frozen=True):
    """Basic. Reply: RoomJoined. With only ``file.quick_hash`` and no ``file_hash`` it is ``verifying``."""

    room_id: RoomName
    file_hash: FileHash | None = None
    file: FileInfo | None = None
    password: Password | None = None
    host_secret: Secret | None = None


class LeaveRoom(_Message, frozen=True):
    """Basic. Reply: RoomLeft."""


class Play(_Action, frozen=True, tag="Play"):
    """Basic. From ``timestamp`` on, everyone plays."""

    timestamp: Position
    command_id: CommandId | None = None


class Pause(_Action, frozen=True, tag="Pause"):
    """Basic. Everyone stands on the frame at ``timestamp``."""

    timestamp: Position
    command_id: CommandId | None = None


class Seek(_Action, frozen=True, tag="Seek"):
    """Basic. Everyone goes to ``timestamp``; a room that plays goes on from there."""

    timestamp: Position
    command_id: CommandId | None = None


class Speed(_Action, frozen=True, tag="Speed"):
    """Basic. The room plays at ``rate`` times normal speed."""

    rate: Rate
    command_id: CommandId | None = None


class Stop(_Action, frozen=True, tag="Stop"):
    """Basic. Paused at 0, and the players unload."""

    command_id: CommandId | None = None


SyncCommand = Play | Pause | Seek | Speed | Stop
Action = SyncCommand


class Report(_Message, frozen=True):
    """Where a full client's player really is. No reply."""

    state: ReportedState
    position: Position
    at: Moment
    """Server time at which ``position`` was true."""
    error: SignedSeconds = written(0.0)
    """Signed seconds from the timeline, positive when ahead."""
    clock_error: Bound = written(0.0)
    rev: Revision = written(0)
    """The newest timeline that the player acts on."""


class SetReady(_Message, frozen=True):
    ready: bool


class SetFile(_Message, frozen=True):
    """This member's own file changed, or its whole hash is now known."""

    file: FileInfo
    file_hash: FileHash | None = None


class SetMedia(_Message, frozen=True):
    """Move the room on to another film. Reply: MediaChanged, to all.

    With ``entry`` that entry of the queue becomes current. Without it the film becomes a new entry behind the current
    one, and is current. A member that names ``file_hash`` and ``file`` has the film. Both may be left out together
    where ``entry`` is given. Refused as NoSuchEntry where the entry is no longer in the queue, and as NotHashed where
    nobody has told its whole hash yet.
    """

    file_hash: FileHash | None = None
    file: FileInfo | None = None
    start: Position = 0.0
    entry: EntryId | None = None
    clear: bool = False
    """The queue becomes this film alone."""
    play: bool = False
    """Play once all members that have the film stand at ``start``, or after 5 s. False: the room is paused there."""


class QueueInsert(_Message, frozen=True):
    """Put new entries into the queue, in their order. Reply: QueueChanged with ``inserted``, to all.

    Refused as TooLarge where the queue would become longer than it may be; nothing is inserted then.
    """

    after: EntryId | None
    """The entry that they come after; null: the beginning; an id that is not in the queue, such as "end": the end."""
    entries: Annotated[tuple[QueueItem, ...], Meta(max_length=QUEUE_MAX)]


class QueueRemove(_Message, frozen=True):
    """Take entries out of the queue. Reply: QueueChanged, to all. Ids that are not in the queue are ignored.

    The film that is shown goes on, also where its entry is taken out.
    """

    ids: Annotated[tuple[EntryId, ...], Meta(max_length=QUEUE_MAX)]


class QueueMove(_Message, frozen=True):
    """Put entries elsewhere in the queue, one after the other in the order of ``ids``. Reply: QueueChanged, to all.

    Ids that are not in the queue are ignored. ``after`` as in QueueInsert, among the entries that are not moved.
    """

    ids: Annotated[tuple[EntryId, ...], Meta(max_length=QUEUE_MAX)]
    after: EntryId | None


class SetEntry(_Message, frozen=True):
    """Tell the whole hash of an entry that has none yet. Reply: EntryChanged, to all.

    Refused as FileHashMismatch where the entry has another one already.
    """

    id: EntryId
    file_hash: FileHash


class Say(_Message, frozen=True):
    """One line of chat. Reply: Said, to all."""

    text: ChatText


class SetPolicy(PolicyChange, frozen=True, omit_defaults=True):
    """Reply: PolicyChanged, to all."""


class SetRole(_Message, frozen=True):
    """Reply: MemberChanged, to all. Handing on ``host`` makes the old host a controller."""

    client_id: ClientId
    role: Role


class GetRoom(_Message, frozen=True):
    """Reply: RoomState."""


class Kick(_Message, frozen=True):
    client_id: ClientId
    ban: bool = written(False)
    reason: ShortText | None = None


class ListRooms(_Message, frozen=True):
    """Reply: Rooms, where the server publishes them."""


ClientMessage = (
    Hello
    | Ping
    | CreateRoom
    | JoinRoom
    | LeaveRoom
    | SyncCommand
    | Report
    | SetReady
    | SetFile
    | SetMedia
    | QueueInsert
    | QueueRemove
    | QueueMove
    | SetEntry
    | Say
    | SetPolicy
    | SetRole
    | GetRoom
    | Kick
    | ListRooms
)


# ---- what a server says ---------------------------------------------------------------------------------------------


class Welcome(_Message, frozen=True):
    client_id: ClientId
    resume_secret: Secret
    protocol: int
    server: str
    clock_id: str
    """Names the server's clock: readings of clocks with different names have nothing to do with each other."""
    features: tuple[str, ...]
    limits: Limits
    resumed: bool
    motd: str | None = None
    room: Room | None = None
    """The room that a resumed member is still in."""


class Pong(_Message, frozen=True):
    """``t1``: server clock when the Ping's bytes arrived; ``t2``: just before these were written."""

    t0: Moment
    t1: Moment
    t2: Moment
    epoch: str | None = None
    rev: Revision | None = None


class RoomCreated(_Message, frozen=True):
    """Basic."""

    room_id: str
    client_id: ClientId
    host_secret: Secret
    room: Room


class RoomJoined(_Message, frozen=True):
    """Basic."""

    room_id: str
    client_id: ClientId
    is_host: bool
    room: Room


class RoomLeft(_Message, frozen=True):
    """Basic. ``reason`` says whether that was asked for."""

    room_id: str
    reason: LeftReason
    detail: str | None = None


class RoomState(_Message, frozen=True):
    room: Room


class SyncBroadcast(_Message, frozen=True):
    """Basic. A command that took effect, and the timeline that it made."""

    from_client: ClientId
    command: SyncCommand
    timeline: Timeline
    command_id: CommandId | None = None


class MemberJoined(_Message, frozen=True):
    member: Member


class MemberChanged(_Message, frozen=True):
    member: Member


class MemberLeft(_Message, frozen=True):
    client_id: ClientId
    reason: LeftReason


class PolicyChanged(_Message, frozen=True):
    policy: Policy


class MediaChanged(_Message, frozen=True):
    """The room moved on to this film, because a member asked for it or because the film before has ended.

    A member that has the film opens it and sends SetFile. From then on the room waits for it as well, where it waits.
    """

    file_hash: FileHash
    file: FileInfo
    timeline: Timeline
    queue: Queue = Queue()


class QueueChanged(_Message, frozen=True):
    """The queue after an edit. Where an edit changed nothing, only the member that asked gets this, as its answer."""

    queue: Queue
    inserted: Annotated[tuple[EntryId, ...], Meta(max_length=QUEUE_MAX)] = ()
    """The ids of the entries that this edit inserted, in the order of the request."""


class EntryChanged(_Message, frozen=True):
    """More is known of this entry than before: its whole hash. The queue's ``rev`` stays as it was."""

    entry: QueueEntry


class Said(_Message, frozen=True):
    from_client: ClientId
    text: str
    at: Moment


class Rooms(_Message, frozen=True):
    rooms: tuple[RoomSummary, ...]


class Error(_Message, frozen=True):
    """Basic. ``message`` is one sentence fit for a user; ``retry`` says whether the same request may work later."""

    code: ErrorCode
    message: str
    retry: bool
    details: dict[str, str | float | int | bool] | None = None


class Goodbye(_Message, frozen=True):
    """The server is going down, or closes this connection on purpose."""

    reason: Literal["going-down", "too-slow", "idle", "protocol", "replaced", "rate-limited"]
    retry_after: Annotated[float, Meta(ge=0, le=3600)] | None = None
    """Seconds to wait before coming back; absent: do not come back by yourself."""


ServerMessage = (
    Welcome
    | Pong
    | RoomCreated
    | RoomJoined
    | RoomLeft
    | RoomState
    | SyncBroadcast
    | MemberJoined
    | MemberChanged
    | MemberLeft
    | PolicyChanged
    | MediaChanged
    | QueueChanged
    | EntryChanged
    | Said
    | Rooms
    | Error
    | Goodbye
)

_ACTIONS: Final = get_args(SyncCommand)

CLIENT_TYPES: Final[dict[str, object]] = {
    **{kind.__name__: kind for kind in get_args(ClientMessage) if kind not in _ACTIONS},
    "SyncCommand": SyncCommand,
}
"""Wire name to the type of its payload, for every message of a client."""

SERVER_TYPES: Final[dict[str, object]] = {kind.__name__: kind for kind in get_args(ServerMessage)}
"""The same for a server's."""
