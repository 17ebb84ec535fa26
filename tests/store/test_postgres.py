"""The engine PostgreSQL: a real one that is restarted, killed, stopped, taken by another server, or wrongly named."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from hangd.store import postgres as engine
from hangd.store.base import Store, StoreBusy, StoreFailed
from hangd.store.opening import open_postgres
from tests.store.samples import account, ban, kept
from tests.support.servers.postgres import PostgresServer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    return postgres.empty_database()


@pytest.fixture
def opened(postgres: PostgresServer, database: str) -> Iterator[Store]:
    store = open_postgres(postgres.url(database))
    store.write([kept("a", 1)], [])
    yield store
    store.close()


@pytest.fixture
def stopped(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A PostgreSQL that the test may stop: it runs again afterwards."""
    yield postgres
    if not postgres.is_running:
        postgres.start()


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes too long takes a second."""
    monkeypatch.setattr(engine, "_WATCHDOG_SECONDS", 1.0)
    monkeypatch.setattr(engine, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(engine, "_SETTINGS", ("SET statement_timeout = '500ms'", "SET lock_timeout = '500ms'"))


# ---- a connection that is lost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_restart_between_two_calls_is_not_noticed(
    how: signal.Signals, stopped: PostgresServer, opened: Store
) -> None:
    stopped.restart(how)
    opened.write([kept("b", 2)], [])
    assert opened.load() == [kept("a", 1), kept("b", 2)]


def test_connections_that_are_cut_off_are_made_anew(postgres: PostgresServer, database: str, opened: Store) -> None:
    for number in range(3):
        postgres.drop_connections(database)
        opened.write([kept("a", number)], [])
        assert opened.load() == [kept("a", number)]


@pytest.mark.usefixtures("quickly")
def test_while_it_is_down_each_call_fails_and_afterwards_none(stopped: PostgresServer, opened: Store) -> None:
    stopped.stop()
    for _ in range(3):
        with pytest.raises(StoreFailed, match="refused"):
            opened.write([kept("a", 2)], [])
    stopped.start()
    assert opened.load() == [kept("a", 1)]
    opened.write([kept("a", 2)], [])
    assert opened.load() == [kept("a", 2)]


def test_attempts_to_connect_are_not_made_all_the_time(
    stopped: PostgresServer, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PAUSE_SECONDS", 3600.0)
    stopped.stop()
    with pytest.raises(StoreFailed, match="refused"):
        opened.load()
    stopped.start()
    with pytest.raises(StoreFailed, match="refused"):
        opened.load()
    monkeypatch.setattr(engine, "_PAUSE_SECONDS", 0.0)
    assert opened.load() == [kept("a", 1)]


@pytest.mark.usefixtures("quickly")
def test_a_connection_lost_within_a_transaction_undoes_it(
    postgres: PostgresServer, database: str, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = engine.PostgresDatabase.many

    def cut_off(self: engine.PostgresDatabase, *arguments: object) -> None:
        many(self, *arguments)  # type: ignore[arg-type]  # as they came
        postgres.drop_connections(database)

    monkeypatch.setattr(engine.PostgresDatabase, "many", cut_off)
    with pytest.raises(StoreFailed):
        opened.write([kept("a", 2), kept("b", 2)], [])
    monkeypatch.undo()
    assert opened.load() == [kept("a", 1)]


def test_who_ends_does_not_wait_for_a_database_that_stops_answering(
    postgres: PostgresServer, database: str, opened: Store
) -> None:
    (backend,) = postgres.backends(database)
    os.kill(backend, signal.SIGSTOP)
    began = time.monotonic()
    try:
        hurry = threading.Timer(0.2, opened.hurry, [0.5])  # from another thread, while a call waits
        hurry.start()
        for call in (lambda: opened.write([kept("a", 2)], []), opened.load, opened.revision):
            with pytest.raises(StoreFailed, match="in the time that was left"):
                call()
        opened.close()
        assert time.monotonic() - began < 5
    finally:
        os.kill(backend, signal.SIGCONT)


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize("call", [lambda store: store.load(), lambda store: store.write([kept("a", 2)], [])])
def test_a_database_that_stops_answering_is_given_up(
    call: Callable[[Store], object], postgres: PostgresServer, database: str, opened: Store
) -> None:
    """As a machine that hangs: its kernel still takes what is sent."""
    (backend,) = postgres.backends(database)
    os.kill(backend, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(StoreFailed):
            call(opened)
        assert time.monotonic() - began < 20
    finally:
        os.kill(backend, signal.SIGCONT)


@pytest.mark.usefixtures("quickly")
def test_a_transaction_of_somebody_else_is_not_waited_for_for_ever(
    postgres: PostgresServer, database: str, opened: Store
) -> None:
    opened.close()
    store = open_postgres(postgres.url(database))  # with the quick settings
    with psycopg.connect(postgres.socket_url(database)) as other:
        other.execute("LOCK TABLE rooms IN ACCESS EXCLUSIVE MODE")
        for _ in range(2):
            with pytest.raises(StoreFailed, match="timeout"):
                store.write([kept("a", 2)], [])
    assert store.load() == [kept("a", 1)]
    store.close()


def test_a_database_that_is_full_changes_nothing(postgres: PostgresServer, database: str, opened: Store) -> None:
    """PostgreSQL refuses to write for many reasons; each of them undoes the transaction."""
    postgres.ask(database, "ALTER TABLE queues ADD CHECK (length(data) < 100)")
    with pytest.raises(StoreFailed, match="violates check constraint"):
        opened.write([kept("a", 2, queue=50)], [])
    assert opened.load() == [kept("a", 1)]
    postgres.ask(database, "ALTER TABLE queues DROP CONSTRAINT queues_data_check")
    opened.write([kept("a", 2, queue=50)], [])
    assert opened.load() == [kept("a", 2, queue=50)]


# ---- one server, and commands beside it -----------------------------------------------------------------------------


def test_another_server_is_refused(
    postgres: PostgresServer, database: str, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(engine, "_LOCK_SECONDS", 0.0)
        with pytest.raises(StoreBusy, match=r"another server keeps its rooms in postgresql://hang@127[^,]*$"):
            open_postgres(postgres.url(database))
    assert opened.load() == [kept("a", 1)]
    opened.close()
    # The database lets go of the lock a moment after the connection is closed.
    open_postgres(postgres.url(database)).close()


def test_who_has_lost_the_lock_to_another_server_writes_no_more(
    postgres: PostgresServer, database: str, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PAUSE_SECONDS", 0.0)
    with psycopg.connect(postgres.socket_url(database), autocommit=True) as other:
        waiting = threading.Thread(target=lambda: other.execute("SELECT pg_advisory_lock(%s, %s)", engine._LOCK))
        waiting.start()
        while not postgres.ask(database, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            time.sleep(0.01)
        postgres.ask(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            f" AND database = (SELECT oid FROM pg_database WHERE datname = '{database}')",
        )
        waiting.join()
        with pytest.raises(StoreBusy, match="or it has not noticed yet that this server's last connection is lost"):
            opened.write([kept("a", 2)], [])
        with pytest.raises(StoreBusy):
            opened.load()
    opened.write([kept("a", 2)], [])


def test_a_server_that_is_killed_gives_the_database_back(postgres: PostgresServer, database: str) -> None:
    code = (
        "import sys; from hangd.store.opening import open_postgres; from tests.store.samples import kept;"
        "store = open_postgres(sys.argv[1]); store.write([kept('a', 7)], []); print('open', flush=True);"
        "sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, postgres.url(database)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        other.kill()
    store = open_postgres(postgres.url(database))
    assert store.load() == [kept("a", 7)]
    store.close()


def test_a_command_changes_what_the_server_learns_of(postgres: PostgresServer, database: str, opened: Store) -> None:
    before = opened.revision()
    command = open_postgres(postgres.url(database), serving=False)
    command.put_ban(ban(1))
    command.add_account(account(1))
    command.close()
    assert opened.revision() > before
    assert opened.bans() == [ban(1)]


def test_a_command_makes_the_tables_where_no_server_has(postgres: PostgresServer, database: str) -> None:
    command = open_postgres(postgres.url(database), serving=False)
    command.add_account(account(1))
    server = open_postgres(postgres.url(database))
    assert server.accounts() == [account(1)]
    server.close()
    command.close()


# ---- what is wrong is said, and the password is not -----------------------------------------------------------------


def test_the_password_may_be_elsewhere(
    postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = postgres.url(database, password=False)
    with pytest.raises(StoreFailed, match="no password supplied"):
        open_postgres(bare)
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    open_postgres(bare).close()
    monkeypatch.delenv("PGPASSWORD")
    (tmp_path / "pgpass").write_text(f"127.0.0.1:*:*:hang:{postgres.password}\n")
    (tmp_path / "pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    open_postgres(bare).close()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://hang:hunter2@127.0.0.1:{port}/{database}", "password authentication failed"),
        ("postgresql://hang@127.0.0.1:{port}/{database}?password=hunter2", "password authentication failed"),
        ("postgresql://hang:hunter2@127.0.0.1:1/{database}", "refused"),
        ("postgresql://hang:hunter2@nowhere.invalid/{database}", "nowhere.invalid"),
        ("postgresql://hang:hunter2/3@127.0.0.1:{port}/{database}", "%2F"),
        ("postgresql://hang:hunter2#3@127.0.0.1:{port}/{database}", "authentication failed"),
        ("postgresql://hang:hunter2%3@127.0.0.1:{port}/{database}", "%2F"),
        ("postgresql://hang:3?hunter2@127.0.0.1:{port}/{database}", "authentication failed"),
        ("postgresql://hang:hunter2@3@127.0.0.1:{port}/{database}", ""),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_without_the_password(
    url: str, why: str, postgres: PostgresServer, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreFailed) as failed:
        open_postgres(url.format(port=postgres.port, database=database))
    assert why in str(failed.value) and "\n" not in str(failed.value)
    assert "hunter2" not in str(failed.value) + caplog.text


def test_the_database_is_named_without_its_password(postgres: PostgresServer, database: str) -> None:
    store = open_postgres(postgres.url(database))
    assert store.where == f"postgresql://hang@127.0.0.1:{postgres.port}/{database}"
    store.close()
    store = open_postgres(postgres.socket_url(database))
    assert postgres.password not in store.where and database in store.where
    store.close()


def test_a_database_of_another_encoding_is_refused(postgres: PostgresServer) -> None:
    database = postgres.new_database("ENCODING LATIN1 TEMPLATE template0")
    with pytest.raises(StoreFailed, match="encoding LATIN1: make a database with the encoding UTF8"):
        open_postgres(postgres.url(database))


def test_without_psycopg_it_is_said_what_to_install() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from hangd.store.opening import open_postgres\n"
        "open_postgres('postgresql://localhost/hang')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].endswith("PostgreSQL needs psycopg: install hang-sync[postgres]")


def test_a_server_without_postgresql_does_not_import_it() -> None:
    code = "import sys, hangd.server.app; assert 'psycopg' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
