"""ClockFilter: four timestamps a ping, out comes the server's clock.

A client stamps ``t0`` as it writes a Ping, the server ``t1`` as the Ping's bytes arrive and ``t2`` as it writes the
Pong, the client ``t3`` as the Pong's bytes arrive. As in NTP (RFC 5905, section 8)::

    delay  = (t3 - t0) - (t2 - t1)            offset = ((t1 - t0) + (t2 - t3)) / 2

``offset`` is what to add to the local clock to read the server's. It is wrong by at most ``delay / 2``, namely where
the whole delay lay on one of the two ways. That bound is all that can be known of one sample, so samples are not
averaged: the one with the smallest bound now is the best, where a bound grows with age by what two quartz clocks
part in that time. What is published slews towards the best, so that a player that follows it is not jerked about.
"""

from operator import attrgetter
from typing import Final

from msgspec import Struct

__all__ = ["ClockFilter", "ClockPolicy", "ClockSample", "PingSchedule"]


class ClockPolicy(Struct, frozen=True):
    samples: int = 64
    """How many samples are kept: at one in 8 s the best of the last eight and a half minutes."""
    wander: float = 100e-6
    """Seconds a second that two clocks are taken to part until their difference in speed is fitted. Crystals keep 10-50
    ppm, but clocks that are slewed, and virtual ones, are up to 200 off: an old sample would mislead."""
    wander_fitted: float = 3e-6
    """The least that they are taken to part once it is: crystals feel the temperature."""
    settling: int = 32
    """So many samples, the first burst, step: the first may have waited for a lost packet, and to slew is slow."""
    slew: float = 500e-6
    """The published offset moves at most so fast; NTP slews as fast, and no ear can tell."""
    skew_span: float = 60.0
    """Seconds of history before the clocks' difference in speed is fitted: 1 ms of error is then under 17 ppm."""
    skew_limit: float = 300e-6
    """A fit beyond this is a network's work, not a crystal's."""


class ClockSample(Struct, frozen=True):
    """One ping: when it came back, what it says of the offset, and how long it was under way. Seconds."""

    at: float
    offset: float
    delay: float


_delay = attrgetter("delay")


