"""Two hundred files of a store, each damaged in another way: it opens, is set aside or is refused, and never more."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangd.store.base import Account, LoginSession, ServerBan, SigningKey, StoreFailed, Watched
from hangd.store.opening import open_file
from hangd.store.sql import SqlStore
from tests.store.samples import kept
from tests.support.clips.damage import damage


def fill(store: SqlStore) -> None:
    store.write([kept(f"room-{number}", number) for number in range(20)], [])
    for number in range(20):
        store.add_account(Account(f"a{number}", f"name {number}", "$argon2id$" + "x" * 80, 1.0))
        store.put_login(LoginSession(f"s{number}", f"a{number}", "test", 1.0, 2.0, bytes([number]) * 32))
        store.put_ban(ServerBan(f"b{number}", f"acc:{number}", "somebody", 1.0))
    store.put_key(SigningKey("k", "ed25519", b"secret" * 8, 1.0))
    store.add_watched(
        [Watched(f"room-{number}", None, "film", 60.0, 1.0, 50.0, 2, 0, None, None) for number in range(20)]
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a store whose server was killed, by their suffixes."""
    path = tmp_path_factory.mktemp("whole") / "rooms.db"
    store = open_file(path)
    fill(store)
    files = {suffix: path.with_name(path.name + suffix).read_bytes() for suffix in ("", "-wal")}
    store.close()
    files["closed"] = path.read_bytes()
    return files


def read_all(store: SqlStore) -> Iterator[object]:
    for read in (store.load, store.accounts, store.logins, store.bans, store.keys, store.watched, store.revision):
        try:
            yield read()
        except StoreFailed as failed:
            yield failed


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_file_is_a_sentence_and_not_a_bug(tmp_path: Path, whole: dict[str, bytes], seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "rooms.db"
    if seed % 2:
        path.write_bytes(damage(whole["closed"], chance))
    else:
        spoil_log = chance.random() < 0.5
        path.write_bytes(whole[""] if spoil_log else damage(whole[""], chance))
        path.with_name("rooms.db-wal").write_bytes(damage(whole["-wal"], chance) if spoil_log else whole["-wal"])
    spoilt = path.read_bytes()
    try:
        store = open_file(path)
    except StoreFailed as failed:
        assert str(path) in str(failed)
        assert path.read_bytes() == spoilt
        return
    aside = list(tmp_path.glob("rooms.db.damaged-*"))
    try:
        list(read_all(store))
        try:
            store.write([kept("new")], [])
        except StoreFailed:
            return
        assert "new" in {one.room.room_id for one in store.load()}
    finally:
        store.close()
    for one in aside:
        assert not seed % 2 or one.read_bytes() == spoilt
        with pytest.raises((sqlite3.Error, UnicodeDecodeError)):  # it quotes damaged names where it says what is wrong
            check(one)


def check(path: Path) -> None:
    """Raise sqlite3.Error if the file is damaged."""
    database = sqlite3.connect(path)
    try:
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        database.execute("SELECT * FROM rooms").fetchall()
    finally:
        database.close()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
