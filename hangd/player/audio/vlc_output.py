"""Sound: libVLC's samples, taken over and played on time.

libVLC's own outputs start their stream anew after each pause and seek, 10 to 31 ms before its first sample is due and
without knowing yet how long that takes; what comes of it is up to 30 ms off, another time each time, and stays
(docs/sync.md). Here a stream runs all the time, so where a sample belongs is known before it comes (`sound_placing`),
and one that comes too late is cut off rather than played late. libVLC says of each block of samples when it is to be
heard, by the monotonic clock.

The callbacks come on libVLC's threads; none of them may raise.
"""

import ctypes
import logging
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from hangd.player.audio.placement import Placing
from hangd.player.audio.pulse import PulseLine, PulseUnavailable

__all__ = ["Sound"]

_log = logging.getLogger(__name__)

_FORMAT: Final = b"S16N"
"""The only one that libVLC 3 hands over."""
_STEREO: Final = 2
_FIRST_LOOKS: Final = 5
_FIRST_LOOK_SECONDS: Final = 0.002
_LOOK_SECONDS: Final = 0.1
_REOPEN_SECONDS: Final = (2.0, 60.0)
"""How long after a failure the server is looked for again: at first, and at most. It may hold up the film."""


class Sound:
    """Takes over a libVLC player's sound, for as long as that lives. `close` it after the player's ``release``."""

    def __init__(self, vlc: ModuleType, player: Any) -> None:
        self._lock = threading.Lock()
        self._line: PulseLine | None = None
        self._placing: Placing | None = None
        self._shape = (0, 0)
        self._volume, self._mute = 1.0, False
        self._retry_at, self._retry_after = 0.0, _REOPEN_SECONDS[0]
        self._closing = threading.Event()
        self._looking = threading.Thread(target=self._look, name="sound", daemon=True)
        self._callbacks = self._take_over(vlc, player)
        self._looking.start()

    def close(self) -> None:
        self._closing.set()
        self._looking.join()
        self._clean_up(None)

    # Without the lock: a film does not wait for a sound server that may be slow to answer.

    def late(self, seconds: float) -> None:
        """The film goes on, or is about to, and is dated so much too late until VLC's clock is moved."""
        placing = self._placing
        if placing is not None:
            placing.late(seconds)

    def moved(self) -> None:
        """VLC's clock has been moved by that."""
        placing = self._placing
        if placing is not None:
            placing.moved()

    def _take_over(self, vlc: ModuleType, player: Any) -> tuple[object, ...]:
        """Return what has to be kept alive."""
        kinds = vlc.CallbackDecorators
        counts = ctypes.POINTER(ctypes.c_uint)
        # python-vlc takes the format for a string, which can not be written to.
        setup = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, counts, counts)(self._set_up)
        cleanup = kinds.AudioCleanupCb(self._clean_up)
        volume = kinds.AudioSetVolumeCb(self._set_volume)
        five = (
            kinds.AudioPlayCb(self._play),
            kinds.AudioPauseCb(self._told(Placing.pause)),
            kinds.AudioResumeCb(self._told(Placing.resume)),
            kinds.AudioFlushCb(self._told(lambda placing, _: placing.flush())),
            kinds.AudioDrainCb(lambda _: None),
        )
        player.audio_set_callbacks(*five, None)
        player.audio_set_volume_callback(volume)
        vlc.dll.libvlc_audio_set_format_callbacks(player, setup, cleanup)
        return (setup, cleanup, volume, *five)

    # ---- what libVLC calls ----------------------------------------------------------------------------------------

    def _set_up(self, _opaque: object, format: int, rate: Any, channels: Any) -> int:
        ctypes.memmove(format, _FORMAT, len(_FORMAT))
        if channels[0] not in PulseLine.CHANNELS:
            channels[0] = _STEREO
        with self._lock:
            self._shape = (rate[0], channels[0])
            self._open()
        return 0

    def _clean_up(self, _opaque: object) -> None:
        with self._lock:
            self._let_go()

    def _play(self, _opaque: object, samples: int, count: int, at: int) -> None:
        with self._lock:
            if self._line is None or not self._line.is_alive:
                self._reopen()
            if self._line is not None and self._placing is not None:
                self._placing.play(at / 1e6, ctypes.string_at(samples, count * self._line.frame))

    def _told(self, what: Callable[[Placing, float], None]) -> Callable[[object, int], None]:
        def told(_opaque: object, at: int) -> None:
            with self._lock:
                if self._placing is not None:
                    what(self._placing, at / 1e6)

        return told

    def _set_volume(self, _opaque: object, volume: float, mute: bool) -> None:
        with self._lock:
            self._volume, self._mute = volume, bool(mute)
            if self._line is not None:
                self._line.set_volume(self._volume, mute=self._mute)

    # ---- the stream -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._let_go()
        try:
            self._line = PulseLine(*self._shape)
        except PulseUnavailable as error:
            _log.warning("nothing can be heard, the next try is in %.0f s: %s", self._retry_after, error)
            self._retry_at = time.monotonic() + self._retry_after
            self._retry_after = min(2 * self._retry_after, _REOPEN_SECONDS[1])
            return
        self._retry_after = _REOPEN_SECONDS[0]
        self._line.set_volume(self._volume, mute=self._mute)
        self._placing = Placing(self._line)
        for _ in range(_FIRST_LOOKS):
            self._placing.look()
            time.sleep(_FIRST_LOOK_SECONDS)

    def _reopen(self) -> None:
        """The sound server has gone: it may have come back."""
        if time.monotonic() > self._retry_at:
            self._open()

    def _let_go(self) -> None:
        line, self._line, self._placing = self._line, None, None
        if line is not None:
            line.close()

    def _look(self) -> None:
        """Watch the stream's time, also while nothing plays."""
        while not self._closing.wait(_LOOK_SECONDS):
            with self._lock:
                if self._placing is not None:
                    self._placing.look()
