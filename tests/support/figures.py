"""Figures that are quoted."""

import math
from collections.abc import Iterable

__all__ = ["percentile"]


def percentile(values: Iterable[float], share: float = 0.95) -> float:
    """Return the value below which this share of the values' sizes lies; infinite where there are none."""
    sizes = sorted(map(abs, values))
    return sizes[min(math.floor(len(sizes) * share), len(sizes) - 1)] if sizes else math.inf
