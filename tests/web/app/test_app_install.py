"""The page as an app: what Chromium says of it as it is served, under a path of a proxy too."""

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, async_playwright, expect

import hangd.web
from hangd.server.web import pages
from tests.support.browsers.browser import CHROMIUM
from tests.web.served_page import ServedPage

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext]:
    """A browser with a profile of its own: one without does not install anything."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--test-type"],
        )
        yield context
        await context.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServedPage:
    return ServedPage(tmp_path, monkeypatch)


async def test_chromium_would_install_the_page(browser: BrowserContext, site: ServedPage) -> None:
    complaints: list[str] = []
    async with site.server():
        page = await browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        await page.goto(site.url)
        await expect(page.locator("app-install button")).to_be_visible(timeout=30_000)
        devtools = await browser.new_cdp_session(page)
        assert (await devtools.send("Page.getInstallabilityErrors"))["installabilityErrors"] == []
        manifest = await devtools.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"] == f"{site.url}manifest.webmanifest"
        assert complaints == []


async def test_the_whole_page_is_shown_without_a_server(browser: BrowserContext, site: ServedPage) -> None:
    complaints: list[str] = []
    async with site.server():
        page = await browser.new_page()
        await page.goto(site.url)
        await page.evaluate("async () => navigator.serviceWorker.ready")
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.reload()
    await expect(page.locator("hang-page form.join")).to_be_visible(timeout=30_000)
    assert complaints == []


async def test_it_lives_under_any_path(browser: BrowserContext, tmp_path: Path) -> None:
    with proxied(tmp_path, "/films/hang/") as url:
        page = await browser.new_page()
        await page.goto(url)
        await expect(page.locator("app-install button")).to_be_visible(timeout=30_000)
        scope = await page.evaluate("async () => (await navigator.serviceWorker.ready).scope")
        assert scope == url
        await page.reload()
        await expect(page.locator("hang-page form.join")).to_be_visible(timeout=30_000)
        assert await page.evaluate(
            "caches.keys().then((names) => names.every((name) => name.includes('/films/hang/')))"
        )
    await page.reload()
    await expect(page.locator("hang-page form.join")).to_be_visible(timeout=30_000)


@contextlib.contextmanager
def proxied(folder: Path, path: str) -> Iterator[str]:
    """Serve the page's files under this path, as behind a proxy that hands it through. Rooms are not there."""
    root = folder / "proxied"
    place = root / path.strip("/")
    shutil.copytree(Path(str(resources.files(hangd.web))), place)
    files = [one for one in place.rglob("*") if one.suffix[1:] in pages._TYPES and one.name not in pages._NOT_SERVED]
    listing = pages._listing({str(one.relative_to(place)): one.read_bytes() for one in files})
    (place / "files.json").write_bytes(listing)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
