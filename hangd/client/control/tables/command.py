"""A row of the command table, and what the functions that carry out commands have in common.

mpv's commands mostly do their work at once. A command that has to wait, for the room server or for a disk, returns a
`Waiting`. Failures are CommandRefused: "invalid parameter" for arguments that make no sense, else "error running
command".
"""

import os
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes, urlsplit

from hangd.client.control.language.kinds import Kind
from hangd.client.control.port import CommandRefused, ControlEvent, ViewerPort
from hangd.client.control.tables.property import PropertyTable
from hangd.player.files import shown_name
from hangd.tasks import in_thread

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DISK_SECONDS: Final = 10.0
"""How long a command waits for a disk. A sleeping disk starts in less; a network share that is gone never answers."""

_T = TypeVar("_T")


def no_media() -> CommandRefused:
    return CommandRefused.failed("NoMedia", "no file is loaded")


@dataclass(frozen=True)
class Context:
    """What a command can use."""

    viewer: ViewerPort
    properties: PropertyTable
    broadcast: Callable[[ControlEvent], None]
    """Sends an event to every control client."""
    tell: Callable[[str, ControlEvent], bool] = lambda name, event: False
    """Sends an event to the control client of this name. Returns whether there is one."""

    def loaded_path(self) -> str:
        """Return the path of the loaded file. Raises CommandRefused where none is loaded."""
        path = self.properties.path
        if path is None:
            raise no_media()
        return path


@dataclass(frozen=True)
class Waiting:
    """A command that is not finished. The connection runs its coroutine, which returns the ``data`` of the reply, or
    raises CommandRefused."""

    coroutine: Coroutine[Any, Any, Any]
    abandoned_with_client: bool = False
    """Cancel the coroutine when the client has gone, because nobody else needs the result."""


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: Kind
    default: Any = ...
    """``...``: the argument is required. None: it may be left out, and is not passed then."""


@dataclass(frozen=True)
class Command:
    name: str
    about: str
    """The description in the manual, at most 100 characters."""
    parameters: Sequence[Parameter]
    run: Callable[..., Any]
    """Called with a `Context`, and with the arguments by the names of their parameters. Returns the ``data`` of the
    reply, or a `Waiting`. Raises CommandRefused."""
    rest: str | None = None
    """The name under which any number of further strings is passed."""
    needs_file: bool = False
    """The command fails while no file is loaded."""


def changes_properties(run: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a command that changes properties: whatever is wrong with the property, the answer is that of a command."""

    def run_as_command(context: Context, **arguments: Any) -> Any:
        try:
            return run(context, **arguments)
        except CommandRefused as refused:
            if refused.error == "invalid parameter":
                raise
            raise CommandRefused.failed(refused.code, refused.message) from None

    return run_as_command


def local_path(name: str) -> str:
    """Return the absolute path of a file that a client names by its path or a file URL.

    Raises CommandRefused for every other URL.
    """
    if name.startswith("file://"):
        return os.fsdecode(unquote_to_bytes(urlsplit(name).path.encode("utf-8", "surrogateescape")))
    if _SCHEME.match(name):
        raise CommandRefused.failed("FileUnusable", "only files on this machine can be played")
    return os.path.abspath(name)


async def off_loop(work: Callable[[str], _T], path: str) -> _T:
    """Run ``work(path)``, which uses the disk, on a thread.

    Raises CommandRefused where the disk does not answer in time, and what ``work`` raises.
    """
    try:
        return await in_thread(work, path, deadline=_DISK_SECONDS, doing=f"reading {shown_name(path)}")
    except TimeoutError as error:
        raise CommandRefused.failed("TimedOut", str(error)) from None
