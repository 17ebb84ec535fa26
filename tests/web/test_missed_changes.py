"""A page that misses a change of the queue: it notices, and asks for the room's state until it gets it."""

import json

import pytest

from tests.web.hostile.hostile_page import WatchedPage
from tests.web.scripted_server import ScriptedServer, entry, message, scripted_server

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]


async def asks(server: ScriptedServer) -> int | str:
    """Wait until the page asks for the room's state, and return the request's id."""
    asked = (await server.hear("GetRoom"))["id"]
    server.heard.clear()
    assert isinstance(asked, int | str)
    return asked


async def test_a_page_that_missed_a_change_asks_until_it_is_told(watched: WatchedPage) -> None:
    async with scripted_server() as server:
        await watched.enter(server.url, "friday", copy=None)
        await server.connected()
        first, second = entry("first.mkv", 1), entry("second.mkv", 2)
        await server.say(
            message("QueueChanged", change={"rev": 2, "inserted": [first]}),
            message("QueueChanged", change={"rev": 4, "moved": [first["id"]], "after": second["id"]}),
            message("QueueChanged", change={"rev": 5, "removed": [second["id"]]}),
        )
        # It is refused, as every request that this server does not know.
        refused = await asks(server)
        known = await watched.run("() => session.state.room.queue.entries.map((entry) => entry.id)")
        assert known == [first["id"]]
        again = await asks(server)
        assert refused != again
        room = server.room | {"queue": {"rev": 5, "entries": [first], "current": None}}
        await server.say(json.dumps({"type": "RoomState", "payload": {"room": room}, "re": again}))
        await server.say(message("QueueChanged", change={"rev": 6, "inserted": [second], "after": first["id"]}))
        await watched.until("() => session.state.room.queue.rev === 6 && session.state.room.queue.entries.length === 2")
        # What the page has asked for is heard before what it says now.
        await watched.run("() => void session.say('all')")
        await server.hear("Say")
        assert [each for each in server.heard if each["type"] == "GetRoom"] == []
