"""ServerClock: what server times are readings of, and how those of before a restart are read after it.

The clock is the machine's monotonic one. It runs for as long as the machine does, whoever looks at it: a server that is
started again on the same boot reads the same clock, under the same name, and its members need not learn it anew. After
another boot it is another clock; what lay between is told by the wall clock, which is right to about a second.

Whether it is the same boot, Linux says. Where nobody does (another system, a sandbox without /proc/sys), it is as long
as the wall clock and the monotonic one have kept their distance.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from hangd.store.base import ClockMark

__all__ = ["ServerClock", "boot_name"]

_SAME_BOOT: Final = 0.5
"""Seconds. Two boots of one machine lie further apart than this; NTP changes the speed of both clocks alike, and makes
the wall clock alone jump only for more than it can win back in minutes."""


def boot_name() -> str | None:
    """Return the kernel's name for the time since it was started, if it tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip() or None
    except OSError:
        return None


class ServerClock:
    """The clock of one server process. ``marks`` are those that its predecessor left."""

    def __init__(
        self,
        marks: Sequence[ClockMark] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        boot: str | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._boot = boot
        newest = max(marks, key=lambda mark: mark.wall, default=None)
        kept = newest is not None and self._is_same(newest)
        self.clock_id = newest.clock_id if newest is not None and kept else secrets.token_hex(8)

    def now(self) -> float:
        return self._monotonic()

    def mark(self) -> ClockMark:
        """Return what the clocks show now."""
        return ClockMark(clock_id=self.clock_id, monotonic=self._monotonic(), wall=self._wall(), boot=self._boot)

    def shift(self, then: ClockMark) -> float:
        """Return the seconds to add to a time by the clock of ``then`` for the same moment by this one."""
        if self._is_same(then):
            return 0.0
        now = self.mark()
        # A wall clock that was set back says nothing of what lay between: nothing, then, rather than less.
        return (now.monotonic - then.monotonic) - max(0.0, now.wall - then.wall)

    def _is_same(self, then: ClockMark) -> bool:
        now_monotonic, now_wall = self._monotonic(), self._wall()
        if now_monotonic < then.monotonic:
            return False
        if self._boot is not None and then.boot is not None:
            return self._boot == then.boot
        return abs((now_wall - now_monotonic) - (then.wall - then.monotonic)) <= _SAME_BOOT
