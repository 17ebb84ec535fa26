"""A Redis that can be reached, and refuses changes: it is asked again now and then, and told of once."""

import asyncio
import logging
import time

import pytest

from hangd.cluster.base import ClusterFailed, Outcome, new_incarnation
from hangd.cluster.redis.cluster import RedisCluster
from hangd.redis_url import parse_redis_url
from tests.cluster.listening import Recorder, change, running_node, until
from tests.support.servers.redis_server import RedisServer

pytestmark = pytest.mark.real

_REFUSALS = {"NOREPLICAS": ("min-replicas-to-write", 1, 0), "OOM": ("maxmemory", 1, 0)}


def _connections(server: RedisServer) -> int:
    """Return how many connections this Redis has taken."""
    return int(server.ask("INFO", "stats")["total_connections_received"])


@pytest.mark.parametrize("refusal", _REFUSALS)
async def test_a_redis_that_refuses_changes_is_not_stormed(
    redis_server: RedisServer, refusal: str, caplog: pytest.LogCaptureFixture
) -> None:
    setting, refuse, allow = _REFUSALS[refusal]
    async with running_node(redis_server.url, "one") as one:
        owned = await one.make("r1")
        await asyncio.sleep(1.1)  # A connection that has lasted.
        caplog.set_level(logging.INFO)
        caplog.clear()
        outcomes: list[Outcome] = []
        redis_server.ask("CONFIG", "SET", setting, refuse)
        try:
            before = _connections(redis_server)
            one.cluster.commit(change("r1", owned.fence, 1, fields={"room": b"x"}), outcomes.append)
            await asyncio.sleep(3.0)
            made = _connections(redis_server) - before
            print(f"{made} connections in 3 s, {len(caplog.records)} lines in the log: {one.told.connections}")
        finally:
            redis_server.ask("CONFIG", "SET", setting, allow)
        allowed = time.monotonic()
        assert made <= 20
        assert one.told.connections == [True, False], "nobody is told of a connection that is of no use"
        assert outcomes == []
        warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) <= 2 and all(refusal in warning for warning in warnings), warnings
        assert len(caplog.records) == len(warnings)
        await until(lambda: outcomes, "the answer")
        assert outcomes == [Outcome.OK]
        assert time.monotonic() - allowed < 3.0
        await until(lambda: "Redis can be reached again" in caplog.text, "it says so")
        assert caplog.text.count("Redis can be reached again") == 1


async def test_what_changes_nothing_waits_as_well_and_says_why(redis_server: RedisServer) -> None:
    async with running_node(redis_server.url, "one") as one:
        owned = await one.make("r1")
        redis_server.ask("CONFIG", "SET", "maxmemory", 1)
        try:
            outcomes: list[Outcome] = []
            one.cluster.commit(change("r1", owned.fence, 1, fields={"room": b"x"}), outcomes.append)
            await until(lambda: not one.told.connections[-1], "it leaves it")
            with pytest.raises(ClusterFailed):
                await one.cluster.find("r1", "r1")
            # Who has no change under way may read: `hangd cluster status` is for such times, too.
            reader = RedisCluster(parse_redis_url(redis_server.url), new_incarnation("two"))
            await reader.start(Recorder())
            assert await reader.find("r1", "r1") == "r1"
            await reader.aclose()
        finally:
            redis_server.ask("CONFIG", "SET", "maxmemory", 0)
        await until(lambda: outcomes == [Outcome.OK], "the answer")
