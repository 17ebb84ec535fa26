"""The engine PostgreSQL, by psycopg 3 (the extra "postgres").

A connection that is lost is made anew at the next transaction. Nothing waits for ever: neither for a server that does
not answer, nor for one that accepts a statement and stops.

That there is one hangd server is an advisory lock of PostgreSQL. The connection that has it is the one that writes: so
who has lost it cannot write either.
"""

import contextlib
import math
import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hangd.store.base import StoreBusy, StoreFailed
from hangd.store.database import Row, Run, Value

_CONNECT_SECONDS: Final = 5
_STATEMENT_SECONDS: Final = 10
_WATCHDOG_SECONDS: Final = 15.0
"""A statement that takes longer than this is cut off, for then PostgreSQL does not keep its own limit."""
_PAUSE_SECONDS: Final = 1.0
"""For so long after an attempt to connect failed, the next one fails at once."""
_LOCK_SECONDS: Final = 3.0
"""How long to wait for the lock when the store is opened: a server that has just ended may not have let go of it."""
_LOCK_AGAIN_SECONDS: Final = 1.0
"""The same after the connection was lost: it may be this one that still has it."""

_LOCK: Final = (0x68616E67, 1)
"""The advisory lock: "hang" in ASCII, and the kind of lock."""

_SETTINGS: Final = (
    f"SET statement_timeout = '{_STATEMENT_SECONDS}s'",
    f"SET lock_timeout = '{_STATEMENT_SECONDS}s'",
    # A connection whose client is gone without a word gives the lock back after half a minute.
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)


