"""ServerProcess: a room server in a process of its own, to be killed, stopped, started again and given faults.

::

    async with server_process(folder) as server:
        ...
        server.kill()
        await server.start()
        assert "rooms are kept again" in server.log()
"""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hangd.engine.room.saved import SavedRoom
from hangd.store.opening import open_file
from tests.support.daemons.party import PATIENCE, free_port

__all__ = ["ServerProcess", "server_process"]

_ROOT: Final = Path(__file__).parents[3]
_AS_UNIT: Final = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Does what systemd does with the socket of a socket unit."""


class ServerProcess:
    """``python -m hangd server`` on one port of 127.0.0.1. What it logs goes to ``log_path``, over all its starts.

    Args:
        data: the folder in which its rooms are kept; None: its options say where.
        keeps_socket: whether the listening socket belongs to this process, as a socket unit of systemd has it, so that
            clients that connect while no server runs wait for the next one.
        environment: more variables for the server. They count from the next start on.
        prefix: words before the command, which have to become the server's process in the end.
    """

    def __init__(
        self,
        data: Path | None,
        log_path: Path,
        *,
        options: Sequence[str] = (),
        keeps_socket: bool = False,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        self.log_path = log_path
        self.environment = dict(environment or {})
        self.prefix = prefix
        self.code = _ROOT
        """The folder whose hangd is run, from the next start on."""
        self._data = data
        self.options = ["--max-per-address", "1000", "--max-rooms-per-address", "1000", *options]
        if data is not None:
            self.options += ["--data-dir", str(data)]
        self.process: subprocess.Popen[bytes] | None = None
        self.socket = socket.create_server(("127.0.0.1", self.port), backlog=1000) if keeps_socket else None

    async def start(self) -> float:
        """Start the server, and wait until it accepts connections. Returns how many seconds that took."""
        assert self.process is None
        began, said = time.monotonic(), len(self.log())
        words = [*self.prefix, sys.executable, "-m", "hangd", "server", *self.options]
        environment = {**os.environ, **self.environment}
        descriptors: tuple[int, ...] = ()
        if self.socket is None:
            words += ["--listen", f"127.0.0.1:{self.port}"]
        else:
            # The socket has to be descriptor 3, and a variable has to hold the id of the process itself.
            descriptors = (self.socket.fileno(),)
            words = [sys.executable, "-c", _AS_UNIT, str(descriptors[0]), *words]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - it takes milliseconds
                words, cwd=self.code, env=environment, stdin=subprocess.DEVNULL, stderr=log, pass_fds=descriptors
            )
        while "listening on" not in self.log()[said:]:
            if self.process.poll() is not None:
                raise AssertionError(f"the server did not start:\n{self.log()[said:]}")
            assert time.monotonic() - began < PATIENCE, "the server did not start in time"
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    async def terminate(self) -> float:
        """End the server with SIGTERM, in order. Returns how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.process.wait, PATIENCE)
        self.process = None
        assert code == 0, f"the server ended with {code}:\n{self.log()}"
        return time.monotonic() - began

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        """Return what the server has logged so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    async def says(self, words: str, *, since: int = 0, timeout: float = PATIENCE) -> str:
        """Wait until the log after its first ``since`` characters has a line with these words, and return the line."""
        until = time.monotonic() + timeout
        while True:
            for line in self.log()[since:].splitlines():
                if words in line:
                    return line
            assert self.runs, f"the server has ended:\n{self.log()[since:]}"
            assert time.monotonic() < until, f"the server did not say {words!r}:\n{self.log()[since:]}"
            await asyncio.sleep(0.02)

    async def has_written(self, table: str, words: str, *, rooms: int) -> None:
        """Wait until the rows of so many rooms in this table of its SQLite file contain these words.

        What was changed in the last instant before a crash may be lost (docs/store.md).
        """
        assert self._data is not None
        question = f"SELECT count(*) FROM {table} WHERE data LIKE ?"
        with contextlib.closing(sqlite3.connect(self._data / "rooms.db")) as database:
            async with asyncio.timeout(PATIENCE):
                while database.execute(question, [f"%{words}%"]).fetchone() != (rooms,):  # noqa: ASYNC110  # a process
                    await asyncio.sleep(0.05)

    def kept_rooms(self) -> list[SavedRoom] | None:
        """Return the rooms as they are in its SQLite file now. None: it has none."""
        if self._data is None or "--database" in self.options:
            return None
        with contextlib.closing(open_file(self._data / "rooms.db", serving=False)) as store:
            return [kept.room for kept in store.load()]

    def close(self) -> None:
        if self.process is not None:
            self.kill()
        if self.socket is not None:
            self.socket.close()


@contextlib.asynccontextmanager
async def server_process(
    folder: Path,
    *options: str,
    data: Path | None = None,
    keeps_socket: bool = False,
    environment: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> AsyncIterator[ServerProcess]:
    """Run a server whose log, and whose rooms if ``data`` is None, are in ``folder``. It is killed at the end."""
    server = ServerProcess(
        folder / "data" if data is None else data,
        folder / "server.log",
        options=options,
        keeps_socket=keeps_socket,
        environment=environment,
        prefix=prefix,
    )
    try:
        await server.start()
        yield server
    finally:
        server.close()
    assert "Traceback" not in server.log(), server.log()
