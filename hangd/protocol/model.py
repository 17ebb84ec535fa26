"""The data types that messages consist of.

All durations and times are seconds as floats; server times are readings of the room server's clock. Limits are part of
the types: msgspec enforces them when it decodes, so a value that was decoded is within its limits.
"""

from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct, field

_T = TypeVar("_T")


def always_encoded(default: _T) -> _T:
    """Return a struct field with this default that is encoded even while it has the default value.

    ``omit_defaults`` is for optional fields that may be absent; a field that the protocol promises is always there.
    msgspec omits a plain default only, not one that a factory returns.
    """
    return field(default_factory=lambda: default)


PROTOCOL: Final = 1
"""The protocol version that this package speaks."""

FRAME_BYTES_MAX: Final = 64 * 1024
"""Longest message that the server accepts. What it sends may be longer: a room of a thousand members is."""

TEXT_MAX: Final = 500
"""Longest chat line, in characters."""

CAPACITY_MAX: Final = 1000
"""Largest capacity that a room's policy may have."""

QUEUE_MAX: Final = 500
"""Entries in one room's queue."""

QUEUE_END: Final = "end"
"""As ``after`` in a queue edit: at the end of the queue. No entry has this id, because a room's ids hold a hyphen."""

RATE_MIN: Final = 0.25
RATE_MAX: Final = 2.0

ROOM_ITSELF: Final = "00000000-0000-0000-0000-000000000000"
"""``from_client`` of a broadcast that nobody requested: a gate opened, or the film has ended."""

Position = Annotated[float, Meta(ge=0, le=1e8)]
"""Seconds into the media. Always finite: JSON has no NaN, and the upper limit excludes infinity."""

Duration = Annotated[float, Meta(ge=0, le=1e8)]
Moment = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""A reading of a monotonic clock, in seconds. The field that has this type says whose clock it is."""

SignedSeconds = Annotated[float, Meta(ge=-1e8, le=1e8)]
Bound = Annotated[float, Meta(ge=0, le=1e8)]
Rate = Annotated[float, Meta(ge=RATE_MIN, le=RATE_MAX)]
Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]

# Control characters are excluded because these texts reach terminals and logs. In Python "$" also matches before a
# final newline, hence the look-ahead. The patterns are part of the JSON Schema and mean the same in its dialect.
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
"""What each pattern of this protocol requires, as the words after "must be"."""

NAME_MAX: Final = 32
"""Longest name of a member, in characters."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=_NAME)]
ShortText = Annotated[str, Meta(max_length=200, pattern=_LINE)]
ChatText = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=_LINE)]
FileName = Annotated[str, Meta(min_length=1, max_length=255, pattern=_FILE_NAME)]
Alias = Annotated[str, Meta(min_length=1, max_length=64, pattern=_ALIAS)]
RoomName = Annotated[str, Meta(min_length=1, max_length=64)]
"""A room's UUID or alias, in JoinRoom. Allows more than ``Alias`` does, so that a wrong name is RoomNotFound."""

ServerUrl = Annotated[str, Meta(max_length=2048, pattern=_URL)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
CommandId = Annotated[str, Meta(min_length=1, max_length=64)]
EntryId = Annotated[str, Meta(min_length=1, max_length=64)]
"""Identifies an entry of a room's queue. The room assigns it and never assigns it to another entry."""

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
"""Why a member is no longer in a room. ``lost``: its connection broke and it did not come back in time."""


class FileInfo(Struct, frozen=True, omit_defaults=True):
    """What a member says about its file."""

    size: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    """Bytes."""
    duration: Duration | None = None
    """Seconds."""
    name: FileName | None = None
    """The base name, unless the member's privacy setting keeps it private."""
    quick_hash: FileHash | None = None
    """SHA-256 of the size and the first, middle and last MiB. It takes milliseconds; docs/protocol.md defines it."""


class Timeline(Struct, frozen=True):
    """A room's position over time: at server time ``at`` it is ``position``; while playing it moves at ``rate``.

    ``rev`` rises by one with each change. ``epoch`` is a new name whenever the room was restored and changes may have
    been lost. While ``gate`` is set the position does not move: the room waits until its members have settled there.
    """

    epoch: str
    rev: Revision
    playing: bool
    position: Position
    rate: Rate
    at: Moment
    gate: Gate | None = None


class Member(Struct, frozen=True, omit_defaults=True):
    """A member as the others see it. ``error`` is in signed seconds from the timeline, positive when ahead."""

    client_id: ClientId
    name: Name
    role: Role
    state: MemberState = always_encoded("idle")
    ready: bool = always_encoded(False)
    verifying: bool = always_encoded(False)
    position: Position | None = None
    error: SignedSeconds | None = None
    clock_error: Bound | None = None
    """Bound of ``error``, in seconds: the member knows the server's clock only that well."""
    rtt: Bound | None = None
    """Smallest recent round trip between the member and the server, in seconds."""
    file: FileInfo | None = None


class Policy(Struct, frozen=True, omit_defaults=True):
    """The rules of a room, as everyone may see them. Of the password they show only whether there is one."""

    control: Control = always_encoded("everyone")
    match: Match = always_encoded("hash")
    wait: Wait = always_encoded("nobody")
    capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] = always_encoded(100)
    locked: bool = always_encoded(False)
    has_password: bool = always_encoded(False)


class PolicyChange(Struct, frozen=True, omit_defaults=True):
    """Changes to a room's rules. What is absent stays. An empty password removes the password."""

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
    """The complete state of a room, as its members see it."""

    room_id: str
    file_hash: FileHash
    file: FileInfo | None
    policy: Policy
    members: tuple[Member, ...]
    timeline: Timeline
    name: Alias | None = None
    queue: Queue = Queue()
    """A room always sends it. The default is for servers that have no queues."""


class RoomSummary(Struct, frozen=True, omit_defaults=True):
    """A room in the public list, as clients outside it may see it."""

    room_id: str
    members: int
    locked: bool
    has_password: bool
    name: Alias | None = None
    media: str | None = None


class Limits(Struct, frozen=True):
    """What a server accepts from a client."""

    frame_bytes: int = FRAME_BYTES_MAX
    text_characters: int = TEXT_MAX
    room_capacity: int = 100
