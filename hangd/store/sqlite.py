"""The engine SQLite: one file, or memory.

How the file is opened, and why (https://sqlite.org/wal.html, https://sqlite.org/pragma.html):

- With a write-ahead log: a commit appends to one file. With ``synchronous=NORMAL`` it does not wait for the disk; the
  kernel has the data, so nothing is lost if this process is killed. A power failure may lose the last commits, but
  never a part of one.
- Not exclusively: hangd's commands and a backup use it beside a server. That there is one server is what `FileLock` is
  for. The processes share memory (``-shm``), so the file must be on a local disk.
"""

import contextlib
import logging
import os
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from hangd.store.base import StoreBusy, StoreFailed
from hangd.store.database import Row, Run, Value
from hangd.store.rows import text_of

_log = logging.getLogger(__name__)

_BUSY_SECONDS: Final = 5.0
"""How long to wait for a transaction of another process: a command, or a server that is just ending."""


class Damaged(StoreFailed):
    """The file is not one of SQLite's, or it is corrupt."""


class SqliteDatabase:
    """The database in the file at ``path``, which is made if it is missing. None: in memory.

    ``checked``: all of it is read first, to see whether it is damaged.

    Raises:
        Damaged: see there.
        StoreFailed: the file cannot be opened or made, or another process does not let go of it.
    """

    def __init__(self, path: Path | None, *, checked: bool = True) -> None:
        self.where = "memory" if path is None else str(path)
        self.lasting = path is not None
        self._lock = threading.RLock()
        self._until: float | None = None
        """When nothing is waited for any more, by the monotonic clock."""
        with self._failures():
            if path is not None:
                _make(path)
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with self._failures():
                self._connection.text_factory = text_of
                if path is not None:
                    self._connection.execute("PRAGMA journal_mode = WAL")
                    self._connection.execute("PRAGMA synchronous = NORMAL")
                if checked:
                    (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            if checked and verdict != "ok":
                raise Damaged(f"{self.where}: {verdict}")
        except BaseException:
            self._connection.close()
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[Run]:
        with self._transaction("BEGIN") as run:
            yield run

    @contextlib.contextmanager
    def writing(self) -> Iterator[Run]:
        with self._transaction("BEGIN IMMEDIATE") as run:
            yield run

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        self._connection.executemany(_adapted(statement), rows)

    def has_table(self, name: str) -> bool:
        return bool(self._run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name))

    def problems(self) -> list[str]:
        with self.reading() as run:
            return [f"SQLite says: {verdict!s}" for (verdict,) in run("PRAGMA integrity_check") if verdict != "ok"]

    def hurry(self, seconds: float) -> None:
        self._until = time.monotonic() + min(seconds, _BUSY_SECONDS)

    def close(self) -> None:
        # This moves the log into the file and deletes it. If it cannot, the next process that opens the file does.
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[Run]:
        with self._lock, self._failures():
            if self._connection.in_transaction:
                yield self._run
                return
            if self._until is not None:
                left = max(0.0, self._until - time.monotonic())
                self._connection.execute(f"PRAGMA busy_timeout = {left * 1000:.0f}")
            with self._connection:  # commits or rolls back, but does not begin
                self._connection.execute(begin)
                yield self._run

    def _run(self, statement: str, *parameters: Value) -> list[Row]:
        return self._connection.execute(_adapted(statement), parameters).fetchall()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            primary = getattr(error, "sqlite_errorcode", 0) & 0xFF  # https://sqlite.org/rescode.html
            if primary == sqlite3.SQLITE_BUSY:
                raise StoreBusy(f"another program holds {self.where}") from error
            kind = Damaged if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT) else StoreFailed
            raise kind(f"{self.where}: {error}") from error
        except UnicodeDecodeError as error:
            # SQLite quotes the names of a damaged schema where it says what is wrong, and Python cannot decode them.
            raise Damaged(f"{self.where}: malformed database schema") from error
        except OSError as error:
            raise StoreFailed(f"{error.filename or self.where}: {error.strerror or error}") from error


class FileLock:
    """The right to be the only server of the file at ``path``. It ends with the process.

    Raises:
        StoreBusy: another server has it.
        StoreFailed: the lock's file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        lock = path.with_name(f"{path.name}.lock")
        try:
            _make_folder(path)
            # A link could lead to a file of somebody else, whose lock would then be taken.
            self._file = _create(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
        except OSError as error:
            raise StoreFailed(f"{error.filename or lock}: {error.strerror or error}") from error
        try:
            _lock(self._file)
        except OSError as error:
            os.close(self._file)
            raise StoreBusy(f"another server keeps its rooms in {path}") from error

    def close(self) -> None:
        """Give it back. The file stays: to delete it would let two servers lock two files of the same name."""
        os.close(self._file)


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows, where hangd's server is not at home: nothing keeps a second one out.
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _make_folder(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _make(path: Path) -> None:
    """Make the file, readable by the owner only: it contains the hashes of passwords.

    A file that exists is not opened here: closing it would release the locks that this process has on it.
    """
    _make_folder(path)
    try:
        os.close(_create(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        if os.stat(path).st_mode & stat.S_IRWXO and hasattr(os, "geteuid"):
            _log.warning(
                "every user of this machine can read or change %s, which holds hashes of passwords and the keys of "
                "tokens: `chmod o-rwx %s`",
                path,
                path,
            )


def _create(path: Path, flags: int) -> int:
    """Open a file. What root makes belongs to the owner of the folder, who may be a service that comes later."""
    file = os.open(path, flags | os.O_CLOEXEC, 0o600)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = os.stat(path.parent)
        status = os.fstat(file)
        # A file of several names may be one of root's, to which that owner has made a link here.
        is_new = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        if status.st_uid == 0 and owner.st_uid != 0 and is_new:
            os.fchown(file, owner.st_uid, owner.st_gid)
    return file


@cache
def _adapted(statement: str) -> str:
    statement = statement.replace("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT")
    # A transaction that writes has the whole file for itself.
    statement = statement.replace("{locked}", "")
    return re.sub(r"\{is:(\w+)\}", r"CAST(\1 AS BLOB) = CAST(? AS BLOB)", statement)
