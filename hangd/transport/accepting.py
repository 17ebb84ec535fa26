"""The server's end of connections: accept them, and let each become a WebSocket or be answered as plain HTTP.

What both ends of a WebSocket have in common, and what limits a hostile peer, is in ``wire``; plain HTTP is in ``http``,
which every connection speaks until a request asks for a WebSocket.
"""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Protocol

from websockets import http11
from websockets.protocol import State
from websockets.server import ServerProtocol

from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.transport.base import Listener, Transport
from hangd.transport.http import Answer, Fields, HttpConnection, Request, Turns
from hangd.transport.preface import BadPreface, read_preface
from hangd.transport.wire import QUIET_LOGGER, Wire

_log = logging.getLogger(__name__)

_TLS_TIMEOUT: Final = 10.0
_BACKLOG: Final = 1024


class Acceptor(Protocol):
    """Decides about each accepted connection until its opening handshake is complete, and counts connections."""

    def accepted(self, transport: Transport) -> bool:
        """A socket was accepted, and nothing has been read from it. Return whether the peer is trusted to say by the
        PROXY protocol for whom it connects."""

    @property
    def fields(self) -> Fields:
        """The header fields that every answer of HTTP has."""

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        """Return the answer to a request. None: it may have a WebSocket, if that is what it asks for."""

    def opened(self, transport: Transport, at: float) -> Listener:
        """The opening handshake is complete. Return the listener for all that follows."""

    def ended(self, transport: Transport) -> None:
        """The connection is over."""


class ServerTransport(Wire):
    """A `Transport` over a WebSocket that was accepted."""

    def __init__(self, acceptor: Acceptor, turns: Turns) -> None:
        self._server = ServerProtocol(max_size=FRAME_BYTES_MAX, logger=QUIET_LOGGER)
        super().__init__(self._server)
        self._acceptor = acceptor
        self._turns = turns
        self._preface: bytes | None = None
        """The first bytes of a trusted proxy's connection, until its header is whole; None if none is expected."""
        self._http: HttpConnection | None = None
        """Plain HTTP, until the connection becomes a WebSocket."""
        self._proxied_address: str | None = None

    @property
    def address(self) -> str:
        return super().address if self._proxied_address is None else self._proxied_address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._keep()  # Plain HTTP has deadlines of its own.
        self._http = HttpConnection(
            self._transport,
            decide=lambda request: self._acceptor.requested(self, request),
            upgrade=self._upgrade,
            fields=self._acceptor.fields,
            turns=self._turns,
        )
        if self._acceptor.accepted(self):
            self._preface = b""

    def data_received(self, data: bytes) -> None:
        if self._preface is not None:
            self._preface += data
            try:
                preface = read_preface(self._preface)
            except BadPreface:
                _log.warning("a trusted proxy's header of the PROXY protocol is malformed")
                self.abort()
                return
            if preface is None:
                return
            data, self._preface = self._preface[preface.length :], None
            self._proxied_address = preface.address
            if not data:
                return
        if self._http is None:
            super().data_received(data)
        else:
            self._http.received(data)

    def eof_received(self) -> bool | None:
        if self._http is None:
            super().eof_received()
            return None
        # asyncio never keeps a connection half open under TLS.
        return self._http.eof() and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._http is not None:
            self._http.pause_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._http is not None:
            self._http.resume_writing()

    def _upgrade(self, data: bytes) -> None:
        """Give the bytes of a request that may have a WebSocket to the protocol of WebSockets, as they came."""
        self._http = None
        self._expect_opening()
        super().data_received(data)

    def _handshake(self, event: http11.Request | http11.Response, *, alone: bool) -> None:
        assert isinstance(event, http11.Request)
        if not alone or self._server.close_expected():
            # The peer sent frames before our answer. No client does that, and the library would answer them first.
            self.abort()
            return
        response = self._server.accept(event)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            for name, value in self._acceptor.fields:
                response.headers[name] = value
        self._server.send_response(response)
        self._flush()
        if self._server.state is State.OPEN:
            self._opened()
            self._listener = self._acceptor.opened(self, time.monotonic())

    def _ended(self) -> None:
        if self._http is not None:
            self._http.stop()
        self._acceptor.ended(self)


async def listen(
    acceptor: Acceptor, sockets: Sequence[socket.socket], *, tls: ssl.SSLContext | None = None
) -> list[asyncio.Server]:
    """Accept WebSocket connections on these bound sockets. Close the returned servers to stop accepting."""
    loop = asyncio.get_running_loop()
    turns = Turns()
    timeout = _TLS_TIMEOUT if tls is not None else None
    return [
        await loop.create_server(
            lambda: ServerTransport(acceptor, turns),
            sock=sock,
            ssl=tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=timeout,
            ssl_shutdown_timeout=timeout,
        )
        for sock in sockets
    ]
