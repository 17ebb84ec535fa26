"""What a viewer really shows: a private X display to show it on, and the number read off its pictures.

::

    with private_display() as name:
        ...start something that plays a sample clip with DISPLAY=name...
        with Screen(name) as screen:
            reading = screen.read()     # number 375, at 81234.5678
"""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from Xlib import X
from Xlib.display import Display
from Xlib.error import XError
from Xlib.ext import res
from Xlib.xobject.drawable import Window

from tests.support.barcode import decode
from tests.support.closing import Closing

__all__ = ["Reading", "Screen", "private_display", "xvfb"]

_START_SECONDS: Final = 30.0
"""A loaded machine may take this long to start an X server."""


@contextlib.contextmanager
def private_display(width: int = 640, height: int = 360) -> Iterator[str]:
    """Run an X server of one's own without a screen, and give its display's name: ":7". It ends with the block."""
    with xvfb(width, height) as display:
        yield display


@contextlib.contextmanager
def xvfb(width: int, height: int, *options: str) -> Iterator[str]:
    """The same, with ``options`` added to Xvfb's command line."""
    reader, writer = os.pipe()
    try:
        words = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        server = subprocess.Popen(
            [*words, "-noreset", *options],
            pass_fds=(writer,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.close(writer)
    try:
        yield f":{_first_line(reader)}"
    finally:
        os.close(reader)
        server.terminate()
        server.wait()


def _first_line(descriptor: int) -> str:
    """Return the first line that comes through a pipe, without its end."""
    line = b""
    until = time.monotonic() + _START_SECONDS
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        read = os.read(descriptor, 64) if ready else b""
        if not read:
            raise RuntimeError("Xvfb did not start")
        line += read
    return line.decode().strip()


class Reading(NamedTuple):
    """What one look at a screen saw."""

    number: int | None
    """The picture's number; None where none could be read."""
    at: float
    """When that was: ``time.monotonic()``."""
    error: float
    """How far off ``at`` may be, to either side: half the time that the look took."""


class Screen(Closing):
    """Reads pictures' numbers off an X display, several hundred times a second.

    It looks at the middle row of the largest window: on a display of our own, of any; with ``process_id`` of those that
    this process made, wherever they are on anybody's desktop.
    """

    pause: float = 0.002
    """Two hundred questions a second, with what they take, are enough for a few milliseconds."""

    def __init__(self, display: str, process_id: int | None = None) -> None:
        self.display = display
        self._process_id = process_id
        self._connection = Display(display)
        self._row: tuple[Window, int, int] | None = None
        """The window to look at, the row, and its width; None where that is to be found (again)."""

    def read(self) -> Reading:
        """Look once, now."""
        pixels = b""
        row = self._row = self._row or self._middle_row()
        before = time.monotonic()
        if row is not None:
            window, y, width = row
            # The window may have gone or shrunk a moment ago, or stick out of the screen: nothing to be seen, then.
            with contextlib.suppress(XError):
                pixels = window.get_image(0, y, width, 1, X.ZPixmap, 0xFFFFFFFF).data
        after = time.monotonic()
        number = decode(pixels, pixel_bytes=4)
        if number is None:
            self._row = None
        return Reading(number, (before + after) / 2, (after - before) / 2)

    def place(self, x: int, y: int) -> None:
        """Move the window to this corner, so that no other one covers it: what is covered can not be read.

        A tiling window manager places it as it likes, and covers nothing either.
        """
        row = self._middle_row()
        if row is None:
            raise RuntimeError("there is no window to be placed")
        window, root = row[0], self._connection.screen().root
        while (parent := window.query_tree().parent) not in (root, 0):
            window = parent
        window.configure(x=x, y=y)
        self._connection.sync()
        self._row = None

    def close(self) -> None:
        self._connection.close()

    def _middle_row(self) -> tuple[Window, int, int] | None:
        row, largest_area = None, 0
        remaining: list[Window] = self._connection.screen().root.query_tree().children
        while remaining:
            window = remaining.pop()
            with contextlib.suppress(XError):  # windows come and go while we walk
                remaining += window.query_tree().children
                if window.get_attributes().map_state != X.IsViewable or not self._is_ours(window):
                    continue
                size = window.get_geometry()
                if size.width * size.height > largest_area:
                    row, largest_area = (window, size.height // 2, size.width), size.width * size.height
        return row

    def _is_ours(self, window: Window) -> bool:
        """Ask the X server, which knows whose a window is whatever the window says of itself."""
        if self._process_id is None:
            return True
        asked = [{"client": window.id, "mask": res.LocalClientPIDMask}]
        return any(self._process_id in client.value for client in self._connection.res_query_client_ids(asked).ids)
