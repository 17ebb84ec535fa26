"""VlcPlayer: libVLC behind the Player port. This is the event loop's side; `VlcBackend` runs on the owner thread.

Commands go into the owner thread's queue, events come back onto the loop. Nothing here calls libVLC, so nothing here
can block in it; libVLC is loaded on the owner thread too. There are two deadlines and one timer for both: libVLC has
``open_seconds`` to start, then each command has ``call_seconds``. When one passes, libVLC is taken to be hung:
PlayerDied says so, and the thread is abandoned (it is a daemon thread): a thread that blocks in C cannot be ended.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from hangd.engine.player_messages import (
    FailureCode,
    Load,
    LoadFailed,
    PlayerCommand,
    PlayerDied,
    PlayerEvent,
    PlayerOpened,
    Settled,
    Unload,
)
from hangd.player.base import EventSink, PictureWindow
from hangd.player.ordering import EventFilter
from hangd.player.vlc.backend import BackendItem, VlcBackend
from hangd.player.vlc.libvlc import (
    LibVlcUnavailable,
    chooses_output,
    load_bindings,
    needs_display,
    open_instance,
    output,
    plays_sound_itself,
    version,
)
from hangd.player.vlc.thread import OwnerThread

_log = logging.getLogger(__name__)

_OPEN_SECONDS: Final = 30.0
"""libVLC starts in 0.1 s. Without its plugin cache, on a slow disk, it reads some three hundred files."""
_CALL_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 4.5
"""The port allows five seconds for closing."""


class VlcPlayer:
    """A libVLC player.

    Args:
        options: are added to libVLC's command line after our own, so that they win.
        window: what to draw in on X; None: VLC opens a window itself.
    """

    def __init__(
        self,
        sink: EventSink,
        *,
        options: Sequence[str] = (),
        window: PictureWindow | None = None,
        open_seconds: float = _OPEN_SECONDS,
        call_seconds: float = _CALL_SECONDS,
    ) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._call_seconds = call_seconds
        self._events = EventFilter()
        self._ended = asyncio.Event()
        self._opening = False
        """A film is being opened: libVLC's thread closes the one before and opens this one after the command's time."""
        self._version = "?"
        self.name: str | None = None

        def emit(event: PlayerEvent) -> None:
            self._on_loop(self._deliver, event)

        def make(thread: OwnerThread[BackendItem]) -> VlcBackend:
            vlc = load_bindings()
            self._version = version(vlc)
            own_sound = not plays_sound_itself(options)
            instance = open_instance(vlc, options)
            return VlcBackend(
                vlc,
                instance,
                thread.post,
                emit,
                options=options,
                own_sound=own_sound,
                output=output(options),
                own_output=chooses_output(options),
                window=window,
                on_display=needs_display(options),
            )

        self._watchdog: asyncio.TimerHandle | None = self._loop.call_later(
            open_seconds, self._die, "hung", f"libVLC did not start within {open_seconds:g} seconds"
        )
        self._thread: OwnerThread[BackendItem] = OwnerThread(make, name="libvlc")
        self._thread.made.add_done_callback(lambda _: self._on_loop(self._on_made))
        self._thread.ended.add_done_callback(lambda _: self._on_loop(self._on_thread_ended))

    def do(self, command: PlayerCommand) -> None:
        if not self._events.closed:
            self._events.commanded(command)
            if isinstance(command, Load | Unload):
                self._opening = isinstance(command, Load)
            self._post(command)

    def call(self, function: Callable[[], object]) -> None:
        """Run ``function`` on the owner thread, after the commands given so far. For tests."""
        if not self._events.closed:
            self._post(function)

    async def close(self) -> None:
        self._shut()
        self._thread.end()
        try:
            await asyncio.wait_for(self._ended.wait(), _CLOSE_SECONDS)
        except TimeoutError:
            _log.warning("libVLC does not close; its thread is abandoned")
            self._thread.abandon()

    def _on_made(self) -> None:
        if self._events.closed:
            return
        self._stop_watchdog()
        error = self._thread.made.exception()
        if error is None:
            self.name = f"vlc {self._version}"
            self._sink(PlayerOpened(0, self.name))
            self._start_watchdog()  # for the commands that were queued while libVLC started
        elif isinstance(error, LibVlcUnavailable):
            self._die("no-player", str(error))
        else:
            _log.error("libVLC does not start", exc_info=error)
            self._die("no-player", f"libVLC does not start: {error}")

    def _on_thread_ended(self) -> None:
        self._ended.set()
        if not self._events.closed and (error := self._thread.ended.exception()) is not None:
            _log.error("libVLC's thread failed", exc_info=error)
            self._die("hung", "libVLC's thread failed")

    def _die(self, code: FailureCode, message: str) -> None:
        self._shut()
        self._sink(PlayerDied(self._events.generation, code, message))

    def _shut(self) -> None:
        """Accept no more commands and deliver no more events."""
        self._events.closed = True
        self._stop_watchdog()

    def _post(self, item: BackendItem) -> None:
        self._thread.post(item)
        self._start_watchdog()

    def _start_watchdog(self) -> None:
        if self._watchdog is None and not self._events.closed:
            self._watchdog = self._loop.call_later(self._call_seconds, self._look)

    def _stop_watchdog(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None

    def _look(self) -> None:
        """Check whether the thread is stuck in one call. Each command that finds no check planned plans one."""
        self._watchdog = None
        now, since = time.monotonic(), self._thread.busy_since
        if since is None and not self._opening:
            return
        left = (now if since is None else since) + self._call_seconds - now
        if left <= 0:
            self._die("hung", "libVLC does not answer")
        else:
            self._watchdog = self._loop.call_later(left, self._look)

    def _on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        # Raises if the loop is closed: then nobody is left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _deliver(self, event: PlayerEvent) -> None:
        if isinstance(event, PlayerDied):
            if not self._events.closed:
                self._die(event.code, event.message)
            return
        if not self._events.passes(event):
            return
        if isinstance(event, LoadFailed | Settled):
            self._opening = False
        self._sink(event)
        if isinstance(event, LoadFailed):
            self._start_watchdog()  # closing a file that did not open is where libVLC is most likely to hang
