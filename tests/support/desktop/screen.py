"""Run a private X display, and read the number of the picture that is shown on a display.

::

    with private_display() as name:
        ...start something that plays a sample clip with DISPLAY=name...
        with Screen(name) as screen:
            reading = screen.read()     # number 375, at 81234.5678

Other tests look at the colours of pixels: `connected_display` and `colours`.
"""

import contextlib
import os
import random
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

from tests.support.clips.barcode import decode
from tests.support.closing import Closing

__all__ = [
    "Pixel", "Reading", "Screen", "colours", "connected_display", "own_display", "private_display", "xvfb",
]  # fmt: skip

Pixel = tuple[int, int, int]
"""Red, green and blue, each from 0 to 255."""

_START_SECONDS: Final = 30.0
"""Longest time for the start of an X server; a busy machine may take this long."""


@contextlib.contextmanager
def private_display(width: int = 640, height: int = 360) -> Iterator[str]:
    """Run an X server without a screen, and return its display's name, such as ":7". It ends with the block."""
    with xvfb(width, height) as display:
        yield display


@contextlib.contextmanager
def connected_display(width: int = 640, height: int = 360) -> Iterator[Display]:
    """Run an X server as `private_display` does, and return a connection to it."""
    with private_display(width, height) as name, contextlib.closing(Display(name)) as display:
        yield display


def colours(display: Display, x: int, y: int, width: int, height: int) -> list[list[Pixel]]:
    """Return the rows of a part of the screen, as it is seen now."""
    data = display.screen().root.get_image(x, y, width, height, X.ZPixmap, 0xFFFFFFFF).data
    pixels = [*zip(data[2::4], data[1::4], data[::4], strict=True)]
    return [pixels[line : line + width] for line in range(0, width * height, width)]


@contextlib.contextmanager
def xvfb(width: int, height: int, *options: str) -> Iterator[str]:
    """Run Xvfb with more ``options``, on a display number that it picks; return the display's name."""
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


@contextlib.contextmanager
def own_display(
    width: int = 640, height: int = 360, display: str | None = None
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run an X server of the test's own, which the test may stop; it is killed at the end.

    ``display``: the display's name; None: one that no other test gets once this server is killed. (X servers that are
    not told take the lowest number that is free.)
    """
    reader, writer = os.pipe()
    words = ["Xvfb", display or f":{random.randrange(100, 4900)}", "-displayfd", str(writer), "-nolisten", "tcp"]
    server = subprocess.Popen(
        [*words, "-noreset", "-screen", "0", f"{width}x{height}x24"], pass_fds=(writer,), stderr=subprocess.DEVNULL
    )
    os.close(writer)
    try:
        yield f":{_first_line(reader)}", server
    finally:
        os.close(reader)
        server.kill()
        server.wait()


def _first_line(descriptor: int) -> str:
    """Return the first line from a pipe, without its end."""
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
    """Result of one look at a screen."""

    number: int | None
    """The picture's number; None if it could not be read."""
    at: float
    """Time of the look, by ``time.monotonic()``."""
    error: float
    """Largest error of ``at`` in either direction: half of the time that the look took."""


class Screen(Closing):
    """Read pictures' numbers from an X display, several hundred times a second.

    It reads the middle row of the largest window on the display. With ``process_id`` only the windows of that process
    count, so that it also works on a desktop with other windows.
    """

    pause: float = 0.002
    """Seconds between looks. With the duration of a look this makes over two hundred a second."""

    def __init__(self, display: str, process_id: int | None = None) -> None:
        self.display = display
        self._process_id = process_id
        self._connection = Display(display)
        self._row: tuple[Window, int, int] | None = None
        """The window to read, its row and its width; None if the window has to be found (again)."""

    def read(self) -> Reading:
        """Look once, now."""
        pixels = b""
        row = self._row = self._row or self._middle_row()
        before = time.monotonic()
        if row is not None:
            window, y, width = row
            # The window may have been closed or shrunk just now, or may be partly outside of the screen.
            with contextlib.suppress(XError):
                pixels = window.get_image(0, y, width, 1, X.ZPixmap, 0xFFFFFFFF).data
        after = time.monotonic()
        number = decode(pixels, pixel_bytes=4)
        if number is None:
            self._row = None
        return Reading(number, (before + after) / 2, (after - before) / 2)

    def has_window(self) -> bool:
        """Tell whether there is a window to read, whatever it shows."""
        return self._middle_row() is not None

    def place(self, x: int, y: int) -> None:
        """Move the window to this position, so that no other window covers it: covered pixels cannot be read.

        A tiling window manager chooses the position itself, and covers no window.
        """
        row = self._middle_row()
        if row is None:
            raise RuntimeError("there is no window to move")
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
            with contextlib.suppress(XError):  # windows open and close during the search
                remaining += window.query_tree().children
                if window.get_attributes().map_state != X.IsViewable or not self._is_ours(window):
                    continue
                size = window.get_geometry()
                if size.width * size.height > largest_area:
                    row, largest_area = (window, size.height // 2, size.width), size.width * size.height
        return row

    def _is_ours(self, window: Window) -> bool:
        """Ask the X server for the window's process; the window's own properties may be wrong."""
        if self._process_id is None:
            return True
        asked = [{"client": window.id, "mask": res.LocalClientPIDMask}]
        return any(self._process_id in client.value for client in self._connection.res_query_client_ids(asked).ids)
