"""Writing the picture that is shown into a file, on a thread of its own: that takes longer than a start may wait."""

import os
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any

from hangd.engine.player_messages import CommandFailed, PictureTaken, PlayerEvent, TakePicture

__all__ = ["VlcPicture"]


class VlcPicture:
    """``emit`` is called on that thread. One picture at a time: `wait` waits for it."""

    def __init__(self, player: Any, emit: Callable[[PlayerEvent], None]) -> None:
        self._player = player
        self._emit = emit
        self._thread: Thread | None = None
        self._writing = Lock()

    def take(self, command: TakePicture, generation: int) -> None:
        if not self._writing.acquire(blocking=False):
            self._emit(_failed(generation, "another picture is being written"))
            return
        self._thread = Thread(target=self._write, args=(command.path, generation), name="picture", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Let the player go on living until nothing is written any more: libVLC itself gives up after half a second."""
        if self._thread is not None:
            self._thread.join()

    def _write(self, path: str, generation: int) -> None:
        try:
            told = self._outcome(path, generation)
        finally:
            self._writing.release()  # Before it is told: who asks for the next one then is to get it.
        self._emit(told)

    def _outcome(self, path: str, generation: int) -> PictureTaken | CommandFailed:
        # VLC says nothing of a file that it could not write; a new one tells by being there.
        new = f"{path}.part"
        if self._player.video_take_snapshot(0, new, 0, 0) != 0:
            return _failed(generation, "there is no picture to be had")
        try:
            os.replace(new, path)
        except OSError as error:
            return _failed(generation, f"{path} can not be written: {error.strerror}")
        return PictureTaken(generation)


def _failed(generation: int, message: str) -> CommandFailed:
    return CommandFailed(generation, TakePicture.__name__, message)
