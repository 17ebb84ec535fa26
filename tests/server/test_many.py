"""Five hundred connections in ten rooms."""

import asyncio
import json
import os
from typing import Any

import pytest

from hangd.server.settings import ServerSettings
from tests.support.network.dialed import DialedClient
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import HASH, PATIENCE, process

ROOMS = 10
MEMBERS = 50
COMMANDS = 40


class Member:
    """A full client that is small enough for five hundred in one process."""

    def __init__(self, transport: DialedClient) -> None:
        self.transport = transport
        self._messages = aiter(transport)
        self.revisions: list[int] = []

    def say(self, type: str, **payload: Any) -> None:
        self.transport.write(json.dumps({"type": type, "payload": payload}).encode())

    async def hear(self, type: str) -> dict[str, Any]:
        while True:
            data, _ = await anext(self._messages)
            message = json.loads(data)
            if message["type"] == "SyncBroadcast":
                self.revisions.append(message["payload"]["timeline"]["rev"])
            if message["type"] == type:
                assert isinstance(message["payload"], dict)
                return message["payload"]

    async def see_all(self) -> None:
        while len(self.revisions) < COMMANDS:
            await self.hear("SyncBroadcast")


async def enter(url: str, name: str, room: str | None) -> tuple[Member, str]:
    member = Member(await DialedClient.dial(url, timeout=PATIENCE))
    member.say("Hello", protocol=1, name=name, client="test")
    await member.hear("Welcome")
    if room is None:
        member.say("CreateRoom", file_hash=HASH)
        return member, (await member.hear("RoomCreated"))["room_id"]
    member.say("JoinRoom", room_id=room, file_hash=HASH)
    return member, (await member.hear("RoomJoined"))["room_id"]


@pytest.mark.real
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="measures by /proc")
async def test_five_hundred_in_ten_rooms() -> None:
    settings = ServerSettings(max_per_address=ROOMS * MEMBERS, **UNLIMITED)
    with process(settings) as server:
        rooms: list[list[Member]] = []
        async with asyncio.timeout(100):
            for _ in range(ROOMS):
                host, room = await enter(server.url, "host", None)
                entered = await asyncio.gather(*(enter(server.url, f"guest {n}", room) for n in range(1, MEMBERS)))
                rooms.append([host, *(member for member, _ in entered)])
            before = server.cpu_seconds()
            everybody = [member for room_members in rooms for member in room_members]
            async with asyncio.TaskGroup() as group:
                for member in everybody:
                    group.create_task(member.see_all())
                for number in range(COMMANDS):
                    for members in rooms:
                        members[number % MEMBERS].say("SyncCommand", action="Pause", timestamp=float(number))
                    await asyncio.sleep(0)
        spent = server.cpu_seconds() - before
        for member in everybody:
            assert member.revisions == list(range(1, COMMANDS + 1))
        # 400 commands make 20,000 messages. Measured: 0.2 s; ten times that would be a fault.
        assert spent < 2.0
        assert server.resident_bytes() < 200 * 1024 * 1024
        for member in everybody:
            member.transport.abort()
        assert server.child.poll() is None
        assert "Traceback" not in server.log()
