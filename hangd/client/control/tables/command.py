"""A row of the command table, and what the functions that carry out commands have in common.

mpv's commands mostly do their work at once. A command that has to wait, for the room server or for a disk, returns a
`Waiting`. Failures are CommandRefused: "invalid parameter" for arguments that make no sense, else "error running
command".
"""

import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from hangd.client.control.language.kinds import Kind
from hangd.client.control.port import CommandRefused, ControlEvent, ViewerPort
from hangd.client.control.tables.property import PropertyTable
from hangd.file_names import path_of
from hangd.player.files import shown_name
from hangd.tasks import in_thread

_DISK_SECONDS: Final = 10.0
"""How long a command waits for a disk. A sleeping disk starts in less; a network share that is gone never answers."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Context:
    """What a command can use."""

    viewer: ViewerPort
    properties: PropertyTable
    broadcast: Callable[[ControlEvent], None]
    """Sends an event to every control client."""
    tell: Callable[[str, ControlEvent], bool] = lambda name, event: False
    """Sends an event to the control client of this name. Returns whether there is one."""
    run_text: Callable[[str, bool], None] = lambda text, repeated: None
    """Carries out a line in mpv's text syntax, or repeats it for a key that is held down. What fails is logged."""

    def loaded_path(self) -> str:
        """Return the path of the loaded file. Raises CommandRefused where none is loaded."""
        path = self.properties.path
        if path is None:
            raise self.no_media()
        return path

    def no_media(self) -> CommandRefused:
        """Return the refusal of what needs a file, where none is loaded."""
        missing = self.viewer.hang_property("media/missing")
        broken = self.viewer.hang_property("media/error")
        if missing is None and broken is not None and self.viewer.hang_property("room/id") is not None:
            return CommandRefused.failed("FilmBroken", f"{broken['message']}; `hangctl media FILE` opens another copy")
        if missing is None:
            return CommandRefused.failed("NoMedia", "no file is loaded")
        named = f" {shown_name(missing['name'])}" if missing["name"] else ""
        return CommandRefused.failed(
            "FilmMissing", f"there is no copy of the room's film{named} here; `hangctl media FILE` opens yours"
        )


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
    moves_film: bool = False
    """The command changes what plays or where, or the playlist: in a room only for members that may control it."""
    repeats: bool | Callable[..., bool] = False
    """Whether a key that is held down carries it out again and again. Called with a `Context` and the arguments."""
    show: Callable[..., object] | None = None
    """Shows on the picture what the command has done. Called with a `Context` and the arguments, if that is wanted."""


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
    path = path_of(name, os.getcwd())
    if path is None:
        raise CommandRefused.failed("FileUnusable", "only files on this machine can be played")
    return path


async def off_loop(work: Callable[[str], _T], path: str) -> _T:
    """Run ``work(path)``, which uses the disk, on a thread.

    Raises CommandRefused where the disk does not answer in time, and what ``work`` raises.
    """
    try:
        return await in_thread(work, path, deadline=_DISK_SECONDS, doing=f"reading {shown_name(path)}")
    except TimeoutError as error:
        raise CommandRefused.failed("TimedOut", str(error)) from None
