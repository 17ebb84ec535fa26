"""nginx and Caddy with TLS, and with the files of contrib: the page, accounts, and certificates that are renewed."""

import asyncio
import http.client
import json
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from hangd.server.settings import ServerSettings
from tests.support.daemons.party import free_port
from tests.support.servers.accounts import PASSWORD, with_accounts
from tests.support.servers.certificates import Authority, Pair
from tests.support.servers.proxies import Running, caddy, nginx
from tests.support.servers.server import PATIENCE, Typist, running

pytestmark = pytest.mark.real

Proxy = Callable[[Path, int, str, str, Pair | None], AbstractContextManager[Running]]
BEHIND = pytest.mark.parametrize("proxy", [nginx, caddy])
TRUSTED = ServerSettings(trusted_proxies=("127.0.0.1",))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


def plain(url: str) -> str:
    return url.removesuffix("/ws").replace("ws://", "http://")


async def opened(url: str, authority: Authority, address: str = "127.0.0.2", **more: Any) -> ClientConnection:
    trusted = ssl.create_default_context(cafile=str(authority.path))
    return await connect(url, proxy=None, ssl=trusted, local_addr=(address, 0), open_timeout=PATIENCE, **more)


@BEHIND
async def test_the_page_and_its_websocket_under_a_path(proxy: Proxy, authority: Authority, tmp_path: Path) -> None:
    port, pair = free_port(), authority.issue("localhost", "127.0.0.1")
    trusted = ssl.create_default_context(cafile=str(authority.path))

    def get(path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=trusted)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    async with running(TRUSTED) as url:
        with proxy(tmp_path, port, plain(url), "/hang/", pair):
            status, body = await asyncio.to_thread(get, "/hang/")
            assert status == 200 and b"<title>hang</title>" in body
            assert await asyncio.to_thread(get, "/hang/healthz") == (200, b"ok\n")
            origin = f"https://127.0.0.1:{port}"
            client = Typist(await opened(f"wss://127.0.0.1:{port}/hang/ws", authority, origin=origin))
            await client.hello("Ann")
            await client.create()
            await client.connection.close()


@BEHIND
async def test_logins_behind_a_proxy_are_counted_for_each_client(
    proxy: Proxy, authority: Authority, tmp_path: Path
) -> None:
    port, pair = free_port(), authority.issue("127.0.0.1")
    (tmp_path / "data").mkdir()
    with with_accounts(tmp_path / "data", TRUSTED) as accounts:
        accounts.add("ann")
        with proxy(tmp_path, port, plain(accounts.url), "/", pair):
            url = f"wss://127.0.0.1:{port}/ws"
            guesser = Typist(await opened(url, authority, "127.0.0.2"))
            await guesser.hello("Eve")
            codes = []
            for letter in "ABCDEF":
                await guesser.say("LoginByCode", code=f"ABCD-EFG{letter}")
                codes.append((await guesser.hear("Error"))["code"])
            assert codes == ["Unauthorized"] * 5 + ["RateLimited"]
            client = Typist(await opened(url, authority, "127.0.0.3"))
            await client.hello("Ann")
            await client.say("Login", name="ann", password=PASSWORD)
            assert (await client.hear("Tokens"))["account"] == "ann"
        assert "without encryption" not in accounts.server.log()


@BEHIND
async def test_a_renewed_certificate(proxy: Proxy, authority: Authority, tmp_path: Path) -> None:
    """The proxy shows it after it was told to read its files again. With nginx, who is connected stays so."""
    port, pair = free_port(), authority.issue("127.0.0.1")
    renewed = authority.issue("127.0.0.1", file="renewed")
    shown = lambda: ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)  # noqa: E731
    async with running(TRUSTED) as url:
        with proxy(tmp_path, port, plain(url), "/", pair) as run:
            client = Typist(await opened(f"wss://127.0.0.1:{port}/ws", authority))
            await client.hello("Ann")
            old = await asyncio.to_thread(shown)
            for there, new in zip(pair, renewed, strict=True):
                there.write_bytes(new.read_bytes())
            await asyncio.to_thread(run.reload)
            async with asyncio.timeout(PATIENCE):
                while await asyncio.to_thread(shown) == old:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            if proxy is nginx:
                await client.connection.send(json.dumps({"type": "Ping", "payload": {"t0": 1.0}}))
                assert (await client.hear("Pong"))["t0"] == 1.0
            else:
                assert await client.closed() is not None
            await client.connection.close()
            again = Typist(await opened(f"wss://127.0.0.1:{port}/ws", authority))
            await again.hello("Ann")
            await again.connection.close()
