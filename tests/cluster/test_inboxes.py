"""Messages between nodes through a real Redis."""

import asyncio
import math
import time

import pytest

from hangd.cluster.base import ClusterFailed, Outcome, Renewal
from tests.cluster.listening import Recorder, running_node, until
from tests.support.servers.redis_server import RedisServer

pytestmark = pytest.mark.real


async def test_parcels_arrive_in_order_with_the_time_at_which_they_arrived(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        begun = time.monotonic()
        sent = [b"%d" % number for number in range(500)]
        for parcel in sent:
            one.cluster.post(two.name, parcel)
        await until(lambda: len(two.told.parcels) == 500, "all parcels")
        assert two.told.parcels == sent
        assert begun < two.told.arrived[0]
        assert two.told.arrived == sorted(two.told.arrived)
        assert two.told.arrived[-1] < time.monotonic()
        assert one.told.parcels == []


async def test_any_bytes_can_be_a_parcel(redis_server: RedisServer) -> None:
    parcels = [b"", b"\0\r\n$3\r\n", bytes(range(256)), b"B12", b"A\n", b"x" * 3_000_000]
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        for parcel in parcels:
            one.cluster.post(two.name, parcel)
            one.cluster.broadcast(parcel)
        await until(lambda: len(two.told.parcels) == 2 * len(parcels), "all parcels")
        assert two.told.parcels == [parcel for parcel in parcels for _ in range(2)]


async def test_a_broadcast_goes_to_all_other_nodes_of_the_same_database(redis_server: RedisServer) -> None:
    async with (
        running_node(redis_server.url, "one") as one,
        running_node(redis_server.url, "two") as two,
        running_node(redis_server.url, "three") as three,
        running_node(redis_server.url.replace("/0", "/1"), "other") as other,
        running_node(redis_server.url, "stranger", prefix="strange:") as stranger,
    ):
        one.cluster.broadcast(b"to all")
        for node in (one, other, stranger):
            node.cluster.beat(1)
        await until(lambda: two.told.parcels and three.told.parcels, "the broadcast")
        await until(lambda: all(node.told.beats for node in (one, other, stranger)), "what was sent after it")
        assert two.told.parcels == three.told.parcels == [b"to all"]
        assert one.told.parcels == other.told.parcels == stranger.told.parcels == []


async def test_a_node_hears_its_own_beats(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        for number in range(3):
            one.cluster.beat(number)
        await until(lambda: len(one.told.beats) == 3, "the beats")
        assert one.told.beats == [0, 1, 2]
        assert two.told.beats == []


async def test_who_posts_to_a_node_that_is_gone_is_told(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        async with running_node(redis_server.url, "two") as two:
            one.cluster.post(two.name, b"x")
            await until(lambda: two.told.parcels, "the parcel")
        one.cluster.post(two.name, b"y")
        await until(lambda: one.told.deaf == [two.name], "it is told")
        owned = await one.make("r1")
        parcels = [(one.name, b"1"), (two.name, b"2"), (one.name, b"3"), (two.name, b"4")]
        assert await one.commit(owned, "r1", 1, parcels=parcels) is Outcome.OK
        assert one.told.deaf == [two.name, two.name]
        await until(lambda: one.told.parcels == [b"1", b"3"], "what was for the node itself")


async def test_what_others_publish_in_our_channels_harms_nobody(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        for channel in (f"hang:i:0:{one.name}", "hang:all:0"):
            for message in (b"", b"?", b"B", b"Bx", b"B-1", b"A", b"A\xff\n", b"\0" * 100):
                redis_server.ask("PUBLISH", channel, message)
        one.cluster.beat(7)
        await until(lambda: one.told.beats, "the beat")
        assert one.told.beats == [7]
        assert one.told.parcels == []
        assert one.told.connections == [True]


async def test_a_listener_that_fails_does_not_cost_the_connection(redis_server: RedisServer) -> None:
    class Failing(Recorder):
        def received(self, parcel: bytes, at: float) -> None:
            super().received(parcel, at)
            raise RuntimeError("it fails")

    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        two.told.__class__ = Failing
        one.cluster.post(two.name, b"1")
        one.cluster.post(two.name, b"2")
        await until(lambda: two.told.parcels == [b"1", b"2"], "both parcels")
        assert two.told.connections == [True]


async def test_nodes_are_listed_while_they_live(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "two") as two, running_node(redis_server.url, "one") as one:
        assert await one.live() is Renewal.KEPT
        assert await two.cluster.nodes() == [one.info(), two.info()]
        redis_server.ask("DEL", f"hang:n:{one.name}")
        assert await two.cluster.nodes() == [two.info()]
        assert await one.live() is Renewal.REVIVED
        redis_server.ask("SET", f"hang:n:{one.name}", b'{"node": 7}')
        assert await two.cluster.nodes() == [two.info()]


async def test_how_long_nobody_was_heard_of_who_may_know_the_time(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "two") as two, running_node(redis_server.url, "one") as one:
        assert await one.cluster.silence() == math.inf, "two lives, and says that it does not know the time"
        redis_server.ask("DEL", f"hang:n:{two.name}")
        assert await one.cluster.silence() < 60.0
        age = int(redis_server.ask("TIME")[0]) - 40
        redis_server.ask("ZADD", "hang:nodes", age, two.name)
        assert 40.0 <= await one.cluster.silence() < 60.0
        await two.live(clock_offset=1.0)
        assert await one.cluster.silence() < 40.0, "it lives, and knows the time"
        await two.live()
        assert await one.cluster.silence() == math.inf
        redis_server.ask("SET", f"hang:n:{two.name}", b"what no hang has written")
        assert await one.cluster.silence() < 60.0
    async with running_node(redis_server.url, "three") as three:
        assert await three.cluster.silence() == math.inf, "both have ended in order"


async def test_clients_are_found_by_every_node(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        assert await one.cluster.client("c1") is None
        assert await one.cluster.keep_client("c1", "r1", b"\0proof") is None
        assert await one.cluster.keep_client("c1", "r1", b"\xffproof") is None
        found = await two.cluster.client("c1")
        assert found is not None
        assert (found.room_id, found.proof, found.edge) == ("r1", b"\xffproof", one.name)
        assert not await two.cluster.keep_client_again("c1", "r2", b"other")
        assert await two.cluster.client("c1") == found
        assert await two.cluster.keep_client("c1", "r1", b"new") == one.name
        assert await two.cluster.keep_client_again("c1", "r1", b"newer")
        assert await two.cluster.keep_client_again("c3", "r1", b"lost")
        redis_server.ask("PEXPIRE", "hang:c:c1", 60_000)
        two.cluster.renew_clients(["c1", "c2"])
        assert not await one.cluster.forget_client("c1", "r2")
        assert redis_server.ask("PTTL", "hang:c:c1") > 80_000_000
        assert await one.cluster.forget_client("c1", "r1")
        assert await two.cluster.client("c1") is None


async def test_what_nodes_count_together(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        waits = [await node.cluster.take("who", 0.01, 3.0) for node in (one, two, one, two)]
        assert waits[:3] == [0.0, 0.0, 0.0]
        assert 50.0 < waits[3] <= 100.0
        assert await one.cluster.take("else", 0.01, 3.0) == 0.0
        assert [await node.cluster.add("who", 5, 60.0) for node in (one, two)] == [5, 10]
        assert await one.cluster.share("who", 3) == 3
        assert await two.cluster.share("who", 4) == 7
        redis_server.ask("DEL", f"hang:n:{two.name}")
        assert await one.cluster.share("who", 3) == 3
        await one.cluster.put("what", b"\0", 60.0)
        assert await two.cluster.get("what") == b"\0"
        assert not await two.cluster.put_new("what", b"1", 60.0)
        assert await two.cluster.delete("what")
        assert not await one.cluster.delete("what")
        assert await one.cluster.put_new("what", b"1", 60.0)


async def test_one_node_leads_until_it_dies(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        leaders = set(await asyncio.gather(*(node.cluster.lead("clock", 60.0) for node in (one, two) * 5)))
        (leader,) = leaders
        other = two if leader == one.name else one
        redis_server.ask("DEL", f"hang:n:{leader}")
        assert await other.cluster.lead("clock", 60.0) == other.name
        with pytest.raises(ClusterFailed, match="does not count as alive"):
            await (one if other is two else two).cluster.lead("clock", 60.0)
