"""Run ``hangd run`` as a process: make the viewer, then the control socket, and close both at the end."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hangd.client.control.server.sockets import ControlServer
from hangd.client.control.server.tcp import TcpListener
from hangd.client.desktop.bus.desktop_bus import DesktopBus, has_library
from hangd.client.desktop.desktop import Desktop
from hangd.client.desktop.window import FilmWindow
from hangd.client.kept_rooms import rooms_file
from hangd.client.media.files import MediaFiles
from hangd.client.settings import ClientSettings, loopback
from hangd.client.viewer import Viewer
from hangd.lifetime import EXIT_WRONG_SETTING, feed_watchdog, reload_on_hangup, stop_on_signals, version
from hangd.log import escape
from hangd.memory import limit_heaps
from hangd.notify import notify
from hangd.paths import cache_dir, input_conf, runtime_dir, runtime_socket, state_dir
from hangd.player.base import EventSink, Player
from hangd.socket_path import SocketUnusable
from hangd.tasks import Tasks, in_thread
from hangd.transport.dial_failures import DialFailed
from hangd.transport.dialing import trust

_log = logging.getLogger(__name__)

_FOLDER_SECONDS: Final = 10.0
"""How long to look whether a folder is there. A sleeping disk starts in less."""

_SWITCH_INTERVAL: Final = 0.0005
"""Seconds that one Python thread may keep the interpreter from another that wants it. A sample of the player's
clock gets its time stamp in a callback on a thread of VLC's; Python's default of 5 ms would be its error."""


async def serve(
    settings: ClientSettings,
    *,
    stop: asyncio.Event,
    ready: Callable[[Viewer, ControlServer], None] | None = None,
    sockets: Sequence[socket.socket] = (),
) -> None:
    """Run the daemon until ``stop`` is set, then end in order.

    Args:
        ready: called with both once control clients are answered.
        sockets: listen on these (bound by the service manager) instead of the settings' socket.

    Raises:
        SocketUnusable: another daemon has the control socket, or the addresses to listen on cannot be used.
    """
    path = Path(runtime_socket(settings.socket))
    window = FilmWindow(state_dir() / "window.json")
    viewer = Viewer(
        settings,
        lambda sink: _player(settings, sink, window),
        MediaFiles(cache_dir() / "media.sqlite3"),
        version=version(),
        quit=stop.set,
        learned=cache_dir() / "media.sqlite3",
        rooms=rooms_file(state_dir(), path),
        credentials=state_dir() / "credentials.json",
        device=state_dir() / "device-key",
        history=state_dir() / "history.sqlite3",
    )
    control = ControlServer(viewer, path, sockets=sockets, tcp=_tcp(settings))
    desktop: Desktop | None = None
    bus: DesktopBus | None = None
    try:
        await control.start()
        await _bind_keys(control, settings)
        desktop = _desktop(window, viewer, control)
        bus = DesktopBus(
            viewer,
            control.request,
            control.read,
            lambda: viewer.settings,
            cache_dir() / "art",
            viewer.thumbnail,
            window.activate,
            window.keep_awake,
            lambda: window.is_focused,
        )
        if ready is not None:
            ready(viewer, control)
        viewer.begin()
        await stop.wait()
    finally:
        try:
            if desktop is not None:
                await desktop.close()
            if bus is not None:
                await bus.close()
            await viewer.close()
        finally:
            window.close()
            await control.close()


def _desktop(window: FilmWindow, viewer: Viewer, control: ControlServer) -> Desktop:
    """Join the film's window with the viewer, and let commands draw on it."""
    desktop = Desktop(
        window,
        control.run,
        control.request,
        control.read,
        control.press,
        viewer.play_command,
        lambda: viewer.settings,
    )
    viewer.desktop = desktop.port
    viewer.subscribe(lambda event: None, desktop.changed)
    return desktop


def run(
    settings: ClientSettings, *, sockets: Sequence[socket.socket] = (), reload: Callable[[], ClientSettings | None]
) -> int:
    """Run the daemon in this process until TERM or INT. Returns the exit code.

    ``reload`` reads the settings again, for SIGHUP. It returns None, and has logged why, if they are wrong now.
    """
    limit_heaps()
    if settings.tls_ca is not None:
        try:
            trust(settings.tls_ca)
        except DialFailed as error:
            print(f"hangd: error: {escape(str(error))}", file=sys.stderr)
            return EXIT_WRONG_SETTING
    if settings.mpris == "yes" and not has_library():
        print("hangd: error: --mpris yes needs dbus-fast: install hang-sync[mpris]", file=sys.stderr)
        return EXIT_WRONG_SETTING
    sys.setswitchinterval(_SWITCH_INTERVAL)
    if runtime := runtime_dir():
        os.environ["XDG_RUNTIME_DIR"] = runtime  # for the libraries: the sockets of sound and Wayland are there too
    try:
        asyncio.run(_main(settings, sockets, reload))
    except SocketUnusable as error:
        print(f"hangd: error: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 1
    return 0


async def _main(
    settings: ClientSettings, sockets: Sequence[socket.socket], reload: Callable[[], ClientSettings | None]
) -> None:
    stop = asyncio.Event()
    tasks = Tasks()

    def begin(viewer: Viewer, control: ControlServer) -> None:
        def renew() -> None:
            renewed = reload()
            if renewed is not None:
                viewer.renew(renewed)
                tasks.start(_bind_keys(control, renewed), name="input_conf")
                tasks.start(_look_at_folders(renewed), name="media_dirs")

        reload_on_hangup(renew)
        tasks.start(_look_at_folders(settings), name="media_dirs")
        notify("READY=1", "STATUS=ready")

    stop_on_signals(stop)
    feed_watchdog()
    try:
        await serve(settings, stop=stop, ready=begin, sockets=sockets)
    finally:
        await tasks.cancel()


async def _look_at_folders(settings: ClientSettings) -> None:
    """Log a warning for each folder of films that is not there. It may come later, as a disk that is plugged in."""
    for folder in settings.media_dirs:
        with suppress(OSError):  # that of a network share which does not answer
            doing = f"looking at {folder}"
            if not await in_thread(os.path.isdir, folder, deadline=_FOLDER_SECONDS, doing=doing):
                _log.warning("no films are looked for in %s: there is no such folder now", escape(folder))


async def _bind_keys(control: ControlServer, settings: ClientSettings) -> None:
    named = settings.input_conf is not None
    path = Path(settings.input_conf) if settings.input_conf is not None else input_conf()
    await control.bind_keys(path, named=named, defaults=settings.input_default_bindings)


def _tcp(settings: ClientSettings) -> TcpListener | None:
    if settings.control_tcp is None:
        return None
    return TcpListener(loopback(settings.control_tcp), state_dir() / "control-token")


def _player(settings: ClientSettings, sink: EventSink, window: FilmWindow) -> Player:
    if settings.player == "simulated":
        from hangd.player.simulated import SimulatedPlayer

        return SimulatedPlayer(sink)
    from hangd.player.vlc.player import VlcPlayer

    return VlcPlayer(sink, options=settings.vlc_options, window=window)
