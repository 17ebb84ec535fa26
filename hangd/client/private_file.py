"""Files that only their owner may read: written beside and put in their place, so that they are whole at any time.

The functions use the disk: call them on a thread.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SIZE_MAX: Final = 1 << 20


def write_private(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of this file. Raises OSError."""
    with _written_beside(path, content) as name:
        os.replace(name, path)


def make_private(path: Path, content: bytes) -> None:
    """Make this file, unless it is there: of two processes that make it, both find it whole, and the same one.

    Raises OSError.
    """
    with _written_beside(path, content) as name, contextlib.suppress(FileExistsError):
        os.link(name, path)


@contextlib.contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[str]:
    """Write a temporary file in the same folder, and remove it afterwards, if it is still there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp's files are 0600 from the beginning.
    file, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with open(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        yield name
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def open_private(path: Path) -> tuple[bytes, bool]:
    """Return what is in this file, and whether others could read it.

    Raises OSError: also where it is a symbolic link, no file, another user's, or longer than 1 MiB.
    """
    # O_NONBLOCK: to open a FIFO of that name would wait for a writer.
    flags = os.O_RDONLY
    for name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"):
        flags |= getattr(os, name, 0)
    if path.is_symlink():
        raise OSError(0, "it is a symbolic link")  # also where there is no O_NOFOLLOW; and its own error says less
    with open(os.open(path, flags), "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is no file")
        # Where users are not numbers (Windows), modes say nothing either; the folder is the user's own.
        has_users = hasattr(os, "geteuid")
        if has_users and status.st_uid != os.geteuid():
            raise OSError(0, f"it belongs to user {status.st_uid}")
        content = opened.read(_SIZE_MAX + 1)
    if len(content) > _SIZE_MAX:
        raise OSError(0, f"it is longer than {_SIZE_MAX} bytes")
    return content, has_users and bool(status.st_mode & 0o077)
