"""A TCP proxy that imitates a bad network: it delays, jitters, freezes and cuts the connections through it.

It also counts the bytes that they carry.

Linux's netem would do the same, but it needs root and a kernel that has it. ::

    with BadLink(server_port, out=0.100, back=0.100, jitter=0.030) as link:
        ...a client connects to link.url...
        link.cut(20)

"Out" is the direction from the client, which connects to the proxy, to the server; "back" is the other direction. Each
chunk that is read is held for the delay of its direction, plus or minus a new random jitter. It never overtakes an
earlier chunk, since TCP is one stream. Two things are not imitated: a connection is accepted at once (one round trip
early), and the bandwidth is not limited.

The proxy is a process of its own: this file, run as a script. So neither a busy bench nor its GIL delays the proxy. It
reads commands as lines of JSON, answers each with one line, and ends at the end of its standard input.
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
"""Chunks in one direction. Enough for any delay here. When the other end does not take them, no more are read."""
_HOST: Final = "127.0.0.1"


class BadLink:
    """A proxy process in front of a server on this machine.

    Args:
        target_port: the server's port.
        out, back: delays to and from the server, in seconds.
        jitter: in seconds. Each delay is shorter or longer by at most this, uniformly distributed, and at least 0.
        seed: seed of the jitter. The same seed gives the same sequence.

    On an idle machine each delay is 0.6 ms (plus or minus 0.2 ms) too long, including the time in the kernel.
    """

    def __init__(
        self, target_port: int, *, out: float = 0.0, back: float = 0.0, jitter: float = 0.0, seed: int = 0
    ) -> None:
        self._process = subprocess.Popen(
            # -P: a script's folder would be first in its import path, and the modules here would hide others.
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
        """The URL of a room server behind the proxy."""
        return f"ws://{_HOST}:{self.port}/ws"

    def set(self, *, out: float | None = None, back: float | None = None, jitter: float | None = None) -> None:
        """Change delays, in seconds, for data that arrives from now on. Data under way keeps its delay."""
        given = {"out": out, "back": back, "jitter": jitter}
        self._command({"set": {name: value for name, value in given.items() if value is not None}})

    def cut(self, seconds: float) -> None:
        """Close every connection, lose the data under way, and refuse connections for this long. Returns at once."""
        self._command({"cut": seconds})

    def freeze(self, seconds: float) -> None:
        """Let no data pass for this long, without closing a connection; the data comes through afterwards.

        Returns at once. New connections are accepted meanwhile, and their data waits as well.
        """
        self._command({"freeze": seconds})

    def carried(self) -> dict[str, int]:
        """Return how many bytes arrived from each side so far: "out" from the clients, "back" from the server."""
        count: dict[str, int] = json.loads(self._command({"carried": True}))
        return count

    def close(self) -> None:
        """Close every connection and end the proxy's process."""
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

    def _command(self, command: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the proxy has ended: exit {self._process.wait()}")
        return line


class _Proxy:
    """The proxy itself, in its own process."""

    def __init__(self, target_port: int, seed: int) -> None:
        self._target_port = target_port
        self._random = random.Random(seed)
        self._delays = {"out": 0.0, "back": 0.0, "jitter": 0.0}
        self._carried = {"out": 0, "back": 0}
        self._group: asyncio.TaskGroup
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        # This socket is bound for the whole time and never listens. It keeps the port during a cut: otherwise another
        # process could get it, or the kernel could give it to a client that retries, which would connect to itself.
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
                answer = "done"
                match json.loads(line):
                    case {"set": delays}:
                        self._delays.update(delays)
                    case {"cut": seconds}:
                        self._cut()
                        self._start(self._end_cut(seconds))
                    case {"freeze": seconds}:
                        self._freeze()
                        self._start(self._end_freeze(seconds))
                    case {"carried": _}:
                        answer = json.dumps(self._carried)
                print(answer, flush=True)
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
            if not writer.transport.is_closing():  # it may have been cut meanwhile
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
        """Forward one direction of a connection, including its end."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY_MAX)
        group.create_task(self._receive(reader, under_way, direction))
        group.create_task(self._deliver(under_way, writer))

    async def _receive(
        self, reader: asyncio.StreamReader, under_way: asyncio.Queue[tuple[float, bytes]], direction: str
    ) -> None:
        loop = asyncio.get_running_loop()
        due, data = 0.0, b"-"
        while data:
            # While frozen nothing is read either, so that a sender that goes on finds full buffers.
            await self._flowing.wait()
            try:
                data = await reader.read(_CHUNK)
            except OSError:  # a reset is forwarded as an end
                data = b""
            self._carried[direction] += len(data)
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
                continue  # the receiver is gone; the rest is still read, up to its end
            with contextlib.suppress(OSError):
                if data:
                    writer.write(data)
                    await writer.drain()
                else:
                    writer.write_eof()


def _main(target_port: int, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; this process ends with its input
    # select() has exact timers; epoll, which asyncio would use, waits for whole milliseconds.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(_Proxy(target_port, seed).run())


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
