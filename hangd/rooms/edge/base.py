"""What the edge knows of rooms, and the port to whatever runs them: here, or at another server of a cluster."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable
from typing import Protocol

from hangd.engine.room.inputs import RoomInput
from hangd.rooms.edge.budgets import RoomBudget
from hangd.rooms.edge.fair_turns import Lane
from hangd.rooms.edge.peer import Writers


class Place(ABC):
    """One room as the edge sees it: where clients are that are connected here."""

    def __init__(self, room_id: str, alias: str | None) -> None:
        self.room_id = room_id
        self.alias = alias
        self.lane = Lane()
        self.writers = Writers()
        """Of those members whose peers read fast enough."""
        self.network: str | None = None
        """From which it was made (`hangd.rooms.trust.Visitor.network`). None: nobody knows, as after a restart."""
        self.sent: RoomBudget | None = None
        """What may be sent to its members. None: nobody has asked for anything yet."""

    @property
    def runs_at(self) -> str | None:
        """The node of the cluster at which the room runs. None: this one, or nobody knows."""
        return None

    @property
    @abstractmethod
    def member_count(self) -> int:
        """How many members it has, as far as messages to them are sent from here."""

    def is_host(self, client_id: str) -> bool:
        """Tell whether this client is the room's host, as far as that is known here."""
        return False

    @property
    @abstractmethod
    def position(self) -> tuple[str, int]:
        """The epoch and the rev of the room's timeline, as far as they are known here."""

    @property
    @abstractmethod
    def film(self) -> str | None:
        """The name of the room's film, if the room shows it to strangers."""


class Rooms(Protocol):
    """Where clients can be. `tell` reaches the room at once if it is here, and later if it is not."""

    def get(self, room_id: str | None) -> Place | None:
        """Return the room with this id, if it is here or has clients here."""

    def places(self) -> Iterable[Place]:
        """Return all rooms that `get` may return."""

    def find(self, name: str) -> Place | None:
        """Return the room with this id or alias, as far as that is known without asking anybody."""

    def search(self, name: str, now: float) -> Awaitable[Place | None] | None:
        """Ask the others for the room with this id or alias, which `find` does not know. None: there are no others."""

    def search_client(self, client_id: str) -> Awaitable[tuple[Place, bytes] | None] | None:
        """Ask the others for the room of this client, which is to be told ConnectionResumed next, and for its proof
        (`hangd.rooms.edge.clients.Client`). None: there are no others.

        The answer raises RequestRefused if they cannot be asked: the client may be in a room, and has to try again.
        """

    def reserve(self, alias: str | None, network: str, origin: str, now: float) -> None:
        """Reserve the alias, and space for one more room. Call `add` or `release` afterwards.

        Args:
            network: of whoever asks.
            origin: how the log names that.

        Raises:
            RequestRefused: there are too many rooms, or the alias is taken.
        """

    def release(self, alias: str | None, network: str) -> None:
        """Give up what `reserve` reserved."""

    def add(self, alias: str | None, password_hash: str | None, network: str, now: float) -> Place:
        """Make a room, for which `reserve` was called. Tell it CreateRequested first."""

    def close(self, place: Place, now: float) -> None:
        """Remove a room that cannot continue. Its members are told."""

    def tell(self, place: Place, input: RoomInput, now: float) -> None:
        """Give an input to a room, and carry out what it orders. What the room or an effect raises is raised."""
