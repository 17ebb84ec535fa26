"""The room server as a process: start, run, shut down.

On start the server binds its ports first, so that early clients wait there. Then it restores the rooms from the store,
and then it accepts connections.

On shutdown it accepts no more connections, tells all clients (Goodbye, close code 4001), waits some seconds for them,
cuts off the rest, and writes what is not written yet. A second signal skips the wait. SIGHUP reads the certificate and
the server's password again. The certificate is also read again when its files change.
"""

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from hangd.engine.room.connection.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.lifetime import feed_watchdog, reload_on_hangup, stop_on_signals, version
from hangd.log import counted, escape
from hangd.notify import notify
from hangd.rooms.clock import ServerClock, boot_id
from hangd.rooms.counters import Counters
from hangd.rooms.edge.budgets import SharedSettings
from hangd.rooms.edge.fair_turns import SLICE
from hangd.rooms.edge.waiting_memory import MIB
from hangd.rooms.hosting.history import RoomHistory
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from hangd.server.acceptor import HubAcceptor
from hangd.server.admin.answers import Answers
from hangd.server.admin.door import AdminDoor
from hangd.server.certificates import Certificate
from hangd.server.clustered.keys import SharedKeys
from hangd.server.clustered.node import cluster_hub, join, open_cluster
from hangd.server.garbage import collect_seldom
from hangd.server.health import why_elsewhere, why_not_ready
from hangd.server.listening import StartFailed, bind, tls_context, url_of
from hangd.server.metrics.opening import bind_metrics, serve_metrics
from hangd.server.metrics.sources import Sources
from hangd.server.passwords import Passwords, PasswordThreads
from hangd.server.proxies import TrustedProxies
from hangd.server.push.service import open_push
from hangd.server.settings import ServerSettings
from hangd.server.storage import (
    admin_socket,
    data_folder,
    has_admin_socket,
    keeps_rooms,
    load_rooms,
    open_store,
    room_ttl,
)
from hangd.server.trust.service import open_trust, server_password
from hangd.server.web.origins import Origins
from hangd.server.web.pages import Pages
from hangd.store.base import Store
from hangd.store.thread import StoreThread
from hangd.tasks import Tasks
from hangd.transport.accepting import listen
from hangd.urls import page_address

_log = logging.getLogger(__name__)

