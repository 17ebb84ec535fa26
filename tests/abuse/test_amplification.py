"""What one message makes the server send, and floods of those that are answered with the most."""

import asyncio
import time
from pathlib import Path
from typing import Final

import pytest

from tests.abuse.amplification import LONG, OPTIONS, PUBLIC, Answered, full_room, measured, table
from tests.abuse.raw import Raw, member
from tests.abuse.siege import ATTACKER, many, siege
from tests.abuse.table import AMPLIFIED
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

STATED: Final = 61 << 20
STATED_PER_SECOND: Final = 10 << 20
"""Bytes that one network makes a server send at most (docs/protocol.md): at once, with one answer, and in a second."""

ATTACKED: Final = 60.0
"""Seconds that a flood is watched at most."""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answered]:
    async def run() -> dict[str, Answered]:
        async with server_process(tmp_path_factory.mktemp("amplification"), *OPTIONS) as server:
            return await measured(server.port)

    found = asyncio.run(run())
    print("\n" + table(found))
    return found


def test_no_message_is_answered_with_more_than_is_stated(rows: dict[str, Answered]) -> None:
    """docs/security.md states it (tests/abuse/table.py). A number may have a digit more."""
    assert rows.keys() == AMPLIFIED.keys()
    more = {name: (row.down, AMPLIFIED[name].now) for name, row in rows.items() if row.down > 1.1 * AMPLIFIED[name].now}
    assert more == {}


async def received(raws: list[Raw]) -> int:
    """Return how many bytes have come once none come any more, or after a while: what is paced goes on for long."""
    before, until = -1, time.monotonic() + ATTACKED
    while (now := sum(raw.down for raw in raws)) != before and time.monotonic() < until:
        before = now
        await asyncio.sleep(1.0)
    return now


@pytest.mark.timeout(300)
async def test_99_members_ask_for_a_room_with_a_full_queue(tmp_path: Path) -> None:
    count = many(60, 10)
    async with siege(tmp_path) as besieged, full_room(besieged.port) as raws:
        up, down = (sum(getattr(raw, name) for raw in raws) for name in ("up", "down"))
        async with besieged.attack(f"99 members ask {count} times each for a room with a full queue"):
            for _ in range(count):
                for raw in raws:
                    raw.keeps = False
                    raw.say("GetRoom")
            now = await received(raws)
        up, down = sum(raw.up for raw in raws) - up, now - down
        print(f"[abuse] {up >> 10} KiB up, {down >> 20} MiB down: {down / up:,.0f} times")
        besieged.felt.check()
        assert down < STATED + STATED_PER_SECOND * besieged.felt.seconds


@pytest.mark.timeout(300)
async def test_lists_of_many_rooms_with_long_names(tmp_path: Path) -> None:
    count, askers = many(60, 20), 90
    async with siege(tmp_path, "--publish-rooms") as besieged:
        for number in range(PUBLIC):
            raw, _ = await member(besieged.port, "maker", f"127.8.{number % 50}.1", name=f"{number:03}{LONG[:61]}")
            raw.abort()
        first, created = await member(besieged.port, "asker", ATTACKER, keeps=False)
        raws = [first]
        for _ in range(askers - 1):
            raws.append((await member(besieged.port, "asker", ATTACKER, room=created["room_id"], keeps=False))[0])
        up, down = (sum(getattr(raw, name) for raw in raws) for name in ("up", "down"))
        async with besieged.attack(f"{askers} clients ask {count} times each for {PUBLIC} rooms with long names"):
            for _ in range(count):
                for raw in raws:
                    raw.say("ListRooms")
            now = await received(raws)
        up, down = sum(raw.up for raw in raws) - up, now - down
        print(f"[abuse] {up >> 10} KiB up, {down >> 20} MiB down: {down / up:,.0f} times")
        for raw in raws:
            raw.abort()
        besieged.felt.check()
        assert down < STATED + STATED_PER_SECOND * besieged.felt.seconds
