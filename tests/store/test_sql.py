"""The SQLite store: other processes, damaged files, full disks, killed processes."""

import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hangd.store.base import StoreBusy, StoreFailed
from hangd.store.sql import SqlStore
from tests.store.test_stores import kept

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "rooms.db"


def written(path: Path) -> None:
    store = SqlStore(path)
    store.write([kept("a"), kept("b", 7)], [])
    store.close()


def test_the_file_is_readable_by_its_owner_only(path: Path) -> None:
    written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_another_process_is_refused_until_the_first_one_ends(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hangd.store.sql import SqlStore;"
        "store = SqlStore(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreBusy, match="another server keeps its rooms in"):
            SqlStore(path)
        other.kill()
    written(path)


def test_the_same_process_is_refused_too_and_the_lock_stays(path: Path) -> None:
    """POSIX takes all locks of a process on a file away as soon as that process closes it anywhere."""
    store = SqlStore(path)
    with pytest.raises(StoreBusy):
        SqlStore(path)
    code = "import sys; from pathlib import Path; from hangd.store.sql import SqlStore; SqlStore(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert "StoreBusy" in done.stderr
    store.write([kept("a")], [])
    store.close()


def test_a_process_that_is_killed_loses_nothing_that_was_written(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hangd.store.sql import SqlStore;"
        "from tests.store.test_stores import kept; store = SqlStore(Path(sys.argv[1]));"
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
    store = SqlStore(path)
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
    store = SqlStore(path)
    assert store.load() == []
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and str(path) in record.getMessage()
    (aside,) = [other for other in path.parent.glob("*damaged*") if not other.name.endswith(("-wal", "-shm"))]
    assert aside.read_bytes() == before, "nothing was lost that somebody might still rescue"
    store.write([kept("c")], [])
    store.close()
    caplog.clear()
    store = SqlStore(path)
    assert [room.room.room_id for room in store.load()] == ["c"]
    assert caplog.records == []
    store.close()


def test_two_damaged_files_within_a_second_are_both_kept(path: Path) -> None:
    for _ in range(3):
        path.parent.mkdir(exist_ok=True)
        junk(path)
        SqlStore(path).close()
    assert len(list(path.parent.glob("*damaged*"))) == 3


def test_a_room_that_cannot_be_decoded_stays_and_the_others_are_loaded(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    written(path)
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO rooms_1 VALUES ('x', '{\"room\": 1}'), ('y', 'no JSON'), ('z', x'ff00')")
    database.close()
    store = SqlStore(path)
    assert [room.room.room_id for room in store.load()] == ["a", "b"]
    (record,) = caplog.records
    assert record.getMessage().startswith("3 of the rooms")
    store.write([kept("a", 1)], [])
    store.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM rooms_1").fetchone() == (5,)
    database.close()


def test_a_file_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreFailed, match="file"):
        SqlStore(tmp_path / "file" / "rooms.db")
    (tmp_path / "rooms.db").mkdir()
    with pytest.raises(StoreFailed, match=r"rooms\.db"):
        SqlStore(tmp_path / "rooms.db")


def test_a_failed_write_changes_nothing_and_may_be_repeated(path: Path) -> None:
    store = SqlStore(path)
    store.write([kept("a", 1)], [])
    # As a full disk does it: not a page more.
    (pages,) = store._database.execute("PRAGMA page_count").fetchone()
    store._database.execute(f"PRAGMA max_page_count = {pages}")
    many = [kept(f"room {number}") for number in range(100)]
    with pytest.raises(StoreFailed, match="full"):
        store.write([kept("a", 2), *many], [])
    assert store.load() == [kept("a", 1)]
    store._database.execute("PRAGMA max_page_count = 1000000")
    store.write([kept("a", 2), *many], [])
    assert len(store.load()) == 101
    store.close()


def test_a_closed_file_has_no_log_beside_it(path: Path) -> None:
    written(path)
    assert [other.name for other in path.parent.iterdir()] == ["rooms.db"]


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
