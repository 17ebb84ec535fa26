"""What goes to the terminal: data on stdout, words for people on stderr, and nothing hostile on either.

Names, chat, room names and file names come from other people. Before a terminal each passes through ``escape``.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "clock",
    "complain",
    "draw",
    "dumps",
    "emit",
    "emit_json",
    "escape",
    "interactive",
    "milliseconds",
    "note",
    "one_line",
    "plain",
    "table",
]

_JOINERS = "\u200c\u200d"
"""Not printable by Python's reckoning, but scripts and emoji need them, and all they can do is join."""


def escape(text: str) -> str:
    r"""Return one line that a terminal shows and does not obey: ``\x1b``, ``\u202e``, ``\n`` stand visibly."""
    return _spell_out(text, lambda letter: letter.encode("unicode_escape").decode("ascii"))


def dumps(value: Any) -> str:
    """Return compact JSON in readable Unicode, with what a terminal might obey as JSON's own escapes."""
    return _spell_out(json.dumps(value, ensure_ascii=False, separators=(",", ":")), lambda one: json.dumps(one)[1:-1])


def _spell_out(text: str, spelled: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in _JOINERS else spelled(letter) for letter in text)


def one_line(text: str) -> str:
    r"""Return text in which a line's end stands as ``\n``: a film's title is not to look like the next line of data."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def emit(line: str, *, raw: bool = False) -> None:
    """Print one line of data at once, so that a reader of the pipe need not wait.

    ``raw`` is for text that was not escaped because it goes to a program: bytes that were no UTF-8 go out as they came.
    """
    data = line.encode("utf-8", "surrogateescape") if raw else line.encode(sys.stdout.encoding, "backslashreplace")
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()


def emit_json(value: Any) -> None:
    emit(dumps(value))


def draw(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Draw a table for a person who reads stdout."""
    from rich.console import Console

    Console(highlight=False).print(table(headings, rows))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> "Table":
    """Return a table for rich to draw. Cells are escaped here; None is an empty one."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="")
    for heading in headings:
        drawn.add_column(heading, no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else escape(str(cell))) for cell in row))
    return drawn


def note(line: str) -> None:
    """Tell a person something on stderr."""
    print(escape(line).encode(sys.stderr.encoding, "backslashreplace").decode(sys.stderr.encoding), file=sys.stderr)


def complain(message: str, hint: str | None) -> None:
    note(f"hangctl: error: {message}")
    if hint:
        note(f"hint: {hint}")


def interactive() -> bool:
    """Tell whether a person reads stdout."""
    return sys.stdout.isatty()


def plain(value: Any) -> str:
    """Write a property's value as mpv's clients know it: yes and no, numbers bare, text as it is, the rest as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return dumps(value)


def clock(seconds: float | None) -> str:
    """Write a place in the media: 1:23, 1:02:03."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def milliseconds(seconds: float, *, signed: bool = False) -> str:
    return f"{round(seconds * 1000):{'+' if signed else ''}} ms"
