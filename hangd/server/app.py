"""The room server as a process: sockets in front, a hub behind, and an orderly beginning and end.

Coming up: first the port, so that whoever comes early waits there; then the rooms that were kept; then connections.

Going down: no new connections; everybody is told (Goodbye, close code 4001) and has some seconds to answer; what is
then still open is cut off; what is not written of the rooms is. A second signal skips the waiting. HUP reads the TLS
certificate anew.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from hangd.engine.room.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.lifetime import feed_watchdog, reload_on_hangup, stop_on_signals, version
from hangd.notify import notify
from hangd.rooms.clock import ServerClock, boot_name
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from hangd.server import http
from hangd.server.limits import AddressLimit, allow_open_files
from hangd.server.listening import StartFailed, bind, load_certificate, tls_context, url_of
from hangd.server.passwords import RoomPasswords
from hangd.server.settings import ServerSettings
from hangd.server.storage import open_store, room_ttl
from hangd.store.base import KeptRoom, Store
from hangd.store.memory import MemoryStore
from hangd.transport.base import Listener, Transport
from hangd.transport.websocket import listen

__all__ = ["run", "serve"]

_log = logging.getLogger(__name__)

_RETRY_AFTER: Final = 1.0
"""Seconds after which clients come back: that is about what a restart takes, and who is early tries again soon."""
_CUT_OFF_TIMEOUT: Final = 1.0
_STATUS_SECONDS: Final = 2.0
"""How often, at most, the status line changes."""
_STRANGERS: Final = 256
"""Connections beyond the clients: those that ask for something else, or have not said what they want."""
_OTHER_FILES: Final = 64


class _Entrance:
    """What a connection meets first (`Door`). Knows all that are open, so that the server can end."""

    def __init__(self, hub: Hub, settings: ServerSettings) -> None:
        self._hub = hub
        self._limit = AddressLimit(settings.max_per_address)
        self._most = settings.max_clients + _STRANGERS
        self._open: dict[Transport, str | None] = {}
        """Each connection with the address that it is counted under; None: there are too many from there."""
        self._empty = asyncio.Event()
        self._empty.set()

    def came(self, transport: Transport) -> None:
        address = transport.address
        self._open[transport] = address if self._limit.enter(address) else None
        self._empty.clear()
        if len(self._open) > self._most:
            transport.abort()

    def asked(self, transport: Transport, path: str) -> tuple[int, str] | None:
        if self._open[transport] is None:
            return HTTPStatus.TOO_MANY_REQUESTS, "There are too many connections from your address.\n"
        return http.answer(path)

    def opened(self, transport: Transport, at: float) -> Listener:
        return self._hub.attach(transport, at)

    def went(self, transport: Transport) -> None:
        address = self._open.pop(transport, None)
        if address is not None:
            self._limit.leave(address)
        if not self._open:
            self._empty.set()

    async def wait_empty(self, timeout: float) -> bool:
        """Wait until the last connection is over, or so many seconds have passed. Returns which."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._empty.wait()
        return self._empty.is_set()

    def cut_off(self) -> None:
        for transport in tuple(self._open):
            transport.abort()


