"""Cluster: the port to what several servers share: who owns which room, what is kept of it, and messages between them.

A *node* is one server process. It is named by its *incarnation*, which no other process ever had: the name that the
administrator gave it, "-", and eight random hexadecimal digits. A room is *owned* by one node; its *fence* is a number
that rises whenever its owner changes, and everything that an owner writes is refused once there is a higher one.
A *parcel* is one message between nodes: bytes that nobody here reads.

Methods that return nothing write at once and never wait, and what they write arrives in the order of the calls.
Coroutines wait for the answer, and raise ClusterFailed if there is none; whether the thing was done is unknown then,
and each can be called again: what was done is not done twice (`take` and `add` alone count once more).
"""

import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from enum import Enum
from typing import Final, Protocol

from msgspec import Struct

LIFE_SECONDS: Final = 3.0
"""A node counts as dead when its life was last renewed so long ago. Its rooms can be claimed from then on."""
SEEN_SECONDS: Final = 60.0
"""How long it is known of a node that it has died."""
KEEP_SECONDS: Final = 86400.0
"""How long a client is kept that no node renews, because all of them are gone; a room at least so long."""
RENEWALS: Final = 4
"""How many times its node renews a room within that time."""
FORGOTTEN_SECONDS: Final = 3600.0
"""How long the fence of a room that is gone is kept, against an owner of before that has slept."""
SHARE_SECONDS: Final = 7 * 86400.0
"""How long a node's share counts that it does not state anew."""


PUBLIC: Final = "public"
"""The field of a room that the list of public rooms shows. A room without it is not in that list."""


class ClusterFailed(Exception):
    """What the nodes share did not answer, or refused. ``str()`` is a sentence for the log."""


def new_incarnation(name: str) -> str:
    """Return the incarnation of a new node of this name."""
    return f"{name}-{secrets.token_hex(4)}"


class Outcome(Enum):
    """What became of a commit."""

    OK = "ok"
    """All of it holds, now or because it did before, and its parcels have left, once."""
    LOST = "lost"
    """The room is another's, or is gone for good: nothing was done, and nothing of this owner's ever will be."""
    WHOLE = "whole"
    """What is kept is not what this commit goes on from, as after the loss of what was kept: nothing was done. When no
    other commit of the room is under way, make one with ``whole``, and in it the parcels of all that ended like this
    one."""
    FAILED = "failed"
    """It was refused for another reason, which is logged, or the cluster was closed: nothing is known."""


class Change(Enum):
    """What became of a change of an entry."""

    OK = "ok"
    OTHER = "other"
    """The entry was another one: nothing was done."""
    FULL = "full"
    """There are too many: nothing was done."""


class Commit(Struct, frozen=True, kw_only=True):
    """What one turn of a room changed, and what is to be said of it: all or nothing."""

    room_id: str
    fence: int
    number: int
    """One more than the number of the commit before. Of a ``whole`` one: any that is not lower."""
    fields: dict[str, bytes | None]
    """What changed, by the names of `Cluster.create`. None: the field is no more."""
    applied: dict[str, int] = {}
    """The number of the last input that was applied, by link, for those links where it changed."""
    ended: tuple[str, ...] = ()
    """Links whose numbers need not be kept any more."""
    parcels: Sequence[tuple[str, bytes]] = ()
    """What to say, and to which node, in this order."""
    whole: bool = False
    """Whether ``fields`` and ``applied`` are all that there are. What is kept is replaced then."""
    alias_key: str | None = None
    """Of the room's alias. Only a ``whole`` commit has to name it. If another room has taken the alias since, which can
    only be when what was kept was lost, it stays with that one."""


class Owned(Struct, frozen=True):
    """The room is this node's now. All that it has to know to go on with it."""

    fence: int
    number: int
    """Of the last commit."""
    fields: dict[str, bytes]
    applied: dict[str, int]
    """The number of the last input that was applied, by link."""


class Elsewhere(Struct, frozen=True):
    """The room has an owner that is alive."""

    node: str
    fence: int


