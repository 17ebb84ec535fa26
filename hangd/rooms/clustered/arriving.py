"""Arriving: parcels of other nodes are handled a few milliseconds at a time, and beats are heard in between.

What has arrived is read in pieces of some hundred kilobytes, which a node may have to work at for seconds when all of
its clients come in at once. If its own beat waited behind that, it would count as dead, and lose its rooms because it
is busy; and those that took them would have more to do.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

SLICE: Final = 0.01
"""Seconds for which parcels are handled without a break. A parcel takes 0.05 to 1 ms."""
_BREAK: Final = 0.0005
"""Seconds between two parcels after which something else has had its turn."""
WAITING_MAX: Final = 8 * 2**20
"""Bytes of parcels that wait. Beyond that the oldest is handled when one arrives, so that less is read: what Redis then
has to keep for this node is bounded, too."""


class Arriving:
    """Handles parcels in the order in which they arrived.

    Args:
        handle: handles a parcel, with the local time at which it arrived.
        now: returns local time.
        later: calls a function in the next turn of the event loop.
    """

    def __init__(
        self, handle: Callable[[bytes, float], None], now: Callable[[], float], later: Callable[..., object]
    ) -> None:
        self._handle = handle
        self._now = now
        self._later = later
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._bytes = 0
        self._began = 0.0
        """When the first of those was handled that have had no break since."""
        self._ended = -1.0
        """When the last one was handled."""

    def take(self, parcel: bytes, at: float) -> None:
        """Handle a parcel now, or later if others wait or this turn has had its share."""
        if not self._waiting:
            began = self._now()
            if began - self._ended > _BREAK:
                self._began = began
            if began - self._began < SLICE:
                self._handle(parcel, at)
                self._ended = self._now()
                return
            self._later(self._go_on)
        self._waiting.append((parcel, at))
        self._bytes += len(parcel)
        while self._bytes > WAITING_MAX:
            self._handle_next()

    def stop(self) -> None:
        """Handle nothing any more of what waits."""
        self._waiting.clear()
        self._bytes = 0

    def _go_on(self) -> None:
        self._began = self._ended = self._now()
        try:
            while self._waiting and self._ended - self._began < SLICE:
                self._handle_next()
                self._ended = self._now()
        finally:
            if self._waiting:
                self._later(self._go_on)

    def _handle_next(self) -> None:
        parcel, at = self._waiting.popleft()
        self._bytes -= len(parcel)
        self._handle(parcel, at)
