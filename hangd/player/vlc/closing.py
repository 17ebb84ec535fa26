"""`Closing`: end the subtitles before VLC closes a film, so that closing it never takes long. Owner thread only.

VLC's decoder of subtitles needs a video output for each subtitle. If there is none it looks for one every 200 ms, for
six seconds in all, and nothing ends that wait (``spu_new_buffer`` in VLC's decoder.c). A film that is closed before its
window has opened has none; and VLC ends the picture first, so a subtitle that is decoded while it closes has none
either. ``set_media`` and ``stop`` then stand until the six seconds are over, and with them the owner thread: players
were declared dead that changed the film three times within a second.

So the subtitle track is deselected first, which VLC does on a thread of its own while the picture goes on and its
output still opens. VLC's log says when the track's decoder has ended.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from hangd.player.vlc.context import PlayerContext

_NONE: Final = -1
"""libVLC's id for no track."""
_WAIT_SECONDS: Final = 7.0
"""VLC needs a few milliseconds if there is a video output, and six seconds if none opens."""
_LAST_WAIT_SECONDS: Final = 2.0
"""The same if the player is closed, which may take five seconds in all."""


class Closing:
    """See the module's docstring."""

    def __init__(self, context: PlayerContext) -> None:
        self._context = context
        self._player = context.player
        self._ended = threading.Event()
        """The subtitles that were deselected have ended, or none were."""
        self._ended.set()
        self._then: Callable[[], object] | None = None
        self.due: float | None = None
        """When to call `expire`: the wait is then given up."""

    def begin(self, then: Callable[[], object]) -> None:
        """End the subtitles, and then call ``then``, which closes the film. It replaces an earlier ``then``."""
        if self._ended.is_set() and self._are_shown():
            self._ended.clear()
            self._player.video_set_spu(_NONE)
            self.due = time.monotonic() + _WAIT_SECONDS
        self._then = then
        if self._ended.is_set():
            self._finish()

    def decoder_closed(self) -> None:
        """VLC has ended a decoder. Called on VLC's threads. Only the subtitles' can end while a film is not closed."""
        if not self._ended.is_set():
            self._ended.set()
            self._context.post(self._finish)

    def expire(self, now: float) -> None:
        if self.due is not None and self.due <= now:
            self._ended.set()
            self._finish()

    def wait(self) -> None:
        """End the subtitles before the player is closed. Blocks for a moment; for two seconds if there is no output."""
        self.begin(lambda: None)
        self._ended.wait(_LAST_WAIT_SECONDS)

    def _finish(self) -> None:
        self.due = None
        then, self._then = self._then, None
        if then is not None:
            then()

    def _are_shown(self) -> bool:
        state = self._context.vlc.State
        return self._player.get_state() in (state.Playing, state.Paused) and self._player.video_get_spu() != _NONE
