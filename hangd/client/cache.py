"""A cache in one SQLite file: what it takes to keep something from one run to the next, and to survive its loss.

It is only a cache: whatever is wrong with it costs finding something out once more, and nothing else. So a damaged one
is thrown away, and where none can be kept (a read-only home, a full disk) the log says so once. SQLite does what is
hard here: two processes at once, torn writes.
"""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

__all__ = ["Cache"]

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_BUSY_SECONDS: Final = 10.0
"""How long to wait for another process that writes, which takes it milliseconds; one that was stopped meanwhile."""


class Cache:
    """One table of a file that others may share. ``table``: the statement that creates it where there is none.

    Another layout is another table: nobody has to convert anything, and two versions can share a file.
    """

    def __init__(self, path: Path, table: str) -> None:
        self._path = path
        self._table = table
        self._complained = threading.Event()

    def do(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do this in a transaction, if need be with a new file in place of a damaged one; None where that fails."""
        try:
            try:
                return self._attempt(action)
            except sqlite3.OperationalError:  # of the kind that a new file does not help: locked, read-only, disk full
                raise
            except (sqlite3.DatabaseError, msgspec.ValidationError) as error:
                _log.warning("the cache was damaged (%s) and is begun anew: %s", error, self._path)
                for suffix in ("", "-journal"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                return self._attempt(action)
        except (sqlite3.Error, msgspec.ValidationError, OSError) as error:
            if not self._complained.is_set():
                self._complained.set()
                _log.warning("nothing can be kept for another time: %s: %s", error, self._path)
            return None

    def _attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        # A connection each time: a millisecond, and no thought about threads, or about a file that was replaced.
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as database, database:
            database.execute(self._table)
            return action(database)
