"""Keep Xlib from ending the process.

VLC's outputs "gl" and "gles2" use Xlib, and Xlib ends the process with each error that an X server reports, such as a
window that somebody else has closed, and with each connection that is lost. `survive` prevents both, for all of the
process: errors are logged, and a thread of VLC's that loses its connection stands still for ever.

Xlib can be told to return to VLC instead (``XSetIOErrorExitHandler``). But then its functions write through a null
pointer, as XChangeWindowAttributes does when VLC closes its output: a request on a lost connection has no memory.
"""

import ctypes
import functools
import logging
import threading
from ctypes import CFUNCTYPE, POINTER, Structure, c_int, c_ubyte, c_ulong, c_void_p
from typing import Any, Final

_log = logging.getLogger(__name__)

_LIBRARY: Final = "libX11.so.6"


class _Error(Structure):
    """XErrorEvent in Xlib.h."""

    _fields_ = (
        ("type", c_int),
        ("display", c_void_p),
        ("resource", c_ulong),
        ("serial", c_ulong),
        ("code", c_ubyte),
        ("request", c_ubyte),
        ("minor", c_ubyte),
    )


_OnError = CFUNCTYPE(c_int, c_void_p, POINTER(_Error))
_OnLoss = CFUNCTYPE(c_int, c_void_p)


@functools.cache
def survive() -> object:
    """Set the handlers. Call it before VLC opens a window; once is enough. Without libX11 it does nothing."""
    try:
        return _Handlers(ctypes.CDLL(_LIBRARY))
    except OSError:
        return None  # Then the outputs that would need it do not load either.


class _Handlers:
    """What Xlib calls, on threads of VLC's. It has to be kept for as long as the process lives."""

    def __init__(self, x11: ctypes.CDLL) -> None:
        self._logged: set[tuple[int, int]] = set()
        self._on_error = _OnError(self._failed)
        self._on_loss = _OnLoss(self._lost)
        x11.XSetErrorHandler(self._on_error)
        x11.XSetIOErrorHandler(self._on_loss)

    def _failed(self, _display: int, event: Any) -> int:
        error = event.contents
        if (error.code, error.request) not in self._logged:
            self._logged.add((error.code, error.request))
            _log.info("X error %d in request %d: VLC's window may have been closed", error.code, error.request)
        return 0

    def _lost(self, _display: int) -> int:
        _log.info("VLC's connection to the display is lost")
        threading.Event().wait()  # Xlib would end the process when this returns. The player has been replaced, or is.
        return 0
