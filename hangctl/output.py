"""Print data to stdout and messages for people to stderr, safely.

Member names, chat, room names and file names come from other people and may contain control characters. Everything that
is printed to a terminal goes through ``escape`` or ``dumps`` first.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

_JOINERS = "\u200c\u200d"
"""The zero-width (non-)joiner. Python does not count them as printable, but Persian and emoji need them."""


def escape(text: str) -> str:
    r"""Return the text as one line without control characters: these are written as ``\x1b``, ``\u202e`` or ``\n``."""
    return _replace_unprintable(text, lambda letter: letter.encode("unicode_escape").decode("ascii"))


def dumps(value: Any) -> str:
    """Return compact JSON in readable Unicode. Control characters are written as JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _replace_unprintable(text, lambda letter: json.dumps(letter)[1:-1])


def _replace_unprintable(text: str, replacement: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _JOINERS else replacement(one) for one in text)


def one_line(text: str) -> str:
    r"""Write line ends as ``\r`` and ``\n``, so that a value with a line end does not look like two lines of data."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


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
    for heading in headings:
        drawn.add_column(heading, no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else escape(str(cell))) for cell in row))
    return drawn


def note(line: str) -> None:
    """Print one line for people to stderr."""
    print(escape(line).encode(sys.stderr.encoding, "backslashreplace").decode(sys.stderr.encoding), file=sys.stderr)


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


def milliseconds(seconds: float, *, signed: bool = False) -> str:
    return f"{round(seconds * 1000):{'+' if signed else ''}} ms"