class _Status:
    """One line about how busy the server is, told when it changes and not more often than is useful."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self.hub: Hub

    def changed(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_STATUS_SECONDS, self._say)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _say(self) -> None:
        self._timer = None
        self._tell(f"clients: {self.hub.client_count}, rooms: {self.hub.room_count}")


async def serve(
    settings: ServerSettings,
    *,
    stop: asyncio.Event,
    ready: Callable[[list[str]], None] | None = None,
    status: Callable[[str], None] | None = None,
    sockets: Sequence[socket.socket] = (),
    tls: ssl.SSLContext | None = None,
    open_store: Callable[[], tuple[Store, list[KeptRoom]]] = lambda: (MemoryStore(), []),
) -> None:
    """Serve rooms until ``stop`` is set, then go down in order. Cancelled, go down at once.

    Args:
        ready: told the URLs, once, when connections are accepted.
        status: told a line about how busy the server is, now and then.
        sockets: listen on these (already bound) instead of ``settings.listen``. They are closed at the end.
        tls: speak TLS by this, instead of what the files that ``settings`` name hold now.
        open_store: returns where rooms are kept, and the rooms that are there. May raise StartFailed.

    Raises:
        StartFailed: a port is in use, a certificate can not be read, and the like.
    """
    tls = tls or tls_context(settings.tls_cert, settings.tls_key)
    bound = list(sockets) or bind(settings.listen)
    try:
        store, rooms = open_store()
    except StartFailed:
        for sock in bound:
            sock.close()
        raise
    passwords = RoomPasswords()
    state = _Status(status or (lambda line: None))
    hub = state.hub = Hub(
        _hub_settings(settings, store),
        passwords=passwords,
        clock=ServerClock([kept.mark for kept in rooms], boot=boot_name()),
        store=store,
        changed=state.changed,
    )
    hub.restore(rooms, time.monotonic())
    entrance = _Entrance(hub, settings)
    servers: list[asyncio.Server] = []
    try:
        urls = [url_of(sock, secure=tls is not None) for sock in bound]
        servers += await listen(entrance, bound, tls=tls)
        _log.info("listening on %s", ", ".join(urls))
        if ready is not None:
            ready(urls)
        await stop.wait()
        _log.info("going down: %d clients in %d rooms are told", hub.client_count, hub.room_count)
        for server in servers:
            server.close()
        hub.go_down(_RETRY_AFTER)
        await entrance.wait_empty(settings.shutdown_timeout)
    finally:
        for server in servers:
            server.close()
        for sock in bound:
            sock.close()
        entrance.cut_off()
        await entrance.wait_empty(_CUT_OFF_TIMEOUT)
        await hub.aclose()
        passwords.close()
        state.stop()


def run(settings: ServerSettings, *, sockets: Sequence[socket.socket] = ()) -> int:
    """Run the server in this process until TERM or INT. Returns the exit code."""
    files = settings.max_clients + _STRANGERS + _OTHER_FILES
    allowed = allow_open_files(files)
    if allowed is not None and allowed < files:
        _log.warning("this process may open %d files, so it can not take %d clients", allowed, settings.max_clients)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_main(settings, sockets))
    except StartFailed as error:
        print(f"hangd: error: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 1
    return 0


async def _main(settings: ServerSettings, sockets: Sequence[socket.socket]) -> None:
    stop = asyncio.Event()
    tls = tls_context(settings.tls_cert, settings.tls_key)

    def renew() -> None:
        if tls is not None and settings.tls_cert is not None:
            try:
                load_certificate(tls, settings.tls_cert, settings.tls_key)
                _log.info("new connections get the certificate that is there now")
            except StartFailed as error:
                _log.error("the old certificate stays: %s", error)

    stop_on_signals(stop)
    reload_on_hangup(renew)
    feed_watchdog()
    await serve(
        settings,
        stop=stop,
        ready=lambda urls: notify("READY=1", f"STATUS=listening on {', '.join(urls)}"),
        status=lambda line: notify(f"STATUS={line}"),
        sockets=sockets,
        tls=tls,
        open_store=lambda: open_store(settings),
    )


def _hub_settings(settings: ServerSettings, store: Store) -> HubSettings:
    return HubSettings(
        server=f"hangd {version()}",
        room=RoomSettings(
            ttl=room_ttl(settings, store), away=settings.away, capacity=settings.room_capacity, echo=settings.echo
        ),
        session=SessionSettings(messages_per_second=settings.messages_per_second, burst=settings.burst),
        max_clients=settings.max_clients,
        max_rooms=settings.max_rooms,
        publish_rooms=settings.publish_rooms,
        motd=settings.motd,
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return how to make a loop: uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
