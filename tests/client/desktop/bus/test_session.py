"""Where the buses are, and connections that end."""

import asyncio
import logging
import socket
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus

from hangd.client.desktop.bus import session
from hangd.client.desktop.bus.session import BusConnection, session_address
from hangd.tasks import Tasks


def test_the_session_bus_is_what_the_environment_says_or_in_the_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run, of me"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/the/bus")
    assert session_address() == "unix:path=/the/bus"
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert session_address() is None
    (folder / "bus").touch()
    assert session_address() == f"unix:path={tmp_path}/run%2c%20of%20me/bus"


@pytest.mark.parametrize("address", ["unix:path=/nowhere", "autolaunch:", "no address", "unix:path=/a\0b", ";"])
async def test_a_bus_that_cannot_be_reached_is_tried_again_in_silence(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(session, "_AGAIN_SECONDS", 0.001)
    tried = 0
    again = asyncio.Event()

    def tell() -> str:
        nonlocal tried
        tried += 1
        if tried == 3:
            again.set()
        return address

    async def use(bus: MessageBus) -> None:
        raise AssertionError

    tasks = Tasks()
    tasks.start(BusConnection("bus", tell, [use]).keep(), name="bus")
    with caplog.at_level(logging.INFO):
        await asyncio.wait_for(again.wait(), 30)
        await tasks.cancel()
    assert caplog.records == []


async def test_a_server_that_never_answers_holds_up_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(session, "_AGAIN_SECONDS", 0.001)
    tasks, tries = Tasks(), asyncio.Queue[None]()

    def tell() -> str:
        tries.put_nowait(None)
        return f"unix:path={tmp_path}/bus"

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "bus"))
        listener.listen()
        tasks.start(BusConnection("bus", tell, []).keep(), name="bus")
        for _ in range(3):
            await asyncio.wait_for(tries.get(), 30)
        await tasks.cancel()