_RETRY_AFTER: Final = 1.0
"""Seconds after which clients connect again: about what a restart takes. A client that is early tries again soon."""
_CUT_OFF_TIMEOUT: Final = 1.0
_WRITE_TIMEOUT: Final = 4.0
"""Seconds in which everything has to be written at the end. With the waits for clients and their connections it stays
below the TimeoutStopSec= of hang's unit."""
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
    reloads: list[Callable[[], None]] | None = None,
) -> None:
    """Serve rooms until ``stop`` is set, then shut down in order. If cancelled, shut down at once.

    Args:
        ready: called once with the server's URLs, when connections are accepted.
        status: called now and then with a line about how busy the server is.
        sockets: listen on these bound sockets instead of ``settings.listen``. They are closed at the end.
        reloads: gets what reads files again, while this runs.

    Raises:
        StartFailed: a port is in use, a certificate cannot be read, another server uses the store, and the like.
    """
    told = True  # whether the last status line is right

    def changed() -> None:
        nonlocal told
        answers.left()
        if told:
            told = False
            asyncio.get_running_loop().call_later(_STATUS_SECONDS, tell)

    def tell() -> None:
        nonlocal told
        told = True
        drains = ", takes nobody in" if hub.administration.draining else ""
        status(f"clients: {hub.client_count}, rooms: {hub.room_count}{drains}")

    tls = tls_context(settings.tls_cert, settings.tls_key)
    cluster = open_cluster(settings)
    reloads = [] if reloads is None else reloads
    # Each part is closed at the end, in reverse order, even if closing another one fails.
    async with AsyncExitStack() as cleanup:
        bound = list(sockets) or bind(settings.listen)
        for sock in bound:
            cleanup.callback(sock.close)
        for_metrics = bind_metrics(settings.metrics)
        for sock in for_metrics:
            cleanup.callback(sock.close)
        if tls is not None and settings.tls_cert is not None:
            certificate = Certificate(tls, settings.tls_cert, settings.tls_key)
            reloads.append(certificate.reload)
            certificate.start()
            cleanup.push_async_callback(certificate.aclose)
        password = server_password(settings)  # First: what is wrong with the settings leaves no new file behind.
        store = open_store(settings)
        keeper = StoreThread(store)
        cleanup.push_async_callback(keeper.aclose)
        keys = None
        if cluster is not None and not store.lasting:
            keys = SharedKeys(settings, keeper)
            await keys.start()
            cleanup.push_async_callback(keys.aclose)
        rooms = load_rooms(settings, store)
        threads = PasswordThreads()
        cleanup.callback(threads.close)
        encrypted = tls is not None or bool(settings.trusted_proxies)
        trust = await open_trust(settings, keeper, threads, password=password, encrypted=encrypted)
        cleanup.push_async_callback(trust.aclose)
        reloads.append(trust.reload)
        push = open_push(settings, data_folder(settings), cluster)
        if push is not None:
            cleanup.push_async_callback(push.aclose)
        history = RoomHistory(keeper, settings.history_days, settings.max_history)
        cleanup.push_async_callback(history.aclose)
        counters = Counters()
        limits = None if cluster is None else trust.limit_together(cluster)
        kind = Hub if cluster is None or limits is None else cluster_hub(settings, cluster, limits)
        hub = kind(
            _hub_settings(settings, store, None if push is None else push.key.public),
            passwords=Passwords(threads, "room"),
            clock=ServerClock([kept.mark for kept in rooms], boot=boot_id()),
            store=keeper if keeps_rooms(settings) else None,
            trust=trust,
            invitations=push,
            changed=changed,
            keep_watched=history.keep,
            counters=counters,
        )
        answers = Answers(hub.administration, stop.set)
        cleanup.callback(answers.close)
        cleanup.push_async_callback(hub.aclose)
        cleanup.callback(keeper.hurry, _WRITE_TIMEOUT)
        not_ready = partial(why_not_ready, hub, keeper)
        hub.restore(rooms, time.monotonic())
        if cluster is not None:
            await join(hub, cluster, trust, None if keys is None else keys.bring_together)
        if push is not None:
            push.start()
        trust.start(hub.end, hub.visitors)
        most = settings.max_clients + _OTHER_CONNECTIONS
        acceptor = HubAcceptor(
            hub,
            most=most,
            most_per_address=settings.max_per_address,
            shared=None if limits is None else limits.counted("clients"),
            connections_per_second=settings.connections_per_second,
            requests_per_second=settings.requests_per_second,
            proxies=TrustedProxies(settings.trusted_proxies),
            pages=Pages.load() if settings.web else None,
            origins=Origins(settings.web_origins, same_host=settings.web),
            secure=tls is not None,
            counters=counters,
            why_not_ready=not_ready,
            **({} if cluster is None else {"why_elsewhere": partial(why_elsewhere, hub)}),
        )
        cleanup.push_async_callback(acceptor.cut_off, _CUT_OFF_TIMEOUT)
        sources = Sources(
            counters=counters,
            hub=hub,
            acceptor=acceptor,
            store=keeper,
            passwords=threads,
            why_not_ready=not_ready,
            most_clients=settings.max_clients,
            most_rooms=settings.max_rooms,
            most_waiting=settings.max_waiting_memory * MIB,
            most_queued=settings.max_queue_memory * MIB,
            cluster=hub.cluster_numbers,
            only_in_memory=keeps_rooms(settings) and not store.lasting,
        )
        await serve_metrics(for_metrics, sources, cleanup)
        door = AdminDoor(admin_socket(settings), answers.answer, was_named=settings.admin_socket is not None)
        if has_admin_socket(settings):
            await door.open()
            cleanup.push_async_callback(door.aclose)
        urls = [url_of(sock, secure=tls is not None) for sock in bound]
        servers = await listen(acceptor, bound, tls=tls)
        for server in servers:
            cleanup.callback(server.close)
        _log.info("listening on %s", ", ".join(urls))
        if settings.web:
            _tell_pages(urls, settings.public_url)
        ready(urls)
        await stop.wait()
        told_now = counted(hub.client_count, "client"), counted(hub.room_count, "room")
        _log.info("going down: %s in %s are told", *told_now)
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
    reloads: list[Callable[[], None]] = []

    def renew() -> None:
        for reload in reloads:
            reload()

    stop_on_signals(stop)
    reload_on_hangup(renew)
    feed_watchdog()
    tasks = Tasks()
    tasks.start(collect_seldom(), name="collect garbage")  # until the process ends
    await serve(
        settings,
        stop=stop,
        ready=lambda urls: notify("READY=1", f"STATUS=listening on {', '.join(urls)}"),
        status=lambda line: notify(f"STATUS={line}"),
        sockets=sockets,
        reloads=reloads,
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
        slice=SLICE,
        room=RoomSettings(
            ttl=room_ttl(settings, store),
            away=settings.away,
            capacity=settings.room_capacity,
            echo=settings.echo,
            history=settings.history_days > 0 and store.lasting,
        ),
        session=SessionSettings(
            messages_per_second=settings.messages_per_second,
            burst=settings.burst,
            chat_per_minute=settings.chat_per_minute,
            rooms_per_minute=settings.rooms_per_minute,
            joins_per_minute=settings.joins_per_minute,
            lists_per_minute=settings.lists_per_minute,
            accounts_per_minute=settings.accounts_per_minute,
        ),
        shared=SharedSettings(
            deliveries_per_member=settings.deliveries_per_member,
            room_capacity=settings.room_capacity,
            max_per_address=settings.max_per_address,
        ),
        max_clients=settings.max_clients,
        idle_timeout=settings.idle_timeout,
        max_rooms=settings.max_rooms,
        max_waiting=settings.max_waiting_memory * MIB,
        max_queued=settings.max_queue_memory * MIB,
        max_rooms_per_address=settings.max_rooms_per_address,
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
