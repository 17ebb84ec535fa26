"""hangd's own log, for a control client that asks for it (``request_log_messages``).

Each client has a buffer of its own, beside its events: nothing waits for who does not read, the oldest lines are
dropped, and how many is said. A client sees what hangd logs and no more: a level finer than hangd's own brings nothing
new, since one client must not make the daemon busy for all. It sees messages, never tracebacks. What is logged of
sending these very lines is left out, or one that can not be sent would be the next to be sent.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from hangd.client.control.language import lines as dialect

__all__ = ["LogLines"]

_LEVELS: Final = {
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "status": logging.INFO,
    "v": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
    "stats": logging.DEBUG,
    "terminal-default": logging.NOTSET,
}
"""mpv's levels, and from which of ours on a client gets lines. terminal-default: all that hangd itself puts out."""

_NAMES: Final = ((logging.CRITICAL, "fatal"), (logging.ERROR, "error"), (logging.WARNING, "warn"), (20, "info"))

_ROOT: Final = "hangd"
_UNTOLD: Final = frozenset({"hangd.client.control.server.outbox", "hangd.client.control.server.log_messages"})
_PREFIXES: Final = {"hangd.client.control.subjects.daemon": "cplayer"}
"""Where somebody may look for mpv's word: what ``print-text`` prints."""

_MOST_LINES: Final = 1000
_MOST_BYTES: Final = 1 << 20
_LONGEST: Final = 4096
"""Characters of one line."""


class LogLines(logging.Handler):
    """The lines for one client. Filled from any thread; everything else is the loop's.

    ``wake`` is called, on the loop, when there is something to `take`.
    """

    def __init__(self, level: str, wake: Callable[[], None]) -> None:
        """Begin to listen. Raises ValueError where there is no such level.

        ``silent:`` before the level: lines are kept, but none is given until asked for without it.
        """
        self.wanted = level.removeprefix("silent:")
        if self.wanted not in _LEVELS:
            raise ValueError(level)
        super().__init__(_LEVELS[self.wanted])
        self.silent = self.wanted != level
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        self._woken = False
        logging.getLogger(_ROOT).addHandler(self)

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name not in _UNTOLD

    def emit(self, record: logging.LogRecord) -> None:
        level = next((name for least, name in _NAMES if record.levelno >= least), "debug")
        prefix = _PREFIXES.get(record.name, record.name.removeprefix(f"{_ROOT}."))
        try:
            texts = record.getMessage().split("\n")
        except (TypeError, ValueError):
            return  # a mistake of ours, which the other handlers report
        for text in texts:
            event = {"event": "log-message", "prefix": prefix, "level": level, "text": text[:_LONGEST] + "\n"}
            self._keep(dialect.line(event))
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._tell)
            except RuntimeError:
                pass  # the loop has ended before the thread that logs

    def _keep(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        while len(self._lines) > _MOST_LINES or self._size > _MOST_BYTES:
            self._size -= len(self._lines.popleft())
            self._dropped += 1

    def _tell(self) -> None:
        self._woken = False
        self._wake()

    def take(self) -> bytes | None:
        """Return the next event, written; None where there is none."""
        self.acquire()
        try:
            if self.silent or not self._lines:
                return None
            if self._dropped:
                text = f"log message buffer overflow: {self._dropped} messages skipped\n"
                self._dropped = 0
                return dialect.line({"event": "log-message", "prefix": "overflow", "level": "fatal", "text": text})
            line = self._lines.popleft()
            self._size -= len(line)
            return line
        finally:
            self.release()

    def close(self) -> None:
        """Listen no more."""
        logging.getLogger(_ROOT).removeHandler(self)
        super().close()