class PostgresDatabase:
    """The database at this URL. What the URL leaves out, libpq finds: PGPASSWORD, ~/.pgpass and the like.

    ``serving``: as the only server of it.

    Raises:
        StoreBusy: there is another server.
        StoreFailed: it cannot be reached, or lets us not in.
    """

    lasting = True

    def __init__(self, url: str, *, serving: bool) -> None:
        self.where = _shown(url)
        self._url = url
        self._serving = serving
        self._closed = False
        self._lock = threading.RLock()
        self._within = False
        """Whether a transaction has begun."""
        self._watchdog = _Watchdog()
        self._connection: psycopg.Connection | None = None
        self._failed: tuple[float, StoreFailed] | None = None
        """When the last attempt to connect failed, and how."""
        self._had_lock = False
        self._until: float | None = None
        """When nothing is waited for any more, by the monotonic clock."""
        try:
            self._connect(_LOCK_SECONDS)
        except BaseException:
            self._watchdog.close()
            raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[Run]:
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as run:
            yield run

    @contextlib.contextmanager
    def writing(self) -> Iterator[Run]:
        with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE") as run:
            yield run

    def many(self, statement: str, rows: Sequence[Row]) -> None:
        assert self._connection is not None
        if rows:
            with self._watchdog.watching(self._connection), self._connection.cursor() as cursor:
                cursor.executemany(_adapted(statement), rows)

    def has_table(self, name: str) -> bool:
        return self._run("SELECT to_regclass(?) IS NOT NULL", name) == [(True,)]

    def problems(self) -> list[str]:
        return []  # What PostgreSQL finds it says in its own log. pg_amcheck looks further.

    def hurry(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._watchdog.hurry(self._until)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._drop()
            self._watchdog.close()

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[Run]:
        with self._lock, self._failures():
            if self._within:
                yield self._run
                return
            self._begin(begin)
            self._within = True
            try:
                yield self._run
            except BaseException:
                with contextlib.suppress(psycopg.Error, StoreFailed):
                    self._run("ROLLBACK")
                raise
            finally:
                self._within = False
            self._run("COMMIT")

    def _begin(self, begin: str) -> None:
        if self._connection is not None:
            try:
                self._run(begin)
                return
            except psycopg.OperationalError:
                if not self._connection.broken:
                    raise
                self._drop()  # It was lost while it was idle. Nothing was begun yet, so it is no failure.
        self._connect(_LOCK_AGAIN_SECONDS)
        self._run(begin)

    def _run(self, statement: str, *parameters: Value) -> list[Row]:
        connection = self._connection
        if connection is None:
            raise StoreFailed(f"{self.where}: the connection was lost")
        with self._watchdog.watching(connection):
            cursor = connection.execute(_adapted(statement), parameters)
            return cursor.fetchall() if cursor.description is not None else []

    def _connect(self, patience: float = 0.0) -> None:
        if self._closed:
            raise StoreFailed(f"{self.where}: is closed")
        left = math.inf if self._until is None else self._until - time.monotonic()
        if left <= 0:
            raise StoreFailed(f"{self.where}: PostgreSQL did not answer in the time that was left")
        if self._failed is not None and time.monotonic() - self._failed[0] < _PAUSE_SECONDS:
            raise type(self._failed[1])(str(self._failed[1]))
        try:
            with self._failures():
                self._connection = psycopg.connect(
                    self._url,
                    autocommit=True,
                    prepare_threshold=None,
                    client_encoding="UTF8",
                    application_name="hangd",
                    connect_timeout=math.ceil(min(_CONNECT_SECONDS, left)),
                    keepalives_idle=10,
                    keepalives_interval=5,
                    keepalives_count=3,
                )
                for statement in _SETTINGS:
                    self._run(statement)
                self._check_encoding()
                if self._serving:
                    self._be_the_only_server(time.monotonic() + min(patience, left))
        except BaseException as error:
            self._drop()
            if isinstance(error, StoreFailed):
                self._failed = time.monotonic(), error
            raise
        self._failed = None

    def _check_encoding(self) -> None:
        ((encoding,),) = self._run("SHOW server_encoding")
        if encoding != "UTF8":
            raise StoreFailed(f"{self.where} has the encoding {encoding!s}: make a database with the encoding UTF8")

    def _be_the_only_server(self, deadline: float) -> None:
        while self._run("SELECT pg_try_advisory_lock(?, ?)", *_LOCK) != [(True,)]:
            if time.monotonic() >= deadline:
                held = f"another server keeps its rooms in {self.where}"
                if self._had_lock:
                    held += (
                        ", or it has not noticed yet that this server's last connection is lost (up to half a minute)"
                    )
                raise StoreBusy(held)
            time.sleep(0.1)
        self._had_lock = True

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            if self._connection is not None and self._connection.broken:
                self._drop()
            # libpq's messages have several lines, and some repeat the parameters of the connection, but no password.
            raise StoreFailed(f"{self.where}: {' '.join(str(error).split())}") from error


class _Watchdog:
    """Cuts off a connection on which a statement takes too long, so that the thread that waits for it goes on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: tuple[float, int] | None = None
        """Until when a statement may take, and the socket."""
        self._until = math.inf
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextlib.contextmanager
    def watching(self, connection: psycopg.Connection) -> Iterator[None]:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="store watchdog", daemon=True)
                self._thread.start()
            self._watched = min(time.monotonic() + _WATCHDOG_SECONDS, self._until), connection.fileno()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watched = None

    def hurry(self, until: float) -> None:
        """Cut off whatever takes longer than until then, by the monotonic clock."""
        with self._changed:
            self._until = until
            if self._watched is not None:
                self._watched = min(self._watched[0], until), self._watched[1]
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                # A statement that ends does not wake this up: it looks again when that one's time is over.
                late = None if self._watched is None else self._watched[0] - time.monotonic()
                if late is None or late > 0:
                    self._changed.wait(late)
                elif self._watched is not None:
                    # The lock is held, so the statement cannot end meanwhile, and the socket is still its own.
                    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._watched[1])) as cut:
                        cut.shutdown(socket.SHUT_RDWR)
                    self._watched = None


def _shown(url: str) -> str:
    """Return the URL without its password. Raises StoreFailed."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = {"dbname": "@"}
    user, host, port, name = (str(parts.get(part) or "") for part in ("user", "host", "port", "dbname"))
    # A password with such a character looks like something else, which must not be told, nor libpq's message of it.
    if "@" in host + name or (not port.replace(",", "").isdecimal() and port):
        raise StoreFailed(
            "the database's URL cannot be read; in a password, / is written %2F, @ %40, : %3A, # %23, ? %3F and % %25"
        )
    place = quote(host, safe=",:") + (f":{port}" if port else "")
    return f"postgresql://{f'{user}@' if user else ''}{place}/{name}"


@cache
def _adapted(statement: str) -> bytes:
    statement = statement.replace("{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
    statement = statement.replace("{locked}", "FOR UPDATE")
    return re.sub(r"\{is:(\w+)\}", r"\1 = ?", statement).replace("?", "%s").encode()
