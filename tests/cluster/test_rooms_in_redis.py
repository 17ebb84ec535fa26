"""Rooms in a real Redis: who owns them, and what is committed."""

import asyncio
import time

import pytest

from hangd.cluster.base import LIFE_SECONDS, PUBLIC, ClusterFailed, Elsewhere, NameTaken, Outcome, Owned
from tests.cluster.listening import change, running_node, until
from tests.support.servers.redis_server import RedisServer

pytestmark = pytest.mark.real


async def test_what_is_committed_is_what_the_next_owner_gets(redis_server: RedisServer) -> None:
    async with running_node(redis_server.socket_url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1", "films", room=b"first")
        assert (
            await one.commit(owned, "r1", 1, fields={"room": b"second", "queue": b"q"}, applied={"l1": 7}) is Outcome.OK
        )
        assert await one.commit(owned, "r1", 2, fields={"queue": None}, applied={"l2": 1}) is Outcome.OK
        assert await one.commit(owned, "r1", 3, applied={"l2": 4}, ended=("l1",)) is Outcome.OK
        assert await two.cluster.claim("r1") == Elsewhere(one.name, owned.fence)
        assert await one.cluster.release("r1", owned.fence)
        claimed = await two.claim("r1")
        assert claimed == Owned(claimed.fence, 3, {"room": b"second"}, {"l2": 4})
        assert claimed.fence > owned.fence


async def test_a_room_is_found_by_its_id_and_its_alias(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url) as node:
        owned = await node.make("r1", "films")
        assert await node.cluster.create("r2", "films", {}) == NameTaken("r1")
        assert await node.cluster.find("r1", "r1") == "r1"
        assert await node.cluster.find("Films", "films") == "r1"
        assert await node.cluster.find("other", "other") is None
        assert await node.cluster.forget("r1", owned.fence)
        assert await node.cluster.find("Films", "films") is None
        assert await node.cluster.find("r1", "r1") is None
        assert await node.cluster.claim("r1") is None
        await node.make("r2", "films")


async def test_of_two_nodes_that_race_for_a_room_one_gets_it(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        for number in range(50):
            room_id = f"r{number}"
            owned = await one.make(room_id)
            await one.cluster.release(room_id, owned.fence)
            got = await asyncio.gather(one.cluster.claim(room_id), two.cluster.claim(room_id))
            (won,) = [answer for answer in got if isinstance(answer, Owned)]
            (lost,) = [answer for answer in got if isinstance(answer, Elsewhere)]
            assert lost == Elsewhere((one if got[0] is won else two).name, won.fence)


async def test_the_rooms_of_a_node_that_died_can_be_claimed_after_three_seconds(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one", life=LIFE_SECONDS) as one, running_node(redis_server.url) as two:
        await one.live()
        begun = time.monotonic()
        owned = await one.make("r1", room=b"kept")
        answer = await two.cluster.claim("r1")
        while isinstance(answer, Elsewhere):
            await asyncio.sleep(0.05)
            answer = await two.cluster.claim("r1")
        assert isinstance(answer, Owned)
        assert answer.fields == {"room": b"kept"}
        assert time.monotonic() - begun > 2.5  # Of three; the rest is what asking took.
        assert await one.commit(owned, "r1", 1, fields={"room": b"late"}) is Outcome.LOST
        assert (await two.claim("r1")).fields == {"room": b"kept"}
        with pytest.raises(ClusterFailed, match="does not count as alive"):
            await one.cluster.claim("r1")


async def test_an_owner_of_before_changes_and_publishes_nothing(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        stale = await one.make("r1", "films", room=b"first")
        assert await one.cluster.release("r1", stale.fence)
        owned = await two.claim("r1")
        parcels = [(two.name, b"from one")]
        assert await one.commit(stale, "r1", 1, fields={"room": b"late"}, parcels=parcels) is Outcome.LOST
        assert await one.commit(stale, "r1", 9, fields={"room": b"late"}, parcels=parcels, whole=True) is Outcome.LOST
        assert not await one.cluster.release("r1", stale.fence, parcels)
        assert not await one.cluster.forget("r1", stale.fence)
        assert await two.commit(owned, "r1", 1, parcels=[(two.name, b"from two")]) is Outcome.OK
        await until(lambda: two.told.parcels, "the parcel of the true owner")
        assert two.told.parcels == [b"from two"]
        assert await two.cluster.find("films", "films") == "r1"


async def test_an_owner_that_slept_does_not_bring_a_room_back_that_is_gone(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        stale = await one.make("r1", "films")
        await one.cluster.release("r1", stale.fence)
        owned = await two.claim("r1")
        assert await two.cluster.forget("r1", owned.fence)
        assert await one.commit(stale, "r1", 1) is Outcome.LOST
        assert await one.commit(stale, "r1", 1, whole=True, alias_key="films") is Outcome.LOST
        assert await two.cluster.find("films", "films") is None
        assert await two.cluster.rooms_without_owner() == []


async def test_a_commit_that_is_sent_twice_is_done_and_published_once(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1")
        for _ in range(3):
            assert await one.commit(owned, "r1", 1, parcels=[(two.name, b"a"), (two.name, b"b")]) is Outcome.OK
        assert await one.commit(owned, "r1", 2, parcels=[(two.name, b"c")]) is Outcome.OK
        await until(lambda: len(two.told.parcels) >= 3, "all parcels")
        assert two.told.parcels == [b"a", b"b", b"c"]


async def test_a_commit_that_does_not_follow_the_last_one_is_to_be_whole(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1", "films", room=b"a", queue=b"b")
        parcels = [(two.name, b"said")]
        assert await one.commit(owned, "r1", 3, fields={"room": b"c"}, parcels=parcels) is Outcome.WHOLE
        everything = {"fields": {"room": b"c"}, "applied": {"l": 2}, "whole": True, "alias_key": "films"}
        assert await one.commit(owned, "r1", 3, parcels=parcels, **everything) is Outcome.OK
        assert await one.commit(owned, "r1", 4) is Outcome.OK
        await until(lambda: two.told.parcels, "the parcel")
        assert two.told.parcels == [b"said"]
        kept = await one.claim("r1")
        assert (kept.number, kept.fields, kept.applied) == (4, {"room": b"c"}, {"l": 2})


async def test_after_redis_lost_everything_an_owner_writes_its_room_back(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        owned = await one.make("r1", "films", room=b"a")
        redis_server.restart(empty=True)
        await until(lambda: one.told.connections[-1] and len(one.told.connections) > 1, "a new connection")
        assert await one.live() is not None
        assert await one.cluster.find("films", "films") is None
        assert await one.commit(owned, "r1", 1) is Outcome.WHOLE
        fields = {"room": b"a", PUBLIC: b"{}"}
        assert await one.commit(owned, "r1", 1, whole=True, fields=fields, alias_key="films") is Outcome.OK
        assert await one.cluster.find("films", "films") == "r1"
        assert await one.cluster.public_rooms(None, 10) == [("r1", b"{}")]
        assert (await one.claim("r1")).fence > owned.fence


async def test_the_higher_fence_wins_after_redis_lost_the_last_change_of_owner(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        first = await one.make("r1", room=b"old")
        kept = redis_server.ask("DUMP", "hang:r:r1")
        await one.cluster.release("r1", first.fence)
        second = await two.claim("r1")
        redis_server.ask("RESTORE", "hang:r:r1", 60_000, kept, "REPLACE")
        assert await two.commit(second, "r1", 1) is Outcome.WHOLE
        assert await two.commit(second, "r1", 1, whole=True, fields={"room": b"new"}) is Outcome.OK
        assert await one.commit(first, "r1", 1) is Outcome.LOST


async def test_the_sweep_finds_the_rooms_that_nobody_owns(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        for number in range(30):
            owned = await one.make(f"one-{number}")
            if number < 3:
                await one.cluster.release(f"one-{number}", owned.fence)
            await two.make(f"two-{number}")
            await two.cluster.keep_client(f"client-{number}", f"two-{number}", b"proof")
        assert sorted(await two.cluster.rooms_without_owner()) == ["one-0", "one-1", "one-2"]
        redis_server.ask("DEL", f"hang:n:{one.name}")
        assert len(await two.cluster.rooms_without_owner(7)) == 7
        assert sorted(await two.cluster.rooms_without_owner()) == sorted(f"one-{number}" for number in range(30))


async def test_public_rooms_are_listed_in_the_order_of_their_ids(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url) as node:
        fences = {}
        for number in (3, 1, 2, 5, 4):
            room_id = f"r{number}"
            fences[room_id] = owned = await node.make(room_id)
            assert await node.commit(owned, room_id, 1, fields={PUBLIC: b"%d" % number}) is Outcome.OK
        await node.make("r0")
        await node.commit(fences["r4"], "r4", 2, fields={PUBLIC: None})
        await node.cluster.forget("r5", fences["r5"].fence)
        redis_server.ask("DEL", "hang:r:r2")
        assert await node.cluster.public_rooms(None, 1) == [("r1", b"1")]
        assert await node.cluster.public_rooms("r1", 10) == [("r3", b"3")]
        assert await node.cluster.public_rooms("r3", 10) == []


async def test_every_key_expires(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url) as node:
        owned = await node.make("r1", "films")
        await node.commit(owned, "r1", 1, fields={PUBLIC: b"{}"})
        await node.cluster.keep_client("c1", "r1", b"proof")
        await node.cluster.take("who", 1.0, 3.0)
        await node.cluster.add("who", 1, 60.0)
        await node.cluster.share("who", 2)
        await node.cluster.put("what", b"x", 60.0)
        await node.cluster.lead("clock", 60.0)
        await node.cluster.change_entry("names", "bob", None, b"x", seconds=60.0, most=9)
        gone = await node.make("r2", "gone")
        await node.cluster.forget("r2", gone.fence)
        redis_server.ask("DEL", "hang:r:r3")
        await node.commit(owned, "r3", 1, whole=True, fields={PUBLIC: b"{}"}, alias_key="third")
        keys = redis_server.ask("KEYS", "*")
        assert len(keys) == 16
        assert [key for key in keys if not key.startswith(b"hang:") or redis_server.ask("PTTL", key) < 0] == []


async def test_the_rooms_of_a_node_are_kept_for_as_long_as_it_lives(redis_server: RedisServer) -> None:
    lefts = {"hang:r:r1": 12_000, "hang:a:films": 12_000, "hang:public": 24_000}
    most = dict(lefts)
    renewed: set[str] = set()
    async with running_node(redis_server.url, keep=12.0) as node:
        owned = await node.make("r1", "films")
        assert await node.commit(owned, "r1", 1, fields={PUBLIC: b"{}"}) is Outcome.OK
        while len(renewed) < 3:  # A quarter of the time later.
            await node.live()
            await asyncio.sleep(0.1)
            for key, before in lefts.items():
                lefts[key] = redis_server.ask("PTTL", key)
                assert 0 < lefts[key] <= most[key]
                if lefts[key] > before:
                    renewed.add(key)


async def test_the_list_of_public_rooms_is_kept_for_longer_than_any_room(redis_server: RedisServer) -> None:
    month = 30 * 86400.0
    async with running_node(redis_server.url, keep=month) as node:
        owned = await node.make("r1")
        for whole in (False, True):
            redis_server.ask("DEL", "hang:public")
            number = 2 if whole else 1
            assert await node.commit(owned, "r1", number, fields={PUBLIC: b"{}"}, whole=whole) is Outcome.OK
            assert redis_server.ask("TTL", "hang:public") > month
            assert redis_server.ask("TTL", "hang:r:r1") > month - 60.0


async def test_clients_are_kept_for_a_day_however_long_rooms_are(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, keep=30 * 86400.0) as node:
        await node.cluster.keep_client("c1", "r1", b"proof")
        assert 0 < redis_server.ask("TTL", "hang:c:c1") <= 86400
        redis_server.ask("EXPIRE", "hang:c:c1", 60)
        node.cluster.renew_clients(["c1"])
        await node.cluster.client("c1")
        assert 60 < redis_server.ask("TTL", "hang:c:c1") <= 86400


async def test_a_thousand_commits_under_way_are_done_once_and_in_order_though_the_connection_breaks(
    redis_server: RedisServer,
) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1")
        outcomes: list[Outcome] = []
        under_way = []
        for number in range(1, 1001):
            parcels = [(two.name, b"%d" % number)]
            fields: dict[str, bytes | None] = {"room": b"x" * 500 + b"%d" % number}
            one.cluster.commit(change("r1", owned.fence, number, fields=fields, parcels=parcels), outcomes.append)
            if number % 100 == 50:
                await until(lambda: one.told.connections[-1], "a connection")
                await asyncio.sleep(0)  # They have left now, and no answer is read while the event loop stands still.
                under_way.append(number - len(outcomes))
                assert redis_server.drop_connections(f"hang-{one.name}") == 2
                await until(lambda: one.told.connections.count(False) == len(under_way), "it notices it")
        await until(lambda: len(outcomes) == 1000, "all answers")
        assert sum(under_way) > 100
        assert set(outcomes) == {Outcome.OK}
        await until(lambda: len(two.told.parcels) >= 1000, "all parcels")
        assert two.told.parcels == [b"%d" % number for number in range(1, 1001)]
        kept = await one.claim("r1")
        assert kept.number == 1000
        assert kept.fields["room"].endswith(b"x1000")


async def test_commits_that_a_redis_that_stood_still_gets_twice_are_done_once(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1")
        outcomes: list[Outcome] = []
        redis_server.stop()
        try:
            for number in range(1, 101):
                parcels = [(two.name, b"%d" % number)]
                one.cluster.commit(change("r1", owned.fence, number, parcels=parcels), outcomes.append)
            await until(lambda: not one.told.connections[-1] and not two.told.connections[-1], "both notice it")
            assert outcomes == []
        finally:
            redis_server.go_on()
        # Redis reads what both connections brought: the one that was given up, and the new one.
        await until(lambda: len(outcomes) == 100, "all answers")
        assert set(outcomes) == {Outcome.OK}
        assert (await one.claim("r1")).number == 100
        assert [parcel for parcel in two.told.parcels if two.told.parcels.count(parcel) > 1] == []


async def test_commits_wait_for_a_redis_that_is_killed_and_started_with_its_file(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        owned = await one.make("r1", "films", room=b"a")
        assert await one.commit(owned, "r1", 1, fields={"room": b"b"}) is Outcome.OK
        redis_server.kill()
        await until(lambda: not one.told.connections[-1], "it notices it")
        outcomes: list[Outcome] = []
        for number in range(2, 50):
            one.cluster.commit(change("r1", owned.fence, number, fields={"queue": b"%d" % number}), outcomes.append)
        redis_server.start()
        await until(lambda: len(outcomes) == 48, "all answers")
        assert set(outcomes) == {Outcome.OK}
        kept = await one.claim("r1")
        assert (kept.number, kept.fields) == (49, {"room": b"b", "queue": b"49"})


async def test_a_room_whose_making_was_not_answered_can_be_made_again(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        owned = await one.make("r1", "films", room=b"a")
        assert await one.cluster.create("r1", "films", {"room": b"a"}) == owned
        with pytest.raises(ClusterFailed, match="there is a room r1 already"):
            await two.cluster.create("r1", None, {})
        assert await one.commit(owned, "r1", 1) is Outcome.OK
        with pytest.raises(ClusterFailed, match="there is a room r1 already"):
            await one.cluster.create("r1", "films", {"room": b"a"})


async def test_a_room_that_is_claimed_is_kept_for_as_long_as_a_new_one(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        await one.make("r1", "films")
        for key in ("hang:r:r1", "hang:a:films"):
            redis_server.ask("PEXPIRE", key, 60_000)
        await one.claim("r1")
        assert [redis_server.ask("PTTL", key) > 80_000_000 for key in ("hang:r:r1", "hang:a:films")] == [True, True]


async def test_an_alias_that_another_room_took_after_a_loss_stays_with_that_one(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        first = await one.make("r1", "films")
        redis_server.ask("FLUSHALL")
        await two.live()
        await two.make("r2", "films")
        assert await one.commit(first, "r1", 1, whole=True, alias_key="films") is Outcome.OK
        assert await two.cluster.find("films", "films") == "r2"
        assert await two.cluster.find("r1", "r1") == "r1"
        assert await one.cluster.forget("r1", first.fence)
        assert await two.cluster.find("films", "films") == "r2"
