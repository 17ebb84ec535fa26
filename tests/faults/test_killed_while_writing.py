"""A server that is killed while ninety rooms with long queues change all the time: nothing old is lost."""

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Final

import msgspec
import pytest

from hangd.protocol import messages
from hangd.protocol.films import QueueChanged
from hangd.protocol.model import FileInfo, QueueItem
from hangd.store.base import KeptRoom
from hangd.tasks import Tasks
from tests.support.crowds.fan import Fan
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.server_process import server_process

pytestmark = [pytest.mark.real, pytest.mark.timed]

ROOMS: Final = 90
ENTRIES: Final = 500
MAY_BE_LOST: Final = 0.1
"""Seconds: docs/store.md, "What can be lost"."""
ROUND: Final = 0.4
"""Seconds that the round of writes which is under way may take, on a busy machine."""


class Changing:
    """One room: its member says that it is ready or not, and where the film stands, as fast as it is answered."""

    def __init__(self, fan: Fan) -> None:
        self.fan = fan
        self.room = ""
        self.acknowledged: list[tuple[float, int]] = []
        """When which rev of the timeline was acknowledged."""

    async def prepare(self) -> None:
        self.fan.connect()
        created = await self.fan.create()
        self.room = created.room.room_id
        names = (f"{number:03} {'a film with a long name ' * 8}.mkv" for number in range(ENTRIES - 1))
        entries = [QueueItem(file=FileInfo(size=1 + len(name), name=name, quick_hash="01" * 32)) for name in names]
        for start in range(0, len(entries), 100):
            insert = messages.QueueInsert(after="end", entries=tuple(entries[start : start + 100]))
            await self.fan.ask(insert, QueueChanged)

    async def change(self) -> None:
        number = 0
        while True:
            number += 1
            await self.fan.ask(messages.SetReady(ready=number % 2 == 1), messages.MemberChanged)
            done = await self.fan.ask(messages.Pause(timestamp=float(number)), messages.SyncBroadcast)
            self.acknowledged.append((time.monotonic(), done.timeline.rev))


async def test_nothing_older_than_the_rule_says_is_lost(tmp_path: Path) -> None:
    async with server_process(tmp_path, *UNLIMITED_OPTIONS) as server:
        tasks = Tasks()
        rooms = [Changing(Fan(f"fan {number}", server.url, tasks)) for number in range(ROOMS)]
        await asyncio.gather(*(room.prepare() for room in rooms))
        # A long queue that has been edited is written again some seconds later.
        await server.has_written("queues", f'"name":"{ENTRIES - 2:03} ', rooms=ROOMS)
        for room in rooms:
            tasks.start(room.change(), name="changes")
        await asyncio.sleep(3.0)
        server.kill()
        killed = time.monotonic()
        await tasks.cancel()
        for room in rooms:
            room.fan.leave()
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "rooms.db")) as database:
            rows = dict(database.execute("SELECT room_id, data FROM rooms").fetchall())
            (queued,) = database.execute("SELECT min(length(data)) FROM queues").fetchone()
    kept = {room_id: msgspec.json.decode(data, type=KeptRoom).room.timeline.rev for room_id, data in rows.items()}
    lost = [killed - at for room in rooms for at, rev in room.acknowledged if rev > kept[room.room]]
    most, oldest = max(len(data) for data in rows.values()), max(lost, default=0.0)
    acknowledged = sum(len(room.acknowledged) for room in rooms)
    print(
        f"\n{len(lost)} of {acknowledged} acknowledged commands lost, the oldest {oldest * 1000:.0f} ms before the end;"
        f" a room's row has {most} bytes, its queue's {queued}"
    )
    assert acknowledged > ROOMS and queued > 100_000 > 2_000 > most
    assert oldest < MAY_BE_LOST + ROUND
