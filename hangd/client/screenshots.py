"""Screenshots: the control command's side. It chooses the file, lets the player write it, and waits for the answer."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hangd.client.control.port import CommandRefused
from hangd.engine.player_messages import CommandFailed, PictureTaken, PlayerDied, PlayerEvent, TakePicture
from hangd.tasks import in_thread

_DEADLINE_SECONDS: Final = 5.0
"""For the folder to answer, and then for the player."""
THUMBNAIL_WIDTH: Final = 480
"""Pixels. Desktops show such a picture the size of a thumb."""


class Screenshots:
    """Writes one screenshot at a time. ``do`` gives the player a command, or raises CommandRefused if there is none."""

    def __init__(self, do: Callable[[TakePicture], None]) -> None:
        self._do = do
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[None] | None = None

    async def take(self, folder: Path, name: str | None, width: int = 0) -> str:
        """Write the picture that is shown into ``folder``, which is created if need be; return the file's path.

        ``name`` is relative to the folder, or a path that leads into it; None: the first number that is free. A file of
        that name is overwritten. ``width``: of the picture, in pixels; 0: unscaled.

        Raises:
            CommandRefused: the name leads out of the folder or does not end in .png; the folder cannot be used; there
                is no picture; the player does not answer.
        """
        async with self._turn:
            doing = f"looking into {folder}"
            try:
                path = await in_thread(_choose, folder, name, deadline=_DEADLINE_SECONDS, doing=doing)
            except TimeoutError as error:
                raise _refused("TimedOut", str(error)) from None
            except OSError as error:
                raise _refused("FileUnusable", f"{folder} cannot be used: {error.strerror}") from None
            self._answer = asyncio.get_running_loop().create_future()
            try:
                self._do(TakePicture(str(path), width))
                async with asyncio.timeout(_DEADLINE_SECONDS):
                    await self._answer
            except TimeoutError:
                raise _refused("TimedOut", "the player did not answer") from None
            finally:
                self._answer = None
        return str(path)

    def heard(self, event: PlayerEvent) -> None:
        """Call it with each event of the player's."""
        if self._answer is None or self._answer.done():
            return
        match event:
            case PictureTaken():
                self._answer.set_result(None)
            case CommandFailed(command=TakePicture.__name__, message=message) | PlayerDied(message=message):
                self._answer.set_exception(_refused("NotTaken", message))


def _refused(code: str, message: str) -> CommandRefused:
    return CommandRefused("error running command", code, message)


def _choose(folder: Path, name: str | None) -> Path:
    """Return the path of the screenshot. Raises CommandRefused and OSError. Blocks: call it on a thread."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    if name is None:
        # At most as many numbers are taken as there are files, so the one after that is free.
        taken = {path.name for path in folder.iterdir()}
        numbers = range(1, len(taken) + 2)
        return folder / next(each for each in (f"hang-shot{number:04}.png" for number in numbers) if each not in taken)
    try:
        path = (folder / name).resolve()
        # What is still a link leads in a circle; Python before 3.13 raises RuntimeError instead.
        usable = not path.is_symlink()
    except (ValueError, RuntimeError):  # ValueError: a NUL in it
        usable = False
    if not usable:
        raise _refused("FileUnusable", "that is no name of a file")
    if not path.is_relative_to(folder) or path.is_dir() or not path.parent.is_dir():
        raise _refused("Forbidden", f"pictures are written into {folder} only")
    if path.suffix.lower() != ".png":
        raise _refused("FileUnusable", "pictures are written as PNG: the name has to end in .png")
    return path
