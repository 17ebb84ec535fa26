"""Token bucket and budget: both limit a rate on average and allow short bursts.

From a bucket a token is taken before something is done. A budget is charged afterwards, when it is known what it cost,
and may be overdrawn by that.

Each message meets half a dozen of them, so what they do is written out: a call of `min` or `max` takes longer than all
of the rest.
"""

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

    def has(self, now: float) -> bool:
        """Tell whether `take` would succeed now."""
        self._refill(now)
        return self.tokens >= 1.0 - _ROUNDING

    def take(self, now: float) -> bool:
        """Take one token, if there is one. Returns whether there was."""
        if not self.has(now):
            return False
        self.use()
        return True

    def use(self) -> None:
        """Take the token of which `has` has told."""
        self.tokens = self.tokens - 1.0 if self.tokens > 1.0 else 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until `take` will succeed; 0.0 if it would now."""
        self._refill(now)
        return max(0.0, (1.0 - self.tokens) / self.rate)

    def left(self, now: float) -> int:
        """Return how many times `take` would succeed now."""
        self._refill(now)
        return int(self.tokens + _ROUNDING)

    def is_full(self, now: float) -> bool:
        self._refill(now)
        return self.tokens >= self.burst

    def check(self) -> None:
        assert 0.0 <= self.tokens <= self.burst

    def _refill(self, now: float) -> None:
        # Timestamps of two sources can be slightly out of order. Time that runs backwards changes nothing.
        if now > self.at:
            tokens = self.tokens + (now - self.at) * self.rate
            self.tokens = tokens if tokens < self.burst else self.burst
            self.at = now


class Budget(Struct, kw_only=True):
    """Holds up to ``burst``, and gains ``rate`` a second. Less than nothing is a debt."""

    rate: float
    burst: float
    left: float
    at: float
    """When ``left`` was right, apart from what was spent since."""

    @classmethod
    def full(cls, *, rate: float, burst: float, now: float) -> "Budget":
        if rate <= 0 or burst <= 0:
            raise ValueError("a budget needs a rate and a burst above 0")
        return cls(rate=rate, burst=burst, left=burst, at=now)

    def spend(self, cost: float) -> None:
        self.left -= cost

    def wait(self, now: float) -> float:
        """Return the seconds until nothing is owed; 0.0 if nothing is now."""
        self._refill(now)
        return -self.left / self.rate if self.left < -_ROUNDING else 0.0

    def is_full(self, now: float) -> bool:
        self._refill(now)
        return self.left >= self.burst

    def check(self) -> None:
        assert self.left <= self.burst

    def _refill(self, now: float) -> None:
        if now > self.at:
            left = self.left + (now - self.at) * self.rate
            self.left = left if left < self.burst else self.burst
            self.at = now
