"""Link: the state machine of a client's connection to its server, with back-off.

Theory of operation. Wanted sets the URL and leads from every state to DIALING. Unwanted clears it and leads from every
state to DOWN. While there is a URL, the link goes through
``WAITING -> DIALING -> GREETING -> UP`` and after any failure back to WAITING, unless the server said that dialing
again is no use (close codes 4500-4999, a refused Hello): then it is DOWN and keeps the reason. A server that has heard
nothing from a client in no room for long closes its connection (4003): the link is DOWN then, without a reason, until
the next Wanted, because to dial again at once would keep a place that nobody uses. The delay before the next try grows
to 1 s and stays there for two minutes, because somebody may be watching a film; then it grows to 15 s.

All clients of a server lose their connections in one instant, and must not all return in one. So every delay is drawn
at random, from a number that the caller passes: the first one from 0 to 0.5 s, later ones from half their length to
their whole length, and a delay that the server asked for in its Goodbye (t seconds) from t to 2 t.

`TRANSITIONS` holds what the other inputs lead to. Each Dial has a number, and so have the inputs that answer it: what
belongs to an attempt that was given up meanwhile is ignored.
"""

import enum
from typing import Final

from msgspec import Struct

from hangd.protocol.errors import CLOSE_IDLE, may_return


class LinkState(enum.Enum):
    DOWN = "disconnected"
    WAITING = "waiting"
    DIALING = "connecting"
    GREETING = "greeting"
    UP = "connected"


class Wanted(Struct, frozen=True):
    """The viewer wants a connection to this server."""

    url: str


class Unwanted(Struct, frozen=True):
    """The viewer wants no connection."""


class Dialed(Struct, frozen=True):
    attempt: int


class DialFailed(Struct, frozen=True):
    """``retry_after``: the least number of seconds after which dialing again may be of use."""

    attempt: int
    reason: str
    retry_after: float | None = None


class Welcomed(Struct, frozen=True):
    attempt: int


class Lost(Struct, frozen=True):
    """The connection ended. ``retry_after``: the least number of seconds to wait, from the server's Goodbye."""

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
    """Close the connection of this attempt, or stop dialing."""

    attempt: int


class StateChanged(Struct, frozen=True):
    """Tell the listeners."""

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
"""The next state after an input of the current attempt. An input that is missing here is ignored."""

# The delays before a new try, in seconds: the first two, the longest in the first two minutes, the longest after that.
_FIRST: Final = 0.5
_SOON: Final = 1.0
_SOON_FOR: Final = 120.0
_LATE: Final = 15.0


class Link(Struct):
    """See the module's docstring. Its fields are all of its state; callers only read them. Local times in seconds."""

    state: LinkState = LinkState.DOWN
    url: str | None = None
    reason: str | None = None
    """Why the last attempt or connection ended. None after a Welcome."""
    attempt: int = 0
    failures: int = 0
    """Attempts and connections that ended since the last Welcome."""
    failing_since: float | None = None
    retry_at: float | None = None

    def handle(self, input: LinkInput, now: float, jitter: float = 1.0) -> list[LinkEffect]:
        """Handle one input. Returns the effects to carry out, in order. Raises nothing.

        Args:
            jitter: a new random number of 0..1, which spreads the return of many clients over time.
        """
        match input:
            case Wanted(url=url):
                self.url, self.failures, self.failing_since = url, 0, None
                return [*self._hang_up(), *self._dial()]
            case Unwanted():
                self.url = None
                return [*self._hang_up(), *self._enter(LinkState.DOWN, None)]
        following = TRANSITIONS[self.state].get(type(input))
        if following is None or input.attempt != self.attempt:
            return []
        match input:
            case Dialed():
                return [*self._enter(following, None), SendHello(self.attempt)]
            case Welcomed():
                self.failures, self.failing_since = 0, None
                return self._enter(following, None)
            case DialFailed(reason=reason, retry_after=retry_after):
                return self._wait(reason, now, jitter, retry_after)
            case Lost(close_code=code) if code == CLOSE_IDLE and self.state is LinkState.UP:
                return self._enter(LinkState.DOWN, None)
            case Lost(close_code=code, reason=reason) if not may_return(code):
                return self._enter(LinkState.DOWN, reason)
            case Lost(reason=reason, retry_after=retry_after):
                return self._wait(reason, now, jitter, retry_after)

    def deadline(self) -> float | None:
        return self.retry_at

    def expire(self, now: float) -> list[LinkEffect]:
        """Dial again if the delay is over."""
        return [] if self.retry_at is None or now < self.retry_at else self._dial()

    def check(self) -> None:
        """Assert the invariants."""
        assert (self.retry_at is not None) == (self.state is LinkState.WAITING)
        assert self.url is not None or self.state is LinkState.DOWN

    def _dial(self) -> list[LinkEffect]:
        assert self.url is not None
        self.attempt += 1
        return [*self._enter(LinkState.DIALING, self.reason), Dial(self.url, self.attempt)]

    def _wait(self, reason: str, now: float, jitter: float, retry_after: float | None) -> list[LinkEffect]:
        effects = self._enter(LinkState.WAITING, reason)
        if self.failing_since is None:
            self.failing_since = now
        limit = _SOON if now - self.failing_since < _SOON_FOR else _LATE
        if self.failures == 0:
            delay = _FIRST * jitter
        else:
            # The exponent has a limit, because a link that fails for weeks would overflow the float.
            delay = min(_FIRST * 2.0 ** min(self.failures - 1, 10), limit) * (1.0 + jitter) / 2
        self.failures += 1
        self.retry_at = now + max(delay, (retry_after or 0.0) * (1.0 + jitter))
        return effects

    def _hang_up(self) -> list[LinkEffect]:
        busy = self.state in (LinkState.DIALING, LinkState.GREETING, LinkState.UP)
        return [HangUp(self.attempt)] if busy else []

    def _enter(self, state: LinkState, reason: str | None) -> list[LinkEffect]:
        changed = (state, reason) != (self.state, self.reason)
        self.state, self.reason, self.retry_at = state, reason, None
        return [StateChanged(state, reason)] if changed else []
