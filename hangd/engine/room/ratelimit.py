"""Token buckets: so many a second on average, and so many at once."""

from typing import Final

__all__ = ["TokenBucket"]

_ROUNDING: Final = 1e-6
"""Tokens: whoever waited just as long as `wait` said finds its token there."""


class TokenBucket:
    """Holds up to ``burst`` tokens, and gains ``rate`` a second. Starts full."""

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a bucket needs a rate above 0 and room for one token at least")
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float) -> bool:
        """Take one token. False: there was none, and nothing was taken."""
        self._refill(now)
        if self._tokens < 1.0 - _ROUNDING:
            return False
        self._tokens = max(0.0, self._tokens - 1.0)
        return True

    def wait(self, now: float) -> float:
        """Return the seconds until `take` will succeed; 0.0: it would now."""
        self._refill(now)
        return max(0.0, (1.0 - self._tokens) / self._rate)

    def check(self) -> None:
        assert 0.0 <= self._tokens <= self._burst

    def _refill(self, now: float) -> None:
        # Arrival stamps of two sources can cross by a hair: time that runs back neither adds nor removes.
        if now > self._at:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
