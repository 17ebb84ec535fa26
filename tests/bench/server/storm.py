"""The server is killed under a thousand full clients: how long until all are back in their rooms as who they were.

When a client dials is decided by hangd's own machine for that (`hangd.engine.link`), and each one that is back asks for
the server's time as often as hangd does after connecting.
"""

import asyncio
import contextlib
import heapq
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hangd.engine.link.link import Dial, Dialed, DialFailed, Link, LinkEffect, Lost, Wanted, Welcomed
from hangd.engine.link.pings import PingSchedule, SendPing, Started
from tests.bench.server.clients import Client, Clients
from tests.bench.server.languages import PING, FullHang
from tests.bench.server.processes import hang_process, running
from tests.bench.server.report import Row

__all__ = ["storm"]

_PATIENCE: Final = 60.0
_SETTLED: Final = 1.0
"""Seconds after which the rooms are written as they are (docs/store.md)."""


class _Returning:
    """All clients on their way back. ``back`` holds the local time at which each was greeted."""

    def __init__(self, clients: Clients, language: FullHang) -> None:
        self._clients = clients
        self._language = language
        self._draw = random.Random(1)
        self._links: dict[Client, Link] = {}
        self._pings: dict[Client, PingSchedule] = {}
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._number = 0
        self.back: list[float] = []
        clients.came_in = self._greeted
        clients.ended = self._lost

    def begin(self) -> None:
        """Let all find out at once that their connections have ended."""
        now = time.monotonic()
        for client in [one for room in self._clients.rooms for one in room]:
            self._links[client] = link = Link()
            attempt = _dialled(link.handle(Wanted("ws://localhost"), now))
            link.handle(Dialed(attempt), now)
            link.handle(Welcomed(attempt), now)
            self._clients.drop(client)
            self._lost(client)

    def turn(self) -> None:
        """Do what is due, and receive."""
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2](now)
        self._clients.turn(0)

    def _at(self, due: float | None, do: Callable[[float], None]) -> None:
        if due is not None:
            self._number += 1
            heapq.heappush(self._due, (due, self._number, do))

    def _lost(self, client: Client) -> None:
        link = self._links[client]
        self._pings.pop(client, None)
        link.handle(Lost(link.attempt, 1006, "lost"), time.monotonic(), self._draw.random())
        self._at(link.deadline(), lambda now: self._dial(client, now))

    def _dial(self, client: Client, now: float) -> None:
        link = self._links[client]
        attempt = _dialled(link.expire(now))
        try:
            self._clients.dial(client, self._language.resuming(client.name))
        except ConnectionError as error:
            link.handle(DialFailed(attempt, str(error)), now, self._draw.random())
            self._at(link.deadline(), lambda later: self._dial(client, later))
        else:
            link.handle(Dialed(attempt), now)

    def _greeted(self, client: Client) -> None:
        now = time.monotonic()
        link = self._links[client]
        link.handle(Welcomed(link.attempt), now)
        self.back.append(now)
        self._pings[client] = pings = PingSchedule()
        pings.handle(Started(), now)
        self._ping(client, pings, now)

    def _ping(self, client: Client, pings: PingSchedule, now: float) -> None:
        if self._pings.get(client) is not pings:
            return
        for effect in pings.expire(now):
            if isinstance(effect, SendPing):
                client.send(PING)
        self._at(pings.deadline(), lambda later: self._ping(client, pings, later))


def _dialled(effects: Sequence[LinkEffect]) -> int:
    return next(effect.attempt for effect in effects if isinstance(effect, Dial))


def storm(members: int) -> Iterator[Row]:
    """Kill the server with SIGKILL, and start it again at once."""
    what = f"killed under {members:,} full clients"
    language = FullHang()
    with (
        tempfile.TemporaryDirectory(prefix="hang-bench-") as folder,
        hang_process(Path(folder)) as server,
        contextlib.closing(Clients(server.port, language)) as clients,
    ):
        clients.enter(members // 10, 10)
        clients.idle(_SETTLED)
        returning = _Returning(clients, language)
        server.kill()
        killed = time.monotonic()
        took: list[float] = []
        starting = threading.Thread(target=lambda: took.append(asyncio.run(server.start())))
        starting.start()
        returning.begin()
        until = killed + _PATIENCE
        while len(returning.back) < members and time.monotonic() < until:
            returning.turn()
        starting.join()
        cost = running(server).cost()
        missing = members - len(returning.back)
        yield Row(what, "the server is back", took[0], "s")
        back = max(returning.back) - killed if not missing else float("inf")
        yield Row(what, "all are back in their rooms", back, "s", note=f"{missing} are missing" if missing else "")
        yield Row(what, "the server's processor time until then", cost.total, "s")
