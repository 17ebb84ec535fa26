"""Pace: where the media is while it plays, from the samples of one undisturbed stretch."""

from collections import deque
from typing import Final

from hangd.engine.timeline import rate_period

__all__ = ["Pace"]

_PERIOD_BASE: Final = 1000
_SAMPLES: Final = 6


class Pace:
    """A stretch begins with a start, a change of rate, or a stall; on it ``position - rate * at`` is constant.

    Samples are late or exact, never early: of the newest the greatest is the truest.
    """

    def __init__(self) -> None:
        self._period = _PERIOD_BASE
        self._base = 0.0
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
        self._lines.clear()

    def sample(self, position: float, at: float) -> None:
        self._lines.append(position - self.rate * at)

    def position(self, at: float) -> float:
        return max(0.0, max(self._lines, default=self._base) + self.rate * at)
