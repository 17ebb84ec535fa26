"""Stores of every version open, a newer one is refused, and a migration is done whole or not at all."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.store import migrations
from hangd.store.base import KeptRoom, Store, StoreFailed, StoreTooNew
from hangd.store.database import Run
from hangd.store.migrations import MIGRATIONS, VERSION, Migration, migrate
from hangd.store.opening import open_file, open_memory, open_postgres
from hangd.store.sqlite import FileLock, SqliteDatabase
from tests.golden.make_stores import STORES, fill, rooms
from tests.store.samples import account, everything, kept
from tests.support.servers.postgres import PostgresServer

FILES = sorted(STORES.glob("*.db"))
DUMPS = sorted(STORES.glob("*.jsonl"))
TEXTS = sorted(STORES.glob("*.sql"))


@pytest.fixture
def newest() -> Iterator[Store]:
    store = open_memory()
    fill(store)
    yield store
    store.close()


def test_there_is_a_store_of_each_version() -> None:
    assert [path.stem for path in FILES] == [str(version) for version in range(1, VERSION + 1)]
    assert [path.stem for path in DUMPS] == [path.stem for path in TEXTS] == [path.stem for path in FILES[1:]]


def old_rooms() -> list[KeptRoom]:
    """Return the rooms without what version 1 did not know."""
    friday, empty = rooms()
    members = tuple(replace(one, tags=(), account=None, owner=False) for one in friday.room.members)
    room = replace(friday.room, members=members, bans=(), invites=(), revoked={})
    return [replace(friday, room=room), empty]


@pytest.mark.parametrize("serving", [True, False])
def test_the_rooms_of_version_1_come_back(serving: bool, tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    shutil.copy(STORES / "1.db", path)
    store = open_file(path, serving=serving)
    assert store.load() == old_rooms()
    assert store.accounts() == [] and store.check().problems == ()
    # The queue, which was a part of its room, is found in its own place from the next change on.
    changed = replace(old_rooms()[0], room=replace(old_rooms()[0].room, name="saturday"))
    store.write([changed], [])
    assert store.load() == [changed, old_rooms()[1]]
    store.close()
    store = open_file(path)
    assert store.load() == [changed, old_rooms()[1]]
    assert store.check().counts["queues of rooms"] == 1
    store.close()


def test_a_damaged_row_of_version_1_costs_one_room(tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    shutil.copy(STORES / "1.db", path)
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO rooms_1 VALUES (CAST(x'ff' AS TEXT), 'x'), ('3', CAST(x'7bff' AS TEXT))")
    database.close()
    store = open_file(path)
    assert store.load() == old_rooms()
    assert store.check().problems == ("2 damaged rows were set aside before (in the table set_aside)",)
    store.close()


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.name)
def test_a_file_opens_with_everything_in_it(path: Path, newest: Store, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "rooms.db")
    store = open_file(tmp_path / "rooms.db")
    assert everything(store) == everything(newest)
    store.close()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_database_of_postgresql_opens_with_everything_in_it(
    path: Path, newest: Store, postgres: PostgresServer
) -> None:
    database = postgres.empty_database()
    postgres.ask(database, path.read_text(encoding="utf-8"))
    store = open_postgres(postgres.url(database))
    assert everything(store) == everything(newest)
    store.add_watched([])  # numbers are given on
    store.close()


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.name)
def test_a_backup_is_restored_with_everything_in_it(path: Path, newest: Store, store: Store) -> None:
    with path.open("rb") as lines:
        assert store.restore(lines) == len(list(newest.dump())) - 2
    assert everything(store) == everything(newest)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_server_goes_on_with_the_rooms(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "rooms.db")
    store = open_file(tmp_path / "rooms.db")
    for one in store.load():
        room = Room.restored(one.room.moved(10.0), epoch="e", settings=RoomSettings(), now=1100.0)
        saved = room.saved()
        assert (saved.room_id, saved.name, saved.queue) == (one.room.room_id, one.room.name, one.room.queue)
        assert [member.client_id for member in saved.members] == [member.client_id for member in one.room.members]
    store.close()


# ---- newer versions -------------------------------------------------------------------------------------------------


def of_version(path: Path, version: int, compat: int) -> None:
    store = open_file(path)
    store.write([kept("a")], [])
    store.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE schema SET version = ?, compat = ?", (version, compat))
    database.close()


@pytest.mark.parametrize("serving", [True, False])
def test_a_file_of_a_newer_hang_is_refused_and_left_as_it_is(serving: bool, tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    of_version(path, VERSION + 3, VERSION + 1)
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=f"tables of version {VERSION + 3}, and this hangd knows version {VERSION}"):
        open_file(path, serving=serving)
    assert path.read_bytes() == before
    assert list(tmp_path.glob("*damaged*")) == []


def test_a_newer_file_that_this_version_may_use_is_used(tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    of_version(path, VERSION + 3, VERSION)
    store = open_file(path)
    assert store.load() == [kept("a")]
    assert store.check().version == VERSION + 3
    store.close()


def test_a_database_of_a_newer_hang_is_refused(postgres: PostgresServer) -> None:
    database = postgres.empty_database()
    open_postgres(postgres.url(database)).close()
    postgres.ask(database, f"UPDATE schema SET version = {VERSION + 1}, compat = {VERSION + 1}")
    for serving in (True, False):
        with pytest.raises(StoreTooNew, match="this hangd knows"):
            open_postgres(postgres.url(database), serving=serving)


@pytest.mark.parametrize("change", ["DELETE FROM schema", "INSERT INTO schema VALUES (2, 2)"])
def test_a_store_that_does_not_say_its_version_is_refused(change: str, tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    of_version(path, VERSION, VERSION)
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    with pytest.raises(StoreFailed, match="does not say which version"):
        open_file(path)


# ---- migrations -----------------------------------------------------------------------------------------------------


def more(run: Run, _has_table: Callable[[str], bool]) -> None:
    run("CREATE TABLE more (everything TEXT)")


def fails(run: Run, _has_table: Callable[[str], bool]) -> None:
    run("CREATE TABLE more (everything TEXT)")
    run("no statement")


@pytest.fixture(params=["file", "postgres"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Store]:
    if request.param == "file":
        return lambda **how: open_file(tmp_path / "rooms.db", **how)
    url: str = request.getfixturevalue("postgres_url")
    return lambda **how: open_postgres(url, **how)


def test_a_later_migration_keeps_what_is_there(reopened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch) -> None:
    store = reopened()
    fill(store)
    before = everything(store)
    store.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, Migration(VERSION + 1, VERSION, more)))
    monkeypatch.setattr(migrations, "VERSION", VERSION + 1)
    monkeypatch.setattr("hangd.store.opening.VERSION", VERSION + 1)
    store = reopened()
    assert everything(store) == before and store.check().version == VERSION + 1
    store.close()
    store = reopened(serving=False)
    assert everything(store) == before
    store.close()


def test_a_migration_that_fails_changes_nothing(
    reopened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = reopened()
    store.add_account(account(1))
    store.close()
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, Migration(VERSION + 1, VERSION, fails)))
        patched.setattr(migrations, "VERSION", VERSION + 1)
        with pytest.raises(StoreFailed, match="syntax error"):
            reopened()
    store = reopened()
    assert store.accounts() == [account(1)] and store.check().version == VERSION
    store.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, Migration(VERSION + 1, VERSION, more)))
    monkeypatch.setattr(migrations, "VERSION", VERSION + 1)
    store = reopened()
    assert store.accounts() == [account(1)]
    store.close()


def test_a_command_waits_for_a_server_that_is_making_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    lock = FileLock(path)  # as the server has it, before it makes them

    def make() -> None:
        database = SqliteDatabase(path)
        migrate(database)
        database.close()

    made = threading.Timer(0.3, make)
    made.start()
    command = open_file(path, serving=False)
    made.join()
    assert command.accounts() == []
    command.close()
    lock.close()


def test_a_command_does_not_migrate_beneath_a_server(
    reopened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = reopened()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, Migration(VERSION + 1, VERSION + 1, more)))
    monkeypatch.setattr(migrations, "VERSION", VERSION + 1)
    monkeypatch.setattr("hangd.store.opening.VERSION", VERSION + 1)
    monkeypatch.setattr("hangd.store.postgres._LOCK_SECONDS", 0.0)
    monkeypatch.setattr("hangd.store.opening._STARTING_SECONDS", 0.1)
    with pytest.raises(StoreFailed, match="is an older hangd: restart it first"):
        reopened(serving=False)
    server.add_account(account(1))
    server.close()
    command = reopened(serving=False)
    assert command.accounts() == [account(1)]
    command.close()


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(2, VERSION + 1))
    assert all(1 < migration.compat <= migration.version for migration in MIGRATIONS)
