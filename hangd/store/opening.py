"""Open a store: in memory, in an SQLite file, or in PostgreSQL."""

import logging
import os
import time
from pathlib import Path
from typing import Final, TypeVar

from hangd.store.base import StoreBusy, StoreFailed
from hangd.store.database import Database
from hangd.store.migrations import VERSION, migrate, usable_schema
from hangd.store.rescue import rescue
from hangd.store.sql import SqlStore
from hangd.store.sqlite import Damaged, FileLock, SqliteDatabase

_log = logging.getLogger(__name__)

_AnyDatabase = TypeVar("_AnyDatabase", bound=Database)

_FILES: Final = ("", "-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite makes. A log that stays behind would be used for the new file."""

POSTGRES_NEEDS: Final = "PostgreSQL needs psycopg: install hang-sync[postgres]"

_STARTING_SECONDS: Final = 2.0
"""How long a command waits for a server that is just making its tables."""


def open_memory() -> SqlStore:
    """Return a store that ends when it is closed."""
    return SqlStore(_migrated(SqliteDatabase(None)))


def open_file(path: Path, *, serving: bool = True) -> SqlStore:
    """Open or make the file at ``path``. ``serving``: as its only server, for which a damaged file is set aside.

    Raises:
        StoreBusy: there is another server.
        StoreTooNew: see there.
        StoreFailed: the file cannot be opened or made.
    """
    path = Path(os.path.realpath(path))  # Two links to one file are one file, and have one lock.
    if not serving:
        return _open_beside(path)
    lock = FileLock(path)
    try:
        try:
            database = _migrated(SqliteDatabase(path))
        except Damaged as damage:
            aside = _set_aside(path)
            database = _migrated(SqliteDatabase(path))
            count = rescue(aside, database)
            _log.error(
                "the file of rooms was damaged (%s), and is now %s: a new one has the rows that could be read, %d",
                damage,
                aside,
                count,
            )
    except BaseException:
        lock.close()
        raise
    return SqlStore(database, closed=lock.close)


def open_postgres(url: str, *, serving: bool = True) -> SqlStore:
    """Open the database at this URL of PostgreSQL, and make the tables that are missing. ``serving``: as `open_file`.

    Raises as `open_file` does; StoreFailed also without psycopg.
    """
    try:
        from hangd.store.postgres import PostgresDatabase
    except ImportError as error:
        raise StoreFailed(POSTGRES_NEEDS) from error
    if not serving:
        database = PostgresDatabase(url, serving=False)
        try:
            if usable_schema(database).version >= VERSION:
                return SqlStore(database)
        except BaseException:
            database.close()
            raise
        database.close()
        try:
            _migrated(PostgresDatabase(url, serving=True)).close()
        except StoreBusy:
            raise StoreFailed(f"the server that uses {database.where} is an older hangd: restart it first") from None
    return SqlStore(_migrated(PostgresDatabase(url, serving=serving)))


def _open_beside(path: Path) -> SqlStore:
    """Open the file for a command, whether a server runs or not. Tables are made only if none runs."""
    database = SqliteDatabase(path, checked=False)  # its server has done that, and `hangd database check` does
    try:
        deadline = time.monotonic() + _STARTING_SECONDS
        while usable_schema(database).version < VERSION:
            try:
                lock = FileLock(path)
            except StoreBusy:
                if time.monotonic() >= deadline:
                    raise StoreFailed(f"the server that uses {path} is an older hangd: restart it first") from None
                time.sleep(0.05)
                continue
            try:
                migrate(database)
            finally:
                lock.close()
    except BaseException:
        database.close()
        raise
    return SqlStore(database)


def _migrated(database: _AnyDatabase) -> _AnyDatabase:
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _set_aside(path: Path) -> Path:
    """Rename the file. Returns its new name."""
    stamp = time.strftime("%Y%m%dT%H%M%S")
    aside, number = path.with_name(f"{path.name}.damaged-{stamp}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    for suffix in _FILES:
        try:
            os.rename(f"{path}{suffix}", f"{aside}{suffix}")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreFailed(f"{path} is damaged, and cannot be renamed: {error.strerror}") from error
    return aside
