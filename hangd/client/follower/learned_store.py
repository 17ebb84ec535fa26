"""What a viewer's machine learned of its files (`hangd.engine.follower.learned`), kept by container from
one run to the next.

A seek's cost and a start's leftover are of the container, its demuxer and the machine, far more than of the one film;
so what one film taught holds for the next of its kind, from its first start on.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from hangd.client.cache import Cache
from hangd.engine.follower.learned import LearnedTimings
from hangd.tasks import Tasks

__all__ = ["LearnedStore"]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS habits_1 (
    container TEXT PRIMARY KEY,     -- the file name's suffix: "mkv"
    habits BLOB NOT NULL            -- as JSON
) WITHOUT ROWID
"""
_NEWS: Final = 0.2
"""A seek's cost that has changed by less than this share is not written again."""
_BIAS_NEWS: Final = 0.0005
_COST_MAX: Final = 10.0


class LearnedStore:
    """Recalls habits as a file is opened, and writes down what changed. ``known`` is called with what is recalled."""

    def __init__(self, path: Path, tasks: Tasks, known: Callable[[LearnedTimings], None]) -> None:
        self._cache = Cache(path, _TABLE)
        self._tasks = tasks
        self._known = known
        self._container: str | None = None
        self._kept: LearnedTimings | None = None

    def opened(self, path: str) -> None:
        """This file is being opened."""
        container = Path(path).suffix.lstrip(".").lower()
        if container == self._container:
            return
        self._container, self._kept = container, None
        self._tasks.start(self._recall(container), name="habits")

    def learned(self, habits: LearnedTimings) -> None:
        """The habits are these by now."""
        if self._container is None or (self._kept is not None and _alike(habits, self._kept)):
            return
        self._kept = habits
        self._tasks.start(asyncio.to_thread(self._write, self._container, habits), name="habits")

    async def _recall(self, container: str) -> None:
        habits = await asyncio.to_thread(self._read, container)
        if habits is not None and container == self._container and self._kept is None:
            self._kept = habits
            self._known(habits)

    def _read(self, container: str) -> LearnedTimings | None:
        def look(database: sqlite3.Connection) -> LearnedTimings | None:
            row = database.execute("SELECT habits FROM habits_1 WHERE container = ?", (container,)).fetchone()
            if row is None:
                return None
            habits = msgspec.json.decode(row[0], type=LearnedTimings)
            return habits if 0 <= habits.seek_cost <= _COST_MAX else None

        return self._cache.do(look)

    def _write(self, container: str, habits: LearnedTimings) -> None:
        def keep(database: sqlite3.Connection) -> None:
            encoded = msgspec.json.encode(habits)
            database.execute("INSERT OR REPLACE INTO habits_1 VALUES (?, ?)", (container, encoded))

        self._cache.do(keep)


def _alike(one: LearnedTimings, other: LearnedTimings) -> bool:
    cost = abs(one.seek_cost - other.seek_cost) <= _NEWS * other.seek_cost
    return cost and abs(one.start_bias - other.start_bias) <= _BIAS_NEWS
