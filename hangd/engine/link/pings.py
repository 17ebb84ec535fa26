"""PingSchedule: when a client asks the server for its time, and when it gives the connection up.

There is a burst of pings first, then one every 2 s, then one every 8 s. The burst is long because of jitter: if each
way takes 30 ms more or less, the clock is 9 ms off after 8 pings (95th percentile of 400 simulated connections) and
stays so for long, because it is corrected slowly from there; after 32 pings, two seconds after connecting, it is 3 ms
off.

A ping that is not answered is soon followed by others, even late in the schedule. After some without an answer the
connection is given up, though TCP still retries: TCP does so at growing intervals, and would notice up to 6 s late that
a link that was down for 20 s is up again.

The state of a room can be so large that a slow link needs many seconds for it, and Pongs wait behind it. Whoever was
given up while it was on its way is given more time for it in the next connection.
"""

from typing import Final

from msgspec import Struct

_BURST: Final = 32
_BURST_GAP: Final = 0.05
_OFTEN: Final = 2.0
_OFTEN_FOR: Final = 20.0
_SELDOM: Final = 8.0
_AGAIN: Final = 2.0
"""Seconds to the next ping while the last one has not been answered."""
_DEAD_PINGS: Final = 3
_DEAD_SECONDS: Final = 5.0
"""The connection is given up after this many pings without an answer, and this long after the first of them. The time
alone would not do: this process may have been suspended after a single ping."""
_SLOW_SECONDS: Final = 60.0
"""The same while a room's state is on its way over a link that is known to be slow."""


class Started(Struct, frozen=True):
    """A connection is up, or the clock has to be learned anew."""


class Stopped(Struct, frozen=True):
    """The connection ended."""


class Ponged(Struct, frozen=True):
    """A Pong arrived, for whichever ping."""


class StateAsked(Struct, frozen=True):
    """The room's state was asked for."""


class StateCame(Struct, frozen=True):
    """The room's state has arrived, or that it was refused."""


class SendPing(Struct, frozen=True):
    pass


class GiveUp(Struct, frozen=True):
    """Nobody answers: abort the connection. No ping follows before Started."""


PingInput = Started | Stopped | Ponged | StateAsked | StateCame
PingEffect = SendPing | GiveUp


class PingSchedule(Struct):
    """See the module's docstring. Its fields are all of its state; callers only read them. Local times in seconds."""

    due: float | None = None
    """When to send the next ping, or give up. None: not started."""
    regularly_due: float = 0.0
    """When the next ping would be due if the last one had been answered."""
    started: float = 0.0
    burst: int = 0
    """Pings of the burst that have not been sent yet."""
    unanswered: int = 0
    """Pings since the last Pong."""
    unanswered_since: float = 0.0
    asked_at: float | None = None
    """When the room's state was asked for that has not arrived yet. None: none is on its way."""
    is_slow: bool = False
    """Whether the last state was on its way for long."""

    def handle(self, input: PingInput, now: float) -> list[PingEffect]:
        """Handle one input. Returns no effect: they come from `expire`."""
        match input:
            case Started():
                self.due = self.regularly_due = self.started = now
                self.burst, self.unanswered = _BURST, 0
            case Stopped():
                self.due = self.asked_at = None
            case StateAsked():
                self.asked_at = now if self.asked_at is None else self.asked_at
            case StateCame():
                if self.asked_at is None:
                    return []
                self.is_slow, self.asked_at, self.unanswered = now - self.asked_at >= _DEAD_SECONDS, None, 0
            case Ponged():
                self.unanswered = 0
                if self.due is not None:
                    self.due = self.regularly_due
        return []

    def deadline(self) -> float | None:
        return self.due

    def expire(self, now: float) -> list[PingEffect]:
        """Send the next ping, or give up, if that is due."""
        if self.due is None or now < self.due:
            return []
        patience = _SLOW_SECONDS if self.is_slow and self.asked_at is not None else _DEAD_SECONDS
        if self.unanswered >= _DEAD_PINGS and now - self.unanswered_since >= patience:
            self.is_slow = self.asked_at is not None
            self.due = self.asked_at = None
            return [GiveUp()]
        self.burst -= 1
        gap = _BURST_GAP if self.burst > 0 else _OFTEN if now - self.started < _OFTEN_FOR else _SELDOM
        self.due, self.regularly_due = now + min(gap, _AGAIN), now + gap
        if not self.unanswered:
            self.unanswered_since = now
        self.unanswered += 1
        return [SendPing()]

    def check(self) -> None:
        """Assert the invariants."""
        assert self.due is None or self.due <= self.regularly_due
        assert self.unanswered >= 0
