"""DriftController: decides from a series of errors which correction to make, the gentlest one that is sufficient.

An error is the position of the picture minus the position of the timeline, in seconds; positive is ahead. A single
sample proves little: a callback that had to wait gives its sample a late time, so that the picture looks further behind
than it is, and never further ahead. Of the last four errors the second largest is used. Every correction disturbs the
viewer, so errors below a threshold are left alone, and for a while after a correction no error is used.

- A *trim* plays a little faster or slower until the error is gone, then at the room's rate again.
- A *hold* pauses for as long as the room needs to catch up, exactly in picture and sound. For pictures that are ahead.
- A *resync* seeks to where the room will be. For errors too large for the others. Each one that follows closely on
  another makes the least time to the next one longer.

*What a trim does to the picture* (docs/sync.md, "What a change of rate does to the picture"). VLC 3 dates a block when
it is read, which is ``read_ahead`` before it is shown, and a change of rate applies from the last block read
(``input_clock_ChangeRate``). So a change by d moves the picture by d x ``read_ahead`` within 0.3 s, and moves it back
when the trim ends; only d x (time) remains, and samples show only that. Therefore the rate follows the error from
sample to sample: with

    d = -error / (read_ahead + sample_interval / 2)

the jump that the change of rate causes cancels most of the error at once, and the lasting correction follows slowly.
Meanwhile the picture is off by at most a fifth of the error. Rates are changed at samples, because VLC makes a sample
just after it has read.
"""

from typing import Literal

from msgspec import Struct, field

from hangd.engine.timeline import PERIOD_BASE, rate_period

Reason = Literal["start", "drift"]
"""Where the error comes from: left over from a start or a seek, or accumulated since."""


class DriftPolicy(Struct, frozen=True):
    """Thresholds, in seconds if not stated otherwise. The measurements behind them are in docs/sync.md."""

    threshold: float = 0.010
    """Errors up to this are left alone."""
    threshold_fresh: float = 0.004
    """The same within ``fresh`` of a start: what a start leaves over is corrected at once."""
    fresh: float = 1.0
    trim_behind: float = 0.150
    """Behind by more than this: resync."""
    trim_ahead: float = 0.040
    """Ahead by more than this: hold."""
    hold_max: float = 2.0
    """Ahead by more than this: resync."""
    limit: float = 0.005
    """Largest change of the rate by a trim, as a share of it: 8.6 cents of pitch, inaudible."""
    limit_large: float = 0.020
    """The same for errors above ``large_error``, for which ``limit`` would take too long."""
    large_error: float = 0.060
    limit_fresh: float = 0.030
    """The same just after a start: half a semitone, for half a second."""
    trim_done: float = 0.0015
    """A trim ends at this error. Samples are no more exact."""
    trim_overtime: float = 4.0
    """A trim ends this long after the time that it should need, because samples may fail to come."""
    read_ahead: float = 1.0
    """VLC's file-caching."""
    sample_interval: float = 0.41
    """Average time between two samples. Measured with VLC 3."""
    ignore_after: float = 1.5
    """Samples are ignored for this long after a correction, until the player's queues have emptied."""
    resync_interval: float = 5.0
    """Least time between two resyncs. It doubles with each resync that follows closely on another."""
    resync_interval_max: float = 60.0
    window: int = 4
    """Number of errors that are judged together."""


class Trim(Struct, frozen=True, tag=True):
    """Play at ``rate``, after each sample at the new `DriftController.rate`, for about ``seconds``."""

    rate: float
    seconds: float
    error: float
    reason: Reason = "drift"


class Hold(Struct, frozen=True, tag=True):
    """Pause for exactly ``seconds``. They are seconds of time; ``error`` is in seconds of media."""

    seconds: float
    error: float
    reason: Reason = "drift"


class Resync(Struct, frozen=True, tag=True):
    """Seek to where the room will be."""

    error: float
    reason: Reason = "drift"


Correction = Trim | Hold | Resync


class TrimState(Struct):
    """A trim that has begun."""

    limit: float
    """Largest change of the rate, as a share of it."""
    until: float
    """When it ends even if no sample shows that it is done."""
    error: float
    """The error at ``at``, as far as it is believed."""
    at: float
    rate: float
    sample: float | None = None
    """The error of the newest sample, which was at ``at``; None before the first one."""


class DriftState(Struct):
    """What a `DriftController` knows."""

    trim: TrimState | None = None
    errors: list[float] = field(default_factory=list)
    """The newest errors, the last one last."""
    fresh_until: float = 0.0
    ignore_until: float = 0.0
    resynced_at: float | None = None
    resync_interval: float = 0.0
    """Least time from ``resynced_at`` to the next resync."""


