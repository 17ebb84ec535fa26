"""Server time, and its translation from one run of the server to the next.

Server time is the machine's monotonic clock. It runs for as long as the machine does: a server that is started again on
the same boot reads the same clock and keeps its ``clock_id``, and clients need not learn it anew. After a reboot it is
another clock. How much time has passed in between is then taken from the wall clock, which is right to about a second.

Linux says whether it is the same boot, and systemd tells it to hang's own unit, which does not see /proc/sys. Where
nobody says it (another system, another sandbox), it is the same boot if the difference between the wall clock and the
monotonic clock is still the same.
"""

import os
import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Final

from hangd.store.base import ClockMark

_SAME_BOOT: Final = 0.5
"""Seconds by which that difference may change within one boot. Two boots of a machine are further apart. NTP changes
the speed of both clocks alike, and lets only the wall clock jump, if it is off by more than can be corrected in
minutes."""


def boot_id() -> str | None:
    """Return the kernel's id of the current boot, or else the variable ``BOOT_ID``. None: nobody tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip() or None
    except OSError:
        pass
    try:
        # systemd writes it without the hyphens of the kernel's form.
        return str(uuid.UUID(os.environ.get("BOOT_ID", "")))
    except ValueError:
        return None


def machine_clock() -> str | None:
    """Name the monotonic clock that this process reads: two processes that name the same one read the same times.

    Processes of one boot do, unless they are in different time namespaces. None: nobody tells.
    """
    boot = boot_id()
    try:
        return None if boot is None else f"{boot} {os.readlink('/proc/self/ns/time')}"
    except OSError:  # A system without time namespaces.
        return boot


class ServerClock:
    """The clock of one server process. ``marks`` are those that its predecessor saved."""

    def __init__(
        self,
        marks: Sequence[ClockMark] = (),
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        boot: str | None = None,
    ) -> None:
        self.now = monotonic
        """Returns server time."""
        self._wall = wall
        self._boot = boot
        newest = max(marks, key=lambda mark: mark.wall, default=None)
        kept = newest is not None and self._is_same(newest)
        self.clock_id = newest.clock_id if newest is not None and kept else secrets.token_hex(8)

    def mark(self) -> ClockMark:
        """Return the readings of all clocks now."""
        return ClockMark(clock_id=self.clock_id, monotonic=self.now(), wall=self._wall(), boot=self._boot)

    def shift(self, then: ClockMark) -> float:
        """Return the seconds to add to a time of the clock of ``then``, to get the same time of this clock."""
        if self._is_same(then):
            return 0.0
        now = self.mark()
        # If the wall clock was set back meanwhile, assume that no time has passed, rather than negative time.
        return (now.monotonic - then.monotonic) - max(0.0, now.wall - then.wall)

    def _is_same(self, then: ClockMark) -> bool:
        now_monotonic, now_wall = self.now(), self._wall()
        if now_monotonic < then.monotonic:
            return False
        if self._boot is not None and then.boot is not None:
            return self._boot == then.boot
        return abs((now_wall - now_monotonic) - (then.wall - then.monotonic)) <= _SAME_BOOT
