"""CredentialsFile: the logins and the passwords of servers, in a file that all daemons of one user share.

A change is made under a lock: `held`, then `read` and `write`. So two daemons never use one refresh token for different
things, and no change of another daemon is lost. The lock is a file of its own, because the file with the content is
another one after each change. It is given back by the system when a process ends in whatever way.

To read without the lock is allowed: the file is whole at any time. What another version of hang has written into it,
and this one does not know, stays there. A file that cannot be understood is renamed when it would be overwritten.
"""

import asyncio
import errno
import logging
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from msgspec import Struct

from hangd.client.private_file import open_private, write_private
from hangd.protocol.model import AccountName, Duration, Password, RefreshToken, Token
from hangd.tasks import in_thread

_log = logging.getLogger(__name__)

_LOCK_SECONDS: Final = 20.0
"""How long to wait for another daemon, which waits for a server meanwhile."""
_POLL_SECONDS: Final = 0.05
_DISK_SECONDS: Final = 10.0
_UNSUPPORTED: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class Login(Struct, frozen=True):
    """The tokens of an account. They are good for whoever has them."""

    account: AccountName
    access: Token
    refresh: RefreshToken
    expires: float
    """Unix time, by this machine's clock, until which ``access`` is good."""
    life: Duration
    """Seconds for which it was good when it was new."""


class Credentials(Struct, frozen=True, omit_defaults=True):
    """What is kept for one server."""

    login: Login | None = None
    password: Password | None = None
    """The server's own, which it asks everybody for."""


class CredentialsUnusable(Exception):
    """The file, or its lock, cannot be used. ``str()`` is a sentence that names it."""


class _Lock:
    """A lock that is held. It is given back when `release` was called and nothing is being written any more.

    The thread that writes may go on after the task that started it was cancelled.
    """

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._users = 1

    def use(self) -> None:
        with self._guard:
            self._users += 1

    def release(self) -> None:
        with self._guard:
            self._users -= 1
            if self._users == 0 and self._file is not None:
                self._file.close()


class CredentialsFile:
    """See the module's docstring. ``path``: None keeps everything in memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._memory: dict[str, Any] = {}
        self._turn = asyncio.Lock()
        self._lock: _Lock | None = None
        self._complaints: set[str] = set()

    async def read(self, server: str) -> Credentials:
        """Return what is kept for this server. Raises CredentialsUnusable."""
        if self.path is None:
            return _known(self._memory, server)
        try:
            whole = await in_thread(_content, self.path, deadline=_DISK_SECONDS, doing=f"reading {self.path}")
        except OSError as error:
            raise CredentialsUnusable(f"{self.path} cannot be read: {error.strerror or error}") from error
        except ValueError:
            self._complain("%s holds nothing that can be understood: it counts as empty", self.path)
            return Credentials()
        return _known(whole["servers"], server)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the lock. Raises CredentialsUnusable where it cannot be had, or another daemon does not give it back."""
        async with self._turn:
            file = None
            if self.path is not None:
                try:
                    file = await in_thread(_locked, self.path, deadline=None, doing=f"locking {self.path}")
                except OSError as error:
                    raise CredentialsUnusable(f"{self.path} cannot be locked: {error.strerror or error}") from error
            self._lock = lock = _Lock(file)
            try:
                yield
            finally:
                self._lock = None
                lock.release()

    async def write(self, server: str, credentials: Credentials) -> None:
        """Keep this for the server, while the lock is `held`. Raises CredentialsUnusable; then nothing is changed."""
        assert self._lock is not None
        if self.path is None:
            _put(self._memory, server, credentials)
            return
        self._lock.use()  # until the thread is done, which may be after this task was cancelled
        try:
            doing = f"writing {self.path}"
            await in_thread(_change, self.path, server, credentials, self._lock, deadline=_DISK_SECONDS, doing=doing)
        except OSError as error:
            raise CredentialsUnusable(f"{self.path} cannot be written: {error.strerror or error}") from error

    def _complain(self, sentence: str, *values: object) -> None:
        if sentence not in self._complaints:
            self._complaints.add(sentence)
            _log.warning(sentence, *values)


def _known(content: dict[str, Any], server: str) -> Credentials:
    try:
        return msgspec.convert(content.get(server, {}), Credentials)
    except msgspec.ValidationError:
        return Credentials()  # another version's


def _put(content: dict[str, Any], server: str, credentials: Credentials) -> None:
    before = content.get(server)
    kept = {} if not isinstance(before, dict) else {k: v for k, v in before.items() if k not in ("login", "password")}
    kept |= msgspec.to_builtins(credentials)
    if kept:
        content[server] = kept
    else:
        content.pop(server, None)


def _content(path: Path) -> dict[str, Any]:
    """Return the content of the file, with ``servers`` by their URLs.

    Raises OSError, or ValueError where it cannot be understood.
    """
    try:
        content, is_seen = open_private(path)
    except FileNotFoundError:
        return {"servers": {}}
    if is_seen:
        path.chmod(0o600)
        _log.warning("%s could be read by others until now: log in anew if somebody may have done that", path)
    whole = msgspec.json.decode(content, type=dict[str, Any])
    if not isinstance(whole.setdefault("servers", {}), dict):
        raise ValueError
    return whole


def _change(path: Path, server: str, credentials: Credentials, lock: _Lock) -> None:
    """Runs on a thread, and holds the lock for as long as it does."""
    try:
        try:
            whole = _content(path)
        except ValueError:
            aside = path.with_name(f"{path.name}.{time.time():.0f}")
            path.rename(aside)
            _log.warning("%s held nothing that can be understood, and is kept as %s", path, aside.name)
            whole = {"servers": {}}
        _put(whole["servers"], server, credentials)
        write_private(path, msgspec.json.format(msgspec.json.encode(whole)))
    finally:
        lock.release()


def _locked(path: Path) -> IO[bytes] | None:
    """Return the lock as an open file, which gives it back when it is closed. None: this system has no such locks.

    Raises OSError, also where it was not to be had in `_LOCK_SECONDS`.
    """
    try:
        import fcntl
    except ImportError:
        return None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    file = open(os.open(path.with_name(f"{path.name}.lock"), flags, 0o600), "r+b", buffering=0)
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > until:
                file.close()
                raise OSError(0, "another hangd has held it for too long") from None
            time.sleep(_POLL_SECONDS)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                file.close()
                raise
            return file  # a file system without locks, where two daemons at one time are to be hoped against
