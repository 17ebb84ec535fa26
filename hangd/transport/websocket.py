"""Connections over WebSocket: the server's end (`ServerTransport`, `listen`) and the client's end (`dial`).

No compression (messages are small, and each connection would need a context), no subprotocol, no redirects. What both
ends have in common, and what limits a hostile peer, is in ``wire``.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import WebSocketURI, parse_uri

from hangd.protocol.codec import SERVER_BYTES_MAX
from hangd.protocol.model import FRAME_BYTES_MAX
from hangd.transport.base import Encoded, Listener, Transport
from hangd.transport.wire import QUIET_LOGGER, Wire

_ADDRESS_TIMEOUT: Final = 4.0
"""Seconds for one address of a host, so that time is left for the next one. Dialing again also connects sooner than
waiting, because TCP retries only after 1, 2, 4, 8 seconds."""
_TLS_TIMEOUT: Final = 10.0
_BACKLOG: Final = 1024
_UNSENT_MAX: Final = 1024 * 1024
"""Bytes that a client buffers before it aborts the connection: the server does not read."""


# ---- the server's end -----------------------------------------------------------------------------------------------


class Acceptor(Protocol):
    """Decides about each accepted connection until its opening handshake is complete, and counts connections."""

    def accepted(self, transport: Transport) -> None:
        """A socket was accepted. Nothing has been read from it."""

    def requested(self, transport: Transport, path: str) -> tuple[int, str] | None:
        """Return the HTTP status and text to answer a request for ``path`` with. None: answer as WebSocket."""

    def opened(self, transport: Transport, at: float) -> Listener:
        """The opening handshake is complete. Return the listener for all that follows."""

    def ended(self, transport: Transport) -> None:
        """The connection is over."""


class ServerTransport(Wire):
    """A `Transport` over a WebSocket that was accepted."""

    def __init__(self, acceptor: Acceptor) -> None:
        self._server = ServerProtocol(max_size=FRAME_BYTES_MAX, logger=QUIET_LOGGER)
        super().__init__(self._server)
        self._acceptor = acceptor

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._acceptor.accepted(self)

    def _handshake(self, event: Request | Response, *, alone: bool) -> None:
        assert isinstance(event, Request)
        if not alone or self._server.close_expected():
            # The peer sent frames before our answer. No client does that, and the library would answer them first.
            self.abort()
            return
        refusal = self._acceptor.requested(self, event.path)
        response = self._server.accept(event) if refusal is None else self._server.reject(*refusal)
        self._server.send_response(response)
        self._flush()
        if self._server.state is State.OPEN:
            self._opened()
            self._listener = self._acceptor.opened(self, time.monotonic())

    def _ended(self) -> None:
        self._acceptor.ended(self)


async def listen(
    acceptor: Acceptor, sockets: Sequence[socket.socket], *, tls: ssl.SSLContext | None = None
) -> list[asyncio.Server]:
    """Accept WebSocket connections on these bound sockets. Close the returned servers to stop accepting."""
    loop = asyncio.get_running_loop()
    timeout = _TLS_TIMEOUT if tls is not None else None
    return [
        await loop.create_server(
            lambda: ServerTransport(acceptor),
            sock=sock,
            ssl=tls,
            backlog=_BACKLOG,
            ssl_handshake_timeout=timeout,
            ssl_shutdown_timeout=timeout,
        )
        for sock in sockets
    ]


# ---- the client's end -----------------------------------------------------------------------------------------------

DialFailure = Literal["bad-url", "unreachable", "refused", "tls", "not-a-server", "timeout"]


class DialFailed(Exception):
    """There is no connection. ``str()`` is a sentence for a user; ``kind`` is the same for a program."""

    def __init__(self, kind: DialFailure, message: str) -> None:
        super().__init__(message)
        self.kind: DialFailure = kind


class ClientTransport(Wire):
    """A `Transport` over a WebSocket that was dialed.

    ``opened`` is called in the call that completed the opening handshake; it returns the listener for all that follows.
    """

    def __init__(self, client: ClientProtocol, opened: Callable[["ClientTransport"], Listener]) -> None:
        super().__init__(client)
        self._client = client
        self._opened_by = opened
        self.ready: asyncio.Future[None] = self._loop.create_future()
        """Done when the opening handshake is complete; has the exception if it failed."""
        self._over: asyncio.Future[None] = self._loop.create_future()

    @property
    def close_code(self) -> int:
        """The server's close code; 1006 if the connection broke off, or is still open."""
        return 1006 if self._client.close_rcvd is None else self._client.close_rcvd.code

    @property
    def close_reason(self) -> str:
        """The server's reason for closing. Remote text: escape it before it is shown."""
        return "" if self._client.close_rcvd is None else self._client.close_rcvd.reason

    def send(self, message: Encoded) -> None:
        """Write one message, masked as RFC 6455 asks of clients. Abort if the server does not read."""
        if self._closing or self._client.state is not State.OPEN:
            return
        self._client.send_text(message.payload)
        self._flush()
        if self._transport.get_write_buffer_size() > _UNSENT_MAX:
            self.abort()

    async def wait_closed(self) -> None:
        await asyncio.shield(self._over)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._client.send_request(self._client.connect())
        self._flush()

    def _handshake(self, event: Request | Response, *, alone: bool) -> None:
        if self._client.state is State.OPEN:
            self._opened()
            self._listener = self._opened_by(self)
            if not self.ready.done():
                self.ready.set_result(None)

    def _rejected(self, error: Exception) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)

    def _ended(self) -> None:
        self._rejected(self._client.handshake_exc or ConnectionResetError("the connection broke off"))
        if not self._over.done():
            self._over.set_result(None)


