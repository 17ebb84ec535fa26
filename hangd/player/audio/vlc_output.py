"""`VlcAudioOutput`: take over a libVLC player's sound and play it on time.

VLC's own outputs begin their stream anew after each pause and seek, 10 to 31 ms before its first sample is due and
before its latency is known. The result is up to 30 ms off, differently each time, and stays so (docs/sync.md). Here a
stream runs all the time, so it is known where each sample belongs before it arrives (`placement`), and a sample that
arrives too late is cut off instead of being played late. libVLC gives each block of samples the monotonic time at which
it is to be heard.

The callbacks run on libVLC's threads, and none of them may raise.

Where the sound server ends under a film, the film goes on without sound. What would be heard is placed all the same, so
it is heard again from where the film is as soon as there is a stream. That one is opened on a thread of its own, as
a server that has just started may be slow to answer. The device that the viewer chose plays the stream whenever it is
there; otherwise the default one does.
"""

import ctypes
import logging
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from hangd.player.audio.devices import Sink, SoundDevices
from hangd.player.audio.libpulse import PulseUnavailable
from hangd.player.audio.placement import AudioPlacement
from hangd.player.audio.pulse import PulseStream

_log = logging.getLogger(__name__)

_FORMAT: Final = b"S16N"
"""The only format in which libVLC 3 hands over samples."""
_STEREO: Final = 2
_FIRST_READINGS: Final = 5
_FIRST_READING_SECONDS: Final = 0.002
_READING_SECONDS: Final = 0.1
_TAIL_SECONDS: Final = 0.2
"""What was played before a pause is heard for so long after it: the latency of the sound server."""
_REOPEN_SECONDS: Final = 2.0
"""How long after a failure to try again, while there is a sound server."""

Devices = tuple[Sink, ...] | None
"""The devices of the sound server; None: there is no server."""


