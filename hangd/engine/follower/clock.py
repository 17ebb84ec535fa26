"""ClockFilter: estimates the offset of the server's clock from the timestamps of pings.

The client notes ``t0`` as it sends a Ping, the server ``t1`` as the Ping's bytes arrive and ``t2`` as it sends the
Pong, and the client ``t3`` as the Pong's bytes arrive. As in NTP (RFC 5905, section 8)::

    delay  = (t3 - t0) - (t2 - t1)            offset = ((t1 - t0) + (t2 - t3)) / 2

``offset`` is added to a local time to get the server time. One ping tells no more than this interval::

    t2 - t3  <=  true offset  <=  t1 - t0

So pings are not averaged. The filter intersects the intervals of all recent pings (Marzullo and Owicki, Maintaining the
time in a distributed system, 1983), after widening each by the amount that two quartz clocks can drift apart since
then. The middle is the estimate: the most likely value if the delays of both ways have the same exponential
distribution (Jeske, On maximum-likelihood estimation of clock offset, 2005). The ends mostly come from two pings, one
with a quick way out and one with a quick way back, so the error falls as 1/n with the number of pings; that of the
single ping with the least delay falls as the square root of 1/n (measurements: docs/sync.md, "The clock").

The published offset moves slowly towards the estimate (it slews), so that the picture that follows it does not jerk.
"""

import itertools
from bisect import bisect_right

from msgspec import Struct, field


class ClockPolicy(Struct, frozen=True):
    """Constants of the filter. Measured ones come from the simulation (tests/sim) and its tables in docs/sync.md."""

    samples: int = 64
    """Number of pings kept. At one ping in 8 s these are the last eight and a half minutes."""
    wander: float = 200e-6
    """Seconds a second that the clocks may drift apart while their difference in speed is unknown.

    Quartz clocks are within 10-50 ppm, but clocks that are slewed and clocks of virtual machines are up to 200 ppm off.
    If the clocks drift faster than is allowed for here, the most wrong of the old pings looks like the quickest one.
    (With 100 ppm allowed, simulated viewers whose clocks were 200 ppm off were 30 ms apart for minutes.)
    """
    wander_known: float = 3e-6
    """The least value of the same when the difference is known: a quartz changes its speed with the temperature."""
    skew_deviation: float = 60e-6
    """Standard deviation of the difference in speed of two clocks; the prior that a fitted slope is weighed against."""
    skew_limit: float = 300e-6
    """A steeper slope is an effect of the network: no quartz is that far off."""
    skew_span: float = 10.0
    """Seconds of pings needed before a slope is fitted."""
    burst: int = 32
    """The offset steps instead of slewing for this many samples: the burst of pings that follows connecting.

    Its first ping may have waited for a packet that was lost, and slewing that error away would take minutes.
    """
    slew: float = 500e-6
    """Largest change of the published offset, in seconds a second. NTP slews at the same rate; it is inaudible."""


class ClockSample(Struct, frozen=True):
    """One ping: the local time of its return, the offset that it indicates, and its delay. Seconds.

    An estimate has this form too. It combines one ping's way out and another's way back, and is as old as the older.
    """

    at: float
    offset: float
    delay: float


class ClockState(Struct):
    """What a `ClockFilter` knows."""

    samples: list[ClockSample] = field(default_factory=list)
    flushed_at: float | None = None
    """Pings that were sent before this local time are ignored."""
    best: ClockSample | None = None
    """The estimate; None before the first sample."""
    offset: float = 0.0
    """The published offset at local time ``offset_at``."""
    offset_at: float = 0.0
    skew: float = 0.0
    """Seconds a second by which the server's clock runs faster, as far as fitted."""
    wander: float = 0.0
    """Seconds a second that the clocks may drift apart beside ``skew``. The first sample sets it."""
    unfitted: int = 0
    """Samples since the slope was fitted."""


