"""hang-ipc(7), made from the tables: ``python -m tools.ipc_manual > man/hang-ipc.7``.

The page is mdoc. What stands in the tables is said there once, for the page, for completion and for help; the words
around it are in ``manual.mdoc`` beside this module, where a line ``.@ NAME`` stands for one of the lists.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hangd.client.control import commands, properties
from hangd.client.control.events import EVENTS
from hangd.client.control.language.kinds import Choice, FlagSet, Kind
from hangd.client.control.tables.command import Command, Parameter
from hangd.client.control.tables.property import Property
from hangd.client.control.tables.refused import REFUSED

__all__ = ["page"]

_FRAME: Final = Path(__file__).with_name("ipc_manual.mdoc")


def page() -> str:
    """Return the manual page."""
    lines: list[str] = []
    for line in _FRAME.read_text(encoding="utf-8").splitlines():
        lines.extend(_LISTS[line[3:]]() if line.startswith(".@ ") else [line])
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that mdoc takes as it stands, also as an argument of a macro."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    # A word of two letters may be a macro's name, and a sign alone is punctuation: neither is meant.
    return " ".join(f"\\&{word}" if len(word) <= 2 or word[0] in ".'" else word for word in text.split(" "))


def _sentence(text: str) -> str:
    """Return a line of the table as a sentence; only what begins with a plain word begins with a capital."""
    first = text.split(" ")[0].rstrip(",:;").replace("'", "")
    text = text[0].upper() + text[1:] if first.isalpha() and not first.startswith("hang") else text
    return escaped(text.replace('"', "")) + "."


def _commands() -> Iterator[str]:
    for subject, rows in commands.BY_SUBJECT.items():
        yield f".Ss {subject}"
        yield ".Bl -tag -width Ds"
        for row in rows:
            yield f".It Ic {escaped(row.name)}{''.join(f' {_argument(each)}' for each in row.parameters)}{_rest(row)}"
            yield _sentence(row.about)
            for parameter in row.parameters:
                if words := _choices(parameter.kind):
                    yield f".Ar {escaped(parameter.name)}"
                    yield f"is one of {words}."
        yield ".El"


def _argument(parameter: Parameter) -> str:
    return f"{'Ar' if parameter.default is ... else 'Op Ar'} {escaped(parameter.name)}"


def _rest(row: Command) -> str:
    return "" if row.rest is None else " Ar ..."


def _choices(kind: Kind) -> str:
    match kind:
        case Choice(options=options):
            return ", ".join(map(escaped, options))
        case FlagSet(groups=groups):
            return " and, joined by +, one of ".join(", ".join(map(escaped, group)) for group in groups)
    return ""


def _properties() -> Iterator[str]:
    for subject, rows in properties.BY_SUBJECT.items():
        yield f".Ss {subject}"
        yield ".Bl -tag -width Ds"
        for row in rows:
            yield f".It Va {escaped(row.name)} Pq {_sort(row)}"
            yield _sentence(row.about)
            if row.absent:
                yield f"Never known: {escaped(row.absent)}."
        yield ".El"


def _sort(row: Property) -> str:
    label = row.kind.label.lower()
    if row.constant:
        return f"{label}, always the same"
    return f"{label}, written too" if row.write is not None or row.write_at is not None else label


def _events(own: bool) -> Iterator[str]:
    yield ".Bl -tag -width Ds"
    for row in EVENTS.values():
        if row.own == own:
            fields = f" Pq {' '.join(map(escaped, row.fields.split()))}" if row.fields else ""
            yield f".It Sy {escaped(row.name)}{fields}"
            yield _sentence(row.about)
    yield ".El"


def _refused() -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in REFUSED.items():
        by_reason.setdefault(reason, []).append(name)
    yield ".Bl -tag -width Ds"
    for reason, names in by_reason.items():
        yield f".It {' , '.join(f'Ic {escaped(name)}' for name in names)}"
        yield _sentence(reason)
    yield ".El"


_LISTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "commands": _commands,
    "properties": _properties,
    "events": lambda: _events(own=False),
    "own events": lambda: _events(own=True),
    "refused": _refused,
}

if __name__ == "__main__":
    sys.stdout.write(page())
