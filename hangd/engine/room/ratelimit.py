"""Token bucket: limits a rate on average and allows short bursts. Used by sessions and by the password check."""

from typing import Final

from msgspec import Struct

_ROUNDING: Final = 1e-6
"""Tokens. Makes `take` succeed after exactly the time that `wait` returned, in spite of floating-point rounding."""


class TokenBucket(Struct, kw_only=True):
    """Holds up to ``burst`` tokens and gains ``rate`` tokens a second."""

    rate: float
    burst: float
    tokens: float
    at: float
    """When ``tokens`` was right."""

    @classmethod
    def full(cls, *, rate: float, burst: float, now: float) -> "TokenBucket":
        if rate <= 0 or burst < 1:
            raise ValueError("a bucket needs a rate above 0 and room for one token at least")
        return cls(rate=rate, burst=burst, tokens=burst, at=now)

    def take(self, now: float) -> bool:
        """Take one token, if there is one. Returns whether there was."""
        self._refill(now)
        if self.tokens < 1.0 - _ROUNDING:
            return False
        self.tokens = max(0.0, self.tokens - 1.0)
        return True

    def wait(self, now: float) -> float:
        """Return the seconds until `take` will succeed; 0.0 if it would now."""
        self._refill(now)
        return max(0.0, (1.0 - self.tokens) / self.rate)

    def check(self) -> None:
        assert 0.0 <= self.tokens <= self.burst

    def _refill(self, now: float) -> None:
        # Timestamps of two sources can be slightly out of order. Time that runs backwards changes nothing.
        if now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
            self.at = now
