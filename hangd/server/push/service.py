"""PushService: takes subscriptions and sends invitations. It is the hub's `Invitations`.

Nothing here waits for the network: messages are sent by tasks, a few at a time, on threads. What a client is answered
does not depend on whether there is somebody of a name, nor on what the push service says.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from hangd.cluster.base import Cluster
from hangd.log import LimitLog
from hangd.protocol.push import PushSubscribe, PushUnsubscribe
from hangd.rooms.edge.invitations import Invitation
from hangd.server.push.book import Subscription
from hangd.server.push.endpoints import check_endpoint
from hangd.server.push.keys import KeyUnusable, PushKey, has_key, load_key
from hangd.server.push.sending import send
from hangd.server.push.shared import SharedSubscriptions
from hangd.server.push.subscriptions import OwnSubscriptions, Subscriptions
from hangd.server.settings import ServerSettings
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

_AT_ONCE: Final = 4
"""Messages that are being sent at the same time; each has a thread."""
_WAITING_MOST: Final = 64
"""Messages that wait for that. Further ones are dropped."""
_SEND_DEADLINE: Final = 60.0


class _Text(msgspec.Struct, omit_defaults=True):
    """What the page's service worker shows: the text of a push message, as JSON."""

    title: str
    body: str
    room: str
    invite: str = ""


class PushService:
    """See the module's docstring.

    Args:
        subscriptions: who is invited under which name.
        contact: how the push services reach whoever runs this server, as a mailto: URL.
        services: further push services, as `check_endpoint` takes them.
    """

    def __init__(
        self, key: PushKey, subscriptions: Subscriptions, *, contact: str, services: tuple[str, ...] = ()
    ) -> None:
        self.key = key
        self._subscriptions = subscriptions
        self._contact = contact
        self._services = services
        self._tasks = Tasks()
        self._sending = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._limits = LimitLog(_log)

    def start(self) -> None:
        """Begin to keep subscriptions. A cluster is joined by now."""
        self._subscriptions.start()

    async def subscribe(self, message: PushSubscribe, now: float) -> None:
        check_endpoint(message.endpoint, self._services)
        subscription, is_new = await self._subscriptions.subscribe(message, now)
        if is_new:
            # It also tells whether there is such a browser: one that is made up is dropped at once.
            body = f"You get invitations as {subscription.name}."

            async def to_it() -> Subscription | None:
                return subscription

            self._send(to_it, _Text("hang", body, ""))

    def unsubscribe(self, message: PushUnsubscribe) -> None:
        self._subscriptions.unsubscribe(message)

    def invite(self, name: str, invitation: Invitation, now: float) -> None:
        where = f"the room {invitation.room}"
        body = where if invitation.film is None else f"{invitation.film}, in {where}"
        title = f"{invitation.by} invites you to watch together"
        text = _Text(title, body, invitation.room, invitation.invite or "")
        self._send(partial(self._subscriptions.ring, name, now), text)

    async def aclose(self) -> None:
        """Give up what is not sent yet, and keep what is not kept yet."""
        await self._tasks.cancel()
        await self._subscriptions.aclose()

    def _send(self, find: Callable[[], Awaitable[Subscription | None]], text: _Text) -> None:
        """Send a text to whom this finds, if anybody."""
        if self._waiting >= _WAITING_MOST:
            return self._limits.warn("", "invitations are dropped: %d wait to be sent", self._waiting)
        self._waiting += 1
        self._tasks.start(self._deliver(find, text), name="send an invitation")

    async def _deliver(self, find: Callable[[], Awaitable[Subscription | None]], text: _Text) -> None:
        try:
            subscription = await find()
            if subscription is None:
                return
            async with self._sending:
                encoded = msgspec.json.encode(text).decode()
                work = (send, subscription, encoded, self.key.path, self._contact)
                result = await in_thread(*work, deadline=_SEND_DEADLINE, doing="sending an invitation")
        except TimeoutError as error:
            _log.warning("%s", error)
        else:
            if result == "gone" and await self._subscriptions.drop(subscription):
                _log.info("a subscription to invitations leads nowhere, and is dropped")
        finally:
            self._waiting -= 1


def open_push(settings: ServerSettings, folder: Path, cluster: Cluster | None = None) -> PushService | None:
    """Return what sends invitations, if it is set up: a key in ``folder``, a contact and the extra. None: it is not.

    ``cluster``: of which this server is a node.
    """
    try:
        is_set_up = has_key(folder)
    except KeyUnusable as error:
        if settings.push_contact is not None:
            _log.error("no invitations are sent by push: %s", error)
        return None
    if not is_set_up:
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
    subscriptions = OwnSubscriptions(folder) if cluster is None else SharedSubscriptions(cluster, folder)
    service = PushService(key, subscriptions, contact=settings.push_contact, services=settings.push_services)
    _log.info("invitations are sent by push")
    return service
