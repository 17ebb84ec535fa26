"""Run a room server in this process or in its own, and a client that sends JSON."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from hangd.server.app import serve
from hangd.server.settings import ServerSettings

__all__ = ["HASH", "PATIENCE", "Process", "Typist", "process", "running", "typist"]

HASH = "a" * 64
PATIENCE = 75.0
"""Seconds to wait for something that has to happen, on a busy machine."""

_CODE = """
import socket, sys
import msgspec
from hangd.server.app import run
from hangd.server.settings import ServerSettings
settings = msgspec.json.decode(sys.argv[2], type=ServerSettings)
sys.exit(run(settings, sockets=[socket.socket(fileno=int(sys.argv[1]))]))
"""


@asynccontextmanager
async def running(settings: ServerSettings | None = None) -> AsyncIterator[str]:
    """Run a server in this event loop, and return its URL."""
    settings = msgspec.structs.replace(settings or ServerSettings(), keep_rooms=False)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(settings, stop=stop, ready=ready.set_result, sockets=[_bound()]))
        try:
            yield (await asyncio.wait_for(ready, PATIENCE))[0]
        finally:
            stop.set()


class Process:
    """A server in its own process."""

    def __init__(self, child: subprocess.Popen[bytes], url: str, log: IO[bytes]) -> None:
        self.child = child
        self.url = url
        self._log = log

    async def wait(self) -> int:
        """Wait for the end of the process, and return its exit code."""
        return await asyncio.to_thread(self.child.wait, PATIENCE)

    def log(self) -> str:
        """Return what the server has written to standard error so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far (Linux)."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """Return the resident memory of the server (Linux)."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def process(settings: ServerSettings | None = None) -> Iterator[Process]:
    """Run a server in its own process, which is killed at the end. It stores rooms only if ``data_dir`` or
    ``database`` is set."""
    settings = settings or ServerSettings()
    if settings.data_dir is None and settings.database is None:
        settings = msgspec.structs.replace(settings, keep_rooms=False)
    sock = _bound()
    url = f"ws://127.0.0.1:{sock.getsockname()[1]}/ws"
    words = [
        sys.executable,
        "-c",
        _CODE,
        str(sock.fileno()),
        msgspec.json.encode(settings).decode(),
    ]
    root = Path(__file__).parents[3]
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(words, pass_fds=[sock.fileno()], cwd=root, stderr=log)
        sock.close()
        try:
            yield Process(child, url, log)
        finally:
            child.kill()
            child.wait()


def _bound() -> socket.socket:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


class Typist:
    """A minimal client: JSON over a WebSocket library."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, type: str, id: int | str | None = None, **payload: Any) -> None:
        message = {"type": type, "payload": payload} | ({} if id is None else {"id": id})
        await self.connection.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        """Return the next message of any type."""
        message = json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE))
        assert isinstance(message, dict)
        return message

    async def hear(self, type: str) -> dict[str, Any]:
        """Return the payload of the next message of this type, and skip others."""
        while (message := await self.next())["type"] != type:
            pass
        payload = message["payload"]
        assert isinstance(payload, dict)
        return payload

    async def hello(self, name: str, **more: Any) -> dict[str, Any]:
        await self.say("Hello", protocol=1, name=name, client="test", **more)
        return await self.hear("Welcome")

    async def create(self, **more: Any) -> dict[str, Any]:
        await self.say("CreateRoom", file_hash=HASH, **more)
        return await self.hear("RoomCreated")

    async def join(self, room: str, **more: Any) -> dict[str, Any]:
        await self.say("JoinRoom", room_id=room, file_hash=HASH, **more)
        return await self.hear("RoomJoined")

    async def closed(self) -> int | None:
        """Wait until the server has closed the connection, and return the close code."""
        await asyncio.wait_for(self.connection.wait_closed(), PATIENCE)
        return self.connection.close_code

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.connection.close()


async def typist(url: str) -> Typist:
    return Typist(
        await connect(url, compression=None, proxy=None, open_timeout=PATIENCE, max_size=None, max_queue=None)
    )
