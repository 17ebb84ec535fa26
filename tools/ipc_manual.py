"""Make the manual page hang-ipc(7) from the tables: ``python -m tools.ipc_manual > man/hang-ipc.7``.

The text around the tables is in ``ipc_manual.mdoc`` beside this module, where a line ``.@ NAME`` stands for a list that
is made here. The page is in mdoc, the language of manual pages.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hangd.client.control import commands, properties
from hangd.client.control.events import EVENTS
from hangd.client.control.language.kinds import Choice, FlagSet, Kind
from hangd.client.control.tables.command import Command
from hangd.client.control.tables.placeholders import CONSTANTS, REFUSED, UNAVAILABLE
from hangd.client.control.tables.property import Property

_FRAME: Final = Path(__file__).with_name("ipc_manual.mdoc")


def page() -> str:
    lines: list[str] = []
    for line in _FRAME.read_text(encoding="utf-8").splitlines():
        lines.extend(_LISTS[line[3:]]() if line.startswith(".@ ") else [line])
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text that mdoc prints unchanged, also as an argument of a macro."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    # mdoc takes a word of two letters for a macro, and a punctuation mark that stands alone for a delimiter.
    return " ".join(f"\\&{word}" if len(word) <= 2 or word[0] in ".'" else word for word in text.split(" "))


def _sentence(text: str) -> str:
    """Return a description as a sentence. Names of commands, and hang's, are not capitalized."""
    first = text.split(" ")[0].rstrip(",:;").replace("'", "")
    text = text[0].upper() + text[1:] if first.isalpha() and not first.startswith("hang") else text
    return escaped(text.replace('"', "")) + "."


def _sections(by_subject: Mapping[str, Sequence[Any]], item: Callable[[Any], Iterator[str]]) -> Iterator[str]:
    for subject, rows in by_subject.items():
        yield f".Ss {subject}"
        yield ".Bl -tag -width Ds"
        for row in rows:
            yield from item(row)
        yield ".El"


def _command(row: Command) -> Iterator[str]:
    arguments = [f"{'Ar' if each.default is ... else 'Op Ar'} {escaped(each.name)}" for each in row.parameters]
    yield " ".join([f".It Ic {escaped(row.name)}", *arguments, *([] if row.rest is None else ["Ar ..."])])
    yield _sentence(row.about)
    for parameter in row.parameters:
        if words := _choices(parameter.kind):
            yield f".Ar {escaped(parameter.name)} No can be {words}."


def _choices(kind: Kind) -> str:
    match kind:
        case Choice(options=options):
            return ", ".join(map(escaped, options))
        case FlagSet(groups=groups):
            return " and, joined by +, ".join(", ".join(map(escaped, group)) for group in groups)
    return ""


def _properties() -> Iterator[str]:
    by_subject = {
        subject: [row for row in rows if row.name not in UNAVAILABLE] for subject, rows in properties.BY_SUBJECT.items()
    }

    def item(row: Property) -> Iterator[str]:
        kind, value = row.kind.label.lower(), CONSTANTS.get(row.name)
        if isinstance(value, (str, int, float)):
            kind = f"always {escaped(f'{value:g}' if isinstance(value, float) else row.kind.text(value))}"
        elif row.write is not None or row.write_at is not None:
            kind += ", writable"
        yield f".It {_names('Va', [row.name, *row.aliases])} Pq {kind}"
        yield _sentence(row.about)

    return _sections(by_subject, item)


def _names(macro: str, names: Iterable[str]) -> str:
    return " , ".join(f"{macro} {escaped(name)}" for name in names)


def _moving() -> Iterator[str]:
    """List the commands, and the properties that are written, which only members that may control the room may use."""
    used = [row.name for row in commands.COMMANDS.values() if row.moves_film]
    written = [row.name for rows in properties.BY_SUBJECT.values() for row in rows if row.moves_film]
    yield f".Ic {' , '.join(map(escaped, used))} ,"
    yield "or writes"
    yield f".Va {' , '.join(map(escaped, written))} ."


def _events(own: bool) -> Iterator[str]:
    yield ".Bl -tag -width Ds"
    for row in EVENTS.values():
        if row.about and row.own == own:
            fields = f" Pq {' '.join(map(escaped, row.fields.split()))}" if row.fields else ""
            yield f".It Sy {escaped(row.name)}{fields}"
            yield _sentence(row.about)
    yield ".El"


def _reasons(macro: str, reasons: Mapping[str, str]) -> Iterator[str]:
    """List each reason once, under all the names that it is given for."""
    yield ".Bl -tag -width Ds"
    for reason in dict.fromkeys(reasons.values()):
        yield f".It {_names(macro, [name for name in reasons if reasons[name] == reason])}"
        yield _sentence(reason)
    yield ".El"


_LISTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "commands": lambda: _sections(commands.BY_SUBJECT, _command),
    "refused": lambda: _reasons("Ic", REFUSED),
    "moving": _moving,
    "properties": _properties,
    "unavailable": lambda: _reasons("Va", UNAVAILABLE),
    "events": lambda: _events(own=False),
    "own events": lambda: _events(own=True),
}

if __name__ == "__main__":
    print(page(), end="")
