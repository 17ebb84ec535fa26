"""WaitingMemory: all bytes of one process that wait for peers which do not read, limited together.

Each peer's outbox has a limit of its own, but a thousand of them would have gigabytes. Counted is what waits in
outboxes, where a message that waits for many counts once, and what waits in the transports of peers that are not
writable, where a frame counts as a whole until its last byte is out. Beyond the limit those peers are cut off for which
most waits, until a tenth of it is free. Their memory is free at once, and it is given back to the system when little
waits any more. Without being asked, the C library gives back large messages only: of 220 MB of small ones with a few
others between them that are still in use it kept 217.
"""

import asyncio
import ctypes
import sys
from collections.abc import Callable
from typing import Final, Protocol

from hangd.transport.base import Encoded

MIB: Final = 1024 * 1024
DEFAULT_MIB: Final = 256
_FREED: Final = 0.9
"""Of the limit: what may wait after peers were cut off."""
_TRIM_FROM: Final = 32 * MIB
"""Bytes that have waited before memory is given back: below, it is not worth the milliseconds that this takes."""
_TRIM_SECONDS: Final = 10.0
"""At most so often, since it can take 100 ms for 200 MB of small pieces."""


class Slow(Protocol):
    """A peer that does not read fast enough."""

    @property
    def owed(self) -> int:
        """Bytes that wait for it."""


class WaitingMemory:
    """``most``: bytes that may wait."""

    def __init__(self, most: int = DEFAULT_MIB * MIB) -> None:
        self.most = most
        self.total = 0
        """Whoever sees that it is more than ``most`` calls `relieve`."""
        self.slow: dict[Slow, int] = {}
        """The peers for which something waits, and how much of that is in their transports."""
        self._peak = 0
        self._giving_back: asyncio.TimerHandle | None = None

    def add(self, message: Encoded) -> None:
        """One more outbox has this message."""
        if message.waits_for == 0:
            self._count(len(message.frame))
        message.waits_for += 1

    def remove(self, message: Encoded) -> None:
        """One outbox less has this message."""
        message.waits_for -= 1
        if message.waits_for == 0:
            self.total -= len(message.frame)

    def hold(self, peer: Slow, in_transport: int) -> None:
        """So much waits in the transport of a peer, which is slow."""
        self._count(in_transport - self.slow.get(peer, 0))
        self.slow[peer] = in_transport

    def release(self, peer: Slow) -> None:
        """Nothing waits for this peer any more."""
        self.total -= self.slow.pop(peer, 0)
        if self._peak > _TRIM_FROM and self.total < self._peak / 4:
            self._peak = 0
            if self._giving_back is None:
                self._giving_back = asyncio.get_running_loop().call_later(_TRIM_SECONDS, self._give_back)

    def relieve(self, cut_off: Callable[[Slow], None]) -> None:
        """Cut off the peers for which most waits. ``cut_off`` has to let go of what waits for one."""
        for peer in sorted(self.slow, key=lambda peer: peer.owed, reverse=True):
            if self.total <= self.most * _FREED:
                return
            cut_off(peer)

    def _count(self, more: int) -> None:
        self.total += more
        self._peak = max(self._peak, self.total)

    def _give_back(self) -> None:
        """Give memory that is free back to the system, where the C library is glibc."""
        self._giving_back = None
        if sys.platform.startswith("linux"):
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
            if trim is not None:
                trim(0)
