"""A screen of Xvfb's, read out of the memory that it draws in: no question to the X server, no copy, no wait.

Xvfb can keep its screen in a file (``-fbdir``): the header of an X window dump, and then the pixels as they are at that
moment. Mapped into memory a look costs microseconds, so that it can be taken two thousand times a second beside two
players on two cores without disturbing either.
"""

import contextlib
import mmap
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.barcode import decode
from tests.support.closing import Closing
from tests.support.screen import Reading, xvfb

__all__ = ["FrameBuffer", "virtual_screen"]

_FILE: Final = "Xvfb_screen0"
_HEADER: Final = struct.Struct(">25I")
"""XWDFileHeader (X11/XWDFile.h), big-endian whatever the machine."""
_COLOUR_BYTES: Final = 12
_MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""On a disk, each page would be written to it every now and then, and whoever draws would wait for that."""


class FrameBuffer(Closing):
    """Reads pictures' numbers off the middle row of the whole screen.

    Args:
        display: the display's name, ":7".
        folder: what Xvfb was given as ``-fbdir``.
    """

    pause: float = 0.0004

    def __init__(self, display: str, folder: Path) -> None:
        self.display = display
        with open(folder / _FILE, "rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header = _HEADER.unpack_from(self._memory)
        size, height, row_bytes, colours = header[0], header[5], header[12], header[19]
        begin = size + colours * _COLOUR_BYTES + height // 2 * row_bytes
        self._row = slice(begin, begin + row_bytes)
        self._seen = b""
        self._number: int | None = None

    def read(self) -> Reading:
        """Look once, now."""
        before = time.monotonic()
        row = self._memory[self._row]
        after = time.monotonic()
        if row != self._seen:
            self._seen, self._number = row, decode(row, pixel_bytes=4)
        return Reading(self._number, (before + after) / 2, (after - before) / 2)

    def close(self) -> None:
        self._memory.close()


@contextlib.contextmanager
def virtual_screen(width: int = 640, height: int = 360) -> Iterator[FrameBuffer]:
    """Run an X server whose screen can be read so; its display's name is the frame buffer's ``display``."""
    with (
        tempfile.TemporaryDirectory(prefix="hang-screen-", dir=_MEMORY) as folder,
        xvfb(width, height, "-fbdir", folder) as display,
        FrameBuffer(display, Path(folder)) as buffer,
    ):
        yield buffer
