"""The whole-file hashes that are known already, kept from one run to the next.

An entry holds for a file of the same path, size, modification time and inode. It is only a cache: whatever is wrong
with it costs hashing a film once more, and nothing else. So a damaged one is thrown away, and where none can be kept (a
read-only home, a full disk) the log says so once. SQLite does what is hard here: two processes at once, torn writes.

Every method blocks for a few milliseconds, on a busy disk for longer: call them on a thread.
"""

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from hangd.protocol.model import FileHash

__all__ = ["FileVersion", "HashCache"]

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_ENTRIES_MAX: Final = 1000
"""Films. An entry takes some 200 bytes: 200 KiB in all."""

_BUSY_SECONDS: Final = 2.0
"""How long to wait for another process that writes, which takes it milliseconds; one that was stopped meanwhile."""

# Another layout is another table: nobody has to convert anything, and two versions can share a file.
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS hashes_1 (
    path BLOB PRIMARY KEY,      -- bytes: the names of files need not be text
    version TEXT NOT NULL,      -- text: inodes reach beyond the 63 bits of SQLite's integers
    hash TEXT NOT NULL,
    used INTEGER NOT NULL       -- a count, not a time: clocks are set back
) WITHOUT ROWID
"""
_NEXT_USE: Final = "(SELECT coalesce(max(used), 0) + 1 FROM hashes_1)"


class FileVersion(msgspec.Struct, frozen=True):
    """What a file's content is known by, until somebody changes it."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "FileVersion":
        return cls(size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)

    def __str__(self) -> str:
        return f"{self.size} {self.mtime_ns} {self.inode}"


class HashCache:
    """Hashes by path and version of the file. Of more than ``entries_max``, those go that were not used for longest."""

    def __init__(self, path: Path, entries_max: int = _ENTRIES_MAX) -> None:
        self._path = path
        self._entries_max = entries_max
        self._complained = threading.Event()

    def recall(self, path: str, version: FileVersion) -> str | None:
        """Return the hash of this version of the file, if it is known."""

        def look(database: sqlite3.Connection) -> str | None:
            key = (os.fsencode(path), str(version))
            row = database.execute("SELECT hash FROM hashes_1 WHERE path = ? AND version = ?", key).fetchone()
            return None if row is None else msgspec.convert(row[0], FileHash)

        def use(database: sqlite3.Connection) -> None:
            database.execute(f"UPDATE hashes_1 SET used = {_NEXT_USE} WHERE path = ?", (os.fsencode(path),))

        if (known := self._do(look)) is not None:
            self._do(use)
        return known

    def remember(self, path: str, version: FileVersion, file_hash: str) -> None:
        """Keep the hash of this version of the file, instead of any other version's."""

        def keep(database: sqlite3.Connection) -> None:
            database.execute(
                f"INSERT OR REPLACE INTO hashes_1 VALUES (?, ?, ?, {_NEXT_USE})",
                (os.fsencode(path), str(version), file_hash),
            )
            database.execute(
                "DELETE FROM hashes_1 WHERE path NOT IN (SELECT path FROM hashes_1 ORDER BY used DESC LIMIT ?)",
                (self._entries_max,),
            )

        self._do(keep)

    def _do(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do this in a transaction, if need be with a new file in place of a damaged one; None where that fails."""
        try:
            try:
                return self._attempt(action)
            except sqlite3.OperationalError:  # of the kind that a new file does not help: locked, read-only, disk full
                raise
            except (sqlite3.DatabaseError, msgspec.ValidationError) as error:
                _log.warning("the cache of file hashes was damaged (%s) and is begun anew: %s", error, self._path)
                for suffix in ("", "-journal"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                return self._attempt(action)
        except (sqlite3.Error, msgspec.ValidationError, OSError) as error:
            if not self._complained.is_set():
                self._complained.set()
                _log.warning("hashes of files can not be kept for another time: %s: %s", error, self._path)
            return None

    def _attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        # A connection each time: a millisecond, and no thought about threads, or about a file that was replaced.
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as database, database:
            database.execute(_TABLE)
            return action(database)
