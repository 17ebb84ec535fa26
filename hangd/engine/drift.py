"""DriftController: from a series of errors to a correction, as gentle as will do.

An error is where the picture is minus where it should be, in seconds: positive is ahead. One sample proves little. A
callback that waited stamps its sample late, so that the picture looks further behind than it is, never further ahead:
of the last four errors the second from the top is believed (the lower quartile of lateness). Corrections cost something
each, so nothing is done below a threshold, and after each nothing is believed for a while:

- a *trim* plays a little faster or slower for just as long as it takes, then at the room's rate again;
- a *hold* pauses for exactly the error: only ahead, exact in picture and sound;
- a *resync* seeks to where the room will be: for all that the others can not reach. Rationed, ever more strictly.
"""

from typing import Final

from msgspec import Struct

from hangd.engine.timeline import rate_period

__all__ = ["Correction", "DriftController", "DriftPolicy", "Hold", "Resync", "Trim"]


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
    blank: float = 1.5
    """After a correction has ended, samples are let pass unread so long: the player's queues have to empty."""
    resync_gap: float = 5.0
    """At most one resync in so long; doubles with each that follows closely, up to ``resync_gap_limit``."""
    resync_gap_limit: float = 60.0
    window: int = 4


class Trim(Struct, frozen=True):
    """Play at ``rate`` for ``seconds``, then at the room's rate again."""

    rate: float
    seconds: float
    error: float


class Hold(Struct, frozen=True):
    """Pause for exactly ``seconds``."""

    seconds: float
    error: float


class Resync(Struct, frozen=True):
    """Seek to where the room will be."""

    error: float


Correction = Trim | Hold | Resync


class DriftController:
    """Feeds on errors, answers with corrections.

    ``started`` at each start or seek that has come to rest; ``observe`` each clean sample. The caller carries a
    correction out at once; its cost is accounted for here.
    """

    _PERIOD: Final = 1000

    def __init__(self, policy: DriftPolicy | None = None) -> None:
        self.policy = policy or DriftPolicy()
        self._errors: list[float] = []
        self._fresh_until = 0.0
        self._blank_until = 0.0
        self._resync_gap = self.policy.resync_gap
        self._resynced_at: float | None = None

    def started(self, now: float) -> None:
        """The picture moves anew, from a place of our choosing: errors of before mean nothing any more."""
        self._errors.clear()
        self._fresh_until = now + self.policy.fresh
        self._blank_until = now

    def observe(self, error: float, now: float, rate: float) -> Correction | None:
        """Judge one error (seconds, positive ahead) of a player that moves at the room's ``rate``."""
        if now < self._blank_until:
            return None
        policy = self.policy
        self._errors.append(error)
        del self._errors[: -policy.window]
        fresh = now < self._fresh_until
        if not fresh and len(self._errors) < policy.window:
            return None
        judged = self._judge()
        if abs(judged) <= (policy.act_fresh if fresh else policy.act):
            return None
        correction = self._choose(judged, now, rate)
        if correction is not None:
            self._errors.clear()
            self._fresh_until = 0.0
            duration = 0.0 if isinstance(correction, Resync) else correction.seconds
            self._blank_until = now + duration + policy.blank
        return correction

    @property
    def error(self) -> float | None:
        """The error as judged from the samples at hand, in seconds; None where there are none."""
        return self._judge() if self._errors else None

    def _judge(self) -> float:
        return sorted(self._errors, reverse=True)[len(self._errors) // 4]

    def _choose(self, error: float, now: float, rate: float) -> Correction | None:
        policy = self.policy
        if error > policy.hold_limit or error < -policy.trim_behind:
            return self._resync(error, now)
        if error > policy.trim_ahead:
            return Hold(seconds=error, error=error)
        return self._trim(error, rate)

    def _trim(self, error: float, rate: float) -> Trim:
        # 5 parts in a thousand are inaudible (8.6 cents of pitch); above 60 ms that takes too long.
        period = rate_period(rate)
        change = round(period * (0.020 if abs(error) > 0.060 else 0.005)) or 1
        trimmed = self._PERIOD / (period + change if error > 0 else period - change)
        return Trim(rate=trimmed, seconds=abs(error) / abs(trimmed - self._PERIOD / period), error=error)

    def _resync(self, error: float, now: float) -> Resync | None:
        if self._resynced_at is not None:
            since = now - self._resynced_at
            if since < self._resync_gap:
                return None
            calm = since > 4 * self._resync_gap
            self._resync_gap = (
                self.policy.resync_gap if calm else min(2 * self._resync_gap, self.policy.resync_gap_limit)
            )
        self._resynced_at = now
        return Resync(error=error)
