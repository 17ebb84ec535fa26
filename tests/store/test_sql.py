"""The SQLite store: other processes, damaged files, full disks, killed processes."""

import base64
import functools
import json
import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hangd.store.base import StoreBusy, StoreFailed
from hangd.store.opening import open_file
from hangd.store.sql import SqlStore
from hangd.store.sqlite import SqliteDatabase
from tests.store.samples import account, ban, kept, key, login, watched

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "rooms.db"


def written(path: Path) -> None:
    store = open_file(path)
    store.write([kept("a"), kept("b", 7)], [])
    store.close()


def test_the_file_is_readable_by_its_owner_only(path: Path) -> None:
    written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_another_process_is_refused_until_the_first_one_ends(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hangd.store.opening import open_file;"
        "store = open_file(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreBusy, match="another server keeps its rooms in"):
            open_file(path)
        other.kill()
    written(path)


def test_the_same_process_is_refused_too_and_the_lock_stays(path: Path) -> None:
    """POSIX takes all locks of a process on a file away as soon as that process closes it anywhere."""
    store = open_file(path)
    with pytest.raises(StoreBusy):
        open_file(path)
    code = (
        "import sys; from pathlib import Path; from hangd.store.opening import open_file; open_file(Path(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert "StoreBusy" in done.stderr
    store.write([kept("a")], [])
    store.close()


def test_a_process_that_is_killed_loses_nothing_that_was_written(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hangd.store.opening import open_file;"
        "from tests.store.samples import account, ban, kept, key, login; store = open_file(Path(sys.argv[1]));"
        "[(store.write([kept('a', rev)], []), print(rev, flush=True)) for rev in range(10**9)]"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if line == "100\n":
                break
        os.kill(writer.pid, signal.SIGKILL)
        last = int(["100", *writer.stdout.read().split()][-1])
    store = open_file(path)
    (room,) = store.load()
    # It may have been killed between the writing and the telling.
    assert room.room.timeline.rev in (last, last + 1)
    store.close()


def junk(path: Path) -> None:
    path.write_bytes(b"these are no rooms " * 1000)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def torn(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(4096)
    path.write_bytes(data)


def junk_beside_a_log(path: Path) -> None:
    junk(path)
    Path(f"{path}-wal").write_bytes(b"a log of old")


@pytest.mark.parametrize("damage", [junk, cut, torn, junk_beside_a_log])
def test_a_damaged_file_is_renamed_and_replaced(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    written(path)
    damage(path)
    before = path.read_bytes()
    store = open_file(path)
    store.write([], [room.room.room_id for room in store.load()])
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and str(path) in record.getMessage()
    (aside,) = [other for other in path.parent.glob("*damaged*") if not other.name.endswith(("-wal", "-shm"))]
    assert aside.read_bytes() == before, "nothing was lost that somebody might still rescue"
    store.write([kept("c")], [])
    store.close()
    caplog.clear()
    store = open_file(path)
    assert [room.room.room_id for room in store.load()] == ["c"]
    assert caplog.records == []
    store.close()


def test_a_file_that_is_junk_has_no_rooms(path: Path) -> None:
    written(path)
    junk(path)
    store = open_file(path)
    assert store.load() == []
    store.close()


def full(path: Path) -> None:
    """Make a file with several pages in some tables."""
    store = open_file(path)
    store.write([kept(f"room {number:02}", number, queue=9) for number in range(40)], [])
    for number in range(30):
        store.add_account(account(number))
        store.put_login(login(number, number))
        store.put_ban(ban(number))
    store.put_key(key(1))
    store.close()


def pages(path: Path) -> int:
    return path.stat().st_size // 4096


def test_a_damaged_page_costs_what_is_on_it(path: Path) -> None:
    """Whichever page it is, the server starts, most tables are whole, and the damaged file is kept as it was."""
    full(path)
    whole = path.read_bytes()
    store = open_file(path)
    before = [store.load(), store.accounts(), store.logins(), store.bans(), store.keys()]
    store.close()
    for number in range(1, pages(path)):
        for filling in (bytes(4096), bytes(range(256)) * 16):
            damaged = whole[: number * 4096] + filling + whole[(number + 1) * 4096 :]
            folder = path.parent / f"{number} {filling[0]} {filling[1]}"
            folder.mkdir()
            (folder / "rooms.db").write_bytes(damaged)
            store = open_file(folder / "rooms.db")
            after = [store.load(), store.accounts(), store.logins(), store.bans(), store.keys()]
            assert store.check().problems == ()
            store.put_ban(ban(99))
            store.close()
            kept_files = [other for other in folder.glob("*.damaged-*") if other.suffix[-4:] not in ("-wal", "-shm")]
            assert [other.read_bytes() for other in kept_files] in ([damaged], [])
            lost = [some for some, all_of_them in zip(after, before, strict=True) if some != all_of_them]
            assert len(lost) <= (2 if kept_files else 0), f"page {number}"
            assert sorted(other.name for other in folder.iterdir() if other.name.startswith(".")) == []


def test_two_damaged_files_within_a_second_are_both_kept(path: Path) -> None:
    for _ in range(3):
        path.parent.mkdir(exist_ok=True)
        junk(path)
        open_file(path).close()
    assert len(list(path.parent.glob("*damaged*"))) == 3


def changed(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def asked(path: Path, statement: str) -> list[Any]:
    with sqlite3.connect(path) as database:
        rows = database.execute(statement).fetchall()
    database.close()
    return rows


def test_a_room_that_cannot_be_understood_stays_and_the_others_are_loaded(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written(path)
    changed(path, "INSERT INTO rooms VALUES ('x', '{\"room\": 1}')")
    store = open_file(path)
    assert [room.room.room_id for room in store.load()] == ["a", "b"]
    (record,) = caplog.records
    assert record.getMessage().startswith("1 of the rooms")
    store.write([kept("a", 1)], [])
    store.close()
    assert asked(path, "SELECT count(*) FROM rooms") == [(3,)]


@pytest.mark.parametrize("damage", ["'no JSON'", "x'ff00'", "CAST(x'ff7b7d' AS TEXT)", "'{\"room\":'"])
def test_a_damaged_row_costs_one_room(path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    written(path)
    changed(path, f"UPDATE rooms SET data = {damage} WHERE room_id = 'a'")
    store = open_file(path)
    assert [room.room.room_id for room in store.load()] == ["b"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and "1 of the rooms" in record.getMessage()
    assert [room.room.room_id for room in store.load()] == ["b"]
    assert len(caplog.records) == 1, "it is said once"
    store.write([kept("a", 3)], [])
    assert [room.room.timeline.rev for room in store.load()] == [3, 7]
    store.close()
    assert asked(path, "SELECT count(*) FROM set_aside") == [(1,)]


def test_a_flipped_bit_in_a_name_costs_one_room_and_its_bytes_are_kept(path: Path) -> None:
    written(path)
    changed(path, "UPDATE rooms SET data = CAST(replace(data, 'clock', x'636c6fff6b') AS TEXT) WHERE room_id = 'b'")
    store = open_file(path)
    assert [room.room.room_id for room in store.load()] == ["a"]
    store.close()
    ((row,),) = asked(path, "SELECT data FROM set_aside")
    aside = json.loads(row)
    assert (aside["table"], aside["key"]) == ("rooms", "b")
    assert b'"cl\x6f\xffk"' in base64.b64decode(aside["data"]["base64"])


def test_a_damaged_id_costs_one_room(path: Path) -> None:
    written(path)
    changed(path, "UPDATE rooms SET room_id = CAST(x'61ff' AS TEXT) WHERE room_id = 'a'")
    store = open_file(path)
    assert [room.room.room_id for room in store.load()] == ["b"]
    store.close()
    assert asked(path, "SELECT count(*) FROM rooms") == [(1,)]


def test_a_file_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreFailed, match="file"):
        open_file(tmp_path / "file" / "rooms.db")
    (tmp_path / "rooms.db").mkdir()
    with pytest.raises(StoreFailed, match=r"rooms\.db"):
        open_file(tmp_path / "rooms.db")


def sqlite_of(store: SqlStore) -> sqlite3.Connection:
    database = store._database
    assert isinstance(database, SqliteDatabase)
    return database._connection


def test_a_failed_write_changes_nothing_and_may_be_repeated(path: Path) -> None:
    store = open_file(path)
    store.write([kept("a", 1)], [])
    # As a full disk does it: not a page more.
    sqlite = sqlite_of(store)
    (pages,) = sqlite.execute("PRAGMA page_count").fetchone()
    sqlite.execute(f"PRAGMA max_page_count = {pages}")
    many = [kept(f"room {number}") for number in range(100)]
    with pytest.raises(StoreFailed, match="full"):
        store.write([kept("a", 2), *many], [])
    assert store.load() == [kept("a", 1)]
    sqlite.execute("PRAGMA max_page_count = 1000000")
    store.write([kept("a", 2), *many], [])
    assert len(store.load()) == 101
    store.close()


def test_a_closed_file_has_no_log_beside_it(path: Path) -> None:
    written(path)
    assert sorted(other.name for other in path.parent.iterdir()) == ["rooms.db", "rooms.db.lock"]


def test_the_table_of_another_version_is_not_touched(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE rooms_2 (everything TEXT)")
        database.execute("INSERT INTO rooms_2 VALUES ('precious')")
    database.close()
    written(path)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT everything FROM rooms_2").fetchall() == [("precious",)]
    database.close()


@pytest.mark.parametrize("table", ["accounts", "logins", "bans", "signing_keys", "watched", "queues"])
def test_a_damaged_row_of_any_table_costs_that_row(table: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = open_file(path)
    store.write([kept("a", queue=1), kept("b", queue=1)], [])
    for number in (1, 2):
        store.add_account(account(number))
        store.put_login(login(number, number))
        store.put_ban(ban(number))
        store.put_key(key(number))
        store.add_watched([watched(number, float(number))])
    store.close()
    changed(path, f"UPDATE {table} SET data = CAST(x'7bff7d' AS TEXT) WHERE rowid = 1")
    store = open_file(path)
    caplog.clear()
    found: dict[str, Sequence[object]] = {
        "accounts": store.accounts(),
        "logins": store.logins(),
        "bans": store.bans(),
        "signing_keys": store.keys(),
        "watched": store.watched(),
        "queues": [room for room in store.load() if room.room.queue.entries],
    }
    assert len(store.load()) == 2, "a room does without its queue"
    assert {name: len(some) for name, some in found.items()} == dict.fromkeys(found, 2) | {table: 1}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert store.login("login 1") in (login(1, 1), None)
    store.close()
    assert asked(path, "SELECT count(*) FROM set_aside") == [(1,)]


def test_a_command_beside_a_server_does_not_read_the_whole_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Recorded(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            asked.append(sql)
            return super().execute(sql, *parameters)

    monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=Recorded))
    for serving in (True, False):
        asked.clear()
        open_file(path, serving=serving).close()
        assert any("_check" in sql for sql in asked) is serving
