"""The Unix socket: its path and lock, who may connect, and how it is closed."""

import asyncio
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangd.client.control.server.sockets import ControlServer
from hangd.socket_path import SocketBusy, SocketUnusable
from tests.support.daemons.control import ControlClient, control_server, until
from tests.support.daemons.recording_viewer import RecordingViewer

SERVE = """
import asyncio, sys
from pathlib import Path
from hangd.client.control.server.sockets import ControlServer
from tests.support.daemons.recording_viewer import RecordingViewer
async def main():
    await ControlServer(RecordingViewer(), Path(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
ROOT = Path(__file__).parents[4]


async def works(path: Path) -> bool:
    client = await ControlClient.connect(path)
    answer = await client.ask("client_name")
    await client.close()
    return bool(answer["error"] == "success")


async def test_the_socket_and_its_folder_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "hang"
    async with control_server(folder, RecordingViewer()):
        assert stat.S_IMODE((folder / "hangd.sock").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / "hangd.sock.lock").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert await works(folder / "hangd.sock")
    assert not (folder / "hangd.sock").exists()


async def test_a_live_socket_is_never_taken_over(tmp_path: Path) -> None:
    async with control_server(tmp_path, RecordingViewer()):
        with pytest.raises(SocketBusy, match=f"process {os.getpid()}$") as caught:
            await ControlServer(RecordingViewer(), tmp_path / "hangd.sock").start()
        assert caught.value.pid == os.getpid()
        assert await works(tmp_path / "hangd.sock")
    async with control_server(tmp_path, RecordingViewer()):
        assert await works(tmp_path / "hangd.sock")


async def test_another_programs_socket_is_not_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "hangd.sock"))
        other.listen(0)
        with pytest.raises(SocketBusy, match=f"process {os.getpid()}$"):
            await ControlServer(RecordingViewer(), tmp_path / "hangd.sock").start()
        assert (tmp_path / "hangd.sock").is_socket()


@pytest.mark.real
async def test_a_killed_daemons_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "hangd.sock"
    daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, path, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert daemon.stdout is not None
        assert await asyncio.wait_for(daemon.stdout.readline(), 60) == b"ready\n"
        with pytest.raises(SocketBusy) as caught:
            await ControlServer(RecordingViewer(), path).start()
        assert caught.value.pid == daemon.pid
    finally:
        daemon.kill()
        await daemon.wait()
    assert path.is_socket()
    async with control_server(tmp_path, RecordingViewer()):
        assert await works(path)


async def test_a_file_that_is_not_a_socket_is_kept(tmp_path: Path) -> None:
    (tmp_path / "hangd.sock").write_text("precious")
    with pytest.raises(SocketUnusable, match="not a socket"):
        await ControlServer(RecordingViewer(), tmp_path / "hangd.sock").start()
    assert (tmp_path / "hangd.sock").read_text() == "precious"


@pytest.mark.parametrize("name", ["x" * 120, "file/hangd.sock"])
async def test_a_path_that_cannot_be_used_is_reported_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SocketUnusable) as caught:
        await ControlServer(RecordingViewer(), tmp_path / name).start()
    assert str(caught.value).startswith(f"cannot listen at {tmp_path / name}: ")


async def test_a_successors_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "hangd.sock"
    async with control_server(tmp_path, RecordingViewer()):
        path.unlink()
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"


async def test_sockets_of_the_service_manager_are_used(tmp_path: Path) -> None:
    given = socket.socket(socket.AF_UNIX)
    given.bind(str(tmp_path / "given.sock"))
    given.listen()
    server = ControlServer(RecordingViewer(), tmp_path / "hangd.sock", sockets=[given])
    await server.start()
    assert await works(tmp_path / "given.sock")
    assert not (tmp_path / "hangd.sock").exists()
    await server.close()
    assert (tmp_path / "given.sock").is_socket(), "its owner removes it"


async def test_closing_sends_what_is_queued_and_does_not_wait_for_ever(tmp_path: Path) -> None:
    viewer = RecordingViewer()
    async with control_server(tmp_path, viewer) as server:
        client = await ControlClient.connect(tmp_path / "hangd.sock")
        await client.ask("client_name")
        waiting = await ControlClient.connect(tmp_path / "hangd.sock")
        waiting.begin("room-leave")
        await until(lambda: viewer.calls)
        viewer.sink({"event": "said", "text": "bye"})
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.connect(str(tmp_path / "hangd.sock"))
            await until(lambda: len(server.connections) == 3)
            for _ in range(900):
                viewer.sink({"event": "said", "text": "x" * 1000})
            await asyncio.wait_for(server.close(), 20)
        assert b'"bye"' in await client.rest()
        assert b"request_id" not in await waiting.rest()
    assert viewer.cancelled == 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not say who connects")
async def test_processes_of_other_users_are_disconnected(open_folder: Path) -> None:
    path = open_folder / "hangd.sock"
    async with control_server(open_folder, RecordingViewer()):
        os.chmod(path, 0o666)
        ask = "import socket,sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(9))"
        process = await asyncio.create_subprocess_exec(
            "/usr/bin/env", "python3", "-c", ask, path, stdout=subprocess.PIPE, user=65534, cwd="/"
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert out == b"b''\n"
        assert await works(path)
