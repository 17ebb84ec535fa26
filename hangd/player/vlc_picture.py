"""Writing the picture that is shown into a file, on a thread of its own: that takes longer than a start may wait."""

import os
from collections.abc import Callable
from threading import Thread
from typing import Any

from hangd.engine.playback import CommandFailed, PictureTaken, PlayerEvent, TakePicture

__all__ = ["VlcPicture"]


class VlcPicture:
    """``emit`` is called on that thread. One picture at a time: `wait` waits for it."""

    def __init__(self, player: Any, emit: Callable[[PlayerEvent], None]) -> None:
        self._player = player
        self._emit = emit
        self._thread: Thread | None = None

    def take(self, command: TakePicture, generation: int) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._fail(generation, "another picture is being written")
            return
        self._thread = Thread(target=self._write, args=(command.path, generation), name="picture", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Let the player go on living until nothing is written any more: libVLC itself gives up after half a second."""
        if self._thread is not None:
            self._thread.join()

    def _write(self, path: str, generation: int) -> None:
        # VLC says nothing of a file that it could not write; a new one tells by being there.
        new = f"{path}.part"
        if self._player.video_take_snapshot(0, new, 0, 0) != 0:
            self._fail(generation, "there is no picture to be had")
            return
        try:
            os.replace(new, path)
        except OSError as error:
            self._fail(generation, f"{path} can not be written: {error.strerror}")
        else:
            self._emit(PictureTaken(generation))

    def _fail(self, generation: int, message: str) -> None:
        self._emit(CommandFailed(generation, TakePicture.__name__, message))
