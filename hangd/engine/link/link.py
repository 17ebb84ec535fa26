"""Link: the life of a client's connection to its server, as a table, with back-off.

Theory of operation. A link is wanted or it is not; ``wanted`` is the URL, set by Wanted and cleared by Unwanted. While
it is wanted it goes round ``WAITING -> DIALING -> GREETING -> UP`` and, whatever goes wrong on the way, back to
WAITING, unless the server said that coming back is no use (close codes 4500-4999, a refused Hello): then it is DOWN
with the reason kept. Delays grow from 0.25 s to 1 s and stay there for the first two minutes, since somebody watches
a film meanwhile; then they grow on to 15 s. They are multiplied by a jitter in 0.5..1 that is handed in, so that a
server that restarts is not met by everybody at once.

======== =========== =========== ============= ============ ==========================
state    Wanted      Dialed      DialFailed    Welcomed     Lost
======== =========== =========== ============= ============ ==========================
DOWN     DIALING     -           -             -            -
WAITING  DIALING     -           -             -            -
DIALING  DIALING     GREETING    WAITING       -            -
GREETING DIALING     -           -             UP           WAITING, or DOWN if final
UP       DIALING     -           -             -            WAITING, or DOWN if final
======== =========== =========== ============= ============ ==========================

Unwanted leads to DOWN from everywhere, and the time-out of WAITING to DIALING. An input that stands as "-" belongs to
an attempt that was given up meanwhile, and is ignored. Each Dial has a number; so have the inputs that answer it.
"""

import enum
from typing import Final

from msgspec import Struct

from hangd.protocol.errors import may_return

__all__ = [
    "TRANSITIONS",
    "Dial",
    "DialFailed",
    "Dialed",
    "HangUp",
    "Link",
    "LinkEffect",
    "LinkInput",
    "LinkState",
    "Lost",
    "SendHello",
    "StateChanged",
    "Unwanted",
    "Wanted",
    "Welcomed",
]


class LinkState(enum.Enum):
    DOWN = "disconnected"
    WAITING = "waiting"
    DIALING = "connecting"
    GREETING = "greeting"
    UP = "connected"


class Wanted(Struct, frozen=True):
    """A connection to this server is wanted, now."""

    url: str


class Unwanted(Struct, frozen=True):
    """No connection is wanted any more."""


class Dialed(Struct, frozen=True):
    attempt: int


class DialFailed(Struct, frozen=True):
    attempt: int
    reason: str


class Welcomed(Struct, frozen=True):
    attempt: int


class Lost(Struct, frozen=True):
    """The connection ended. ``retry_after`` is what a Goodbye named, in seconds."""

    attempt: int
    close_code: int
    reason: str
    retry_after: float | None = None


LinkInput = Wanted | Unwanted | Dialed | DialFailed | Welcomed | Lost


class Dial(Struct, frozen=True):
    url: str
    attempt: int


class SendHello(Struct, frozen=True):
    attempt: int


class HangUp(Struct, frozen=True):
    """Close the connection (or give up the dialing) of this attempt."""

    attempt: int


class StateChanged(Struct, frozen=True):
    """Tell whoever watches."""

    state: LinkState
    reason: str | None = None


LinkEffect = Dial | SendHello | HangUp | StateChanged

TRANSITIONS: Final[dict[LinkState, dict[type, LinkState]]] = {
    LinkState.DOWN: {},
    LinkState.WAITING: {},
    LinkState.DIALING: {Dialed: LinkState.GREETING, DialFailed: LinkState.WAITING},
    LinkState.GREETING: {Welcomed: LinkState.UP, Lost: LinkState.WAITING},
    LinkState.UP: {Lost: LinkState.WAITING},
}
"""Where an input of the current attempt leads. What is missing here is ignored; Wanted and Unwanted lead on always."""

_FIRST: Final = 0.25
_SOON: Final = 1.0
_SOON_FOR: Final = 120.0
_LATE: Final = 15.0


class Link:
    """See the module's docstring. ``jitter`` is drawn anew by the caller for each input that may need it."""

    def __init__(self) -> None:
        self.state = LinkState.DOWN
        self.url: str | None = None
        self.reason: str | None = None
        """Why the last attempt or connection ended; None after a Welcome."""
        self.attempt = 0
        self._failures = 0
        self._failing_since: float | None = None
        self._retry_at: float | None = None

    def handle(self, input: LinkInput, now: float, jitter: float = 1.0) -> list[LinkEffect]:
        """Take one fact. ``jitter``: a random number in 0.5..1."""
        match input:
            case Wanted(url=url):
                hang_up = self._hang_up()
                self.url, self._failures, self._failing_since = url, 0, None
                return [*hang_up, *self._dial()]
            case Unwanted():
                hang_up = self._hang_up()
                self.url = None
                return [*hang_up, *self._enter(LinkState.DOWN, None)]
        following = TRANSITIONS[self.state].get(type(input))
        if following is None or input.attempt != self.attempt:
            return []
        match input:
            case Dialed():
                return [*self._enter(following, None), SendHello(self.attempt)]
            case Welcomed():
                self._failures, self._failing_since = 0, None
                return self._enter(following, None)
            case DialFailed(reason=reason):
                return self._wait(reason, now, jitter, None)
            case Lost(close_code=code, reason=reason) if not may_return(code):
                return self._enter(LinkState.DOWN, reason)
            case Lost(reason=reason, retry_after=retry_after):
                return self._wait(reason, now, jitter, retry_after)

    def deadline(self) -> float | None:
        return self._retry_at

    def expire(self, now: float) -> list[LinkEffect]:
        """Dial again once the wait is over."""
        if self._retry_at is None or now < self._retry_at:
            return []
        return self._dial()

    def check(self) -> None:
        """Assert the invariants: waiting has a deadline, nothing else has; and whatever is not down has a URL."""
        assert (self._retry_at is not None) == (self.state is LinkState.WAITING)
        assert self.url is not None or self.state is LinkState.DOWN

    def _dial(self) -> list[LinkEffect]:
        assert self.url is not None
        self.attempt += 1
        reason = self.reason
        return [*self._enter(LinkState.DIALING, reason), Dial(self.url, self.attempt)]

    def _wait(self, reason: str, now: float, jitter: float, retry_after: float | None) -> list[LinkEffect]:
        if self._failing_since is None:
            self._failing_since = now
        limit = _SOON if now - self._failing_since < _SOON_FOR else _LATE
        delay = min(_FIRST * 2.0 ** min(self._failures, 10), limit) * jitter
        self._failures += 1
        effects = self._enter(LinkState.WAITING, reason)
        self._retry_at = now + max(delay, retry_after or 0.0)
        return effects

    def _hang_up(self) -> list[LinkEffect]:
        busy = self.state in (LinkState.DIALING, LinkState.GREETING, LinkState.UP)
        return [HangUp(self.attempt)] if busy else []

    def _enter(self, state: LinkState, reason: str | None) -> list[LinkEffect]:
        self._retry_at = None
        changed = (state, reason) != (self.state, self.reason)
        self.state, self.reason = state, reason
        return [StateChanged(state, reason)] if changed else []
