"""Checks on a media file before it is opened, and the sentences that tell a user why it cannot be played.

Players call this before they open a film or a file beside it, and `hangd.client.media` before it reads one. Every
function that looks at a file can block for as long as the file system does, and a network share that is gone never
answers: call them on a thread, with a deadline.
"""

import os
import stat

from hangd.engine.player_messages import FailureCode

_SHOWN_LENGTH = 120

_SENTENCES: dict[FailureCode, str] = {
    "not-found": "{name} does not exist",
    "directory": "{name} is a directory, not a file",
    "unreadable": "{name} cannot be read",
    "empty": "{name} is empty",
    "unrecognized": "{name} is not a media file that can be played",
    "no-video": "{name} has no picture, only sound",
    "truncated": "{name} is cut short: it ended long before its own duration",
    "vanished": "{name} went away or shrank while it was open",
    "hung": "{name} did not open in time",
}


class MediaUnusable(Exception):
    """A file that cannot be played or read. ``str()`` is one sentence for a user that names the file."""

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code


def problem(code: FailureCode, path: str, detail: str = "") -> MediaUnusable:
    """Return the exception with this code; its sentence names the file at ``path`` without its folder."""
    sentence = _SENTENCES[code].format(name=shown_name(path))
    return MediaUnusable(code, f"{sentence}: {detail}" if detail else sentence)


def too_slow(path: str, seconds: float) -> MediaUnusable:
    """Return the exception for a file that was not read within its deadline."""
    return MediaUnusable("unreadable", f"reading {shown_name(path)} took longer than {seconds:g} seconds")


def examine(path: str) -> os.stat_result:
    """Check that there is a regular file which can be read and is not empty. Return its status, for `has_changed`.

    Pipes, sockets and devices are refused before they are opened: opening a pipe blocks until somebody writes to it,
    and opening a device can have effects of its own.

    Raises:
        MediaUnusable: not-found, directory, unreadable or empty.
    """
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise problem("directory", path)
        if not stat.S_ISREG(found.st_mode):
            raise MediaUnusable("unreadable", f"{shown_name(path)} is not a regular file")
        with open(path, "rb") as file:
            if not file.read(1):
                raise problem("empty", path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # ValueError: a NUL in the path
        raise problem("not-found", path) from error
    except OSError as error:
        raise problem("unreadable", path, error.strerror or "") from error
    return found


def refusal(path: str) -> MediaUnusable | None:
    """Return why `examine` refuses the file; None if it does not."""
    try:
        examine(path)
    except MediaUnusable as refused:
        return refused
    return None


def has_changed(path: str, since: os.stat_result) -> bool:
    """Return whether the file went away, shrank or was replaced. One that grows (a download) has not changed."""
    try:
        found = os.stat(path)
    except OSError:
        return True
    return found.st_size < since.st_size or (found.st_ino, found.st_dev) != (since.st_ino, since.st_dev)


def shown_name(path: str) -> str:
    """Return the file's name for a terminal: quoted, unprintable characters escaped, shortened."""
    name = os.path.basename(path.rstrip("/")) or path
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)
    return f"'{escaped if len(escaped) <= _SHOWN_LENGTH else escaped[: _SHOWN_LENGTH - 1] + '…'}'"
