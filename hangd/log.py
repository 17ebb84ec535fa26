"""Logging to standard error. `hangd.cli` sets it up; every module logs with the standard library's ``logging``.

Three formats:

- text, for a terminal or a file: ``2026-03-01 20:15:00.123 warning hangd.rooms.hub: ...``;
- text, if standard error is the journal's stream (``$JOURNAL_STREAM``): ``<4>hangd.rooms.hub: ...``, because the
  journal stores times and levels itself;
- ``json``: one object a line.

Text from the network is hostile: it must not add a line, colour a terminal or reverse the text around it. Code that
logs such text passes it through ``escape``; the formatters escape every record once more.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

# Priorities of syslog, as in sd-daemon(3).
_PRIORITIES: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}

# These loggers report each connection at level info, with what the peer sent in its handshake.
_TALKATIVE: Final = ("asyncio", "websockets")


def escape(text: str) -> str:
    r"""Replace all characters that are not printable by escapes: ``\n``, ``\x1b``, ``\u202e``.

    The result is one line that is safe for a terminal. It cannot be decoded: backslashes stay as they are, so that
    escaping twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def set_up(level: Level, format: Format, stream: TextIO | None = None) -> None:
    """Log records of ``level`` and above to ``stream`` (default: standard error). This replaces an earlier setup."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    text = _Journal() if _is_journal(stream) else _Console()
    handler.setFormatter(_Json() if format == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)


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
