"""The figures that hang was designed for: clients that do what hangd does, in rooms where a film is watched.

Each client pings and reports as hangd does (`tests.support.crowds.fan`). A server process is free to use every core.
"""

import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hangd.protocol import messages
from hangd.tasks import Tasks
from tests.bench.server.languages import Hang
from tests.bench.server.processes import Running, hang_process, running
from tests.bench.server.report import Row, at_most
from tests.support.crowds.fan import Fan

__all__ = ["watching"]

_MIB: Final = 2**20
_ACTIVE_GAP: Final = 5.0
"""Seconds between two commands in a room that is in active use: somebody pauses, seeks or goes on."""
_IDLE_GOAL: Final = 1.0
_ACTIVE_GOAL: Final = 5.0
_TRAFFIC_GOAL: Final = 5.0
_MEMORY_GOAL: Final = 20.0
_CALM: Final = 25.0
"""Seconds until clients ping as seldom as they do for most of the time (`hangd.engine.link.pings`)."""


class _Figures(NamedTuple):
    idle: float
    """Percent of a core, while the film is paused and nobody says anything."""
    active: float
    """The same while it plays, and is paused and sought in."""
    sent: float
    """KB a second that the server sends to each client, in active use."""
    received: float


def watching(seconds: float, *, calm: float = _CALM) -> Iterator[Row]:
    """Measure 10 clients in a room, 100 in 10 rooms, and 50 in one."""
    yield Row("10 clients in a room", "a Python that does nothing", _python("") / _MIB, "MiB")
    loaded = _python("import hangd.server.app") / _MIB
    yield Row("10 clients in a room", "one that has loaded the server's modules", loaded, "MiB")
    for what, rooms, members in (
        ("10 clients in a room", 1, 10),
        ("100 clients in 10 rooms", 10, 10),
        ("50 clients in a room", 1, 50),
    ):
        with (
            tempfile.TemporaryDirectory(prefix="hang-bench-") as folder,
            hang_process(Path(folder), pinned=False) as process,
        ):
            server = running(process)
            empty = server.memory()
            found = asyncio.run(_watch(server, process.url, rooms, members, seconds, calm))
            full = server.memory()
        if rooms * members == 10:
            yield Row(what, "the server without clients", empty / _MIB, "MiB")
            yield Row(what, "the server with them", full / _MIB, "MiB")
            yield at_most(what, "the clients' part", (full - empty) / _MIB, "MiB", _MEMORY_GOAL)
        yield at_most(what, "processor, idle", found.idle, "% of a core", _IDLE_GOAL)
        yield at_most(what, "processor, in active use", found.active, "% of a core", _ACTIVE_GOAL)
        yield at_most(what, "to each client", found.sent, "KB/s", _TRAFFIC_GOAL)
        yield at_most(what, "from each client", found.received, "KB/s", _TRAFFIC_GOAL)


async def _watch(server: Running, url: str, rooms: int, members: int, seconds: float, calm: float) -> _Figures:
    tasks = Tasks()
    crowd = [[Fan(f"fan-{room}-{one}", url, tasks) for one in range(members)] for room in range(rooms)]
    everybody = [fan for group in crowd for fan in group]
    try:
        for host, *others in crowd:
            host.connect()
            room = (await host.create()).room_id
            for fan in others:
                fan.connect()
                await fan.join(room)
        await asyncio.sleep(calm)
        before = server.cost()
        await asyncio.sleep(seconds)
        idle = (server.cost() - before).total
        before, traffic = server.cost(), _traffic(server.port)
        await asyncio.gather(*(_use(group, number, seconds) for number, group in enumerate(crowd)))
        active = (server.cost() - before).total
        sent, received = (
            (after - earlier) / 1000 / seconds / len(everybody)
            for after, earlier in zip(_traffic(server.port), traffic, strict=True)
        )
        assert all(fan.is_up and fan.view is not None for fan in everybody), "a client was lost"
        return _Figures(100 * idle / seconds, 100 * active / seconds, sent, received)
    finally:
        for fan in everybody:
            fan.close()
        await tasks.cancel()


async def _use(group: Sequence[Fan], seed: int, seconds: float) -> None:
    """Let members start the film, and pause it or seek in it now and then."""
    draw = random.Random(seed)
    until = time.monotonic() + seconds
    await asyncio.sleep(_ACTIVE_GAP * draw.random())
    while time.monotonic() < until:
        at = 5000 * draw.random()
        commands = (messages.Play(timestamp=at), messages.Pause(timestamp=at), messages.Seek(timestamp=at))
        await draw.choice(group).ask(draw.choice(commands), messages.SyncBroadcast)
        await asyncio.sleep(_ACTIVE_GAP)


def _traffic(port: int) -> tuple[int, int]:
    """Return the bytes of all connections to this port that the server has sent, and received, so far."""
    words = ("ss", "--tcp", "--info", "--no-header", "--oneline", "--numeric", f"sport = :{port}")
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    sent, received = (sum(map(int, re.findall(rf"{name}:(\d+)", text))) for name in ("bytes_acked", "bytes_received"))
    return sent, received


def _python(code: str) -> int:
    """Return the resident set of an interpreter that has just run this."""
    wait = "\nimport sys; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code + wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        return Running(process.pid, 0, Hang()).memory()
    finally:
        process.communicate()
