"""What a connection meets before it speaks the protocol: limits by address, and answers to plain HTTP.

A trusted proxy's connection is counted when its request has been read, for the client that the proxy names. Until then
only the limits for all connections and for the time of the opening handshake hold.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from hangd.log import LimitLog
from hangd.rooms.hub import Hub
from hangd.server.proxies import BadForwarding, TrustedProxies, parse_address
from hangd.transport.base import Listener, Transport

_log = logging.getLogger(__name__)

_WEBSOCKET_PATHS: Final = frozenset({"/", "/ws"})


class AddressLimit:
    """Counts connections by address. IPv6 addresses count by their /64, which is what one household gets.

    Peers of a Unix socket have no address (""): they are not counted.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count one more connection. Returns False, and counts nothing, if there are too many."""
        if not address:
            return True
        key = _network(address)
        if self._counts[key] >= self._most:
            return False
        self._counts[key] += 1
        return True

    def leave(self, address: str) -> None:
        """Count one connection less. Call it only where `enter` returned True."""
        if not address:
            return
        key = _network(address)
        self._counts[key] -= 1
        if self._counts[key] <= 0:
            del self._counts[key]


def _network(address: str) -> str:
    try:
        parsed = parse_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


@dataclass
class _Connection:
    """What is known of an open connection."""

    counted_for: str | None = None
    """The address for which it is counted. None: it is not counted."""
    is_refused: bool = False
    """Whether its address has too many."""
    is_client: bool = False
    """Whether it has become a WebSocket."""


class HubAcceptor:
    """Gives WebSocket connections to a hub. It knows all connections that are open, so that the server can end."""

    def __init__(self, hub: Hub, *, most: int, most_per_address: int, proxies: TrustedProxies) -> None:
        self._hub = hub
        self._proxies = proxies
        self._most = most
        self._limit = AddressLimit(most_per_address)
        self._most_per_address = most_per_address
        self._log = LimitLog(_log)
        self._open: dict[Transport, _Connection] = {}
        self._advised = False
        self._empty = asyncio.Event()
        self._empty.set()

    def accepted(self, transport: Transport) -> bool:
        self._open[transport] = _Connection()
        self._empty.clear()
        is_proxy = self._proxies.trusts(transport.address)
        if not is_proxy:
            self._count(transport, transport.address)
        if len(self._open) > self._most:
            self._log.warn("", "connections are refused: %d are open, which is the most", self._most)
            transport.abort()
        return is_proxy

    def requested(
        self, transport: Transport, path: str, fields: Callable[[str], Sequence[str]]
    ) -> tuple[int, str] | None:
        connection = self._open[transport]
        if connection.counted_for is None and not connection.is_refused:
            try:
                self._count(transport, self._proxies.client(transport.address, fields))
            except BadForwarding as error:
                _log.warning("a trusted proxy's request is refused: %s", error)
                return HTTPStatus.BAD_REQUEST, f"{error}\n"
        if connection.is_refused:
            self._advise(transport, fields)
            return HTTPStatus.TOO_MANY_REQUESTS, "There are too many connections from your address.\n"
        path = path.partition("?")[0]
        if path in _WEBSOCKET_PATHS:
            return None
        if path == "/healthz":
            return HTTPStatus.OK, "ok\n"
        return HTTPStatus.NOT_FOUND, "There is nothing here. The rooms are at /ws, for WebSocket clients.\n"

    def opened(self, transport: Transport, at: float) -> Listener:
        self._open[transport].is_client = True
        return self._hub.attach(transport, at)

    def _count(self, transport: Transport, address: str) -> None:
        if self._limit.enter(address):
            self._open[transport].counted_for = address
        else:
            self._open[transport].is_refused = True
            network = _network(address)
            most = self._most_per_address
            self._log.warn(
                network, "%s has %d connections already, and is refused more (--max-per-address)", network, most
            )

    def _advise(self, transport: Transport, fields: Callable[[str], Sequence[str]]) -> None:
        """Tell the operator once, if it is probably a proxy whose clients all count as one address."""
        says = bool(fields("X-Forwarded-For") or fields("Forwarded"))
        trusted = self._proxies.trusts(transport.address)
        if self._advised or says == trusted:
            return
        self._advised = True
        if trusted:
            _log.warning(
                "a trusted proxy says for nobody that it connects: its clients count as one, which is now full"
            )
        else:
            _log.warning(
                "an address has too many connections, and says for whom: if it is your proxy, it needs --trusted-proxy"
            )

    def ended(self, transport: Transport) -> None:
        connection = self._open.pop(transport, None)
        if connection is not None and connection.counted_for is not None:
            self._limit.leave(connection.counted_for)
        if not self._open:
            self._empty.set()

    async def wait_empty(self, timeout: float) -> None:
        """Wait until no connection is open, for at most ``timeout`` seconds. Only clients take part in closing theirs.

        A browser or a proxy keeps its connection open after a plain answer, and need not be told of anything.
        """
        for transport in [transport for transport, connection in self._open.items() if not connection.is_client]:
            transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), timeout)

    async def cut_off(self, timeout: float) -> None:
        """Abort all connections, and `wait_empty`."""
        for transport in tuple(self._open):
            transport.abort()
        await self.wait_empty(timeout)
