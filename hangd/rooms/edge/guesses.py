"""Count guesses of secrets for the networks that they come from, so that nobody tries many.

The limit itself is that of `Trust`. Here it is made to hold for guesses at once: of each network one password is
compared at a time, and whether the network may guess is asked just before that.
"""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from hangd.protocol.errors import RequestRefused
from hangd.rooms.counters import Counters
from hangd.rooms.trust import Trust, Visitor


class Guesses:
    def __init__(self, trust: Trust, now: Callable[[], float], counters: Counters) -> None:
        self._trust = trust
        self._counters = counters
        self._now = now
        self._comparing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By network. A lock lives for as long as somebody holds it or waits for it."""

    def limit(self, visitor: Visitor) -> RequestRefused | None:
        """Return why this client may not try secrets for now. None: it may."""
        try:
            self._trust.may_guess(visitor.address, self._now())
        except RequestRefused as refused:
            return refused
        return None

    def wrong(self, visitor: Visitor) -> None:
        """Count that this client has shown a secret that is wrong."""
        self._counters.wrong_secrets += 1
        self._trust.guessed_wrong(visitor.address, self._now())

    async def compare(self, visitor: Visitor, comparing: Callable[[], Awaitable[bool]]) -> bool | RequestRefused:
        """Return whether the client knows a password, as ``comparing`` finds out. RequestRefused: it has to wait."""
        lock = self._comparing.setdefault(visitor.network, asyncio.Lock())
        async with lock:
            if (refused := self.limit(visitor)) is not None:
                return refused
            matches = await comparing()
            if not matches:
                self.wrong(visitor)
            return matches
