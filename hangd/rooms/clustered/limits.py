"""ClusterLimits: what one network may have or do at all nodes together.

Whether a connection, a room or a guess is allowed is decided at once, and by what is known: each second a node says
what it has, and learns what the others have, of those networks of which it had something to decide. So a network can
have more than its share for about a second. A node's own limit holds in any case, also while Redis does not answer.

What the others have is believed for a minute: they do not say when it has changed to whoever has nothing to decide. Of
a network that has something at this node too, it is asked again before that.
"""

import asyncio
import hashlib
import hmac
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import islice, takewhile
from typing import Final

from hangd.cluster.base import Cluster, ClusterFailed
from hangd.rooms.clustered.asking import all_done
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_SECONDS: Final = 1.0
_AT_ONCE: Final = 50
"""Questions to Redis that are on their way together."""
_KEYS_MAX: Final = 10_000
# Seconds. For how long it is believed what the other nodes have, and when it is asked again.
_BELIEVED: Final = 60.0
_ASKED_AGAIN: Final = 30.0


class SharedCount:
    """How many of something each network has, at this node and at the others. See the module's docstring.

    ``count``: returns how many it has here. Set it, then call `changed` when that has changed, or has mattered.
    """

    count: Callable[[str], int]

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.name = name
        self._clock = clock
        self._changed: set[str] = set()
        self._elsewhere: dict[str, tuple[int, float]] = {}
        """What the other nodes had of each network, and when that was learned; what was learned first is first."""

    def changed(self, network: str) -> None:
        if network:  # This machine's Unix socket has none.
            self._changed.add(network)

    def elsewhere(self, network: str) -> int:
        """Return how many the other nodes had when they were last asked. Who has none here may not be known."""
        count, learned_at = self._elsewhere.get(network, (0, -math.inf))
        return count if self._clock() < learned_at + _BELIEVED else 0

    def take_changed(self) -> list[str]:
        """Return the networks of which it is to be said what they have here, and asked what they have elsewhere."""
        now, known = self._clock(), self._elsewhere.items()
        for network, (_, learned_at) in list(takewhile(lambda one: one[1][1] + _ASKED_AGAIN <= now, known)):
            if self.count(network):
                self.changed(network)
            elif learned_at + _BELIEVED <= now:
                del self._elsewhere[network]
        changed, self._changed = list(self._changed), set()
        return changed

    def learn(self, network: str, own: int, total: int) -> None:
        self._elsewhere.pop(network, None)
        if total > own:
            self._elsewhere[network] = total - own, self._clock()


class SharedBucket:
    """How often something is allowed at all nodes together: at once ``burst`` times, and then ``rate`` times a second.

    What a node has let through is counted a second later, so that it can be taken back until then.
    """

    def __init__(self, name: str, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self.name = name
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._new: Counter[str] = Counter()
        self._waiting: dict[str, float] = {}

    def count(self, key: str, times: int = 1) -> None:
        """It was done; or, if ``times`` is -1, once less."""
        if len(self._new) < _KEYS_MAX:
            self._new[key] += times

    def wait(self, key: str) -> float:
        """Return for how many seconds it is not allowed, as far as is known."""
        return max(0.0, self._waiting.get(key, 0.0) - self._clock())

    def take_new(self) -> Counter[str]:
        """Return what is to be counted now, by key."""
        new, self._new = self._new, Counter()
        now = self._clock()
        self._waiting = {key: until for key, until in self._waiting.items() if until > now}
        return new

    def owes(self, key: str, times: int, wait: float) -> None:
        """So many were let through that are too many: they are counted later, and nothing is allowed before.

        ``wait``: seconds until the first of them can be.
        """
        self.count(key, times)
        if len(self._waiting) < _KEYS_MAX:
            self._waiting[key] = self._clock() + wait + (times - 1) / self.rate


class ClusterLimits:
    """All of them. Call `start` when the cluster is joined.

    Args:
        secret: of the cluster. Redis is told no addresses and names, but digests that are made with it.
    """

    def __init__(
        self, cluster: Cluster, secret: Callable[[], bytes], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._secret = secret
        self._clock = clock
        self._counts: list[SharedCount] = []
        self._buckets: list[SharedBucket] = []
        self._tasks = Tasks()

    def counted(self, name: str) -> SharedCount:
        self._counts.append(SharedCount(name, self._clock))
        return self._counts[-1]

    def bucket(self, name: str, rate: float, burst: float) -> SharedBucket:
        self._buckets.append(SharedBucket(name, rate, burst, self._clock))
        return self._buckets[-1]

    def start(self) -> None:
        self._tasks.start(self._follow(), name="share what networks have")

    async def aclose(self) -> None:
        await self._tasks.cancel()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS)
            try:
                await self.share()
            except ClusterFailed as failed:
                _log.debug("what networks have is not shared for now: %s", failed)
            except Exception:
                _log.exception("what networks have could not be shared")

    async def share(self) -> None:
        """Say what has changed here, and learn what the others have. Raises ClusterFailed."""
        for count in self._counts:
            await _all(partial(self._share_count, count, network) for network in count.take_changed())
        for bucket in self._buckets:
            await _all(partial(self._take, bucket, key, times) for key, times in bucket.take_new().items())

    async def _share_count(self, count: SharedCount, network: str) -> None:
        own = count.count(network)
        try:
            count.learn(network, own, await self._cluster.share(f"{count.name}:{self._digest(network)}", own))
        except ClusterFailed:
            count.changed(network)  # It is said the next time.
            raise

    async def _take(self, bucket: SharedBucket, key: str, times: int) -> None:
        name = f"{bucket.name}:{self._digest(key)}"
        for left in range(times, 0, -1):
            if (wait := await self._cluster.take(name, bucket.rate, bucket.burst)) > 0.0:
                return bucket.owes(key, left, wait)

    def _digest(self, key: str) -> str:
        return hmac.new(self._secret(), b"limit " + key.encode(), hashlib.sha256).hexdigest()[:32]


async def _all(questions: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Ask all of these, of which some are on their way at a time. Raises the first failure, after all."""
    failed: Exception | None = None
    left = iter(questions)
    while some := list(islice(left, _AT_ONCE)):
        try:
            await all_done(question() for question in some)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
