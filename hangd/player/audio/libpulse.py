"""libpulse through ctypes: its functions and structs, and a connection to the sound server. For `pulse`, `devices`.

No package offers what is needed: writing samples to a frame number, and the server's own readings of the clock.
"""

import contextlib
import ctypes
import functools
import time
from collections.abc import Callable, Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, Final

_LIBRARY: Final = "libpulse.so.0"

# Numbers of libpulse's headers: PA_CONTEXT_*, PA_OPERATION_RUNNING.
_CONTEXT_READY, _CONTEXT_FAILED = 4, (5, 6)
_NO_AUTOSPAWN: Final = 0x0001
_RUNNING: Final = 0

_NAME: Final = b"hang"
"""What mixers show."""
_ANSWER_SECONDS: Final = 1.0


class PulseUnavailable(Exception):
    """There is no libpulse, no server, or it does not accept the stream."""


class SampleSpec(Structure):
    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class ChannelMap(Structure):
    _fields_ = (("channels", c_uint8), ("map", c_int * 32))


class Volume(Structure):
    _fields_ = (("channels", c_uint8), ("values", c_uint32 * 32))


class BufferSizes(Structure):
    _fields_ = tuple((name, c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize"))


class Timing(Structure):
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


class SinkInfo(Structure):
    """The beginning of ``pa_sink_info``."""

    _fields_ = (("name", c_char_p), ("index", c_uint32), ("description", c_char_p))


SinkCallback: Final = CFUNCTYPE(None, c_void_p, POINTER(SinkInfo), c_int, c_void_p)
"""Called for each sink, and at the end of the list with a number other than 0."""
StateCallback: Final = CFUNCTYPE(None, c_void_p, c_void_p)
SubscribeCallback: Final = CFUNCTYPE(None, c_void_p, c_int, c_uint32, c_void_p)


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
    "pa_context_set_state_callback": (None, (c_void_p, StateCallback, c_void_p)),
    "pa_context_set_subscribe_callback": (None, (c_void_p, SubscribeCallback, c_void_p)),
    "pa_context_subscribe": (c_void_p, (c_void_p, c_int, c_void_p, c_void_p)),
    "pa_context_get_sink_info_list": (c_void_p, (c_void_p, SinkCallback, c_void_p)),
    "pa_context_move_sink_input_by_name": (c_void_p, (c_void_p, c_uint32, c_char_p, c_void_p, c_void_p)),
    "pa_context_disconnect": (None, (c_void_p,)),
    "pa_context_unref": (None, (c_void_p,)),
    "pa_stream_new": (c_void_p, (c_void_p, c_char_p, POINTER(SampleSpec), POINTER(ChannelMap))),
    "pa_stream_connect_playback": (c_int, (c_void_p, c_char_p, POINTER(BufferSizes), c_int, c_void_p, c_void_p)),
    "pa_stream_get_state": (c_int, (c_void_p,)),
    "pa_stream_get_index": (c_uint32, (c_void_p,)),
    "pa_stream_get_device_name": (c_char_p, (c_void_p,)),
    "pa_stream_get_timing_info": (POINTER(Timing), (c_void_p,)),
    "pa_stream_update_timing_info": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "pa_stream_write": (c_int, (c_void_p, c_char_p, ctypes.c_size_t, c_void_p, c_int64, c_int)),
    "pa_stream_flush": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "pa_stream_disconnect": (c_int, (c_void_p,)),
    "pa_stream_unref": (None, (c_void_p,)),
    "pa_context_set_sink_input_volume": (c_void_p, (c_void_p, c_uint32, POINTER(Volume), c_void_p, c_void_p)),
    "pa_context_set_sink_input_mute": (c_void_p, (c_void_p, c_uint32, c_int, c_void_p, c_void_p)),
    "pa_operation_get_state": (c_int, (c_void_p,)),
    "pa_operation_unref": (None, (c_void_p,)),
}


@functools.cache
def library() -> ctypes.CDLL:
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
        library()
    except PulseUnavailable:
        return False
    return True


class Connection:
    """A connection to the sound server, with a thread of libpulse's. `close` it. Raises PulseUnavailable.

    Its methods may be called from any thread. What is called within `locked` must not wait.
    """

    def __init__(self) -> None:
        self.pa = pa = library()
        self._loop = pa.pa_threaded_mainloop_new()
        pa.pa_threaded_mainloop_start(self._loop)
        with self.locked():
            self.context = pa.pa_context_new(pa.pa_threaded_mainloop_get_api(self._loop), _NAME)
            pa.pa_context_connect(self.context, None, _NO_AUTOSPAWN, None)
        try:
            self.wait(pa.pa_context_get_state, self.context, _CONTEXT_READY, _CONTEXT_FAILED)
        except BaseException:
            self.close()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the server is still there."""
        with self.locked():
            state: int = self.pa.pa_context_get_state(self.context)
        return state == _CONTEXT_READY

    def close(self) -> None:
        with self.locked():
            self.pa.pa_context_disconnect(self.context)
            self.pa.pa_context_unref(self.context)
        self.pa.pa_threaded_mainloop_stop(self._loop)
        self.pa.pa_threaded_mainloop_free(self._loop)

    def release(self, operation: int | None) -> None:
        """Do not wait for this operation. Call it within `locked`."""
        if operation:
            self.pa.pa_operation_unref(operation)

    def finish(self, operation: int | None) -> None:
        """Wait for this operation. Raises PulseUnavailable if there is no answer in time."""
        if not operation:
            raise PulseUnavailable("PulseAudio does not answer")
        try:
            until = time.monotonic() + _ANSWER_SECONDS
            while True:
                with self.locked():
                    if self.pa.pa_operation_get_state(operation) != _RUNNING:
                        return
                if time.monotonic() > until:
                    raise PulseUnavailable("PulseAudio does not answer")
                time.sleep(0.001)
        finally:
            with self.locked():
                self.pa.pa_operation_unref(operation)

    def wait(self, state: Callable[[Any], int], target: Any, ready: int, failed: tuple[int, ...]) -> None:
        """Wait until something is ready. Raises PulseUnavailable if it fails, or takes too long."""
        until = time.monotonic() + _ANSWER_SECONDS
        while True:
            with self.locked():
                now = state(target)
            if now == ready:
                return
            if now in failed or time.monotonic() > until:
                raise PulseUnavailable("PulseAudio takes no sound")
            time.sleep(0.001)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        self.pa.pa_threaded_mainloop_lock(self._loop)
        try:
            yield
        finally:
            self.pa.pa_threaded_mainloop_unlock(self._loop)
