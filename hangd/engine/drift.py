"""DriftController: from a series of errors to a correction, as gentle as will do.

An error is where the picture is minus where it should be, in seconds: positive is ahead. One sample proves little. A
callback that waited stamps its sample late, so that the picture looks further behind than it is, never further ahead:
of the last four errors the second from the top is believed (the lower quartile of lateness). Corrections cost something
each, so nothing is done below a threshold, and after each nothing is believed for a while:

- a *trim* plays a little faster or slower for just as long as it takes, then at the room's rate again;
- a *hold* pauses for exactly the error: only ahead, exact in picture and sound;
- a *resync* seeks to where the room will be: for all that the others can not reach. Rationed, ever more strictly.

A trim begins and ends with a sample. VLC applies a rate as from the last block it read (its clock turns the line about
that point), and a sample comes just after a read: between two samples a trim is worth (rate change) x (time between
them), to a fraction of a millisecond; ended at any other moment up to (rate change) x 250 ms more. So a trim ends with
the sample nearest to the end that was reckoned, and what is then left is seen by the samples after it.

What a start left over is taken back at once, and a trim is then made as strong as it has to be to be over with the next
sample or soon: 3 % (half a semitone) for less than half a second instead of 0.5 % for two or more.
"""

from typing import Final, Literal

from msgspec import Struct

from hangd.engine.timeline import rate_period

__all__ = ["Correction", "DriftController", "DriftPolicy", "Hold", "Reason", "Resync", "Trim"]

Reason = Literal["start", "drift"]
"""Why: what a start (or a seek) left over, or what has come to part since."""


class DriftPolicy(Struct, frozen=True):
    """Thresholds, in seconds unless said otherwise; the values are those measured in sync.md's table."""

    act: float = 0.010
    """Errors up to this are left alone."""
    act_fresh: float = 0.004
    """The same within ``fresh`` of a start or a seek: what a start left over is best taken back at once."""
    fresh: float = 1.0
    fresh_trims: int = 2
    """So many trims may follow a start at once; then it is drift."""
    trim_behind: float = 0.150
    """Behind by more than this: resync."""
    trim_ahead: float = 0.040
    """Ahead by more than this: hold."""
    hold_limit: float = 2.0
    """Ahead by more than this: resync."""
    gentle: float = 0.005
    """A trim's change of the rate, as a share of it: 8.6 cents of pitch, inaudible."""
    brisk: float = 0.020
    """The same from ``brisk_from`` on, where the gentle one takes too long."""
    brisk_from: float = 0.060
    fresh_limit: float = 0.030
    """The most that a trim just after a start may change."""
    sample_gap: float = 0.41
    """What lies between two samples, on average (measured, VLC 3)."""
    blank: float = 1.5
    """After a correction has ended, samples are let pass unread so long: the player's queues have to empty."""
    resync_gap: float = 5.0
    """At most one resync in so long; doubles with each that follows closely, up to ``resync_gap_limit``."""
    resync_gap_limit: float = 60.0
    window: int = 4


class Trim(Struct, frozen=True, tag=True):
    """Play at ``rate`` for about ``seconds``, then at the room's rate again."""

    rate: float
    seconds: float
    error: float
    reason: Reason = "drift"


class Hold(Struct, frozen=True, tag=True):
    """Pause for exactly ``seconds``."""

    seconds: float
    error: float
    reason: Reason = "drift"


class Resync(Struct, frozen=True, tag=True):
    """Seek to where the room will be."""

    error: float
    reason: Reason = "drift"


Correction = Trim | Hold | Resync


