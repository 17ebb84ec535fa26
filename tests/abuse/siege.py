"""A siege: a real server, one that nobody attacks, an evening at both, and what the evening felt of an attack.

::

    async with siege(tmp_path, "--max-rooms", "100") as besieged:
        async with besieged.attack("room churn"):
            ...
        besieged.felt.check()

Attackers come from 127.0.0.2 to 127.0.0.9, and all others from elsewhere. ``HANG_ABUSE=full`` attacks with the numbers
of docs/security.md; without it they are smaller, for a minute and a half in all.
"""

import asyncio
import contextlib
import math
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec

from tests.abuse.evening import Room, Told
from tests.support.figures import percentile
from tests.support.servers.certificates import Pair
from tests.support.servers.server_process import ServerProcess, server_process

__all__ = ["ATTACKER", "FULL", "Felt", "Siege", "many", "siege"]

FULL: Final = os.environ.get("HANG_ABUSE") == "full"
ATTACKER: Final = "127.0.0.2"
_QUIET: Final = 0.5
"""Seconds of evening before the attack."""
_SHORTEST: Final = 1.0
_LATENCY_MAX: Final = 0.1
_STRETCH_MAX: Final = 3.0
"""A server that gets less than a third of the processor time that it wants is late because of the machine."""
_JOIN_MAX: Final = 1.0
_ROOT: Final = Path(__file__).parent.parent.parent


def many(full: int, usual: int) -> int:
    """Return a number of the attack: the whole one, or the one for every day."""
    return full if FULL else usual


class Felt:
    """What the evening felt of one attack. Times in seconds."""

    def __init__(self, name: str, told: Told, stretch: float, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        self.stretch = stretch
        self._room, self._control = told.attacked, told.control

    @property
    def p99(self) -> float:
        return _p99(self._room)

    @property
    def control(self) -> float:
        """The same of the room at the server that nobody attacks."""
        return _p99(self._control)

    @property
    def worst(self) -> float:
        return max(map(_infinite, self._room.latencies), default=math.inf)

    @property
    def joins(self) -> list[float]:
        return [took for took in self._room.joins if took is not None]

    def line(self) -> str:
        """Return all figures as one line."""
        # "stretch": by how much the server's work took longer because others used the processors, too.
        room = self._room
        missing = room.latencies.count(None)
        why = "".join(f"; {text}" for text in sorted({*room.refusals, *room.lost}))
        return (
            f"{self.name}: p99 {_ms(self.p99)} (without an attack {_ms(self.control)}, stretch {self.stretch:.1f}), "
            f"worst {_ms(self.worst)}, "
            f"{missing} of {len(room.latencies)} deliveries missing; newcomers {len(self.joins)} of {len(room.joins)}, "
            f"the slowest after {_ms(max(self.joins, default=math.inf))}{why}"
        )

    def check(self, *, newcomers: bool = True) -> None:
        """Check that the room played on, and that newcomers came in, unless nobody who is new can be let in.

        What is late at the server that nobody attacks is late because of the machine, and is allowed on top. And a
        server that has to wait for a processor, because others use it too, is given that much more time.
        """
        others = max(map(_infinite, self._control.joins), default=0.0)
        assert self._room.lost == [], self.line()
        if self.stretch <= _STRETCH_MAX:
            assert self.p99 < _LATENCY_MAX * self.stretch + 4 * self.control, self.line()
        if not newcomers:
            return
        assert self._room.refusals == [] and self._room.joins, self.line()
        assert max(self.joins) < _JOIN_MAX * self.stretch + 2 * others, self.line()


class Siege:
    """``felt`` is what was felt of the last attack."""

    def __init__(self, server: ServerProcess, evening: asyncio.subprocess.Process, room_id: str) -> None:
        self.server = server
        self.room_id = room_id
        """Of the five."""
        self.felt: Felt
        self._evening = evening

    @property
    def port(self) -> int:
        return self.server.port

    @contextlib.asynccontextmanager
    async def attack(self, name: str) -> AsyncIterator[None]:
        """Ask, after the body, what the evening felt of it, and print that."""
        began, (ran, waited) = time.monotonic(), self._scheduled()
        yield
        # Long enough for figures.
        await asyncio.sleep(max(0.0, began + _SHORTEST - time.monotonic()))
        until, (runs, waits) = time.monotonic(), self._scheduled()
        stretch = 1.0 + (waits - waited) / max(runs - ran, 1)
        self.felt = Felt(name, await self.told(began, until), stretch, until - began)
        print(f"\n[abuse] {self.felt.line()}; {until - began:.1f} s, server {self.resident() >> 20} MiB")

    async def told(self, since: float, until: float) -> Told:
        assert self._evening.stdin is not None and self._evening.stdout is not None
        self._evening.stdin.write(f"{since} {until}\n".encode())
        line = await self._evening.stdout.readline()
        return msgspec.json.decode(line, type=Told)

    def resident(self) -> int:
        """Return the resident bytes of the server."""
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def processor(self) -> float:
        """Return the seconds of processor time that the server has used."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _scheduled(self) -> tuple[int, int]:
        """Return for how long the server's event loop has run, and for how long it has waited for a processor."""
        try:
            ran, waited, _ = map(int, self._proc("schedstat").split())
        except OSError:
            return 0, 0
        return ran, waited

    def _proc(self, name: str) -> str:
        assert self.server.process is not None
        return Path(f"/proc/{self.server.process.pid}/{name}").read_text()


@contextlib.asynccontextmanager
async def siege(folder: Path, *options: str, tls: Pair | None = None, ca: Path | None = None) -> AsyncIterator[Siege]:
    """Start a server with these options, another one, and the evening at both. ``ca``: who has signed ``tls``."""
    folders = [folder / name for name in ("attacked", "control")]
    for one in folders:
        one.mkdir()
    if tls is not None:
        options = (*options, "--tls-cert", str(tls.certificate), "--tls-key", str(tls.key))
    # `server_process` allows 1,000 connections and rooms of one address. Here the defaults count, unless a test says
    # otherwise.
    usual = ("--max-per-address", "100", "--max-rooms-per-address", "50")
    async with contextlib.AsyncExitStack() as stack:
        server, control = await asyncio.gather(
            stack.enter_async_context(server_process(folders[0], *usual, *options)),
            stack.enter_async_context(server_process(folders[1], *usual)),
        )
        evening, room_id = await stack.enter_async_context(_evening(server.port, control.port, ca))
        await asyncio.sleep(_QUIET)
        yield Siege(server, evening, room_id)


@contextlib.asynccontextmanager
async def _evening(port: int, control: int, ca: Path | None) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run `tests.abuse.evening`. Returns the process, and the id of its room."""
    words = [str(port), str(control), *([] if ca is None else [str(ca)])]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.abuse.evening",
        *words,
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    try:
        assert process.stdout is not None
        word, _, room_id = (await process.stdout.readline()).decode().strip().partition(" ")
        assert word == "ready", "the evening did not begin"
        yield process, room_id
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _p99(room: Room) -> float:
    return percentile(map(_infinite, room.latencies), 0.99)


def _infinite(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"
