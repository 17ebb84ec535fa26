"""A table in an SQLite file that may be lost: used for hashes (`media.hash_cache`) and timings (`learned_store`).

Losing it costs only finding things out again. So a damaged file is deleted and begun anew, and where no file can be
written (a read-only home, a full disk) the log says so once and the daemon goes on. Concurrent processes and torn
writes are handled by SQLite.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_BUSY_SECONDS: Final = 10.0
"""How long to wait for another process that is writing. A write takes milliseconds, unless that process is stopped."""


class Cache:
    """One table of a file that others may share. ``table`` is its CREATE TABLE IF NOT EXISTS statement.

    A new layout needs a new table name. Then nothing has to be converted, and two versions of hangd can share a file.
    """

    def __init__(self, path: Path, table: str) -> None:
        self._path = path
        self._table = table
        self._has_complained = False

    def run(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Run ``action`` in a transaction, with a new file if this one is damaged. Blocks. Returns None if it fails."""
        try:
            try:
                return self._attempt(action)
            except sqlite3.OperationalError:  # locked, read-only, disk full: a new file would not help
                raise
            except (sqlite3.DatabaseError, msgspec.ValidationError) as error:
                _log.warning("the cache was damaged (%s) and is begun anew: %s", error, self._path)
                for suffix in ("", "-journal"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                return self._attempt(action)
        except (sqlite3.Error, msgspec.ValidationError, OSError) as error:
            if not self._has_complained:
                self._has_complained = True
                _log.warning("the cache cannot be used: %s: %s", error, self._path)
            return None

    def _attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        # A connection for each call costs a millisecond, and saves caring about threads and about replaced files.
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as database, database:
            database.execute(self._table)
            return action(database)
