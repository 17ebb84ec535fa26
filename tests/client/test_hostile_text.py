"""What a control client writes may hold bytes that are no text. The room's server gets text all the same."""

import asyncio

import pytest

from hangd.client.control.port import CommandRefused, RoomCommand
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.player.simulated import SimulatedPlayer
from tests.support.daemons.party import CLIP
from tests.support.servers.server import running

ODD = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")


async def test_odd_bytes_reach_the_room_as_replacement_characters() -> None:
    async with running() as url:
        viewer = Viewer(
            ClientSettings(name="ada", server=url), SimulatedPlayer, MediaFiles(None), version="0", quit=exit
        )
        heard: list[str] = []
        viewer.subscribe(lambda event: heard.append(event.get("text", "")), lambda names: None)
        try:
            room = await viewer.room("room-create", {"file": str(CLIP), "password": ODD})
            await viewer.room("room-say", {"text": ODD})
            await asyncio.wait_for(viewer.notices.until(lambda: "caf\ufffd \ufffd" in heard), 30)
            others: list[tuple[RoomCommand, dict[str, str]]] = [
                ("room-create", {"file": str(CLIP), "control": ODD}),
                ("room-set", {"key": "control", "value": ODD}),
                ("room-set", {"key": ODD, "value": "x"}),
                ("room-join", {"room": ODD}),
                ("room-role", {"member": ODD, "role": ODD}),
                ("room-kick", {"member": ODD, "ban": ODD, "reason": ODD}),
                ("server-connect", {"url": f"ws://{ODD}/ws"}),
            ]
            for verb, arguments in others:
                with pytest.raises(CommandRefused):
                    await viewer.room(verb, arguments)
            assert room["room_id"]
        finally:
            await viewer.close()
