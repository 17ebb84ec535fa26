"""How often somebody may guess: buckets by network, by name, by whatever is guessed. In memory, and bounded.

An attempt costs a token when it begins, so that attempts at the same time do not pass the limit together. One that
turns out right gets its token back.
"""

from typing import Final, NamedTuple

from hangd.engine.room.connection.buckets import KEYS_MAX, Buckets
from hangd.engine.room.connection.limits import Rate
from hangd.protocol.errors import RequestRefused
from hangd.rooms.edge.counts import SharedBucket


class Limit(NamedTuple):
    """How many wrong guesses there may be at once, and in how many seconds one more is allowed."""

    burst: float
    seconds: float


BY_NETWORK: Final = Limit(20, 10.0)
"""Passwords of rooms and of the server, secrets of members. 6 a minute; a household mistypes less."""
TOKEN_BY_NETWORK: Final = Limit(50, 2.0)
"""Access tokens that are not good. None can be guessed, but to find that out takes longer than most messages do."""
LOGIN_BY_NETWORK: Final = Limit(10, 20.0)
LOGIN_BY_NAME: Final = Limit(20, 60.0)
"""From all networks together: 1,460 guesses a day."""
CODE_BY_NETWORK: Final = Limit(5, 300.0)
CODE_BY_ALL: Final = Limit(200, 1.0)
"""500 guesses while a code is good, of 25,600,000,000 codes."""
REGISTER_BY_NETWORK: Final = Limit(5, 600.0)
REGISTER_BY_ALL: Final = Limit(60, 20.0)
"""4,400 new accounts a day."""

TOO_MANY: Final = "too many wrong guesses from your network"


class Guesses:
    """One limit for each key. ``sentence`` is for who has reached it, and ``name`` says which limit that is."""

    def __init__(self, limit: Limit, sentence: str, name: str = "guesses", *, most: int = KEYS_MAX) -> None:
        self._name = name
        self._sentence = sentence
        self.rate: Final = Rate(1 / limit.seconds, limit.burst)
        self._buckets = Buckets(self.rate, Rate.bucket, most=most)
        self.shared: SharedBucket | None = None
        """The same limit for all servers of a cluster together."""

    def check(self, key: str, now: float) -> None:
        """Raises RequestRefused (RateLimited) if `take` would."""
        if (wait := max(self._buckets.wait(key, now), self._wait_for_others(key))) > 0:
            raise RequestRefused.rate_limited(self._sentence, round(wait, 3), limit=self._name)

    def take(self, key: str, now: float) -> None:
        """An attempt begins. Raises RequestRefused (RateLimited): there were too many wrong ones."""
        bucket, others = self._buckets.at(key, now), self._wait_for_others(key)
        if others > 0 or not bucket.take(now):
            wait = max(bucket.wait(now), others)
            raise RequestRefused.rate_limited(self._sentence, round(wait, 3), limit=self._name)
        if self.shared is not None:
            self.shared.count(key)

    def give_back(self, key: str, now: float) -> None:
        """The attempt was right."""
        bucket = self._buckets.own(key)
        if bucket is not None:
            bucket.tokens = min(bucket.burst, bucket.tokens + 1.0)
        if self.shared is not None:
            self.shared.count(key, -1)

    def _wait_for_others(self, key: str) -> float:
        return 0.0 if self.shared is None else self.shared.wait(key)

    def __len__(self) -> int:
        return len(self._buckets)
