"""Show how far the daemon has hashed a file, while a request waits for that.

On a terminal this is one line that is rewritten, with the rate and the time left. Elsewhere it is one line for every
10 %. Hashing that takes less than a second shows nothing.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from hangctl.client import Command, Connection
from hangctl.files import LocalFile
from hangctl.output import escape, hms

_PROPERTY = "media/hash-progress"


class Progress:
    """The progress line of one file.

    ``size`` is in bytes. ``terminal``: whether ``stream`` is one. ``now``: seconds of the clock that `update` takes.
    """

    def __init__(self, name: str, size: int, stream: TextIO, *, terminal: bool, now: float) -> None:
        self._name = escape(name)
        self._size = size
        self._stream = stream
        self._terminal = terminal
        self._began = now
        self._printed_tenths = 0
        self._drawn = False

    def update(self, fraction: float, now: float) -> None:
        """Show that ``fraction`` (0 to 1) of the file is hashed."""
        elapsed = now - self._began
        percent = int(100 * fraction)
        if elapsed < 1 or not 0 < fraction <= 1:
            return
        if self._terminal:
            rate = fraction * self._size / elapsed
            left = hms(elapsed * (1 - fraction) / fraction)
            text = f"hashing {self._name}: {percent} %, {rate / 1e6:.0f} MB/s, {left} left"
            self._stream.write(f"\r{text}\x1b[K")
            self._drawn = True
        elif percent // 10 > self._printed_tenths:
            self._printed_tenths = percent // 10
            self._stream.write(f"hashing {self._name}: {self._printed_tenths * 10} %\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the line from the terminal."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _progress(film: LocalFile, *, terminal: bool) -> Progress:
    return Progress(os.path.basename(film.path), film.size, sys.stderr, terminal=terminal, now=time.monotonic())


def show_hashing(connection: Connection, film: LocalFile) -> None:
    """Show how the daemon reads all of its film until it has done so. Ctrl-C ends only this."""
    connection.observe(_PROPERTY, "media/hash", "room/id")
    progress = _progress(film, terminal=True)
    values: dict[str, Any] = {}
    try:
        while not values.get("media/hash") and values.get("room/id", "") is not None:
            event = connection.next_message(None)
            if event.get("event") == "property-change":
                values[event["name"]] = event.get("data")
                if event["name"] == _PROPERTY and isinstance(event.get("data"), (int, float)):
                    progress.update(event["data"], time.monotonic())
    except KeyboardInterrupt:
        pass
    finally:
        progress.clear()


def request_with_hashing(
    connection: Connection,
    *commands: Command,
    film: LocalFile,
    action: str,
    on_event: Callable[[dict[str, Any]], object] = lambda event: None,
) -> Any:
    """Send commands for which the daemon may hash ``film`` first, and return the ``data`` of the first answer.

    Progress is shown on stderr; ``on_event`` gets the other events. The timeout starts again with each progress event,
    so it does not end a long hashing. Raises as ``Connection.request`` does.
    """
    connection.observe(_PROPERTY)
    progress = _progress(film, terminal=sys.stderr.isatty())

    def heard(event: dict[str, Any]) -> bool:
        fraction = event.get("data")
        if event.get("name") != _PROPERTY or not isinstance(fraction, (int, float)):
            on_event(event)
            return False
        progress.update(fraction, time.monotonic())
        return True

    try:
        return connection.request(*commands, action=action, on_event=heard)[0]
    finally:
        progress.clear()
