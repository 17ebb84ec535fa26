"""The token that a control client shows over TCP, where every user of this machine can connect: a line in a file.

`TcpListener` reads it when it begins to listen. It is made at the first start and kept, so that scripts can rely on it.
To get another one, remove the file.
"""

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from hangd.client.control.server.socket_path import ControlSocketUnusable

_BYTES: Final = 32
"""Of randomness in a token that is made here: 43 characters."""
_LENGTH_MIN: Final = 32
"""Characters. The user may have written a token, but not one that can be guessed."""
_LENGTH_MAX: Final = 1024


def token_in(path: Path) -> str:
    """Return the token in this file; make one where there is no file.

    Raises ControlSocketUnusable where it cannot be kept, or others can read it. The message says what to do.
    """
    try:
        if not os.path.lexists(path):
            _make(path)
        return _read(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ControlSocketUnusable(f"the token for control over TCP cannot be kept: {path}: {reason}") from error


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # By a temporary file and a link, so that another daemon that starts now finds a whole token or none. mkstemp's
    # files are 0600 from the beginning.
    file, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with open(file, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(_BYTES) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _read(path: Path) -> str:
    # O_NONBLOCK: to open a FIFO of that name would wait for a writer.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    with open(file, "rb") as opened:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise ControlSocketUnusable(f"{path} is not a file: remove it, and a token is made at the next start")
        # Where users are not numbers (Windows), modes say nothing either; the folder is the user's own.
        if hasattr(os, "geteuid"):
            if status.st_uid != os.geteuid():
                raise ControlSocketUnusable(
                    f"{path} belongs to user {status.st_uid}: remove it, and a token is made at the next start"
                )
            if status.st_mode & 0o077:
                raise ControlSocketUnusable(
                    f"{path} is not private: remove it for a new token, or, where nobody has seen it, chmod 600 {path}"
                )
        content = opened.read(_LENGTH_MAX + 1)
    token = content.strip().decode("ascii", "replace")
    if not _LENGTH_MIN <= len(token) <= _LENGTH_MAX or not token.isascii() or not token.isprintable():
        raise ControlSocketUnusable(
            f"{path} holds no token of {_LENGTH_MIN} letters and more: remove it, and one is made at the next start"
        )
    return token
