"""The control server: who may connect, by which door, and one loop's worth of fan-out.

Clients come by a Unix socket (`claim`: where it is, and whose), or by those that a service manager hands in, and where
that was asked for by TCP (`tcp`).

Events are written once, whatever the number of clients. What changed is only noted; each client looks values up when
it can be written to. Positions are not announced: while something plays and somebody observes one, they are sampled.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hangd.client.control.commands import Context, command_list
from hangd.client.control.language import lines as dialect
from hangd.client.control.port import ControlEvent, ViewerPort
from hangd.client.control.properties import Properties
from hangd.client.control.server.accepting import Arrivals
from hangd.client.control.server.connection import Connection
from hangd.client.control.server.socket_path import Claim, ControlSocketBusy, ControlSocketUnusable, peer, unix_sockets
from hangd.client.control.server.tcp import JsonConnection, TcpListener
from hangd.tasks import Tasks

__all__ = ["ControlServer", "ControlSocketBusy", "ControlSocketUnusable"]

_log = logging.getLogger(__name__)

_SAMPLE_INTERVAL: Final = 0.1
_BACKLOG: Final = 1024
"""A connect to a full queue fails at once on a Unix socket; two hundred clients at a time are no reason for that."""
_MOST_CLIENTS: Final = 500
"""The daemon's descriptors are also what it opens films with, and a system's usual limit is 1024."""
_FAREWELL: Final = 1.0
"""Seconds that closing waits for clients to take what is on its way to them."""


class ControlServer:
    """Listens at ``path`` (or on ``sockets``), and by ``tcp`` where there is one, from ``start`` to ``close``."""

    def __init__(
        self,
        viewer: ViewerPort,
        path: Path,
        *,
        sockets: Sequence[socket.socket] = (),
        tcp: TcpListener | None = None,
        patience: float = 30.0,
    ) -> None:
        properties = Properties(viewer, command_list())
        self.context = Context(viewer, properties, self._broadcast, self._tell)
        self.tasks = Tasks()
        self.patience = patience
        self._path = path
        self._given = list(sockets)
        self._claim = Claim(path)
        self._tcp = tcp
        self._arrivals = Arrivals(self._accept, self.tasks)
        self._tcp_server: asyncio.Server | None = None
        self.connections: set[Connection] = set()
        self._full = False
        self._numbers = 0
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._flush_due = False
        self._sampling: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen. Raises ControlSocketBusy, or ControlSocketUnusable where there is no listening as was asked."""
        try:
            self._listen()
            if self._tcp is not None:
                self._tcp_server = await self._tcp.listen(self._accept_json)
        except BaseException:
            await self.close()
            raise
        self.context.viewer.subscribe(self._broadcast, self._changed)
        self.context.properties.changed = self._changed

    def _listen(self) -> None:
        if not unix_sockets():
            if self._tcp is None:
                raise ControlSocketUnusable("this system has no Unix sockets: use --control-tcp 127.0.0.1:PORT")
            _log.info("this system has no Unix sockets: control clients come by TCP alone")
            return
        try:
            self._claim.lock()
            for each in self._given or [self._claim.bind()]:
                self._arrivals.listen(each, _BACKLOG)
        except (OSError, ValueError) as error:
            raise ControlSocketUnusable.at(self._path, error) from error

    async def close(self) -> None:
        """Stop listening, let clients take what is theirs, and remove the socket if it is still ours."""
        self._arrivals.close()
        self._claim.remove()
        if self._tcp_server is not None and self._tcp is not None:
            self._tcp_server.close()
            self._tcp.close()
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
        if self._tcp_server is not None:
            await self._tcp_server.wait_closed()
            self._tcp_server = None
        self._claim.release()

    # ---- clients --------------------------------------------------------------------------------------------------

    def _accept(self) -> Connection:
        return Connection(self, self._number())

    def _accept_json(self) -> Connection:
        return JsonConnection(self, self._number())

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers - 1

    def admits(self, transport: asyncio.BaseTransport) -> bool:
        """Say whether this peer may talk to us: this user's processes, and root's. By TCP it has shown its token."""
        if len(self.connections) >= _MOST_CLIENTS:
            if not self._full:
                self._full = True
                _log.warning("there are %d control clients already: more are turned away", _MOST_CLIENTS)
            return False
        self._full = False
        connected = transport.get_extra_info("socket")
        if connected.family in (socket.AF_INET, socket.AF_INET6):
            return True
        _, user = peer(connected)
        if user is None or user in (0, os.geteuid()):
            return True
        _log.warning("a process of user %d tried to use the control socket", user)
        return False

    def opened(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._all_gone.clear()
        self._arrivals.arrived(connection)
        self.flush_soon()

    def closed(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._all_gone.set()

    # ---- fan-out --------------------------------------------------------------------------------------------------

    def _broadcast(self, event: ControlEvent) -> None:
        line = dialect.line(event)
        self._arrivals.offer(event["event"], line)
        for connection in self.connections:
            connection.outbox.offer(event["event"], line)
            if event["event"] in ("seek", "playback-restart"):
                connection.outbox.mark_moving()
        self.flush_soon()

    def _tell(self, name: str, event: ControlEvent) -> bool:
        for connection in self.connections:
            if connection.name == name:
                connection.outbox.offer(event["event"], dialect.line(event))
                self.flush_soon()
                return True
        return False

    def _changed(self, names: frozenset[str]) -> None:
        topics = frozenset(map(self.context.properties.topic, names))
        # Whatever is done at once is looked at once, when it is done.
        if any([connection.outbox.mark(topics) for connection in self.connections]):
            self.flush_soon()
        self.observed()

    def look_at_the_door(self) -> None:
        self._arrivals.look()

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
