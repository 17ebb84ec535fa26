"""Screenshots: pictures of the film as PNG files, all in one folder."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hangd.client.control.port import CommandRefused
from hangd.engine.player_messages import CommandFailed, PictureTaken, PlayerDied, PlayerEvent, TakePicture

__all__ = ["Screenshots"]

_PATIENCE: Final = 5.0
"""Seconds until a player that does not answer is given up."""


class Screenshots:
    """``do`` hands the player a command, or raises CommandRefused; `heard` is to be told what the player says."""

    def __init__(self, do: Callable[[TakePicture], None]) -> None:
        self._do = do
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[None] | None = None

    async def take(self, folder: Path, name: str | None) -> str:
        """Write the picture that is shown into ``folder``, which is made where it is missing; return the file's path.

        Args:
            name: what the file is to be called, within the folder (a path into it will do), to be written over if it
                is there. None: the first number that is free.

        Raises:
            CommandRefused: the name leads elsewhere or is not that of a PNG; the folder can not be made; there is no
                picture.
        """
        async with self._turn:
            try:
                path = await asyncio.to_thread(_place, folder, name)
            except OSError as error:
                raise _refused("FileUnusable", f"{folder} can not be used: {error.strerror}") from None
            self._answer = asyncio.get_running_loop().create_future()
            try:
                self._do(TakePicture(str(path)))
                async with asyncio.timeout(_PATIENCE):
                    await self._answer
            except TimeoutError:
                raise _refused("TimedOut", "the player did not answer") from None
            finally:
                self._answer = None
        return str(path)

    def heard(self, event: PlayerEvent) -> None:
        if self._answer is None or self._answer.done():
            return
        match event:
            case PictureTaken():
                self._answer.set_result(None)
            case CommandFailed(command=TakePicture.__name__, message=message) | PlayerDied(message=message):
                self._answer.set_exception(_refused("NotTaken", message))


def _refused(code: str, message: str) -> CommandRefused:
    return CommandRefused("error running command", code, message)


def _place(folder: Path, name: str | None) -> Path:
    """Return where the picture goes. Raises CommandRefused and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    if name is None:
        taken = {path.name for path in folder.iterdir()}
        numbers = range(1, len(taken) + 2)
        return folder / next(each for each in (f"hang-shot{number:04}.png" for number in numbers) if each not in taken)
    try:
        path = (folder / name).resolve()
    except (ValueError, RuntimeError):  # a NUL in it; links that lead in a circle
        raise _refused("FileUnusable", "that is no name of a file") from None
    if not path.is_relative_to(folder) or path.is_dir() or not path.parent.is_dir():
        raise _refused("Forbidden", f"pictures are written into {folder} only")
    if path.suffix.lower() != ".png":
        raise _refused("FileUnusable", "pictures are written as PNG: the name has to end in .png")
    return path
