"""`PulseStream`: a stream into PulseAudio, or PipeWire in its place, that runs all the time. `VlcAudioOutput` uses it.

It uses libpulse through ctypes, because no package offers what is needed: samples are written to a frame number,
counted from the stream's beginning, and silence is played where nothing was written.

The server's answers say which second of the stream was heard at which moment, to a fraction of a millisecond. The
estimate of libpulse itself (`pa_stream_get_time`), a line through the last answers, is not used: it dates an answer by
when its thread came to read it. Measured, that line began 1 to 18 ms off and wandered by 0.2-0.4 ms, where the answers
scatter by 0.03 ms.
"""

import contextlib
import ctypes
import functools
import os
import time
from collections.abc import Iterator
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, Final

_LIBRARY: Final = "libpulse.so.0"

# Numbers of libpulse's headers: PA_CONTEXT_*, PA_STREAM_*, PA_SEEK_ABSOLUTE, PA_SAMPLE_S16LE, PA_VOLUME_NORM.
_CONTEXT_READY, _CONTEXT_FAILED = 4, (5, 6)
_STREAM_READY, _STREAM_FAILED = 2, (3, 4)
_EARLY_REQUESTS: Final = 0x4000
_NO_AUTOSPAWN: Final = 0x0001
_ABSOLUTE: Final = 1
_S16: Final = 3
_NORMAL_VOLUME: Final = 0x10000

_NAME: Final = b"hang"
"""What mixers show."""
_CONNECT_SECONDS: Final = 1.0
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


class PulseUnavailable(Exception):
    """There is no libpulse, no server, or it does not accept the stream."""


class _Spec(Structure):
    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class _Map(Structure):
    _fields_ = (("channels", c_uint8), ("map", c_int * 32))


class _Volume(Structure):
    _fields_ = (("channels", c_uint8), ("values", c_uint32 * 32))


class _Buffer(Structure):
    _fields_ = tuple((name, c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize"))


class _Timing(Structure):
    """The beginning of ``pa_timing_info``."""

    _fields_ = (
        ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long),
        ("synchronized_clocks", c_int),
        ("sink", c_uint64),
        ("source", c_uint64),
        ("transport", c_uint64),
        ("playing", c_int),
        ("write_index_corrupt", c_int),
        ("write_index", c_int64),
        ("read_index_corrupt", c_int),
        ("read_index", c_int64),
    )


_RESULTS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "pa_threaded_mainloop_new": (c_void_p, ()),
    "pa_threaded_mainloop_get_api": (c_void_p, (c_void_p,)),
    "pa_threaded_mainloop_start": (c_int, (c_void_p,)),
    "pa_threaded_mainloop_stop": (None, (c_void_p,)),
    "pa_threaded_mainloop_free": (None, (c_void_p,)),
    "pa_threaded_mainloop_lock": (None, (c_void_p,)),
    "pa_threaded_mainloop_unlock": (None, (c_void_p,)),
    "pa_context_new": (c_void_p, (c_void_p, c_char_p)),
    "pa_context_connect": (c_int, (c_void_p, c_char_p, c_int, c_void_p)),
    "pa_context_get_state": (c_int, (c_void_p,)),
    "pa_context_disconnect": (None, (c_void_p,)),
    "pa_context_unref": (None, (c_void_p,)),
    "pa_stream_new": (c_void_p, (c_void_p, c_char_p, POINTER(_Spec), POINTER(_Map))),
    "pa_stream_connect_playback": (c_int, (c_void_p, c_char_p, POINTER(_Buffer), c_int, c_void_p, c_void_p)),
    "pa_stream_get_state": (c_int, (c_void_p,)),
    "pa_stream_get_index": (c_uint32, (c_void_p,)),
    "pa_stream_get_timing_info": (POINTER(_Timing), (c_void_p,)),
    "pa_stream_update_timing_info": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "pa_stream_write": (c_int, (c_void_p, c_char_p, ctypes.c_size_t, c_void_p, c_int64, c_int)),
    "pa_stream_flush": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "pa_stream_disconnect": (c_int, (c_void_p,)),
    "pa_stream_unref": (None, (c_void_p,)),
    "pa_context_set_sink_input_volume": (c_void_p, (c_void_p, c_uint32, POINTER(_Volume), c_void_p, c_void_p)),
    "pa_context_set_sink_input_mute": (c_void_p, (c_void_p, c_uint32, c_int, c_void_p, c_void_p)),
    "pa_operation_unref": (None, (c_void_p,)),
}


@functools.cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
        for name, (result, arguments) in _RESULTS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise PulseUnavailable(str(error)) from None
    return library


def is_installed() -> bool:
    """Return whether there is a libpulse here."""
    try:
        _library()
    except PulseUnavailable:
        return False
    return True


