"""Detects that the machine was suspended, or that this process did not run for a while. `Viewer` is told.

The system does not tell a process either. Two signs show it: a timer that fires seconds late (the process was stopped
or got no processor), and, on Linux, a boot-time clock that has run on while the monotonic clock stood (the machine was
suspended).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

_TICK_SECONDS: Final = 0.5
_LATE_SECONDS: Final = 2.0
"""A tick that is later than this is not explained by a busy machine."""
_SUSPENDED_SECONDS: Final = 0.5
"""Shortest suspend that is reported. The two clocks' rates differ by far less."""
_BOOT_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class SuspendWatch:
    """Calls ``woke(now)`` soon after a suspend or a standstill. Make it inside a running loop; `close` ends it."""

    def __init__(self, woke: Callable[[float], None]) -> None:
        self._woke = woke
        self._loop = asyncio.get_running_loop()
        self._suspended = _suspended_seconds()
        self._due = 0.0
        self._arm()

    def close(self) -> None:
        self._handle.cancel()

    def _arm(self) -> None:
        self._due = time.monotonic() + _TICK_SECONDS
        self._handle = self._loop.call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        now, suspended = time.monotonic(), _suspended_seconds()
        absent = now - self._due > _LATE_SECONDS or suspended - self._suspended > _SUSPENDED_SECONDS
        self._suspended = suspended
        self._arm()
        if absent:
            self._woke(now)


def _suspended_seconds() -> float:
    """Return how long this machine has been suspended since it was booted; a constant where that is not known."""
    return 0.0 if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK) - time.monotonic()
