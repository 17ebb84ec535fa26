"""Lag: for how long the event loop was busy with something else when a timer was due."""

import asyncio
import time
from typing import Final

from hangd.histogram import Histogram

_INTERVAL: Final = 0.5
_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""uvloop's timers are a millisecond late in any case."""


class LagMeter:
    """Measures twice a second, from `start` to `stop`."""

    def __init__(self) -> None:
        self.seconds = Histogram(_SECONDS)
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._due = time.monotonic() + _INTERVAL
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._measure)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _measure(self) -> None:
        self.seconds.observe(max(0.0, time.monotonic() - self._due))
        self.start()
