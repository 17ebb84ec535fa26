"""Control over TCP, for clients that cannot open a Unix socket. Off unless it is asked for, and on this machine only.

Every user's processes can connect here, and every web page that a browser shows. So a client's first line must show the
token: ``{"command":["auth","TOKEN"]}``. Until then it is a `_Guest`, and nothing but that line is read of it. A browser
does not get that far: what it sends (a request, a WebSocket's upgrade, a TLS hello) does not begin with ``{``, and the
transport is aborted unanswered, before the page could smuggle a command into a request's body. With the token the
transport gets a `Connection` like any other, except that a text line ends it.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from hangd.client.control.language import lines
from hangd.client.control.language.lines import Malformed, Request
from hangd.client.control.port import CommandRefused
from hangd.client.control.server.connection import Connection
from hangd.client.control.server.token import token_in
from hangd.socket_path import SocketUnusable
from hangd.urls import place

_log = logging.getLogger(__name__)

_GUESTS_MAX: Final = 64
"""At the same time, beside the clients that have shown the token and have their own places. One more, and the one that
has said nothing for longest is aborted: a client with the token does not wait."""
_QUEUE: Final = 1024
"""Connections that wait to be accepted. Where a flood fills the queue, the system drops others, which come a second
later."""
_FIRST_LINE_MAX: Final = 4096
"""Bytes: enough for the longest token that `token_in` accepts."""


class TcpListener:
    """Listens on ``address`` (of this machine) from `listen` to `close`.

    Args:
        address: host and port; port 0 takes a free one.
        token_file: where the token is, or will be.
        patience: seconds that a client has to show it.
    """

    def __init__(self, address: tuple[str, int], token_file: Path, *, patience: float = 5.0) -> None:
        self.address = address
        """Host and port; after `listen` the port that it got."""
        self.patience = patience
        self.token = b""
        self.guests: dict[_Guest, None] = {}
        """Clients that have not shown the token yet."""
        self.waiting: dict[_Guest, None] = {}
        """Those among them from which has been read, in the order in which they came."""
        self.connect: Callable[[], Connection | None] = lambda: None
        self._token_file = token_file
        self._server: asyncio.Server | None = None

    async def listen(self, connect: Callable[[], Connection | None]) -> None:
        """Listen, and hand each client that shows the token to a ``connect()``; None turns it away.

        Raises SocketUnusable where the address cannot be had, or there is no token that is a secret.
        """
        self.connect = connect
        host, port = self.address
        self.token = token_in(self._token_file).encode()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            # The loop accepts as many at a time as wait here: a flood of guests must not take all our descriptors.
            listening = socket.create_server(self.address, family=family, backlog=_GUESTS_MAX)
        except OSError as error:
            raise SocketUnusable.at(place(host, port), error) from error
        self.address = host, listening.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Guest(self), sock=listening, backlog=_GUESTS_MAX)
        listening.listen(_QUEUE)  # the loop has made it as short as what it accepts at a time
        _log.info("control over TCP on port %d of %s; the token is in %s", self.address[1], host, self._token_file)

    def close(self) -> None:
        """Stop listening, and abort all that have not shown the token."""
        if self._server is not None:
            self._server.close()
        for guest in list(self.guests):
            guest.abort()


class _Guest(asyncio.Protocol):
    _transport: asyncio.Transport
    _timeout: asyncio.TimerHandle

    def __init__(self, listener: TcpListener) -> None:
        self._listener = listener
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._timeout = loop.call_later(self._listener.patience, self.abort)
        self._listener.guests[self] = None
        # What has arrived with it is read one round of the loop later. A flood of guests does not come between.
        loop.call_soon(loop.call_soon, self._may_go)

    def connection_lost(self, error: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        if self not in self._listener.guests:
            return
        self._buffer += data
        line, newline, rest = self._buffer.partition(b"\n")
        if not line.startswith(b"{") or len(line) > _FIRST_LINE_MAX:
            _log.debug("a client of the control port does not begin with a line of JSON: aborted")
            self.abort()
        elif newline:
            self._leave()
            self._judge(line, rest)

    def _may_go(self) -> None:
        """It has been read once: if it has not shown the token, it may have to give way to others."""
        listener = self._listener
        if self in listener.guests:
            listener.waiting[self] = None
        if len(listener.guests) > _GUESTS_MAX and listener.waiting:
            next(iter(listener.waiting)).abort()

    def abort(self) -> None:
        self._leave()
        self._transport.abort()

    def _leave(self) -> None:
        self._timeout.cancel()
        self._listener.guests.pop(self, None)
        self._listener.waiting.pop(self, None)

    def _judge(self, line: bytes, rest: bytes) -> None:
        """Hand the transport to a `Connection` if the line shows the token; otherwise refuse and close."""
        try:
            request = lines.decode(line)
        except Malformed as malformed:
            self._refuse(malformed.request_id, malformed)
            return
        assert isinstance(request, Request), "it begins with a brace"
        message = 'the first line must be {"command":["auth","TOKEN"]}'
        match request.name, request.arguments:
            case "auth", [str() as token]:
                shown = secrets.compare_digest(token.encode("utf-8", "replace"), self._listener.token)
                message = "" if shown else "that is not the token"
        if message:
            _log.warning("a control client over TCP was refused: %s", message)
            self._refuse(request.request_id, CommandRefused.failed("Unauthorized", message))
        elif (connection := self._listener.connect()) is None:
            self._transport.abort()
        else:
            self._transport.set_protocol(connection)
            self._transport.write(lines.done(request.request_id))
            connection.connection_made(self._transport)
            if rest:
                connection.data_received(rest)

    def _refuse(self, request_id: object, refused: CommandRefused) -> None:
        self._transport.write(lines.failure(request_id, refused))
        self._transport.close()
