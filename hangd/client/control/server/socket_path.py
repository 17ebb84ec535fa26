"""The control socket's path: whose it is, and how it is taken, kept and given back.

A lock file beside the socket is held for life; who holds the lock owns the path. So a live socket is never taken over,
and a stale one (its daemon was killed) is replaced. The lock file itself stays: removing it would let two daemons hold
a lock each, on different files of the same name.

What can go wrong::

    Exception
     +-- ControlSocketUnusable      clients can not be listened for there, and why
          +-- ControlSocketBusy     somebody else has the path
"""

import logging
import os
import socket
import stat
import struct
from pathlib import Path

__all__ = ["Claim", "ControlSocketBusy", "ControlSocketUnusable", "peer", "unix_sockets"]

_log = logging.getLogger(__name__)


class ControlSocketUnusable(Exception):
    """Control clients can not be listened for there. ``str()`` of it is fit for a user."""

    @classmethod
    def at(cls, place: object, error: OSError | ValueError) -> "ControlSocketUnusable":
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        return cls(f"can not listen at {place}: {reason}")


class ControlSocketBusy(ControlSocketUnusable):
    """Somebody else has it. ``pid`` is theirs, as far as it can be told."""

    def __init__(self, path: Path, pid: int | None) -> None:
        by = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is in use by {by}")
        self.pid = pid


def unix_sockets() -> bool:
    """Say whether this system has sockets that are files, and locks on files to guard them with."""
    try:
        import fcntl  # noqa: F401 - asked for, not used
    except ImportError:
        return False
    return hasattr(socket, "AF_UNIX")


class Claim:
    """One daemon's hold on ``path``, from ``lock`` to ``release``. Errors are OSError where not said otherwise."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        self._own: tuple[int, int] | None = None

    def lock(self) -> None:
        """Own the path from now on, and have its folder. Raises ControlSocketBusy where another process does."""
        import fcntl

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).strip()
            os.close(lock)
            raise ControlSocketBusy(self._path, int(holder) if holder.isdigit() else None) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock

    def bind(self) -> socket.socket:
        """Return a socket of ours at the path, which a dead daemon may have left behind.

        Raises ControlSocketUnusable where something else is there, alive or precious.
        """
        self._remove_stale()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Before bind, so that there is no moment at which it is anybody's. (Not every system lets us.)
            try:
                os.fchmod(listening.fileno(), 0o600)
            except OSError:
                _log.debug("the control socket can not be made private before it is bound")
            listening.bind(str(self._path))
            os.chmod(self._path, 0o600)
        except BaseException:
            listening.close()
            raise
        status = os.stat(self._path)
        self._own = (status.st_dev, status.st_ino)
        return listening

    def remove(self) -> None:
        """Remove the socket, if it is still the one that ``bind`` made. Never raises."""
        own, self._own = self._own, None
        try:
            status = os.stat(self._path)
            if own == (status.st_dev, status.st_ino):
                os.unlink(self._path)
        except OSError:
            pass

    def release(self) -> None:
        """Let others have the path."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _remove_stale(self) -> None:
        try:
            mode = os.lstat(self._path).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise ControlSocketUnusable(f"{self._path} is there already, and is not a socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            # It has the lock's path but not the lock: another program's, or the service manager's. Is it alive?
            probe.setblocking(False)
            try:
                probe.connect(str(self._path))
            except BlockingIOError:
                raise ControlSocketBusy(self._path, None) from None
            except ConnectionRefusedError:
                os.unlink(self._path)
                return
            raise ControlSocketBusy(self._path, peer(probe)[0])


def peer(connected: socket.socket) -> tuple[int | None, int | None]:
    """Return the process and user at the other end of a Unix socket, where the system tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None, None
    pid, user, _ = struct.unpack(
        "3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return pid, user