class ClockFilter:
    """The local view of one server's clock. Local times are seconds of the local monotonic clock.

    ``add`` each ping; ``flush`` when the server's clock is another one (a new ``clock_id``) or the local one stopped
    (a suspend). ``to_server`` and ``to_local`` convert; before the first sample there is nothing to convert with, and
    ``locked`` says so.
    """

    def __init__(self, policy: ClockPolicy | None = None) -> None:
        self._policy = policy or ClockPolicy()
        self._samples: list[ClockSample] = []
        self._flushed_at: float | None = None
        self._best: ClockSample | None = None
        self._offset = 0.0
        self._offset_at = 0.0
        self._skew = 0.0
        self._wander = self._policy.wander

    @property
    def locked(self) -> bool:
        """Whether there is anything to convert with."""
        return self._best is not None

    @property
    def skew(self) -> float:
        """Seconds a second by which the server's clock runs faster than the local one, as far as fitted."""
        return self._skew

    @property
    def round_trip(self) -> float | None:
        """The smallest delay among the samples kept, in seconds."""
        return min(map(_delay, self._samples), default=None)

    def add(self, t0: float, t1: float, t2: float, t3: float) -> None:
        """Take one ping's four timestamps. Impossible ones (a Pong before its Ping) are ignored: a peer sent them."""
        delay = (t3 - t0) - (t2 - t1)
        if t3 < t0 or t2 < t1 or delay < -1e-6:
            return
        if self._flushed_at is not None and t0 < self._flushed_at:
            return
        settling = len(self._samples) < self._policy.settling
        before, bound_before = self.offset(t3), self.bound(t3)
        self._samples.append(ClockSample(at=t3, offset=((t1 - t0) + (t2 - t3)) / 2, delay=max(delay, 0.0)))
        del self._samples[: -self._policy.samples]
        self._fit()
        self._best = best = self._choose()
        goal = self._carried(best, t3)
        step = settling or abs(goal - before) > bound_before + self._error(best, t3)
        self._offset, self._offset_at = (goal if step else before), t3

    def flush(self, now: float | None = None) -> None:
        """Forget everything: the next sample steps. ``now``: pings that were sent before it are not believed either.

        After a suspend one may still be on its way. The local clock stood still while it was, so it would look quick,
        and be wrong by the whole absence.
        """
        if now is not None:
            self._flushed_at = now
        self._samples.clear()
        self._best = None
        self._offset = self._offset_at = self._skew = 0.0
        self._wander = self._policy.wander

    def offset(self, now: float) -> float:
        """Return what to add to the local time ``now`` for the server's: published, slewing to the best."""
        best = self._best
        if best is None:
            return 0.0
        elapsed = now - self._offset_at
        if elapsed <= 0.0:
            return self._offset
        held = self._offset + self._skew * elapsed
        missing = self._carried(best, now) - held
        reach = self._policy.slew * elapsed
        if -reach <= missing <= reach:
            return held + missing
        return held + reach if missing > 0.0 else held - reach

    def bound(self, now: float) -> float:
        """Return how far off ``offset(now)`` can be, in seconds, asymmetry of the way included."""
        best = self._best
        if best is None:
            return float("inf")
        return self._error(best, now) + abs(self._carried(best, now) - self.offset(now))

    def to_server(self, local: float) -> float:
        """Convert a local time to the server's. Ask only when ``locked``."""
        return local + self.offset(local)

    def to_local(self, server: float) -> float:
        """Convert a server time to the local one (near now: the offset that holds then is the one that holds now)."""
        local = server - self._offset
        return server - self.offset(max(local, self._offset_at))

    def _error(self, sample: ClockSample, now: float) -> float:
        return sample.delay / 2 + self._wander * max(0.0, now - sample.at)

    def _choose(self) -> ClockSample:
        # All age alike, so the one that is best now stays so until a sample comes or goes, or the wander changes. Its
        # error is taken as of a common time, any time: readings are many, a sample comes once in 8 s.
        wander = self._wander
        errors = [sample.delay / 2 - wander * sample.at for sample in self._samples]
        return self._samples[errors.index(min(errors))]

    def _carried(self, sample: ClockSample, now: float) -> float:
        return sample.offset + self._skew * (now - sample.at)

    def _fit(self) -> None:
        # Speed from two points, each the least delayed of its third of the history. A constant asymmetry cancels, so
        # what can be wrong is what varies: as far as the usual delay exceeds the least one, on either way alone. (Two
        # samples of one delay may have it on opposite ways: how much alike they are proves nothing.)
        span = self._samples[-1].at - self._samples[0].at
        if span < self._policy.skew_span:
            return
        third = len(self._samples) // 3
        early = min(self._samples[:third], key=_delay)
        late = min(self._samples[-third:], key=_delay)
        delays = sorted(map(_delay, self._samples))
        gap = late.at - early.at
        doubt = (delays[len(delays) // 2] - delays[0]) / 2 / gap
        skew = (late.offset - early.offset) / gap
        if abs(skew) <= self._policy.skew_limit and doubt < self._policy.wander:
            self._skew = skew
            self._wander = max(doubt, self._policy.wander_fitted)


class PingSchedule:
    """When to ping: a burst to lock on, then often, then seldom.

    The burst is long for links that jitter: by 30 ms each way, the best of 8 pings is 19 ms off (p95 of 400 made-up
    links) and stays so for long, as it is slewed from there; the best of 32 is 9 ms off, two seconds after connecting.

    ``start(now)`` on connecting (``burst`` pings 50 ms apart), then after each ping ``sent(now)``; ``due`` is when the
    next one is to go.
    """

    _BURST_GAP: Final = 0.05
    _OFTEN: Final = 2.0
    _OFTEN_FOR: Final = 20.0
    _SELDOM: Final = 8.0

    def __init__(self) -> None:
        self.due: float | None = None
        self._burst = 0
        self._started = 0.0

    def start(self, now: float, burst: int = 32) -> None:
        self._started, self._burst, self.due = now, burst, now

    def stop(self) -> None:
        self.due = None

    @property
    def is_settled(self) -> bool:
        """Whether the burst is over, so that each ping has had time to come back before the next one."""
        return self._burst <= 0

    def sent(self, now: float) -> None:
        self._burst -= 1
        if self._burst > 0:
            gap = self._BURST_GAP
        else:
            gap = self._OFTEN if now - self._started < self._OFTEN_FOR else self._SELDOM
        self.due = now + gap
