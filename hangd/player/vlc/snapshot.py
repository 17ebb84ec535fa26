"""Write the picture that is shown into a file, on a thread of its own: it takes longer than a start may be delayed."""

import functools
import os
import threading
from collections.abc import Callable
from typing import Any

from hangd.engine.player_messages import CommandFailed, PictureTaken, PlayerEvent, TakePicture
from hangd.player.vlc.thread import Post, run_aside


class SnapshotWriter:
    """Writes one picture at a time."""

    def __init__(self, player: Any, emit: Callable[[PlayerEvent], None], post: Post) -> None:
        self._player = player
        self._emit = emit
        self._post = post
        self._thread: threading.Thread | None = None

    def take(self, command: TakePicture, generation: int) -> None:
        if self._thread is not None:
            self._emit(_failed(generation, "another picture is being written"))
        else:
            self._thread = run_aside(
                functools.partial(self._write, command.path, generation), self._written, self._post
            )

    def wait(self) -> None:
        """Wait until nothing is being written. Call it before the player is released; libVLC takes 0.5 s at most."""
        if self._thread is not None:
            self._thread.join()

    def _written(self, answer: PictureTaken | CommandFailed) -> None:
        self._thread = None
        self._emit(answer)

    def _write(self, path: str, generation: int) -> PictureTaken | CommandFailed:
        # VLC reports success although it could not write the file. So it writes a new one, whose absence shows that.
        new = f"{path}.part"
        if self._player.video_take_snapshot(0, new, 0, 0) != 0:
            return _failed(generation, "there is no picture to be had")
        try:
            os.replace(new, path)
        except OSError as error:
            return _failed(generation, f"{path} cannot be written: {error.strerror}")
        return PictureTaken(generation)


def _failed(generation: int, message: str) -> CommandFailed:
    return CommandFailed(generation, TakePicture.__name__, message)
