"""The page as a real browser gets it: from the server, and behind proxies and paths; what it may not do, nor others."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from hangd.server.settings import ServerSettings
from hangd.server.web.pages import Pages
from tests.support.browsers.first_load import FIRST_LOAD_MAX, first_load, visited
from tests.support.daemons.party import free_port
from tests.support.servers.proxies import Proxy, caddy, nginx
from tests.support.servers.server import running
from tests.web.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

OPEN_SOCKET: Final = """async (url) => {
  const socket = new WebSocket(url ?? new URL("ws", document.baseURI).href.replace(/^http/, "ws"));
  return await new Promise((resolve) => {
    socket.onopen = () => resolve("open");
    socket.onclose = (event) => resolve(event.code);
  });
}"""

INJECT: Final = """async (awaited) => {
  const seen = [];
  document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
  const put = (name, attributes) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    document.body.append(element);
  };
  const thrown = [];
  await new Promise((resolve) => setTimeout(resolve)); // what drives the browser may use eval until here
  const attempt = (name, code) => { try { code(); } catch (error) { thrown.push(`${name}: ${error.name}`); } };
  attempt("innerHTML", () => { document.body.innerHTML = "<img src=x onerror='window.ran = 1'>"; });
  attempt("src", () => { document.createElement("script").src = "https://evil.example/x.js"; });
  attempt("eval", () => { eval("window.ran = 1"); });
  attempt("timer", () => { setTimeout("window.ran = 1", 0); });
  put("div", { style: "position: fixed" });
  attempt("onclick", () => put("div", { onclick: "window.ran = 1" }));
  put("img", { src: "https://evil.example/x.png" });
  put("iframe", { src: "https://evil.example/" });
  attempt("socket", () => new WebSocket("wss://evil.example/"));
  await fetch("https://evil.example/").catch(() => {});
  const text = document.createElement("script");
  attempt("text", () => { text.textContent = "window.ran = 1"; });
  document.body.append(text);
  while (!awaited.every((one) => seen.includes(one))) await new Promise((resolve) => setTimeout(resolve, 20));
  return { seen: [...new Set(seen)], thrown, ran: window.ran ?? null };
}"""


@contextmanager
def direct(_folder: Path, _port: int, server: str, path: str) -> Iterator[None]:
    yield


async def opened(context: BrowserContext, url: str) -> tuple[Page, list[str]]:
    """Open the page, and return it with all that it complains about, from then on too."""
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.on("response", lambda got: complaints.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    await page.goto(url)
    await until(page, "() => [...document.body.children].some((one) => one.tagName !== 'NOSCRIPT')")
    return page, complaints


@pytest.mark.parametrize(
    ("proxy", "path"), [(direct, "/"), (nginx, "/"), (nginx, "/hang/"), (caddy, "/"), (caddy, "/hang/")]
)
async def test_the_page_runs_wherever_it_is(
    context: BrowserContext,
    tmp_path: Path,
    proxy: Proxy,
    path: str,
) -> None:
    async with running(ServerSettings(trusted_proxies=("127.0.0.1",))) as url:
        server, port = url.removesuffix("/ws").replace("ws://", "http://"), free_port()
        with proxy(tmp_path, port, server, path):
            address = f"{server}/" if proxy is direct else f"http://127.0.0.1:{port}{path}"
            page, complaints = await opened(context, address)
            assert await page.evaluate("() => [crossOriginIsolated, isSecureContext]") == [True, True]
            assert await page.evaluate(OPEN_SOCKET) == "open"
            scope = await page.evaluate("async () => (await navigator.serviceWorker.ready).scope")
            assert scope == address
            hashed = "async () => (await import('./files/whole_hash.js')).hashWhole(new Blob(['abc']))"
            assert (await page.evaluate(hashed)).startswith("ba7816bf")
            assert complaints == []


async def test_what_is_put_into_the_page_does_not_run_and_is_reported(context: BrowserContext) -> None:
    async with running() as url:
        page, _ = await opened(context, url.removesuffix("ws").replace("ws://", "http://"))
        awaited = ["style-src-attr", "img-src", "frame-src", "connect-src", "require-trusted-types-for"]
        found = await page.evaluate(INJECT, awaited)
    assert found["ran"] is None
    assert {line.partition(":")[0] for line in found["thrown"]} >= {
        "innerHTML", "src", "eval", "timer", "text", "onclick",
    }  # fmt: skip


async def test_a_page_of_another_site_gets_no_connection(context: BrowserContext) -> None:
    """The policy of hang's own page would forbid it, too. This page has none, so it is the server that decides."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        site = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        page = await context.new_page()
        await page.goto(f"{site}/")
        for allowed, outcome in (((), 1006), ((site,), "open")):
            async with running(ServerSettings(web_origins=allowed)) as url:
                assert await page.evaluate(OPEN_SOCKET, url) == outcome


async def test_a_first_visit_loads_only_what_the_start_needs(context: BrowserContext) -> None:
    """So what tests/server/web/test_pages.py counts is what a viewer waits for."""
    async with running() as url:
        came = await visited(await context.new_page(), url.removesuffix("ws").replace("ws://", "http://"))
    # A window's icon is loaded beside the page, whenever that suits the browser.
    icons = {"/icons/hang.svg"}
    assert set(came) | icons == set(first_load(Pages.load())) | icons
    assert sum(came.values()) <= FIRST_LOAD_MAX


async def test_at_a_second_visit_every_part_is_as_it_was(headless: Browser) -> None:
    """Without the service worker, as over plain http: each part is asked about, and none is sent again."""
    context = await headless.new_context(service_workers="block")
    async with running() as url:
        address = url.removesuffix("ws").replace("ws://", "http://")
        sent = []
        for _ in range(2):
            page, _ = await opened(context, address)
            await page.wait_for_load_state("networkidle")  # The room and the app come after the start.
            entries = await page.evaluate(
                "() => performance.getEntriesByType('resource').map("
                "(one) => [one.name, one.transferSize - one.encodedBodySize, one.encodedBodySize])"
            )
            entries = [entry for entry in entries if "/files.json" not in entry[0]]  # is to be the server's own
            assert len(entries) > 50
            # Chromium counts 300 bytes for the head of an answer, and for a 304.
            sent.append([name for name, rest, body in entries if rest == 300 and body])
            await page.close()
        assert len(sent[0]) > 50
        # On a busy machine the network may be idle before the room comes, which then is sent at the second visit.
        assert not set(sent[0]) & set(sent[1])
    await context.close()
