"""A viewer in no room whose server closes idle connections: it stays away until it needs one, and says nothing."""

import asyncio
from pathlib import Path

from hangd.server.settings import ServerSettings
from tests.support.daemons.viewers import Watcher
from tests.support.servers.server import running


async def test_a_viewer_in_no_room_connects_again_when_it_needs_to(tmp_path: Path) -> None:
    ada = Watcher(tmp_path, name="ada")
    film = ada.film("film.mkv")

    def link() -> list[tuple[str, str | None]]:
        return [(each["state"], each.get("reason")) for each in ada.events if each.get("event") == "server-state"]

    try:
        async with running(ServerSettings(idle_timeout=1.0)) as url:
            await ada.viewer.room("server-connect", {"url": url})
            await ada.until(lambda: link()[-1] == ("disconnected", None))
            await asyncio.sleep(3)
            assert link() == [("connecting", None), ("greeting", None), ("connected", None), ("disconnected", None)]
            assert ada.viewer.hang_property("server/reason") is None
            assert ada.viewer.hang_property("server/url") == url
            await ada.viewer.room("room-create", {"name": "friday", "file": film})
            await asyncio.sleep(3)
            assert [state for state, _ in link()[4:]] == ["connecting", "greeting", "connected"]
            assert ada.viewer.hang_property("room")["name"] == "friday"
            ada.events.clear()
            await ada.viewer.room("room-leave", {})
            await ada.until(lambda: link() == [("disconnected", None)])
    finally:
        await ada.viewer.close()
