"""Who is invited under which name: the port to it, and the subscriptions of a server that is alone, in its file.

Those of a cluster are in `hangd.server.push.shared`.
"""

import asyncio
import logging
import time
from pathlib import Path
from typing import Final, Protocol

from hangd.engine.room.connection.ratelimit import TokenBucket
from hangd.protocol.errors import RequestRefused
from hangd.protocol.names import member_key
from hangd.protocol.push import PushSubscribe, PushUnsubscribe
from hangd.server.push.book import Book, Subscription
from hangd.server.push.files import load_book, write_book
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

NEW_BURST: Final = 30.0
NEW_PER_SECOND: Final = 0.1
"""New subscriptions, of all clients together: each makes the server connect to somebody."""
RINGS_BURST: Final = 2.0
RINGS_PER_SECOND: Final = 1 / 60
"""Invitations to one name, whoever sends them."""
_WRITE_DELAY: Final = 1.0
"""Seconds after a change until it is written, with all that have come in between."""


class Subscriptions(Protocol):
    """``now``: local time. What cannot be found out now counts as not there, unless something else is said."""

    def start(self) -> None:
        """Begin to keep them. What they are kept in can be reached by now."""

    async def subscribe(self, message: PushSubscribe, now: float) -> tuple[Subscription, bool]:
        """Enter a subscription, or renew one. Returns it, and whether this browser or this name is a new one.

        Raises:
            RequestRefused: as `Book.subscribe`; or there are too many new ones (RateLimited); or it cannot be done now.
        """

    def unsubscribe(self, message: PushUnsubscribe) -> None:
        """As `Book.unsubscribe`, which may be done a moment later."""

    async def ring(self, name: str, now: float) -> Subscription | None:
        """Return who is to be sent an invitation under this name. None: nobody, or not so soon again."""

    async def drop(self, subscription: Subscription) -> bool:
        """As `Book.drop`."""

    async def aclose(self) -> None: ...


def check_new(wait: float) -> None:
    """``wait``: seconds until there may be another new subscription. Raises RequestRefused if that is not now."""
    if wait > 0.0:
        raise RequestRefused.rate_limited("too many new subscriptions now", round(wait, 3), limit="subscriptions")


class OwnSubscriptions:
    """Implements `Subscriptions` for a server that is alone. ``folder``: where their file is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._book = Book(load_book(folder))
        self._new: TokenBucket | None = None
        self._rings: dict[str, TokenBucket] = {}
        self._write: asyncio.TimerHandle | None = None
        self._is_written = True
        self._writes = Tasks()
        self._writing = asyncio.Lock()

    def start(self) -> None:
        """As `Subscriptions.start`."""

    async def subscribe(self, message: PushSubscribe, now: float) -> tuple[Subscription, bool]:
        if self._new is None:
            self._new = TokenBucket.full(rate=NEW_PER_SECOND, burst=NEW_BURST, now=now)
        if self._book.is_new(message) and not self._new.take(now):
            check_new(self._new.wait(now))
        entered = self._book.subscribe(message, time.time())
        self._changed()
        return entered

    def unsubscribe(self, message: PushUnsubscribe) -> None:
        if self._book.unsubscribe(message):
            self._changed()

    async def ring(self, name: str, now: float) -> Subscription | None:
        subscription = self._book.find(name)
        if subscription is None:
            return None
        rings = self._rings.setdefault(
            member_key(name), TokenBucket.full(rate=RINGS_PER_SECOND, burst=RINGS_BURST, now=now)
        )
        return subscription if rings.take(now) else None

    async def drop(self, subscription: Subscription) -> bool:
        is_dropped = self._book.drop(subscription)
        if is_dropped:
            self._changed()
        return is_dropped

    async def aclose(self) -> None:
        """Write what is not written yet."""
        if self._write is not None:
            self._write.cancel()
        await self._write_now()

    def _changed(self) -> None:
        names = {member_key(one.name) for one in self._book.all()}
        self._rings = {name: bucket for name, bucket in self._rings.items() if name in names}
        self._is_written = False
        if self._write is None:
            self._write = asyncio.get_running_loop().call_later(_WRITE_DELAY, self._write_soon)

    def _write_soon(self) -> None:
        self._write = None
        self._writes.start(self._write_now(), name="write the subscriptions")

    async def _write_now(self) -> None:
        """Write the subscriptions, unless that is done. It is not cancelled: two threads would write one file."""
        async with self._writing:
            if self._is_written:
                return
            self._is_written = True
            all = self._book.all()
            try:
                await in_thread(write_book, self._folder, all, deadline=None, doing="writing the subscriptions")
            except OSError as error:
                _log.error("the subscriptions to invitations are not kept: %s", error)
