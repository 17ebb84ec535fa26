"""A service: several ``hangd server --cluster`` processes, their Redis, and nginx before them, to be killed and cut.

::

    async with service(folder, nodes=3) as cluster, crowd(cluster.url, rooms=6, members=4) as people:
        owner = cluster.owner(people.groups[0].room_id)
        owner.kill()
        ...
        await owner.start()

Between each node and Redis is a `BadLink` of its own, which can be cut or frozen. nginx runs with
contrib/cluster/nginx.conf itself.
"""

import asyncio
import contextlib
import itertools
import signal
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec

from hangd.cluster.base import NodeInfo
from hangd.cluster.redis.keys import PREFIX, Keys
from tests.support.daemons.party import PATIENCE, free_port
from tests.support.network.badlink import BadLink
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.proxies import balancer
from tests.support.servers.redis_server import RedisServer, running_redis
from tests.support.servers.server import typist
from tests.support.servers.server_process import ServerProcess

__all__ = ["Node", "Service", "built", "service"]

_NOT_LIMITED: Final = (
    "--max-clients",
    "20000",
    "--max-per-address",
    "20000",
    "--max-rooms",
    "5000",
    *UNLIMITED_OPTIONS,
)
"""All clients of a test have one address."""
_KEYS: Final = Keys()
_FOR_GOOD: Final = -1
"""What Redis answers of the life of a key that lives for good."""


class Node(ServerProcess):
    """One node, and the link by which it reaches Redis."""

    def __init__(
        self,
        name: str,
        folder: Path,
        redis_port: int,
        *,
        options: Sequence[str] = (),
        prefix: Sequence[str] = (),
        redis_url: str | None = None,
    ) -> None:
        """``redis_url``: by which it reaches Redis, instead of its link."""
        self.name = name
        self.link = BadLink(redis_port)
        self.is_stopped = False
        folder.mkdir()
        url = f"redis://127.0.0.1:{self.link.port}/0" if redis_url is None else redis_url
        of_cluster = ("--cluster", url, "--node", name, "--trusted-proxy", "127.0.0.1")
        given = (*_NOT_LIMITED, *of_cluster, *options)
        # It greets with its name: so it can be seen to which node nginx leads.
        greets = {"HANG_MOTD": name}
        super().__init__(folder / "data", folder / "server.log", options=given, prefix=prefix, environment=greets)

    def stop(self) -> None:
        """Let the process stand still (SIGSTOP)."""
        self._signal(signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)
        self.is_stopped = False

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def start_as_a_unit(self) -> None:
        """Start the node, and again after half a second as long as it ends because Redis cannot be reached."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                await self.start()
                return
            except AssertionError:
                if self.process is None or self.process.poll() != 1 or time.monotonic() > until:
                    raise
                self.process = None
            await asyncio.sleep(0.5)

    def why_not_ready(self) -> str | None:
        """Ask the node's /readyz. None: it is ready. Blocks."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=PATIENCE):
                return None
        except urllib.error.HTTPError as error:
            with error:
                assert error.code == HTTPStatus.SERVICE_UNAVAILABLE, error
                return error.read().decode()

    async def ready(self, *, timeout: float = PATIENCE) -> float:
        """Wait until the node is ready for clients. Returns the seconds that it took."""
        began = time.monotonic()
        while (why := await asyncio.to_thread(self.why_not_ready)) is not None:
            assert time.monotonic() < began + timeout, f"{self.name} is not ready: {why}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    def close(self) -> None:
        super().close()
        self.link.close()


