"""The secret that a control client shows where anybody on this machine can knock: a line in a file of the user's own.

Made at the first start and kept, so that a script need not be told anew each day. Another one: remove the file.
"""

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from hangd.client.control.server.socket_path import ControlSocketUnusable

__all__ = ["token_in"]

_BYTES: Final = 32
_SHORTEST: Final = 32
"""Characters. What is made here has 43; somebody may have written a shorter one, but none that can be guessed."""
_LONGEST: Final = 1024


def token_in(path: Path) -> str:
    """Return the token that this file holds; make one where there is no file.

    Raises ControlSocketUnusable where it can not be kept, or is not this user's alone: it says what to do.
    """
    try:
        if not os.path.lexists(path):
            _make(path)
        return _read(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ControlSocketUnusable(f"the token for control over TCP can not be kept: {path}: {reason}") from error


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whole or not at all, whoever else starts, or stops, at this moment. mkstemp's files are 0600 from the beginning.
    file, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with open(file, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(_BYTES) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _read(path: Path) -> str:
    # A pipe of that name must not keep us waiting.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    with open(file, "rb") as opened:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise ControlSocketUnusable(f"{path} is not a file: remove it, and a token is made at the next start")
        # Where users are not numbers, modes say nothing either: the folder is the user's own.
        if hasattr(os, "geteuid"):
            if status.st_uid != os.geteuid():
                raise ControlSocketUnusable(
                    f"{path} belongs to user {status.st_uid}: remove it, and a token is made at the next start"
                )
            if status.st_mode & 0o077:
                raise ControlSocketUnusable(
                    f"{path} is not private: remove it for a new token, or, where nobody has seen it, chmod 600 {path}"
                )
        content = opened.read(_LONGEST + 1)
    token = content.strip().decode("ascii", "replace")
    if not _SHORTEST <= len(token) <= _LONGEST or not token.isascii() or not token.isprintable():
        raise ControlSocketUnusable(
            f"{path} holds no token of {_SHORTEST} letters and more: remove it, and one is made at the next start"
        )
    return token