class ClockFilter:
    """The local view of one server's clock. Local times are seconds of the local monotonic clock.

    `add` each ping. `flush` when the server has another clock (a new ``clock_id``) or the local clock stood still (a
    suspend). Convert times only while `locked`.
    """

    def __init__(self, policy: ClockPolicy | None = None, state: ClockState | None = None) -> None:
        self._policy = policy or ClockPolicy()
        self.state = state or ClockState()

    @property
    def locked(self) -> bool:
        """Whether the offset is known."""
        return self.state.best is not None

    @property
    def round_trip(self) -> float | None:
        """The smallest delay among the samples kept, in seconds."""
        return min((sample.delay for sample in self.state.samples), default=None)

    def add(self, t0: float, t1: float, t2: float, t3: float) -> None:
        """Take one ping's four timestamps. Impossible ones are ignored, because a peer sent two of them."""
        state, policy = self.state, self._policy
        delay = (t3 - t0) - (t2 - t1)
        if t3 < t0 or t2 < t1 or delay < -1e-6:
            return
        if state.flushed_at is not None and t0 < state.flushed_at:
            return
        in_burst = len(state.samples) < policy.burst
        before, bound_before = self.offset(t3), self.bound(t3)
        state.samples.append(ClockSample(at=t3, offset=((t1 - t0) + (t2 - t3)) / 2, delay=max(delay, 0.0)))
        del state.samples[: -policy.samples]
        state.unfitted += 1
        # The fit looks at all samples, so it is repeated only when one in eight of them is new.
        if 8 * state.unfitted >= len(state.samples):
            self._fit()
        state.best = best = self._choose()
        estimate = self._extrapolate(best, t3)
        # Also step if old and new estimate cannot both be right: one of the clocks was set.
        step = in_burst or abs(estimate - before) > bound_before + self._bound_of(best, t3)
        state.offset, state.offset_at = (estimate if step else before), t3

    def flush(self, now: float | None = None) -> None:
        """Forget all samples; the next one sets the offset at once. ``now``: also ignore pings sent before then."""
        state = self.state
        if now is not None:
            # A ping may be on its way during a suspend. The local clock stands still meanwhile, so its delay looks
            # short and its offset is wrong by the length of the suspend.
            state.flushed_at = now
        state.samples.clear()
        state.best = None
        state.offset = state.offset_at = state.skew = 0.0
        state.unfitted = 0

    def offset(self, now: float) -> float:
        """Return what to add to the local time ``now`` to get the server time: the published offset, slewing."""
        state = self.state
        best = state.best
        if best is None:
            return 0.0
        elapsed = now - state.offset_at
        if elapsed <= 0.0:
            return state.offset
        extrapolated = state.offset + state.skew * elapsed
        missing = self._extrapolate(best, now) - extrapolated
        reach = self._policy.slew * elapsed
        if -reach <= missing <= reach:
            return extrapolated + missing
        return extrapolated + reach if missing > 0.0 else extrapolated - reach

    def bound(self, now: float) -> float:
        """Return the upper limit of the error of ``offset(now)`` in seconds; infinity while the offset is unknown."""
        best = self.state.best
        if best is None:
            return float("inf")
        return self._bound_of(best, now) + abs(self._extrapolate(best, now) - self.offset(now))

    def to_server(self, local: float) -> float:
        """Convert a local time to a server time."""
        return local + self.offset(local)

    def to_local(self, server: float) -> float:
        """Convert a server time near now to a local time, by the offset that holds at that time."""
        state = self.state
        local = server - state.offset
        return server - self.offset(max(local, state.offset_at))

    def _bound_of(self, sample: ClockSample, now: float) -> float:
        return sample.delay / 2 + self.state.wander * max(0.0, now - sample.at)

    def _extrapolate(self, sample: ClockSample, now: float) -> float:
        return sample.offset + self.state.skew * (now - sample.at)

    def _choose(self) -> ClockSample:
        """Return the estimate: the middle of the interval that the intervals of all samples have in common.

        All intervals widen at the same rate, so it stays the estimate until the next sample.
        """
        state = self.state
        latest, skew, wander = state.samples[-1].at, state.skew, state.wander
        high, low, out_age, back_age = float("inf"), float("-inf"), 0.0, 0.0
        # Newest first. A sample that contradicts the later ones is from before one of the clocks was set; it and all
        # that are older are ignored.
        for sample in reversed(state.samples):
            age = latest - sample.at
            offset, bound = sample.offset + skew * age, sample.delay / 2 + wander * age
            if offset + bound < high:
                if offset + bound < low:
                    break
                high, out_age = offset + bound, age
            if offset - bound > low:
                if offset - bound > high:
                    break
                low, back_age = offset - bound, age
        age = max(out_age, back_age)
        high, low = high - wander * out_age, low + wander * back_age
        return ClockSample(at=latest - age, offset=(high + low) / 2 - skew * age, delay=max(high - low, 0.0))

    def _fit(self) -> None:
        """Fit the skew, and how far it can be trusted, to the samples."""
        policy, state = self._policy, self.state
        samples = state.samples
        state.skew, state.wander, state.unfitted = 0.0, policy.wander, 0
        if samples[-1].at - samples[0].at < policy.skew_span:
            return
        # A line below the delays of one way touches the quickest of them. If both clocks had the same speed, it would
        # be level. The slopes of the two ways agree unless one way became slower, so their difference measures the
        # uncertainty.
        out, out_doubt = _slope_below([(sample.at, sample.delay / 2 + sample.offset) for sample in samples])
        back, back_doubt = _slope_below([(sample.at, sample.delay / 2 - sample.offset) for sample in samples])
        skew, doubt = (out - back) / 2, max(abs(out + back), out_doubt + back_doubt)
        if abs(skew) > policy.skew_limit:
            return
        # Two sources of one value, the fit and the prior, are weighted by the inverse of their variances.
        prior = policy.skew_deviation
        weight = prior**2 / (prior**2 + doubt**2)
        state.skew = weight * skew
        state.wander = max(policy.wander * (1 - weight) ** 0.5, policy.wander_known)


def _slope_below(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the slope of the line below the points (x ascending), halfway from first to last, and its uncertainty.

    The line is an edge of the lower convex hull, which Andrew's monotone chain finds. (For delays: Moon, Skelly and
    Towsley, Estimation and removal of clock skew from network delay measurements, 1999.) The points that it touches
    lie above the true minimum of the delay. Estimate of how far: the mean height of all points above the line,
    divided by the number of points in the shorter half.
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
