"""The control server: accepts control clients, and tells all of them what happens.

The daemon starts one when there is a viewer, and closes it at the end. Clients come by a Unix socket of ours or of the
service manager's, and by TCP where that was asked for. Each gets a `Connection`.

An event is written once, whatever the number of clients. Of properties only the change is noted; each client's `Outbox`
reads the values when it can write them. Positions are not announced: while they move and a client observes one, they
are sampled.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hangd.client.control.commands import prepare
from hangd.client.control.language import lines
from hangd.client.control.port import CommandRefused, ControlEvent, ViewerPort
from hangd.client.control.properties import Properties
from hangd.client.control.server.accepting import Acceptor
from hangd.client.control.server.connection import Connection
from hangd.client.control.server.key_files import default_bindings, read_bindings
from hangd.client.control.server.tcp import TcpListener
from hangd.client.control.server.text_commands import run_text
from hangd.client.control.subjects import keys
from hangd.client.control.tables.bindings import Bindings
from hangd.client.control.tables.command import Context, Waiting
from hangd.client.control.tables.property import MOVING
from hangd.socket_path import SocketPath, SocketUnusable, peer
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_MOVING: Final = frozenset({MOVING})
_SAMPLE_INTERVAL: Final = 0.1
"""Seconds between two samples of positions: ten times a second, where mpv tells every frame."""
_BACKLOG: Final = 1024
"""A connect to a full queue fails at once on a Unix socket. Two hundred clients at a time must not fill it."""
_CLIENTS_MAX: Final = 500
"""A system's usual limit is 1024 descriptors, and the daemon opens films with them too."""
_FAREWELL: Final = 1.0
"""Seconds that closing waits for clients to read what is on its way to them."""