class DriftController:
    """Feeds on errors, answers with corrections.

    ``started`` at each start or seek that has come to rest; ``observe`` each clean sample; ``cancel`` when the player
    is paused, sought or given another speed. The caller carries a correction out at once; while there is a ``trim``,
    the player is to play at its rate.
    """

    _PERIOD: Final = 1000

    def __init__(self, policy: DriftPolicy | None = None) -> None:
        self.policy = policy or DriftPolicy()
        self.trim: Trim | None = None
        """The trim that is on."""
        self._trim_until = 0.0
        self._errors: list[float] = []
        self._fresh_until = 0.0
        self._fresh_trims = 0
        self._blank_until = 0.0
        self._resync_gap = self.policy.resync_gap
        self._resynced_at: float | None = None

    def started(self, now: float) -> None:
        """The picture moves anew, from a place of our choosing: errors of before mean nothing any more."""
        self.trim = None
        self._errors.clear()
        self._fresh_until = now + self.policy.fresh
        self._fresh_trims = self.policy.fresh_trims
        self._blank_until = now

    def cancel(self) -> None:
        """End a trim: what the player is told now is another thing."""
        self.trim = None

    def observe(self, error: float, now: float, rate: float) -> Correction | None:
        """Judge one error (seconds, positive ahead) of a sample at ``now``; the room plays at ``rate``."""
        policy = self.policy
        if self.trim is not None:
            if now >= self._trim_until - policy.sample_gap / 2:
                self._end_trim(now)
            return None
        if now < self._blank_until:
            return None
        self._errors.append(error)
        del self._errors[: -policy.window]
        fresh = now < self._fresh_until and self._fresh_trims > 0
        if not fresh and len(self._errors) < policy.window:
            return None
        judged = self._judge()
        if abs(judged) <= (policy.act_fresh if fresh else policy.act):
            return None
        correction = self._choose(judged, now, rate, fresh=fresh)
        if correction is not None:
            self._errors.clear()
            self._begin(correction, now, fresh=fresh)
        return correction

    @property
    def error(self) -> float | None:
        """The error as judged from the samples at hand, in seconds; None where there are none."""
        return self._judge() if self._errors else None

    def deadline(self) -> float | None:
        """When a trim has to end, if no sample comes to end it with."""
        return None if self.trim is None else self._trim_until + 2 * self.policy.sample_gap

    def expire(self, now: float) -> None:
        due = self.deadline()
        if due is not None and due <= now:
            self._end_trim(now)

    def _begin(self, correction: Correction, now: float, *, fresh: bool) -> None:
        match correction:
            case Trim(seconds=seconds):
                self.trim, self._trim_until = correction, now + seconds
                self._fresh_trims -= 1
                if not fresh:
                    self._fresh_trims = 0
            case Hold(seconds=seconds):
                self._blank_until = now + seconds + self.policy.blank
            case Resync():
                self._blank_until = now + self.policy.blank

    def _end_trim(self, now: float) -> None:
        self.trim = None
        if self._fresh_trims > 0:
            self._fresh_until, self._blank_until = now + self.policy.fresh, now
        else:
            self._blank_until = now + self.policy.blank

    def _judge(self) -> float:
        return sorted(self._errors, reverse=True)[len(self._errors) // 4]

    def _choose(self, error: float, now: float, rate: float, *, fresh: bool) -> Correction | None:
        policy = self.policy
        reason: Reason = "start" if fresh else "drift"
        if error > policy.hold_limit or error < -policy.trim_behind:
            return self._resync(error, now, reason)
        if error > policy.trim_ahead:
            return Hold(seconds=error, error=error, reason=reason)
        if fresh:
            change = min(abs(error) / (policy.sample_gap * rate), policy.fresh_limit)
        else:
            change = policy.brisk if abs(error) > policy.brisk_from else policy.gentle
        return self._trim(error, rate, change, reason)

    def _trim(self, error: float, rate: float, change: float, reason: Reason) -> Trim:
        period = rate_period(rate)
        steps = round(period * change) or 1
        trimmed = self._PERIOD / (period + steps if error > 0 else period - steps)
        seconds = abs(error) / abs(trimmed - self._PERIOD / period)
        return Trim(rate=trimmed, seconds=seconds, error=error, reason=reason)

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
