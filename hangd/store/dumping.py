"""A store as lines of JSON, and back: for backups, and to move a server to another engine.

The first line names the version of the tables, each further one is a row: its table, its key, its value as JSON. The
last one has the number of rows, so a file that was cut off is noticed. Rows that are damaged, or of another version,
end in the table ``set_aside``.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from hangd.protocol.names import member_key
from hangd.store.base import StoreFailed, StoreTooNew
from hangd.store.database import Database, Row, Run, Value
from hangd.store.migrations import VERSION
from hangd.store.rows import (
    ACCOUNTS,
    BANS,
    KEYS,
    LOGINS,
    QUEUES,
    ROOMS,
    TABLES,
    WATCHED,
    NotJson,
    Table,
    aside,
    digests,
    selection,
    value_of,
)

_log = logging.getLogger(__name__)

_ASIDE: Final = "set_aside"

_INSERT: Final = {
    ROOMS.name: "INSERT INTO rooms VALUES (?, ?)",
    QUEUES.name: "INSERT INTO queues VALUES (?, ?)",
    ACCOUNTS.name: "INSERT INTO accounts VALUES (?, ?, ?)",
    LOGINS.name: "INSERT INTO logins VALUES (?, ?, ?, ?)",
    "refresh_digests": "INSERT INTO refresh_digests VALUES (?, ?) ON CONFLICT DO NOTHING",
    BANS.name: "INSERT INTO bans VALUES (?, ?)",
    KEYS.name: "INSERT INTO signing_keys VALUES (?, ?)",
    WATCHED.name: "INSERT INTO watched (started_at, data) VALUES (?, ?)",
    _ASIDE: "INSERT INTO set_aside (data) VALUES (?)",
}


class _Header(Struct, tag_field="hang", tag="store", frozen=True):
    version: int
    at: float
    """Unix time."""


class _Line(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    table: str
    data: msgspec.Raw
    key: str | int | None = None


class _End(Struct, frozen=True, forbid_unknown_fields=True):
    rows: int


def dump_lines(database: Database) -> Iterator[bytes]:
    """Yield the lines. Nothing else may be done with the database until the last one."""
    encode, count = msgspec.json.encode, 0
    with database.reading() as run:
        yield encode(_Header(VERSION, time.time())) + b"\n"
        for table in TABLES:
            for key, data in run(selection(table)):
                yield encode(_line(table, key, data)) + b"\n"
                count += 1
        for (data,) in run("SELECT data FROM set_aside ORDER BY number"):
            yield encode(_Line(_ASIDE, msgspec.Raw(_one_line(data)))) + b"\n"
            count += 1
        yield encode(_End(count)) + b"\n"


def _line(table: Table[Any], key: Value, data: Value) -> _Line:
    try:
        value_of(table, key, data)
    except NotJson:
        return _Line(_ASIDE, msgspec.Raw(aside(table, key, data)))
    except msgspec.ValidationError:
        pass
    assert not isinstance(key, bytes | float)
    return _Line(table.name, msgspec.Raw(_one_line(data)), key)


def _one_line(data: Value) -> str:
    """Return JSON without line breaks, which somebody may have put in by hand."""
    text = str(data)
    return msgspec.json.format(text, indent=-1) if "\n" in text else text


def restore_lines(database: Database, lines: Iterable[bytes]) -> int:
    """Put the lines into an empty store. Returns the number of rows. Raises StoreFailed; nothing was done then."""
    rows = _parsed(lines)
    with database.writing() as run:
        for table in _INSERT:
            if run(f"SELECT 1 FROM {table} LIMIT 1"):
                raise StoreFailed(f"{database.where} is not empty: a backup is restored into an empty store only")
        insert(run, database, rows)
    return sum(len(some) for table, some in rows.items() if table != "refresh_digests")


def insert(run: Run, database: Database, rows: Mapping[str, Sequence[Row]]) -> None:
    """Insert rows, by table, as `take` has collected them."""
    for table, statement in _INSERT.items():
        database.many(statement, rows.get(table, []))
    run("UPDATE revision SET number = number + 1")


def _parsed(lines: Iterable[bytes]) -> dict[str, list[Row]]:
    """Return the rows to insert, by table."""
    rows: dict[str, list[Row]] = {}
    tables = {table.name: table for table in TABLES}
    count, end, strange = 0, None, 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            _check_header(line)
            continue
        if end is not None:
            raise StoreFailed(f"line {number} of the backup comes after its end")
        try:
            if line.startswith(b'{"rows"'):
                end = msgspec.json.decode(line, type=_End)
                continue
            one = msgspec.json.decode(line, type=_Line)
            count += 1
            if one.table == _ASIDE:
                rows.setdefault(_ASIDE, []).append((bytes(one.data).decode(),))
            elif (table := tables.get(one.table)) is not None:
                strange += not _take_line(rows, table, one)
            else:
                raise StoreFailed(f"line {number} of the backup is of a table that this hangd does not know")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreFailed(f"line {number} of the backup is damaged: {error}") from None
    if end is None or end.rows != count:
        raise StoreFailed("the backup is not complete: its end is missing")
    if strange:
        _log.warning("rows of the backup that cannot be understood, and are now in the table set_aside: %d", strange)
    return rows


def _check_header(line: bytes) -> None:
    try:
        header = msgspec.json.decode(line, type=_Header)
    except msgspec.DecodeError:
        raise StoreFailed("this is no backup of hangd's") from None
    if header.version > VERSION:
        raise StoreTooNew(
            f"the backup was made by a newer hangd (version {header.version} of the tables; this one knows {VERSION})"
        )


def _take_line(rows: dict[str, list[Row]], table: Table[Any], line: _Line) -> bool:
    """Add what is to be inserted for this line. Returns whether it could be understood."""
    data = bytes(line.data).decode()
    try:
        take(rows, table, line.key, data)
    except msgspec.ValidationError:
        rows.setdefault(_ASIDE, []).append((aside(table, line.key, data).decode(),))
        return False
    except NotJson as error:
        raise msgspec.DecodeError(str(error)) from error
    return True


def take(rows: dict[str, list[Row]], table: Table[Any], key: Value, data: str) -> None:
    """Add what is to be inserted for a row. Raises as `value_of` does."""

    def put(name: str, *row: Value) -> None:
        rows.setdefault(name, []).append(row)

    value = value_of(table, key, data)
    match table.name:
        case ACCOUNTS.name:
            put(table.name, value.account_id, member_key(value.name), data)
        case LOGINS.name:
            put(table.name, value.session_id, value.account_id, value.used_at, data)
            for digest in digests(value):
                put("refresh_digests", digest, value.session_id)
        case WATCHED.name:
            put(table.name, value.started_at, data)
        case _:
            put(table.name, key, data)
