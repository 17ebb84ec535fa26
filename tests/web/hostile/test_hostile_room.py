"""A room whose members send the worst that the protocol allows leaves the page usable, and runs nothing in it.

The server, the page and the members are real: each member is a WebSocket client of this test.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.daemons.party import Server, room_server
from tests.support.servers.server import Typist, typist
from tests.web.conftest import page_of
from tests.web.hostile.hostile_page import WRITTEN, WatchedPage, cut, film, film_hash

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

CROWD: Final = 64
"""Members who have come and gone, and are away."""
FLOOD: Final = 1.5
"""Seconds."""


@pytest.fixture(scope="module")
def large_server() -> Iterator[Server]:
    with room_server("--room-capacity", "600", "--max-per-address", "1000", "--max-clients", "1000") as server:
        yield server


async def member(server: Server, name: str, room: str) -> Typist:
    """Let somebody with the film join the room."""
    somebody = await typist(server.url)
    await somebody.hello(name)
    await somebody.say("JoinRoom", room_id=room, file_hash=film_hash())
    await somebody.hear("RoomJoined")
    return somebody


async def host(server: Server, room: str, film_name: str) -> Typist:
    """Let somebody with the film create the room."""
    somebody = await typist(server.url)
    await somebody.hello("Host")
    file = film() | {"name": film_name}
    await somebody.say("CreateRoom", name=room, file_hash=film_hash(), file=file, policy={"capacity": 600})
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


def named(number: int, most: int) -> str:
    """Return one of the worst names."""
    return cut(WRITTEN[number % len(WRITTEN)], most, number)


async def come_and_go(server: Server, room: str, numbers: Iterator[int]) -> None:
    for number in numbers:
        one = await member(server, named(number, 32), room)
        await one.connection.close(1001)


async def test_the_worst_names_films_and_lines(large_server: Server, watched: WatchedPage) -> None:
    room = "<img src=x onerror=window.ran=1> {name} javascript:0"
    ada = await host(large_server, room, named(1, 255))
    await watched.enter(page_of(large_server), room.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20"))
    numbers = iter(range(CROWD))
    await asyncio.gather(*(come_and_go(large_server, room, numbers) for _ in range(6)))
    for first in range(0, 480, 30):
        films = [{"file": {"size": i + 1, "name": named(i, 255)}} for i in range(first, first + 30)]
        await ada.say("QueueInsert", after="end", entries=films)
    for number, text in enumerate(WRITTEN):
        eve = await member(large_server, named(number + CROWD, 32), room)
        await eve.say("Say", text=text[:500])
        await eve.say("SetReady", ready=True)
        await eve.connection.close(1001)
    await watched.until(f"() => session.state.chat.length === {len(WRITTEN)}")
    await watched.until(f"() => session.state.room.members.length > {CROWD}")
    await watched.until("() => session.state.room.queue.entries.length > 480")
    await watched.holds()
    for what in ("invite", "rules", "settings"):
        await watched.page.click(f"[data-icon={what}]")
        await watched.page.wait_for_selector("dialog[open]")
        assert await watched.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        await watched.page.keyboard.press("Escape")
    await answers(watched, ada)
    await watched.ran_nothing()
    await ada.connection.close()


async def flood(eve: Typist, number: int, until: float) -> None:
    """Say and do what the server lets one connection say and do, and a little more."""
    done = 0
    with contextlib.suppress(ConnectionClosed):
        while time.monotonic() < until:
            position = float(done * 7 % 60)
            command: dict[str, Any] = {"action": ("Seek", "Play", "Pause", "Speed")[done % 4]}
            command |= {"rate": 1.25} if done % 4 == 3 else {"timestamp": position}
            await eve.say("SyncCommand", **command)
            await eve.say("Say", text=named(number * 100 + done, 500))
            await eve.say("SetReady", ready=done % 2 == 0)
            report: dict[str, Any] = {
                "state": "buffering",
                "position": position,
                "at": 0.0,
                "clock_error": 1e8,
                "rev": done,
            }
            await eve.say("Report", **report, error=-1e8 if done % 2 else 1e8)
            done += 1
            await asyncio.sleep(0.15)


async def silent(eve: Typist) -> None:
    """Read all that comes, so that the server keeps the connection."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in eve.connection:
            pass


async def test_a_flood_at_the_server_s_limits(large_server: Server, watched: WatchedPage) -> None:
    ada = await host(large_server, "flood", "film")
    await watched.enter(page_of(large_server), "flood")
    crowd = [await member(large_server, named(number, 32), "flood") for number in range(8)]
    async with asyncio.TaskGroup() as group:
        for one in crowd:
            group.create_task(silent(one))
        memory = []
        for _ in range(2):
            until = time.monotonic() + FLOOD
            await asyncio.gather(*(flood(eve, number, until) for number, eve in enumerate(crowd)))
            memory.append(await watched.heap_bytes())
        for one in crowd:
            await one.connection.close()
    assert memory[1] - memory[0] < 8 << 20, memory
    assert await watched.page.locator(".toast").count() <= 3
    assert await watched.page.locator(".lines > li").count() <= 700
    await ada.say("SyncCommand", action="Pause", timestamp=1.0)
    await watched.until("() => session.state.playing.paused")
    await answers(watched, ada)
    await watched.until("() => session.state.playing.motion === 'playing'")
    await watched.holds()
    await watched.ran_nothing()
    await ada.connection.close()