class RoomSeen(Struct, frozen=True):
    """A room as it is kept, for whoever looks at it from beside."""

    room_id: str
    owner: str | None
    """The node that owns it. None: none that is alive."""
    kept: Owned


class NameTaken(Struct, frozen=True):
    """There is a room of this name already."""

    room_id: str


class NodeInfo(Struct, frozen=True, kw_only=True):
    """What a node tells of itself each time it renews its life."""

    node: str
    """Its incarnation."""
    name: str
    since: float
    """Unix time at which it was started."""
    version: str
    """Of hang."""
    address: str = ""
    """Where it listens, for the administrator."""
    boot: str | None = None
    """The id of its machine's current boot, if the system tells it. Nodes with the same one share a monotonic clock."""
    clients: int = 0
    rooms: int = 0
    """That it owns."""
    draining: bool = False
    clock_offset: float | None = None
    """Cluster time minus its own monotonic time, in seconds. None: it does not know."""
    clock_bound: float | None = None
    """How wrong that may be, in seconds."""


class Renewal(Enum):
    """What became of an attempt to renew a node's life."""

    KEPT = "kept"
    """It was still alive."""
    REVIVED = "revived"
    """Its life had ended, or it is the first time, or all that was kept is lost: others may have claimed its rooms
    since, or nobody knows them any more. A commit of each, though nothing has changed, tells which: OK, LOST or
    WHOLE."""
    FAILED = "failed"


class KeptClient(Struct, frozen=True):
    """A client that is in a room, and may come back to any node."""

    room_id: str
    proof: bytes
    """SHA-256 of the secret by which it proves who it is."""
    edge: str
    """The node that it was connected to last."""


class Listener(Protocol):
    """Whoever is told what happens. No method may raise or wait."""

    def received(self, parcel: bytes, at: float) -> None:
        """A parcel to this node. ``at``: `time.monotonic` when its bytes arrived."""

    def beat_heard(self, number: int, at: float) -> None:
        """A beat of this node has come back."""

    def connected(self) -> None:
        """The shared part can be reached, and parcels to this node arrive from now on."""

    def disconnected(self) -> None:
        """It cannot be reached. Parcels are lost until `connected`; commits wait until then."""

    def unreachable(self, node: str) -> None:
        """A parcel to this node reached nobody: it has died, or is cut off for now."""


