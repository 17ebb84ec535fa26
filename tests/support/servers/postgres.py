"""A real PostgreSQL: started on a free port, with a database of its own for each test.

Import the fixtures `postgres` and `postgres_url`. Tests that use them are skipped only where Debian's package
postgresql is not installed.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO

import psycopg
import pytest

from tests.support.daemons.party import free_port
from tests.support.servers.server import PATIENCE

__all__ = ["PostgresServer", "postgres", "postgres_server", "postgres_url"]

_USER = "hang"
_PASSWORD = "secret of the tests"


@cache
def _binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs of the newest version. None: it is not installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    return max(found, default=None, key=lambda path: [int(part) if part.isdecimal() else 0 for part in path.parts])


class PostgresServer:
    """PostgreSQL in a temporary folder. It listens on the loopback address, with a password, and on a Unix socket."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.password = _PASSWORD
        self.port = port
        self._databases = itertools.count()
        self._emptied: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["-D", self.folder / "data", "-p", self.port, "-k", self.folder, "-c", "listen_addresses=127.0.0.1"]
        quick = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=40"]
        with (self.folder / "log").open("ab") as log:
            self._process = _as_postgres(self.folder, "postgres", *words, *quick, output=log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._ask("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: connections are cut off at once (SIGINT), or it is killed together with them (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        self.stop(how)
        self.start()

    def program(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's programs, of this version."""
        binaries = _binaries()
        assert binaries is not None
        return binaries / name

    def new_database(self, options: str = "") -> str:
        """Make an empty database, and return its name."""
        name = f"test_{os.getpid()}_{next(self._databases)}"
        self._ask(f"CREATE DATABASE {name} {options}")
        return name

    def empty_database(self) -> str:
        """Return the name of an empty database: always the same one, whose tables are dropped. That takes less time."""
        if self._emptied is None:
            self._emptied = self.new_database()
        self.drop_connections(self._emptied)
        self.ask(self._emptied, "DROP SCHEMA public CASCADE")
        self.ask(self._emptied, "CREATE SCHEMA public")
        return self._emptied

    def url(self, database: str, *, password: bool = True) -> str:
        """Return the URL of a database, by TCP. It has the password in it, unless that is not wanted."""
        secret = f":{_PASSWORD.replace(' ', '%20')}" if password else ""
        return f"postgresql://{_USER}{secret}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """Return the URL of a database, by the Unix socket, which needs no password."""
        return f"postgresql://{_USER}@/{database}?host={self.folder}&port={self.port}"

    def ask(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Carry out a statement on a connection of its own."""
        with psycopg.connect(self.socket_url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def backends(self, database: str) -> list[int]:
        """Return the ids of the processes that serve connections to a database."""
        rows = self._ask(f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}'")
        return [pid for (pid,) in rows if isinstance(pid, int)]

    def drop_connections(self, database: str) -> None:
        """Cut off all connections to a database."""
        self._ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    def _ask(self, statement: str) -> list[tuple[object, ...]]:
        return self.ask("postgres", statement)


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Make and run a PostgreSQL. It is ended and deleted at the end."""
    if _binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="hang-postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text(_PASSWORD)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (folder, folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        words = ["--no-sync", "--encoding=UTF8", "--no-locale", f"--username={_USER}", f"--pwfile={folder}/password"]
        methods = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        with tempfile.TemporaryFile() as log:
            made = _as_postgres(folder, "initdb", "-D", folder / "data", *words, *methods, output=log)
            if made.wait(PATIENCE) != 0:
                log.seek(0)
                raise AssertionError(log.read().decode())
        server = PostgresServer(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for all tests of this worker. Who stops it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of an empty database."""
    return postgres.url(postgres.empty_database())


def _as_postgres(folder: Path, program: str, *words: object, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start one of PostgreSQL's programs, which refuse to run as root: then as Debian's user postgres."""
    binaries = _binaries()
    assert binaries is not None
    command = [str(word) for word in (binaries / program, *words)]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    user, groups = ("postgres", list[str]()) if os.geteuid() == 0 else (None, None)
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        user=user,
        group=user,
        extra_groups=groups,
    )
