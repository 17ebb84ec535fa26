"""A server that serves the page, a browser, and viewers in both kinds of clients: real processes all of them."""

import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.party import CLIP, Person, Server, person, room_server
from tests.support.screen import private_display
from tests.web.viewing import Chromium, WebViewer, running_chromium


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with private_display() as display:
        yield display


@pytest.fixture(scope="module")
def web_browser(display: str) -> Iterator[Chromium]:
    with running_chromium(display) as browser:
        yield browser


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
