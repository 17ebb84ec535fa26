"""What a row of the table of commands is: a name, what it does, what it takes, and what carries it out.

mpv's commands do their work at once and return what the reply says (mostly nothing). hang's own wait for the server's
answer: they return a `Waiting`, whose coroutine the connection runs. Failures are CommandRefused: ``invalid parameter``
for arguments that make no sense, ``error running command`` for everything after that.
"""

import os
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from hangd.client.control.language.kinds import Kind
from hangd.client.control.port import CommandRefused, ControlEvent, ViewerPort
from hangd.client.control.tables.property import PropertyTable

__all__ = ["Arguments", "Command", "Context", "Parameter", "Waiting", "file_named", "needs_media", "no_media"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

Arguments = Mapping[str, Any]
"""What was given, by the parameters' names, parsed. What may be left out and was, is not there."""


@dataclass(frozen=True)
class Context:
    """What a command can reach."""

    viewer: ViewerPort
    properties: PropertyTable
    broadcast: Callable[[ControlEvent], None]
    """Tell every control client."""
    tell: Callable[[str, ControlEvent], bool] = lambda name, event: False
    """Tell the control client of that name. Returns whether there is one."""


@dataclass(frozen=True)
class Waiting:
    """A command that is not done yet."""

    coroutine: Coroutine[Any, Any, Any]
    abandoned_with_client: bool = False
    """Nobody else cares for the outcome: stop when the client is gone."""


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: Kind
    default: Any = ...
    """``...``: it must be given. None: it is simply not there."""


@dataclass(frozen=True)
class Command:
    name: str
    about: str
    """What it does, in one line, for people."""
    parameters: Sequence[Parameter]
    run: Callable[[Context, Arguments], Any]
    rest: str | None = None
    """Takes any number of further strings, under this name."""


def no_media() -> CommandRefused:
    return CommandRefused("error running command", "NoMedia", "no file is loaded")


def needs_media(context: Context) -> None:
    """Refuse what can only be done to a film."""
    if context.properties.path is None:
        raise no_media()


def file_named(name: str) -> str:
    """Return the absolute path of a file that a client names."""
    if name.startswith("file://"):
        return os.fsdecode(unquote_to_bytes(urlsplit(name).path.encode("utf-8", "surrogateescape")))
    if _SCHEME.match(name):
        raise CommandRefused("error running command", "FileUnusable", "only files on this machine can be played")
    return os.path.abspath(name)
