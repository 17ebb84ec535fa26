"""Logging to standard error. `hangd.cli` sets it up; every module logs with the standard library's ``logging``.

Three formats:

- text, for a terminal or a file: ``2026-03-01 20:15:00.123 warning hangd.rooms.hub: ...``;
- text, if standard error is the journal's stream (``$JOURNAL_STREAM``): ``<4>hangd.rooms.hub: ...``, because the
  journal stores times and levels itself;
- ``json``: one object a line.

Text from the network is hostile: it must not add a line, colour a terminal or reverse the text around it. Code that
logs such text passes it through ``escape``; the formatters escape every record once more.

A line that repeats is written once, with the number of its repetitions. What libraries write to standard error by
themselves (FFmpeg writes a line for each picture that it cannot decode) is logged at level debug: see
`take_over_stderr`.
"""

import faulthandler
import json
import logging
import math
import os
import re
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

from hangd.file_names import escaped

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

# Priorities of syslog, as in sd-daemon(3).
_PRIORITIES: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}

# These loggers report each connection at level info, with what the peer sent in its handshake.
_TALKATIVE: Final = ("asyncio", "websockets")


_MERGED_SECONDS: Final = 60.0
"""For how long repetitions of a line are counted and not written. One that goes on repeating is seen every minute."""

_ADDRESSES_MAX: Final = 20
"""Addresses that the log names in a minute because a limit was reached. An attacker may have any number."""

_READ_PERIOD: Final = 0.1
"""Seconds between two looks at what libraries have written: a damaged film makes hundreds of lines a second."""
_READ_BYTES: Final = 65536
_ADDRESS: Final = re.compile(r" @ 0x[0-9a-f]+")
"""What FFmpeg writes after the name of a decoder. It differs between threads, so lines that are alike would not be."""


def counted(number: int, noun: str) -> str:
    """Return "1 room", or "3 rooms"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def escape(text: str) -> str:
    r"""Replace all characters that are not printable by escapes: ``\n``, ``\x1b``, ``\u202e``, a file name's ``\xff``.

    The result is one line that is safe for a terminal. It cannot be decoded: backslashes stay as they are, so that
    escaping twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else escaped(letter) for letter in text)


def set_up(level: Level, format: Format, stream: TextIO | None = None) -> None:
    """Log records of ``level`` and above to ``stream`` (default: standard error). This replaces an earlier setup."""
    stream = stream or sys.stderr
    handler = _Merging(stream)
    text = _Journal() if _is_journal(stream) else _Console()
    handler.setFormatter(_Json() if format == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)


def take_over_stderr() -> TextIO:
    """Log from now on, at level debug, what libraries write to this process's standard error. Returns what it was.

    ``sys.stderr`` is that too, so that hangd itself still writes to it. So is a traceback of all threads, if a library
    crashes the process: whatever the library says of it then is lost.
    """
    try:
        own = open(os.dup(2), "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    except (OSError, AttributeError):  # there is no standard error
        return sys.stderr
    faulthandler.enable(own)
    sys.stderr = own
    source, sink = os.pipe()
    os.set_blocking(sink, False)  # a line that does not fit is lost; a decoder must not wait for the log
    os.dup2(sink, 2)
    os.close(sink)
    threading.Thread(target=_log_lines, args=[source], name="stderr", daemon=True).start()
    return own


class LimitLog:
    """Warns that limits were reached: once a minute for each address, and for few addresses a minute."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._since = -math.inf
        self._told: set[str] = set()

    def warn(self, address: str, sentence: str, *values: object) -> None:
        """Log a warning. ``address``: whose request met the limit; "" if that does not matter."""
        now = time.monotonic()
        if now >= self._since + _MERGED_SECONDS:
            self._since, self._told = now, set()
        if address not in self._told and len(self._told) < _ADDRESSES_MAX:
            self._told.add(address)
            self._logger.warning(sentence, *values)


class FailureLog:
    """Logs that something fails, once until it works, and then that it works again. ``failing``: which of both it is.

    ``fails`` and ``works`` are the sentences; the first one is followed by the error.
    """

    def __init__(self, logger: logging.Logger, fails: str, works: str) -> None:
        self.failing = False
        self._logger = logger
        self._fails = fails
        self._works = works

    def failed(self, error: BaseException, *, expected: type[BaseException]) -> None:
        """It has failed. An error of another kind than the ``expected`` one is logged with its trace."""
        if not self.failing:
            self.failing = True
            trace = None if isinstance(error, expected) else error
            self._logger.error("%s: %s", self._fails, error, exc_info=trace)

    def worked(self) -> None:
        if self.failing:
            self.failing = False
            self._logger.info(self._works)


def _log_lines(source: int) -> None:
    logger = logging.getLogger("hangd.libraries")
    rest = b""
    while data := os.read(source, _READ_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        rest = rest[-_READ_BYTES:]
        for line in lines:
            logger.debug("%s", _ADDRESS.sub("", line.decode(errors="replace")))
        time.sleep(_READ_PERIOD)


class _Merging(logging.StreamHandler[TextIO]):
    """Writes a record that is like the one before not at once, but later how many there were."""

    _first: logging.LogRecord | None = None
    """The record that was written last."""
    _repetitions = 0

    def emit(self, record: logging.LogRecord) -> None:
        first = self._first
        if first is not None and _alike(first, record) and record.created < first.created + _MERGED_SECONDS:
            self._repetitions += 1
            return
        self._write_repetitions()
        self._first = record
        super().emit(record)

    def _write_repetitions(self) -> None:
        if self._first is not None and self._repetitions:
            times = "once" if self._repetitions == 1 else f"{self._repetitions} times"
            first = self._first
            message = f"repeated {times}: {first.getMessage()}"
            super().emit(logging.LogRecord(first.name, first.levelno, "", 0, message, (), None))
        self._repetitions = 0

    def close(self) -> None:
        self._write_repetitions()
        super().close()


def _alike(one: logging.LogRecord, other: logging.LogRecord) -> bool:
    if one.exc_info or other.exc_info or (one.name, one.levelno) != (other.name, other.levelno):
        return False
    return one.getMessage() == other.getMessage()


def _is_journal(stream: TextIO) -> bool:
    """Tell whether ``stream`` is the journal's, rather than a file to which the errors of a service are redirected."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _Escaping(logging.Formatter):
    """Makes the lines of a record: its message, then its traceback, all of it escaped."""

    def lines(self, record: logging.LogRecord) -> list[str]:
        lines = [escape(record.getMessage())]
        if record.exc_info:
            lines += map(escape, self.formatException(record.exc_info).split("\n"))
        if record.stack_info:
            lines += map(escape, self.formatStack(record.stack_info).split("\n"))
        return lines


class _Console(_Escaping):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).isoformat(" ", "milliseconds")
        return f"{time} {record.levelname.lower()} {record.name}: " + "\n".join(self.lines(record))


class _Journal(_Escaping):
    def format(self, record: logging.LogRecord) -> str:
        # The journal stores each line as an entry, so each needs the level.
        priority = _PRIORITIES.get(record.levelno, 6)
        first, *rest = self.lines(record)
        return "\n".join(f"<{priority}>{line}" for line in (f"{record.name}: {first}", *rest))


class _Json(_Escaping):
    def format(self, record: logging.LogRecord) -> str:
        message, *rest = self.lines(record)
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
        }
        if rest:
            entry["traceback"] = "\n".join(rest)
        return json.dumps(entry, ensure_ascii=False)