async def dial(
    url: str, opened: Callable[[ClientTransport], Listener], *, timeout: float, tls: ssl.SSLContext | None = None
) -> ClientTransport:
    """Connect to the hang server at a ``ws://`` or ``wss://`` URL.

    Args:
        opened: called as soon as the opening handshake is complete, before this function returns. Returns the listener.
        timeout: seconds for everything: finding the host, connecting, TLS, and the opening handshake.
        tls: used for a ``wss://`` URL instead of the system's certificates.

    Raises:
        DialFailed: in every case of failure.
    """
    try:
        target = parse_uri(url)
    except (InvalidURI, ValueError):
        message = f"{url[:200]!r} is not the address of a server: one looks like ws://host:3005/ws"
        raise DialFailed("bad-url", message) from None
    if target.username is not None:
        raise DialFailed("bad-url", "a server's address must not carry a user name or password")
    context = (tls or ssl.create_default_context()) if target.secure else None
    place = f"{target.host}:{target.port}"
    refused: OSError | None = None
    try:
        async with asyncio.timeout(timeout):
            for family, address in await _resolve(target):
                try:
                    return await _connect(target, family, address, context, opened)
                except ssl.SSLError:
                    raise
                except OSError as error:
                    # Another address of the host may work. "Refused" says more than "no route".
                    if refused is None or isinstance(error, ConnectionRefusedError):
                        refused = error
    except TimeoutError:
        raise DialFailed("timeout", f"the server at {place} did not answer within {timeout:g} seconds") from None
    except ssl.SSLCertVerificationError as error:
        raise DialFailed("tls", f"the server at {place} cannot be trusted: {error.verify_message}") from error
    except ssl.SSLError as error:
        reason = (error.reason or "TLS failed").replace("_", " ").lower()
        raise DialFailed("tls", f"no encrypted connection to {place}: {reason}") from error
    except InvalidStatus as error:
        status = error.response.status_code
        if status in (429, 503):
            raise DialFailed("refused", f"the server at {place} takes no more connections now") from error
        raise DialFailed("not-a-server", f"there is no hang server at {place}{target.path}: HTTP {status}") from error
    except InvalidHandshake as error:
        raise DialFailed("not-a-server", f"what answers at {place} is not a hang server") from error
    except (socket.gaierror, UnicodeError) as error:
        raise DialFailed("unreachable", f"there is no host named {target.host!r}") from error
    if isinstance(refused, ConnectionResetError | ConnectionAbortedError) and context is not None:
        raise DialFailed("tls", f"no encrypted connection to {place}: it broke off (does it speak TLS?)") from refused
    if isinstance(refused, TimeoutError):
        raise DialFailed("timeout", f"the server at {place} did not answer") from refused
    if isinstance(refused, ConnectionRefusedError):
        raise DialFailed("refused", f"no server is running at {place}") from refused
    reason = refused.strerror or str(refused) if refused is not None else "it has no address"
    raise DialFailed("unreachable", f"{place} cannot be reached: {reason}") from refused


async def _resolve(target: WebSocketURI) -> list[tuple[int, str]]:
    found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    return [(family, str(address[0])) for family, _, _, _, address in found]


async def _connect(
    target: WebSocketURI,
    family: int,
    address: str,
    tls: ssl.SSLContext | None,
    opened: Callable[[ClientTransport], Listener],
) -> ClientTransport:
    async with asyncio.timeout(_ADDRESS_TIMEOUT):
        _, transport = await asyncio.get_running_loop().create_connection(
            lambda: ClientTransport(ClientProtocol(target, max_size=SERVER_BYTES_MAX, logger=QUIET_LOGGER), opened),
            address,
            target.port,
            family=family,
            ssl=tls,
            server_hostname=target.host if tls is not None else None,
        )
    try:
        await transport.ready
    except BaseException:
        transport.abort()
        raise
    return transport
