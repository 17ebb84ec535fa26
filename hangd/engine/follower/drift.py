"""DriftController: from a series of errors to a correction, as gentle as will do.

An error is where the picture is minus where it should be, in seconds: positive is ahead. One sample proves little. A
callback that waited stamps its sample late, so that the picture looks further behind than it is, never further ahead:
of the last four errors the second from the top is believed (the lower quartile of lateness). Corrections cost something
each, so nothing is done below a threshold, and after each nothing is believed for a while:

- a *trim* plays a little faster or slower for just as long as it takes, then at the room's rate again;
- a *hold* pauses for just as long as the room needs to come up: only ahead, exact in picture and sound;
- a *resync* seeks to where the room will be: for all that the others can not reach. Rationed, ever more strictly.

*What a trim does to the picture.* VLC 3 dates a block when it is read, which is ``read_ahead`` before it is shown, and
a change of rate turns its clock about the last block read (``input_clock_ChangeRate``). So a change by d moves the
picture by d x ``read_ahead`` as soon as what was decoded before has been shown (0.1-0.3 s), and back when it ends;
what stays is d x (time). Samples tell only of what stays. Measured: 3 % for an error of 17 ms threw the picture 26 ms
forward at once, and back at the end. So the rate follows the error, sample by sample: with

    d = -error / (read_ahead + sample_gap / 2)

the jump makes good at once what has yet to be made good for good, the picture stays within a fifth of the error of its
place from the first change on, and the rate comes back to the room's as the error goes. A sample comes just after a
read, so that is where rates are changed.
"""

from typing import Final, Literal

from msgspec import Struct

from hangd.engine.timeline import rate_period

__all__ = ["Correction", "DriftController", "DriftPolicy", "Hold", "Reason", "Resync", "Trim", "Trimming"]

Reason = Literal["start", "drift"]
"""Why: what a start (or a seek) left over, or what has come to part since."""


class DriftPolicy(Struct, frozen=True):
    """Thresholds, in seconds unless said otherwise; the values are those measured in sync.md's table."""

    act: float = 0.010
    """Errors up to this are left alone."""
    act_fresh: float = 0.004
    """The same within ``fresh`` of a start or a seek: what a start left over is best taken back at once."""
    fresh: float = 1.0
    trim_behind: float = 0.150
    """Behind by more than this: resync."""
    trim_ahead: float = 0.040
    """Ahead by more than this: hold."""
    hold_limit: float = 2.0
    """Ahead by more than this: resync."""
    gentle: float = 0.005
    """The most that a trim changes the rate, as a share of it: 8.6 cents of pitch, inaudible."""
    brisk: float = 0.020
    """The same from ``brisk_from`` on, where the gentle one takes too long."""
    brisk_from: float = 0.060
    fresh_limit: float = 0.030
    """The same just after a start: half a semitone, for half a second."""
    done: float = 0.0015
    """A trim has done its work when it has come so near. Samples are no more exact than this."""
    patience: float = 4.0
    """Gentle trims take the time that their limit needs, and this much more at most: samples may fail to come."""
    read_ahead: float = 1.0
    """VLC's file-caching."""
    sample_gap: float = 0.41
    """What lies between two samples, on average (measured, VLC 3)."""
    blank: float = 1.5
    """After a correction has ended, samples are let pass unread so long: the player's queues have to empty."""
    resync_gap: float = 5.0
    """At most one resync in so long; doubles with each that follows closely, up to ``resync_gap_limit``."""
    resync_gap_limit: float = 60.0
    window: int = 4


class Trim(Struct, frozen=True, tag=True):
    """Play at ``rate``, and with each sample at what ``DriftController.rate`` says then, for ``seconds`` or so."""

    rate: float
    seconds: float
    error: float
    reason: Reason = "drift"


class Hold(Struct, frozen=True, tag=True):
    """Pause for exactly ``seconds``: of time, where ``error`` is seconds of the film."""

    seconds: float
    error: float
    reason: Reason = "drift"


class Resync(Struct, frozen=True, tag=True):
    """Seek to where the room will be."""

    error: float
    reason: Reason = "drift"


Correction = Trim | Hold | Resync


class Trimming(Struct):
    """A trim that is on: where it has come to."""

    limit: float
    until: float
    error: float
    at: float
    rate: float
    sample: float | None = None
    """The newest sample's error, of ``at``; None before the first one."""


