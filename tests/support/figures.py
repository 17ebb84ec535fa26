"""Statistics that tests and the bench print."""

import math
from collections.abc import Iterable

__all__ = ["percentile"]


def percentile(values: Iterable[float], share: float = 0.95) -> float:
    """Return the percentile of the values' absolute sizes; infinity if there are no values."""
    sizes = sorted(map(abs, values))
    return sizes[min(math.floor(len(sizes) * share), len(sizes) - 1)] if sizes else math.inf
