"""A bad network on a good machine: a TCP proxy that delays, jitters, freezes and cuts what goes through it.

Kernels at hand have no netem, and it would take root; this takes a port. ::

    with BadLink(server_port, out=0.100, back=0.100, jitter=0.030) as link:
        ...a client connects to link.url...
        link.cut(20)

"Out" is from the client, who connects to us, to the server; "back" is the other way. Every read is held for its
direction's delay, give or take a jitter drawn anew, but never overtakes what came before it: it is one stream. What is
not imitated: a connection is accepted at once (one round trip early), and bandwidth has no limit.

The proxy is a process of its own, this same file run as a script, so that neither a bench that spins nor its GIL delays
it; it reads commands as lines of JSON, answers each with a line, and ends where its standard input does.
"""

import asyncio
import contextlib
import json
import random
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self

__all__ = ["BadLink"]

_CHUNK: Final = 1 << 16
_UNDER_WAY_MAX: Final = 4096
"""Chunks. Enough for any delay here; when they are not taken at the other end, no more are read."""
_HOST: Final = "127.0.0.1"


class BadLink:
    """The way to a server of this machine.

    Args:
        target_port: the server's.
        out, back: seconds that what is sent to, and by, the server takes.
        jitter: seconds; each delay is up to so much shorter or longer, evenly spread, and never below nothing.
        seed: the jitter's; the same one draws the same sequence.

    On an idle machine each delay comes out 0.6 ms too long, give or take 0.2, the time through the kernel included.
    """

    def __init__(
        self, target_port: int, *, out: float = 0.0, back: float = 0.0, jitter: float = 0.0, seed: int = 0
    ) -> None:
        self._process = subprocess.Popen(
            # -P: the folder of a script would come first in its import path, and this one has a tests/support/server.py
            [sys.executable, "-P", __file__, str(target_port), str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.port = int(self._answer())
            self.set(out=out, back=back, jitter=jitter)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Where a room server behind it is reached."""
        return f"ws://{_HOST}:{self.port}/ws"

    def set(self, *, out: float | None = None, back: float | None = None, jitter: float | None = None) -> None:
        """Change delays, in seconds, for what arrives from now on; what is under way keeps its own."""
        given = {"out": out, "back": back, "jitter": jitter}
        self._command({"set": {name: value for name, value in given.items() if value is not None}})

    def cut(self, seconds: float) -> None:
        """Close every connection, losing what is under way, and refuse new ones for so long. Returns at once."""
        self._command({"cut": seconds})

    def freeze(self, seconds: float) -> None:
        """Let nothing pass for so long, and close nothing: what is sent meanwhile comes through afterwards.

        Returns at once. Somebody who connects meanwhile is accepted, and hears nothing.
        """
        self._command({"freeze": seconds})

    def close(self) -> None:
        """Close every connection and end the proxy."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _command(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the proxy has ended: exit {self._process.wait()}")
        return line


class _Proxy:
    """What runs in the process."""

    def __init__(self, target_port: int, seed: int) -> None:
        self._target_port = target_port
        self._random = random.Random(seed)
        self._delays = {"out": 0.0, "back": 0.0, "jitter": 0.0}
        self._group: asyncio.TaskGroup
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        # Bound for as long as we live, and never listening: during a cut nobody else, nor the kernel for a client who
        # tries again and again, may be given the port. (A client whose own port is the one that it connects to is
        # answered by itself.)
        self._held = self._bound(0)
        self.port: int = self._held.getsockname()[1]
        self._cuts = 0
        self._freezes = 0
        self._flowing = asyncio.Event()
        self._flowing.set()

    @staticmethod
    def _bound(port: int) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((_HOST, port))
        return sock

    async def run(self) -> None:
        commands = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        async with asyncio.TaskGroup() as self._group:
            await self._listen()
            print(self.port, flush=True)
            while line := await commands.readline():
                match json.loads(line):
                    case {"set": delays}:
                        self._delays.update(delays)
                    case {"cut": seconds}:
                        self._cut()
                        self._start(self._end_cut(seconds))
                    case {"freeze": seconds}:
                        self._freeze()
                        self._start(self._end_freeze(seconds))
                print("done", flush=True)
            self._cut()
            for task in tuple(self._tasks):
                task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, sock=self._bound(self.port))

    def _cut(self) -> None:
        self._cuts += 1
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def _end_cut(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._cuts -= 1
        if not self._cuts:
            await self._listen()

    def _freeze(self) -> None:
        self._freezes += 1
        self._flowing.clear()

    async def _end_freeze(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._freezes -= 1
        if not self._freezes:
            self._flowing.set()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._start(self._relay(reader, writer))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            server_reader, server_writer = await asyncio.open_connection(_HOST, self._target_port)
        except OSError:
            self._drop(writer)
            return
        self._writers.add(server_writer)
        try:
            if not writer.transport.is_closing():  # or it was cut meanwhile
                async with asyncio.TaskGroup() as group:
                    self._carry(group, reader, server_writer, "out")
                    self._carry(group, server_reader, writer, "back")
        finally:
            self._drop(writer)
            self._drop(server_writer)

    def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()

    def _carry(
        self, group: asyncio.TaskGroup, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str
    ) -> None:
        """Carry one direction of a connection, its end included."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY_MAX)
        group.create_task(self._receive(reader, under_way, direction))
        group.create_task(self._deliver(under_way, writer))

    async def _receive(
        self, reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]], direction: str
    ) -> None:
        loop = asyncio.get_running_loop()
        due, data = 0.0, b"-"
        while data:
            # Frozen, it is not read either, so that who goes on sending finds the buffers full.
            await self._flowing.wait()
            try:
                data = await reader.read(_CHUNK)
            except OSError:  # reset: to the other side an end like any other
                data = b""
            jitter = self._delays["jitter"]
            delay = max(0.0, self._delays[direction] + self._random.uniform(-jitter, jitter))
            due = max(due, loop.time() + delay)
            await under_way.put((due, data))

    async def _deliver(self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        data = b"-"
        while data:
            due, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            await self._flowing.wait()
            if writer.transport.is_closing():
                continue  # nobody is there; what comes is to be taken all the same, until its end
            with contextlib.suppress(OSError):
                if data:
                    writer.write(data)
                    await writer.drain()
                else:
                    writer.write_eof()


def _main(target_port: int, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us; our end is that of our input
    # Select's timers are exact; epoll, which asyncio would take, waits for whole milliseconds.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(_Proxy(target_port, seed).run())


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
