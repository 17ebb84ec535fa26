"""PushService: takes subscriptions and sends invitations. It is the hub's `Invitations`.

Nothing here waits for the network: messages are sent by tasks, a few at a time, on threads. What a client is answered
does not depend on whether there is somebody of a name, nor on what the push service says.
"""

import asyncio
import importlib.util
import logging
import time
from pathlib import Path
from typing import Final

import msgspec

from hangd.engine.room.ratelimit import TokenBucket
from hangd.log import LimitLog
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import PushSubscribe, PushUnsubscribe
from hangd.protocol.names import member_key
from hangd.rooms.invitations import Invitation
from hangd.server.push.book import Book, Subscription
from hangd.server.push.endpoints import check_endpoint
from hangd.server.push.files import load_book, write_book
from hangd.server.push.keys import KeyUnusable, PushKey, has_key, load_key
from hangd.server.push.sending import send
from hangd.server.settings import ServerSettings
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 4
"""Messages that are being sent at the same time; each has a thread."""
_WAITING_MOST: Final = 64
"""Messages that wait for that. Further ones are dropped."""
_SEND_DEADLINE: Final = 60.0
_NEW_BURST: Final = 30.0
_NEW_PER_SECOND: Final = 0.1
"""New subscriptions, of all clients together: each makes the server connect to somebody."""
_RINGS_BURST: Final = 2.0
_RINGS_PER_SECOND: Final = 1 / 60
"""Invitations to one name, whoever sends them."""
_WRITE_DELAY: Final = 1.0
"""Seconds after a change until it is written, with all that have come in between."""


class _Text(msgspec.Struct):
    """What the page's service worker shows: the text of a push message, as JSON."""

    title: str
    body: str
    room: str


class PushService:
    """See the module's docstring.

    Args:
        folder: where the subscriptions are kept.
        contact: how the push services reach whoever runs this server, as a mailto: URL.
        services: further push services, as `check_endpoint` takes them.
    """

    def __init__(self, key: PushKey, folder: Path, *, contact: str, services: tuple[str, ...] = ()) -> None:
        self.key = key
        self._folder = folder
        self._contact = contact
        self._services = services
        self._book = Book(load_book(folder))
        self._new: TokenBucket | None = None
        self._rings: dict[str, TokenBucket] = {}
        self._tasks = Tasks()
        self._sending = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._write: asyncio.TimerHandle | None = None
        self._is_written = True
        self._writes = Tasks()
        self._writing = asyncio.Lock()
        self._limits = LimitLog(_log)

    def subscribe(self, message: PushSubscribe, now: float) -> None:
        check_endpoint(message.endpoint, self._services)
        old = self._book.find(message.name)
        if (old is None or old.endpoint != message.endpoint) and not self._bucket(now).take(now):
            wait = round(self._bucket(now).wait(now), 3)
            raise RequestRefused.rate_limited("too many new subscriptions now", wait)
        subscription, is_new = self._book.subscribe(message, time.time())
        self._changed()
        if is_new:
            # It also tells whether there is such a browser: one that is made up is dropped at once.
            body = f"You get invitations as {subscription.name}."
            self._send(subscription, _Text("hang", body, ""))

    def unsubscribe(self, message: PushUnsubscribe) -> None:
        if self._book.unsubscribe(message):
            self._changed()

    def invite(self, name: str, invitation: Invitation, now: float) -> None:
        subscription = self._book.find(name)
        if subscription is None:
            return
        rings = self._rings.setdefault(
            member_key(name), TokenBucket.full(rate=_RINGS_PER_SECOND, burst=_RINGS_BURST, now=now)
        )
        if not rings.take(now):
            return
        where = f"the room {invitation.room}"
        body = where if invitation.film is None else f"{invitation.film}, in {where}"
        self._send(subscription, _Text(f"{invitation.by} invites you to watch together", body, invitation.room))

    async def aclose(self) -> None:
        """Give up what is not sent yet, and write what is not written yet."""
        await self._tasks.cancel()
        if self._write is not None:
            self._write.cancel()
        await self._write_now()

    def _bucket(self, now: float) -> TokenBucket:
        if self._new is None:
            self._new = TokenBucket.full(rate=_NEW_PER_SECOND, burst=_NEW_BURST, now=now)
        return self._new

    # ---- sending ----------------------------------------------------------------------------------------------------

    def _send(self, subscription: Subscription, text: _Text) -> None:
        if self._waiting >= _WAITING_MOST:
            return self._limits.warn("", "invitations are dropped: %d wait to be sent", self._waiting)
        self._waiting += 1
        self._tasks.start(self._deliver(subscription, text), name="send an invitation")

    async def _deliver(self, subscription: Subscription, text: _Text) -> None:
        try:
            async with self._sending:
                encoded = msgspec.json.encode(text).decode()
                work = (send, subscription, encoded, self.key.path, self._contact)
                result = await in_thread(*work, deadline=_SEND_DEADLINE, doing="sending an invitation")
        except TimeoutError as error:
            _log.warning("%s", error)
        else:
            if result == "gone" and self._book.drop(subscription):
                _log.info("a subscription to invitations leads nowhere, and is dropped")
                self._changed()
        finally:
            self._waiting -= 1

    # ---- writing ----------------------------------------------------------------------------------------------------

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


def open_push(settings: ServerSettings, folder: Path) -> PushService | None:
    """Return what sends invitations, if it is set up: a key in ``folder``, a contact and the extra. None: it is not."""
    if not has_key(folder):
        if settings.push_contact is not None:
            _log.warning("no invitations are sent by push: `hangd server push init` has not made a key yet")
        return None
    if importlib.util.find_spec("pywebpush") is None:
        _log.warning("no invitations are sent by push: that needs pywebpush (the extra 'push' of hang-sync)")
        return None
    if settings.push_contact is None:
        _log.warning("no invitations are sent by push: the push services want a --push-contact")
        return None
    try:
        key = load_key(folder)
    except KeyUnusable as error:
        _log.error("no invitations are sent by push: %s", error)
        return None
    service = PushService(key, folder, contact=settings.push_contact, services=settings.push_services)
    _log.info("invitations are sent by push")
    return service
