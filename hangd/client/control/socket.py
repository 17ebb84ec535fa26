"""The control socket: where it is, who may have it, who may connect, and one loop's worth of fan-out.

A lock file beside the socket is held for life; who holds the lock owns the path. So a live socket is never taken over,
and a stale one (its daemon was killed) is replaced. The lock file itself stays: removing it would let two daemons hold
a lock each, on different files of the same name. A service manager may hand in listening sockets instead.

Events are written once, whatever the number of clients. What changed is only noted; each client looks values up when
it can be written to. Positions are not announced: while something plays and somebody observes one, they are sampled.
"""

import asyncio
import fcntl
import logging
import os
import socket
import stat
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hangd.client.control import dialect
from hangd.client.control.commands import Context, command_list
from hangd.client.control.conductor import Conductor, ControlEvent
from hangd.client.control.connection import Connection
from hangd.client.control.properties import Properties
from hangd.tasks import Tasks

__all__ = ["ControlServer", "ControlSocketBusy", "ControlSocketUnusable"]

_log = logging.getLogger(__name__)

_SAMPLE_INTERVAL: Final = 0.1
_BACKLOG: Final = 1024
"""A connect to a full queue fails at once on a Unix socket; two hundred clients at a time are no reason for that."""
_FAREWELL: Final = 1.0
"""Seconds that closing waits for clients to take what is on its way to them."""


class ControlSocketUnusable(Exception):
    """There can be no control socket at this path. ``str()`` of it is fit for a user."""


class ControlSocketBusy(ControlSocketUnusable):
    """Somebody else has it. ``pid`` is theirs, as far as it can be told."""

    def __init__(self, path: Path, pid: int | None) -> None:
        by = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is in use by {by}")
        self.pid = pid


class ControlServer:
    """Listens at ``path`` (or on ``sockets``) from ``start`` to ``close``."""

    def __init__(
        self, conductor: Conductor, path: Path, *, sockets: Sequence[socket.socket] = (), patience: float = 30.0
    ) -> None:
        properties = Properties(conductor, command_list())
        self.context = Context(conductor, properties, self._broadcast)
        self.tasks = Tasks()
        self.patience = patience
        self._path = path
        self._given = list(sockets)
        self._lock: int | None = None
        self._own: tuple[int, int] | None = None
        self._servers: list[asyncio.Server] = []
        self.connections: set[Connection] = set()
        self._numbers = 0
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._flush_due = False
        self._sampling: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen. Raises ControlSocketBusy, or ControlSocketUnusable where the path can not be had."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_lock()
            listening = self._given or [self._bind()]
            loop = asyncio.get_running_loop()
            for each in listening:
                self._servers.append(await loop.create_unix_server(self._accept, sock=each, backlog=_BACKLOG))
        except (OSError, ValueError) as error:
            await self.close()
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise ControlSocketUnusable(f"can not listen at {self._path}: {reason}") from error
        except BaseException:
            await self.close()
            raise
        self.context.conductor.subscribe(self._broadcast, self._changed)

    async def close(self) -> None:
        """Stop listening, let clients take what is theirs, and remove the socket if it is still ours."""
        for server in self._servers:
            server.close()
        self._remove_socket()
        if self._sampling is not None:
            self._sampling.cancel()
            self._sampling = None
        for connection in list(self.connections):
            connection.outbox.flush()
            connection.close()
        await self.tasks.cancel()
        try:
            await asyncio.wait_for(self._all_gone.wait(), _FAREWELL)
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()
            await self._all_gone.wait()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # ---- the path -------------------------------------------------------------------------------------------------

    def _take_lock(self) -> None:
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).strip()
            os.close(lock)
            raise ControlSocketBusy(self._path, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock

    def _bind(self) -> socket.socket:
        self._remove_stale()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Before bind, so that there is no moment at which it is anybody's. (Not every system lets us.)
            try:
                os.fchmod(listening.fileno(), 0o600)
            except OSError:
                _log.debug("the control socket can not be made private before it is bound")
            listening.bind(str(self._path))
            os.chmod(self._path, 0o600)
        except BaseException:
            listening.close()
            raise
        status = os.stat(self._path)
        self._own = (status.st_dev, status.st_ino)
        return listening

    def _remove_stale(self) -> None:
        try:
            mode = os.lstat(self._path).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise ControlSocketUnusable(f"{self._path} is there already, and is not a socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            # It has the lock's path but not the lock: another program's, or the service manager's. Is it alive?
            probe.setblocking(False)
            try:
                probe.connect(str(self._path))
            except BlockingIOError:
                raise ControlSocketBusy(self._path, None) from None
            except ConnectionRefusedError:
                os.unlink(self._path)
                return
            raise ControlSocketBusy(self._path, _peer(probe)[0])

    def _remove_socket(self) -> None:
        own, self._own = self._own, None
        try:
            status = os.stat(self._path)
            if own == (status.st_dev, status.st_ino):
                os.unlink(self._path)
        except OSError:
            pass

    # ---- clients --------------------------------------------------------------------------------------------------

    def _accept(self) -> Connection:
        self._numbers += 1
        return Connection(self, self._numbers - 1)

    def admits(self, transport: asyncio.BaseTransport) -> bool:
        """Say whether this peer may talk to us: this user's processes, and root's."""
        _, user = _peer(transport.get_extra_info("socket"))
        if user is None or user in (0, os.geteuid()):
            return True
        _log.warning("a process of user %d tried to use the control socket", user)
        return False

    def opened(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._all_gone.clear()

    def closed(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._all_gone.set()

    # ---- fan-out --------------------------------------------------------------------------------------------------

    def _broadcast(self, event: ControlEvent) -> None:
        if not self.connections:
            return
        line = dialect.line(event)
        for connection in self.connections:
            connection.outbox.offer(event["event"], line)
            if event["event"] in ("seek", "playback-restart"):
                connection.outbox.mark_moving()
        self.flush_soon()

    def _changed(self, names: frozenset[str]) -> None:
        topics = frozenset(map(self.context.properties.topic, names))
        # Whatever is done at once is looked at once, when it is done.
        if any([connection.outbox.mark(topics) for connection in self.connections]):
            self.flush_soon()
        self.observed()

    def flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        for connection in list(self.connections):
            connection.outbox.flush()

    def observed(self) -> None:
        """Begin to sample positions if they move and somebody observes them."""
        if self._sampling is None and self.context.properties.moving:
            if any(connection.outbox.observes_moving for connection in self.connections):
                self._sampling = asyncio.get_running_loop().call_later(_SAMPLE_INTERVAL, self._sample)

    def _sample(self) -> None:
        self._sampling = None
        for connection in self.connections:
            connection.outbox.mark_moving()
        self._flush()
        self.observed()


def _peer(connected: socket.socket) -> tuple[int | None, int | None]:
    """Return the process and user at the other end, where the system tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None, None
    pid, user, _ = struct.unpack(
        "3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return pid, user
