"""What is kept of a room (docs/store.md), so that it can be made anew when its server starts again.

``Room.saved`` returns a `SavedRoom`, and ``Room.restored`` makes a room of one. Not kept is what a restart ends anyway,
or what the members tell again: connections, basic members (they have nothing to resume with), reports, stalls, round
trips, joins under way, and which commands were carried out of late.

What servers of earlier versions kept and should not have made is mended when it is read, so that the room is not lost:
names with spaces around them, and positions beyond the last that there is.

In a cluster the connections of members outlive the room's owner. So there ``Room.basic_members`` is kept beside it.
"""

from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct, field
from msgspec.structs import asdict, force_setattr, replace

from hangd.engine.skew import Skew
from hangd.protocol.message import normalise
from hangd.protocol.model import (
    SECONDS_MAX,
    AccountName,
    Alias,
    BanId,
    ClientId,
    FileHash,
    FileInfo,
    InvitedRole,
    Moment,
    Policy,
    Queue,
    Role,
    ShortText,
    SpacedName,
    Timeline,
)

ATTENDED_MOST: Final = 300.0
"""Seconds. How long people were in a room is counted up to here (``attendance``)."""


class SavedMember(Struct, frozen=True, omit_defaults=True):
    """What is kept of a member."""

    client_id: ClientId
    name: SpacedName
    role: Role
    full: bool = True
    ready: bool = False
    verifying: bool = False
    file_hash: FileHash | None = None
    file: FileInfo | None = None
    return_digest: bytes | None = None
    """SHA-256 of the secret with which it may come back. None: the room was saved before there were such secrets."""
    tags: tuple[str, ...] = ()
    account: AccountName | None = None
    owner: bool = False
    invited: bool = False
    may_have_invites: bool = True
    """Whether it may have made invites. True also if the room was saved before that was kept."""

    def __post_init__(self) -> None:
        normalise(self, "name", str.strip)


class BasicMember(Struct, frozen=True, array_like=True):
    """What is kept of a basic member, where its connection may outlive the room's owner."""

    before: int
    """How many members came before it."""
    member: SavedMember


class FormerMember(Struct, frozen=True, omit_defaults=True):
    """What is kept of a full member that has gone and may come back. Live rooms have it too."""

    return_digest: bytes
    """SHA-256 of the secret that proves who it is."""
    name: SpacedName
    role: Role
    invited: bool = False
    tags: tuple[str, ...] = ()
    """The lasting ones (``identity``). Empty also if the room was saved before they were kept."""
    may_have_invites: bool = True
    """As in `SavedMember`."""

    def __post_init__(self) -> None:
        normalise(self, "name", str.strip)


class BannedMember(Struct, frozen=True, omit_defaults=True):
    """What is kept of somebody who may not come in (``bans``). Live rooms have it too."""

    id: BanId
    name: SpacedName
    by: SpacedName
    tags: tuple[str, ...]
    until: Moment
    """For how long its network is kept out, if its network is among the tags."""
    reason: ShortText | None = None

    def __post_init__(self) -> None:
        normalise(self, "name", str.strip)
        normalise(self, "by", str.strip)


class KeptInvite(Struct, frozen=True, omit_defaults=True):
    """What is kept of a signed invite (``inviting``). Live rooms have it too."""

    id: str
    role: InvitedRole
    by: SpacedName
    issuer: str
    until: Moment
    uses: int | None = None
    """How many members it still lets in. None: any number."""

    def __post_init__(self) -> None:
        normalise(self, "by", str.strip)


class SavedTimeline(Timeline, frozen=True):
    """What is kept of a timeline. Servers once kept a position beyond the last one that messages can name."""

    position: Annotated[float, Meta(ge=0)]

    def __post_init__(self) -> None:
        force_setattr(self, "position", min(self.position, SECONDS_MAX))

    @classmethod
    def of(cls, timeline: Timeline) -> "SavedTimeline":
        return cls(**asdict(timeline))

    def restored(self, epoch: str) -> Timeline:
        """Return the timeline under this epoch."""
        return Timeline(**{**asdict(self), "epoch": epoch})


class Watching(Struct, omit_defaults=True):
    """What is kept of the film that a room is watching (``history``). Live rooms have it too, and change it."""

    started_at: Moment
    """When it first played."""
    saved_at: Moment
    """When the room was last saved because of this, or it began."""
    runs_from: Moment | None = None
    """From when it runs, as far as that is not counted yet. None: it does not run."""
    ends_at: Moment | None = None
    """When it comes to its end, if it runs on and its duration is known."""
    seconds: float = 0.0
    """How long it ran while somebody was there who has it."""
    unattended: float = 0.0
    """How long it has run since the last one of them went away."""
    attended: bool = False
    """Whether somebody is there who has it."""
    members: int = 0
    corrections: int = 0
    skew: Skew = field(default_factory=Skew)

    def saved(self) -> "Watching":
        """Return a copy: it is written on another thread. After a restart everybody is away."""
        return replace(self, attended=False, skew=self.skew.copy())

    def moved(self, seconds: float) -> "Watching":
        """As `SavedRoom.moved`."""
        return replace(
            self,
            started_at=self.started_at + seconds,
            saved_at=self.saved_at + seconds,
            runs_from=None if self.runs_from is None else self.runs_from + seconds,
            ends_at=None if self.ends_at is None else self.ends_at + seconds,
        )


class SavedRoom(Struct, frozen=True, omit_defaults=True):
    """What is kept of a room. Times are readings of the server's clock that ran when the room was saved.

    Another clock may run when the room is made anew: `moved` translates the times.
    """

    room_id: str
    host_digest: bytes
    """SHA-256 of the host's secret."""
    file_hash: FileHash | None
    file: FileInfo | None
    policy: Policy
    members: tuple[SavedMember, ...]
    """Oldest first. Basic ones only by `with_basic`."""
    timeline: SavedTimeline
    name: Alias | None = None
    password_hash: str | None = None
    empty_since: Moment | None = None
    queue: Queue = Queue()
    """Rev 0: the room was saved before there were queues."""
    former: tuple[FormerMember, ...] = ()
    """Those who have gone and may come back, oldest first."""
    bans: tuple[BannedMember, ...] = ()
    """Oldest first. Rooms that were saved before there were tags had ``banned`` instead, which named connections."""
    invites: tuple[KeptInvite, ...] = ()
    """Oldest first."""
    revoked: dict[str, Moment] = field(default_factory=dict)
    """As in `hangd.engine.room.state.RoomData`, like the two numbers."""
    invite_age: int = 0
    invites_from: int = 0
    watching: Watching | None = None
    """For its history. None: it has not played yet, or wants no history."""
    attended: float = ATTENDED_MOST
    """For how many seconds somebody was there, when the last one went, and the most if nobody has counted that."""

    def with_basic(self, basic: Iterable[BasicMember]) -> "SavedRoom":
        """Return the same room with these members, the first of them first."""
        members = list(self.members)
        for one in basic:
            members.insert(one.before, one.member)
        return replace(self, members=tuple(members))

    def moved(self, seconds: float) -> "SavedRoom":
        """Return the same room, its times read from a clock that shows ``seconds`` more."""
        return replace(
            self,
            timeline=replace(self.timeline, at=self.timeline.at + seconds),
            empty_since=None if self.empty_since is None else self.empty_since + seconds,
            watching=None if self.watching is None else self.watching.moved(seconds),
            bans=tuple(replace(one, until=one.until + seconds) for one in self.bans),
            invites=tuple(replace(one, until=one.until + seconds) for one in self.invites),
            revoked={mark: until + seconds for mark, until in self.revoked.items()},
        )
