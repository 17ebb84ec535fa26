"""QueueSpace: the memory that the queues of all rooms of a server may take together.

Half of it is shared out: each room that there may be has a part of its own, which nobody else can use up and in which
an evening's queue fits many times. What a longer queue needs comes from the other half, of which the rooms made from
one network may have a quarter. So a few networks with the longest queues neither fill a server's memory nor keep others
from adding a film.

A room asks before it lets its queue grow (`QueueShare.check`). What it cannot refuse, as its first film or a queue from
before a restart, is counted all the same.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, Literal

from hangd.protocol.errors import Details, RequestRefused
from hangd.protocol.model import QueueEntry

_ENTRY_BYTES: Final = 450
"""Of an entry without its name: measured, with both hashes and all else that may become known of it later."""
_OF_ONE: Final = 4
"""The part of what is not shared out that the rooms of one network may have: one in so many."""

Holder = Literal["network", "server"]
"""Whose space is used up."""
_FULL: Final[dict[Holder, str]] = {
    "network": "the queues of the rooms that were made from your network take all the memory that they may have here",
    "server": "the queues of all rooms take all the memory that this server has for them",
}
_ADVICE: Final = "take others out of your queue first"


def size_of(entries: Iterable[QueueEntry]) -> int:
    """Return how many bytes of memory these entries take, whatever becomes known of their films."""
    return sum(_ENTRY_BYTES + (0 if entry.file.name is None else sys.getsizeof(entry.file.name)) for entry in entries)


class QueueSpace:
    """``most``: bytes. ``rooms``: how many there may be. ``met`` is called with whoever has met the limit, and his
    network, when a room is refused."""

    def __init__(self, most: int, rooms: int, met: Callable[[Holder, str], None] = lambda of, network: None) -> None:
        self.most = most
        self.used = 0
        """Bytes of all queues."""
        self.own = most // 2 // rooms
        """Of each room."""
        self.met = met
        self._common = most - self.own * rooms
        self._of_network = self._common // _OF_ONE
        self._taken = 0
        """Of the common part."""
        self._by_network: Counter[str] = Counter()
        """The same, of the rooms that were made from each network."""

    def share(self, network: str = "") -> "QueueShare":
        """Return the space of a new room. ``network``: from which it is made. "": none, or nobody knows."""
        return QueueShare(self, network)

    def lacks(self, network: str, more: int) -> Holder | None:
        """Tell whose space does not suffice for so much more of the common part. None: it does."""
        if self._taken + more > self._common:
            return "server"
        if network and self._by_network[network] + more > self._of_network:
            return "network"
        return None

    def take(self, network: str, more: int, common: int) -> None:
        """Count so many more bytes, of which ``common`` are of the common part. Negative: fewer."""
        self.used += more
        self._taken += common
        if network and common:
            self._by_network[network] += common
            if not self._by_network[network]:
                del self._by_network[network]


class QueueShare:
    """The space of one room. ``used``: bytes of its queue."""

    def __init__(self, space: QueueSpace, network: str = "") -> None:
        self._space = space
        self._network = network
        self.used = 0

    def check(self, more: int) -> None:
        """Check whether the queue may take so many bytes more.

        Raises:
            RequestRefused: ServerFull, there is no space for them. A queue that does not grow is never refused.
        """
        common = self._common(self.used + more) - self._common(self.used)
        if common > 0 and (of := self._space.lacks(self._network, common)) is not None:
            self._space.met(of, self._network)
            details: Details = {"limit": "queues", "of": of} if of == "network" else {"limit": "queues"}
            raise RequestRefused("ServerFull", f"{_FULL[of]}: {_ADVICE}", details=details)

    def resize(self, size: int) -> None:
        """The queue takes so many bytes now."""
        self._space.take(self._network, size - self.used, self._common(size) - self._common(self.used))
        self.used = size

    def _common(self, size: int) -> int:
        """Return what a queue of so many bytes takes of the common part."""
        return max(0, size - self._space.own)

    def end(self) -> None:
        """The room is gone."""
        self.resize(0)


def unlimited() -> QueueShare:
    return QueueSpace(sys.maxsize, 1).share()
