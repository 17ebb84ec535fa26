"""Backups: what is not whole is refused and changes nothing, and what is damaged is not lost."""

import json
import logging
import sqlite3
import time
from pathlib import Path

import pytest

from hangd.store.base import Store, StoreFailed, StoreTooNew
from hangd.store.migrations import VERSION
from hangd.store.opening import open_file, open_memory
from tests.store.samples import account, ban, kept, key, login, watched


@pytest.fixture
def backup() -> list[bytes]:
    store = open_memory()
    store.write([kept("a", queue=2), kept("b")], [])
    store.add_account(account(1, "Zoë🎬"))
    store.put_login(login(1, 1))
    store.put_ban(ban(1))
    store.put_key(key(1))
    store.add_watched([watched(1, 2.0), watched(2, 1.0)])
    lines = list(store.dump())
    store.close()
    return lines


def is_empty(store: Store) -> bool:
    return len(list(store.dump())) == 2 and store.login_by_refresh(b"digest 1") is None


def test_a_backup_is_lines_of_json(backup: list[bytes]) -> None:
    header, *rows, end = [json.loads(line) for line in backup]
    assert (header["hang"], header["version"]) == ("store", VERSION)
    assert header["at"] == pytest.approx(time.time(), abs=600)
    assert end == {"rows": len(rows)}
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in backup)
    tables = [row["table"] for row in rows]
    assert tables == ["rooms", "rooms", "queues", "accounts", "logins", "bans", "signing_keys", "watched", "watched"]


def test_it_is_restored_whole(store: Store, backup: list[bytes]) -> None:
    before = store.revision()
    assert store.restore(backup) == 9
    assert store.load() == [kept("a", queue=2), kept("b")]
    assert store.accounts() == [account(1, "Zoë🎬")]
    assert store.account_named("ZOË🎬") == account(1, "Zoë🎬")
    assert store.login_by_refresh(b"digest 1") == login(1, 1)
    assert (store.bans(), store.keys()) == ([ban(1)], [key(1)])
    assert store.watched() == [watched(2, 1.0), watched(1, 2.0)]
    assert store.revision() > before
    store.add_watched([watched(3, 0.0)])
    store.write([kept("a")], ["b"])
    assert store.load() == [kept("a")]


def test_it_is_restored_into_an_empty_store_only(store: Store, backup: list[bytes]) -> None:
    store.put_ban(ban(7))
    with pytest.raises(StoreFailed, match="is not empty"):
        store.restore(backup)
    assert store.bans() == [ban(7)] and store.load() == []
    store.remove_ban("ban 7")
    assert store.restore(backup) == 9
    with pytest.raises(StoreFailed, match="is not empty"):
        store.restore(backup)


@pytest.mark.parametrize("length", range(11))
def test_a_backup_that_was_cut_off_changes_nothing(length: int, store: Store, backup: list[bytes]) -> None:
    with pytest.raises(StoreFailed, match=r"not complete|no backup"):
        store.restore(backup[:length][:10])
    assert is_empty(store)


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize(
    "bad", [b"", b"\n", b"junk\n", b'{"table":"rooms"}\n', b"\xff\xfe\n", b'{"table":"x","data":{}}\n']
)
def test_a_damaged_line_is_named_and_changes_nothing(
    bad: bytes, number: int, store: Store, backup: list[bytes]
) -> None:
    lines = [*backup[:number], bad, *backup[number + 1 :]]
    with pytest.raises(StoreFailed, match=f"line {number + 1} "):
        store.restore(lines)
    assert is_empty(store)


def test_a_line_cut_in_the_middle_is_named(store: Store, backup: list[bytes]) -> None:
    with pytest.raises(StoreFailed, match="line 4 of the backup is damaged"):
        store.restore([*backup[:3], backup[3][:50]])
    assert is_empty(store)


def test_what_follows_the_end_is_refused(store: Store, backup: list[bytes]) -> None:
    with pytest.raises(StoreFailed, match="line 12 of the backup comes after its end"):
        store.restore([*backup, backup[1]])
    assert is_empty(store)


