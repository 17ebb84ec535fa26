"""Read an Xvfb screen directly from the memory that Xvfb draws in, without a request to the X server.

Xvfb can keep its screen in a file (``-fbdir``): the header of an X window dump, followed by the current pixels. With
the file mapped into memory one look costs microseconds. So two screens can be read two thousand times a second on two
cores without disturbing the two players that draw there.
"""

import contextlib
import mmap
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.clips.barcode import decode
from tests.support.closing import Closing
from tests.support.desktop.screen import Reading, xvfb

__all__ = ["FrameBuffer", "virtual_screen"]

_FILE: Final = "Xvfb_screen0"
_HEADER: Final = struct.Struct(">25I")
"""XWDFileHeader (X11/XWDFile.h), which is big-endian on every machine."""
_COLOUR_BYTES: Final = 12
_MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""On a disk the kernel would write the pages back now and then, and drawing would wait for that."""


class FrameBuffer(Closing):
    """Read the picture's number from the middle row of the whole screen.

    Args:
        display: name of the display, such as ":7".
        folder: the folder that was given to Xvfb as ``-fbdir``.
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
    """Run an X server and return its frame buffer, whose ``display`` is the name of the display."""
    with (
        tempfile.TemporaryDirectory(prefix="hang-screen-", dir=_MEMORY) as folder,
        xvfb(width, height, "-fbdir", folder) as display,
        FrameBuffer(display, Path(folder)) as buffer,
    ):
        yield buffer
