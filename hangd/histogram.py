"""Histogram: how many measured values there were of each size, for what reads them later (`hangd.server.metrics`)."""

from bisect import bisect_left
from collections.abc import Sequence


class Histogram:
    """Counts values. ``bounds`` are the largest values of all classes but the last, which has no bound; they rise."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """Of each class by itself, so not added up."""
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value
