"""The control socket's path: take it, listen there, and give it back.

The control server takes it at its start and gives it back at its end. A lock file beside the socket is held as long as
the daemon lives; the process that holds the lock owns the path. So a live socket is never taken over, and a stale one
(its daemon was killed) is replaced. The lock file stays: if it were removed, two daemons could each hold a lock, on
different files of the same name.
"""

import contextlib
import os
import socket
import stat
import struct
from pathlib import Path


class ControlSocketUnusable(Exception):
    """It is not possible to listen there. ``str()`` of it is a sentence for a user."""

    @classmethod
    def at(cls, address: object, error: OSError | ValueError) -> "ControlSocketUnusable":
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        return cls(f"cannot listen at {address}: {reason}")


class ControlSocketBusy(ControlSocketUnusable):
    """Another process has it. ``pid`` is that process, where it is known."""

    def __init__(self, path: Path, pid: int | None) -> None:
        by = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is in use by {by}")
        self.pid = pid


class SocketPath:
    """A Unix socket's path and its lock file, for one daemon: `lock`, `bind`, later `unlink` and `unlock`.

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
        """Own the path from now on; make its folder. Raises ControlSocketBusy where another process owns it."""
        import fcntl

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).strip()
            os.close(lock)
            raise ControlSocketBusy(self.path, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock

    def bind(self) -> socket.socket:
        """Return a socket that is bound to the path, after removing one that a dead daemon has left behind.

        Raises ControlSocketUnusable where another file is there, or a socket that is in use.
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
            raise ControlSocketUnusable(f"{self.path} is there already, and is not a socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            # Not a hangd that holds the lock, but it may be another program's socket, or the service manager's.
            probe.setblocking(False)
            try:
                probe.connect(str(self.path))
            except BlockingIOError:
                raise ControlSocketBusy(self.path, None) from None
            except ConnectionRefusedError:
                os.unlink(self.path)
                return
            raise ControlSocketBusy(self.path, peer(probe)[0])


def peer(connected: socket.socket) -> tuple[int | None, int | None]:
    """Return the process id and user id at the other end of a Unix socket; None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None, None
    pid, user, _group = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, user
