"""VlcPlayer: libVLC behind the Player port. This is the event loop's side; `vlc_owner` is what runs on the thread.

Commands go to the owner thread's queue, events come back onto the loop. Nothing here calls libVLC, and so nothing here
can hang in it. Each command has a deadline: when the owner has not dealt with it by then, libVLC is taken to be hung,
PlayerDied says so, and the thread is left to itself.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as NotInTime
from typing import Final

from hangd.engine.player_messages import LoadFailed, PlayerCommand, PlayerDied, PlayerEvent
from hangd.player.base import EventSink, PlayerUnavailable
from hangd.player.ordering import EventGate
from hangd.player.vlc.events import Fact
from hangd.player.vlc.libvlc import load_bindings, open_instance, plays_sound_itself, version
from hangd.player.vlc.owner import VlcOwner
from hangd.player.vlc.thread import OwnerThread

__all__ = ["VlcPlayer"]

_log = logging.getLogger(__name__)

_Item = PlayerCommand | Fact | Callable[[], object]

_OPEN_SECONDS: Final = 30.0
"""For libVLC to start. Without its plugin cache, on a slow disk, it reads some three hundred files."""
_CALL_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 4.5


class VlcPlayer:
    """A libVLC player. Made inside a running loop; blocks it while libVLC starts (0.1 s).

    Args:
        sink: called on the loop with each event.
        options: added to libVLC's command line after our own, so that they win.
        window: False plays without one whatever display there is.
        call_seconds: how long a command may take before libVLC is declared hung.

    Raises:
        PlayerUnavailable: there is no libVLC, or it does not start.
    """

    def __init__(
        self, sink: EventSink, *, options: Sequence[str] = (), window: bool = True, call_seconds: float = _CALL_SECONDS
    ) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._call_seconds = call_seconds
        self._gate = EventGate()
        """Closed once the player is, or is dead: no event is delivered any more, and no command taken."""
        self._ended = asyncio.Event()
        self._watch: asyncio.TimerHandle | None = None
        self._version = "?"

        def make(thread: OwnerThread[_Item]) -> VlcOwner:
            vlc = load_bindings()
            self._version = version(vlc)
            own_sound = not plays_sound_itself(options)
            instance = open_instance(vlc, options, window=window)
            return VlcOwner(vlc, instance, thread.post, self._emit, own_sound=own_sound)

        self._thread: OwnerThread[_Item] = OwnerThread(make, name="libvlc")
        try:
            self._thread.made.result(_OPEN_SECONDS)
        except NotInTime:
            raise PlayerUnavailable("libVLC does not start: it did not answer") from None
        self._thread.ended.add_done_callback(lambda _: self._on_loop(self._on_thread_ended))

    @property
    def name(self) -> str:
        return f"vlc {self._version}"

    def do(self, command: PlayerCommand) -> None:
        if self._gate.closed:
            return
        self._gate.take(command)
        self._post(command)

    def call(self, function: Callable[[], object]) -> None:
        """Run ``function`` on the owner thread, in turn. For tests (one that hangs) and for looking around."""
        if not self._gate.closed:
            self._post(function)

    async def close(self) -> None:
        self._gate.close()
        if self._watch is not None:
            self._watch.cancel()
        self._thread.end()
        try:
            await asyncio.wait_for(self._ended.wait(), _CLOSE_SECONDS)
        except TimeoutError:
            _log.warning("libVLC does not let go; it is left to itself")

    def _post(self, item: _Item) -> None:
        self._thread.post(item)
        self._expect_answer()

    # ---- the watchdog ---------------------------------------------------------------------------------------------

    def _expect_answer(self) -> None:
        if self._watch is None:
            self._watch = self._loop.call_later(self._call_seconds, self._look)

    def _look(self) -> None:
        """See whether the thread is stuck. One look after the last command is enough: it is not posted to meanwhile."""
        self._watch = None
        since = self._thread.busy_since
        if since is None or self._gate.closed:
            return
        left = since + self._call_seconds - time.monotonic()
        if left <= 0:
            self._die("libVLC does not answer")
        else:
            self._watch = self._loop.call_later(left, self._look)

    def _on_thread_ended(self) -> None:
        self._ended.set()
        if not self._gate.closed and (error := self._thread.ended.exception()) is not None:
            _log.error("libVLC's thread failed", exc_info=error)
            self._die("libVLC's thread failed")

    def _die(self, message: str) -> None:
        self._gate.close()
        self._sink(PlayerDied(self._gate.generation, "hung", message))

    # ---- events ---------------------------------------------------------------------------------------------------

    def _emit(self, event: PlayerEvent) -> None:
        """Called on the owner thread."""
        self._on_loop(self._deliver, event)

    def _on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        # A loop that is closed has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _deliver(self, event: PlayerEvent) -> None:
        if not self._gate.admits(event):
            return
        self._sink(event)
        if isinstance(event, LoadFailed):
            self._expect_answer()  # closing a file that would not open is where libVLC hangs, if anywhere
