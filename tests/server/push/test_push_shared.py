"""The subscriptions of a cluster: two nodes with one memory, and with a real Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from hangd.protocol.errors import RequestRefused
from hangd.protocol.push import PushKeys, PushSubscribe, PushUnsubscribe
from hangd.server.push import shared
from hangd.server.push.book import FORGOTTEN_AFTER, Subscription
from hangd.server.push.files import load_book, write_book
from hangd.server.push.shared import SharedSubscriptions
from tests.cluster.listening import PATIENCE, Recorder, running_node
from tests.cluster.model_redis import ModelNode, ModelRedis
from tests.support.servers.redis_server import RedisServer, redis_server, shared_redis

__all__ = ["redis_server", "shared_redis"]

KEYS: Final = PushKeys("x" * 87, "x" * 22)
ANN: Final = PushSubscribe("Ann", "https://push.example/ann", KEYS, "secret of ann's phone")
EVE: Final = PushSubscribe("Eve", "https://push.example/eve", KEYS, "secret of somebody else")


async def model() -> tuple[ModelRedis, ModelNode, ModelNode]:
    redis = ModelRedis()
    nodes = ModelNode(redis, "one-00000000"), ModelNode(redis, "two-00000000")
    for node in nodes:
        await node.start(Recorder())
    return redis, *nodes


async def both(folder: Path = Path("/nowhere")) -> tuple[ModelRedis, SharedSubscriptions, SharedSubscriptions]:
    redis, one, two = await model()
    return redis, SharedSubscriptions(one, folder), SharedSubscriptions(two, folder)


async def refusal(one: SharedSubscriptions, message: PushSubscribe) -> str:
    with pytest.raises(RequestRefused) as caught:
        await one.subscribe(message, 0.0)
    return caught.value.code


async def ends(one: SharedSubscriptions, message: PushUnsubscribe) -> None:
    one.unsubscribe(message)
    await asyncio.gather(*one._tasks._tasks)


async def test_who_subscribes_at_one_node_is_rung_from_another() -> None:
    _, one, two = await both()
    made, is_new = await one.subscribe(ANN, 0.0)
    assert is_new and await two.ring("\uff21NN", 0.0) == made
    again, is_new = await two.subscribe(ANN, 0.0)
    assert not is_new and again.seen >= made.seen
    assert await two.ring("Bob", 0.0) is None


async def test_a_name_is_of_one_browser_at_all_nodes() -> None:
    _, one, two = await both()
    await one.subscribe(ANN, 0.0)
    assert await refusal(two, replace(EVE, name="ann")) == "NameTaken"
    assert await refusal(two, replace(ANN, name="Eve", secret=EVE.secret)) == "Forbidden"
    await ends(two, PushUnsubscribe("Ann", EVE.secret))
    assert await one.ring("Ann", 0.0) is not None
    await ends(two, PushUnsubscribe("Ann", ANN.secret))
    assert await one.ring("Ann", 0.0) is None
    assert (await one.subscribe(replace(EVE, name="ann"), 0.0))[1]


async def test_a_browser_has_one_name_and_a_name_one_browser() -> None:
    _, one, two = await both()
    await one.subscribe(ANN, 0.0)
    renamed, _ = await two.subscribe(replace(ANN, name="Bob"), 0.0)
    assert await one.ring("Ann", 0.0) is None and await one.ring("Bob", 0.0) == renamed
    moved, is_new = await one.subscribe(replace(ANN, name="Bob", endpoint="https://push.example/new"), 0.0)
    assert is_new and await two.ring("Bob", 0.0) == moved
    # The old browser is nobody's now.
    assert (await two.subscribe(replace(EVE, endpoint=ANN.endpoint), 0.0))[1]


async def test_a_name_is_rung_twice_at_once_whichever_nodes_are_asked() -> None:
    redis, one, two = await both()
    await one.subscribe(ANN, 0.0)
    assert [await node.ring("Ann", 0.0) is not None for node in (one, two, one, two)] == [True, True, False, False]
    redis.advance(redis.now + 61.0)
    assert [await node.ring("Ann", 0.0) is not None for node in (one, two)] == [True, False]


async def test_new_subscriptions_are_counted_at_all_nodes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "NEW_BURST", 2.0)
    _, one, two = await both()
    await one.subscribe(ANN, 0.0)
    assert await refusal(two, replace(EVE, name="ann")) == "NameTaken", "that counts, too: it tells something"
    assert await refusal(two, EVE) == "RateLimited"
    assert not (await two.subscribe(ANN, 0.0))[1], "a renewal is not new"


async def test_a_full_list_takes_nobody_until_somebody_was_away_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "MOST", 1)
    redis, one, two = await both()
    await one.subscribe(ANN, 0.0)
    assert await refusal(two, EVE) == "ServerFull"
    renamed = replace(ANN, name="Bob")
    assert (await two.subscribe(renamed, 0.0))[1] is True, "it has a place"
    redis.advance(redis.now + FORGOTTEN_AFTER + 1.0)
    assert await one.ring("Bob", 0.0) is None
    assert (await two.subscribe(EVE, 0.0))[1]


async def test_what_leads_nowhere_is_dropped_but_not_what_has_replaced_it() -> None:
    _, one, two = await both()
    old, _ = await one.subscribe(ANN, 0.0)
    new, _ = await two.subscribe(replace(ANN, endpoint="https://push.example/new"), 0.0)
    assert not await one.drop(old)
    assert await one.drop(new) and await two.ring("Ann", 0.0) is None


async def test_without_redis_who_subscribes_is_told_so_and_nobody_is_rung() -> None:
    _, one, two = await model()
    at_one = SharedSubscriptions(one, Path("/nowhere"))
    made, _ = await at_one.subscribe(ANN, 0.0)
    one.cut()
    assert await refusal(at_one, EVE) == "Internal"
    assert await at_one.ring("Ann", 0.0) is None
    assert not await at_one.drop(made)
    await ends(at_one, PushUnsubscribe("Ann", ANN.secret))
    assert await SharedSubscriptions(two, Path("/nowhere")).ring("Ann", 0.0) == made


async def test_what_a_server_alone_has_kept_is_taken_over_once(tmp_path: Path) -> None:
    wall = 1e9
    kept = [
        Subscription(name, f"https://push.example/{name}", "x", "y", "0" * 64, seen)
        for name, seen in (("Ann", wall - 5.0), ("Bob", wall - 5.0), ("Cem", wall - FORGOTTEN_AFTER - 5.0))
    ]
    write_book(tmp_path, kept)
    _, one, two = await model()
    bob, _ = await SharedSubscriptions(two, tmp_path).subscribe(replace(EVE, name="bob"), 0.0)
    at_one = SharedSubscriptions(one, tmp_path, wall=lambda: wall)
    at_one.start()
    await asyncio.gather(*at_one._tasks._tasks)
    found = [await at_one.ring(name, 0.0) for name in ("Ann", "Bob", "Cem")]
    assert found == [kept[0], bob, None]
    assert load_book(tmp_path) == []
    await at_one.aclose()


@asynccontextmanager
async def at_redis(server: RedisServer) -> AsyncIterator[SharedSubscriptions]:
    async with running_node(server.url) as node:
        yield SharedSubscriptions(node.cluster, Path("/nowhere"))


@pytest.mark.real
async def test_two_who_want_a_name_at_the_same_time_are_not_both_given_it(redis_server: RedisServer) -> None:
    async with at_redis(redis_server) as one, at_redis(redis_server) as two:
        for number in range(10):
            asked = [
                node.subscribe(
                    replace(
                        EVE, name=f"n{number}", endpoint=f"https://push.example/{which}/{number}", secret=which * 16
                    ),
                    0.0,
                )
                for which, node in (("a", one), ("b", two))
            ]
            async with asyncio.timeout(PATIENCE):
                got = await asyncio.gather(*asked, return_exceptions=True)
            (won,) = [answer for answer in got if not isinstance(answer, BaseException)]
            (lost,) = [answer for answer in got if isinstance(answer, RequestRefused)]
            assert lost.code == "NameTaken" and await one.ring(f"n{number}", 0.0) == won[0]


@pytest.mark.real
async def test_redis_keeps_them_for_ninety_days_and_no_name_is_in_a_key(redis_server: RedisServer) -> None:
    async with at_redis(redis_server) as one:
        made, _ = await one.subscribe(replace(ANN, name="unguessable"), 0.0)
        await one.ring("unguessable", 0.0)
        keys = [key for key in redis_server.ask("KEYS", "*") if b"push" in key]
        assert len(keys) == 5, keys
        assert not [key for key in keys if b"unguessable" in key or b"example" in key]
        lasting = [key for key in keys if redis_server.ask("TTL", key) > FORGOTTEN_AFTER - 60.0]
        assert len(lasting) == 3 and max(redis_server.ask("TTL", key) for key in keys) <= FORGOTTEN_AFTER
        (entry,) = [key for key in keys if key.startswith(b"hang:e:")]
        assert msgspec.json.decode(redis_server.ask("GET", entry), type=Subscription) == made
        # What no hang has written takes nobody's name for ever, and harms nobody.
        redis_server.ask("SET", entry, b"something else", "EX", 60)
        assert await one.ring("unguessable", 0.0) is None
        assert await refusal(one, replace(ANN, name="unguessable")) == "Internal"
        await ends(one, PushUnsubscribe("unguessable", ANN.secret))
