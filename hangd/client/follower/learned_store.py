"""Keeps the timings that were learned from films (`hangd.engine.follower.learned`) from one run to the next.

They are kept by container, the file name's suffix: the duration of a seek and the error of a start depend on the
container, its demuxer and the machine far more than on the film.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from hangd.client.cache import Cache
from hangd.engine.follower.learned import LearnedTimings
from hangd.tasks import Tasks

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS habits_1 (
    container TEXT PRIMARY KEY,     -- the file name's suffix: "mkv"
    habits BLOB NOT NULL            -- LearnedTimings as JSON
) WITHOUT ROWID
"""
_COST_CHANGE: Final = 0.2
"""A seek's cost that has changed by less than this share is not written again."""
_BIAS_CHANGE: Final = 0.0005
"""Seconds. The same for a start's bias."""
_COST_MAX: Final = 10.0
"""Seconds. A greater cost is not believed."""
_DOING: Final = "using the cache of learned timings"


class LearnedStore:
    """Reads a container's timings when a file of its kind is opened, and writes what has changed since.

    ``known`` is called with the timings that were read, on the event loop, some milliseconds after `opened`.
    """

    def __init__(self, path: Path, tasks: Tasks, known: Callable[[LearnedTimings], None]) -> None:
        self._cache = Cache(path, _TABLE)
        self._tasks = tasks
        self._known = known
        self._container: str | None = None
        self._stored: LearnedTimings | None = None
        """What the cache holds for the container; None: nothing, or it is still being read."""

    def opened(self, path: str) -> None:
        """Call it with each file that is opened."""
        container = Path(path).suffix.lstrip(".").lower()
        if container == self._container:
            return
        self._container, self._stored = container, None
        self._tasks.start(self._recall(container), name="recall-timings")

    def learned(self, timings: LearnedTimings) -> None:
        """Call it with what is known now of the open file."""
        if self._container is None or (self._stored is not None and _are_alike(timings, self._stored)):
            return
        self._stored = timings
        self._tasks.start(self._store(self._container, timings), name="store-timings")

    async def _recall(self, container: str) -> None:
        def select(database: sqlite3.Connection) -> LearnedTimings | None:
            row = database.execute("SELECT habits FROM habits_1 WHERE container = ?", (container,)).fetchone()
            return None if row is None else msgspec.json.decode(row[0], type=LearnedTimings)

        timings = await self._cache.run_in_thread(select, _DOING)
        if timings is None or not 0 <= timings.seek_cost <= _COST_MAX:
            return
        # Meanwhile another file may have been opened, or this one measured, which is better than what was stored.
        if container == self._container and self._stored is None:
            self._stored = timings
            self._known(timings)

    async def _store(self, container: str, timings: LearnedTimings) -> None:
        def insert(database: sqlite3.Connection) -> None:
            row = (container, msgspec.json.encode(timings))
            database.execute("INSERT OR REPLACE INTO habits_1 VALUES (?, ?)", row)

        await self._cache.run_in_thread(insert, _DOING)


def _are_alike(one: LearnedTimings, other: LearnedTimings) -> bool:
    cost = abs(one.seek_cost - other.seek_cost) <= _COST_CHANGE * other.seek_cost
    return cost and abs(one.start_bias - other.start_bias) <= _BIAS_CHANGE