class Cluster(Protocol):
    """The shared part, as one node uses it. Call it within one event loop only."""

    @property
    def node(self) -> str:
        """The incarnation of this node."""

    async def start(self, listener: Listener) -> None:
        """Connect, and call ``listener`` from now on.

        Raises:
            ClusterFailed: it cannot be reached, or is not what it should be. Nothing is left open.
        """

    async def aclose(self) -> None:
        """Let this node's life end, and close everything. Commits that are unanswered end with FAILED."""

    # Nodes

    def renew(self, info: NodeInfo, done: Callable[[Renewal], None]) -> None:
        """Let this node count as alive for LIFE_SECONDS from now. ``done`` is called once, maybe within the call.

        It must be called before `create`, `claim` and `lead`, which only a living node may.
        """

    def beat(self, number: int) -> None:
        """Send this number to the own node, by the way that parcels take: `Listener.beat_heard`."""

    async def nodes(self) -> list[NodeInfo]:
        """Return those that are alive, in the order of their incarnations."""

    async def silence(self) -> float:
        """Return for how many seconds no other node has renewed its life that may know the time of the cluster, because
        it says so (`NodeInfo.clock_offset`) or is dead. Infinity: for a minute at least, or all have ended in order."""

    def post(self, node: str, parcel: bytes) -> None:
        """Send a parcel to this node. It can be lost. Parcels of one node that arrive do so in order, unless its
        connection was made anew meanwhile: then an older one can arrive late."""

    def broadcast(self, parcel: bytes) -> None:
        """Send a parcel to all other nodes."""

    # Rooms

    async def create(self, room_id: str, alias_key: str | None, fields: dict[str, bytes]) -> Owned | NameTaken:
        """Make a room that this node owns, with this alias, if that is free (`hangd.protocol.names.room_key`).

        ``fields``: without PUBLIC, which a commit writes.
        """

    async def find(self, name: str, alias_key: str) -> str | None:
        """Return the id of the room with this id or alias, if there is one."""

    async def claim(self, room_id: str) -> Owned | Elsewhere | None:
        """Become the room's owner under a new fence, if none is alive or it is this node. None: there is no such room.

        Raises:
            ClusterFailed: also when this node itself does not count as alive.
        """

    def commit(self, commit: Commit, done: Callable[[Outcome], None]) -> None:
        """Write what changed and send the parcels, if the room is still this node's.

        ``done`` is called once, maybe within the call, and in the order of the commits.
        """

    async def release(self, room_id: str, fence: int, parcels: Sequence[tuple[str, bytes]] = ()) -> bool:
        """Let anybody claim the room at once, and send these parcels. False: it was not this node's."""

    async def forget(self, room_id: str, fence: int) -> bool:
        """Delete the room and its alias. False: it was not this node's, and nothing was done."""

    async def rooms_without_owner(self, limit: int = 100) -> list[str]:
        """Return the ids of at most so many rooms that no living node owns."""

    async def public_rooms(self, after: str | None, limit: int) -> list[tuple[str, bytes]]:
        """Return ids and the field PUBLIC of at most so many rooms that have it and whose ids come after this one, in
        the order of ids."""

    def rooms(self, fields: Sequence[str] = ()) -> AsyncIterator[RoomSeen]:
        """Go through all rooms, in no order. One that is made or ends meanwhile may be missing.

        ``fields``: which fields to read. Without any, the links are left out, too.

        Raises:
            ClusterFailed: at any time.
        """

    # Clients

    def clients(self) -> AsyncIterator[tuple[str, KeptClient]]:
        """Go through all clients that are kept, and their ids. As `rooms`."""

    async def keep_client(self, client_id: str, room_id: str, proof: bytes) -> str | None:
        """Keep for a day where this client is, which is connected to this node.

        Returns the node that it was connected to before, if that is another one.
        """

    async def keep_client_again(self, client_id: str, room_id: str, proof: bytes) -> bool:
        """As `keep_client`, unless what is kept says that another node has the client. Returns whether it is kept."""

    def renew_clients(self, client_ids: Iterable[str]) -> None:
        """Keep these for another day."""

    async def client(self, client_id: str) -> KeptClient | None:
        """Return what is kept of this client."""

    async def forget_client(self, client_id: str, room_id: str) -> bool:
        """Drop what is kept of this client, if it is still in that room. False: it is not."""

    # Small things that all nodes share

    async def take(self, key: str, rate: float, burst: float) -> float:
        """Take one token of this bucket, which has ``burst`` at first and gains ``rate`` a second.

        Returns 0 if there was one, else for how many seconds to wait until there is.
        """

    async def add(self, key: str, amount: int, seconds: float) -> int:
        """Add to this counter, which ends so many seconds after its first addition. Returns its value."""

    async def share(self, key: str, amount: int) -> int:
        """Say how many of these this node has, for SHARE_SECONDS. Returns how many all living nodes have."""

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for so long."""

    async def put_new(self, key: str, value: bytes, seconds: float) -> bool:
        """Keep a value for so long, if none is kept under this key. Returns whether it is."""

    async def get(self, key: str) -> bytes | None:
        """Return the value that is kept under this key."""

    async def delete(self, key: str) -> bool:
        """Drop the value under this key. Returns whether there was one."""

    async def entry(self, of: str, key: str) -> bytes | None:
        """Return what is entered under this key in a list of this name."""

    async def change_entry(
        self, of: str, key: str, before: bytes | None, after: bytes | None, *, seconds: float, most: int
    ) -> Change:
        """Enter something for so long, or strike it out, if the entry is ``before``. None: there is none.

        ``most``: entries that the list takes. No value may be empty.
        """

    async def lead(self, key: str, seconds: float) -> str:
        """Return the node that leads in this matter: this one, for so long from now, if no other living node does."""
