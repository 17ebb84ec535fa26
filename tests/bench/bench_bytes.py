"""How many bytes the server sends for one request about the room's queue. Run as a script: it prints a table.

::

    python tests/bench/bench_bytes.py

A room of 99 full members has a full queue: 500 entries with names of 100 characters and a quick hash each. "up" is the
frame of the request, "down" is all that the server writes because of it, to all members, "each" is that for one of
them. Nothing here depends on the machine's speed: the code is that which runs in production, on connections in memory.
"""

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from hangd.engine.room.connection.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.protocol.model import QUEUE_MAX
from hangd.rooms.clock import ServerClock
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from hangd.server.passwords import Passwords, PasswordThreads
from tests.support.network.memory_transport import MemoryClient

MEMBERS: Final = 99
_HASH: Final = "a" * 64
_AT_ONCE: Final = 20
"""Entries in one QueueInsert."""


class Member:
    def __init__(self, hub: Hub, name: str) -> None:
        self.wire = MemoryClient("192.0.2.1")
        self.wire.listener = hub.attach(self.wire.transport, time.monotonic(), address="192.0.2.1")
        self.heard()
        self.say("Hello", protocol=1, name=name, client="bench")

    def say(self, type: str, **payload: Any) -> int:
        """Send a request. Returns its length in bytes."""
        frame = json.dumps({"type": type, "payload": payload, "id": 1}, separators=(",", ":"))
        self.wire.say(frame, time.monotonic())
        return len(frame.encode())

    def heard(self) -> int:
        """Return how many bytes of messages have come since the last call."""
        size = sum(map(len, self.wire.heard))
        self.wire.heard.clear()
        return size


def film(number: int) -> dict[str, Any]:
    name = f"{number:03} " + "A long name of a film " * 4
    return {"file": {"size": 10**9 + number, "name": name.ljust(96, ".") + ".mkv", "quick_hash": f"{number:064x}"}}


async def room() -> list[Member]:
    session = SessionSettings(messages_per_second=10**6, burst=10**6, pings_per_second=10**6)
    settings = HubSettings(server="bench", room=RoomSettings(), session=session)
    hub = Hub(settings, passwords=Passwords(PasswordThreads(), "room"), clock=ServerClock(), store=None)
    members = [Member(hub, f"member {number}") for number in range(MEMBERS)]
    members[0].say("CreateRoom", file_hash=_HASH, file=film(0)["file"], name="bench")
    for member in members[1:]:
        member.say("JoinRoom", room_id="bench", file_hash=_HASH, file=film(0)["file"])
    for start in range(1, QUEUE_MAX, _AT_ONCE):
        entries = [film(number) for number in range(start, min(QUEUE_MAX, start + _AT_ONCE))]
        members[0].say("QueueInsert", after="end", entries=entries)
        await answered()
        for member in members:
            member.heard()
    return members


async def answered() -> None:
    """Let the hub do what it has put off until the next turn of the event loop, if anything."""
    for _ in range(20):
        await asyncio.sleep(0)


async def measured(members: list[Member], type: str, **payload: Any) -> tuple[int, int, float]:
    """Return the bytes of a request, those that all members got, and the processor time of the server in seconds."""
    for member in members:
        member.heard()
    began = time.process_time()
    up = members[0].say(type, **payload)
    await answered()
    spent = time.process_time() - began
    return up, sum(member.heard() for member in members), spent


async def entries_of(member: Member) -> list[str]:
    member.heard()
    member.say("GetRoom")
    await answered()
    queue = json.loads(member.wire.heard[-1])["payload"]["room"]["queue"]
    return [entry["id"] for entry in queue["entries"]]


async def main() -> None:
    members = await room()
    ids = await entries_of(members[0])
    assert len(ids) == QUEUE_MAX
    mixed = random.Random(1).sample(ids, len(ids))
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("the same film again, which all have (SetMedia)", "SetMedia", {"entry": ids[0]}),
        ("to another entry (SetMedia {entry})", "SetMedia", {"entry": ids[7]}),
        ("SetReady", "SetReady", {"ready": True}),
        ("shuffle of 500 (QueueMove)", "QueueMove", {"ids": mixed, "after": None}),
        ("an edit that changes nothing (the same again)", "QueueMove", {"ids": mixed, "after": None}),
        ("QueueRemove of 1", "QueueRemove", {"ids": ids[1:2]}),
        ("QueueInsert of 1", "QueueInsert", {"after": "end", "entries": [film(1)]}),
        ("a hash becomes known (SetEntry)", "SetEntry", {"id": ids[20], "file_hash": "b" * 64}),
        ("GetRoom", "GetRoom", {}),
    ]
    print(f"{'':50} {'up':>8} {'down':>12} {'each':>9} {'ratio':>9} {'ms':>7}")
    for title, type, payload in steps:
        up, down, spent = await measured(members, type, **payload)
        each = down // (1 if type == "GetRoom" or "nothing" in title else MEMBERS)
        print(f"{title:50} {up:8,} {down:12,} {each:9,} {down / up:9,.0f} {spent * 1000:7.1f}")


if __name__ == "__main__":
    asyncio.run(main())
