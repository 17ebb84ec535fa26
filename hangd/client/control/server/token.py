"""The token that a control client shows over TCP, where every user of this machine can connect: a line in a file.

`TcpListener` reads it when it begins to listen. It is made at the first start and kept, so that scripts can rely on it.
To get another one, remove the file.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from hangd.client.private_file import make_private
from hangd.socket_path import SocketUnusable

_BYTES: Final = 32
"""Of randomness in a token that is made here: 43 characters."""
_LENGTH_MIN: Final = 32
"""Characters. The user may have written a token, but not one that can be guessed."""
_LENGTH_MAX: Final = 1024


def token_in(path: Path) -> str:
    """Return the token in this file; make one where there is no file.

    Raises SocketUnusable where it cannot be kept, or others can read it. The message says what to do.
    """
    try:
        if not os.path.lexists(path):
            make_private(path, f"{secrets.token_urlsafe(_BYTES)}\n".encode())
        return _read(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SocketUnusable(f"the token for control over TCP cannot be kept: {path}: {reason}") from error


def _read(path: Path) -> str:
    # O_NONBLOCK: to open a FIFO of that name would wait for a writer.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    with open(file, "rb") as opened:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise SocketUnusable(f"{path} is not a file: remove it, and a token is made at the next start")
        # Where users are not numbers (Windows), modes say nothing either; the folder is the user's own.
        if hasattr(os, "geteuid"):
            if status.st_uid != os.geteuid():
                raise SocketUnusable(
                    f"{path} belongs to user {status.st_uid}: remove it, and a token is made at the next start"
                )
            if status.st_mode & 0o077:
                raise SocketUnusable(
                    f"{path} is not private: remove it for a new token, or, where nobody has seen it, chmod 600 {path}"
                )
        content = opened.read(_LENGTH_MAX + 1)
    token = content.strip().decode("ascii", "replace")
    if not _LENGTH_MIN <= len(token) <= _LENGTH_MAX or not token.isascii() or not token.isprintable():
        raise SocketUnusable(
            f"{path} holds no token of {_LENGTH_MIN} letters and more: remove it, and one is made at the next start"
        )
    return token
