"""Nodes without a database sign and tag with the same keys, by a real Redis."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from hangd.server.clustered import keys as cluster_keys
from hangd.server.clustered.keys import SharedKeys, replace_keys, united
from hangd.server.listening import StartFailed
from hangd.server.settings import ServerSettings
from hangd.server.trust.keys import SIGNED_MAX, Keyring, prepare_keys
from hangd.store.base import SigningKey, Store
from hangd.store.opening import open_memory
from hangd.store.thread import StoreThread
from tests.cluster.listening import PATIENCE
from tests.support.daemons.party import free_port
from tests.support.servers.redis_server import RedisServer


def key(kid: str, created_at: float = 0.0, retired_at: float | None = None) -> SigningKey:
    return SigningKey(kid, "ed25519", kid.encode() * 32, created_at, retired_at)


def test_keys_are_united_and_old_ones_dropped() -> None:
    now = 1e9
    late, over = now - SIGNED_MAX + 1, now - SIGNED_MAX - 1
    found = united([key("a"), key("b"), key("a", retired_at=late), key("c", retired_at=over)], now)
    assert found == [key("a", retired_at=late), key("b")]
    assert united([key("a", retired_at=late), key("a")], now) == [key("a", retired_at=late)]


def test_keys_that_are_there_already_are_no_change() -> None:
    store = open_memory()
    replace_keys(store, [key("a"), key("b")])
    revision = store.revision()
    replace_keys(store, [key("b"), key("a")])
    assert store.revision() == revision
    replace_keys(store, [key("a", retired_at=5.0), key("c")])
    assert sorted(one.kid for one in store.keys()) == ["a", "c"] and store.revision() > revision
    store.close()


@contextlib.asynccontextmanager
async def sharing(redis: RedisServer) -> AsyncIterator[StoreThread]:
    """A node's store whose keys are shared."""
    store = StoreThread(open_memory())
    keys = SharedKeys(ServerSettings(cluster=redis.url), store)
    try:
        await keys.start()
        yield store
    finally:
        await keys.aclose()
        await store.aclose()


async def keys_of(store: StoreThread) -> dict[str, SigningKey]:
    return {one.kid: one for one in await store.run(lambda store: store.keys())}


@pytest.mark.real
async def test_every_node_has_the_keys_of_the_first_one(redis_server: RedisServer) -> None:
    async with sharing(redis_server) as one, sharing(redis_server) as two:
        first = await keys_of(one)
        assert len(first) == 2 and await keys_of(two) == first
        rings = [Keyring(await store.run(lambda store: prepare_keys(store, time.time()))) for store in (one, two)]
        assert rings[0].issuer == rings[1].issuer and rings[0].tag_secret == rings[1].tag_secret
    async with sharing(redis_server) as later:
        assert await keys_of(later) == first, "though none of the others is left"
    names = redis_server.ask("KEYS", "*")
    assert names and all(redis_server.ask("TTL", name) > 0 for name in names)


@pytest.mark.real
async def test_a_new_key_reaches_the_other_nodes_and_what_was_signed_stays_good(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_keys, "_SYNC_SECONDS", 0.05)
    async with sharing(redis_server) as one, sharing(redis_server) as two:
        before = await keys_of(one)

        def rotate(store: Store) -> None:
            prepare_keys(store, time.time(), rotate=True)

        await one.run(rotate)
        await two.run(rotate)
        rotated = {**await keys_of(one), **await keys_of(two)}
        assert len(rotated) == 4, "each has made one of its own"
        async with asyncio.timeout(PATIENCE):
            while not (await keys_of(one) == (now := await keys_of(two)) and now.keys() == rotated.keys()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        signing = Keyring([*now.values()]).signing()[0]
        assert signing in rotated.keys() - before.keys(), "both sign with the newer one"


async def test_without_redis_no_node_starts() -> None:
    store = StoreThread(open_memory())
    keys = SharedKeys(ServerSettings(cluster=f"redis://127.0.0.1:{free_port()}/0"), store)
    with pytest.raises(StartFailed, match="the cluster cannot be joined: "):
        await keys.start()
    await keys.aclose()
    await store.aclose()
