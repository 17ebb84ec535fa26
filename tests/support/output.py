"""Output: what a process writes into a pipe, read for as long as the process runs.

A pipe that nobody reads holds 64 KiB, and whoever writes more into it stands still.
"""

import threading
from collections import deque
from typing import IO, Final

__all__ = ["Output"]

_KEPT: Final = 200
"""Lines that are kept: the last ones."""


class Output:
    """``stream``: the end of the pipe to read from. It is closed when all has been read."""

    def __init__(self, stream: IO[str] | None) -> None:
        assert stream is not None
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._wanted: str | None = None
        self._found: str | None = None
        self._has_ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=[stream], name="read a process", daemon=True)
        self._thread.start()

    def line(self, words: str, *, timeout: float) -> str:
        """Wait for a line that contains these words, and return it.

        Raises AssertionError if the pipe ends first, or that is not said within so many seconds.
        """
        with self._changed:
            self._wanted = words
            self._found = next((line for line in self._lines if words in line), None)
            self._changed.wait_for(lambda: self._found is not None or self._has_ended, timeout)
            said = "\n".join(self._lines)
            assert self._found is not None, f"the process did not say {words!r}, but:\n{said}"
            return self._found

    def wait(self, timeout: float) -> None:
        """Wait until all is read, which is when nobody has the other end of the pipe, for so many seconds at most."""
        self._thread.join(timeout)

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._note(line.rstrip("\n"))
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def _note(self, line: str) -> None:
        with self._changed:
            self._lines.append(line)
            if self._wanted is not None and self._found is None and self._wanted in line:
                self._found = line
                self._changed.notify_all()
