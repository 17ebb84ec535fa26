"""The public list of rooms is complete, however many pages the server sends it in."""

from contextlib import AsyncExitStack

from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.player.simulated import SimulatedPlayer
from hangd.server.settings import ServerSettings
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import running, typist

ROOMS = 401


async def test_a_viewer_lists_the_rooms_of_all_pages() -> None:
    settings = ServerSettings(publish_rooms=True, **UNLIMITED)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running(settings))
        someone = await stack.enter_async_context(await typist(url))
        for number in range(ROOMS):
            await someone.create(name=f"room {number}")
            await someone.say("LeaveRoom")
            await someone.hear("RoomLeft")
        viewer = Viewer(ClientSettings(name="ada"), SimulatedPlayer, MediaFiles(None), version="0", quit=lambda: None)
        stack.push_async_callback(viewer.close)
        await viewer.room("server-connect", {"url": url})
        listed = await viewer.room("room-list", {})
    assert sorted(room["name"] for room in listed) == sorted(f"room {number}" for number in range(ROOMS))
