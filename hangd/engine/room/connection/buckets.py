"""Buckets: a token bucket, or a budget, for each key, such as a network, of which a bounded number is kept.

What was not used for a while is forgotten: a new bucket would be the same. Where that frees no place, whoever is new
shares one larger bucket, the crowd's. Whoever has many networks could otherwise make a server forget what all others
have used up, if it forgot any.
"""

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from hangd.engine.room.connection.limits import Rate
from hangd.engine.room.connection.ratelimit import Budget, TokenBucket

KEYS_MAX: Final = 10_000
_CROWD: Final = 20.0
"""How much more the crowd may than one."""

_Bucket = TypeVar("_Bucket", bound=TokenBucket | Budget)


class Buckets(Generic[_Bucket]):
    """Args:
    rate: of each key.
    make: `Rate.bucket` or `Rate.budget`.
    most: keys that have a bucket of their own.
    """

    def __init__(self, rate: Rate, make: Callable[[Rate, float], _Bucket], *, most: int = KEYS_MAX) -> None:
        self._rate = rate
        self._make = make
        self._most = most
        self._by_key: dict[Hashable, _Bucket] = {}
        self._crowd: _Bucket | None = None
        self._swept_at = float("-inf")

    def __len__(self) -> int:
        return len(self._by_key)

    def at(self, key: Hashable, now: float) -> _Bucket:
        """Return the bucket of a key, to take from or to spend."""
        bucket = self._by_key.get(key)
        if bucket is not None:
            return bucket
        if len(self._by_key) >= self._most:
            self._sweep(now)
        if len(self._by_key) >= self._most:
            if self._crowd is None:
                self._crowd = self._make(self._rate.times(_CROWD), now)
            return self._crowd
        bucket = self._by_key[key] = self._make(self._rate, now)
        return bucket

    def own(self, key: Hashable) -> _Bucket | None:
        """Return the bucket that a key has for itself. None: it would be a new one, or the crowd's."""
        return self._by_key.get(key)

    def wait(self, key: Hashable, now: float) -> float:
        """Return what the bucket's ``wait`` returns, without making one."""
        bucket = self._by_key.get(key)
        if bucket is None and len(self._by_key) >= self._most:
            bucket = self._crowd
        return 0.0 if bucket is None else bucket.wait(now)

    def _sweep(self, now: float) -> None:
        """Forget the buckets that are full again. It looks at all of them, so not more often than a token comes."""
        if now - self._swept_at >= 1.0 / self._rate.per_second:
            self._swept_at = now
            self._by_key = {key: bucket for key, bucket in self._by_key.items() if not bucket.is_full(now)}
