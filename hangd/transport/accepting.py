"""The server's end of connections: accept them, and let each become a WebSocket or be answered as plain HTTP.

An accepted socket is known to the `Acceptor`, which counts it, before anything is made for it: a handshake of TLS costs
a hundred times the memory of the socket. `Door` accepts; a `ServerTransport` is one connection from then on.

What both ends of a WebSocket have in common, and what limits a hostile peer, is in ``wire``; plain HTTP is in ``http``,
which every connection speaks until a request asks for a WebSocket.
"""

import asyncio
import logging
import socket
import ssl
import struct
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from websockets import http11
from websockets.protocol import State
from websockets.server import ServerProtocol

from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.tasks import Tasks
from hangd.transport.base import Listener, Transport
from hangd.transport.frames import FrameCutter
from hangd.transport.http import Answer, Fields, HttpConnection, Request, Turns
from hangd.transport.preface import BadPreface, read_preface
from hangd.transport.wire import QUIET_LOGGER, Wire

if sys.platform == "linux":
    import fcntl
    import termios

_log = logging.getLogger(__name__)

_TLS_TIMEOUT: Final = 10.0
_BACKLOG: Final = 1024
_AT_ONCE: Final = 16
"""Sockets that are accepted before other connections have their turn."""
_TAKEN: Final = 120
"""Where tcp_info of Linux has the bytes that the peer has acknowledged, as 64 bits (linux/tcp.h)."""
_PAUSE: Final = 1.0
"""Seconds until it is tried again to accept, when the system has no more files or memory."""


class Ending(NamedTuple):
    """How a connection ended."""

    how: str = "lost"
    """For the log: who closed it, and with which close code. It has nothing that the client wrote."""
    sent: int | None = None
    """Bytes that the client has taken. None: the system does not tell."""


class Acceptor(Protocol):
    """Decides about each accepted connection until its opening handshake is complete, and counts connections."""

    def accepted(self, transport: Transport) -> bool:
        """A socket was accepted, and nothing has been read from it: under TLS, not even the handshake. Return whether
        the peer is trusted to say by the PROXY protocol for whom it connects."""

    def pace_connection(self, transport: Transport) -> float:
        """Return for how many seconds nothing is read of a connection that was accepted: under TLS, not even the
        handshake."""

    def forwarded(self, transport: Transport) -> None:
        """A trusted peer has said for whom it connects: ``transport.address`` is another one from now on."""

    @property
    def fields(self) -> Fields:
        """The header fields that every answer of HTTP has."""

    def pace_request(self, transport: Transport, request: Request) -> float | Answer:
        """Return for how many seconds a request has to wait before it is decided about, or its refusal."""

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        """Return the answer to a request. None: it may have a WebSocket, if that is what it asks for."""

    def opened(self, transport: Transport, at: float) -> Listener:
        """The opening handshake is complete. Return the listener for all that follows."""

    def ended(self, transport: Transport, ending: Ending) -> None:
        """The connection is over."""


