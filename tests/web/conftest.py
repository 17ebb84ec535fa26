"""A server that serves the page, browsers, and viewers in both kinds of clients: real processes all of them.

Each worker has one browser with a window and one without, for all of its tests: a start costs more than most tests.
What must not be shared, each test has in a browser context of its own.
"""

import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from tests.support.browsers.browser import chromium
from tests.support.daemons.party import CLIP, Person, Server, person, room_server
from tests.support.desktop.screen import private_display
from tests.web.hostile.hostile_page import WatchedPage, watched_page
from tests.web.viewing import PLAIN_HOSTS, Chromium, WebViewer, running_chromium


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    with private_display() as display:
        yield display


@pytest.fixture(scope="session")
def web_browser(display: str) -> Iterator[Chromium]:
    """The browser with a window."""
    with running_chromium(display, PLAIN_HOSTS) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def headless() -> AsyncIterator[Browser]:
    """The browser without a window, for tests of the session's event loop."""
    async with chromium(":none", PLAIN_HOSTS, headless=True) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser with a window on a display of its own, for the event loop of one file's tests."""
    with private_display() as display:
        async with chromium(display) as browser:
            yield browser


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kiosk() -> AsyncIterator[Browser]:
    """The same with a page that fills the display, where films play without a click."""
    with private_display() as display:
        async with chromium(display, "--kiosk", "--autoplay-policy=no-user-gesture-required") as browser:
            yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def watched(browser: Browser) -> AsyncIterator[WatchedPage]:
    async with watched_page(browser) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def context(headless: Browser) -> AsyncIterator[BrowserContext]:
    context = await headless.new_context()
    yield context
    await context.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with room_server() as server:
        yield server


@pytest.fixture
def viewer(server: Server, web_browser: Chromium) -> Iterator[Callable[[str], WebViewer]]:
    """Return a function that opens the page for a person of this name."""
    with ExitStack() as stack:

        def opened(name: str) -> WebViewer:
            return stack.enter_context(web_browser.viewer(page_of(server), name))

        yield opened


@pytest.fixture
def with_hangd(tmp_path: Path, display: str) -> Iterator[Callable[[str], Person]]:
    """Return a function that makes a person who has hangd and VLC."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(person(name, tmp_path, display=display))


@pytest.fixture(scope="session")
def other_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that is another file than the clip, and plays as that does."""
    path = tmp_path_factory.mktemp("films") / "other.mp4"
    path.write_bytes(CLIP.read_bytes() + struct.pack(">I4s8s", 16, b"free", b"another "))
    return path


@pytest.fixture(scope="session")
def no_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a film's name that no browser can play."""
    path = tmp_path_factory.mktemp("films") / "broken.mp4"
    path.write_bytes(bytes(range(256)) * 400)
    return path


def page_of(server: Server) -> str:
    """Return the address of the page of this server."""
    return f"http://127.0.0.1:{server.port}/"
