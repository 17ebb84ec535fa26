"""The media position: `PositionTracker` knows it while the film plays, `PausePoint` while it is paused.

`Transport` and `PauseControl` use both. Positions are seconds of media, times monotonic seconds.
"""

import math
from collections import deque
from typing import Final

from hangd.engine.timeline import rate_period

_PERIOD_BASE: Final = 1000
"""VLC keeps a rate as the whole number int(1000 / rate)."""
_SAMPLES: Final = 6
_MILLISECOND: Final = 0.001
"""The resolution of VLC's positions."""
WAKE_SECONDS: Final = 0.010
"""After a seek VLC's clock begins so long after the pause is left (``i_wakeup_delay`` in VLC's es_out.c)."""


class PositionTracker:
    """Tracks the position while the film plays, along a line: ``position - rate * time`` is constant.

    A new line begins with each start, change of rate and stall (`restart`). Samples correct it: they are late or exact,
    never early, so the greatest value of the newest ones is the most exact.
    """

    def __init__(self) -> None:
        self._period = _PERIOD_BASE
        self._base = 0.0
        self.since = 0.0
        """When this line began."""
        self._lines: deque[float] = deque(maxlen=_SAMPLES)

    @property
    def rate(self) -> float:
        return _PERIOD_BASE / self._period

    @property
    def vlc_rate(self) -> float:
        """The rate to pass to VLC. VLC computes int(1000 / rate) in 32-bit floats; the half keeps that exact."""
        return 1.0 if self._period == _PERIOD_BASE else _PERIOD_BASE / (self._period + 0.5)

    def differs(self, rate: float) -> bool:
        """Return whether VLC would play ``rate`` otherwise than the current rate."""
        return rate_period(rate) != self._period

    def restart(self, position: float, at: float, rate: float | None = None) -> None:
        """Begin a new line through this point, with another rate if one is given."""
        if rate is not None:
            self._period = rate_period(rate)
        self._base = position - self.rate * at
        self.since = at
        self._lines.clear()

    def add_sample(self, position: float, at: float) -> None:
        self._lines.append(position - self.rate * at)

    def position(self, at: float) -> float:
        return max(0.0, max(self._lines, default=self._base) + self.rate * at)


class PausePoint:
    """The two positions of a pause: that of the frame which is shown, and that of VLC's clock (see `transport`)."""

    def __init__(self) -> None:
        self.frame = 0.0
        """The time of the frame that is shown. Settled names it, and a resume continues from it."""
        self.clock = 0.0
        """Where VLC's clock stopped."""
        self.is_after_seek = False
        """Nothing was played since the last seek: VLC's clock will begin with its delay."""

    def is_before(self, position: float) -> bool:
        """Return whether the paused frame is at or before ``position``. Earlier samples are of the head start."""
        return position >= self.frame - _MILLISECOND

    def head_start(self, rate: float) -> float:
        """Return how many seconds before a resume's time the pause has to be left (negative: after it)."""
        return (WAKE_SECONDS if self.is_after_seek else 0.0) + (self.frame - self.clock) / rate


def whole_milliseconds(position: float) -> float:
    """Return the position to pass to VLC, which takes whole milliseconds: never past a frame that begins there."""
    return math.floor(position * 1000 + 0.001) / 1000
