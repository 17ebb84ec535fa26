"""A listener that keeps what it is told, and a node with one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from msgspec.structs import replace

from hangd.cluster.base import Cluster, Commit, NodeInfo, Outcome, Owned, Renewal, new_incarnation
from hangd.cluster.redis.cluster import RedisCluster
from hangd.redis_url import parse_redis_url

PATIENCE: Final = 60.0


class Recorder:
    """What a node was told, in order."""

    def __init__(self) -> None:
        self.parcels: list[bytes] = []
        self.arrived: list[float] = []
        self.beats: list[int] = []
        self.connections: list[bool] = []
        self.deaf: list[str] = []

    def received(self, parcel: bytes, at: float) -> None:
        self.parcels.append(parcel)
        self.arrived.append(at)

    def beat_heard(self, number: int, at: float) -> None:
        self.beats.append(number)

    def connected(self) -> None:
        self.connections.append(True)

    def disconnected(self) -> None:
        self.connections.append(False)

    def unreachable(self, node: str) -> None:
        self.deaf.append(node)


class Node:
    """A node of a test, with its listener."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.told = Recorder()

    @property
    def name(self) -> str:
        return self.cluster.node

    def info(self) -> NodeInfo:
        return NodeInfo(node=self.name, name=self.name[:-9], since=0.0, version="test")

    async def live(self, **fields: Any) -> Renewal:
        """Renew its life, and tell this of it."""
        renewed: asyncio.Future[Renewal] = asyncio.get_running_loop().create_future()
        self.cluster.renew(replace(self.info(), **fields), renewed.set_result)
        return await asyncio.wait_for(renewed, PATIENCE)

    async def commit(self, owned: Owned, room_id: str, number: int, **more: Any) -> Outcome:
        """Commit, and wait for the outcome."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.cluster.commit(change(room_id, owned.fence, number, **more), done.set_result)
        return await asyncio.wait_for(done, PATIENCE)

    async def make(self, room_id: str, alias_key: str | None = None, **fields: bytes) -> Owned:
        owned = await self.cluster.create(room_id, alias_key, fields)
        assert isinstance(owned, Owned), owned
        return owned

    async def claim(self, room_id: str) -> Owned:
        await self.live()
        owned = await self.cluster.claim(room_id)
        assert isinstance(owned, Owned), owned
        return owned


def change(room_id: str, fence: int, number: int, **more: Any) -> Commit:
    return Commit(**{"room_id": room_id, "fence": fence, "number": number, "fields": {}, **more})


@contextlib.asynccontextmanager
async def running_node(url: str, name: str = "one", *, life: float = 3600.0, **more: Any) -> AsyncIterator[Node]:
    """A node that is connected and alive, for longer than any test unless ``life`` says otherwise."""
    node = Node(RedisCluster(parse_redis_url(url), new_incarnation(name), life=life, **more))
    await node.cluster.start(node.told)
    try:
        await node.live()
        yield node
    finally:
        await node.cluster.aclose()


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until this is true."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes too
                await asyncio.sleep(0.001)
    except TimeoutError:
        raise AssertionError(f"{what}: did not happen within {PATIENCE:g} s") from None
