"""The data types that messages consist of.

All durations and times are seconds as floats; server times are readings of the room server's clock. Limits are part of
the types: msgspec enforces them when it decodes, so a value that was decoded is within its limits.
"""

from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct, field

from hangd.protocol.names import NAME_MAX, ROOM_NAME_MAX

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

MOTD_MAX: Final = 4000
"""Longest message of the day, in characters."""

CAPACITY_MAX: Final = 1000
"""Largest capacity that a room's policy may have."""

MEMBERS_MAX: Final = CAPACITY_MAX + 1
"""Most members that a room may have: its owner is let into a full one too."""

QUEUE_MAX: Final = 500
"""Entries in one room's queue."""

QUEUE_END: Final = "end"
"""As ``after`` in a queue edit: at the end of the queue. No entry has this id, because a room's ids hold a hyphen."""

RATE_MIN: Final = 0.25
RATE_MAX: Final = 2.0

SECONDS_MAX: Final = 1e8
"""Longest time in a film, in seconds: three years. A room that plays for longer stays there."""

ROOM_ITSELF: Final = "00000000-0000-0000-0000-000000000000"
"""``from_client`` of a broadcast that nobody requested. Its ``reason`` says why the room did it."""

Position = Annotated[float, Meta(ge=0, le=SECONDS_MAX)]
"""Seconds into the media. Always finite: JSON has no NaN, and the upper limit excludes infinity."""

Duration = Annotated[float, Meta(ge=0, le=SECONDS_MAX)]
Moment = Annotated[float, Meta(ge=-1e12, le=1e12)]
"""A reading of a monotonic clock, in seconds. The field that has this type says whose clock it is."""

SignedSeconds = Annotated[float, Meta(ge=-SECONDS_MAX, le=SECONDS_MAX)]
Bound = Annotated[float, Meta(ge=0, le=SECONDS_MAX)]
Rate = Annotated[float, Meta(ge=RATE_MIN, le=RATE_MAX)]
Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]

# Control characters are excluded because these texts reach terminals and logs. In Python "$" also matches before a
# final newline, hence the look-ahead. The patterns are part of the JSON Schema and mean the same in its dialect.
_LINE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$(?!\n)"
_NAME: Final = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$(?!\n)"
_SPACED_NAME: Final = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$(?!\n)"
_FILE_NAME: Final = r"^[^\x00-\x1f\x7f-\x9f/\\]*$(?!\n)"
# What Unicode does not show, as far as a pattern of this dialect can say it: `hangd.protocol.names` knows all of it.
_UNSEEN: Final = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
)
_ALIAS: Final = rf"^[^\s/{_UNSEEN}]([^/{_UNSEEN}]*[^\s/{_UNSEEN}])?$(?!\n)"
_URL: Final = r"^wss?://[^\s\x00-\x1f\x7f-\x9f/]+[^\s\x00-\x1f\x7f-\x9f]*$(?!\n)"
_HASH: Final = r"^[0-9a-f]{64}$(?!\n)"
_ID: Final = r"^[A-Za-z0-9_-]*$(?!\n)"
_PUSH_URL: Final = r"^https://[!-~]+$(?!\n)"
# 65 and 16 bytes in base64url. Browsers leave the padding out.
_PUSH_KEY: Final = r"^[A-Za-z0-9_-]{87}=?$(?!\n)"
_PUSH_AUTH: Final = r"^[A-Za-z0-9_-]{22}(==)?$(?!\n)"
_TOKEN: Final = r"^[A-Za-z0-9._-]*$(?!\n)"
_DEVICE: Final = r"^[A-Za-z0-9_-]{43}$(?!\n)"
INVITE_ID: Final = r"^[0-9]{1,20}-[iu][0-9]{1,20}-[0-9a-z]{1,4}$(?!\n)"
_PAIR_CODE: Final = r"^[A-Za-z]{4}[ -]?[A-Za-z]{4}$(?!\n)"

