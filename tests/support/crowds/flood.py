"""Hundreds of control clients, and hostile ones: the load that a daemon's control socket has to withstand.

A client here only counts lines and does not parse them, so that the daemon is the slower of the two.
"""

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, cast

from tests.support.crowds.junk import any_line
from tests.support.daemons.party import PATIENCE

__all__ = ["HOSTILE", "Asker", "Hostile", "asking", "ask_in_turn", "besieged", "crowd"]

BATCH: Final = 20
"""Requests that a client sends at once, before it reads the answers."""
GET: Final = b'{"command":["get_property","pause"],"request_id":5}\n'
OBSERVE: Final = b'{"command":["observe_property",1,"time-pos"],"request_id":5}\n'


class Asker(asyncio.Protocol):
    """Observe time-pos and pipeline gets. ``full`` is set when a whole batch has been answered."""

    def __init__(self) -> None:
        self.replies = 0
        self.events = 0
        self.strange = b""
        """The first line that is neither an answer to a get nor an event."""
        self.lost = False
        self.full = asyncio.Event()
        self._open = 0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(OBSERVE)
        self._open = 1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b'{"event":"property-change","id":1'):
                self.events += 1
            elif line.endswith(b'"request_id":5,"error":"success"}'):
                self.replies += 1
                self._open -= 1
            elif not line.startswith(b'{"event":') and not self.strange:
                self.strange = line
        if self._open == 0:
            self.full.set()
            self._ask()

    def close(self) -> None:
        self._transport.abort()

    def _ask(self) -> None:
        self._open += BATCH
        self._transport.write(GET * BATCH)


@contextmanager
def asking(path: Path) -> Iterator[Callable[[], bytes]]:
    """Connect a blocking client; the value is a function that sends one get and returns the line of its answer."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(path))
        with sock.makefile("rb") as lines:

            def ask() -> bytes:
                sock.sendall(GET)
                while (line := lines.readline()).startswith(b'{"event":'):
                    pass
                return line

            yield ask


def ask_in_turn(path: Path, seconds: float) -> list[float]:
    """Send one get after the other for this long; return how long each answer took, in seconds."""
    taken = []
    until = time.perf_counter() + seconds
    with asking(path) as ask:
        while (began := time.perf_counter()) < until:
            if not ask().endswith(b'"request_id":5,"error":"success"}\n'):
                raise AssertionError("a get was not answered")
            taken.append(time.perf_counter() - began)
    return taken


@asynccontextmanager
async def crowd(path: Path, size: int) -> AsyncIterator[list[Asker]]:
    """Connect this many clients, which send a new batch as soon as the last one is answered."""
    loop = asyncio.get_running_loop()
    clients: list[Asker] = []
    try:
        for _ in range(size):
            clients.append((await loop.create_unix_connection(Asker, str(path)))[1])
        yield clients
    finally:
        for client in clients:
            client.close()


# ---- hostile clients -------------------------------------------------------------------------------------------------


async def _connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, str(path))
    return sock


async def _never_reads(path: Path, chance: random.Random) -> None:
    """Observe, and request the longest answers, until the daemon stops reading from this client."""
    with await _connected(path) as sock:
        while True:
            await asyncio.get_running_loop().sock_sendall(
                sock, OBSERVE + b'{"command":["get_property","command-list"]}\n' * 50
            )


async def _sends_garbage(path: Path, chance: random.Random) -> None:
    loop = asyncio.get_running_loop()
    with await _connected(path) as sock:
        while True:
            junk = b"".join(any_line(chance) for _ in range(50))
            # Without vowels no line is a command that would pause, stop or seek the film.
            await loop.sock_sendall(sock, junk.translate(None, b"aeiou") + b"\n")
            with contextlib.suppress(BlockingIOError):
                sock.recv(1 << 20)
            await asyncio.sleep(0.001)


async def _half_closes(path: Path, chance: random.Random) -> None:
    loop = asyncio.get_running_loop()
    while True:
        with await _connected(path) as sock:
            await loop.sock_sendall(sock, GET * 10)
            sock.shutdown(socket.SHUT_WR)
            answer = b""
            while data := await loop.sock_recv(sock, 1 << 16):
                answer += data
            assert answer.count(b'"error":"success"') == 10, answer


async def _sends_a_long_line(path: Path, chance: random.Random) -> None:
    """Send a line of one megabyte, which is allowed, then one of a byte more, which ends the connection."""
    loop = asyncio.get_running_loop()
    while True:
        for more in (0, 1):
            with await _connected(path) as sock, contextlib.suppress(ConnectionError):
                await loop.sock_sendall(sock, b"{" + b"x" * ((1 << 20) - 1 + more))
                await loop.sock_sendall(sock, b"\n" + GET)
                sock.shutdown(socket.SHUT_WR)
                while await loop.sock_recv(sock, 1 << 16):
                    pass


async def _never_speaks(path: Path, chance: random.Random) -> None:
    with await _connected(path):
        await asyncio.Event().wait()


Hostile = Callable[[Path, random.Random], Awaitable[None]]

HOSTILE: Final[tuple[Hostile, ...]] = (
    _never_reads,
    _sends_garbage,
    _half_closes,
    _sends_a_long_line,
    _never_speaks,
)


@asynccontextmanager
async def besieged(path: Path, enemies: Sequence[Hostile] = HOSTILE, *, seed: int = 1) -> AsyncIterator[None]:
    """Keep one client of each kind connected. An answer that is missing raises AssertionError."""

    async def keep_on(hostile: Hostile) -> None:
        chance = random.Random(seed)
        while True:
            # A client that is disconnected connects again.
            with contextlib.suppress(ConnectionError):
                await hostile(path, chance)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(keep_on(hostile)) for hostile in enemies]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
