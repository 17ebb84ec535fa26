"""What a connection meets before it speaks the protocol: limits by address, and answers to plain HTTP.

Every connection is counted for its address from the moment that its socket is accepted, in one of three kinds: clients,
which have a WebSocket or are about to; those of plain HTTP; and those that have asked for nothing yet, under TLS also
before the handshake. A browser opens six to load the page, and one for the room.

One kind takes no place of another's. A client or a request too many is refused. Of those that have asked for nothing no
newcomer is, since it may become a client: the one of its address that is silent for longest is cut off instead. So is,
when all places are taken, a connection of the address that has most of those that are no clients.

The connections and requests of one network, and those of all, are taken up at a pace (``pace``). Who is faster waits,
and is refused if that would be for long.

A trusted proxy's connection is counted for the client that the proxy names, when it does. Until then the limits for
one address do not hold for it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from hangd.log import LimitLog, escape
from hangd.rooms.counters import Counters, TurnedAway
from hangd.rooms.edge.counts import SharedCount
from hangd.rooms.edge.journal import origin
from hangd.rooms.edge.peer import Peer
from hangd.rooms.hub import Hub
from hangd.server.health import health
from hangd.server.pace import Pace, TooFast
from hangd.server.places import Places, largest_of
from hangd.server.proxies import BadForwarding, TrustedProxies
from hangd.server.trust.tags import network_of
from hangd.server.web.origins import Origins
from hangd.server.web.pages import FIELDS, Pages
from hangd.transport.accepting import Ending
from hangd.transport.base import Listener, Transport
from hangd.transport.http import Answer, Fields, Request

_log = logging.getLogger(__name__)

_WEBSOCKET_PATHS: Final = frozenset({"/", "/ws"})
_OTHERS_MIN: Final = 64
"""Connections beside the clients that one address may have in any case: those of some browsers that load the page."""
_LOST: Final = Ending()
_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
_BUSY: Final = HTTPStatus.SERVICE_UNAVAILABLE
_TOO_MANY_SENTENCE: Final = (
    "There are too many connections from your address: close some, or try again in a minute. "
    "If many people share it, whoever runs this server can allow more (--max-per-address)."
)
_TOO_FAST_SENTENCE: Final = "There are too many requests from your address: try again in a minute."
_BUSY_SENTENCE: Final = "This server gets too many requests now: try again in a minute."
_ORIGIN_SHOWN: Final = 200
_AT_ONCE_PER_PLACE: Final = 3
"""Connections that may begin at once for each client that an address may have, of which 64 count in any case: a browser
opens some for the page."""
_REQUESTS_PER_PLACE: Final = 40
"""Requests that may be made at once for each of these: the page has a hundred parts."""
_REQUESTS_OF_ALL: Final = 4
"""So many networks may make theirs at once. Connections may begin at once as many as may be open: after a restart of
the server all of its clients come back."""
_NOTHING: Final = Answer.sentence(
    HTTPStatus.NOT_FOUND, "There is nothing here. The rooms are at /ws, for WebSocket clients."
)
_HSTS: Final = ("Strict-Transport-Security", "max-age=15552000")
"""Browsers use TLS alone for half a year from the last visit on."""


@dataclass
class _Connection:
    """What is known of an open connection. ``name``: for the log and the admin."""

    name: str
    address: str
    """Whose it is: of a proxy's connection, the client's, as soon as that is known."""
    network: str
    """That of the address, for which it is counted."""
    places: Places
    """The connections among which it is counted."""
    client: Peer | None = None
    """What it is to the hub since it has become a WebSocket. None: it has not."""
    opened_at: float = 0.0


class HubAcceptor:
    """Gives WebSocket connections to a hub. It knows all connections that are open, so that the server can end.

    Args:
        most: open connections of all kinds.
        most_per_address: clients with one address. Connections of each other kind may be as many, and at least
            `_OTHERS_MIN`.
        shared: the clients of all servers of a cluster, which count together.
        pages: what plain HTTP shows. None: nothing.
        origins: whose pages may have a WebSocket.
        secure: whether the connections are under TLS.
        connections_per_second: that may begin from one address, in the long run. From all addresses of which a client
            is connected together ten times as many, and from all others, too.
        requests_per_second: that one address may make, in the long run; all together likewise.
        why_not_ready: returns why the server should get no new clients now; None: it should.
        why_elsewhere: returns why another server of the same service should take new clients; None: none should. Their
            handshake is answered with 503 then, at which a load balancer asks the next one.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        most: int,
        most_per_address: int,
        shared: SharedCount | None = None,
        proxies: TrustedProxies,
        pages: Pages | None = None,
        origins: Origins | None = None,
        secure: bool = False,
        connections_per_second: float = 20.0,
        requests_per_second: float = 100.0,
        counters: Counters | None = None,
        why_not_ready: Callable[[], str | None] = lambda: None,
        why_elsewhere: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._hub = hub
        self._proxies = proxies
        self._most = most
        others = max(most_per_address, _OTHERS_MIN)
        connections, requests = _AT_ONCE_PER_PLACE * others, _REQUESTS_PER_PLACE * others
        self._beginning = Pace(connections_per_second, connections, max(connections, most))
        self._asking = Pace(requests_per_second, requests, _REQUESTS_OF_ALL * requests)
        self._clients = Places(most_per_address, shared)
        self._browsers, self._silent = Places(others), Places(others)
        self._pages = pages
        self._origins = origins or Origins((), same_host=pages is not None)
        self._fields = (*FIELDS, _HSTS) if secure else FIELDS
        self._log = LimitLog(_log)
        self._counters = counters or Counters()
        self._why_not_ready = why_not_ready
        self._why_elsewhere = why_elsewhere
        self._open: dict[Transport, _Connection] = {}
        self._advised = False
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def fields(self) -> Fields:
        return self._fields

    def connections(self) -> tuple[int, int]:
        """Return how many WebSockets are open, and how many other connections."""
        websockets = sum(connection.client is not None for connection in self._open.values())
        return websockets, len(self._open) - websockets

    def accepted(self, transport: Transport) -> bool:
        self._counters.accepted += 1
        address = transport.address
        connection = _Connection(f"c{self._counters.accepted}", address, network_of(address), self._silent)
        self._open[transport] = connection
        self._empty.clear()
        is_proxy = self._proxies.trusts(address)
        self._enter_silent(transport, connection)
        if len(self._open) > self._most:
            self._make_room(transport)
        return is_proxy

    def pace_connection(self, transport: Transport) -> float:
        connection = self._open.get(transport)
        if connection is None or self._proxies.trusts(connection.address):
            return 0.0
        network = connection.network
        try:
            return self._beginning.wait(network, time.monotonic(), has_client=self._clients.count(network) > 0)
        except TooFast as too_fast:
            self._turn_away(transport, "pace", "too many new connections")
            if too_fast.of == "network":
                sentence = "%s connects too often, and is refused more (--connections-per-second)"
                self._log.warn(network, sentence, network)
            else:
                self._log.warn("connections", "too many clients connect, and more are refused")
            self._cut_off(transport)
            return 0.0

    def pace_request(self, transport: Transport, request: Request) -> float | Answer:
        try:
            network = network_of(self._proxies.client(transport.address, request.fields))
        except BadForwarding:
            return 0.0  # It is refused when it is decided about.
        try:
            return self._asking.wait(network, time.monotonic(), has_client=self._clients.count(network) > 0)
        except TooFast as too_fast:
            self._turn_away(transport, "pace", "too many requests", network)
            if too_fast.of == "network":
                sentence = "%s asks too often for the page, and is refused more (--requests-per-second)"
                self._log.warn(network, sentence, network)
                return Answer.sentence(_TOO_MANY, _TOO_FAST_SENTENCE, ("Retry-After", "60"), close=True)
            self._log.warn("requests", "the page is asked for too often, and more is refused")
            return Answer.sentence(_BUSY, _BUSY_SENTENCE, ("Retry-After", "60"), close=True)

    def forwarded(self, transport: Transport) -> None:
        connection = self._open[transport]
        connection.places.leave(transport, connection.network)
        connection.address, connection.network = transport.address, network_of(transport.address)
        self._enter_silent(transport, connection)

    def _enter_silent(self, newcomer: Transport, connection: _Connection) -> None:
        """Count a connection that has asked for nothing yet. If its address has too many, cut off the oldest."""
        network = connection.network
        if self._silent.is_full(network) and not self._proxies.trusts(connection.address):
            self._counters.turned_away["silent"] += 1
            self._complain(self._silent, network, "that ask for nothing, and the oldest are cut off")
            self._cut_off(self._silent.oldest(network))
        self._silent.enter(newcomer, network)

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        try:
            address = self._proxies.client(transport.address, request.fields)
        except BadForwarding as error:
            self._turn_away(transport, "proxy", "its proxy's header is malformed")
            # A client's own field can make it so, where its proxy passes that on, and as often as it likes.
            self._log.warn("proxy", "a trusted proxy's request is refused: %s", error)
            return Answer.sentence(HTTPStatus.BAD_REQUEST, str(error), close=True)
        if not self._count(transport, address, self._clients if request.upgrades else self._browsers):
            self._turn_away(transport, "address", "too many connections", network_of(address))
            self._advise(transport, request.fields)
            return Answer.sentence(_TOO_MANY, _TOO_MANY_SENTENCE, close=True)
        if request.upgrades:
            return self._refusal(transport, request)
        if (checked := health(request.path, self._why_not_ready)) is not None:
            return checked
        if self._pages is not None and (page := self._pages.answer(request)) is not None:
            return page
        return None if request.path in _WEBSOCKET_PATHS else _NOTHING

    def _refusal(self, transport: Transport, request: Request) -> Answer | None:
        """Return why a request may not have the WebSocket that it asks for. None: it may."""
        if request.path not in _WEBSOCKET_PATHS:
            return _NOTHING
        if why := self._origins.refusal(request.fields, proxied=self._proxies.trusts(transport.address)):
            self._turn_away(transport, "origin", "a page of another site")
            advice = " (--web-origin lets it in)" if "--web-origin" in why else ""
            sentence = "a page of another site is refused, from %s: its origin is %s%s"
            network, site = self._open[transport].network, ", ".join(request.fields("Origin"))
            self._log.warn(network, sentence, origin(network), escape(site[:_ORIGIN_SHOWN]), advice)
            return Answer.sentence(HTTPStatus.FORBIDDEN, why, close=True)
        if (why_elsewhere := self._why_elsewhere()) is not None:
            self._turn_away(transport, "elsewhere", why_elsewhere)
            return Answer.sentence(HTTPStatus.SERVICE_UNAVAILABLE, f"not here: {why_elsewhere}", close=True)
        return None

    def opened(self, transport: Transport, at: float) -> Listener:
        connection = self._open[transport]
        self._hub.journal.begins(connection.name, connection.network)
        connection.opened_at = at
        connection.client = self._hub.attach(transport, at, address=connection.address, connection=connection.name)
        return connection.client

    def _count(self, transport: Transport, address: str, places: Places) -> bool:
        """Count a connection for this address in ``places``, and no more where it was. Tell whether there is room.

        A proxy may use one connection for the requests of many. Who is refused stays where it was until it has gone.
        """
        connection = self._open[transport]
        network = connection.network if address == connection.address else network_of(address)
        if (connection.places, connection.network) != (places, network) and places.is_full(network):
            self._complain(places, network, "already, and is refused more (--max-per-address)")
            return False
        connection.places.leave(transport, connection.network)
        connection.places, connection.address, connection.network = places, address, network
        places.enter(transport, network)  # as the last one
        return True

    def _turn_away(self, transport: Transport, kind: TurnedAway, why: str, network: str | None = None) -> None:
        """Note that a connection is refused. ``network``: whose it is, if it is counted for another one."""
        self._counters.turned_away[kind] += 1
        connection = self._open[transport]
        self._hub.journal.turned_away(connection.name, connection.network if network is None else network, why)

    def _complain(self, places: Places, network: str, what: str) -> None:
        self._log.warn(network, "%s has %d connections %s", network, places.most, what)

    def _make_room(self, newcomer: Transport) -> None:
        """Cut off one that is no client, of the network with most of these: the browser that has asked for nothing for
        the longest time, else the oldest that has not asked at all. If there is none, that is the newcomer."""
        network = largest_of(self._browsers, self._silent)
        victim = self._browsers.oldest(network) or self._silent.oldest(network)
        if victim is None or victim is newcomer:
            self._turn_away(newcomer, "full", "no places are left")
            self._log.warn("", "connections are refused: %d are open, which is the most", self._most)
        self._cut_off(victim or newcomer)

    def _cut_off(self, transport: Transport | None) -> None:
        """Abort a connection, and count it no more. The system may need a moment to end it."""
        if transport is not None and (connection := self._open.get(transport)) is not None:
            connection.places.leave(transport, connection.network)
            transport.abort()

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

    def ended(self, transport: Transport, ending: Ending = _LOST) -> None:
        connection = self._open.pop(transport, None)
        if connection is not None:
            connection.places.leave(transport, connection.network)
            if (client := connection.client) is not None:
                seconds = time.monotonic() - connection.opened_at
                received = client.session.received
                self._hub.journal.ends(connection.name, ending.how, seconds, received, ending.sent)
        if not self._open:
            self._empty.set()

    async def wait_empty(self, timeout: float) -> None:
        """Wait until no connection is open, for at most ``timeout`` seconds. Only clients take part in closing theirs.

        A browser or a proxy keeps its connection open after a plain answer, and need not be told of anything.
        """
        for transport in [transport for transport, connection in self._open.items() if connection.client is None]:
            transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), timeout)

    async def cut_off(self, timeout: float) -> None:
        """Abort all connections, and `wait_empty`."""
        for transport in tuple(self._open):
            transport.abort()
        await self.wait_empty(timeout)
