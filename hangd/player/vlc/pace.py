"""Pace: where the media is while it plays. Stance: where it stands while it does not."""

import math
from collections import deque
from typing import Final

from hangd.engine.timeline import rate_period
from hangd.player.vlc.timings import WAKE_SECONDS

__all__ = ["Pace", "Stance", "whole_milliseconds"]

_PERIOD_BASE: Final = 1000
_SAMPLES: Final = 6
_MILLISECOND: Final = 0.001
"""What VLC's times are cut off to."""


class Pace:
    """A stretch begins with a start, a change of rate, or a stall; on it ``position - rate * at`` is constant.

    Samples are late or exact, never early: of the newest the greatest is the truest.
    """

    def __init__(self) -> None:
        self._period = _PERIOD_BASE
        self._base = 0.0
        self.since = 0.0
        """When this stretch begins (monotonic seconds)."""
        self._lines: deque[float] = deque(maxlen=_SAMPLES)

    @property
    def rate(self) -> float:
        return _PERIOD_BASE / self._period

    @property
    def asked(self) -> float:
        """The rate to ask VLC for. It keeps int(1000 / rate): the half makes float rounding harmless."""
        return 1.0 if self._period == _PERIOD_BASE else _PERIOD_BASE / (self._period + 0.5)

    def differs(self, rate: float) -> bool:
        """Tell whether VLC would play ``rate`` in another way than now."""
        return rate_period(rate) != self._period

    def begin(self, position: float, at: float, rate: float | None = None) -> None:
        """A new stretch, at another rate if one is given."""
        if rate is not None:
            self._period = rate_period(rate)
        self._base = position - self.rate * at
        self.since = at
        self._lines.clear()

    def sample(self, position: float, at: float) -> None:
        self._lines.append(position - self.rate * at)

    def position(self, at: float) -> float:
        return max(0.0, max(self._lines, default=self._base) + self.rate * at)


class Stance:
    """A pause has two positions (see ``vlc_timings``)."""

    def __init__(self) -> None:
        self.stand = 0.0
        """The time of the frame that is shown: what Settled names, and what a resume is to begin from."""
        self.clock = 0.0
        """Where VLC's clock stopped."""
        self.fresh = False
        """Nothing was played since the last seek: the clock begins with a delay."""

    def precedes(self, position: float) -> bool:
        """Tell whether this lies ahead. A sample that does not is of the head start, and its time of nothing seen."""
        return position >= self.stand - _MILLISECOND

    def head_start(self, rate: float) -> float:
        """Return how long before a resume's time the pause has to be left: after it, where this is negative."""
        return (WAKE_SECONDS if self.fresh else 0.0) + (self.stand - self.clock) / rate


def whole_milliseconds(position: float) -> float:
    """Return the place that VLC can be sent to, never past a frame that begins at ``position``."""
    return math.floor(position * 1000 + 0.001) / 1000
