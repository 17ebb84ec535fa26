"""Checks on a media file before it is opened, and the sentences that tell a user why it cannot be played.

Players call this before they open a film or a file beside it, and `hangd.client.media` before it reads one. Every
function that looks at a file can block for as long as the file system does, and a network share that is gone never
answers: call them on a thread, with a deadline.
"""

import os
import stat

from hangd.discs import disc_folder, disc_image
from hangd.engine.player_messages import FailureCode
from hangd.engine.playlist.m3u import BYTES_MAX, PROBE, NotAPlaylist, is_playlist, read_playlist
from hangd.engine.playlist.playlist import Film
from hangd.file_names import NOT_HERE, is_url
from hangd.log import escape

_SHOWN_LENGTH = 120

_SENTENCES: dict[FailureCode, str] = {
    "not-found": "{name} does not exist",
    "directory": "{name} is a directory, not a file",
    "unreadable": "{name} cannot be read",
    "empty": "{name} is empty",
    "list": "{name} is a list of films, and no film",
    "unrecognized": "{name} is not a media file that can be played",
    "truncated": "{name} is cut short: it ended long before its own duration",
    "vanished": "{name} went away or shrank while it was open",
    "hung": "{name} did not open in time",
}


class MediaUnusable(Exception):
    """A file that cannot be played or read. ``str()`` is one sentence for a user that names the file.

    ``films``: what the file lists, if it is a list of films.
    """

    def __init__(self, code: FailureCode, message: str, films: tuple[Film, ...] = ()) -> None:
        super().__init__(message)
        self.code: FailureCode = code
        self.films = films


def problem(code: FailureCode, path: str, detail: str = "") -> MediaUnusable:
    """Return the exception with this code; its sentence names the file at ``path`` without its folder."""
    sentence = _SENTENCES[code].format(name=shown_name(path))
    return MediaUnusable(code, f"{sentence}: {detail}" if detail else sentence)


def too_slow(path: str, seconds: float) -> MediaUnusable:
    """Return the exception for a file that was not read within its deadline."""
    return MediaUnusable("unreadable", f"reading {shown_name(path)} took longer than {seconds:g} seconds")


def too_short(path: str, seconds: float | None) -> MediaUnusable:
    """Return the exception for a file that has only the first ``seconds`` of what its header announces."""
    there = "its end is missing" if seconds is None else f"only its first {seconds:.0f} seconds are there"
    return MediaUnusable("truncated", f"{shown_name(path)} is cut short: {there}")


def examine_film(path: str) -> os.stat_result:
    """Check as `examine` does that there is a file which can be played, as far as that is known without playing it.

    Raises:
        MediaUnusable: also list, with the films; disc for the image of one; and not-found for a URL.
    """
    if is_url(path):
        raise MediaUnusable("not-found", f"{_quoted(path)} {NOT_HERE}")
    found = examine(path)
    try:
        if (disc := disc_image(path)) is not None:
            raise MediaUnusable("disc", f"{shown_name(path)} {disc}")
        with open(path, "rb") as file:
            if not is_playlist(file.read(PROBE), path):
                return found
            file.seek(0)
            listed = read_playlist(file.read(BYTES_MAX + 1), os.path.dirname(path))
    except NotAPlaylist:
        return found
    except OSError as error:
        raise problem("unreadable", path, error.strerror or "") from error
    raise MediaUnusable("list", str(problem("list", path)), tuple(listed))


def examine(path: str) -> os.stat_result:
    """Check that there is a regular file which can be read and is not empty. Return its status, for `has_changed`.

    Pipes, sockets and devices are refused before they are opened: opening a pipe blocks until somebody writes to it,
    and opening a device can have effects of its own.

    Raises:
        MediaUnusable: not-found, directory, disc (a folder that is one), unreadable or empty.
    """
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            disc = disc_folder(path)
            raise problem("directory", path) if disc is None else MediaUnusable("disc", f"{shown_name(path)} {disc}")
        if not stat.S_ISREG(found.st_mode):
            raise MediaUnusable("unreadable", f"{shown_name(path)} is not a regular file")
        # A file of /proc has no size either, and reading it may wait for the kernel to say something.
        if found.st_size == 0:
            raise problem("empty", path)
        with open(path, "rb") as file:
            file.read(1)
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
    return _quoted(os.path.basename(path.rstrip("/")) or path)


def _quoted(text: str) -> str:
    escaped = escape(text)
    return f"'{escaped if len(escaped) <= _SHOWN_LENGTH else escaped[: _SHOWN_LENGTH - 1] + '…'}'"
