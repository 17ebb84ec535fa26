"""nginx before several servers, with the file of contrib/cluster: who comes where, also when a server is gone.

The servers know nothing of each other here: that is for tests/cluster/processes.
"""

import asyncio
import contextlib
import http.client
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.daemons.party import free_port
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.proxies import balancer
from tests.support.servers.server import PATIENCE, typist
from tests.support.servers.server_process import ServerProcess, server_process

pytestmark = pytest.mark.real


@contextlib.asynccontextmanager
async def balanced(folder: Path, servers: int = 2) -> AsyncIterator[tuple[str, list[ServerProcess]]]:
    """Run servers, each of which greets with its number, behind nginx. Yields the URL of nginx, and the servers."""
    async with contextlib.AsyncExitStack() as stack:
        running = []
        for number in range(servers):
            place = folder / f"server-{number}"
            place.mkdir()
            options = ("--trusted-proxy", "127.0.0.1", *UNLIMITED_OPTIONS)
            environment = {"HANG_MOTD": str(number)}
            running.append(await stack.enter_async_context(server_process(place, *options, environment=environment)))
        port = free_port()
        (folder / "nginx").mkdir()
        stack.enter_context(balancer(folder / "nginx", port, [server.port for server in running]))
        yield f"ws://127.0.0.1:{port}/ws", running


async def greeted_by(url: str) -> int:
    """Return the number of the server that a new client comes to."""
    async with await typist(url) as client:
        return int((await client.hello("ada"))["motd"])


async def test_clients_are_spread_and_those_of_a_room_come_together(tmp_path: Path) -> None:
    async with balanced(tmp_path) as (url, _):
        anybody = Counter([await greeted_by(url) for _ in range(40)])
        assert len(anybody) == 2, "one of forty coins shows the other side"
        rooms = [{await greeted_by(f"{url}?room=room-{room}") for _ in range(5)} for room in range(20)]
        assert all(len(servers) == 1 for servers in rooms)
        assert len(set.union(*rooms)) == 2, "not all rooms at one server"


async def test_who_comes_when_a_server_is_gone_comes_to_the_other_one(tmp_path: Path) -> None:
    async with balanced(tmp_path, 3) as (url, servers):
        rooms = [f"{url}?room=room-{room}" for room in range(12)]
        before = [await greeted_by(room) for room in rooms]
        gone = before[0]
        servers[gone].kill()
        now = [await greeted_by(room) for room in rooms]
        assert gone not in now
        kept = [(one, other) for one, other in zip(before, now, strict=True) if one != gone]
        assert kept and all(one == other for one, other in kept), "the rooms of the others stay where they are"
        await servers[gone].start()
        async with asyncio.timeout(PATIENCE):
            while await greeted_by(rooms[0]) != gone:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.1)


async def test_all_come_back_at_once_when_all_servers_were_gone(tmp_path: Path) -> None:
    """nginx counts what failed until a connection that was good has *ended*, and these last for hours."""
    async with balanced(tmp_path) as (url, servers):
        for server in servers:
            server.kill()
        for _ in range(6):
            with pytest.raises(InvalidStatus):
                await typist(url)
        await asyncio.gather(*(server.start() for server in servers))
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(20):
                client = await stack.enter_async_context(await typist(url))
                await client.hello("ada")


async def test_the_page_and_health_come_from_any_server(tmp_path: Path) -> None:
    async with balanced(tmp_path) as (url, servers):
        port = int(url.removesuffix("/ws").rpartition(":")[2])

        def get(path: str) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()

        servers[0].kill()
        for _ in range(10):
            status, body = await asyncio.to_thread(get, "/")
            assert status == 200 and b"<title>hang</title>" in body
            assert await asyncio.to_thread(get, "/healthz") == (200, b"ok\n")
