"""Rooms kept in an SQLite file: one row a room, the whole of it as JSON.

Rooms are only ever read all at once and written one by one, so columns of their own would be read by nobody; a row that
carries all of a room can not contradict itself. JSON, so that people can look at it.

How the file is opened, and why (https://sqlite.org/wal.html, https://sqlite.org/pragma.html):

- a write-ahead log: a commit appends to one file. With ``synchronous=NORMAL`` it does not wait for the disk: the kernel
  has it, so that the end of this process loses nothing. A power failure may lose the last commits, never part of one.
- exclusively: a second server is turned away, and no memory is shared with other processes, which network file systems
  do badly. The lock is the kernel's and ends with the process, however that ends.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hangd.store.base import KeptRoom, StoreBusy, StoreFailed

__all__ = ["SqlStore"]

_log = logging.getLogger(__name__)

_BUSY_SECONDS: Final = 1.0
"""How long to wait for whoever has the file: a server that is just ending, or a backup."""

_FILES: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite makes of a name. A log that stayed behind would be taken for the new file's."""

# Another layout is another table: two versions can share a file, and the newer one takes over what it understands.
_TABLE: Final = "CREATE TABLE IF NOT EXISTS rooms_1 (room_id TEXT PRIMARY KEY, room TEXT NOT NULL) WITHOUT ROWID"


class SqlStore:
    """Rooms in the file at ``path``. A damaged file is set aside, with a warning, and begun anew.

    Raises:
        StoreBusy: another process has the file open.
        StoreFailed: there can be no such file.
    """

    lasting = True

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._database = self._open()
            except _Damaged as damage:
                aside = self._set_aside()
                _log.error("the file of rooms was damaged (%s), and is now %s: it is begun anew", damage, aside)
                self._database = self._open()
        except _Damaged as damage:
            raise StoreFailed(f"{path} is damaged: {damage}") from damage
        except sqlite3.Error as error:
            if _primary(error) == sqlite3.SQLITE_BUSY:
                raise StoreBusy(f"another server keeps its rooms in {path}") from error
            raise StoreFailed(f"{path}: {error}") from error
        except OSError as error:
            raise StoreFailed(f"{error.filename or path}: {error.strerror or error}") from error

    def load(self) -> list[KeptRoom]:
        rooms, strange = [], 0
        try:
            rows = self._database.execute("SELECT room FROM rooms_1 ORDER BY room_id").fetchall()
        except sqlite3.Error as error:
            raise StoreFailed(f"{self._path}: {error}") from error
        for (room,) in rows:
            try:
                rooms.append(msgspec.json.decode(room, type=KeptRoom))
            except (msgspec.DecodeError, TypeError):
                strange += 1
        if strange:
            _log.warning("%d of the rooms in %s can not be understood, and stay there", strange, self._path)
        return rooms

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        try:
            with _transaction(self._database):
                self._database.executemany(
                    "INSERT OR REPLACE INTO rooms_1 VALUES (?, ?)",
                    [(kept.room.room_id, msgspec.json.encode(kept).decode()) for kept in rooms],
                )
                self._database.executemany("DELETE FROM rooms_1 WHERE room_id = ?", [(room_id,) for room_id in gone])
        except sqlite3.Error as error:
            raise StoreFailed(f"{self._path}: {error}") from error

    def close(self) -> None:
        # This writes the log into the file and takes it away; where it can not, the next one to open does.
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    # ---- opening --------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        # Made by us rather than by SQLite: the hashes of passwords are nobody else's to read.
        # One that is there already is not touched: closing it here would end the locks that this process has on it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            with _transaction(database):
                database.execute(_TABLE)
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise _Damaged(verdict)
        except BaseException as error:
            database.close()
            if isinstance(error, sqlite3.Error) and _primary(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise _Damaged(str(error)) from error
            raise
        return database

    def _set_aside(self) -> Path:
        """Give the file another name, which is returned."""
        stamp = time.strftime("%Y%m%dT%H%M%S")
        aside, number = self._path.with_name(f"{self._path.name}.damaged-{stamp}"), 1
        while aside.exists():
            number += 1
            aside = self._path.with_name(f"{self._path.name}.damaged-{stamp}-{number}")
        for suffix in _FILES:
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self._path}{suffix}", f"{aside}{suffix}")
        return aside


class _Damaged(Exception):
    """The file is none of SQLite's, or not whole."""


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _primary(error: sqlite3.Error) -> int:
    """Return SQLite's result code without what it adds to tell kinds of it apart."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
