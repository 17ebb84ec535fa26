"""Timings that are learned by playing files of one kind: the duration of a seek, and the error that a start leaves.

A player leaves its pause at the time that it was told, and still the picture may be a constant few milliseconds off,
depending on how the container and its codecs begin. The next start is made earlier or later by the median of the errors
after several starts: a few starts that were late because the machine was busy do not change a median.

The client keeps the results by container (`hangd.client.follower.learned_store`) and gives them back with
``TimingsRecalled`` when a file of that kind is opened.
"""

from typing import Final

from msgspec import Struct, field

_STARTS_NEEDED: Final = 5
"""The median of five is right even if two of the starts were late."""

_STARTS_KEPT: Final = 9
"""The median of nine is right even if four were late. Older starts are forgotten: a player may be updated."""

_NEGLIGIBLE: Final = 0.001
"""Seconds. Samples are no more exact."""

_BIAS_MAX: Final = 0.020
"""Seconds. A larger error is a delay of that one start: late threads cost 4-26 ms (docs/sync.md, "Late starts")."""


class LearnedTimings(Struct, frozen=True, tag=True):
    """Timings of one container on one machine, in seconds. ``start_bias``: how far ahead a start leaves the picture."""

    seek_cost: float
    start_bias: float = 0.0


class StartBias(Struct):
    """Learns from the first error after each start how far ahead starts leave the picture."""

    bias: float = 0.0
    """Seconds by which starts are made late, so that the picture is not ahead."""
    errors: list[float] = field(default_factory=list)
    """The errors that the newest starts would have left without a bias."""
    applied: float | None = None
    """The bias of a start whose first error is still to come."""

    def restore(self, bias: float) -> None:
        """Continue with a bias that was learned before."""
        self.bias = max(-_BIAS_MAX, min(bias, _BIAS_MAX))
        self.errors.clear()

    def begin(self) -> None:
        """Note that a start is made on time, with the present bias. The next error tells how exact it was."""
        self.applied = self.bias

    def discard(self) -> None:
        """Ignore the start that was begun: it was not on time, or something else happened before its first error."""
        self.applied = None

    def observe(self, error: float) -> None:
        """Take an error (seconds, positive ahead). Only the first one after a start is used."""
        if self.applied is None:
            return
        unbiased, self.applied = error + self.applied, None
        if abs(unbiased) > _BIAS_MAX:
            return
        self.errors.append(unbiased)
        del self.errors[:-_STARTS_KEPT]
        if len(self.errors) >= _STARTS_NEEDED:
            median = sorted(self.errors)[len(self.errors) // 2]
            self.bias = median if abs(median) > _NEGLIGIBLE else 0.0
