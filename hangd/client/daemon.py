"""Run ``hangd run`` as a process: make the viewer, then the control socket, and close both at the end."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hangd.client.control.server.socket_path import ControlSocketUnusable
from hangd.client.control.server.sockets import ControlServer
from hangd.client.control.server.tcp import TcpListener
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings, loopback
from hangd.client.viewer import Viewer
from hangd.lifetime import feed_watchdog, reload_on_hangup, stop_on_signals, version
from hangd.notify import notify
from hangd.paths import cache_dir, runtime_socket, state_dir
from hangd.player.base import EventSink, Player

_log = logging.getLogger(__name__)

_SWITCH_INTERVAL: Final = 0.0005
"""Seconds that one Python thread may keep the interpreter from another that wants it. A sample of the player's
clock gets its time stamp in a callback on a thread of VLC's; Python's default of 5 ms would be its error."""


async def serve(
    settings: ClientSettings,
    *,
    stop: asyncio.Event,
    ready: Callable[[Viewer], None] | None = None,
    sockets: Sequence[socket.socket] = (),
) -> None:
    """Run the daemon until ``stop`` is set, then end in order.

    Args:
        ready: called with the viewer once control clients are answered.
        sockets: listen on these (bound by the service manager) instead of the settings' socket.

    Raises:
        ControlSocketUnusable: another daemon has the control socket, or the addresses to listen on cannot be used.
    """
    viewer = Viewer(
        settings,
        lambda sink: _player(settings, sink),
        MediaFiles(cache_dir() / "media.sqlite3"),
        version=version(),
        quit=stop.set,
        learned=cache_dir() / "media.sqlite3",
    )
    control = ControlServer(viewer, Path(runtime_socket(settings.socket)), sockets=sockets, tcp=_tcp(settings))
    try:
        await control.start()
        if ready is not None:
            ready(viewer)
        await stop.wait()
    finally:
        try:
            await viewer.close()
        finally:
            await control.close()


def run(
    settings: ClientSettings, *, sockets: Sequence[socket.socket] = (), reload: Callable[[], ClientSettings | None]
) -> int:
    """Run the daemon in this process until TERM or INT. Returns the exit code.

    ``reload`` reads the settings again, for SIGHUP. It returns None, and has logged why, if they are wrong now.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        asyncio.run(_main(settings, sockets, reload))
    except ControlSocketUnusable as error:
        print(f"hangd: error: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 1
    return 0


async def _main(
    settings: ClientSettings, sockets: Sequence[socket.socket], reload: Callable[[], ClientSettings | None]
) -> None:
    stop = asyncio.Event()

    def begin(viewer: Viewer) -> None:
        def renew() -> None:
            renewed = reload()
            if renewed is not None:
                viewer.renew(renewed)

        reload_on_hangup(renew)
        notify("READY=1", "STATUS=ready")

    stop_on_signals(stop)
    feed_watchdog()
    await serve(settings, stop=stop, ready=begin, sockets=sockets)


def _tcp(settings: ClientSettings) -> TcpListener | None:
    if settings.control_tcp is None:
        return None
    return TcpListener(loopback(settings.control_tcp), state_dir() / "control-token")


def _player(settings: ClientSettings, sink: EventSink) -> Player:
    if settings.player == "simulated":
        from hangd.player.simulated import SimulatedPlayer

        return SimulatedPlayer(sink)
    from hangd.player.vlc.player import VlcPlayer

    return VlcPlayer(sink, options=settings.vlc_options)
