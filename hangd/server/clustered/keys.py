"""The keys of a cluster whose nodes share no database: by Redis, all of them sign and tag with the same ones.

Without that, an invite of one node would be nothing to the others, and whom a room has banned would be let in
elsewhere. With a database the keys are in it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from hangd.cluster.base import ClusterFailed
from hangd.server.clustered.visit import visiting
from hangd.server.listening import StartFailed
from hangd.server.settings import ServerSettings
from hangd.server.trust.keys import SIGNED_MAX, prepare_keys
from hangd.store.base import SigningKey, Store, StoreFailed
from hangd.store.thread import StoreThread
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_NAME: Final = "keys"
_KEPT_SECONDS: Final = 400 * 86400.0
_SYNC_SECONDS: Final = 60.0
"""A key that one node has made signs at once there. The others have it within this time, or when they miss it."""

_decoder: Final = msgspec.msgpack.Decoder(tuple[SigningKey, ...])


class SharedKeys:
    """Keeps the keys in this node's store and those in Redis the same. ``wall`` returns Unix time."""

    def __init__(self, settings: ServerSettings, store: StoreThread, *, wall: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._store = store
        self._wall = wall
        self._tasks = Tasks()

    async def start(self) -> None:
        """Take the cluster's keys over, or make them if this is its first node, and keep them the same from now on.

        Raises:
            StartFailed: Redis cannot be reached.
        """
        try:
            await self._sync(adopt=True)
        except ClusterFailed as failed:
            raise StartFailed(f"the cluster cannot be joined: {failed}") from failed
        self._tasks.start(self._follow(), name="share keys")

    async def aclose(self) -> None:
        await self._tasks.cancel()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_SYNC_SECONDS)
            await self.bring_together()

    async def bring_together(self) -> None:
        """Let the store have what others have made, and them what is in the store. A failure is logged."""
        try:
            await self._sync()
        except (ClusterFailed, StoreFailed) as failed:
            _log.debug("keys are not shared for now: %s", failed)
        except Exception:
            _log.exception("keys could not be shared")

    async def _sync(self, *, adopt: bool = False) -> None:
        """Let Redis and the store have the keys of both. ``adopt``: those that only the store has are dropped."""
        wall = self._wall()
        async with visiting(self._settings) as cluster:
            own = await self._store.run(lambda store: prepare_keys(store, wall))
            if adopt:
                await cluster.put_new(_NAME, _encoded(own), _KEPT_SECONDS)
            shared = _decoded(await cluster.get(_NAME))
            keys = united(shared if adopt and shared else [*shared, *own], wall)
            # Also where nothing has changed, so that it is not forgotten while a node runs.
            await cluster.put(_NAME, _encoded(keys), _KEPT_SECONDS)
        await self._store.run(lambda store: replace_keys(store, keys))


def united(keys: Iterable[SigningKey], wall: float) -> list[SigningKey]:
    """Return each key once, retired where anybody has retired it, and without those whose signatures are all over."""
    found: dict[str, SigningKey] = {}
    for key in keys:
        known = found.get(key.kid)
        if known is None or (known.retired_at is None and key.retired_at is not None):
            found[key.kid] = key
    return [key for key in found.values() if key.retired_at is None or wall - key.retired_at <= SIGNED_MAX]


def replace_keys(store: Store, keys: Iterable[SigningKey]) -> None:
    """Let the store have these keys and no others. Nothing is written where it has them already."""
    wanted, there = {key.kid: key for key in keys}, {key.kid: key for key in store.keys()}
    if wanted == there:
        return
    with store.together():
        for key in wanted.values():
            if there.get(key.kid) != key:
                store.put_key(key)
        for kid in there.keys() - wanted.keys():
            store.remove_key(kid)


def _encoded(keys: Iterable[SigningKey]) -> bytes:
    return msgspec.msgpack.encode(tuple(keys))


def _decoded(value: bytes | None) -> tuple[SigningKey, ...]:
    """Return what Redis has; nothing where it has what no hang has written."""
    if value is None:
        return ()
    try:
        return _decoder.decode(value)
    except msgspec.MsgspecError as error:
        _log.error("the keys in Redis cannot be read, and are replaced: %s", error)
        return ()
