"""Nothing waits between a line on the control socket and the player's queue. The call stacks show it, not the time."""

import asyncio
import inspect
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hangd.client.control.server.sockets import ControlServer
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings
from hangd.client.viewer import Viewer
from hangd.engine.player_messages import PauseNow, PlayerCommand, SeekTo
from hangd.player.vlc.player import VlcPlayer
from hangd.transport.base import Encoded
from hangd.transport.dialing import ClientTransport
from tests.support.daemons.party import CLIP
from tests.support.servers.server import running

pytestmark = pytest.mark.real


class Observed:
    """A viewer with real libVLC that records the call stack of each player command."""

    def __init__(self, name: str, folder: Path) -> None:
        self.commands: list[tuple[PlayerCommand, list[str]]] = []
        self.name = name
        settings = ClientSettings(name=name)
        self.viewer = Viewer(settings, self._player, MediaFiles(None), version="0", quit=lambda: None)
        self.path = folder / f"{name}.sock"
        self.control = ControlServer(self.viewer, self.path)

    def _player(self, sink: Callable[[Any], None]) -> VlcPlayer:
        player = VlcPlayer(sink, options=("--vout=dummy",))
        do = player.do

        def noted(command: PlayerCommand) -> None:
            self.commands.append((command, _callers()))
            do(command)

        player.do = noted  # type: ignore[method-assign]
        return player

    async def press(self, line: bytes) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, str(self.path))
            await loop.sock_sendall(sock, line)
            heard = b""
            while b'"error":"success"' not in heard:  # events may come before the answer
                more = await loop.sock_recv(sock, 4096)
                assert more, heard
                heard += more

    def callers_of(self, kind: type) -> list[str]:
        """Return the call stack of the last player command of this kind, as names of functions."""
        return next(callers for command, callers in reversed(self.commands) if isinstance(command, kind))


def _callers() -> list[str]:
    return [frame.function for frame in inspect.stack()]


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Observed, Observed]]:
    """Two viewers that play in one room, on one event loop with their server."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running())
        ada, bob = Observed("ada", tmp_path), Observed("bob", tmp_path)
        for somebody in (ada, bob):
            stack.push_async_callback(somebody.control.close)
            stack.push_async_callback(somebody.viewer.close)
            await somebody.control.start()
            await somebody.viewer.room("server-connect", {"url": url})
        room = await ada.viewer.room("room-create", {"file": str(CLIP)})
        await bob.viewer.room("room-join", {"room": room["room_id"], "file": str(CLIP)})
        await bob.viewer.settle("paused")
        ada.viewer.set_paused(False)
        for somebody in (ada, bob):
            # Its player runs then. It does not yet where the room plays and a start is under way.
            await asyncio.wait_for(somebody.viewer.settle("synced"), 60)
        yield ada, bob


async def test_a_key_press_reaches_the_player_within_one_call(pair: tuple[Observed, Observed]) -> None:
    ada, _ = pair
    await ada.press(b'{"command":["set_property","pause",true]}\n')
    callers = ada.callers_of(PauseNow)
    assert "data_received" in callers, "the player's queue has it before data_received returns"
    assert "_read_ready__data_received" in callers


async def test_a_request_is_sent_within_the_call_that_read_the_command(
    pair: tuple[Observed, Observed], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = pair
    written: list[list[str]] = []
    send = ClientTransport.send

    def noted(transport: ClientTransport, message: Encoded) -> None:
        if b'"Seek"' in message.payload:
            written.append(_callers())
        send(transport, message)

    monkeypatch.setattr(ClientTransport, "send", noted)
    await ada.press(b'{"command":["seek","30","absolute"]}\n')
    assert len(written) == 1
    assert "data_received" in written[0]


async def test_a_broadcast_reaches_the_player_within_the_call_that_read_it(
    pair: tuple[Observed, Observed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that reads a timeline's bytes also gives the player its command: no queue, task, timer or sleep."""
    ada, bob = pair
    sleep, loop_thread = time.sleep, threading.current_thread()

    def sleep_elsewhere(seconds: float) -> None:
        assert threading.current_thread() is not loop_thread, "the event loop's thread slept"
        sleep(seconds)  # libVLC's thread may

    monkeypatch.setattr(time, "sleep", sleep_elsewhere)
    await ada.press(b'{"command":["seek","30","absolute"]}\n')
    await asyncio.wait_for(bob.viewer.notices.until(lambda: bob.viewer.seeking), 30)
    callers = bob.callers_of(SeekTo)
    assert "data_received" in callers and "_received" in callers