class VlcAudioOutput:
    """Plays the sound of a libVLC player. `close` it after the player has been released.

    ``told`` is called on a thread of its own whenever the sound server's devices have changed, and at first.
    """

    def __init__(self, vlc: ModuleType, player: Any, told: Callable[[Devices], None] = lambda devices: None) -> None:
        self._lock = threading.Lock()
        self._stream: PulseStream | None = None
        self._placement: AudioPlacement | None = None
        self._rate_and_channels: tuple[int, int] | None = None
        """What libVLC delivers; None: it plays no sound now."""
        self._told = told
        self._devices: Devices = None
        self._wanted: str | None = None
        """The device that the viewer chose; None: the default one."""
        self._sink: str | None = None
        """The device that plays the stream, as far as was seen."""
        self._stream_sink: str | None = None
        """The device that the stream was given to; None: the default one."""
        self._volume, self._mute = 1.0, False
        self._silent = self._is_silenced = False
        """Whether it is to be silent, and whether it is."""
        self._silent_until = 0.0
        self._pause_requested = False
        self._retry_at = 0.0
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, name="sound", daemon=True)
        self._callbacks = self._set_callbacks(vlc, player)
        self._reader.start()
        self._watcher = SoundDevices(self._devices_changed)

    def close(self) -> None:
        self._watcher.close()
        self._closing.set()
        self._reader.join()
        self._clean_up(None)

    def silence(self, silent: bool) -> None:
        """Let nothing be heard of what is played, whatever the volume, or end that.

        It ends when the next pause is left, or when all that was played has passed.
        """
        with self._lock:
            self._silent, self._silent_until = silent, time.monotonic() + _TAIL_SECONDS
            if silent:
                self._apply_silence(True)

    def use(self, sink: str | None) -> None:
        """Let this device of the sound server play, whenever it is there; None: the default one."""
        with self._lock:
            self._wanted = sink
            self._choose_device()

    def _devices_changed(self, devices: Devices) -> None:
        with self._lock:
            self._devices, self._retry_at = devices, 0.0
            self._choose_device()
        self._told(devices)

    def _chosen(self) -> str | None:
        """Return the device that the viewer chose, if it is there; None: the default one."""
        return self._wanted if any(sink.name == self._wanted for sink in self._devices or ()) else None

    def _choose_device(self) -> None:
        if self._stream is None or not self._stream.is_alive:
            return
        chosen = self._chosen()
        if chosen != self._stream_sink:
            self._stream_sink = chosen
            self._stream.move(chosen)

    # These three do without the lock: a start must not wait for a sound server that may be slow to answer.

    def pause_requested(self, requested: bool) -> None:
        """Say whether the next pause is a requested one. VLC's own, at the film's end, cuts nothing off."""
        self._pause_requested = requested

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
            kinds.AudioPauseCb(self._placed(self._pause)),
            kinds.AudioResumeCb(self._placed(self._resume)),
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
        self._open(at_once=True)
        return 0

    def _clean_up(self, _opaque: object) -> None:
        with self._lock:
            stream, self._stream, self._placement, self._rate_and_channels = self._stream, None, None, None
        if stream is not None:
            stream.close()

    def _play(self, _opaque: object, samples: int, count: int, due: int) -> None:
        with self._lock:
            if self._stream is not None and self._placement is not None:
                self._placement.play(due / 1e6, ctypes.string_at(samples, count * self._stream.frame))

    def _pause(self, placement: AudioPlacement, at: float) -> None:
        if self._pause_requested:
            placement.pause(at)

    def _resume(self, placement: AudioPlacement, at: float) -> None:
        self._apply_silence(self._silent)
        placement.resume(at)

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
            self._apply_volume()

    def _apply_volume(self) -> None:
        if self._stream is not None:
            self._stream.set_volume(self._volume, mute=self._mute or self._is_silenced)

    def _apply_silence(self, silenced: bool) -> None:
        if silenced != self._is_silenced:
            self._is_silenced = silenced
            self._apply_volume()

    def _open(self, *, at_once: bool) -> None:
        """Open a stream, in the place of one that has ended. Called without the lock, because it can take a second.

        ``at_once``: libVLC has delivered nothing yet that is to be heard.
        """
        with self._lock:
            format, chosen = self._rate_and_channels, self._chosen()
        if format is None:
            return
        try:
            stream = PulseStream(*format, chosen)
        except PulseUnavailable as error:
            _log.info("there is no sound: %s", error)
            with self._lock:
                self._retry_at = time.monotonic() + _REOPEN_SECONDS
            return
        with self._lock:
            if self._rate_and_channels != format or (self._stream is not None and self._stream.is_alive):
                unwanted: PulseStream | None = stream  # libVLC has ended the sound meanwhile, or begun it anew
            else:
                unwanted, self._stream = self._stream, stream
                self._stream_sink, self._sink = chosen, stream.sink
                self._apply_volume()
                if self._placement is None:
                    self._placement = AudioPlacement(stream)
                if not at_once:
                    self._placement.move(stream)
                self._choose_device()  # it may have come, or gone, or been chosen meanwhile
                for _ in range(_FIRST_READINGS):
                    self._placement.read_clock()
                    time.sleep(_FIRST_READING_SECONDS)
        if unwanted is not None:
            unwanted.close()

    def _read(self) -> None:
        """Read the stream's clock again and again, also while nothing plays. Runs on a thread of its own."""
        while not self._closing.wait(_READING_SECONDS):
            with self._lock:
                stream, placement = self._stream, self._placement
                is_open = stream is not None and stream.is_alive
                if stream is not None and placement is not None and is_open:
                    if stream.sink != self._sink:
                        self._sink = stream.sink
                        placement.move()
                    placement.read_clock()
                if not self._silent and time.monotonic() > self._silent_until:
                    self._apply_silence(False)
                is_due = self._devices is not None and time.monotonic() >= self._retry_at
            if not is_open and is_due:
                self._open(at_once=False)