class DriftController:
    """Feeds on errors, answers with corrections.

    ``started`` at each start or seek that has come to rest; ``observe`` each clean sample; ``cancel`` when the player
    is paused, sought or given another speed. The caller carries a correction out at once; while ``rate`` is not None,
    the player is to play at that rate.
    """

    _PERIOD: Final = 1000

    def __init__(self, policy: DriftPolicy | None = None) -> None:
        self.policy = policy or DriftPolicy()
        self._trimming: Trimming | None = None
        self._errors: list[float] = []
        self._fresh_until = 0.0
        self._blank_until = 0.0
        self._resync_gap = self.policy.resync_gap
        self._resynced_at: float | None = None

    def started(self, now: float) -> None:
        """The picture moves anew, from a place of our choosing: errors of before mean nothing any more."""
        self._trimming = None
        self._errors.clear()
        self._fresh_until = now + self.policy.fresh
        self._blank_until = now

    def cancel(self) -> None:
        """End a trim: what the player is told now is another thing."""
        self._trimming = None

    def observe(self, error: float, now: float, rate: float) -> Correction | None:
        """Judge one error (seconds, positive ahead) of a sample at ``now``; the room plays at ``rate``."""
        policy = self.policy
        if (trim := self._trimming) is not None:
            self._trim_on(trim, error, now, rate)
            if self.rate is None or not self._is_out_of_reach(trim.error):
                return None
            # Something has happened meanwhile that no trim makes good.
            return self._correct(trim.error, now, rate, fresh=False)
        if now < self._blank_until:
            return None
        errors = self._errors
        errors.append(error)
        if len(errors) > policy.window:
            del errors[: -policy.window]
        fresh = now < self._fresh_until
        if not fresh and len(errors) < policy.window:
            return None
        judged = self._judge()
        if abs(judged) <= (policy.act_fresh if fresh else policy.act):
            return None
        return self._correct(judged, now, rate, fresh=fresh)

    @property
    def error(self) -> float | None:
        """The error as judged from the samples at hand, in seconds; None where there are none."""
        if self._trimming is not None:
            return self._trimming.error
        return self._judge() if self._errors else None

    @property
    def rate(self) -> float | None:
        """At what rate the player is to play now instead of the room's; None: at the room's."""
        return None if self._trimming is None else self._trimming.rate

    def deadline(self) -> float | None:
        """When a trim ends even if no sample has told that it has done its work."""
        return None if self._trimming is None else self._trimming.until

    def expire(self, now: float) -> None:
        if self._trimming is not None and self._trimming.until <= now:
            self._end_trim(now)

    def _trim_on(self, trim: Trimming, error: float, now: float, rate: float) -> None:
        # A sample that looks farther behind than the last one and the rate since allow has come late: unless the next
        # one does too. What began the trim may have been known of before any sample, and in part.
        last = trim.error if trim.sample is None else trim.sample
        trim.error = max(error, last + (trim.rate - rate) * (now - trim.at))
        trim.sample, trim.at = error, now
        if abs(trim.error) <= self.policy.done or now >= trim.until:
            self._end_trim(now)
        else:
            trim.rate = self._trimmed(trim.error, rate, trim.limit)

    def _end_trim(self, now: float) -> None:
        self._trimming = None
        self._blank_until = now + self.policy.blank

    def _judge(self) -> float:
        ranked = sorted(self._errors)
        return ranked[-1 - len(ranked) // 4]

    def _is_out_of_reach(self, error: float) -> bool:
        """Whether a trim is not what takes this back."""
        return error < -self.policy.trim_behind or error > self.policy.trim_ahead

    def _correct(self, error: float, now: float, rate: float, *, fresh: bool) -> Correction | None:
        self._trimming = None
        correction = self._choose(error, now, rate, fresh=fresh)
        if correction is not None:
            self._errors.clear()
            self._fresh_until = 0.0
            if not isinstance(correction, Trim):
                duration = correction.seconds if isinstance(correction, Hold) else 0.0
                self._blank_until = now + duration + self.policy.blank
        return correction

    def _choose(self, error: float, now: float, rate: float, *, fresh: bool) -> Correction | None:
        policy = self.policy
        reason: Reason = "start" if fresh else "drift"
        if self._is_out_of_reach(error):
            if 0 < error <= policy.hold_limit:
                return Hold(seconds=error / rate, error=error, reason=reason)
            return self._resync(error, now, reason)
        limit = policy.fresh_limit if fresh else policy.brisk if abs(error) > policy.brisk_from else policy.gentle
        seconds = abs(error) / (limit * rate) + 3 * policy.read_ahead
        trimmed = self._trimmed(error, rate, limit)
        self._trimming = Trimming(limit, now + seconds + policy.patience, error, now, trimmed)
        return Trim(rate=trimmed, seconds=seconds, error=error, reason=reason)

    def _trimmed(self, error: float, rate: float, limit: float) -> float:
        """Return the playable rate that takes ``error`` back, no farther from ``rate`` than ``limit`` allows."""
        change = min(abs(error) / (self.policy.read_ahead + self.policy.sample_gap / 2) / rate, limit)
        period = rate_period(rate)
        steps = max(round(period * change), 1)
        return self._PERIOD / (period + steps if error > 0 else period - steps)

    def _resync(self, error: float, now: float, reason: Reason) -> Resync | None:
        if self._resynced_at is not None:
            since = now - self._resynced_at
            if since < self._resync_gap:
                return None
            calm = since > 4 * self._resync_gap
            self._resync_gap = (
                self.policy.resync_gap if calm else min(2 * self._resync_gap, self.policy.resync_gap_limit)
            )
        self._resynced_at = now
        return Resync(error=error, reason=reason)
