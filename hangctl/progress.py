"""Long work, shown while it lasts: a whole file that is hashed before a room can be opened with it.

On a terminal it is one line that is written over, with rate and time left; elsewhere a line for every 10 %. Work that
is done within a second shows nothing.
"""

import os
import sys
import time
from typing import Any, TextIO

from hangctl.client import Command, Connection
from hangctl.output import clock, escape

__all__ = ["Progress", "ask_for_hashing"]

_PROPERTY = "media/hash-progress"


class Progress:
    """How far one file is hashed, as somebody at ``stream`` is to see it. Times are seconds of any one clock."""

    def __init__(self, name: str, size: int, stream: TextIO, *, terminal: bool, now: float) -> None:
        self._name = escape(name)
        self._size = size
        self._stream = stream
        self._terminal = terminal
        self._began = now
        self._told = 0
        self._drawn = False

    def update(self, fraction: float, now: float) -> None:
        """Take the news that ``fraction`` (0 to 1) is done."""
        elapsed = now - self._began
        percent = int(100 * fraction)
        if elapsed < 1 or not 0 < fraction <= 1:
            return
        if self._terminal:
            rate = fraction * self._size / elapsed
            left = clock(elapsed * (1 - fraction) / fraction)
            text = f"hashing {self._name}: {percent} %, {rate / 1e6:.0f} MB/s, {left} left"
            self._stream.write(f"\r{text}\x1b[K")
            self._drawn = True
        elif percent // 10 > self._told:
            self._told = percent // 10
            self._stream.write(f"hashing {self._name}: {self._told * 10} %\n")
        self._stream.flush()

    def clear(self) -> None:
        """Leave nothing behind on the terminal."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def ask_for_hashing(connection: Connection, *commands: Command, path: str, doing: str) -> Any:
    """Ask for something that may have to hash ``path`` first, show how that goes, and return what the first reply says.

    As long as the hashing goes on, no time-out strikes.
    """
    connection.observe(_PROPERTY)
    progress = Progress(
        os.path.basename(path),
        os.path.getsize(path),
        sys.stderr,
        terminal=sys.stderr.isatty(),
        now=time.monotonic(),
    )

    def hashed(event: dict[str, Any]) -> bool:
        fraction = event.get("data")
        if event.get("name") != _PROPERTY or not isinstance(fraction, (int, float)):
            return False
        progress.update(fraction, time.monotonic())
        return True

    try:
        return connection.ask(*commands, doing=doing, on_event=hashed)[0]
    finally:
        progress.clear()
