"""The room server as a process: start, run, shut down.

On start the server binds its ports first, so that early clients wait there. Then it restores the rooms from the store,
and then it accepts connections.

On shutdown it accepts no more connections, tells all clients (Goodbye, close code 4001), waits some seconds for them,
cuts off the rest, and writes what is not written yet. A second signal skips the wait. SIGHUP reloads the certificate.
"""

import asyncio
import logging
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from hangd.engine.room.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.lifetime import feed_watchdog, reload_on_hangup, stop_on_signals, version
from hangd.log import escape
from hangd.notify import notify
from hangd.rooms.clock import ServerClock, boot_id
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from hangd.server.acceptor import HubAcceptor
from hangd.server.listening import StartFailed, bind, load_certificate, tls_context, url_of
from hangd.server.origins import Origins
from hangd.server.pages import Pages
from hangd.server.passwords import RoomPasswords
from hangd.server.proxies import TrustedProxies
from hangd.server.push.service import open_push
from hangd.server.settings import ServerSettings
from hangd.server.storage import data_folder, open_store, room_ttl
from hangd.store.base import Store
from hangd.transport.accepting import listen
from hangd.urls import page_address

_log = logging.getLogger(__name__)

_RETRY_AFTER: Final = 1.0
"""Seconds after which clients connect again: about what a restart takes. A client that is early tries again soon."""
_CUT_OFF_TIMEOUT: Final = 1.0
_STATUS_SECONDS: Final = 2.0
"""The status line changes at most this often."""
_OTHER_CONNECTIONS: Final = 256
"""Open connections beside the clients: plain HTTP, and those whose opening handshake is not complete."""
_OTHER_FILES: Final = 64


async def serve(
    settings: ServerSettings,
    *,
    stop: asyncio.Event,
    ready: Callable[[list[str]], None],
    status: Callable[[str], None] = lambda line: None,
    sockets: Sequence[socket.socket] = (),
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve rooms until ``stop`` is set, then shut down in order. If cancelled, shut down at once.

    Args:
        ready: called once with the server's URLs, when connections are accepted.
        status: called now and then with a line about how busy the server is.
        sockets: listen on these bound sockets instead of ``settings.listen``. They are closed at the end.
        tls: used instead of the certificate files that ``settings`` names.

    Raises:
        StartFailed: a port is in use, a certificate cannot be read, another server uses the store, and the like.
    """
    told = True  # whether the last status line is right

    def changed() -> None:
        nonlocal told
        if told:
            told = False
            asyncio.get_running_loop().call_later(_STATUS_SECONDS, tell)

    def tell() -> None:
        nonlocal told
        told = True
        status(f"clients: {hub.client_count}, rooms: {hub.room_count}")

    tls = tls or tls_context(settings.tls_cert, settings.tls_key)
    # Each part is closed at the end, in reverse order, even if closing another one fails.
    async with AsyncExitStack() as cleanup:
        bound = list(sockets) or bind(settings.listen)
        for sock in bound:
            cleanup.callback(sock.close)
        store, rooms = open_store(settings)
        passwords = RoomPasswords()
        cleanup.callback(passwords.close)
        push = open_push(settings, data_folder(settings))
        if push is not None:
            cleanup.push_async_callback(push.aclose)
        hub = Hub(
            _hub_settings(settings, store, None if push is None else push.key.public),
            passwords=passwords,
            clock=ServerClock([kept.mark for kept in rooms], boot=boot_id()),
            store=store,
            invitations=push,
            changed=changed,
        )
        cleanup.push_async_callback(hub.aclose)
        hub.restore(rooms, time.monotonic())
        most = settings.max_clients + _OTHER_CONNECTIONS
        acceptor = HubAcceptor(
            hub,
            most=most,
            most_per_address=settings.max_per_address,
            proxies=TrustedProxies(settings.trusted_proxies),
            pages=Pages.load() if settings.web else None,
            origins=Origins(settings.web_origins, same_host=settings.web),
            secure=tls is not None,
        )
        cleanup.push_async_callback(acceptor.cut_off, _CUT_OFF_TIMEOUT)
        urls = [url_of(sock, secure=tls is not None) for sock in bound]
        servers = await listen(acceptor, bound, tls=tls)
        for server in servers:
            cleanup.callback(server.close)
        _log.info("listening on %s", ", ".join(urls))
        if settings.web:
            _tell_pages(urls, settings.public_url)
        ready(urls)
        await stop.wait()
        _log.info("going down: %d clients in %d rooms are told", hub.client_count, hub.room_count)
        for server in servers:
            server.close()
        hub.go_down(_RETRY_AFTER)
        await acceptor.wait_empty(settings.shutdown_timeout)


def run(settings: ServerSettings, *, sockets: Sequence[socket.socket] = ()) -> int:
    """Run the server in this process until TERM or INT. Returns the exit code."""
    files = settings.max_clients + _OTHER_CONNECTIONS + _OTHER_FILES
    allowed = allow_open_files(files)
    if allowed is not None and allowed < files:
        _log.warning("this process may open %d files, so it cannot take %d clients", allowed, settings.max_clients)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_main(settings, sockets))
    except StartFailed as error:
        print(f"hangd: error: {escape(str(error))}", file=sys.stderr)
        return error.exit_code
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
    )


def _tell_pages(urls: list[str], public_url: str | None) -> None:
    """Log where browsers find the page: at the public address, if one is set, else where this process listens."""
    served = (
        [public_url] if public_url is not None else [url for url in urls if not url.partition(":")[0].endswith("+unix")]
    )
    pages = [page for page in map(page_address, served) if page is not None]
    if pages:
        _log.info("the page for browsers is at %s", ", ".join(pages))
    elif public_url is not None:
        _log.warning(
            "invites have no link for browsers: the path of %s (--public-url) does not end with /ws", public_url
        )


def _hub_settings(settings: ServerSettings, store: Store, push_key: str | None) -> HubSettings:
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
        public_url=settings.public_url,
        features=("web",) if settings.web else (),
        push_key=push_key,
    )


def allow_open_files(wanted: int) -> int | None:
    """Raise this process's limit of open files to ``wanted``, if the system allows. Returns the limit; None: no limit.

    Shells usually start programs with a limit of 1024, and each connection is a file.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit.
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return None
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the constructor of uvloop's event loop, if it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
