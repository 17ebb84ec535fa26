"""A page whose WebSocket does not come through a real proxy says what is the matter."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from hangd.server.settings import ServerSettings
from tests.support.daemons.party import PATIENCE, free_port
from tests.support.servers.proxies import nginx_with
from tests.support.servers.server import running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

WHY = """async () => {
  const url = new URL("ws", document.baseURI).href.replace(/^http/, "ws");
  const { Connection } = await import("./client/connection.js");
  return await new Promise((resolve) => {
    const linkChanged = () => {
      if (connection.reason === null) return;
      resolve(connection.reason);
      connection.unwant();
    };
    const connection = new Connection({ linkChanged }, "test", async () => ({}));
    connection.want(url);
  });
}"""


@contextmanager
def nginx_without_websockets(folder: Path, port: int, server: str) -> Iterator[None]:
    """What many have before they read how it is done: no word of Upgrade."""
    with nginx_with(folder, port, f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {server}/; }} }}"):
        yield


async def test_a_proxy_without_websockets_and_then_without_a_server(context: BrowserContext, tmp_path: Path) -> None:
    port = free_port()
    page = await context.new_page()
    async with running(ServerSettings(trusted_proxies=("127.0.0.1",))) as url:
        server = url.removesuffix("/ws").replace("ws://", "http://")
        with nginx_without_websockets(tmp_path, port, server):
            await page.goto(f"http://127.0.0.1:{port}/")
            said = await page.evaluate(WHY)
            assert (
                said == "The server runs, but refuses the connection, or a proxy before it does not pass on WebSockets."
            )
    with nginx_without_websockets(tmp_path, port, server):
        said = await page.evaluate(WHY)
        assert said == "The server is not running. Whoever runs it has to start it."
    async with asyncio.timeout(PATIENCE):
        assert await page.evaluate(WHY) == "The server cannot be reached."
    await page.close()
