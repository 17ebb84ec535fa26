"""Rooms kept in an SQLite file: one row for each room, with all of it as JSON.

All rooms are read at once and each is written as a whole, so nothing would read separate columns, and a row cannot
contradict itself. It is JSON so that people can read it.

How the file is opened, and why (https://sqlite.org/wal.html, https://sqlite.org/pragma.html):

- With a write-ahead log: a commit appends to one file. With ``synchronous=NORMAL`` it does not wait for the disk; the
  kernel has the data, so nothing is lost if this process is killed. A power failure may lose the last commits, but
  never a part of one.
- Exclusively: a second server is refused, and no memory is shared with other processes, which network file systems do
  not support well. The lock is the kernel's and ends with the process.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from hangd.store.base import KeptRoom, StoreBusy, StoreFailed

_log = logging.getLogger(__name__)

_BUSY_SECONDS: Final = 1.0
"""How long to wait for another process that uses the file: a server that is just ending, or a backup."""

_FILES: Final = ("", "-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite makes. A log that stays behind would be used for the new file."""

# Another layout will be another table, so that two versions can use the same file.
_TABLE: Final = "CREATE TABLE IF NOT EXISTS rooms_1 (room_id TEXT PRIMARY KEY, room TEXT NOT NULL) WITHOUT ROWID"


class SqlStore:
    """Rooms in the file at ``path``. A damaged file is renamed, logged, and replaced by an empty one.

    Raises:
        StoreBusy: another process has the file open.
        StoreFailed: the file cannot be opened or made.
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
            _log.warning("%d of the rooms in %s cannot be understood, and stay there", strange, self._path)
        return rooms

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        try:
            with self._database:  # commits or rolls back, but does not begin
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany(
                    "INSERT OR REPLACE INTO rooms_1 VALUES (?, ?)",
                    [(kept.room.room_id, msgspec.json.encode(kept).decode()) for kept in rooms],
                )
                self._database.executemany("DELETE FROM rooms_1 WHERE room_id = ?", [(room_id,) for room_id in gone])
        except sqlite3.Error as error:
            raise StoreFailed(f"{self._path}: {error}") from error

    def close(self) -> None:
        # This moves the log into the file and deletes it. If it cannot, the next process that opens the file does.
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    def _open(self) -> sqlite3.Connection:
        # SQLite would make the file readable for others, and it contains the hashes of passwords. A file that exists is
        # not opened here: closing it would release the locks that this process has on it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                database.execute("BEGIN IMMEDIATE")
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
        """Rename the file. Returns its new name."""
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
    """The file is not one of SQLite's, or it is corrupt."""


def _primary(error: sqlite3.Error) -> int:
    """Return the primary result code of an extended one (https://sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
