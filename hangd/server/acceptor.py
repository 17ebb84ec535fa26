"""What a connection meets before it speaks the protocol: limits by address, and answers to plain HTTP."""

import asyncio
import contextlib
import ipaddress
from collections import Counter
from http import HTTPStatus
from typing import Final

from hangd.rooms.hub import Hub
from hangd.transport.base import Listener, Transport

_WEBSOCKET_PATHS: Final = frozenset({"/", "/ws"})


class AddressLimit:
    """Counts connections by address. IPv6 addresses count by their /64, which is what one household gets."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count one more connection. Returns False, and counts nothing, if there are too many."""
        key = _network(address)
        if self._counts[key] >= self._most:
            return False
        self._counts[key] += 1
        return True

    def leave(self, address: str) -> None:
        """Count one connection less. Call it only where `enter` returned True."""
        key = _network(address)
        self._counts[key] -= 1
        if self._counts[key] <= 0:
            del self._counts[key]


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class HubAcceptor:
    """Gives WebSocket connections to a hub. It knows all connections that are open, so that the server can end."""

    def __init__(self, hub: Hub, *, most: int, most_per_address: int) -> None:
        self._hub = hub
        self._most = most
        self._limit = AddressLimit(most_per_address)
        self._open: dict[Transport, str | None] = {}
        """Open connections, with the address that each is counted for. None: there are too many from there."""
        self._empty = asyncio.Event()
        self._empty.set()

    def accepted(self, transport: Transport) -> None:
        address = transport.address
        self._open[transport] = address if self._limit.enter(address) else None
        self._empty.clear()
        if len(self._open) > self._most:
            transport.abort()

    def requested(self, transport: Transport, path: str) -> tuple[int, str] | None:
        if self._open[transport] is None:
            return HTTPStatus.TOO_MANY_REQUESTS, "There are too many connections from your address.\n"
        path = path.partition("?")[0]
        if path in _WEBSOCKET_PATHS:
            return None
        if path == "/healthz":
            return HTTPStatus.OK, "ok\n"
        return HTTPStatus.NOT_FOUND, "There is nothing here. The rooms are at /ws, for WebSocket clients.\n"

    def opened(self, transport: Transport, at: float) -> Listener:
        return self._hub.attach(transport, at)

    def ended(self, transport: Transport) -> None:
        address = self._open.pop(transport, None)
        if address is not None:
            self._limit.leave(address)
        if not self._open:
            self._empty.set()

    async def wait_empty(self, timeout: float) -> None:
        """Wait until no connection is open, for at most ``timeout`` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), timeout)

    async def cut_off(self, timeout: float) -> None:
        """Abort all connections, and `wait_empty`."""
        for transport in tuple(self._open):
            transport.abort()
        await self.wait_empty(timeout)
