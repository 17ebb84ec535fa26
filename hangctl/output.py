"""Print data to stdout and messages for people to stderr, safely.

Member names, chat, room names and file names come from other people and may contain control characters. Everything that
is printed to a terminal goes through ``escape`` or ``dumps`` first.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hangd.file_names import escaped

if TYPE_CHECKING:
    from rich.table import Table

_HARMLESS = "\u200c\u200d\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What is shown as it is, although Python does not count it as printable: the zero-width (non-)joiner, which Persian
and emoji need, and the spaces of other scripts."""


def escape(text: str) -> str:
    r"""Return the text as one line without control characters: these are written as ``\x1b``, ``\u202e`` or ``\n``."""
    return _replace_unprintable(text, escaped)


def dumps(value: Any) -> str:
    """Return compact JSON in readable Unicode. Control characters are written as JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _replace_unprintable(text, lambda letter: json.dumps(letter)[1:-1])


def _replace_unprintable(text: str, replacement: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _HARMLESS else replacement(one) for one in text)


def one_line(text: str) -> str:
    r"""Write line ends as ``\r`` and ``\n``, so that a value with a line end does not look like two lines of data."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def markup(text: str) -> str:
    """Return the text as it is written where others read markup: status bars, and what shows notifications."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def emit(line: str, *, raw: bool = False) -> None:
    """Print one line of data and flush, so that a program at the other end of a pipe has it at once.

    ``raw``: text for a program, not escaped. Its surrogate escapes become the bytes that they stand for.
    """
    data = line.encode("utf-8", "surrogateescape") if raw else line.encode(sys.stdout.encoding, "backslashreplace")
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()


def emit_json(value: Any) -> None:
    emit(dumps(value))


def draw(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from rich.console import Console

    Console(highlight=False).print(table(headings, rows))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> "Table":
    """Return a table for rich to draw. Cells are escaped here; None is an empty cell."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="")
    cells = [tuple(row) for row in rows]
    for number, heading in enumerate(headings):
        # An id that is cut off is of no use.
        least = max((len(str(row[number])) for row in cells), default=0) if heading == "id" else None
        drawn.add_column(heading, no_wrap=True, min_width=least)
    for row in cells:
        drawn.add_row(*(Text("" if cell is None else escape(str(cell))) for cell in row))
    return drawn


def note(line: str) -> None:
    """Print one line for people to stderr."""
    print(escape(line).encode(sys.stderr.encoding, "backslashreplace").decode(sys.stderr.encoding), file=sys.stderr)


def remark(line: str) -> None:
    """Print one line to stderr if that is a terminal: what only a person wonders about, such as an empty list."""
    if sys.stderr.isatty():
        note(line)


def error(message: str, hint: str | None) -> None:
    """Print an error message to stderr, and below it what the user can do."""
    note(f"hangctl: error: {message}")
    if hint:
        note(f"hint: {hint}")


def interactive() -> bool:
    return sys.stdout.isatty()


def plain(value: Any) -> str:
    """Write a property's value as mpv prints it: yes or no, whole numbers without a point, text as it is, else JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return dumps(value)


def hms(seconds: float | None) -> str:
    """Write a position or duration as 1:23 or 1:02:03; None as -:--."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration_text(seconds: float) -> str:
    """Write a duration in the unit that fits it: 18 s, 5 min, 3 h."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def film_text(film: dict[str, Any]) -> str:
    """Describe a film as people tell it from others: its name, size, duration and the beginning of its hash."""
    size, duration, digest = film.get("size"), film.get("duration"), film.get("file_hash")
    parts = (
        str(film.get("name") or "a film without a name"),
        None if size is None else f"{size} bytes",
        None if duration is None else hms(duration),
        None if digest is None else f"SHA-256 {digest}",
    )
    return ", ".join(part for part in parts if part)


def missing_text(film: dict[str, Any]) -> str:
    """Tell a person that this machine has not got the film, and what to do."""
    return f"this machine has not got the film: {film_text(film)}; open your copy with `hangctl media FILE`"


def failure_text(failure: dict[str, Any], *, in_room: bool) -> str:
    """Tell a person why the last film could not be played, and in a room, what to do."""
    message = str(failure.get("message"))
    return f"{message}; open another copy with `hangctl media FILE`" if in_room else message


def milliseconds(seconds: float, *, signed: bool = False) -> str:
    return f"{round(seconds * 1000):{'+' if signed else ''}} ms"
