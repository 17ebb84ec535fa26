"""Store: the port for keeping rooms, and the data that is kept.

All methods block. They are called by one thread at a time, but not always by the same one.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from hangd.engine.room.saved import SavedRoom


class ClockMark(Struct, frozen=True):
    """Readings of a server's clocks at one moment, in seconds."""

    clock_id: str
    """The id by which clients know the monotonic clock."""
    monotonic: float
    """Server time."""
    wall: float
    """Unix time."""
    boot: str | None = None
    """The id of the machine's current boot, if the system tells it."""


class KeptRoom(Struct, frozen=True):
    """One room: its state, the proofs of its members, and the clock of its times."""

    room: SavedRoom
    proofs: dict[str, bytes]
    """SHA-256 of each member's resume secret, by client id."""
    mark: ClockMark


class StoreFailed(Exception):
    """The store cannot do this now. ``str()`` says why, to be put after a colon."""


class StoreBusy(StoreFailed):
    """Another process uses this store."""


class Store(Protocol):
    """Rooms by id. Nobody else can use the store until `close` is called."""

    lasting: bool
    """Whether what is written is still there after this process."""

    def load(self) -> list[KeptRoom]:
        """Return all rooms, in the order of their ids.

        A room that cannot be decoded (damaged, or of another version) stays in the store and is not returned.

        Raises:
            StoreFailed: nothing can be read.
        """

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        """Insert or replace these rooms, and delete those with the ids in ``gone``.

        All of that is done or nothing. When this returns, it survives the end of the process.

        Raises:
            StoreFailed: nothing was done. It may be tried again.
        """

    def close(self) -> None:
        """Release the store. No other method may be called afterwards."""