class Service:
    """The whole: what clients connect to is ``url``."""

    def __init__(self, nodes: Sequence[Node], redis: RedisServer, port: int) -> None:
        self.nodes = nodes
        self.redis = redis
        self.port = port
        self.url = f"ws://127.0.0.1:{port}/ws"

    async def start(self) -> None:
        """Start all nodes at the same time."""
        await asyncio.gather(*(node.start_as_a_unit() for node in self.nodes))

    async def url_at(self, node: Node) -> str:
        """Return a URL of nginx that leads to this node as long as it takes clients, and to another one otherwise."""
        for number in itertools.count():
            url = f"{self.url}?room=at-{number}"
            async with await typist(url) as client:
                if (await client.hello("probe"))["motd"] == node.name:
                    return url
        raise AssertionError("unreachable")

    def owner(self, room_id: str) -> Node:
        """Return the node that owns a room, as Redis has it."""
        found = self.redis.ask("HGET", f"{_KEYS.room}{room_id}", "owner")
        assert found is not None, f"nobody owns room {room_id}"
        return self.of_incarnation(found.decode())

    def of_incarnation(self, incarnation: str) -> Node:
        """Return the node of which this is a process."""
        (node,) = (node for node in self.nodes if node.name == incarnation.rpartition("-")[0])
        return node

    def others(self, node: Node) -> list[Node]:
        return [other for other in self.nodes if other is not node]

    async def until(self, condition: Callable[[], bool], what: str, *, timeout: float = PATIENCE) -> None:
        """Wait until this is true of what Redis has."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"{what}: did not happen within {timeout:g} s"
            await asyncio.sleep(0.02)

    def alive(self) -> list[str]:
        """Return the names of the nodes that are alive, as Redis has it."""
        return sorted(
            self.of_incarnation(key.decode().removeprefix(_KEYS.life)).name for key in self._keys(f"{_KEYS.life}*")
        )

    def versions(self) -> set[str]:
        """Return the versions of hang that the living nodes say they have."""
        lives = [self.redis.ask("GET", key) for key in self._keys(f"{_KEYS.life}*")]
        return {msgspec.json.decode(life, type=NodeInfo).version for life in lives if life is not None}

    def problems(self) -> list[str]:
        """Return what Redis has that must not be there: keys of another kind, and such that live for good."""
        found = [f"{key!r} is no key of hang's" for key in self._keys("*") if not key.startswith(PREFIX.encode())]
        for key in self._keys(f"{PREFIX}*"):
            if self.redis.ask("TTL", key) == _FOR_GOOD:
                found.append(f"{key!r} lives for good")
        return found

    def _keys(self, pattern: str) -> list[bytes]:
        found: list[bytes] = self.redis.ask("KEYS", pattern)
        return found

    def errors(self) -> list[str]:
        """Return the lines of all logs that tell of a failure of the program itself."""
        words = ("Traceback", "CRITICAL", "was never awaited", "was never retrieved")
        return [
            f"{node.name}: {line}"
            for node in self.nodes
            for line in node.log().splitlines()
            if any(word in line for word in words)
        ]

    def close(self) -> None:
        for node in self.nodes:
            node.close()


@contextlib.contextmanager
def built(
    folder: Path,
    *options: str,
    nodes: int = 3,
    redis: RedisServer | None = None,
    redis_url: str | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[Service]:
    """Run nginx, and a Redis that keeps what it has unless one is given, for so many nodes, which are not started yet.

    All are killed at the end. ``redis_url``: by which the nodes reach Redis, instead of a link of their own to it.
    """
    with contextlib.ExitStack() as stack:
        if redis is None:
            redis = stack.enter_context(running_redis(keeps=True))
        all_nodes = [
            Node(
                f"node-{number}",
                folder / f"node-{number}",
                redis.port,
                options=options,
                redis_url=redis_url,
                prefix=prefix,
            )
            for number in range(1, nodes + 1)
        ]
        whole = Service(all_nodes, redis, free_port())
        stack.callback(whole.close)
        (folder / "nginx").mkdir()
        stack.enter_context(balancer(folder / "nginx", whole.port, [node.port for node in all_nodes]))
        yield whole


@contextlib.asynccontextmanager
async def service(folder: Path, *options: str, **given: Any) -> AsyncIterator[Service]:
    """Run a service, whose arguments are those of `built`, with all of its nodes.

    At the end no key in Redis may be left that has no end, and no log may tell of a failure of the program itself.
    """
    with built(folder, *options, **given) as whole:
        await whole.start()
        yield whole
        assert whole.problems() == []
    assert whole.errors() == []
