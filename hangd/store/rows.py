"""Rows that hold a value as JSON: to read them, and what becomes of those that are damaged.

A row that is no text or no JSON is moved to the table ``set_aside`` and logged; the others are read. A row that is JSON
and cannot be understood (of another version) stays where it is.
"""

import base64
import logging
from collections.abc import Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from hangd.protocol.model import Queue
from hangd.store.base import Account, KeptRoom, LoginSession, ServerBan, SigningKey, StoreFailed, Watched
from hangd.store.database import Database, Row, Value

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Table(NamedTuple, Generic[_T]):
    """A table whose rows are values of one type."""

    name: str
    key: str
    """The column that names a row."""
    kind: type[_T]
    rows: str
    """What the rows are, for people."""


ROOMS: Final = Table("rooms", "room_id", KeptRoom, "rooms")
QUEUES: Final = Table("queues", "room_id", Queue, "queues of rooms")
ACCOUNTS: Final = Table("accounts", "account_id", Account, "accounts")
LOGINS: Final = Table("logins", "session_id", LoginSession, "logins")
BANS: Final = Table("bans", "ban_id", ServerBan, "bans")
KEYS: Final = Table("signing_keys", "kid", SigningKey, "keys")
WATCHED: Final = Table("watched", "number", Watched, "rows of history")

TABLES: Final[tuple[Table[Any], ...]] = (ROOMS, QUEUES, ACCOUNTS, LOGINS, BANS, KEYS, WATCHED)


def read(database: Database, table: Table[_T], clause: str = "", *parameters: Value) -> list[_T]:
    """Return the values of a table's rows. ``clause`` follows the table in the statement."""
    with database.reading() as run:
        rows = run(selection(table, clause), *parameters)
    return [value for _, value in decoded(database, table, rows)]


def selection(table: Table[Any], clause: str = "") -> str:
    """Return the statement for the rows that `decoded` understands."""
    return f"SELECT {table.key}, data FROM {table.name} {clause}"


def decoded(database: Database, table: Table[_T], rows: Sequence[Row]) -> list[tuple[Value, _T]]:
    """Return the keys and values of these rows. Damaged ones are set aside: call it outside a transaction."""
    values, damaged, strange = judged(table, rows)
    if strange:
        _log.warning("%d of the %s in %s cannot be understood, and stay there", strange, table.rows, database.where)
    if damaged:
        _set_aside(database, table, damaged)
    return values


def judged(table: Table[_T], rows: Sequence[Row]) -> tuple[list[tuple[Value, _T]], list[Row], int]:
    """Return the keys and values of these rows, the rows that are damaged, and how many cannot be understood."""
    values: list[tuple[Value, _T]] = []
    damaged: list[Row] = []
    strange = 0
    for key, data in rows:
        try:
            values.append((key, value_of(table, key, data)))
        except msgspec.ValidationError:
            strange += 1
        except NotJson:
            damaged.append((key, data))
    return values, damaged, strange


class NotJson(Exception):
    """A row that is damaged."""


def value_of(table: Table[_T], key: Value, data: Value) -> _T:
    """Return the value in a row.

    Raises:
        NotJson: it is damaged.
        msgspec.ValidationError: it is JSON, but not of this type.
    """
    if isinstance(key, bytes) or not isinstance(data, str):
        raise NotJson
    try:
        return msgspec.json.decode(data, type=table.kind)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotJson from error


def _set_aside(database: Database, table: Table[Any], rows: Sequence[Row]) -> None:
    try:
        with database.writing() as run:
            for key, data in rows:
                # Not if another process has written it anew meanwhile.
                here = f"DELETE FROM {table.name} WHERE {{is:{table.key}}} AND {{is:data}} RETURNING 1"
                if run(here, key, data):
                    run("INSERT INTO set_aside (data) VALUES (?)", aside(table, key, data).decode())
    except StoreFailed as failed:
        _log.error("%d of the %s in %s are damaged, and left out: %s", len(rows), table.rows, database.where, failed)
    else:
        _log.error(
            "%d of the %s in %s were damaged, and are now in its table set_aside", len(rows), table.rows, database.where
        )


def text_of(data: bytes) -> str | bytes:
    """Return the text of a column: as bytes if it is damaged, and no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def aside(table: Table[Any], key: Value, data: Value) -> bytes:
    """Return a row as the table ``set_aside`` has it: JSON, with what is no text as base64."""
    return msgspec.json.encode({"table": table.name, "key": _plain(key), "data": _plain(data)})


def digests(session: LoginSession) -> list[str]:
    """Return the digests of all of a login's refresh tokens, as the table ``refresh_digests`` has them."""
    previous = () if session.previous_digest is None else (session.previous_digest,)
    return [
        digest.hex() for digest in (session.refresh_digest, *previous, *session.other_digests, *session.spent_digests)
    ]


def _plain(value: Value) -> object:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
