"""What is kept of a room (docs/store.md), so that it can be made anew when its server starts again.

``Room.saved`` returns a `SavedRoom`, and ``Room.restored`` makes a room of one. Not kept is what a restart ends anyway,
or what the members tell again: connections, basic members (they have nothing to resume with), reports, stalls, round
trips, joins under way, and which commands were carried out of late.
"""

from msgspec import Struct
from msgspec.structs import replace

from hangd.protocol.model import Alias, ClientId, FileHash, FileInfo, Moment, Name, Policy, Queue, Role, Timeline


class SavedMember(Struct, frozen=True, omit_defaults=True):
    """What is kept of a full member."""

    client_id: ClientId
    name: Name
    role: Role
    ready: bool = False
    verifying: bool = False
    file_hash: FileHash | None = None
    file: FileInfo | None = None
    return_digest: bytes | None = None
    """SHA-256 of the secret with which it may come back. None: the room was saved before there were such secrets."""


class FormerMember(Struct, frozen=True, omit_defaults=True):
    """What is kept of a full member that has gone and may come back. Live rooms have it too."""

    return_digest: bytes
    """SHA-256 of the secret that proves who it is."""
    name: Name
    role: Role


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
    """Oldest first."""
    timeline: Timeline
    name: Alias | None = None
    password_hash: str | None = None
    banned: tuple[ClientId, ...] = ()
    empty_since: Moment | None = None
    queue: Queue = Queue()
    """Rev 0: the room was saved before there were queues."""
    former: tuple[FormerMember, ...] = ()
    """Those who have gone and may come back, oldest first."""

    def moved(self, seconds: float) -> "SavedRoom":
        """Return the same room, its times read from a clock that shows ``seconds`` more."""
        return replace(
            self,
            timeline=replace(self.timeline, at=self.timeline.at + seconds),
            empty_since=None if self.empty_since is None else self.empty_since + seconds,
        )