PATTERN_MEANINGS: Final[dict[str, str]] = {
    _LINE: "one line without control characters",
    _NAME: "one line without control characters, and without spaces around it",
    _SPACED_NAME: "one line without control characters, and not of spaces alone",
    _FILE_NAME: "the name of a file, without a folder and control characters",
    _ALIAS: "one line without slashes and characters that are not shown, and without spaces around it",
    _URL: "the URL of a server, ws://HOST:PORT/ws or wss://HOST/ws",
    _HASH: "a SHA-256 in 64 lower-case hex digits",
    _ID: "an id of letters, digits, hyphens and underscores",
    _PUSH_URL: "an https:// URL in ASCII",
    _PUSH_KEY: "a public key of 65 bytes in base64url",
    _PUSH_AUTH: "16 bytes in base64url",
    _TOKEN: "a token, as the server gave it out",
    _DEVICE: "32 bytes in base64url",
    INVITE_ID: "the id of an invite, as the server gave it out",
    _PAIR_CODE: "eight letters, perhaps in two groups of four",
}
"""What each pattern of this protocol requires, as the words after "must be"."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=_NAME)]
SpacedName = Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=_SPACED_NAME)]
"""A name, perhaps with spaces around it. No message has one: servers once made such names, and kept them."""
ShortText = Annotated[str, Meta(max_length=200, pattern=_LINE)]
ChatText = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=_LINE)]
FileName = Annotated[str, Meta(min_length=1, max_length=255, pattern=_FILE_NAME)]
Alias = Annotated[str, Meta(min_length=1, max_length=ROOM_NAME_MAX, pattern=_ALIAS)]
"""A room's name, in its normal form (`hangd.protocol.names`) wherever a server sends it."""
RoomName = Annotated[str, Meta(min_length=1, max_length=ROOM_NAME_MAX)]
"""A room's UUID or alias, in JoinRoom. Allows more than ``Alias`` does, so that a wrong name is RoomNotFound."""

RoomId = Annotated[str, Meta(min_length=1, max_length=64, pattern=_ID)]
"""A room's id, as the server gave it: a UUID. It is printed for programs and is part of links."""
Epoch = Annotated[str, Meta(min_length=1, max_length=64, pattern=_ID)]
"""See `Timeline`."""

RoomsPage = Annotated[str, Meta(min_length=1, max_length=64)]
"""Where a page of the public list ends. Only the server knows what it means."""

