"""HistoryFile: the records of one person's films, in an SQLite file that all daemons of this user share.

Only its owner may read it. The newest ten thousand are kept: years of films. What is removed is overwritten.
"""

import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import msgspec

from hangd.client.cache import Cache
from hangd.client.history.record import Record

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS watched_1 (
    id TEXT PRIMARY KEY,
    started_at REAL NOT NULL,   -- Unix time, in seconds
    record TEXT NOT NULL        -- Record as JSON
) WITHOUT ROWID
"""
_RECORDS_MAX: Final = 10_000
_DOING: Final = "using the history"


class HistoryFile:
    """Each method returns None where the file cannot be used, which the log then says once."""

    def __init__(self, path: Path) -> None:
        self._cache = Cache(path, _TABLE, precious=True)

    async def put(self, records: Sequence[Record], stored: Collection[str]) -> frozenset[str] | None:
        """Write these records. Returns the ids of those that are in the file now.

        ``stored``: ids of those that were in it before. Such a record that is gone was removed on purpose, perhaps by
        another daemon, and is not put back.
        """

        def write(database: sqlite3.Connection) -> frozenset[str]:
            written, has_grown = set(), False
            for one in records:
                row = (one.started_at, msgspec.json.encode(one).decode(), one.id)
                done = database.execute("UPDATE watched_1 SET started_at = ?, record = ? WHERE id = ?", row)
                if done.rowcount == 0 and one.id not in stored:
                    done = database.execute("INSERT INTO watched_1 (started_at, record, id) VALUES (?, ?, ?)", row)
                    has_grown = True
                if done.rowcount:
                    written.add(one.id)
            if has_grown:  # Not each time that a film which plays is written: it takes reading the whole table.
                _erase(database)
                database.execute(
                    "DELETE FROM watched_1 WHERE id IN"
                    " (SELECT id FROM watched_1 ORDER BY started_at DESC LIMIT -1 OFFSET ?)",
                    (_RECORDS_MAX,),
                )
            return frozenset(written)

        return await self._cache.run_in_thread(write, _DOING)

    async def read(self, since: float, limit: int) -> list[Record] | None:
        """Return the newest records of what began since then, newest first."""

        def select(database: sqlite3.Connection) -> list[Record]:
            rows = database.execute(
                "SELECT record FROM watched_1 WHERE started_at >= ? ORDER BY started_at DESC LIMIT ?", (since, limit)
            )
            return [msgspec.json.decode(record, type=Record) for (record,) in rows]

        return await self._cache.run_in_thread(select, _DOING)

    async def clear(self) -> int | None:
        """Remove all records. Returns their number."""

        def delete(database: sqlite3.Connection) -> int:
            _erase(database)
            return database.execute("DELETE FROM watched_1").rowcount

        return await self._cache.run_in_thread(delete, _DOING)


def _erase(database: sqlite3.Connection) -> None:
    """Let what is deleted from now on be overwritten in the file."""
    database.execute("PRAGMA secure_delete = ON")
