"""Connections that ask for nothing, with and without TLS, besiege a real server: newcomers from elsewhere come in."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from hangd.tasks import Tasks
from tests.support.servers.certificates import Authority
from tests.support.servers.server import Typist
from tests.support.servers.server_process import ServerProcess, server_process

pytestmark = pytest.mark.real

_PLACES: Final = 300
"""More than the server has: --max-clients 20, and 256 for others."""
_BEGINNINGS: Final = [
    pytest.param(b"", id="silent"),
    pytest.param(b"GET /ws HTTP/1.1\r\nHost: x\r\n", id="half-a-request"),
]


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.path))


async def come(server: ServerProcess, address: str, tls: ssl.SSLContext | None) -> None:
    """Come in from this address, say Hello and leave. An exception is raised if the server does not let one in."""
    url = server.url if tls is None else server.url.replace("ws://", "wss://")
    async with asyncio.timeout(5):
        connection = await connect(url, proxy=None, local_addr=(address, 0), ssl=tls, open_timeout=5)
        async with Typist(connection) as client:
            await client.hello("Ann")


@contextlib.asynccontextmanager
async def besieged(server: ServerProcess, address: str, beginning: bytes) -> AsyncIterator[None]:
    """Keep many connections from this address. Each is made anew as soon as the server ends it."""

    async def keep() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
                try:
                    writer.write(beginning)
                    await reader.read()
                finally:
                    writer.close()
            await asyncio.sleep(0.5)

    tasks = Tasks()
    for _ in range(_PLACES):
        tasks.start(keep(), name="besiege")
    try:
        await asyncio.sleep(1)
        yield
    finally:
        await tasks.cancel()


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("beginning", _BEGINNINGS)
async def test_newcomers_come_in_while_one_address_holds_what_it_can(
    beginning: bytes, secure: bool, tmp_path: Path
) -> None:
    authority = Authority(tmp_path, "authority")
    pair = authority.issue("127.0.0.1")
    options = ["--max-clients", "20", "--max-per-address", "20"]
    if secure:
        options += ["--tls-cert", str(pair.certificate), "--tls-key", str(pair.key)]
    async with server_process(tmp_path, *options) as server:
        async with besieged(server, "127.0.0.2", beginning):
            came = 0
            for number in range(20):
                with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
                    await come(server, f"127.0.0.{3 + number}", trusting(authority) if secure else None)
                    came += 1
            assert server.process is not None
            held = len(os.listdir(f"/proc/{server.process.pid}/fd"))
        assert (came, held < 64 + 40) == (20, True)
        # Complaints about one address are one line a minute.
        assert server.log().count("ask for nothing") == 1


async def test_clients_that_say_nothing_fill_no_server(tmp_path: Path) -> None:
    async with server_process(
        tmp_path, "--max-clients", "60", "--max-per-address", "99", "--idle-timeout", "4"
    ) as server:
        silent = [
            await connect(server.url, proxy=None, local_addr=("127.0.0.2", 0), open_timeout=30) for _ in range(60)
        ]
        with pytest.raises(ConnectionClosedError, match="1013"):
            await come(server, "127.0.0.2", None)
        for number in range(10):
            await come(server, f"127.0.0.{3 + number}", None)
        async with asyncio.timeout(30):
            for connection in silent:
                await connection.wait_closed()
        assert {connection.close_code for connection in silent} == {4003}
        await come(server, "127.0.0.2", None)


async def test_a_server_without_files_goes_on_when_it_has_some_again(tmp_path: Path) -> None:
    """The limit is that of the process, so that connections are accepted by nobody, and wait."""
    async with server_process(tmp_path, prefix=["prlimit", "--nofile=80:80"]) as server:
        opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(99)]
        line = await server.says("no connection can be accepted for now")
        assert "Too many open files" in line
        await asyncio.sleep(2.5)
        assert server.log().count("no connection can be accepted") == 1
        for _, writer in opened:
            writer.close()
        await come(server, "127.0.0.3", None)
