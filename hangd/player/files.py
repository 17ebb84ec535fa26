"""What can be told of a media file without opening it, in sentences fit for a user. Every player asks here first.

MediaProblem            code and message, ready for LoadFailed
"""

import os
import stat

from msgspec import Struct

from hangd.engine.player_messages import FailureCode

__all__ = ["Identity", "MediaProblem", "examine", "problem", "shown_name", "was_changed"]

_SHOWN_LENGTH = 120

_SENTENCES: dict[FailureCode, str] = {
    "not-found": "{name} does not exist",
    "directory": "{name} is a directory, not a file",
    "unreadable": "{name} can not be read",
    "empty": "{name} is empty",
    "unrecognized": "{name} is not a media file that can be played",
    "no-video": "{name} has no picture, only sound",
    "truncated": "{name} is cut short: it ended long before its own duration",
    "vanished": "{name} went away or shrank while it was open",
    "no-player": "{name} can not be played: there is no player",
    "hung": "{name} did not open in time",
}


class MediaProblem(Exception):
    """A file that can not be played. ``str()`` of it is one sentence that names the file."""

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code


class Identity(Struct, frozen=True):
    """What a file was when it was opened."""

    size: int
    inode: int
    device: int


def problem(code: FailureCode, path: str, detail: str = "") -> MediaProblem:
    """Make the problem with this code, its sentence naming ``path``'s base name."""
    sentence = _SENTENCES[code].format(name=shown_name(path))
    return MediaProblem(code, f"{sentence}: {detail}" if detail else sentence)


def examine(path: str) -> Identity:
    """Look at the file before it is opened.

    Raises:
        MediaProblem: not-found, directory, unreadable or empty.
    """
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise problem("directory", path)
        if not stat.S_ISREG(found.st_mode):
            raise problem("unreadable", path, "not a regular file")  # a pipe would block whoever opens it
        with open(path, "rb") as file:
            if not file.read(1):
                raise problem("empty", path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise problem("not-found", path) from error
    except OSError as error:
        raise problem("unreadable", path, error.strerror or "") from error
    except ValueError as error:  # a NUL in the path
        raise problem("not-found", path) from error
    return Identity(size=found.st_size, inode=found.st_ino, device=found.st_dev)


def was_changed(path: str, since: Identity) -> bool:
    """Tell whether the file went away, shrank or was replaced. One that grows (a download) has not changed."""
    try:
        found = os.stat(path)
    except OSError:
        return True
    return found.st_size < since.size or (found.st_ino, found.st_dev) != (since.inode, since.device)


def shown_name(path: str) -> str:
    """Return the base name as it may be shown on a terminal: quoted, unprintable characters escaped, not too long."""
    name = os.path.basename(path.rstrip("/")) or path
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)
    return f"'{escaped if len(escaped) <= _SHOWN_LENGTH else escaped[: _SHOWN_LENGTH - 1] + '…'}'"
