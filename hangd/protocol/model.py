"""What the messages are about. Seconds are floats, everywhere; server times are readings of the room's clock.

Limits stand in the types: a decoded value is within them, and nobody checks a second time.
"""

from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct, field

__all__ = [
    "CAPACITY_MAX",
    "FRAME_BYTES_MAX",
    "NAME_MAX",
    "PATTERN_MEANINGS",
    "PROTOCOL",
    "QUEUE_END",
    "QUEUE_MAX",
    "RATE_MAX",
    "RATE_MIN",
    "ROOM_ITSELF",
    "TEXT_MAX",
    "Alias",
    "ChatText",
    "ClientId",
    "CommandId",
    "Control",
    "EntryId",
    "FileHash",
    "FileInfo",
    "Gate",
    "LeftReason",
    "Limits",
    "Match",
    "Member",
    "MemberState",
    "Moment",
    "Name",
    "Password",
    "Policy",
    "PolicyChange",
    "Position",
    "Queue",
    "QueueEntry",
    "QueueItem",
    "Rate",
    "Revision",
    "Role",
    "Room",
    "RoomSummary",
    "Secret",
    "ServerUrl",
    "Timeline",
    "Wait",
    "written",
]

_T = TypeVar("_T")


def written(default: _T) -> _T:
    """Give a field of a struct this default, and yet have it written out.

    ``omit_defaults`` leaves out what an optional field does not say; what the protocol promises is there even where it
    is as usual. msgspec leaves a default out only where it knows it without calling anything.
    """
    return field(default_factory=lambda: default)


PROTOCOL: Final = 1
"""The protocol version that this package speaks."""

FRAME_BYTES_MAX: Final = 64 * 1024
"""Inbound frames are at most this long. A snapshot of a full room is larger; it only travels outwards."""

TEXT_MAX: Final = 500
"""Characters in one chat line."""

CAPACITY_MAX: Final = 1000
"""The largest room that a policy may ask for."""

QUEUE_MAX: Final = 500
"""Entries in one room's queue."""

QUEUE_END: Final = "end"
"""As ``after`` in a queue edit: at the end of the queue. No entry has this id, because a room's ids hold a hyphen."""

RATE_MIN: Final = 0.25
RATE_MAX: Final = 2.0

ROOM_ITSELF: Final = "00000000-0000-0000-0000-000000000000"
"""``from_client`` of a broadcast that the room made by itself: a gate that opened, an end of file."""

Position = Annotated[float, Meta(ge=0, le=1e8)]
"""A place in the media, in seconds from its start. Finite: JSON has no NaN, and the bound keeps infinity out."""

Duration = Annotated[float, Meta(ge=0, le=1e8)]
Moment = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""A reading of some monotonic clock, in seconds; whose clock, the field says."""

SignedSeconds = Annotated[float, Meta(ge=-1e8, le=1e8)]
Bound = Annotated[float, Meta(ge=0, le=1e8)]
Rate = Annotated[float, Meta(ge=RATE_MIN, le=RATE_MAX)]
Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]

# Control characters would reach terminals and logs. In Python "$" alone also matches before a last newline, hence the
# look-ahead; the patterns stand in the JSON Schema too, and mean the same in its dialect.
_LINE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)"
_NAME: Final = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$(?!\n)"
_FILE_NAME: Final = r"^[^\x00-\x1f\x7f-\x9f/\\]*$(?!\n)"
_ALIAS: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)"
_URL: Final = r"^wss?://[^\s\x00-\x1f\x7f-\x9f/]+[^\s\x00-\x1f\x7f-\x9f]*$(?!\n)"
_HASH: Final = r"^[0-9a-f]{64}$(?!\n)"

PATTERN_MEANINGS: Final[dict[str, str]] = {
    _LINE: "one line without control characters",
    _NAME: "one line without control characters, and without spaces around it",
    _FILE_NAME: "the name of a file, without a folder and control characters",
    _ALIAS: "of letters, digits, dots, hyphens and underscores, a letter or digit first",
    _URL: "the URL of a server, ws://HOST:PORT/ws or wss://HOST/ws",
    _HASH: "a SHA-256 in 64 lower-case hex digits",
}
"""What each pattern of this protocol asks for: goes after "must be"."""

NAME_MAX: Final = 32
"""Characters in a member's name."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=_NAME)]
ShortText = Annotated[str, Meta(max_length=200, pattern=_LINE)]
ChatText = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=_LINE)]
FileName = Annotated[str, Meta(min_length=1, max_length=255, pattern=_FILE_NAME)]
Alias = Annotated[str, Meta(min_length=1, max_length=64, pattern=_ALIAS)]
RoomName = Annotated[str, Meta(min_length=1, max_length=64)]
"""What a join names: a UUID or an alias. Wider than ``Alias`` on purpose, so that a wrong one is RoomNotFound."""