class DriftController:
    """Takes errors and returns corrections, which the caller carries out at once.

    Call `restart` when the player has started or has another timeline to follow, `observe` for each sample, and
    `cancel` when the player does not play any more.
    """

    def __init__(self, policy: DriftPolicy | None = None, state: DriftState | None = None) -> None:
        self._policy = policy or DriftPolicy()
        self.state = state or DriftState()

    def restart(self, now: float) -> None:
        """Forget the errors: the picture moves from a new position."""
        state = self.state
        state.trim = None
        state.errors.clear()
        state.fresh_until = now + self._policy.fresh
        state.ignore_until = now

    def cancel(self) -> None:
        """End a trim, because the player is paused or seeks."""
        self.state.trim = None

    def observe(self, error: float, now: float, rate: float) -> Correction | None:
        """Judge the error of a sample at ``now`` (seconds, positive ahead); ``rate`` is the room's."""
        state, policy = self.state, self._policy
        if (trim := state.trim) is not None:
            self._continue_trim(trim, error, now, rate)
            if state.trim is None or not self._is_beyond_trim(trim.error):
                return None
            # Something happened during the trim, for example the player was stopped: a trim cannot correct that.
            return self._correct(trim.error, now, rate, fresh=False)
        if now < state.ignore_until:
            return None
        errors = state.errors
        errors.append(error)
        if len(errors) > policy.window:
            del errors[: -policy.window]
        fresh = now < state.fresh_until
        if not fresh and len(errors) < policy.window:
            return None
        judged = self._judge()
        if abs(judged) <= (policy.threshold_fresh if fresh else policy.threshold):
            return None
        return self._correct(judged, now, rate, fresh=fresh)

    @property
    def error(self) -> float | None:
        """The error as judged from the samples so far, in seconds; None without samples."""
        state = self.state
        if state.trim is not None:
            return state.trim.error
        return self._judge() if state.errors else None

    @property
    def rate(self) -> float | None:
        """The rate at which the player has to play instead of the room's; None: the room's."""
        trim = self.state.trim
        return None if trim is None else trim.rate

    def deadline(self) -> float | None:
        """Return when a trim ends even if no sample shows that it is done."""
        trim = self.state.trim
        return None if trim is None else trim.until

    def expire(self, now: float) -> None:
        """End a trim whose time is over."""
        trim = self.state.trim
        if trim is not None and trim.until <= now:
            self._end_trim(now)

    def _continue_trim(self, trim: TrimState, error: float, now: float, rate: float) -> None:
        # The previous sample and the rate since then tell how far behind the picture can be. If this sample is further
        # behind, its time is late, unless the next one shows the same. Before the first sample the error is what was
        # known of a late start, which may be a part of it.
        previous = trim.error if trim.sample is None else trim.sample
        trim.error = max(error, previous + (trim.rate - rate) * (now - trim.at))
        trim.sample, trim.at = error, now
        if abs(trim.error) <= self._policy.trim_done or now >= trim.until:
            self._end_trim(now)
        else:
            trim.rate = self._trimmed_rate(trim.error, rate, trim.limit)

    def _end_trim(self, now: float) -> None:
        self.state.trim = None
        self.state.ignore_until = now + self._policy.ignore_after

    def _judge(self) -> float:
        """Return the lower quartile of lateness: the second largest of four errors, the largest of fewer."""
        ranked = sorted(self.state.errors)
        return ranked[-1 - len(ranked) // 4]

    def _is_beyond_trim(self, error: float) -> bool:
        return error < -self._policy.trim_behind or error > self._policy.trim_ahead

    def _correct(self, error: float, now: float, rate: float, *, fresh: bool) -> Correction | None:
        """Choose a correction and begin it; None if resyncs are rationed at the moment."""
        state = self.state
        state.trim = None
        correction = self._choose(error, now, rate, fresh=fresh)
        if correction is not None:
            state.errors.clear()
            state.fresh_until = 0.0
            if not isinstance(correction, Trim):
                duration = correction.seconds if isinstance(correction, Hold) else 0.0
                state.ignore_until = now + duration + self._policy.ignore_after
        return correction

    def _choose(self, error: float, now: float, rate: float, *, fresh: bool) -> Correction | None:
        policy = self._policy
        reason: Reason = "start" if fresh else "drift"
        if self._is_beyond_trim(error):
            if 0 < error <= policy.hold_max:
                return Hold(seconds=error / rate, error=error, reason=reason)
            return self._resync(error, now, reason)
        limit = policy.limit_fresh if fresh else policy.limit_large if abs(error) > policy.large_error else policy.limit
        seconds = abs(error) / (limit * rate) + 3 * policy.read_ahead
        trimmed = self._trimmed_rate(error, rate, limit)
        self.state.trim = TrimState(limit, now + seconds + policy.trim_overtime, error, now, trimmed)
        return Trim(rate=trimmed, seconds=seconds, error=error, reason=reason)

    def _trimmed_rate(self, error: float, rate: float, limit: float) -> float:
        """Return the playable rate that reduces ``error``; it differs from ``rate`` by at most the share ``limit``."""
        change = min(abs(error) / (self._policy.read_ahead + self._policy.sample_interval / 2) / rate, limit)
        period = rate_period(rate)
        steps = max(round(period * change), 1)
        return PERIOD_BASE / (period + steps if error > 0 else period - steps)

    def _resync(self, error: float, now: float, reason: Reason) -> Resync | None:
        policy, state = self._policy, self.state
        if state.resynced_at is None:
            state.resync_interval = policy.resync_interval
        else:
            since = now - state.resynced_at
            if since < state.resync_interval:
                return None
            # Four times the interval without a resync means that the trouble is over.
            calm = since > 4 * state.resync_interval
            state.resync_interval = (
                policy.resync_interval if calm else min(2 * state.resync_interval, policy.resync_interval_max)
            )
        state.resynced_at = now
        return Resync(error=error, reason=reason)
