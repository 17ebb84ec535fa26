"""Skew: how large the errors of a film's pictures were, as counts in classes of size. Its size is bounded.

An error is how far a picture is from the timeline, in seconds. Only its size counts here, not its sign. Each class is
10 % wider than the one before. So a percentile is right to 5 %, and the state is at most 117 counts, however long the
film. Errors below 1 ms are counted as 1 ms, those above a minute as a minute.
"""

import math
from typing import Final

from msgspec import Struct, field

from hangd.protocol.messages import Report

_LEAST: Final = 0.001
_RATIO: Final = 1.1
_CLASSES: Final = math.ceil(math.log(60.0 / _LEAST, _RATIO))
_LOG_RATIO: Final = math.log(_RATIO)

_ENOUGH: Final = 10
"""A percentile of fewer errors says little: they are of the first seconds after a start."""
_CLOCK_ERROR_MAX: Final = 0.1
"""Seconds. An error whose own bound is wider says nothing of the tenths of a second that can be seen."""


class Skew(Struct):
    """The counts, by class. A class that has no errors is not there."""

    counts: dict[int, int] = field(default_factory=dict)

    def learn(self, report: Report) -> None:
        """Count the error in a report, if it is one of a picture that plays, and is known well enough."""
        if report.state == "playing" and report.error is not None and report.clock_error <= _CLOCK_ERROR_MAX:
            self.add(report.error)

    def add(self, error: float) -> None:
        """Count one error, in seconds."""
        number = _class_of(abs(error))
        self.counts[number] = self.counts.get(number, 0) + 1

    def percentile(self, part: float) -> float | None:
        """Return the size in seconds that this part of the errors (0 to 1) does not exceed. None: they are too few."""
        total = sum(self.counts.values())
        if total < _ENOUGH:
            return None
        left = part * total
        for number in sorted(self.counts):
            left -= self.counts[number]
            if left <= 0:
                break
        return _LEAST if number == 0 else _LEAST * _RATIO ** (number - 0.5)

    def copy(self) -> "Skew":
        return Skew(dict(self.counts))


def _class_of(size: float) -> int:
    """Class 0 is up to 1 ms; class n is from 1 ms * 1.1 ** (n - 1) to 1 ms * 1.1 ** n."""
    if size <= _LEAST:
        return 0
    return min(math.ceil(math.log(size / _LEAST) / _LOG_RATIO), _CLASSES)
