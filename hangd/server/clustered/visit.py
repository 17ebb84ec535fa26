"""Ask the Redis of a cluster something from beside the nodes: for a command, or what a node needs before it joins."""

import contextlib
from collections.abc import AsyncIterator

from hangd.cluster.base import Cluster, new_incarnation
from hangd.server.clustered.node import redis_place
from hangd.server.settings import ServerSettings


@contextlib.asynccontextmanager
async def visiting(settings: ServerSettings) -> AsyncIterator[Cluster]:
    """Be connected to the Redis that these settings name, as nobody: no node sees this visit.

    Raises:
        WrongSetting: as `redis_place` does.
        ClusterFailed: it cannot be reached.
    """
    from hangd.cluster.redis.cluster import RedisCluster

    cluster = RedisCluster(redis_place(settings), new_incarnation("visit"))
    await cluster.start(_Nobody())
    try:
        yield cluster
    finally:
        await cluster.aclose()


class _Nobody:
    """A `hangd.cluster.base.Listener` that takes no part: it renews no life, so nothing is sent to it."""

    def received(self, parcel: bytes, at: float) -> None:
        pass

    def beat_heard(self, number: int, at: float) -> None:
        pass

    def connected(self) -> None:
        pass

    def disconnected(self) -> None:
        pass

    def unreachable(self, node: str) -> None:
        pass