def test_a_missing_row_is_noticed(store: Store, backup: list[bytes]) -> None:
    with pytest.raises(StoreFailed, match="not complete"):
        store.restore([*backup[:4], *backup[5:]])
    assert is_empty(store)


def test_a_row_that_is_there_twice_changes_nothing(store: Store, backup: list[bytes]) -> None:
    with pytest.raises(StoreFailed):
        store.restore([*backup[:2], *backup[1:-1], b'{"rows":10}\n'])
    assert is_empty(store)


@pytest.mark.parametrize("text", [b"", b"root:x:0:0\n", b"{}\n", b'{"hang":"trace"}\n', b"\x00" * 5000])
def test_another_file_is_no_backup(text: bytes, store: Store) -> None:
    with pytest.raises(StoreFailed, match=r"no backup|not complete"):
        store.restore([text] if text else [])
    assert is_empty(store)


def test_the_backup_of_a_newer_hang_is_refused(store: Store, backup: list[bytes]) -> None:
    header = json.loads(backup[0]) | {"version": VERSION + 1}
    with pytest.raises(StoreTooNew, match="newer hangd"):
        store.restore([json.dumps(header).encode() + b"\n", *backup[1:]])
    assert is_empty(store)


def test_rows_that_cannot_be_understood_are_set_aside(
    store: Store, backup: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    strange = b'{"table":"rooms","data":{"room":"of tomorrow"},"key":"c"}\n'
    assert store.restore([*backup[:-1], strange, b'{"rows":10}\n']) == 10
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and "set_aside: 1" in record.getMessage()
    assert [room.room.room_id for room in store.load()] == ["a", "b"]
    assert "1 damaged rows were set aside" in store.check().problems[0]
    (aside,) = [json.loads(line) for line in store.dump() if b"set_aside" in line]
    assert json.loads(aside["data"]["data"]) == {"room": "of tomorrow"}


def test_damaged_rows_are_in_the_backup(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "rooms.db"
    damaged = open_file(path)
    damaged.write([kept("a"), kept("b")], [])
    damaged.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE rooms SET data = CAST(x'00ff' AS TEXT) WHERE room_id = 'a'")
    database.close()
    beside = open_file(path, serving=False)
    lines = list(beside.dump())
    assert beside.check().problems == ("1 of the rooms are damaged",)
    beside.close()
    assert store.restore(lines) == 2
    assert [room.room.room_id for room in store.load()] == ["b"]
    (aside,) = [json.loads(line)["data"] for line in store.dump() if b"set_aside" in line]
    assert aside == {"table": "rooms", "key": "a", "data": {"base64": "AP8="}}


def test_a_backup_is_of_one_moment(tmp_path: Path) -> None:
    """The server goes on writing while a command reads."""
    server = open_file(tmp_path / "rooms.db")
    server.write([kept("a", 1), kept("b", 1)], [])
    command = open_file(tmp_path / "rooms.db", serving=False)
    lines = command.dump()
    first = [next(lines), next(lines)]
    server.write([kept("a", 2), kept("b", 2)], [])
    server.add_account(account(1))
    empty = open_memory()
    assert empty.restore([*first, *lines]) == 2
    assert empty.load() == [kept("a", 1), kept("b", 1)] and empty.accounts() == []
    assert command.load() == [kept("a", 2), kept("b", 2)]
    for store in (server, command, empty):
        store.close()


def test_a_backup_that_is_not_read_to_its_end_holds_nothing_up(store: Store) -> None:
    store.write([kept("a")], [])
    lines = store.dump()
    next(lines)
    lines.close()  # type: ignore[attr-defined]  # it is a generator
    store.write([kept("b")], [])
    assert len(store.load()) == 2


def test_a_checked_store_says_what_it_has(store: Store, backup: list[bytes]) -> None:
    store.restore(backup)
    found = store.check()
    assert (found.version, found.problems) == (VERSION, ())
    assert list(found.counts.values()) == [2, 1, 1, 1, 1, 1, 2]
