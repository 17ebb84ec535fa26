"""What one message makes the server send: bytes up and bytes down, for each message that one member can send.

::

    python -m tests.abuse.amplification

prints it as a table. tests/abuse/table.py states it for docs/security.md. The room has 99 members and 500 entries with
names that are as long as they may be, and 300 public rooms have long names, too: the worst that a member can prepare.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tests.abuse.raw import HASH, Raw, dial, member, message
from tests.support.servers.server_process import server_process

__all__ = ["LONG", "OPTIONS", "PUBLIC", "Answered", "fill_queue", "full_room", "long_items", "measured"]

MEMBERS: Final = 99
QUEUE: Final = 500
PUBLIC: Final = 300
LONG: Final = "\U0001f3ac" * 255
"""The longest name of a file, which has 1,020 bytes."""
_IN_A_FRAME: Final = 30
_QUIET: Final = 0.15
_ANSWERS: Final = 3
"""To others, in that time: a busy machine lets the server stand still for longer."""

OPTIONS: Final = ("--publish-rooms", "--deliveries-per-member", "1000000", "--lists-per-minute", "10000")
"""Of the server that is measured: a debt for one message must not hide what the next one costs."""


class Answered(Struct, frozen=True):
    """What one message was answered with. Bytes."""

    up: int
    down: int
    most: int
    """What one member got of it."""


def long_items(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return new entries for a queue with the longest names, which need the most bytes of JSON."""
    return [{"file": {"size": number, "name": LONG}} for number in range(first, first + count)]


async def fill_queue(raw: Raw) -> int:
    """Make the queue of a room with one entry as long as the server lets it. Returns how many it has then."""
    for begin in range(1, QUEUE, _IN_A_FRAME):
        raw.say("QueueInsert", 1, after="end", entries=long_items(min(_IN_A_FRAME, QUEUE - begin), begin))
        try:
            await raw.hear("QueueChanged")
        except ConnectionError as error:
            assert "ServerFull: the queues of " in str(error), error
            return begin
    return QUEUE


@contextlib.asynccontextmanager
async def full_room(port: int, members: int = MEMBERS) -> AsyncIterator[list[Raw]]:
    """Fill a room, and its queue. The first of the members is its host, and keeps what it gets."""
    host, created = await member(port, "host", "127.0.0.2", file={"size": 1, "name": LONG})
    raws = [host]
    try:
        assert await fill_queue(host) == QUEUE
        for number in range(1, members):
            raw, _ = await member(port, f"m{number}", "127.0.0.2", room=created["room_id"], keeps=False)
            raws.append(raw)
        yield raws
    finally:
        for raw in raws:
            raw.abort()


async def _settled(port: int, raws: list[Raw]) -> None:
    """Wait until nothing more comes, though the server has had the time for it: it has answered others meanwhile."""
    down, since, answers = -1, time.monotonic(), 0
    while time.monotonic() < since + _QUIET or answers < _ANSWERS:
        await asyncio.sleep(0.02)
        if (now := sum(raw.down for raw in raws)) != down:
            down, since, answers = now, time.monotonic(), 0
        elif answers < _ANSWERS:
            other = await dial(port, "127.0.0.3")
            await other.upgrade()
            other.abort()
            answers += 1


async def _one(port: int, raws: list[Raw], type: str, payload: dict[str, Any]) -> Answered:
    data = message(type, "r", **payload)
    await _settled(port, raws)
    before = [raw.down for raw in raws]
    raws[0].write(data)
    await _settled(port, raws)
    got = [raw.down - was for raw, was in zip(raws, before, strict=True)]
    return Answered(len(data), sum(got), max(got))


async def _public_rooms(port: int) -> None:
    """Make rooms with long names, whose makers stay away for as long as a member may."""
    for number in range(PUBLIC):
        raw, _ = await member(
            port,
            "maker",
            f"127.8.{number % 50}.1",
            name=f"{number:03}{LONG[:61]}",
            file={"size": 1, "name": LONG},
        )
        raw.abort()


async def measured(port: int) -> dict[str, Answered]:
    """Return what each message is answered with, by its name and what it holds."""
    await _public_rooms(port)
    async with full_room(port) as raws:
        host = raws[0]
        host.say("GetRoom")
        room = (await host.hear("RoomState"))["room"]
        ids = [entry["id"] for entry in room["queue"]["entries"]]
        other = next(one["client_id"] for one in room["members"] if one["name"] == "m5")
        kicked = next(one["client_id"] for one in room["members"] if one["name"] == "m6")
        tried: list[tuple[str, str, dict[str, Any]]] = [
            ("Ping", "Ping", {"t0": 1.0}),
            ("Say, one letter", "Say", {"text": "x"}),
            ("Say, 500 letters", "Say", {"text": "\U0001f3ac" * 500}),
            ("SetReady", "SetReady", {"ready": True}),
            ("Report", "Report", {"state": "playing", "position": 1.0, "at": 1.0, "error": 0.5, "rev": 1}),
            ("Play", "SyncCommand", {"action": "Play", "timestamp": 1.0}),
            ("Seek", "SyncCommand", {"action": "Seek", "timestamp": 9.0}),
            ("Pause", "SyncCommand", {"action": "Pause", "timestamp": 2.0}),
            ("Speed", "SyncCommand", {"action": "Speed", "rate": 1.5}),
            ("Stop", "SyncCommand", {"action": "Stop"}),
            ("SetFile", "SetFile", {"file": {"size": 1, "duration": 9.0, "name": LONG}, "file_hash": HASH}),
            ("SetPolicy", "SetPolicy", {"stall": "pause"}),
            ("SetRole", "SetRole", {"client_id": other, "role": "viewer"}),
            ("Kick", "Kick", {"client_id": kicked}),
            ("GetBans", "GetBans", {}),
            ("CreateInvite", "CreateInvite", {}),
            ("GetInvites", "GetInvites", {}),
            ("RevokeInvites", "RevokeInvites", {"everybodys": True}),
            ("GetRoom", "GetRoom", {}),
            ("ListRooms", "ListRooms", {}),
            ("QueueMove of one", "QueueMove", {"ids": [ids[7]], "after": ids[400]}),
            ("QueueMove of all", "QueueMove", {"ids": ids[::-1], "after": None}),
            ("QueueRemove of one", "QueueRemove", {"ids": [ids[9]]}),
            ("QueueInsert of one", "QueueInsert", {"after": "end", "entries": long_items(1)}),
            ("QueueRemove of 30", "QueueRemove", {"ids": ids[10:40]}),
            ("QueueInsert of 30", "QueueInsert", {"after": "end", "entries": long_items(30)}),
            ("SetEntry", "SetEntry", {"id": ids[50], "file_hash": "ef" * 32}),
            ("SetMedia of an entry", "SetMedia", {"entry": ids[51]}),
            ("SetMedia of a new film", "SetMedia", {"file": {"size": 2, "name": LONG}, "file_hash": "cd" * 32}),
            ("LeaveRoom", "LeaveRoom", {}),
            ("JoinRoom", "JoinRoom", {"room_id": room["room_id"], "file_hash": "cd" * 32}),
        ]
        return {name: await _one(port, raws, type, payload) for name, type, payload in tried}


def table(rows: dict[str, Answered]) -> str:
    """Return the table as Markdown."""
    lines = ["| message | bytes up | bytes down, in all | to one member | times |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {row.up:,} | {row.down:,} | {row.most:,} | {row.down / row.up:,.0f} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


async def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder), *OPTIONS) as server:
            print(table(await measured(server.port)))


if __name__ == "__main__":
    asyncio.run(_main())
