"""The client's end of WebSocket connections: dial a server, directly or through a proxy. No redirects.

What both ends have in common is in ``wire``.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from hangd import urls
from hangd.protocol.codec import SERVER_BYTES_MAX
from hangd.transport.base import Encoded, Listener
from hangd.transport.dial_failures import (
    AnsweredOtherwise,
    DialFailed,
    Target,
    not_upgraded,
    read_answer,
    untrusted,
    without_tls,
)
from hangd.transport.lookup import why_not_found
from hangd.transport.proxy import ProxyFailed, choose, connect
from hangd.transport.wire import QUIET_LOGGER, Wire

_ADDRESS_TIMEOUT: Final = 4.0
"""Seconds for one address of a host, so that time is left for the next one. Dialing again also connects sooner than
waiting, because TCP retries only after 1, 2, 4, 8 seconds."""
_UNSENT_MAX: Final = 1024 * 1024
"""Bytes that a client buffers before it aborts the connection: the server does not read."""


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
        self._head = b""
        """What came before the opening handshake was complete."""

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

    def data_received(self, data: bytes) -> None:
        if not self.ready.done():
            self._head += data
            answer = read_answer(self._head)
            if answer is not None and answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
                # The library would wait for the end of the body, which is of no use and may never come.
                self._rejected(AnsweredOtherwise(answer))
                self.abort()
                return
        super().data_received(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._client.send_request(self._client.connect())
        self._flush()

    def _handshake(self, event: Request | Response, *, alone: bool) -> None:
        if self._client.handshake_exc is None:
            # A server that lets nobody in says why, and closes, in the very bytes that end its half of the handshake.
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


class _Server(NamedTuple):
    """Where to connect. An IPv6 address may have a zone ("fe80::1%eth0"): it stands in no header and no certificate."""

    uri: WebSocketURI
    """Without the zone."""
    host: str

    def __str__(self) -> str:
        return urls.place(self.host, self.uri.port)

    def named(self, place: str) -> Target:
        return Target(place, self.uri.host, self.uri.port, self.uri.resource_name, self.uri.secure)


async def dial(
    url: str,
    opened: Callable[[ClientTransport], Listener],
    *,
    timeout: float,
    tls: ssl.SSLContext | None = None,
    tls_ca: str | None = None,
    proxy: str | None = None,
) -> ClientTransport:
    """Connect to the hang server at a ``ws://`` or ``wss://`` URL.

    Args:
        opened: called as soon as the opening handshake is complete, before this function returns. Returns the listener.
        timeout: seconds for everything: finding the host, connecting, TLS, and the opening handshake.
        tls: used for a ``wss://`` URL instead of the system's certificates.
        tls_ca: a PEM file with certificates that are trusted beside the system's.
        proxy: the URL of a proxy, "none", or None for what the environment says (`hangd.transport.proxy.choose`).

    Raises:
        DialFailed: in every case of failure.
    """
    server = _parse(url)
    context = (tls or trust(tls_ca)) if server.uri.secure else None
    place = str(server)
    is_looking_up = False
    refused: OSError | None = None
    try:
        via = choose(proxy, server.host, server.uri.port, secure=server.uri.secure, environment=os.environ)
        if via is not None:
            place = f"{server} (through the proxy {via})"
        async with asyncio.timeout(timeout):
            if via is not None:
                return await _open(server.uri, await connect(via, server.host, server.uri.port), context, opened)
            is_looking_up = True
            addresses = await _resolve(server)
            is_looking_up = False
            for family, address in addresses:
                try:
                    async with asyncio.timeout(_ADDRESS_TIMEOUT):
                        sock = await _connect(family, address)
                    return await _open(server.uri, sock, context, opened)
                except ssl.SSLError:
                    raise
                except OSError as error:
                    # Another address of the host may work. "Refused" says more than "no route".
                    if refused is None or isinstance(error, ConnectionRefusedError):
                        refused = error
    except TimeoutError:
        if is_looking_up:
            sentence = (
                f"the name {server.host!r} could not be looked up within {timeout:g} seconds: is there a network?"
            )
            raise DialFailed("no-address", sentence) from None
        raise DialFailed("timeout", f"the server at {place} did not answer within {timeout:g} seconds") from None
    except ProxyFailed as error:
        raise DialFailed("proxy", str(error)) from error
    except ssl.SSLCertVerificationError as error:
        raise untrusted(server.named(place), error) from error
    except ssl.SSLError as error:
        raise without_tls(server.named(place), error) from error
    except AnsweredOtherwise as error:
        raise not_upgraded(server.named(place), error.answer) from error
    except InvalidHandshake as error:
        sentence = f"what answers at {place} is not a hang server{server.named(place).perhaps_tls}"
        raise DialFailed("not-a-server", sentence) from error
    except (socket.gaierror, UnicodeError) as error:
        raise DialFailed("no-address", why_not_found(error, server.host)) from error
    except OSError as error:  # through a proxy
        refused = error
    if isinstance(refused, ConnectionResetError | ConnectionAbortedError):
        if context is not None:
            raise without_tls(server.named(place), refused) from refused
        sentence = f"what answers at {place} broke off the connection{server.named(place).perhaps_tls}"
        raise DialFailed("not-a-server", sentence) from refused
    if isinstance(refused, TimeoutError):
        raise DialFailed("timeout", f"the server at {place} did not answer") from refused
    if isinstance(refused, ConnectionRefusedError):
        raise DialFailed("refused", f"no server is running at {place}") from refused
    reason = "it has no address"
    if refused is not None:
        # asyncio puts a text of its own into "strerror".
        reason = os.strerror(refused.errno) if refused.errno else str(refused)
    raise DialFailed("unreachable", f"{place} cannot be reached: {reason}") from refused


def _parse(url: str) -> _Server:
    try:
        uri = parse_uri(url)
    except (InvalidURI, ValueError):
        message = f"{url[:200]!r} is not the address of a server: one looks like ws://host:3005/ws"
        raise DialFailed("bad-url", message) from None
    if uri.username is not None:
        raise DialFailed("bad-url", "a server's address must not carry a user name or password")
    host, percent, zone = uri.host.partition("%")
    if not percent or ":" not in host:
        return _Server(uri, uri.host)
    # RFC 6874 writes "%25" between address and zone in a URL; people also write "%".
    return _Server(replace(uri, host=host), f"{host}%{unquote(zone.removeprefix('25'))}")


def trust(tls_ca: str | None) -> ssl.SSLContext:
    """Return what `dial` trusts: the system's authorities, and those in this file. Raises DialFailed."""
    context = ssl.create_default_context()
    if tls_ca is not None:
        try:
            context.load_verify_locations(tls_ca)
        except ssl.SSLError:
            raise DialFailed("tls", f"{tls_ca!r} (tls_ca) contains no certificates in PEM format") from None
        except OSError as error:
            raise DialFailed("tls", f"{tls_ca!r} (tls_ca) cannot be read: {error.strerror}") from error
    return context


async def _resolve(server: _Server) -> list[tuple[int, Any]]:
    found = await asyncio.get_running_loop().getaddrinfo(server.host, server.uri.port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


async def _connect(family: int, address: Any) -> socket.socket:
    """Connect to an address as getaddrinfo returned it: that of an IPv6 address contains its zone."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _open(
    uri: WebSocketURI,
    sock: socket.socket,
    tls: ssl.SSLContext | None,
    opened: Callable[[ClientTransport], Listener],
) -> ClientTransport:
    """Do the handshakes of TLS and WebSocket on a socket that is connected."""
    try:
        async with asyncio.timeout(_ADDRESS_TIMEOUT):
            _, transport = await asyncio.get_running_loop().create_connection(
                lambda: ClientTransport(ClientProtocol(uri, max_size=SERVER_BYTES_MAX, logger=QUIET_LOGGER), opened),
                sock=sock,
                ssl=tls,
                server_hostname=uri.host if tls is not None else None,
            )
    except BaseException:
        sock.close()
        raise
    try:
        await transport.ready
    except BaseException:
        transport.abort()
        raise
    return transport
