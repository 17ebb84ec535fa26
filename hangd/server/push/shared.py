"""The subscriptions of a cluster: in its Redis, so that an invitation reaches everybody, whichever node it is asked of.

Each is an entry of its own, by the digest of its name, and beside it the name by the digest of its endpoint. They end
when their browser has not come for as long as the book of a server that is alone would remember it at least.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hangd.cluster.base import Change, Cluster, ClusterFailed
from hangd.protocol.errors import RequestRefused
from hangd.protocol.names import member_key
from hangd.protocol.push import PushSubscribe, PushUnsubscribe
from hangd.server.push.book import FORGOTTEN_AFTER, MOST, Book, Subscription
from hangd.server.push.files import load_book, remove_book
from hangd.server.push.subscriptions import NEW_BURST, NEW_PER_SECOND, RINGS_BURST, RINGS_PER_SECOND, check_new
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_LIST: Final = "push"
_ATTEMPTS: Final = 5
"""Another node may change an entry at the same time."""

_decoder: Final = msgspec.json.Decoder(Subscription)


class _Entry(NamedTuple):
    """A subscription, and as what it is kept."""

    subscription: Subscription
    kept: bytes


class SharedSubscriptions:
    """Implements `hangd.server.push.subscriptions.Subscriptions` for the nodes of a cluster.

    Args:
        folder: where a server keeps them that is alone: what is there from before is taken over.
        wall: returns Unix time.
    """

    def __init__(self, cluster: Cluster, folder: Path, *, wall: Callable[[], float] = time.time) -> None:
        self._cluster = cluster
        self._folder = folder
        self._wall = wall
        self._tasks = Tasks()

    def start(self) -> None:
        """As `Subscriptions.start`."""
        self._tasks.start(self._take_over(), name="take over subscriptions to invitations")

    async def subscribe(self, message: PushSubscribe, now: float) -> tuple[Subscription, bool]:
        is_counted = False
        try:
            for _ in range(_ATTEMPTS):
                old, before = await self._find(member_key(message.name)), await self._at(message.endpoint)
                # The rules are those of the book, which has as much here as a rule looks at.
                book = Book(entry.subscription for entry in (old, before) if entry is not None)
                if not is_counted and book.is_new(message):
                    is_counted = True
                    check_new(await self._cluster.take("push-new", NEW_PER_SECOND, NEW_BURST))
                made, is_new = book.subscribe(message, self._wall())
                if before is not None and before != old:
                    await self._change(before.subscription.name, before, None)
                if await self._enter(old, made):
                    return made, is_new
        except ClusterFailed:
            pass
        raise RequestRefused("Internal", "the servers cannot reach each other for now: try again in a moment")

    def unsubscribe(self, message: PushUnsubscribe) -> None:
        self._tasks.start(self._unsubscribe(message), name="end a subscription to invitations")

    async def _unsubscribe(self, message: PushUnsubscribe) -> None:
        try:
            old = await self._find(member_key(message.name))
            if old is not None and Book((old.subscription,)).unsubscribe(message):
                await self._strike(old)
        except ClusterFailed as failed:
            _log.warning(
                "a subscription to invitations could not be ended, which its browser believes it is: %s", failed
            )

    async def ring(self, name: str, now: float) -> Subscription | None:
        try:
            found = await self._find(member_key(name))
            if found is None:
                return None
            wait = await self._cluster.take(f"push-ring:{_digest(member_key(name))}", RINGS_PER_SECOND, RINGS_BURST)
        except ClusterFailed as failed:
            _log.warning("an invitation is not sent: %s", failed)
            return None
        return None if wait > 0.0 else found.subscription

    async def drop(self, subscription: Subscription) -> bool:
        try:
            entry = await self._find(member_key(subscription.name))
            return entry is not None and entry.subscription == subscription and await self._strike(entry)
        except ClusterFailed:
            return False  # The next invitation finds the same.

    async def aclose(self) -> None:
        await self._tasks.cancel()

    # ---- in the cluster ---------------------------------------------------------------------------------------------

    async def _find(self, name_key: str) -> _Entry | None:
        kept = await self._cluster.entry(_LIST, _digest(name_key))
        if kept is None:
            return None
        try:
            return _Entry(_decoder.decode(kept), kept)
        except msgspec.MsgspecError as error:
            _log.error("a subscription to invitations in Redis cannot be read: %s", error)
            return None

    async def _at(self, endpoint: str) -> _Entry | None:
        """Return the subscription of this browser."""
        name_key = await self._cluster.get(_endpoint_key(endpoint))
        found = None if name_key is None else await self._find(name_key.decode())
        return found if found is not None and found.subscription.endpoint == endpoint else None

    async def _enter(self, old: _Entry | None, made: Subscription) -> bool:
        """Returns whether it is entered. It is not if the entry has changed meanwhile. Raises RequestRefused: full."""
        match await self._change(made.name, old, msgspec.json.encode(made)):
            case Change.FULL:
                raise RequestRefused("ServerFull", "this server takes no more subscriptions")
            case Change.OTHER:
                return False
        await self._cluster.put(_endpoint_key(made.endpoint), member_key(made.name).encode(), FORGOTTEN_AFTER)
        if old is not None and old.subscription.endpoint != made.endpoint:
            await self._cluster.delete(_endpoint_key(old.subscription.endpoint))
        return True

    async def _strike(self, entry: _Entry) -> bool:
        if await self._change(entry.subscription.name, entry, None) is not Change.OK:
            return False
        await self._cluster.delete(_endpoint_key(entry.subscription.endpoint))
        return True

    async def _change(self, name: str, before: _Entry | None, after: bytes | None) -> Change:
        kept = None if before is None else before.kept
        key = _digest(member_key(name))
        return await self._cluster.change_entry(_LIST, key, kept, after, seconds=FORGOTTEN_AFTER, most=MOST)

    async def _take_over(self) -> None:
        """Enter what this server has kept in its file when it was alone, where nobody else has the name by now."""
        kept = load_book(self._folder)
        if not kept:
            return
        try:
            for one in kept:
                is_free = await self._find(member_key(one.name)) is None and await self._at(one.endpoint) is None
                if is_free and self._wall() - one.seen < FORGOTTEN_AFTER:
                    await self._enter(None, one)
            remove_book(self._folder)
        except (ClusterFailed, RequestRefused, OSError) as error:
            _log.warning("subscriptions to invitations from before the cluster are taken over later: %s", error)
        else:
            _log.info("the cluster has the subscriptions to invitations that were kept here")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _endpoint_key(endpoint: str) -> str:
    return f"push-at:{_digest(endpoint)}"