ServerUrl = Annotated[str, Meta(max_length=2048, pattern=_URL)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
CommandId = Annotated[str, Meta(min_length=1, max_length=64)]
EntryId = Annotated[str, Meta(min_length=1, max_length=64)]
"""Identifies an entry of a room's queue. The room assigns it and never assigns it to another entry."""
EntryIds = Annotated[tuple[EntryId, ...], Meta(max_length=QUEUE_MAX)]

Secret = Annotated[str, Meta(min_length=16, max_length=256)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
FileHash = Annotated[str, Meta(pattern=_HASH)]
"""SHA-256 of the whole file, in lower-case hex digits."""

PushEndpoint = Annotated[str, Meta(max_length=1024, pattern=_PUSH_URL)]
"""Where a browser's push service takes messages for it. It is nobody else's to know."""
PushKey = Annotated[str, Meta(pattern=_PUSH_KEY)]
PushAuth = Annotated[str, Meta(pattern=_PUSH_AUTH)]

INVITE_SECONDS_MAX: Final = 30 * 86400
"""Longest time for which an invite is good."""
INVITE_USES_MAX: Final = 1000
Token = Annotated[str, Meta(max_length=1024, pattern=_TOKEN)]
"""Signed by the server: an access token, or an invite. A longer one is refused unread."""
RefreshToken = Annotated[str, Meta(min_length=16, max_length=256, pattern=_TOKEN)]
Device = Annotated[str, Meta(pattern=_DEVICE)]
"""HMAC-SHA-256 of the server's host and port under the installation's own random key, in base64url."""
AccountName = Annotated[str, Meta(min_length=1, max_length=NAME_MAX, pattern=_NAME)]
AccountPassword = Annotated[str, Meta(min_length=8, max_length=256)]
"""A new password of an account."""
PairCodeText = Annotated[str, Meta(pattern=_PAIR_CODE)]
InviteId = Annotated[str, Meta(max_length=64, pattern=INVITE_ID)]
BanId = Annotated[str, Meta(min_length=1, max_length=64)]
BanKind = Literal["account", "device", "network"]
InvitedRole = Literal["viewer", "controller"]
Access = Literal["anyone", "accounts", "invited"]
"""Who may join a room, beside its former members and its owner: anybody, who has an account at this server, or who has
an invite."""

Gate = Literal["seeking", "buffering"]
Control = Literal["everyone", "host", "controllers"]
Match = Literal["hash", "duration", "none"]
Wait = Literal["everyone", "nobody"]
Start = Literal["anyone", "ready"] | Annotated[int, Meta(ge=1, le=CAPACITY_MAX)]
"""When a paused room may start: at once, when everybody is ready, or when so many members are."""

Interruption = Literal["go-on", "pause"]
"""What the room does when a player stalls, or when a member leaves."""

Loop = Literal["off", "film", "queue"]
Reason = Literal["settled", "ready", "waiting", "stall", "left", "ended", "apart"]
"""Why the room itself changed the timeline: a gate opened; the countdown is over; a Play has to wait until members are
ready; a member's player stalls; a member has left or lost its connection; the film has ended; all have paused it while
the room was out of reach."""

Role = Literal["host", "controller", "viewer"]
MemberState = Literal["playing", "paused", "seeking", "buffering", "ended", "idle", "away"]
ReportedState = Literal["playing", "paused", "seeking", "buffering", "ended", "idle"]
LeftReason = Literal["left", "kicked", "banned", "removed", "ended", "closed", "mismatch", "lost"]
"""Why a member is no longer in a room. ``removed``: by the server's administrator. ``ended``: its login is over.
``lost``: its connection broke and it did not come back in time."""


# A server has hundreds of thousands of these and of queue entries. They can be part of no cycle, so the garbage
# collector does not look at them: for 450,000 entries each full collection took 90 ms, and every room waited.
class FileInfo(Struct, frozen=True, omit_defaults=True, gc=False):
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

    epoch: Epoch
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
    """Its own copy of the film. None: it has told of none."""
    film: bool = True
    """False: it has not got the film, and shows nothing."""
    apart: bool = False
    """Its player does not follow the room, which does not wait for it: its viewer paused it during an absence."""
    heard_at: Moment | None = None
    """Server time at which the room last had a message of it. A full member reports every 2 s, and every
    30 s at rest."""
    account: AccountName | None = None
    """The account that it has proven to be. Names can be chosen, this cannot."""
    given_up: bool = False
    """The room stops no more for its stalls while this film is shown: it has waited for enough of them."""


class MemberReport(Struct, frozen=True, omit_defaults=True):
    """What a member's player does: those fields of Member that follow from its reports, absent where they are there."""

    client_id: ClientId
    state: MemberState
    position: Position | None = None
    error: SignedSeconds | None = None
    clock_error: Bound | None = None
    rtt: Bound | None = None
    film: bool = True
    apart: bool = False
    heard_at: Moment | None = None

    @classmethod
    def of(cls, member: Member) -> "MemberReport":
        return cls(*(getattr(member, name) for name in cls.__struct_fields__))


class Policy(Struct, frozen=True, omit_defaults=True):
    """The rules of a room, as everyone may see them. Of the password they show only whether there is one."""

    control: Control = always_encoded("everyone")
    match: Match = always_encoded("hash")
    wait: Wait = always_encoded("nobody")
    capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] = always_encoded(100)
    locked: bool = always_encoded(False)
    has_password: bool = always_encoded(False)
    start: Start = "anyone"
    stall: Interruption = "go-on"
    leave: Interruption = "go-on"
    loop: Loop = "off"
    access: Access = "anyone"
    history: bool = True
    """Whether it may be kept what this room watches: by the server, and with the others' names by its members."""


class PolicyChange(Struct, frozen=True, omit_defaults=True):
    """Changes to a room's rules. What is absent stays. An empty password removes the password."""

    control: Control | None = None
    password: Annotated[str, Meta(max_length=256)] | None = None
    match: Match | None = None
    wait: Wait | None = None
    capacity: Annotated[int, Meta(ge=1, le=CAPACITY_MAX)] | None = None
    locked: bool | None = None
    start: Start | None = None
    stall: Interruption | None = None
    leave: Interruption | None = None
    loop: Loop | None = None
    access: Access | None = None
    history: bool | None = None


class QueueItem(Struct, frozen=True, omit_defaults=True):
    """A new entry of a queue, as a client asks for it. What takes longer to read may follow by SetEntry."""

    file: FileInfo
    file_hash: FileHash | None = None


class QueueEntry(Struct, frozen=True, omit_defaults=True, gc=False):
    """One entry of a room's queue. The room gives the ids, and gives none twice."""

    id: EntryId
    file: FileInfo
    file_hash: FileHash | None = None
    """None: not known yet. Until SetEntry brings it, what is known of ``file`` identifies the film."""


class Queue(Struct, frozen=True):
    """What a room shows, one entry after the other. ``rev`` rises with each edit and each step to another entry."""

    rev: Revision = 0
    entries: Annotated[tuple[QueueEntry, ...], Meta(max_length=QUEUE_MAX)] = ()
    current: EntryId | None = None
    """The entry that is shown. None: the film that is shown is none of these, and the first entry comes next."""


class QueueChange(Struct, frozen=True, omit_defaults=True):
    """What an edit, or a step to another entry, makes of the queue whose ``rev`` is one less.

    What is removed goes. Then what is moved is taken out and put behind ``after``, in this order, and behind that what
    is inserted.
    """

    rev: Revision
    removed: EntryIds = ()
    moved: EntryIds = ()
    inserted: Annotated[tuple[QueueEntry, ...], Meta(max_length=QUEUE_MAX)] = ()
    after: EntryId | None = None
    """An entry that stays where it is. None: the beginning."""
    current: EntryId | None = None
    """As in `Queue`, after the change."""


class PendingStart(Struct, frozen=True, omit_defaults=True):
    """A start that was asked for and waits until members are ready, or the countdown before it."""

    by: ClientId
    """Who asked for it; ``ROOM_ITSELF``: the room moved on to the next film."""
    waiting_for: tuple[ClientId, ...] = always_encoded(())
    """The members that are not ready, while it waits."""
    missing: Annotated[int, Meta(ge=0, le=MEMBERS_MAX)] = always_encoded(0)
    """How many members still have to get ready. It may be more than there are in the room."""
    at: Moment | None = None
    """Server time at which the countdown ends. None: members are missing."""


class Room(Struct, frozen=True, omit_defaults=True):
    """The complete state of a room, as its members see it."""

    room_id: RoomId
    file_hash: FileHash | None
    """None: not known yet. ``file`` identifies the film then, and members are ``verifying``."""
    file: FileInfo | None
    policy: Policy
    members: tuple[Member, ...]
    timeline: Timeline
    name: Alias | None = None
    queue: Queue = Queue()
    """A room always sends it. The default is for servers that have no queues."""
    start: PendingStart | None = None
    """The start that the room waits with. Meanwhile its timeline is paused."""


class RoomSummary(Struct, frozen=True, omit_defaults=True):
    """A room in the public list, as clients outside it may see it."""

    room_id: RoomId
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
