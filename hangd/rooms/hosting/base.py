"""The rooms of one process, as its hub and its administrator use them."""

from collections.abc import Awaitable, Iterable
from typing import Protocol

from hangd.protocol.messages import Rooms as PublicRooms
from hangd.rooms.edge.base import Place, Rooms
from hangd.rooms.hosting.directory import Directory
from hangd.store.base import KeptRoom


class RoomsHere(Rooms, Protocol):
    directory: Directory
    """The rooms that are owned here."""

    @property
    def store_fails(self) -> bool:
        """Whether rooms cannot be kept for now."""

    @property
    def unwritten(self) -> int:
        """How many rooms have changed and are not kept so yet."""

    def page(self, after: str | None) -> PublicRooms | Awaitable[PublicRooms]:
        """Return a page of the public list: rooms whose ids come after this one. Waiting raises RequestRefused."""

    def restore(self, kept: Iterable[KeptRoom], now: float) -> None:
        """Continue these rooms. Their members are away until they prove with their secrets who they are."""

    def close(self, place: Place, now: float, why: str | None = None) -> None:
        """As `Rooms.close`. ``why``: for this reason of the administrator's."""

    async def aclose(self) -> None:
        """Stop the timers, and write what is not written yet. Cancel the tasks before."""
