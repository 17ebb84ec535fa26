"""Whether a file is still being written, as downloads and recordings are. `MediaFiles` asks before a room hears of it.

What a hash says of such a file is wrong a moment later: nobody else could bring the same one.
"""

import contextlib
import errno
import os
import signal
import time
from typing import Final

_RECENT_SECONDS: Final = 60.0
"""A file that was not changed for so long is not being written, though a program may have it open for that."""
_WATCH_SECONDS: Final = 1.0
"""Where nobody can say who has it open, a file that was changed lately is watched for so long."""


def is_growing(path: str, status: os.stat_result) -> bool:
    """Return whether the file, which has this status, is being written to. May block: call it on a thread.

    Raises OSError.
    """
    if abs(time.time() - status.st_mtime) > _RECENT_SECONDS:
        return False
    is_open = _is_open_for_writing(path)
    if is_open is not None:
        return is_open
    time.sleep(_WATCH_SECONDS)
    later = os.stat(path)
    return (later.st_size, later.st_mtime_ns) != (status.st_size, status.st_mtime_ns)


def _is_open_for_writing(path: str) -> bool | None:
    """Return whether a program has the file open for writing; None: that cannot be known.

    The kernel grants a read lease only on a file that nobody has open for writing. Network file systems grant none, and
    neither do others' files.
    """
    try:
        import fcntl  # Not every system has it.
    except ImportError:
        return None
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Whoever opens the file for writing while the lease is held, which is some microseconds, waits for its end, and
        # its holder gets a signal: one that is ignored, because the usual one would end the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    else:
        return False
    finally:
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.close(descriptor)
