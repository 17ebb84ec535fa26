"""The display that the picture is shown on: whether it can be opened, why not, and whether it has gone away since.

On X it is known through the window that hang has there (`hangd.player.base.PictureWindow`). On Wayland VLC opens a
window of its own, and VLC tells nobody that it found no display, and some of its outputs do great harm without one. So
hangd opens a connection of its own before each film, and keeps it: the connection ends when the display does.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import Final

from hangd.paths import runtime_dir
from hangd.player.base import Drawable, PictureWindow

OUTPUTS: Final = ("gl", "gles2", "xcb_xv", "wl_shm", "xcb_x11")
"""VLC's outputs that open a window, in the order of VLC's own priorities.

VLC would go on to "fb", which takes over the console, and to "caca" and "aa", which draw letters on the terminal: if
they find none they end the process or crash. From a list like this one VLC takes no other output."""
OPENGL: Final = frozenset({"gl", "gles2"})
"""Those that draw with OpenGL. Without graphics hardware they are slow, show pictures some milliseconds late, and hang
or crash if the display goes away."""
NONE: Final = "dummy"
"""VLC's output that shows nothing."""

NO_OUTPUT: Final = (
    "no picture here: none of VLC's video outputs opens; if they are missing: apt install vlc-plugin-video-output"
)
CLOSED: Final = "no picture here: its window was closed; `hangctl window show` or the next film opens it again"
_UNSET: Final = (
    "no picture here: there is no display (DISPLAY and WAYLAND_DISPLAY are not set); "
    "`hangctl window show` on a desktop opens the window there"
)

_CLOSE_SECONDS: Final = 0.5


def silent() -> str:
    """Return the sentence for a display that can be reached and does not answer."""
    name = next((name for name in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(name)), "DISPLAY")
    return f"no picture here: the display {os.environ.get(name, '')} ({name}) does not answer"


class Display:
    """Looks for the display: X11, or else Wayland. ``lost`` is called on any thread if it goes away.

    ``window``: hang's window on X; None: VLC opens one, and whether it can is not known before.
    """

    def __init__(self, window: PictureWindow | None, lost: Callable[[str], None]) -> None:
        self._window = window
        self._lost = lost
        self._wayland = _WaylandConnection(lost)
        self.drawable: Drawable | None = None
        """Hang's window, since `problem` has found it."""
        if window is not None:
            window.attach(self._window_lost)

    def problem(self) -> str | None:
        """Return why nothing can be shown, as a sentence for people; None: the display has answered.

        Blocks for as long as it does not, on X for some seconds at most.
        """
        named = {name: value for name in ("DISPLAY", "WAYLAND_DISPLAY") if (value := os.environ.get(name))}
        self.drawable = None
        if "DISPLAY" in named:
            if self._window is None:
                return None
            try:
                self.drawable = self._window.find()
            except TimeoutError:
                return silent()
            except ConnectionError:
                self.drawable = None
        if self.drawable is not None:
            return None
        if "WAYLAND_DISPLAY" in named and self._wayland.connect(named["WAYLAND_DISPLAY"]):
            return None
        if not named:
            return _UNSET
        shown = " nor ".join(f"{value} ({name})" for name, value in named.items())
        if len(named) > 1:
            return f"no picture here: neither the display {shown} can be opened"
        return f"no picture here: the display {shown} cannot be opened"

    def close(self) -> None:
        self._wayland.close()

    def _window_lost(self, destroyed: bool) -> None:
        gone = f"no picture here: the display {os.environ.get('DISPLAY', '')} (DISPLAY) is gone"
        self._lost(CLOSED if destroyed else gone)


class _WaylandConnection:
    """Is connected to a Wayland display for as long as that is there."""

    def __init__(self, lost: Callable[[str], None]) -> None:
        self._lost = lost
        self._lock = threading.Lock()
        self._stream: socket.socket | None = None
        self._closed = False

    def connect(self, display: str) -> bool:
        """Connect, if there is no connection. Returns whether there is one now. May block."""
        with self._lock:
            if self._stream is not None or self._closed:
                return True
            stream = socket.socket(socket.AF_UNIX)
            try:
                stream.connect(os.path.join(runtime_dir() or "", display))
            except (OSError, ValueError):
                stream.close()
                return False
            self._stream = stream
            threading.Thread(target=self._wait, args=(stream, display), name="display", daemon=True).start()
            self._end_if_closed()
            return True

    def close(self) -> None:
        self._closed = True
        if self._lock.acquire(timeout=_CLOSE_SECONDS):  # else `connect` waits for the display, and then ends it
            try:
                self._end()
            finally:
                self._lock.release()

    def _end_if_closed(self) -> None:
        if self._closed:
            self._end()

    def _end(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):  # it has just ended by itself
                self._stream.shutdown(socket.SHUT_RDWR)

    def _wait(self, stream: socket.socket, display: str) -> None:
        with stream, contextlib.suppress(OSError):  # reset: it has ended too
            while stream.recv(4096):
                pass
        with self._lock:
            self._stream = None
            closed = self._closed
        if not closed:
            self._lost(f"no picture here: the display {display} (WAYLAND_DISPLAY) is gone")
