"""A minimal client, which knows five messages and sends no Hello, in a room with a real daemon."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.support.daemons.party import CLIP, PATIENCE, person, room_server, wait_for

pytestmark = pytest.mark.real


class BasicClient:
    """A client of some twenty lines, as anybody may write one."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def send(self, type: str, **payload: Any) -> None:
        await self.socket.send(json.dumps({"type": type, "payload": payload}))

    async def receive(self, type: str) -> dict[str, Any]:
        message = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE))
        assert message["type"] == type, message
        payload: dict[str, Any] = message["payload"]
        return payload


async def test_commands_pass_in_both_directions(tmp_path: Path) -> None:
    file_hash = hashlib.sha256(CLIP.read_bytes()).hexdigest()
    with room_server() as server, person("ada", tmp_path, player="simulated") as ada:
        async with connect(server.url, compression=None, proxy=None) as socket:
            basic = BasicClient(socket)
            await basic.send("CreateRoom", file_hash=file_hash)
            room = (await basic.receive("RoomCreated"))["room_id"]

            await asyncio.to_thread(ada.ctl, "join", room, CLIP, "--server", server.url)
            await asyncio.to_thread(ada.ctl, "wait", "paused")

            # From the basic client to the daemon.
            await basic.send("SyncCommand", action="Play", timestamp=5.0)
            await asyncio.to_thread(ada.ctl, "wait", "playing")
            assert await asyncio.to_thread(wait_for, lambda: ada.get("time-pos") > 5.0, "the start at 5 s")
            await basic.send("SyncCommand", action="Pause", timestamp=12.5)
            await asyncio.to_thread(
                wait_for, lambda: ada.get("pause") and abs(ada.get("time-pos") - 12.5) < 0.002, "the pause at 12.5 s"
            )

            # From the daemon to the basic client. The client's own commands are not sent back to it.
            await asyncio.to_thread(ada.ctl, "play")
            heard = await basic.receive("SyncBroadcast")
            assert heard["command"]["action"] == "Play"
            assert heard["command"]["timestamp"] == pytest.approx(12.5, abs=0.01)
            await asyncio.to_thread(ada.ctl, "seek", "40")
            heard = await basic.receive("SyncBroadcast")
            assert heard["command"] == {"action": "Seek", "timestamp": 40.0}
            heard = await basic.receive("SyncBroadcast")
            assert heard["command"]["action"] == "Play", "the gate has opened"
            await asyncio.to_thread(ada.ctl, "speed", "1.25")
            heard = await basic.receive("SyncBroadcast")
            assert heard["command"] == {"action": "Speed", "rate": 1.25}

            await basic.send("JoinRoom", room_id=room, file_hash=file_hash)
            assert (await basic.receive("Error"))["code"] == "AlreadyInRoom"
            await basic.send("LeaveRoom")
            assert (await basic.receive("RoomLeft"))["reason"] == "left"


async def test_it_joins_the_room_of_a_daemon_only_with_the_same_file(tmp_path: Path) -> None:
    file_hash = hashlib.sha256(CLIP.read_bytes()).hexdigest()
    with room_server() as server, person("ada", tmp_path, player="simulated") as ada:
        room = await asyncio.to_thread(ada.ctl, "create", CLIP, "--server", server.url)
        # Until the room knows the hash of its film, it cannot tell that this one is wrong.
        await asyncio.to_thread(
            wait_for,
            lambda: json.loads(ada.ctl("status", "--json"))["room"]["file_hash"] == file_hash,
            "the film's hash",
        )
        async with connect(server.url, compression=None, proxy=None) as socket:
            basic = BasicClient(socket)
            await basic.send("JoinRoom", room_id=room, file_hash="0" * 64)
            assert (await basic.receive("Error"))["code"] == "FileHashMismatch"
            await basic.send("JoinRoom", room_id=room, file_hash=file_hash)
            joined = await basic.receive("RoomJoined")
            assert joined["is_host"] is False
            assert joined["room"]["timeline"]["playing"] is False
            await basic.send("SyncCommand", action="Seek", timestamp=33.0)
            await asyncio.to_thread(
                wait_for, lambda: abs((ada.get("time-pos") or 0) - 33.0) < 0.002, "the seek at ada's"
            )
