"""PostgreSQL ends, is killed, or stands still under a server that keeps its rooms there."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.crowds.crowd import crowd
from tests.support.servers.postgres import PostgresServer, postgres_server
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

_WAITS_FOR_POSTGRES: Final = 5.0
"""Seconds for which the store waits at the least (hangd.store.postgres), and so would an answer that waits for it."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own, because it is ended here."""
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["in-order", "killed"])
async def test_postgres_is_restarted(tmp_path: Path, postgres: PostgresServer, how: signal.Signals) -> None:
    """Rooms go on meanwhile, and what was changed is written when it is back."""
    url = postgres.url(postgres.new_database())
    async with (
        server_process(tmp_path, "--database", url) as server,
        crowd(server.url, rooms=3, members=4) as people,
    ):
        slowest = await people.edit(1)
        postgres.stop(how)
        down = time.monotonic()
        for number in range(2, 7):
            slowest = max(slowest, await people.edit(number))
            await asyncio.sleep(0.5)
        line = await server.says("cannot be kept for now")
        must_be = await people.snapshots()
        postgres.start()
        up = time.monotonic()
        await server.says("rooms are kept again")
        again = time.monotonic() - up
        assert not [fan.name for fan in people.members if fan.lost], "nobody lost the connection"
        start, came = await people.survive_a_kill(server, must_be)
        print(f"\n{line}")
        print(
            f"PostgreSQL away for {up - down:.1f} s: the slowest answer took {slowest * 1000:.0f} ms; written "
            f"{again:.1f} s after it was back; hangd killed and started in {start:.1f} s: {came}"
        )
        assert slowest < _WAITS_FOR_POSTGRES / 2
        await people.rooms_work()


async def test_postgres_stands_still(tmp_path: Path, postgres: PostgresServer) -> None:
    """What serves the server's connection is stopped: no answer and no end comes, until the server gives it up."""
    name = postgres.new_database()
    async with (
        server_process(tmp_path, "--database", postgres.url(name)) as server,
        crowd(server.url, rooms=3, members=4) as people,
    ):
        backends = postgres.backends(name)
        try:
            for pid in backends:
                os.kill(pid, signal.SIGSTOP)
            began = time.monotonic()
            slowest = 0.0
            for number in range(1, 20):
                slowest = max(slowest, await people.edit(number))
                await asyncio.sleep(1.0)
            line = await server.says("cannot be kept for now")
            given_up = time.monotonic() - began
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        await server.says("rooms are kept again")
        must_be = await people.snapshots()
        _, came = await people.survive_a_kill(server, must_be)
        print(f"\n{line}")
        print(
            f"PostgreSQL stood still, noticed within {given_up:.0f} s: the slowest answer took "
            f"{slowest * 1000:.0f} ms; {came}"
        )
        assert slowest < _WAITS_FOR_POSTGRES / 2
        await people.rooms_work()


async def test_a_server_ends_in_time_while_postgres_stands_still(tmp_path: Path, postgres: PostgresServer) -> None:
    """Within the unit's TimeoutStopSec=, or systemd would kill it. It says what was not written."""
    name = postgres.new_database()
    async with (
        server_process(tmp_path, "--database", postgres.url(name)) as server,
        crowd(server.url, rooms=2, members=2) as people,
    ):
        await people.edit(1)
        backends = postgres.backends(name)
        try:
            for pid in backends:
                os.kill(pid, signal.SIGSTOP)
            await people.edit(2)
            ended = await server.terminate()
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        (line,) = [line for line in server.log().splitlines() if "is lost" in line]
        print(f"\nTERM while PostgreSQL stands still: ended after {ended:.1f} s: {line}")
        assert ended < 10.0 and "2 rooms could not be written" in line
        assert "Traceback" not in server.log()


async def test_without_postgres_no_server_starts(tmp_path: Path, postgres: PostgresServer) -> None:
    """It would begin without its rooms and accounts. It ends with a sentence, and its service starts it again."""
    url = postgres.url(postgres.new_database())
    async with (
        server_process(tmp_path, "--database", url) as server,
        crowd(server.url, rooms=2, members=3) as people,
    ):
        await people.edit(1)
        must_be = await people.snapshots()
        stopped = time.monotonic()
        await server.terminate()
        postgres.stop()
        words = [sys.executable, "-m", "hangd", "server", "--listen", f"127.0.0.1:{server.port}", "--database", url]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("hangd: error: ")]
        assert "secret" not in line
        print(f"\n{line}")
        postgres.start()
        await server.start()
        came = await people.returned(stopped)
        compared = people.compare(must_be, await people.snapshots())
        print(f"{came}; {compared}")
        await people.rooms_work()
