"""What one learns of a kind of file by playing it: what a seek costs, and what a start leaves over.

A player leaves its pause when it is told to, and still the picture may run a constant few milliseconds beside the line:
by what the container and its codecs make of the first block. What several starts in a row left over is taken off the
next one. The median is believed, of odd counts, and only beyond a millisecond: a start that was late because the
machine was busy says nothing of the file, and samples are no more exact.
"""

from typing import Final

from msgspec import Struct

__all__ = ["LearnedTimings", "StartBias"]


class LearnedTimings(Struct, frozen=True, tag=True):
    """Of one container on one machine, in seconds. ``start_bias``: how far ahead a start leaves the picture."""

    seek_cost: float
    start_bias: float = 0.0


class StartBias:
    """Learns from the first error after each start how far ahead starts leave the picture."""

    _NEEDED: Final = 5
    _KEPT: Final = 9
    _NOTHING: Final = 0.001
    _MOST: Final = 0.020
    """Seconds. More than this is no habit."""

    def __init__(self) -> None:
        self.bias = 0.0
        """Seconds by which to begin later than the line says."""
        self._left: list[float] = []
        self._applied: float | None = None

    def know(self, bias: float) -> None:
        """Go on from what was learned another time."""
        self.bias = max(-self._MOST, min(bias, self._MOST))
        self._left.clear()

    def started(self) -> None:
        """A start was made with the bias as it is; its first error is to come."""
        self._applied = self.bias

    def forget_start(self) -> None:
        """The start that was made will not tell: it was not on time, or something else came."""
        self._applied = None

    def observe(self, error: float) -> None:
        """Take an error (seconds, positive ahead); only the first after a start is looked at."""
        if self._applied is None:
            return
        left, self._applied = error + self._applied, None
        if abs(left) > self._MOST:
            return
        self._left.append(left)
        del self._left[: -self._KEPT]
        if len(self._left) >= self._NEEDED:
            median = sorted(self._left)[len(self._left) // 2]
            self.bias = median if abs(median) > self._NOTHING else 0.0