class ControlServer:
    """Listens at ``path`` (or on ``sockets``), and over TCP if ``tcp`` is given, from `start` to `close`.

    Args:
        patience: seconds after which a client that does not read its events is disconnected.
    """

    def __init__(
        self,
        viewer: ViewerPort,
        path: Path,
        *,
        sockets: Sequence[socket.socket] = (),
        tcp: TcpListener | None = None,
        patience: float = 30.0,
    ) -> None:
        properties = Properties(viewer)
        properties.state(Bindings).set_defaults(default_bindings(properties))
        self.context = Context(
            viewer,
            properties,
            self._broadcast,
            self._tell,
            lambda text, repeated: run_text(self.context, self.tasks, text, repeated),
        )
        self.acceptor = Acceptor(self._accepted)
        self.tasks = Tasks()
        self.patience = patience
        self.connections: set[Connection] = set()
        self._socket_path = SocketPath(path)
        self._given = list(sockets)
        self._tcp = tcp
        self._full = False
        self._number = 0
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._flush_due = False
        self._sampling: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen. Raises SocketBusy, or SocketUnusable where it cannot listen as was asked."""
        try:
            if SocketPath.supported():
                self._listen()
            elif self._tcp is None:
                raise SocketUnusable("this system has no Unix sockets: use --control-tcp 127.0.0.1:PORT")
            else:
                _log.info("this system has no Unix sockets: control clients come by TCP alone")
            if self._tcp is not None:
                await self._tcp.listen(lambda: self._connect(text_lines=False))
        except BaseException:
            await self.close()
            raise
        self.context.viewer.subscribe(self._broadcast, self._changed)
        self.context.properties.changed = self._changed

    def _listen(self) -> None:
        try:
            self._socket_path.lock()
            for each in self._given or [self._socket_path.bind()]:
                self.acceptor.listen(each, _BACKLOG)
        except (OSError, ValueError) as error:
            raise SocketUnusable.at(self._socket_path.path, error) from error

    async def close(self) -> None:
        """Stop listening, let clients read what is on its way to them, and remove the socket if it is still ours."""
        self.acceptor.close()
        self._socket_path.unlink()
        if self._tcp is not None:
            self._tcp.close()
        self._flush(at_once=True)
        for connection in list(self.connections):
            connection.close()
        if self._sampling is not None:
            self._sampling.cancel()
        await self.tasks.cancel()
        try:
            await asyncio.wait_for(self._all_gone.wait(), _FAREWELL)
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()
            await self._all_gone.wait()
        self._socket_path.unlock()

    async def bind_keys(self, path: Path, *, named: bool, defaults: bool) -> None:
        """Bind keys as the user's file says; ``named``: it has to be there. ``defaults``: beside those of hang."""
        self.context.properties.write("input-default-bindings", defaults)
        await read_bindings(self.context.properties, path, named=named)

    # ---- the desktop, a client within the process -------------------------------------------------------------------

    def run(self, line: str) -> None:
        """Carry out a line of commands, as a key does. What fails is logged."""
        self.context.run_text(line, False)

    def press(self, name: str, repeated: bool) -> None:
        """Carry out what a key is bound to, by the window's name of it. ``repeated``: because it is held down."""
        keys.pressed(self.context, name, repeated)

    async def request(self, name: str, *arguments: Any) -> Any:
        """Carry out one command and return the data of its reply. Raises CommandRefused."""
        outcome = prepare(name, arguments)(self.context)
        return await outcome.coroutine if isinstance(outcome, Waiting) else outcome

    def read(self, name: str) -> Any:
        """Return the value of a property as plain data; None: it has none now."""
        try:
            return self.context.properties.read(name)
        except CommandRefused:
            return None

    # ---- clients --------------------------------------------------------------------------------------------------

    def _accepted(self, accepted: socket.socket) -> None:
        """Serve a client of a Unix socket, if it is a process of this user, or root's."""
        _, user = peer(accepted)
        if user not in (None, 0, os.geteuid()):
            _log.warning("a process of user %d tried to use the control socket", user)
        elif (connection := self._connect()) is not None:
            transport = asyncio.get_running_loop().connect_accepted_socket(lambda: connection, accepted)
            task = self.tasks.start(transport, name=f"accept-{connection.name}")
            task.add_done_callback(lambda _: self._transport_made(connection, accepted))
            return
        accepted.close()

    def _transport_made(self, connection: Connection, accepted: socket.socket) -> None:
        if connection.transport is None:  # the task was cancelled
            accepted.close()
            self.closed(connection)

    def _connect(self, *, text_lines: bool = True) -> Connection | None:
        """Return the connection for a new client; None where there are too many."""
        if len(self.connections) >= _CLIENTS_MAX:
            if not self._full:
                self._full = True
                _log.warning("there are %d control clients already: more are turned away", _CLIENTS_MAX)
            return None
        self._full = False
        connection = Connection(self, self._number, text_lines=text_lines)
        self._number += 1
        self.connections.add(connection)
        self._all_gone.clear()
        return connection

    def closed(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if not self.connections:
            self._all_gone.set()

    # ---- what happens -----------------------------------------------------------------------------------------------

    def _broadcast(self, event: ControlEvent) -> None:
        line = lines.line(event)
        for connection in self.connections:
            connection.outbox.offer(event["event"], line)
            if event["event"] in ("seek", "playback-restart"):
                connection.outbox.mark(_MOVING)
        self.flush_soon()

    def _tell(self, name: str, event: ControlEvent) -> bool:
        for connection in self.connections:
            if connection.name == name:
                connection.outbox.offer(event["event"], lines.line(event))
                self.flush_soon()
                return True
        return False

    def _changed(self, names: frozenset[str]) -> None:
        topics = frozenset[str]().union(*map(self.context.properties.topics, names))
        for connection in self.connections:
            if connection.outbox.mark(topics):
                self.flush_soon()
        self._sample_if_moving()

    def flush_soon(self) -> None:
        """Flush every outbox when the current batch of work is over."""
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self, *, at_once: bool = False) -> None:
        self._flush_due = False
        for connection in list(self.connections):
            try:
                connection.outbox.flush(at_once=at_once)
            except Exception:
                _log.exception("a control client cannot be served any more: closed")
                connection.abort()
        self._sample_if_moving()

    def _sample_if_moving(self) -> None:
        """Sample positions after a while, if any is observed and moves."""
        if self._sampling is None and any(connection.outbox.observes_moving for connection in self.connections):
            if self.context.properties.moving:
                self._sampling = asyncio.get_running_loop().call_later(_SAMPLE_INTERVAL, self._sample)

    def _sample(self) -> None:
        self._sampling = None
        for connection in self.connections:
            connection.outbox.mark(_MOVING)
        self._flush()
