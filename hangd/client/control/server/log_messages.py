"""hangd's own log as ``log-message`` events, for one control client that asked for it.

A client's `Outbox` has a `LogMessages` after ``request_log_messages``, and takes lines from it while the client reads.
When the buffer is full the oldest lines are dropped, and a line says how many. A client sees messages, never
tracebacks, and none finer than hangd's own level: one client must not make the daemon log more for all.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from hangd.client.control.language import lines

LEVELS: Final[Mapping[str, int]] = {
    "fatal": logging.CRITICAL, "error": logging.ERROR, "warn": logging.WARNING, "info": logging.INFO,
    "status": logging.INFO, "v": logging.INFO, "debug": logging.DEBUG, "trace": logging.DEBUG,
    "stats": logging.DEBUG, "terminal-default": logging.NOTSET,
}  # fmt: skip
"""mpv's names of levels, and the lowest level of Python's that each includes. terminal-default: all that is logged."""

_NAMES: Final = ((logging.CRITICAL, "fatal"), (logging.ERROR, "error"), (logging.WARNING, "warn"), (20, "info"))
"""mpv's name for records of at least this level; "debug" below."""

_ROOT: Final = "hangd"
# What is logged while log lines are sent is not sent: a line that cannot be sent would cause the next one.
_UNSENT: Final = frozenset({"hangd.client.control.server.outbox", "hangd.client.control.server.log_messages"})
_PREFIXES: Final = {"hangd.client.control.subjects.daemon": "cplayer"}
"""Where clients may look for mpv's own prefix: the module that prints what ``print-text`` was given."""

_LINES_MAX: Final = 1000
_BYTES_MAX: Final = 1 << 20
_TEXT_MAX: Final = 4096
"""Characters of one line."""


class LogMessages(logging.Handler):
    """The buffer of one client. Filled from any thread; everything else runs on the event loop.

    It listens to hangd's log from its construction to `close`. ``level`` is one of LEVELS; ``wake`` is called on the
    loop when there is something to `take`.
    """

    def __init__(self, level: str, wake: Callable[[], None]) -> None:
        super().__init__(LEVELS[level])
        self.wanted = level
        self.silent = False
        """Whether lines are only kept for later (mpv's "silent:")."""
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0
        logging.getLogger(_ROOT).addHandler(self)

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name not in _UNSENT

    def emit(self, record: logging.LogRecord) -> None:
        level = next((name for least, name in _NAMES if record.levelno >= least), "debug")
        prefix = _PREFIXES.get(record.name, record.name.removeprefix(f"{_ROOT}."))
        try:
            for text in record.getMessage().split("\n"):
                self._lines.append(_event(prefix, level, text[:_TEXT_MAX]))
                self._size += len(self._lines[-1])
                while len(self._lines) > _LINES_MAX or self._size > _BYTES_MAX:
                    self._size -= len(self._lines.popleft())
                    self._dropped += 1
            self._loop.call_soon_threadsafe(self._wake)
        except Exception:
            # The message does not fit its arguments, which hangd's own handler reports, or the loop has ended before
            # the thread that logs. Whoever logs must not fail for a client's sake.
            return

    def take(self) -> bytes | None:
        """Remove and return the next line; None where there is none."""
        self.acquire()
        try:
            if self.silent or not self._lines:
                return None
            if self._dropped:
                text = f"log message buffer overflow: {self._dropped} messages skipped"
                self._dropped = 0
                return _event("overflow", "fatal", text)
            line = self._lines.popleft()
            self._size -= len(line)
            return line
        finally:
            self.release()

    def close(self) -> None:
        logging.getLogger(_ROOT).removeHandler(self)
        super().close()


def _event(prefix: str, level: str, text: str) -> bytes:
    return lines.line({"event": "log-message", "prefix": prefix, "level": level, "text": f"{text}\n"})
