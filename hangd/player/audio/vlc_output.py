"""`VlcAudioOutput`: take over a libVLC player's sound and play it on time.

VLC's own outputs begin their stream anew after each pause and seek, 10 to 31 ms before its first sample is due and
before its latency is known. The result is up to 30 ms off, differently each time, and stays so (docs/sync.md). Here a
stream runs all the time, so it is known where each sample belongs before it arrives (`placement`), and a sample that
arrives too late is cut off instead of being played late. libVLC gives each block of samples the monotonic time at which
it is to be heard.

The callbacks run on libVLC's threads, and none of them may raise.
"""

import ctypes
import logging
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from hangd.player.audio.placement import AudioPlacement
from hangd.player.audio.pulse import PulseStream, PulseUnavailable

_log = logging.getLogger(__name__)

_FORMAT: Final = b"S16N"
"""The only format in which libVLC 3 hands over samples."""
_STEREO: Final = 2
_FIRST_READINGS: Final = 5
_FIRST_READING_SECONDS: Final = 0.002
_READING_SECONDS: Final = 0.1
_REOPEN_SECONDS: Final = (2.0, 60.0)
"""How long after a failure to look for the sound server again, at first and at most. Looking can hold up the film."""


class VlcAudioOutput:
    """Plays the sound of a libVLC player. `close` it after the player has been released."""

    def __init__(self, vlc: ModuleType, player: Any) -> None:
        self._lock = threading.Lock()
        self._stream: PulseStream | None = None
        self._placement: AudioPlacement | None = None
        self._rate_and_channels = (0, 0)
        self._volume, self._mute = 1.0, False
        self._retry_at, self._retry_seconds = 0.0, _REOPEN_SECONDS[0]
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="sound", daemon=True)
        self._callbacks = self._set_callbacks(vlc, player)
        self._reader.start()

    def close(self) -> None:
        self._closing.set()
        self._reader.join()
        self._clean_up(None)

    # These two do without the lock: a start must not wait for a sound server that may be slow to answer.

    def set_lateness(self, seconds: float) -> None:
        """Say by how much blocks are due too late until VLC's clock is corrected (`AudioPlacement`)."""
        placement = self._placement
        if placement is not None:
            placement.set_lateness(seconds)

    def clock_corrected(self) -> None:
        """VLC's clock has been shifted by the lateness."""
        placement = self._placement
        if placement is not None:
            placement.clock_corrected()

    def _set_callbacks(self, vlc: ModuleType, player: Any) -> tuple[object, ...]:
        """Give libVLC our callbacks. Return what has to be kept alive."""
        kinds = vlc.CallbackDecorators
        counts = ctypes.POINTER(ctypes.c_uint)
        # python-vlc declares the format as a string, which cannot be written to.
        setup = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, counts, counts)(self._set_up)
        cleanup = kinds.AudioCleanupCb(self._clean_up)
        volume = kinds.AudioSetVolumeCb(self._set_volume)
        five = (
            kinds.AudioPlayCb(self._play),
            kinds.AudioPauseCb(self._placed(AudioPlacement.pause)),
            kinds.AudioResumeCb(self._placed(AudioPlacement.resume)),
            kinds.AudioFlushCb(self._placed(lambda placement, _: placement.flush())),
            kinds.AudioDrainCb(lambda _: None),
        )
        player.audio_set_callbacks(*five, None)
        player.audio_set_volume_callback(volume)
        vlc.dll.libvlc_audio_set_format_callbacks(player, setup, cleanup)
        return (setup, cleanup, volume, *five)

    def _set_up(self, _opaque: object, format: int, rate: Any, channels: Any) -> int:
        ctypes.memmove(format, _FORMAT, len(_FORMAT))
        if channels[0] not in PulseStream.CHANNELS:
            channels[0] = _STEREO
        with self._lock:
            self._rate_and_channels = (rate[0], channels[0])
            self._open()
        return 0

    def _clean_up(self, _opaque: object) -> None:
        with self._lock:
            self._close_stream()

    def _play(self, _opaque: object, samples: int, count: int, due: int) -> None:
        with self._lock:
            if (self._stream is None or not self._stream.is_alive) and time.monotonic() > self._retry_at:
                self._open()  # the sound server went away, and may be back
            if self._stream is not None and self._placement is not None:
                self._placement.play(due / 1e6, ctypes.string_at(samples, count * self._stream.frame))

    def _placed(self, action: Callable[[AudioPlacement, float], None]) -> Callable[[object, int], None]:
        """Return the callback that performs ``action`` at the time that libVLC gives."""

        def called(_opaque: object, at: int) -> None:
            with self._lock:
                if self._placement is not None:
                    action(self._placement, at / 1e6)

        return called

    def _set_volume(self, _opaque: object, volume: float, mute: bool) -> None:
        with self._lock:
            self._volume, self._mute = volume, bool(mute)
            if self._stream is not None:
                self._stream.set_volume(self._volume, mute=self._mute)

    def _open(self) -> None:
        self._close_stream()
        try:
            self._stream = PulseStream(*self._rate_and_channels)
        except PulseUnavailable as error:
            _log.warning("nothing can be heard, the next try is in %.0f s: %s", self._retry_seconds, error)
            self._retry_at = time.monotonic() + self._retry_seconds
            self._retry_seconds = min(2 * self._retry_seconds, _REOPEN_SECONDS[1])
            return
        self._retry_seconds = _REOPEN_SECONDS[0]
        self._stream.set_volume(self._volume, mute=self._mute)
        self._placement = AudioPlacement(self._stream)
        for _ in range(_FIRST_READINGS):
            self._placement.read_clock()
            time.sleep(_FIRST_READING_SECONDS)

    def _close_stream(self) -> None:
        stream, self._stream, self._placement = self._stream, None, None
        if stream is not None:
            stream.close()

    def _read(self) -> None:
        """Read the stream's clock again and again, also while nothing plays. Runs on a thread of its own."""
        while not self._closing.wait(_READING_SECONDS):
            with self._lock:
                if self._placement is not None:
                    self._placement.read_clock()
