"""What can still be read of a damaged file of SQLite.

SQLite reads a table page by page, and stops at the first one that is damaged. Read from both ends, a table loses the
rows between the first and the last damaged page. Only rows that are whole values count: the damaged file is kept.
"""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from hangd.store.base import StoreFailed
from hangd.store.database import Database, Row, Value
from hangd.store.dumping import insert, take
from hangd.store.rows import ROOMS, TABLES, NotJson, Table, text_of, value_of

_FAILURES: Final = (sqlite3.Error, UnicodeDecodeError)
"""The second one is of messages in which SQLite quotes damaged names."""


def rescue(damaged: Path, into: Database) -> int:
    """Put what can be read of the file into an empty store. Returns the number of rows; the file stays as it is."""
    found: dict[tuple[str, Value], tuple[Table[Any], str]] = {}
    try:
        with _opened_copy(damaged) as copy:
            for table, key, data in _readable(copy):
                with contextlib.suppress(msgspec.ValidationError, NotJson):
                    value_of(table, key, data)
                    found[table.name, key] = table, str(data)
    except (OSError, *_FAILURES):
        pass  # It cannot even be copied or opened. What was found so far is all.
    rows: dict[str, list[Row]] = {}
    for (_, key), (table, data) in found.items():
        take(rows, table, key, data)
    try:
        with into.writing() as run:
            insert(run, into, rows)
    except StoreFailed:
        return 0  # The rows contradict each other.
    return len(found)


@contextlib.contextmanager
def _opened_copy(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy: SQLite would change the file itself, if only to put its log into it."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(f"{path}{suffix}", f"{folder}/copy{suffix}")
        connection = sqlite3.connect(f"{folder}/copy", isolation_level=None)
        connection.text_factory = text_of
        try:
            yield connection
        finally:
            connection.close()


def _readable(copy: sqlite3.Connection) -> Iterator[tuple[Table[Any], Value, Value]]:
    of_version_1 = (ROOMS, "room", "rooms_1", "room_id")
    for table, data, name, order in (*((table, "data", table.name, "rowid") for table in TABLES), of_version_1):
        for direction in ("ASC", "DESC"):
            with contextlib.suppress(*_FAILURES):
                for row in copy.execute(f"SELECT {table.key}, {data} FROM {name} ORDER BY {order} {direction}"):
                    yield table, *row
