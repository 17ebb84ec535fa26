"""A table in an SQLite file that may be lost: hashes (`media.hash_cache`), timings (`learned_store`), chosen tracks.

Losing it costs only finding things out again. So a damaged file is deleted and begun anew, and where no file can be
written (a read-only home, a full disk) the log says so once and the daemon goes on. Concurrent processes and torn
writes are handled by SQLite. A *precious* file (`history`) is for its owner's eyes only, and set aside if damaged.
"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from hangd.tasks import in_thread

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_BUSY_SECONDS: Final = 10.0
"""How long to wait for another process that is writing. A write takes milliseconds, unless that process is stopped."""
_DEADLINE_SECONDS: Final = 30.0
"""For reading or writing on a thread: longer than another process that writes is waited for."""


class Cache:
    """One table of a file that others may share. ``table`` is its CREATE TABLE IF NOT EXISTS statement.

    A new layout needs a new table name. Then nothing has to be converted, and two versions of hangd can share a file.
    """

    def __init__(self, path: Path, table: str, *, precious: bool = False) -> None:
        self._path = path
        self._table = table
        self._precious = precious
        self._has_complained = False

    def run(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Run ``action`` in a transaction, with a new file if this one is damaged. Blocks. Returns None if it fails."""
        try:
            try:
                return self._attempt(action)
            except sqlite3.OperationalError:  # locked, read-only, disk full: a new file would not help
                raise
            except (sqlite3.DatabaseError, msgspec.ValidationError) as error:
                _log.warning("the %s was damaged (%s) and is begun anew: %s", self._word, error, self._path)
                for suffix in ("", "-journal"):
                    self._remove(Path(f"{self._path}{suffix}"))
                return self._attempt(action)
        except (sqlite3.Error, msgspec.ValidationError, OSError) as error:
            if not self._has_complained:
                self._has_complained = True
                _log.warning("the %s cannot be used: %s: %s", self._word, error, self._path)
            return None

    async def run_in_thread(self, action: Callable[[sqlite3.Connection], _T], doing: str) -> _T | None:
        """`run` on a thread. A disk that does not answer is a failure, too. ``doing``: as for `in_thread`."""
        try:
            return await in_thread(self.run, action, deadline=_DEADLINE_SECONDS, doing=doing)
        except TimeoutError as error:
            _log.warning("%s", error)
            return None

    @property
    def _word(self) -> str:
        return "file" if self._precious else "cache"

    def _remove(self, path: Path) -> None:
        if self._precious:
            with contextlib.suppress(FileNotFoundError):
                path.rename(f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
        else:
            path.unlink(missing_ok=True)

    def _attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        # A connection for each call costs a millisecond, and saves caring about threads and about replaced files.
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._precious:
            # SQLite would let others read it, and gives its journal this mode.
            with contextlib.suppress(FileExistsError):
                self._path.touch(0o600, exist_ok=False)
        with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as database, database:
            database.execute(self._table)
            return action(database)