ServerUrl = Annotated[str, Meta(max_length=2048, pattern=_URL)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
CommandId = Annotated[str, Meta(min_length=1, max_length=64)]
EntryId = Annotated[str, Meta(min_length=1, max_length=64)]
"""Names one entry of one room's queue. The room gives it, and gives it to no other entry later."""

Secret = Annotated[str, Meta(min_length=16, max_length=256)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
FileHash = Annotated[str, Meta(pattern=_HASH)]
"""SHA-256 of the whole file, in lower-case hex digits."""

Gate = Literal["seeking", "buffering"]
Control = Literal["everyone", "host", "controllers"]
Match = Literal["hash", "duration", "none"]
Wait = Literal["everyone", "nobody"]
Role = Literal["host", "controller", "viewer"]
MemberState = Literal["playing", "paused", "seeking", "buffering", "ended", "idle", "away"]
ReportedState = Literal["playing", "paused", "seeking", "buffering", "ended", "idle"]
LeftReason = Literal["left", "kicked", "banned", "closed", "mismatch", "lost"]
"""Why a member is no longer in a room; ``lost``: its connection dropped and it did not come back in time."""


class FileInfo(Struct, frozen=True, omit_defaults=True):
    """What one member tells of its copy of the file."""

    size: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    """Bytes."""
    duration: Duration | None = None
    """Seconds."""
    name: FileName | None = None
    """The base name, where the member's privacy setting allows it to travel."""
    quick_hash: FileHash | None = None
    """SHA-256 over the size and the first, middle and last MiB: known within milliseconds."""


class Timeline(Struct, frozen=True):
    """Where a room's media stands: at server time ``at`` it is at ``position``, moving at ``rate``.

    ``(epoch, rev)`` orders timelines: ``rev`` rises with each change, ``epoch`` is a new name whenever a room's state
    was lost and made anew. While ``gate`` is set the media stands at ``position`` until the room says otherwise.
    """

    epoch: str
    rev: Revision
    playing: bool
    position: Position
    rate: Rate
    at: Moment
    gate: Gate | None = None


class Member(Struct, frozen=True, omit_defaults=True):
    """One member as the others see it. ``error`` is its distance from the timeline in seconds, positive when ahead."""

    client_id: ClientId
    name: Name
    role: Role
    state: MemberState = written("idle")
    ready: bool = written(False)
    verifying: bool = written(False)
    position: Position | None = None
    error: SignedSeconds | None = None
    clock_error: Bound | None = None
    """How far off ``error`` may be, because clocks are only known so well. Seconds."""
    rtt: Bound | None = None
    """Smallest round trip to the server that the server saw of late. Seconds."""
    file: FileInfo | None = None


class Policy(Struct, frozen=True, omit_defaults=True):
    """The rules of a room, as everyone may see them: of the password only that there is one."""

    control: Control = written("everyone")
    match: Match = written("hash")
    wait: Wait = written("nobody")
    capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] = written(100)
    locked: bool = written(False)
    has_password: bool = written(False)


class PolicyChange(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=False):
    """What to change in a room's rules: only what is given. An empty password takes the password away."""

    control: Control | None = None
    password: Annotated[str, Meta(max_length=256)] | None = None
    match: Match | None = None
    wait: Wait | None = None
    capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] | None = None
    locked: bool | None = None


class QueueItem(Struct, frozen=True, omit_defaults=True):
    """A new entry of a queue, as a client asks for it.

    It needs ``file_hash`` or ``file.quick_hash``: one of the two identifies the film.
    """

    file: FileInfo
    file_hash: FileHash | None = None


class QueueEntry(Struct, frozen=True, omit_defaults=True):
    """One entry of a room's queue. The room gives the ids, and gives none twice."""

    id: EntryId
    file: FileInfo
    file_hash: FileHash | None = None
    """None: not known yet. Until SetEntry brings it, size and quick hash identify the film."""


class Queue(Struct, frozen=True):
    """What a room shows, one entry after the other. ``rev`` rises with each edit and each step to another entry."""

    rev: Revision = 0
    entries: Annotated[tuple[QueueEntry, ...], Meta(max_length=QUEUE_MAX)] = ()
    current: EntryId | None = None
    """The entry that is shown. None: the film that is shown is none of these, and the first entry comes next."""


class Room(Struct, frozen=True, omit_defaults=True):
    """A whole room at one moment."""

    room_id: str
    file_hash: FileHash
    file: FileInfo | None
    policy: Policy
    members: tuple[Member, ...]
    timeline: Timeline
    name: Alias | None = None
    queue: Queue = Queue()
    """Always written by a room; this one stands for that of a server which knows no queues."""


class RoomSummary(Struct, frozen=True, omit_defaults=True):
    """A room in a public list: what somebody outside may know of it."""

    room_id: str
    members: int
    locked: bool
    has_password: bool
    name: Alias | None = None
    media: str | None = None


class Limits(Struct, frozen=True):
    """What a server told a client it will take."""

    frame_bytes: int = FRAME_BYTES_MAX
    text_characters: int = TEXT_MAX
    room_capacity: int = 100
