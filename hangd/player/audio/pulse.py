"""`PulseStream`: a stream into PulseAudio, or PipeWire in its place, that runs all the time. `VlcAudioOutput` uses it.

Samples are written to a frame number, counted from the stream's beginning, and silence is played where nothing was
written.

The server's answers say which second of the stream was heard at which moment, to a fraction of a millisecond. The
estimate of libpulse itself (`pa_stream_get_time`), a line through the last answers, is not used: it dates an answer by
when its thread came to read it. Measured, that line began 1 to 18 ms off and wandered by 0.2-0.4 ms, where the answers
scatter by 0.03 ms.
"""

import ctypes
import os
import time
from typing import Any, Final

from hangd.player.audio.libpulse import BufferSizes, ChannelMap, Connection, SampleSpec, Timing, Volume

# Numbers of libpulse's headers: PA_STREAM_*, PA_SEEK_ABSOLUTE, PA_SAMPLE_S16LE, PA_VOLUME_NORM.
_READY, _FAILED = 2, (3, 4)
_EARLY_REQUESTS: Final = 0x4000
_ABSOLUTE: Final = 1
_S16: Final = 3
_NORMAL_VOLUME: Final = 0x10000

_NAME: Final = b"hang"
"""What mixers show."""
_DEFAULT: Final = b"@DEFAULT_SINK@"
_BUFFER_SECONDS: Final = 4.0
"""VLC reads 1.1 s ahead, so all of that fits."""
_REQUEST_SECONDS: Final = 0.02
"""With early requests this is also the latency that PulseAudio gives its sink."""

_MAPS: Final = {
    1: (0,),
    2: (1, 2),
    4: (1, 2, 5, 6),
    6: (1, 2, 5, 6, 3, 7),
    8: (1, 2, 10, 11, 5, 6, 3, 7),
}
"""PulseAudio's positions of the channels (PA_CHANNEL_POSITION_*), in libVLC's order, by their number."""


class PulseStream:
    """An `AudioStream` of 16-bit samples. Its methods may be called from any thread, one at a time.

    ``channels`` is one of CHANNELS. ``sink`` is the server's name of a device that it has; None: its default one.
    Raises PulseUnavailable.
    """

    CHANNELS: Final = frozenset(_MAPS)

    def __init__(self, rate: int, channels: int, sink: str | None = None) -> None:
        # libpulse would choose the buffer by it, and the stream would stop where nothing was written.
        os.environ.pop("PULSE_LATENCY_MSEC", None)
        self.rate, self.channels = rate, channels
        self.frame = 2 * channels
        self._stream = None
        self._server = server = Connection()
        self._pa = pa = server.pa
        try:
            with server.locked():
                format = (ctypes.byref(SampleSpec(_S16, rate, channels)), ctypes.byref(_channel_map(channels)))
                self._stream = pa.pa_stream_new(server.context, _NAME, *format)
                length = int(rate * self.frame * _BUFFER_SECONDS)
                # The third is "prebuf": at 0 the stream runs although nothing was written.
                buffer = BufferSizes(2 * length, length, 0, int(rate * _REQUEST_SECONDS) * self.frame, 0xFFFFFFFF)
                device = None if sink is None else os.fsencode(sink)
                pa.pa_stream_connect_playback(self._stream, device, ctypes.byref(buffer), _EARLY_REQUESTS, None, None)
            server.wait(pa.pa_stream_get_state, self._stream, _READY, _FAILED)
        except BaseException:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the server still plays this stream."""
        with self._server.locked():
            state: int = self._pa.pa_stream_get_state(self._stream)
        return state == _READY

    @property
    def sink(self) -> str | None:
        """The server's name of the device that plays the stream. The server may move it to another one by itself."""
        with self._server.locked():
            name: bytes | None = self._pa.pa_stream_get_device_name(self._stream)
        return None if name is None else os.fsdecode(name)

    def move(self, sink: str | None) -> None:
        """Let another device play the stream; None: the default one. If the server refuses, nothing changes."""
        name = _DEFAULT if sink is None else os.fsencode(sink)
        if sink is None and "PULSE_SINK" in os.environ:
            name = os.fsencode(os.environ["PULSE_SINK"])  # libpulse's own default, which the server does not know
        with self._server.locked():
            this = (self._server.context, self._pa.pa_stream_get_index(self._stream))
            self._server.release(self._pa.pa_context_move_sink_input_by_name(*this, name, None, None))

    def reading(self) -> tuple[float, float] | None:
        """Return which second of the stream was heard, and when, by the server's last answer. Asks for the next one."""
        with self._server.locked():
            timing = self._pa.pa_stream_get_timing_info(self._stream)
            reading = self._read(timing.contents) if timing else None
            self._server.release(self._pa.pa_stream_update_timing_info(self._stream, None, None))
        return reading

    def _read(self, timing: Timing) -> tuple[float, float] | None:
        if timing.read_index_corrupt:
            return None
        # What the server has read of the stream, less what waits in the sink.
        second = timing.read_index / self.frame / self.rate - timing.sink / 1e6
        ago = time.time() - timing.seconds - timing.microseconds / 1e6
        return second, time.monotonic() - ago

    def write(self, at: int, samples: bytes) -> None:
        with self._server.locked():
            self._pa.pa_stream_write(self._stream, samples, len(samples), None, at * self.frame, _ABSOLUTE)

    def flush(self) -> None:
        with self._server.locked():
            self._server.release(self._pa.pa_stream_flush(self._stream, None, None))

    def set_volume(self, volume: float, *, mute: bool) -> None:
        """Set the volume; 1.0 leaves the samples as they are."""
        levels = Volume(self.channels, (round(volume * _NORMAL_VOLUME),) * self.channels)
        with self._server.locked():
            this = (self._server.context, self._pa.pa_stream_get_index(self._stream))
            self._server.release(self._pa.pa_context_set_sink_input_volume(*this, ctypes.byref(levels), None, None))
            self._server.release(self._pa.pa_context_set_sink_input_mute(*this, int(mute), None, None))

    def close(self) -> None:
        if self._stream is not None:
            with self._server.locked():
                self._pa.pa_stream_disconnect(self._stream)
                self._pa.pa_stream_unref(self._stream)
        self._server.close()


def _channel_map(channels: int) -> Any:
    return ChannelMap(channels, _MAPS[channels])
