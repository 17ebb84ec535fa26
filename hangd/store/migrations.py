"""Migrations: what makes the tables, one version after the other. They go forwards only.

The table ``schema`` has one row: the version of the tables, and the oldest version whose hang may still use them. A new
table or a new column with a default leaves older ones able to; a changed meaning does not.

A row is a value as JSON, beside the columns by which it is found. So a row cannot contradict itself, people can read
it, and a new field needs no migration.

Version 1 is a file of SQLite with the table ``rooms_1`` alone, and no table ``schema``.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from hangd.store.base import StoreFailed, StoreTooNew
from hangd.store.database import Database, Run

VERSION: Final = 2
"""The version of the tables that this hang makes and understands."""


class Migration(NamedTuple):
    """What leads from the version before to this one."""

    version: int
    compat: int
    """The oldest version whose hang may use the tables afterwards."""
    migrate: Callable[[Run, Callable[[str], bool]], None]
    """It is given what carries out a statement, and what tells whether there is a table."""


def _tables_2(run: Run, has_table: Callable[[str], bool]) -> None:
    for statement in (
        "CREATE TABLE revision (number BIGINT NOT NULL)",
        "INSERT INTO revision VALUES (0)",
        # A queue is large and changes seldom, so it is kept apart from the rest of its room.
        "CREATE TABLE rooms (room_id TEXT PRIMARY KEY, data TEXT NOT NULL)",
        "CREATE TABLE queues (room_id TEXT PRIMARY KEY, data TEXT NOT NULL)",
        "CREATE TABLE accounts (account_id TEXT PRIMARY KEY, name_key TEXT NOT NULL UNIQUE, data TEXT NOT NULL)",
        "CREATE TABLE logins (session_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, used_at DOUBLE PRECISION NOT NULL,"
        " data TEXT NOT NULL)",
        "CREATE INDEX logins_of_account ON logins (account_id)",
        "CREATE TABLE refresh_digests (digest TEXT PRIMARY KEY, session_id TEXT NOT NULL)",
        "CREATE INDEX digests_of_login ON refresh_digests (session_id)",
        "CREATE TABLE bans (ban_id TEXT PRIMARY KEY, data TEXT NOT NULL)",
        "CREATE TABLE signing_keys (kid TEXT PRIMARY KEY, data TEXT NOT NULL)",
        "CREATE TABLE watched (number {serial}, started_at DOUBLE PRECISION NOT NULL, data TEXT NOT NULL)",
        "CREATE INDEX watched_by_time ON watched (started_at)",
        # Rows of other tables that are damaged, as they were.
        "CREATE TABLE set_aside (number {serial}, data TEXT NOT NULL)",
    ):
        run(statement)
    if has_table("rooms_1"):
        # The queues are part of these rows still. Each moves when its room is written again.
        run("INSERT INTO rooms SELECT room_id, room FROM rooms_1")
        run("DROP TABLE rooms_1")


MIGRATIONS: Final = (Migration(2, 2, _tables_2),)
"""By version."""


class Schema(NamedTuple):
    """What the table ``schema`` says. Version 0: there are no tables, or those of version 1."""

    version: int
    compat: int


def schema_of(database: Database) -> Schema:
    """Return the version of the tables. Raises StoreFailed."""
    with database.reading() as run:
        return _schema(run, database)


def migrate(database: Database) -> None:
    """Bring the tables up to `VERSION`, all in one transaction.

    Raises:
        StoreTooNew: a newer hang has made them such that this one cannot use them.
        StoreFailed: it cannot be done now. Nothing was done then.
    """
    if usable_schema(database).version >= VERSION:
        return
    with database.writing() as run:
        version = _schema(run, database).version  # another process may have been quicker
        for migration in MIGRATIONS:
            if migration.version > version:
                migration.migrate(run, database.has_table)
                _note(run, database, migration)


def usable_schema(database: Database) -> Schema:
    """Return the version of the tables. Raises StoreTooNew as `migrate` does."""
    schema = schema_of(database)
    if schema.compat > VERSION:
        raise StoreTooNew(
            f"{database.where} has tables of version {schema.version}, and this hangd knows version {VERSION}: "
            "use a newer hangd, or restore a backup"
        )
    return schema


def _schema(run: Run, database: Database) -> Schema:
    if not database.has_table("schema"):
        return Schema(0, 0)
    rows = run("SELECT version, compat FROM schema")
    try:
        ((version, compat),) = rows
        return msgspec.convert((version, compat), Schema)
    except (ValueError, msgspec.ValidationError):
        raise StoreFailed(f"{database.where} does not say which version its tables have") from None


def _note(run: Run, database: Database, migration: Migration) -> None:
    if not database.has_table("schema"):
        run("CREATE TABLE schema (version INTEGER NOT NULL, compat INTEGER NOT NULL)")
        run("INSERT INTO schema VALUES (0, 0)")
    run("UPDATE schema SET version = ?, compat = ?", migration.version, migration.compat)