class PulseStream:
    """An `AudioStream` of 16-bit samples. Its methods may be called from any thread, one at a time.

    ``channels`` is one of CHANNELS. Raises PulseUnavailable.
    """

    CHANNELS: Final = frozenset(_MAPS)

    def __init__(self, rate: int, channels: int) -> None:
        self._pa = pa = _library()
        # libpulse would choose the buffer by it, and the stream would stop where nothing was written.
        os.environ.pop("PULSE_LATENCY_MSEC", None)
        self.rate, self.channels = rate, channels
        self.frame = 2 * channels
        self._context = self._stream = None
        self._loop = pa.pa_threaded_mainloop_new()
        pa.pa_threaded_mainloop_start(self._loop)
        try:
            with self._locked():
                self._context = pa.pa_context_new(pa.pa_threaded_mainloop_get_api(self._loop), _NAME)
                pa.pa_context_connect(self._context, None, _NO_AUTOSPAWN, None)
            self._await(pa.pa_context_get_state, self._context, _CONTEXT_READY, _CONTEXT_FAILED)
            with self._locked():
                format = (ctypes.byref(_Spec(_S16, rate, channels)), ctypes.byref(_Map(channels, _MAPS[channels])))
                self._stream = pa.pa_stream_new(self._context, _NAME, *format)
                length = int(rate * self.frame * _BUFFER_SECONDS)
                # The third is "prebuf": at 0 the stream runs although nothing was written.
                buffer = _Buffer(2 * length, length, 0, int(rate * _REQUEST_SECONDS) * self.frame, 0xFFFFFFFF)
                pa.pa_stream_connect_playback(self._stream, None, ctypes.byref(buffer), _EARLY_REQUESTS, None, None)
            self._await(pa.pa_stream_get_state, self._stream, _STREAM_READY, _STREAM_FAILED)
        except BaseException:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the server is still there."""
        with self._locked():
            state: int = self._pa.pa_stream_get_state(self._stream)
        return state == _STREAM_READY

    def reading(self) -> tuple[float, float] | None:
        """Return which second of the stream was heard, and when, by the server's last answer. Asks for the next one."""
        with self._locked():
            timing = self._pa.pa_stream_get_timing_info(self._stream)
            reading = self._read(timing.contents) if timing else None
            self._release(self._pa.pa_stream_update_timing_info(self._stream, None, None))
        return reading

    def _read(self, timing: _Timing) -> tuple[float, float] | None:
        if timing.read_index_corrupt:
            return None
        # What the server has read of the stream, less what waits in the sink.
        second = timing.read_index / self.frame / self.rate - timing.sink / 1e6
        ago = time.time() - timing.seconds - timing.microseconds / 1e6
        return second, time.monotonic() - ago

    def write(self, at: int, samples: bytes) -> None:
        with self._locked():
            self._pa.pa_stream_write(self._stream, samples, len(samples), None, at * self.frame, _ABSOLUTE)

    def flush(self) -> None:
        with self._locked():
            self._release(self._pa.pa_stream_flush(self._stream, None, None))

    def set_volume(self, volume: float, *, mute: bool) -> None:
        """Set the volume; 1.0 leaves the samples as they are."""
        levels = _Volume(self.channels, (round(volume * _NORMAL_VOLUME),) * self.channels)
        with self._locked():
            this = (self._context, self._pa.pa_stream_get_index(self._stream))
            self._release(self._pa.pa_context_set_sink_input_volume(*this, ctypes.byref(levels), None, None))
            self._release(self._pa.pa_context_set_sink_input_mute(*this, int(mute), None, None))

    def close(self) -> None:
        with self._locked():
            if self._stream is not None:
                self._pa.pa_stream_disconnect(self._stream)
                self._pa.pa_stream_unref(self._stream)
            if self._context is not None:
                self._pa.pa_context_disconnect(self._context)
                self._pa.pa_context_unref(self._context)
        self._pa.pa_threaded_mainloop_stop(self._loop)
        self._pa.pa_threaded_mainloop_free(self._loop)

    def _release(self, operation: int | None) -> None:
        if operation:
            self._pa.pa_operation_unref(operation)

    def _await(self, state: Any, target: Any, ready: int, failed: tuple[int, ...]) -> None:
        until = time.monotonic() + _CONNECT_SECONDS
        while True:
            with self._locked():
                now = state(target)
            if now == ready:
                return
            if now in failed or time.monotonic() > until:
                raise PulseUnavailable("PulseAudio takes no sound")
            time.sleep(0.001)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._pa.pa_threaded_mainloop_lock(self._loop)
        try:
            yield
        finally:
            self._pa.pa_threaded_mainloop_unlock(self._loop)
