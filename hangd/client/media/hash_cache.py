"""A cache of whole-file hashes, kept from one run to the next. `MediaFiles` is its only caller.

An entry is valid for a file of the same path, size, modification time and inode.

Every method blocks for a few milliseconds, on a busy disk for longer: call them on a thread.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from hangd.client.cache import Cache
from hangd.protocol.model import FileHash

_ENTRIES_MAX: Final = 1000
"""Films. An entry takes some 200 bytes: 200 KiB in all."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS hashes_1 (
    path BLOB PRIMARY KEY,      -- bytes: file names need not be text
    version TEXT NOT NULL,      -- text: inodes can exceed the 63 bits of SQLite's integers
    hash TEXT NOT NULL,
    used INTEGER NOT NULL       -- a counter, not a time: clocks can be set back
) WITHOUT ROWID
"""
_NEXT_USE: Final = "(SELECT coalesce(max(used), 0) + 1 FROM hashes_1)"


class FileVersion(msgspec.Struct, frozen=True):
    """Identifies a file's content until it is changed."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> "FileVersion":
        return cls(size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)

    def __str__(self) -> str:
        return f"{self.size} {self.mtime_ns} {self.inode}"


class HashCache:
    """Hashes by path and file version. Beyond ``entries_max`` the least recently used ones are deleted."""

    def __init__(self, path: Path, entries_max: int = _ENTRIES_MAX) -> None:
        self._cache = Cache(path, _TABLE)
        self._entries_max = entries_max

    def recall(self, path: str, version: FileVersion) -> str | None:
        """Return the hash of this version of the file, or None, and mark the entry as used."""

        def look(database: sqlite3.Connection) -> str | None:
            key = (os.fsencode(path), str(version))
            row = database.execute("SELECT hash FROM hashes_1 WHERE path = ? AND version = ?", key).fetchone()
            return None if row is None else msgspec.convert(row[0], FileHash)

        def use(database: sqlite3.Connection) -> None:
            database.execute(f"UPDATE hashes_1 SET used = {_NEXT_USE} WHERE path = ?", (os.fsencode(path),))

        # Two transactions: a cache that cannot be written to can still be read.
        if (known := self._cache.run(look)) is not None:
            self._cache.run(use)
        return known

    def paths(self, file_hash: str) -> list[tuple[str, str]]:
        """Return the paths with this hash, newest use first, each with its file version (`str(FileVersion)`)."""

        def look(database: sqlite3.Connection) -> list[tuple[str, str]]:
            query = "SELECT path, version FROM hashes_1 WHERE hash = ? ORDER BY used DESC"
            rows = database.execute(query, (file_hash,)).fetchall()
            return [(os.fsdecode(path), version) for path, version in msgspec.convert(rows, list[tuple[bytes, str]])]

        return self._cache.run(look) or []

    def paths_of_size(self, size: int) -> list[str]:
        """Return the paths of files that had this size in bytes when they were hashed, newest use first."""

        def look(database: sqlite3.Connection) -> list[str]:
            query = "SELECT path FROM hashes_1 WHERE version LIKE ? ORDER BY used DESC"
            rows = database.execute(query, (f"{size} %",)).fetchall()
            return [os.fsdecode(path) for (path,) in msgspec.convert(rows, list[tuple[bytes]])]

        return self._cache.run(look) or []

    def remember(self, path: str, version: FileVersion, file_hash: str) -> None:
        """Store the hash of this version of the file, in place of any other version's."""

        def keep(database: sqlite3.Connection) -> None:
            database.execute(
                f"INSERT OR REPLACE INTO hashes_1 VALUES (?, ?, ?, {_NEXT_USE})",
                (os.fsencode(path), str(version), file_hash),
            )
            database.execute(
                "DELETE FROM hashes_1 WHERE path NOT IN (SELECT path FROM hashes_1 ORDER BY used DESC LIMIT ?)",
                (self._entries_max,),
            )

        self._cache.run(keep)
