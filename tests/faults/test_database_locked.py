"""Another process locks the database of a running server: nobody waits for it, and nothing is lost."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from hangd.protocol.accounts import Refresh, Tokens
from tests.support.crowds.crowd import crowd
from tests.support.crowds.fan import Refused
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

LOCKED: Final = 20.0
"""Seconds for which it is locked: longer than a server waits for one write, and than its pause between two."""
_WAITS_FOR_A_LOCK: Final = 5.0
"""Seconds for which a write waits (hangd.store.sqlite): so long an answer would take that waits for it."""
_LOCK: Final = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Let another process hold a transaction open on this file."""
    words = [sys.executable, "-c", _LOCK, str(path)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    assert process.stdin is not None and process.stdout is not None
    try:
        assert await asyncio.to_thread(process.stdout.readline) == "locked\n"
        yield
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


async def test_locked_for_a_while_and_freed(tmp_path: Path) -> None:
    async with (
        server_process(tmp_path, "--register", "open") as server,
        crowd(server.url, rooms=3, members=4) as people,
    ):
        path = tmp_path / "data" / "rooms.db"
        slowest = 0.0
        async with locked(path):
            began = time.monotonic()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                sqlite3.connect(path, timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
            for number in range(1, 11):
                slowest = max(slowest, await people.edit(number))
                await asyncio.sleep(LOCKED / 10)
            ann, began_asking = people.members[0], time.monotonic()
            with pytest.raises(Refused, match="Internal") as refused:
                await people.register(ann)  # an account is not promised before it is kept
            asked = time.monotonic() - began_asking
            line = await server.says("cannot be kept for now")
            held = time.monotonic() - began
        assert not [fan.name for fan in people.members if fan.lost], "nobody lost the connection"
        freed = time.monotonic()
        await server.says("rooms are kept again")
        again = time.monotonic() - freed
        await people.register(ann)
        must_be = await people.snapshots()
        assert must_be[0].policy.capacity == 30
        _, came = await people.survive_a_kill(server, must_be)
        await ann.ask(Refresh(people.refresh[ann.name]), Tokens)
        print(f"\n{line}\na new account was refused after {asked:.1f} s: {refused.value}")
        print(
            f"locked for {held:.1f} s: the slowest answer took {slowest * 1000:.0f} ms; written "
            f"{again:.1f} s after it was freed; {came}"
        )
        assert slowest < _WAITS_FOR_A_LOCK / 2
        await people.rooms_work()


async def test_stopped_while_it_is_locked(tmp_path: Path) -> None:
    """It ends in the time that systemd gives it, and what was kept before is there."""
    async with (
        server_process(tmp_path) as server,
        crowd(server.url, rooms=3, members=4) as people,
    ):
        await people.edit(1)
        before = await people.snapshots()
        await asyncio.sleep(0.5)
        async with locked(tmp_path / "data" / "rooms.db"):
            await people.edit(2)
            stopped = time.monotonic()
            took = await server.terminate()
        await server.start()
        came = await people.returned(stopped)
        after = await people.snapshots()
        for one, other in zip(before, after, strict=True):
            assert other.members == one.members and not other.away
            assert other.queue == one.queue and abs(one.jump(other)) < 0.2
        print(f"\nstopped in {took:.2f} s while the database was locked; {came}")
        assert took < 9.0, "systemd kills it after 10 s"
        await people.rooms_work()
