"""The latency of each part of the way from a key press to both players, on this machine.

Two viewers with real libVLC are in one process, a real server is in another. A client writes the same bytes as hangctl
to the real control socket. The time of each call of libVLC is recorded.

=====================  ======================================================================================
interface to player    a line is written to the control socket -> libVLC is called (set_pause)
player to wire         libVLC has paused -> the request to the room has been written to the network's socket
wire to player         the room's message arrives -> libVLC is called at the other end
all of it              a line is written at one viewer's -> libVLC is called at the other's
=====================  ======================================================================================

`bench_server` measures the server's part.
"""

import asyncio
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from hangd.client.control.server.sockets import ControlServer
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_messages import Settled
from hangd.player.vlc.player import VlcPlayer
from hangd.protocol.messages import SyncBroadcast
from tests.support.daemons.party import CLIP
from tests.support.servers.server import process

__all__ = ["main"]

_ROUNDS: Final = 40
_GOALS: Final = {"interface to player": 0.005, "player to wire": 0.010, "wire to player": 0.010}


class Stamps:
    """A log of what happened when, in order."""

    def __init__(self) -> None:
        self.log: list[tuple[str, float]] = []

    def mark(self, what: str) -> None:
        self.log.append((what, time.monotonic()))

    def first(self, what: str, since: float) -> float | None:
        return next((at for kind, at in self.log if kind == what and at >= since), None)


class Bench:
    """One viewer. The times of its libVLC calls and network writes are recorded."""

    def __init__(self, name: str, folder: Path, stamps: Stamps) -> None:
        self.name = name
        self.stamps = stamps
        settings = ClientSettings(name=name)
        self.viewer = Viewer(settings, self._player, MediaFiles(None), version="0", quit=lambda: None)
        self.path = folder / f"{name}.sock"
        self.control = ControlServer(self.viewer, self.path)

    def _player(self, sink: Callable[[Any], None]) -> VlcPlayer:
        def heard(event: Any) -> None:
            if isinstance(event, Settled):
                self.stamps.mark(f"{self.name} settled")
            sink(event)

        return VlcPlayer(heard, options=("--vout=dummy",))

    def stamp_network(self) -> None:
        """Record when this viewer writes to the network, and the receive times of what arrives."""
        connection = self.viewer.connection
        received, send = connection.listener.received, connection.send

        def sending(message: Any, request_id: Any = None) -> None:
            send(message, request_id)
            if request_id is not None:
                self.stamps.mark(f"{self.name} sent")

        def receiving(message: Any, re: Any, now: float) -> None:
            if isinstance(message, SyncBroadcast):
                self.stamps.log.append((f"{self.name} received", now))
            received(message, re, now)

        connection.send = sending  # type: ignore[method-assign]
        connection.listener.received = receiving  # type: ignore[method-assign]

    async def press(self, line: bytes) -> float:
        """Write a line to the control socket and return the time at which it was written."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, str(self.path))
            at = time.monotonic()
            await loop.sock_sendall(sock, line)
            await loop.sock_recv(sock, 4096)
        return at


def stamp_libvlc(stamps: Stamps) -> None:
    """Record the time of each call of set_pause. The first player that calls it is ada's."""
    import vlc

    players: list[int] = []
    set_pause = vlc.MediaPlayer.set_pause

    def stamped(player: Any, paused: int) -> Any:
        if id(player) not in players:
            players.append(id(player))
        stamps.mark(f"{('ada', 'bob')[players.index(id(player))]} called")
        return set_pause(player, paused)

    vlc.MediaPlayer.set_pause = stamped


async def _measure(folder: Path, url: str) -> dict[str, list[float]]:
    stamps = Stamps()
    stamp_libvlc(stamps)
    ada, bob = (Bench(name, folder, stamps) for name in ("ada", "bob"))
    figures: dict[str, list[float]] = {name: [] for name in (*_GOALS, "all of it")}
    for bench in (ada, bob):
        await bench.control.start()
        await bench.viewer.room("server-connect", {"url": url})
    room = await ada.viewer.room("room-create", {"file": str(CLIP)})
    await bob.viewer.room("room-join", {"room": room["room_id"], "file": str(CLIP)})
    await bob.viewer.settle("paused")
    for bench in (ada, bob):
        bench.stamp_network()
    for _ in range(_ROUNDS):
        ada.viewer.set_paused(False)
        for bench in (ada, bob):
            await bench.viewer.settle("playing")
        await asyncio.sleep(0.3)  # let the film run steadily before the measured pause
        pressed = await ada.press(b'{"command":["set_property","pause",true]}\n')
        for bench in (ada, bob):
            await bench.viewer.settle("paused")
        called, settled, sent, arrived, called_there = (
            stamps.first(what, pressed)
            for what in ("ada called", "ada settled", "ada sent", "bob received", "bob called")
        )
        assert called and settled and sent and arrived and called_there
        figures["interface to player"].append(called - pressed)
        figures["player to wire"].append(sent - settled)
        figures["wire to player"].append(called_there - arrived)
        figures["all of it"].append(called_there - pressed)
    for bench in (ada, bob):
        await bench.viewer.close()
        await bench.control.close()
    return figures


def main() -> int:
    sys.setswitchinterval(0.0005)
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder, process() as server:
        os.environ.pop("DISPLAY", None)
        figures = asyncio.run(_measure(Path(folder), server.url))
    table = Table(title=f"Latency, {_ROUNDS} pauses in a room of two, {os.cpu_count()} cores", title_justify="left")
    for heading in ("", "median", "95 %", "worst", "goal"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, values in figures.items():
        values.sort()
        shown = (statistics.median(values), values[int(len(values) * 0.95)], values[-1])
        goal = _GOALS.get(name)
        cells = [f"{value * 1000:.2f} ms" for value in shown]
        table.add_row(name, *cells, "" if goal is None else f"{goal * 1000:.0f} ms")
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
