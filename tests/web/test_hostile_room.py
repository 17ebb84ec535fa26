"""A room whose members send the worst that the protocol allows leaves the page usable, and runs nothing in it.

The server, the page and the members are real: each member is a WebSocket client of this test.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser import chromium
from tests.support.party import Server, room_server
from tests.support.screen import private_display
from tests.support.server import Typist, typist
from tests.web.conftest import page_of
from tests.web.hostile_page import WRITTEN, WatchedPage, cut, film, film_hash, watched_page

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def large_server() -> Iterator[Server]:
    with room_server("--room-capacity", "600", "--max-per-address", "1000", "--max-clients", "1000") as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    with private_display() as display:
        async with chromium(display) as browser:
            yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def watched(browser: Browser) -> AsyncIterator[WatchedPage]:
    async with watched_page(browser) as page:
        yield page


async def member(server: Server, name: str, room: str) -> Typist:
    """Let somebody with the film join the room."""
    somebody = await typist(server.url)
    await somebody.hello(name)
    await somebody.say("JoinRoom", room_id=room, file_hash=film_hash())
    await somebody.hear("RoomJoined")
    return somebody


async def host(server: Server, room: str, **more: Any) -> Typist:
    """Let somebody with the film create the room."""
    somebody = await typist(server.url)
    await somebody.hello("Host")
    await somebody.say("CreateRoom", name=room, file_hash=film_hash(), file=film(), policy={"capacity": 600}, **more)
    await somebody.hear("RoomCreated")
    return somebody


async def answers(watched: WatchedPage, member: Typist) -> float:
    """Click on the play button; return the seconds until a member hears of it."""
    me = await watched.run("() => session.state.me")
    begun = time.monotonic()
    await watched.page.click(".play")
    while (await member.hear("SyncBroadcast"))["from_client"] != me:
        pass
    return time.monotonic() - begun


async def come_and_go(server: Server, room: str, numbers: Iterator[int]) -> None:
    for number in numbers:
        one = await member(server, cut(WRITTEN[number % len(WRITTEN)], 32, number), room)
        await one.connection.close(1001)


async def test_five_hundred_members_with_the_worst_names(large_server: Server, watched: WatchedPage) -> None:
    ada = await host(large_server, "crowd")
    begun = time.monotonic()
    await watched.enter(page_of(large_server), "crowd")
    numbers = iter(range(500))
    await asyncio.gather(*(come_and_go(large_server, "crowd", numbers) for _ in range(8)))
    await watched.until("() => session.state.room.members.length > 490")
    print(f"joined in {time.monotonic() - begun:.1f} s; long tasks: {await watched.long_tasks()}")
    await watched.holds()
    print("layout", await watched.long_tasks())
    await watched.page.click("#tab-people")
    await watched.page.screenshot(path="/tmp/h9/crowd.png")
    print(f"answers in {await answers(watched, ada):.2f} s")
    await watched.ran_nothing()
