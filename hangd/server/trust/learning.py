"""Learning: look at what other servers have changed when there is a reason to, at most once in a second.

A server that is one of several notices within two seconds what the others change in the store that they share. That is
too late for a client that has logged in at one of them, or has got an invite there, and comes to another one then.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from hangd.tasks import Tasks

_SECONDS: Final = 1.0
_PATIENCE: Final = 5.0


class Learning:
    """``look`` looks, and raises nothing. It runs as one of ``tasks``."""

    def __init__(self, look: Callable[[], Awaitable[None]], tasks: Tasks) -> None:
        self._look = look
        self._tasks = tasks
        self._looked_at = time.monotonic() - _SECONDS
        self._next: asyncio.Task[None] | None = None

    def soon(self) -> asyncio.Task[None]:
        """Look at once, or in a second if that was just done. Returns what ends when it is done."""
        if self._next is None:
            self._next = self._tasks.start(self._look_once(), name="look at what other servers have changed")
        return self._next

    async def wait(self) -> None:
        """Wait for a look that begins from now on; not for ever, if the store does not answer."""
        await asyncio.wait([self.soon()], timeout=_PATIENCE)

    async def _look_once(self) -> None:
        try:
            await asyncio.sleep(self._looked_at + _SECONDS - time.monotonic())
        finally:
            self._looked_at, self._next = time.monotonic(), None  # Who comes from now on waits for the next one.
        await self._look()
