"""What a connection meets before it speaks the protocol: limits by address, and answers to plain HTTP.

Clients are counted apart from other connections, which are those of plain HTTP and those that have asked for nothing
yet: a browser opens six to load the page, and one for the room.

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
from hangd.server.origins import Origins
from hangd.server.pages import FIELDS, Pages
from hangd.server.proxies import BadForwarding, TrustedProxies, parse_address
from hangd.transport.base import Listener, Transport
from hangd.transport.http import Answer, Fields, Request

_log = logging.getLogger(__name__)

_WEBSOCKET_PATHS: Final = frozenset({"/", "/ws"})
_OTHERS_MIN: Final = 64
"""Connections beside the clients that one address may have in any case: those of some browsers that load the page."""
_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
_NOTHING: Final = Answer.sentence(
    HTTPStatus.NOT_FOUND, "There is nothing here. The rooms are at /ws, for WebSocket clients."
)
_HSTS: Final = ("Strict-Transport-Security", "max-age=15552000")
"""Browsers use TLS alone for half a year from the last visit on."""


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
    is_counted: bool = False
    """Whether its address had room for it; only then it is to be counted out."""
    is_client: bool = False
    """Whether it is counted as a client, which is a connection that has become a WebSocket or is about to."""
    is_open: bool = False
    """Whether it has become a WebSocket."""
    has_asked: bool = False
    """Whether it has been answered by plain HTTP."""


class HubAcceptor:
    """Gives WebSocket connections to a hub. It knows all connections that are open, so that the server can end.

    Args:
        most: open connections of all kinds.
        most_per_address: clients with one address. Other connections may be as many, and at least `_OTHERS_MIN`.
        pages: what plain HTTP shows. None: nothing.
        origins: whose pages may have a WebSocket.
        secure: whether the connections are under TLS.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        most: int,
        most_per_address: int,
        proxies: TrustedProxies,
        pages: Pages | None = None,
        origins: Origins | None = None,
        secure: bool = False,
    ) -> None:
        self._hub = hub
        self._proxies = proxies
        self._most = most
        self._clients = AddressLimit(most_per_address)
        self._others = AddressLimit(max(most_per_address, _OTHERS_MIN))
        self._most_per_address = most_per_address
        self._pages = pages
        self._origins = origins or Origins((), same_host=pages is not None)
        self._fields = (*FIELDS, _HSTS) if secure else FIELDS
        self._log = LimitLog(_log)
        self._open: dict[Transport, _Connection] = {}
        """In the order of their last requests."""
        self._advised = False
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def fields(self) -> Fields:
        return self._fields

    def accepted(self, transport: Transport) -> bool:
        self._open[transport] = _Connection()
        self._empty.clear()
        is_proxy = self._proxies.trusts(transport.address)
        if not is_proxy:
            self._count(transport, transport.address, client=False)
        if len(self._open) > self._most:
            self._make_room(transport)
        return is_proxy

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        connection = self._open.pop(transport)
        self._open[transport] = connection  # as the last one
        try:
            address = self._proxies.client(transport.address, request.fields)
        except BadForwarding as error:
            _log.warning("a trusted proxy's request is refused: %s", error)
            return Answer.sentence(HTTPStatus.BAD_REQUEST, str(error), close=True)
        if not self._count(transport, address, client=request.upgrades):
            self._advise(transport, request.fields)
            return Answer.sentence(_TOO_MANY, "There are too many connections from your address.", close=True)
        if request.upgrades:
            return self._refusal(transport, request)
        connection.has_asked = True
        if request.path == "/healthz":
            return Answer.sentence(HTTPStatus.OK, "ok")
        if self._pages is not None and (page := self._pages.answer(request)) is not None:
            return page
        return None if request.path in _WEBSOCKET_PATHS else _NOTHING

    def _refusal(self, transport: Transport, request: Request) -> Answer | None:
        """Return why a request may not have the WebSocket that it asks for. None: it may."""
        if request.path not in _WEBSOCKET_PATHS:
            return _NOTHING
        if why := self._origins.refusal(request.fields, proxied=self._proxies.trusts(transport.address)):
            self._log.warn("origin", "a page of another site is refused: %s", why)
            return Answer.sentence(HTTPStatus.FORBIDDEN, why, close=True)
        return None

    def opened(self, transport: Transport, at: float) -> Listener:
        self._open[transport].is_open = True
        return self._hub.attach(transport, at)

    def _count(self, transport: Transport, address: str, *, client: bool) -> bool:
        """Count a connection for this address, as a client or not, and no more for another one. Tell whether it may be.

        A proxy may use one connection for the requests of many.
        """
        connection = self._open[transport]
        if (connection.counted_for, connection.is_client) != (address, client):
            self._count_out(connection)
            connection.counted_for, connection.is_client = address, client
            connection.is_counted = (self._clients if client else self._others).enter(address)
            if not connection.is_counted:
                network = _network(address)
                most = self._most_per_address if client else max(self._most_per_address, _OTHERS_MIN)
                self._log.warn(
                    network, "%s has %d connections already, and is refused more (--max-per-address)", network, most
                )
        return connection.is_counted

    def _count_out(self, connection: _Connection) -> None:
        if connection.is_counted and connection.counted_for is not None:
            (self._clients if connection.is_client else self._others).leave(connection.counted_for)
        connection.is_counted = False

    def _make_room(self, newcomer: Transport) -> None:
        """Cut off the browser that has asked for nothing for the longest time, else the newcomer."""
        for transport, connection in self._open.items():
            if connection.has_asked and not connection.is_client:
                transport.abort()
                return
        self._log.warn("", "connections are refused: %d are open, which is the most", self._most)
        newcomer.abort()

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
        if connection is not None:
            self._count_out(connection)
        if not self._open:
            self._empty.set()

    async def wait_empty(self, timeout: float) -> None:
        """Wait until no connection is open, for at most ``timeout`` seconds. Only clients take part in closing theirs.

        A browser or a proxy keeps its connection open after a plain answer, and need not be told of anything.
        """
        for transport in [transport for transport, connection in self._open.items() if not connection.is_open]:
            transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), timeout)

    async def cut_off(self, timeout: float) -> None:
        """Abort all connections, and `wait_empty`."""
        for transport in tuple(self._open):
            transport.abort()
        await self.wait_empty(timeout)
