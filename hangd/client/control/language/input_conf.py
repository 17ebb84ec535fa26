"""Files of key bindings in the syntax of mpv's input.conf: a text to bindings, and to what is wrong with its lines.

::

    KEY[-KEY...] [{SECTION}] COMMAND [; COMMAND...] [# DESCRIPTION]
    # a note
    default-bindings start

Bindings behind ``default-bindings start`` yield to all others of the same key. Those of a section count for nothing
here, as in mpv while nobody enables the section.
"""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from hangd.client.control.language.key_names import sequence_name
from hangd.client.control.language.lines import Request, text_line
from hangd.client.control.port import CommandRefused

DEFAULT_SECTION: Final = "default"
_DEFAULTS: Final = "default-bindings"
_SPACE: Final = " \t\r\f\v\0"
_BINDINGS_MAX: Final = 2000
"""Of one file. mpv's own has 120."""


class Binding(Struct, frozen=True):
    """What keys are bound to that are pressed one after the other; mostly one key."""

    key: str
    """The name of the key, or of the sequence of keys."""
    command: str
    """A line of commands in text."""
    comment: str = ""
    section: str = DEFAULT_SECTION
    is_weak: bool = False
    """It yields to another binding of the same key."""


class WrongLine(Struct, frozen=True):
    """A line that binds nothing. ``why`` is a sentence without its full stop."""

    number: int
    why: str


def parse(text: str, complaint: Callable[[Request], str | None]) -> tuple[list[Binding], list[WrongLine]]:
    """Return the bindings of a file, and its lines that are wrong, which bind nothing.

    Args:
        complaint: returns what is wrong with a command, or None.
    """
    are_weak = False
    bindings: list[Binding] = []
    wrong: list[WrongLine] = []
    # Not splitlines(): to mpv, and to editors, only a newline ends a line.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = line.strip(_SPACE)
        if not line or line.startswith("#"):
            continue
        if len(bindings) == _BINDINGS_MAX:
            wrong.append(
                WrongLine(number, f"a file can have no more than {_BINDINGS_MAX} bindings; the rest is not read")
            )
            break
        try:
            if _words(line)[0] == _DEFAULTS:
                are_weak = _starts_defaults(line)
            else:
                bindings.append(_binding(line, complaint, are_weak))
        except (ValueError, CommandRefused) as error:
            wrong.append(WrongLine(number, str(error)))
    return bindings, wrong


def _starts_defaults(line: str) -> bool:
    if _words(line.partition("#")[0].rstrip(_SPACE)) != [_DEFAULTS, "start"]:
        raise ValueError(f"only '{_DEFAULTS} start' has a meaning")
    return True


def _binding(line: str, complaint: Callable[[Request], str | None], is_weak: bool) -> Binding:
    """Read one line. Raises ValueError or CommandRefused, which say what is wrong with it."""
    spelled, *rest = _words(line)
    key = sequence_name(spelled)
    command, section = "".join(rest), ""
    if command.startswith("{") and "}" in command:
        section, _, command = command[1:].partition("}")
    read = text_line(command.encode("utf-8", "surrogateescape"))
    for request in read.requests:
        if (why := complaint(request)) is not None:
            raise ValueError(why)
    return Binding(key, read.source, read.comment, section.strip() or DEFAULT_SECTION, is_weak)


def _words(line: str) -> list[str]:
    """Return the first word of a line, and the rest if there is one."""
    return re.split(f"[{_SPACE}]+", line, maxsplit=1)
