"""What a server says to people: a real one that is drained, and the page in real Chromium."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner
from playwright.async_api import BrowserContext, Page

from hangd.cli.main import main
from tests.support.servers.server import Typist, typist
from tests.support.servers.server_process import ServerProcess, server_process
from tests.web.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

_STOPS = "The server says: this server is about to stop: within 10 minutes, or when the rooms are empty"
_GOES_ON = "The server says: this server goes on"
_LOGGED = ".lines .happened:has-text('The server says')"
"""The log is drawn with the next frame, later than the toast."""
_LAST = """() => {
  const toasts = [...document.querySelectorAll(".toast")].map((one) => [one.dataset.kind, one.innerText]);
  return toasts.some(([, words]) => words.includes("0:05")) && toasts;
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[ServerProcess]:
    async with server_process(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def ada(server: ServerProcess) -> AsyncIterator[Typist]:
    """The host of the room Friday, in which the film is described and matches any other."""
    async with await typist(server.url) as ada:
        await ada.hello("Ada")
        await ada.create(name="Friday")
        yield ada


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, server: ServerProcess, ada: Typist) -> Page:
    """The page of who has come into that room by its link, without the film."""
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{server.port}/#Friday")
    await page.wait_for_selector("hang-start")
    await page.fill("#name", "Bob")
    await page.click(".join button[type=submit]")
    await page.wait_for_selector("hang-room")
    return page


async def drain(folder: Path, *words: str) -> None:
    words = ("admin", "drain", "--data-dir", str(folder / "data"), *words)
    result = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert result.exit_code == 0, result.output


async def shown(page: Page) -> list[str]:
    """Return what stands on the picture."""
    return [text for text in await page.locator(".toast[data-kind=server]").all_inner_texts() if text]


async def logged(page: Page) -> list[str]:
    """Return what the log of the chat has of it."""
    return [text for text in await page.locator(".lines .happened").all_text_contents() if "The server" in text]


async def test_a_drain_stands_on_the_picture_and_stays_in_the_log(page: Page, ada: Typist, tmp_path: Path) -> None:
    await drain(tmp_path, "--within", "10m")
    await page.wait_for_selector(".toast[data-kind=server]")
    (text,) = await shown(page)
    assert text.startswith(_STOPS)
    for timestamp in range(1, 6):  # Others do much meanwhile: it gives way to none of that.
        await ada.say("SyncCommand", action="Seek", timestamp=float(timestamp))
    # Looked at in one go: the others' stand there for four seconds.
    toasts = await until(page, _LAST)
    assert [words for kind, words in toasts if kind == "server"] == [text]
    assert len(toasts) == 3
    await page.wait_for_selector(_LOGGED, state="attached")
    assert await logged(page) == [text]
    await drain(tmp_path, "--within", "10m")
    await drain(tmp_path, "--cancel")
    await until(page, "document.querySelectorAll('.toast[data-kind=server]').length === 2")
    await until(page, "document.querySelector('.lines').textContent.includes('this server goes on')")
    stops, goes_on = await logged(page)
    assert (stops, goes_on.startswith(_GOES_ON)) == (text, True), "what was said already is not said again"


async def test_who_comes_back_while_the_server_drains_is_not_told_again(page: Page, tmp_path: Path) -> None:
    await drain(tmp_path, "--within", "10m")
    await page.wait_for_selector(_LOGGED, state="attached")
    (text,) = await logged(page)
    await page.reload()
    await page.wait_for_selector("hang-room")
    await page.wait_for_selector(_LOGGED, state="attached")
    assert await logged(page) == [text], "a page that was loaded anew knows nothing, and is told by its Welcome"
