"""Store: the port behind which rooms are kept, and what is kept of each.

All methods block. One thread at a time calls them, not always the same one.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from hangd.engine.room.saved import SavedRoom

__all__ = ["ClockMark", "KeptRoom", "Store", "StoreBusy", "StoreFailed"]


class ClockMark(Struct, frozen=True):
    """What the clocks of a server showed at one moment. Seconds."""

    clock_id: str
    """The name under which members know the clock that server times are readings of."""
    monotonic: float
    """That clock."""
    wall: float
    """Since 1970."""
    boot: str | None = None
    """The machine's name for its time since it was switched on, where it has one."""


class KeptRoom(Struct, frozen=True):
    """One room: its state, what its members come back with, and the clock that its times are readings of."""

    room: SavedRoom
    proofs: dict[str, bytes]
    """For each member's client id the SHA-256 of its resume secret."""
    mark: ClockMark


class StoreFailed(Exception):
    """The store can not do it now. ``str()`` says why, in words that fit after a colon."""


class StoreBusy(StoreFailed):
    """Another process keeps its rooms there."""


class Store(Protocol):
    """Rooms by id. Who opens one has it alone until `close`."""

    @property
    def lasting(self) -> bool:
        """Whether what is written outlives this process."""

    def load(self) -> list[KeptRoom]:
        """Return all rooms, in the order of their ids.

        One that can not be understood (damaged, or of another version) is left where it is, and not returned.

        Raises:
            StoreFailed
        """

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        """Keep these rooms, each in place of what was kept of it, and no longer those with the ids ``gone``.

        All of it or nothing, whatever happens meanwhile; once it returns, the end of this process does not undo it.

        Raises:
            StoreFailed: nothing of it is kept; it may be tried again.
        """

    def close(self) -> None:
        """Let go of it. Nothing else may be called afterwards."""
