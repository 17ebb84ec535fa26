"""PingSchedule: when to ask a server for its time, and when to give up on it.

A burst to lock on, then often, then seldom. The burst is long for links that jitter: by 30 ms each way, 8 pings leave
the clock 9 ms off (p95 of 400 made-up links) and it stays so for long, as it is slewed from there; 32 leave it 3 ms
off, two seconds after connecting.

A ping without an answer is followed by others soon, however seldom they were, and when some have had none a connection
is dead, whatever TCP still hopes for: what TCP sends again, it sends ever more seldom, so that a link that was away for
20 s would be found to be back up to 6 s late.
"""

from typing import Final

__all__ = ["PingSchedule"]

_BURST_GAP: Final = 0.05
_OFTEN: Final = 2.0
_OFTEN_FOR: Final = 20.0
_SELDOM: Final = 8.0
_AGAIN: Final = 2.0
"""Seconds to the next ping while the last one has not been answered."""
_DEAD_PINGS: Final = 3
_DEAD_SECONDS: Final = 5.0
"""So many pings without an answer, and so long since the first: one alone may have waited while this process stood."""


class PingSchedule:
    """``start`` on connecting, ``sent`` after each ping, ``answered`` at each Pong; ``due`` is when to look again: then
    either ``is_dead``, or the next ping goes out. Times are local ones, in seconds.
    """

    def __init__(self) -> None:
        self.due: float | None = None
        self._regularly_due = 0.0
        self._burst = 0
        self._started = 0.0
        self._unanswered = 0
        self._unanswered_since = 0.0

    def start(self, now: float, burst: int = 32) -> None:
        """Begin anew: ``burst`` pings, 50 ms apart."""
        self._started, self._burst, self._unanswered = now, burst, 0
        self.due = self._regularly_due = now

    def stop(self) -> None:
        self.due = None

    def sent(self, now: float) -> None:
        """A ping went out."""
        if not self._unanswered:
            self._unanswered_since = now
        self._unanswered += 1
        self._burst -= 1
        if self._burst > 0:
            gap = _BURST_GAP
        else:
            gap = _OFTEN if now - self._started < _OFTEN_FOR else _SELDOM
        self._regularly_due = now + gap
        self.due = now + min(gap, _AGAIN)

    def answered(self) -> None:
        """A Pong came back, for whichever ping."""
        self._unanswered = 0
        if self.due is not None:
            self.due = self._regularly_due

    def is_dead(self, now: float) -> bool:
        """Whether nobody answers any more."""
        return self._unanswered >= _DEAD_PINGS and now - self._unanswered_since >= _DEAD_SECONDS
