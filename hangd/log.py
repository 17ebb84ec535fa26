"""Where log lines go, and how they look: a console, the journal, or JSON. A leaf: it imports the standard library only.

Lines go to standard error. Three looks:

- text on a console or into a file: ``2026-03-01 20:15:00.123 warning hangd.rooms.hub: ...``;
- text when standard error is the journal's own stream (``$JOURNAL_STREAM``): ``<4>hangd.rooms.hub: ...``, because the
  journal keeps times and levels itself;
- ``json``: one object a line.

What other people say is hostile: it must not forge a line, colour a terminal or reverse the text around it. So whoever
logs remote text passes it through ``escape``, and whatever is forgotten is escaped by the formatters.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

__all__ = ["Format", "Level", "escape", "set_up"]

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

# syslog's numbers, as sd-daemon(3) has them.
_PRIORITIES: Final = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}

# These report each connection at info, with what the peer sent in its handshake.
_TALKATIVE: Final = ("asyncio", "websockets")


def escape(text: str) -> str:
    r"""Return ``text`` with all that is not printable spelled out: ``\n``, ``\x1b``, ``\u202e``.

    One line comes out, safe for a terminal. It is for reading, not for decoding: backslashes stay as they are, so
    escaping twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def set_up(level: Level, format: Format, stream: TextIO | None = None) -> None:
    """Send everything from ``level`` on to ``stream`` (standard error), in place of whatever was set up before."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    if format == "json":
        handler.setFormatter(_Json())
    elif _is_journal(stream):
        handler.setFormatter(_Journal())
    else:
        handler.setFormatter(_Console())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)


def _is_journal(stream: TextIO) -> bool:
    """Tell whether ``stream`` is the journal's, and not, say, a file that a service redirects its errors to."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _Escaping(logging.Formatter):
    """The record's text, one line first and then its traceback, all of it printable."""

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
        # Each line becomes an entry of its own, so each carries the level.
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
