"""Texts and pictures for VLC to open in place of files. They are in no folder: nothing is left if hangd is killed."""

import os
import tempfile
from typing import IO

from hangd.file_names import file_url


class Copies:
    """Keeps copies as long as VLC may still open them: `closed` ends this for those so far, once another film is open.

    A descriptor that is closed too early may be another file's when VLC opens it.
    """

    def __init__(self) -> None:
        self._open: list[IO[bytes]] = []
        self._old: list[IO[bytes]] = []

    def url(self, content: bytes) -> str:
        """Return the URL of a new file with this content. Raises OSError."""
        if hasattr(os, "memfd_create"):
            file: IO[bytes] = open(os.memfd_create("hang"), "w+b")
            path = f"/proc/self/fd/{file.fileno()}"
        else:
            file = tempfile.NamedTemporaryFile(prefix="hang-")
            path = file.name
        file.write(content)
        file.flush()
        self._open.append(file)
        return file_url(path)

    def closed(self) -> None:
        """The film is closed, or about to be."""
        self._old += self._open
        self._open = []

    def opened(self) -> None:
        """Another film is open: VLC has done with what was closed before."""
        self._end(self._old)

    def end(self) -> None:
        """VLC has ended."""
        self._end(self._old)
        self._end(self._open)

    def _end(self, files: list[IO[bytes]]) -> None:
        for file in files:
            file.close()
        files.clear()
