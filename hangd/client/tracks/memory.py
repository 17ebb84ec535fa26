"""`TrackMemory`: which tracks were chosen for the films of a folder, from one run of the daemon to the next."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from hangd.client.cache import Cache
from hangd.client.tracks.pattern import Choice
from hangd.engine.player_facts import TrackKind
from hangd.tasks import Tasks

_T = TypeVar("_T")

Choices = Mapping[TrackKind, Choice]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS track_choices_1 (
    folder TEXT PRIMARY KEY,
    choices BLOB NOT NULL,          -- Choices as JSON
    chosen INTEGER NOT NULL         -- when, in seconds since 1970
) WITHOUT ROWID
"""
_FOLDERS_MAX: Final = 1000
"""The folders in which nothing was chosen for the longest time are forgotten."""


class TrackMemory:
    """Reads a folder's choices when a film in it is opened, and writes those that are made. ``path`` None: nothing."""

    def __init__(self, path: Path | None, tasks: Tasks) -> None:
        self._cache = None if path is None else Cache(path, _TABLE)
        self._tasks = tasks
        self._turn = asyncio.Lock()
        """What is read was written before."""

    def recall(self, folder: str, then: Callable[[Choices], None]) -> None:
        """Read what was chosen in this folder, and call ``then`` with it, on the event loop some milliseconds later."""

        def select(database: sqlite3.Connection) -> Choices:
            rows = database.execute("SELECT choices FROM track_choices_1 WHERE folder = ?", (folder,))
            row = rows.fetchone()
            return {} if row is None else msgspec.json.decode(row[0], type=dict[TrackKind, Choice])

        async def read() -> None:
            then(await self._run(select) or {})

        if self._cache is not None:
            self._tasks.start(read(), name="recall-tracks")

    def remember(self, folder: str, choices: Choices) -> None:
        """Keep these choices for the films of this folder."""

        def insert(database: sqlite3.Connection) -> None:
            row = (folder, msgspec.json.encode(choices), int(time.time()))
            database.execute("INSERT OR REPLACE INTO track_choices_1 VALUES (?, ?, ?)", row)
            newest = "SELECT folder FROM track_choices_1 ORDER BY chosen DESC LIMIT ?"
            database.execute(f"DELETE FROM track_choices_1 WHERE folder NOT IN ({newest})", (_FOLDERS_MAX,))

        if self._cache is not None:
            self._tasks.start(self._run(insert), name="remember-tracks")

    async def _run(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        assert self._cache is not None
        async with self._turn:
            return await self._cache.run_in_thread(action, "using the cache of chosen tracks")
