"""Waking: notices that this machine slept, or that this process did not run for a while.

Nobody tells a process so. Two things give it away: a tick that comes seconds late (the process was stopped or starved),
and, on Linux, a boot-time clock that has run on while the monotonic one stood (the machine was suspended).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

__all__ = ["SuspendWatch"]

_TICK: Final = 0.5
_LATE: Final = 2.0
"""Seconds. A tick that is so late was not merely busy."""
_SLEPT: Final = 0.5
"""Seconds of suspend that are worth a thought: the clocks' own difference is nothing near this."""
_BOOT_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class SuspendWatch:
    """Calls ``woke(now)`` soon after an absence. Make it inside a running loop; ``close`` ends it."""

    def __init__(self, woke: Callable[[float], None]) -> None:
        self._woke = woke
        self._loop = asyncio.get_running_loop()
        self._slept = _asleep()
        self._due = 0.0
        self._arm()

    def close(self) -> None:
        self._handle.cancel()

    def _arm(self) -> None:
        self._due = time.monotonic() + _TICK
        self._handle = self._loop.call_later(_TICK, self._tick)

    def _tick(self) -> None:
        now, slept = time.monotonic(), _asleep()
        absent = now - self._due > _LATE or slept - self._slept > _SLEPT
        self._slept = slept
        self._arm()
        if absent:
            self._woke(now)


def _asleep() -> float:
    """Return how long this machine has been suspended since it was started, in seconds (or any constant)."""
    return 0.0 if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK) - time.monotonic()
