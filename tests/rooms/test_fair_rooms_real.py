"""A real server, without limits, in which all members of one room say letters at once: another room plays on."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.network.dialed import DialedClient
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.server import HASH, PATIENCE
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

LOUD: Final = 60
BURST: Final = 50


def message(type: str, **payload: Any) -> bytes:
    return json.dumps({"type": type, "payload": payload}).encode()


async def hear(client: DialedClient, type: str) -> tuple[dict[str, Any], float]:
    async with asyncio.timeout(PATIENCE):
        async for data, at in client:
            heard = json.loads(data)
            if heard["type"] == type:
                return heard["payload"], at
    raise ConnectionError("the server went away")


async def enter(url: str, room: str | None, name: str) -> tuple[DialedClient, str]:
    client = await DialedClient.dial(url, timeout=PATIENCE)
    client.write(message("Hello", protocol=1, name=name, client="test"))
    await hear(client, "Welcome")
    if room is None:
        client.write(message("CreateRoom", file_hash=HASH))
        return client, (await hear(client, "RoomCreated"))[0]["room_id"]
    client.write(message("JoinRoom", room_id=room, file_hash=HASH))
    await hear(client, "RoomJoined")
    return client, room


async def count_said(client: DialedClient, number: int) -> float:
    """Wait until the client has heard so many letters. Returns when."""
    heard = 0
    async for data, at in client:
        assert isinstance(data, str)
        heard += data.startswith('{"type":"Said"')
        if heard == number:
            return at
    raise ConnectionError("the server went away")


async def test_a_room_that_is_told_much_does_not_stop_another_room(tmp_path: Path) -> None:
    async with server_process(tmp_path, *UNLIMITED_OPTIONS) as server:
        first, loud_room = await enter(server.url, None, "loud 0")
        loud = [first] + [(await enter(server.url, loud_room, f"loud {one}"))[0] for one in range(1, LOUD)]
        quiet, _ = await enter(server.url, None, "quiet")
        for client in loud:  # Only one of them listens: this process would need longer than the server.
            if client is not first:
                client.transport._transport.pause_reading()
        began = time.monotonic()
        for client in loud:
            for _ in range(BURST):
                client.write(message("Say", text="x"))
        flood = asyncio.get_running_loop().create_task(count_said(first, LOUD * BURST))
        taken: list[float] = []
        while not flood.done():
            asked = time.monotonic()
            quiet.write(message("SyncCommand", action="Pause", timestamp=float(len(taken) + 1)))
            _, at = await hear(quiet, "SyncBroadcast")
            taken.append(at - asked)
            await asyncio.sleep(0.01)
        lasted = await flood - began
        for client in (*loud, quiet):
            client.abort()
        print(
            f"\n{LOUD * BURST} letters to {LOUD} members took {lasted:.2f} s; meanwhile {len(taken)} commands in"
            f" another room, the slowest {max(taken) * 1000:.0f} ms"
        )
        assert max(taken) < lasted / 4, "it stood still"
