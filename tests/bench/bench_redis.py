"""What a commit to Redis costs, and how long a parcel is under way: `python -m tests.bench.bench_redis`.

Runs a Redis, a node that commits and posts, and another process with the nodes that hear of it. Prints microseconds of
processor for each commit (of the node and of Redis), commits a second, and how long answers and parcels take. Times on
the wall say little on a busy machine; processor time does.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import click
import uvloop

from hangd.cluster.base import Outcome, new_incarnation
from hangd.cluster.redis.cluster import RedisCluster
from hangd.redis_url import parse_redis_url
from tests.cluster.listening import Node, Recorder, change, running_node, until
from tests.support.servers.redis_server import RedisServer, running_redis

_UNDER_WAY: Final = 32
_ROOM: Final = b"r" * 600
"""A field of a commit: what is kept of a small room."""
_SAID: Final = b"s" * 250
"""A parcel: what a member is told of a command."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Hearing(Recorder):
    """Keeps only how long parcels were under way."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.heard = 0
        self.ended = asyncio.Event()

    def received(self, parcel: bytes, at: float) -> None:
        self.heard += 1
        if parcel.startswith(b"sent "):
            self.seconds.append(at - float(parcel[5:]))
        elif parcel == b"end":
            self.ended.set()


async def _hear(url: str, count: int) -> None:
    """Be nodes that hear what the first one says, and print what was heard when it ends."""

    nodes = []
    for number in range(count):
        node = Node(RedisCluster(parse_redis_url(url), new_incarnation(f"edge{number}")))
        node.told = Hearing()
        await node.cluster.start(node.told)
        nodes.append(node)
    print(json.dumps([node.name for node in nodes]), flush=True)
    first = nodes[0].told
    assert isinstance(first, Hearing)
    while not first.ended.is_set():
        for node in nodes:
            await node.live()
        await asyncio.sleep(0.5)
    heard = [node.told.heard for node in nodes if isinstance(node.told, Hearing)]
    print(json.dumps([heard, first.seconds]), flush=True)


def _processor(server: RedisServer) -> float:
    """Return the seconds of processor that Redis has used."""
    words = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


async def _measured(server: RedisServer, what: str, count: int, work: Callable[[], Awaitable[None]]) -> None:
    redis, node, begun = _processor(server), time.process_time(), time.perf_counter()
    await work()
    redis, node, seconds = _processor(server) - redis, time.process_time() - node, time.perf_counter() - begun
    each = f"{node / count * 1e6:5.1f} us of the node, {redis / count * 1e6:5.1f} us of Redis"
    print(f"{what:<44} {each}, {count / seconds:7.0f} a second")


def _quantiles(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(f"{what:<44} p50 {statistics.median(ordered) * 1e6:.0f} us, p99 {p99 * 1e6:.0f} us")


async def _run(server: RedisServer, other: subprocess.Popen[bytes], count: int, edges: int) -> None:
    assert other.stdout is not None
    names: list[str] = json.loads(await asyncio.to_thread(other.stdout.readline))
    async with running_node(server.socket_url, "owner") as node:
        for told, parcels in (("nobody", 0), ("one edge", 1), (f"{edges} edges", edges)):
            room_id = f"room-{parcels}"
            owned = await node.make(room_id)
            number = 0

            async def commits(parcels: int = parcels, room_id: str = room_id, fence: int = owned.fence) -> None:
                nonlocal number
                outcomes: list[Outcome] = []
                ended, left = asyncio.Event(), count
                said = [(name, _SAID) for name in names[:parcels]]

                def answered(outcome: Outcome) -> None:
                    outcomes.append(outcome)
                    if len(outcomes) == count:
                        ended.set()
                    elif left:
                        commit()

                def commit() -> None:
                    nonlocal number, left
                    left -= 1
                    number += 1
                    fields: dict[str, bytes | None] = {"room": _ROOM}
                    made = change(room_id, fence, number, fields=fields, parcels=said, applied={"link": number})
                    node.cluster.commit(made, answered)

                for _ in range(min(_UNDER_WAY, count)):
                    commit()
                await ended.wait()
                assert set(outcomes) == {Outcome.OK}

            await _measured(server, f"a commit that tells {told}, {_UNDER_WAY} under way", count, commits)
        seconds = []
        owned = await node.make("single")
        for number in range(1, count // 10 + 1):
            begun = time.perf_counter()
            said = [(names[0], _SAID)]
            await node.commit(owned, "single", number, fields={"room": _ROOM}, parcels=said)
            seconds.append(time.perf_counter() - begun)
        _quantiles("a commit alone, until it is answered", seconds)

        async def posts() -> None:
            for number in range(count):
                node.cluster.post(names[0], _SAID)
                if number % _UNDER_WAY == 0:
                    await node.cluster.get("nothing")
            await node.cluster.get("nothing")

        await _measured(server, "a post", count, posts)
        for _ in range(count // 10):
            node.cluster.post(names[0], b"sent %.9f" % time.monotonic())
            await asyncio.sleep(0.001)
        node.cluster.post(names[0], b"end")
        heard, under_way = json.loads(await asyncio.to_thread(other.stdout.readline))
        _quantiles("a post, until another process has it", under_way)
        assert heard[-1] == count, (heard, "parcels were lost")
        await until(lambda: other.poll() is not None, "the other process ends")


@click.command()
@click.option("--count", default=20_000, show_default=True, help="Commits of each kind.")
@click.option("--edges", default=3, show_default=True, help="Nodes that are told.")
@click.option("--hear", hidden=True)
def main(count: int, edges: int, hear: str | None) -> None:
    """Measure commits and parcels through a Redis of its own."""
    if hear is not None:
        uvloop.run(_hear(hear, edges))
        return
    with running_redis() as server:
        command = [sys.executable, "-m", "tests.bench.bench_redis", "--hear", server.socket_url, "--edges", str(edges)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
            uvloop.run(_run(server, other, count, edges))


if __name__ == "__main__":
    main()