class ServerTransport(Wire):
    """A `Transport` over a WebSocket that was accepted."""

    __slots__ = (
        "_acceptor",
        "_address",
        "_alone",
        "_closed",
        "_http",
        "_is_cut_off",
        "_is_made",
        "_making",
        "_preface",
        "_server",
        "_taken",
        "_turns",
    )

    def __init__(self, acceptor: Acceptor, turns: Turns, address: str = "") -> None:
        self._server = ServerProtocol(max_size=FRAME_BYTES_MAX, logger=QUIET_LOGGER)
        super().__init__(self._server)
        self._acceptor = acceptor
        self._turns = turns
        self._alone = False
        """Whether nothing followed the request that may have a WebSocket."""
        self._address = address
        self._is_made = False
        """Whether asyncio has a transport for it; under TLS that is after the handshake."""
        self._closed: str | None = None
        """How this end has closed the connection. None: it has not."""
        self._taken: int | None = None
        """What `_count_taken` has found."""
        self._is_cut_off = False
        self._making: asyncio.Task[None] | None = None
        self._preface: bytes | None = None
        """The first bytes of a trusted proxy's connection, until its header is whole; None if none is expected."""
        self._http: HttpConnection | None = None
        """Plain HTTP, until the connection becomes a WebSocket."""

    @property
    def address(self) -> str:
        return self._address

    async def make(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Become the connection of this socket, which was accepted. It is closed if that fails."""
        self._making = asyncio.current_task()
        timeout = None if tls is None else _TLS_TIMEOUT
        try:
            if self._acceptor.accepted(self):
                self._preface = b""
            await self._wait(sock)
            if self._closing:
                sock.close()
                return
            await self._loop.connect_accepted_socket(
                lambda: self, sock, ssl=tls, ssl_handshake_timeout=timeout, ssl_shutdown_timeout=timeout
            )
        except OSError:
            pass  # The peer does not speak TLS, or is gone.
        finally:
            self._making = None
            if not self._is_made:
                self._acceptor.ended(self, Ending())

    async def _wait(self, sock: socket.socket) -> None:
        """Wait until the connection may begin. If it is cut off meanwhile, close its socket."""
        if (seconds := self._acceptor.pace_connection(self)) > 0.0:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                sock.close()
                raise

    def close(self, code: int, reason: str) -> None:
        self._closed = self._closed or f"closed by the server ({code}: {reason})"
        super().close(code, reason)

    def abort(self) -> None:
        self._is_cut_off = True
        if self._is_made:
            super().abort()
            return
        self._closing = True
        if self._making is not None and self._making is not asyncio.current_task():
            self._making.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._is_made = True
        if self._closing:
            super().abort()
            return
        self._keep()  # Plain HTTP has deadlines of its own.
        self._http = HttpConnection(
            self._transport,
            pace=lambda request: self._acceptor.pace_request(self, request),
            decide=lambda request: self._acceptor.requested(self, request),
            upgrade=self._upgrade,
            fields=self._acceptor.fields,
            turns=self._turns,
        )

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
            if preface.address is not None:
                self._address = preface.address
                self._acceptor.forwarded(self)
            if not data or self._closing:
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
        self._alone = data.endswith(b"\r\n\r\n")
        super().data_received(data)

    def _handshake(self, event: http11.Request | http11.Response, *, alone: bool) -> None:
        assert isinstance(event, http11.Request)
        if not alone or not self._alone or self._server.close_expected():
            # The peer sent frames before our answer. No client does that, and the library would answer them first.
            self.abort()
            return
        response = self._server.accept(event)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            for name, value in self._acceptor.fields:
                response.headers[name] = value
        self._server.send_response(response)
        self._flush()
        event.headers.clear()  # The library keeps the request for as long as the connection lasts.
        if self._server.state is State.OPEN:
            self._cutter = FrameCutter()
            self._opened()
            self._listener = self._acceptor.opened(self, time.monotonic())

    def _ended(self) -> None:
        if self._http is not None:
            self._http.stop()
        self._acceptor.ended(self, self._ending())

    def _ending(self) -> Ending:
        protocol = self._server
        how = "cut off" if self._is_cut_off else "lost"
        if self._closed is not None:
            how = self._closed
        elif protocol.close_sent is not None and not protocol.close_rcvd_then_sent:  # by the library
            how = f"closed by the server ({protocol.close_sent.code}: what came is no frame that is allowed)"
        elif protocol.close_rcvd is not None:
            how = f"closed by the client ({protocol.close_rcvd.code})"
        return Ending(how, self._count_taken())

    def _progress(self) -> tuple[int, int]:
        sock = self._transport.get_extra_info("socket")
        taken, queued = _bytes_taken(sock), _bytes_queued(sock)
        return (0, 0) if taken is None or queued is None else (taken, taken + queued + self.buffered)

    def _end_writer(self) -> None:
        super()._end_writer()
        if self._is_made and (self._closing or self._protocol.state is not State.OPEN):
            self._count_taken()

    def _count_taken(self) -> int | None:
        """Return how many bytes the peer has taken so far, or had when its socket was last seen open.

        Under TLS asyncio tells of the end when the socket is closed already, so this is called before, too.
        """
        taken = _bytes_taken(self._transport.get_extra_info("socket"))
        self._taken = self._taken if taken is None else taken
        return self._taken


class Door:
    """Accepts the connections of one listening socket, from now on until `close`."""

    def __init__(self, sock: socket.socket, acceptor: Acceptor, turns: Turns, tls: ssl.SSLContext | None) -> None:
        self._sock = sock
        self._acceptor = acceptor
        self._turns = turns
        self._tls = tls
        self._tasks = Tasks()
        self._accepting = self._tasks.start(self._accept(), name="accept connections")

    def close(self) -> None:
        """Accept no more. The connections stay."""
        self._accepting.cancel()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        complained = False
        try:
            while True:
                try:
                    self._take(*await loop.sock_accept(self._sock))
                    for _ in range(_AT_ONCE):
                        self._take(*self._sock.accept())
                except BlockingIOError:
                    complained = False
                except ConnectionError:
                    pass  # It is gone before it was accepted.
                except OSError as error:
                    if not complained:
                        _log.error("no connection can be accepted for now: %s", error.strerror or error)
                    complained = True
                    await asyncio.sleep(_PAUSE)
                await asyncio.sleep(0)
        finally:
            self._sock.close()

    def _take(self, sock: socket.socket, name: object) -> None:
        sock.setblocking(False)
        # A Unix socket's peer has no address.
        address = str(name[0]) if isinstance(name, tuple) and name else ""
        transport = ServerTransport(self._acceptor, self._turns, address)
        self._tasks.start(transport.make(sock, self._tls), name="make a connection")


async def listen(
    acceptor: Acceptor, sockets: Sequence[socket.socket], *, tls: ssl.SSLContext | None = None
) -> list[Door]:
    """Accept WebSocket connections on these bound sockets. Close the returned doors to stop accepting."""
    turns = Turns()
    for sock in sockets:
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    return [Door(sock, acceptor, turns, tls) for sock in sockets]


def _bytes_queued(sock: Any) -> int | None:
    """Return how many bytes the kernel has that a socket's peer has not taken. None: the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
    except (AttributeError, OSError, ValueError):
        return None


def _bytes_taken(sock: Any) -> int | None:
    """Return how many bytes a socket's peer has taken, with those of handshakes. None: the system does not tell."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TAKEN + 8)
        return int(struct.unpack_from("=Q", info, _TAKEN)[0])
    except (AttributeError, OSError, ValueError, struct.error):
        return None
