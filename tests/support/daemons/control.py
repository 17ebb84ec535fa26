"""A control server with a recording viewer, and a client of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hangd.client.control.server.sockets import ControlServer
from hangd.client.control.server.tcp import TcpListener
from tests.support.daemons.recording_viewer import RecordingViewer

__all__ = ["PATIENCE", "ControlClient", "control_server", "until"]

PATIENCE = 75.0
"""Seconds to wait for anything; the machine may be busy."""


async def until(condition: Callable[[], object]) -> None:
    """Wait until ``condition`` is true, by polling."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.002)


class ControlClient:
    """One connection. ``ask`` sends a command and returns its answer; events that came before it are kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.events: list[Any] = []
        self._number = 0

    @classmethod
    async def connect(cls, path: Path) -> "ControlClient":
        return cls(*await asyncio.open_unix_connection(str(path), limit=1 << 24))

    @classmethod
    async def connect_tcp(cls, address: tuple[str, int]) -> "ControlClient":
        return cls(*await asyncio.open_connection(*address, limit=1 << 24))

    def send(self, *lines: bytes) -> None:
        self.writer.write(b"".join(line + b"\n" for line in lines))

    def begin(self, *words: Any, **more: Any) -> int:
        """Send a command without waiting for its answer; return its number."""
        self._number += 1
        self.send(json.dumps({"command": words, "request_id": self._number, **more}).encode())
        return self._number

    async def line(self) -> bytes:
        """Return the next line; b"" at the end of the connection."""
        return await asyncio.wait_for(self.reader.readline(), PATIENCE)

    async def message(self) -> Any:
        line = await self.line()
        assert line.endswith(b"\n")
        return json.loads(line.decode("utf-8", "surrogateescape"))

    async def answer(self) -> Any:
        while "event" in (message := await self.message()):
            self.events.append(message)
        return message

    async def ask(self, *words: Any, **more: Any) -> Any:
        number = self.begin(*words, **more)
        answer = await self.answer()
        assert answer["request_id"] == number
        return answer

    async def event(self, name: str) -> Any:
        """Return the next event of this name that has not been returned yet."""
        while True:
            for index, event in enumerate(self.events):
                if event["event"] == name:
                    del self.events[: index + 1]
                    return event
            self.events = [await self.message()]

    async def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


@asynccontextmanager
async def control_server(
    folder: Path, viewer: RecordingViewer, patience: float = 30.0, tcp: TcpListener | None = None
) -> AsyncIterator[ControlServer]:
    server = ControlServer(viewer, folder / "hangd.sock", patience=patience, tcp=tcp)
    await server.start()
    try:
        yield server
    finally:
        await server.close()
