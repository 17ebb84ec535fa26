"""ClockFilter: four timestamps a ping, out comes the server's clock.

A client stamps ``t0`` as it writes a Ping, the server ``t1`` as the Ping's bytes arrive and ``t2`` as it writes the
Pong, the client ``t3`` as the Pong's bytes arrive. As in NTP (RFC 5905, section 8)::

    delay  = (t3 - t0) - (t2 - t1)            offset = ((t1 - t0) + (t2 - t3)) / 2

``offset`` is what to add to the local clock to read the server's. It is wrong by at most ``delay / 2``, namely where
the whole delay lay on one of the two ways::

    t2 - t3  <=  true offset  <=  t1 - t0

That is all that can be known of one ping, so pings are not averaged. What holds is what all of them allow (as in
Marzullo and Owicki, Maintaining the time in a distributed system, 1983), where what a ping says grows vaguer with
age, by what two quartz clocks part in that time. The upper end is of the ping whose way out was the quickest, the
lower end of the one whose way back was, and the middle is the best guess: the likeliest, where delays on both ways
are exponential alike (Jeske, On maximum-likelihood estimation of clock offset, 2005). The two need not be one ping,
so among n that jitter the error falls as 1/n, where that of the one with the least delay falls as the root of it.
What is published slews towards the best, so that a player that follows it is not jerked about.
"""

import itertools
from bisect import bisect_right
from operator import attrgetter

from msgspec import Struct

__all__ = ["ClockFilter", "ClockPolicy", "ClockSample"]


class ClockPolicy(Struct, frozen=True):
    samples: int = 64
    """How many samples are kept: at one in 8 s the best of the last eight and a half minutes."""
    wander: float = 200e-6
    """Seconds a second that two clocks are taken to part until their difference in speed is known. Crystals keep 10-50
    ppm, but clocks that are slewed, and virtual ones, are up to 200 off. An old ping would mislead if this were less
    than they part: of many that are wrong, the one that is wrong the most looks the quickest."""
    wander_known: float = 3e-6
    """The least that they are taken to part once it is: crystals feel the temperature."""
    skew_usual: float = 60e-6
    """By how much two clocks differ in speed, as a standard deviation: what a line through pings must outweigh."""
    skew_limit: float = 300e-6
    """A line steeper than this is a network's work, not a crystal's."""
    skew_span: float = 10.0
    """Seconds of history before there is a line at all."""
    settling: int = 32
    """So many samples, the first burst, step: the first may have waited for a lost packet, and to slew is slow."""
    slew: float = 500e-6
    """The published offset moves at most so fast; NTP slews as fast, and no ear can tell."""


class ClockSample(Struct, frozen=True):
    """One ping: when it came back, what it says of the offset, and how long it was under way. Seconds.

    Or two that are as good as one: the way out of one, the way back of another, as old as the older.
    """

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
        self._unfitted = 0
        """Samples since the last fit: one in eight being new, it is made again."""

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
        self._unfitted += 1
        if 8 * self._unfitted >= len(self._samples):
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
        self._unfitted = 0

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
        # All age alike, so what is best now stays so until a sample comes or goes, or the wander changes: readings are
        # many, a sample comes once in 8 s. Going back in time; a sample that the later ones rule out is from before
        # something happened to a clock, and so are those before it.
        latest, skew, wander = self._samples[-1].at, self._skew, self._wander
        high, low, out_age, back_age = float("inf"), float("-inf"), 0.0, 0.0
        for sample in reversed(self._samples):
            age = latest - sample.at
            offset, error = sample.offset + skew * age, sample.delay / 2 + wander * age
            if offset + error < high:
                if offset + error < low:
                    break
                high, out_age = offset + error, age
            if offset - error > low:
                if offset - error > high:
                    break
                low, back_age = offset - error, age
        age = max(out_age, back_age)
        high, low = high - wander * out_age, low + wander * back_age
        return ClockSample(at=latest - age, offset=(high + low) / 2 - skew * age, delay=max(high - low, 0.0))

    def _carried(self, sample: ClockSample, now: float) -> float:
        return sample.offset + self._skew * (now - sample.at)

    def _fit(self) -> None:
        policy, samples = self._policy, self._samples
        self._skew, self._wander, self._unfitted = 0.0, policy.wander, 0
        if samples[-1].at - samples[0].at < policy.skew_span:
            return
        # A line under each way's delays touches the quickest of them; were the clocks alike, it would be level. The
        # two ways agree unless one of them got slower meanwhile, so where they do not is a measure of the doubt.
        out, out_doubt = _slope_under([(sample.at, sample.delay / 2 + sample.offset) for sample in samples])
        back, back_doubt = _slope_under([(sample.at, sample.delay / 2 - sample.offset) for sample in samples])
        skew, doubt = (out - back) / 2, max(abs(out + back), out_doubt + back_doubt)
        if abs(skew) > policy.skew_limit:
            return
        # As for any two sources of one figure: each counts by the inverse of its variance, and so does the result.
        usual = policy.skew_usual
        known = usual**2 / (usual**2 + doubt**2)
        self._skew = known * skew
        self._wander = max(policy.wander * (1 - known) ** 0.5, policy.wander_known)


def _slope_under(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the slope of the line on which the points (x ascending) stand, halfway between first and last, and how far
    off it may be.

    That line is an edge of their lower convex hull, found as Andrew's monotone chain does. (For delays: Moon, Skelly
    and Towsley, Estimation and removal of clock skew from network delay measurements, 1999.) The points that it touches
    stand above the floor by about the mean height above the line, over how many points had the chance to be low.
    """
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (y1 - y0) * (x - x0) < (y - y0) * (x1 - x0):
                break
            hull.pop()
        hull.append((x, y))
    half = (points[0][0] + points[-1][0]) / 2
    (x0, y0), (x1, y1) = next((one, other) for one, other in itertools.pairwise(hull) if other[0] >= half)
    slope = (y1 - y0) / (x1 - x0)
    height = sum(y - y0 - slope * (x - x0) for x, y in points) / len(points)
    late = len(points) - bisect_right(points, (half, float("inf")))
    return slope, height / min(late, len(points) - late) / (x1 - x0)
