"""The path of a Unix socket that a process listens at: take it, listen there, and give it back.

The daemon does so for control clients, and the room server for its administrator. A lock file beside the socket is
held as long as the process lives; the process that holds the lock owns the path. So a live socket is never taken over,
and a stale one (its process was killed) is replaced. The lock file stays: if it were removed, two processes could each
hold a lock, on different files of the same name.

Whoever may write to the folder of a socket can put another in its place, or a link in that of the lock file, so a
folder is refused that another user may write to; one like /tmp will do, where nobody removes the files of others. A
lock file is only taken if it is one: what another program wrote stays as it is.
"""

import contextlib
import errno
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Final

_PID_MAX: Final = 32
"""Bytes of a lock file: enough for the number of any process."""


class SocketUnusable(Exception):
    """It is not possible to listen there. ``str()`` of it is a sentence for a user."""

    @classmethod
    def at(cls, address: object, error: OSError | ValueError) -> "SocketUnusable":
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        return cls(f"cannot listen at {address}: {reason}")


class SocketBusy(SocketUnusable):
    """Another process has it. ``pid`` is that process, where it is known."""

    def __init__(self, path: Path, pid: int | None) -> None:
        by = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is in use by {by}")
        self.pid = pid


class SocketPath:
    """A Unix socket's path and its lock file, for one process: `lock`, `bind`, later `unlink` and `unlock`.

    Errors are OSError where nothing else is said.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None
        self._bound: tuple[int, int] | None = None
        """Device and inode of the socket that `bind` made."""

    @staticmethod
    def supported() -> bool:
        """Say whether this system has Unix sockets, and locks on files to guard their paths with."""
        try:
            import fcntl  # noqa: F401 - asked for, not used
        except ImportError:
            return False
        return hasattr(socket, "AF_UNIX")

    def lock(self) -> None:
        """Own the path from now on; make its folder.

        Raises SocketBusy where another process owns it, and SocketUnusable where another user could take it away.
        """
        import fcntl

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_folder(self.path)
        lock = _open_lock(f"{self.path}.lock")
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(lock, _PID_MAX, 0).strip()
                raise SocketBusy(self.path, int(holder) if holder.isdigit() else None) from None
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def bind(self) -> socket.socket:
        """Return a socket that is bound to the path, after removing one that a dead process has left behind.

        Raises SocketUnusable where another file is there, or a socket that is in use.
        """
        self._remove_stale()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Before bind, so that no other user can connect in between. Not every system allows that.
            with contextlib.suppress(OSError):
                os.fchmod(listening.fileno(), 0o600)
            listening.bind(str(self.path))
            os.chmod(self.path, 0o600)
        except BaseException:
            listening.close()
            raise
        status = os.stat(self.path)
        self._bound = (status.st_dev, status.st_ino)
        return listening

    def unlink(self) -> None:
        """Remove the socket, if it is still the one that `bind` made. Never raises."""
        bound, self._bound = self._bound, None
        with contextlib.suppress(OSError):
            status = os.stat(self.path)
            if bound == (status.st_dev, status.st_ino):
                os.unlink(self.path)

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _remove_stale(self) -> None:
        try:
            mode = os.lstat(self.path).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise SocketUnusable(f"{self.path} is there already, and is not a socket: remove it")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            # Not a hangd that holds the lock, but it may be another program's socket, or the service manager's.
            probe.setblocking(False)
            try:
                probe.connect(str(self.path))
            except BlockingIOError:
                raise SocketBusy(self.path, None) from None
            except ConnectionRefusedError:
                os.unlink(self.path)
                return
            raise SocketBusy(self.path, peer(probe)[0])


def _check_folder(path: Path) -> None:
    """Check that no other user may put something else in the place of ``path``. Raises SocketUnusable and OSError."""
    status = os.stat(path.parent)
    user, group = os.geteuid(), os.getegid()
    owner = status.st_uid if status.st_uid not in (0, user) else None
    # A group of one user, as many systems make it, has the user's number. Where others may write too, /tmp has the
    # sticky bit.
    of_others = stat.S_IWOTH if status.st_gid == group == user else stat.S_IWOTH | stat.S_IWGRP
    if owner is None and (status.st_mode & of_others == 0 or status.st_mode & stat.S_ISVTX):
        return
    who = "other users" if owner is None else f"user {owner}"
    raise SocketUnusable(
        f"cannot listen at {path}: {who} may write to {path.parent}, and could take the socket away: use a folder that "
        "only you may write to"
    )


def _open_lock(path: str) -> int:
    """Open a lock file, or make it. Raises OSError, and SocketUnusable where something else is there.

    It holds nothing, or the number of a process. A symbolic link is not followed.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # to open a FIFO would wait
    try:
        lock = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise
        raise SocketUnusable(f"{path} is there already, and is no lock file: remove it") from error
    status = os.fstat(lock)
    is_number = os.pread(lock, _PID_MAX + 1, 0).strip().isdigit() if status.st_size else True
    if stat.S_ISREG(status.st_mode) and status.st_uid in (0, os.geteuid()) and status.st_size <= _PID_MAX and is_number:
        return lock
    os.close(lock)
    raise SocketUnusable(f"{path} is there already, and is no lock file of yours: remove it")


def peer(connected: socket.socket) -> tuple[int | None, int | None]:
    """Return the process id and user id at the other end of a Unix socket; None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None, None
    pid, user, _group = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, user
