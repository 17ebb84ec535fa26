"""``hangd database``, as an admin runs it beside a real server, and a server that moves to PostgreSQL and back."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hangd.server.settings import ServerSettings
from hangd.store.opening import open_file, open_postgres
from tests.store.samples import account, ban, everything, kept
from tests.support.servers import server
from tests.support.servers.postgres import PostgresServer

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.real


def hangd(*words: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "hangd", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, input=given, timeout=server.PATIENCE)


def said(done: subprocess.CompletedProcess[bytes], status: int = 0) -> str:
    """Return what it wrote, and check its exit status."""
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == status, text
    return text


async def test_a_backup_of_a_running_server_is_a_server_again(tmp_path: Path, postgres: PostgresServer) -> None:
    """The whole way: a server with a room and an account, its backup, PostgreSQL, and back into a file."""
    data, backup, url = tmp_path / "data", tmp_path / "backup", postgres.url(postgres.empty_database())
    with server.process(ServerSettings(data_dir=str(data))) as running:
        async with await server.typist(running.url) as ada:
            welcome = await ada.hello("Ada")
            room = await ada.create(name="friday", password="sesame")
            said(hangd("ban", "192.0.2.7", "--data-dir", data))
            assert "wrote 4 rows" in said(hangd("database", "backup", backup, "--data-dir", data)), (
                "the room, the ban, two keys"
            )
            assert "rooms: 1\n" in said(hangd("database", "check", "--data-dir", data))
            refused = said(hangd("database", "restore", backup, "--data-dir", data), 1)
            assert "another server keeps its rooms" in refused
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [name for name in os.listdir(tmp_path) if "backup" in name] == ["backup"]

    assert "put 4 rows into postgresql://hang@127" in said(hangd("database", "restore", backup, "--database", url))
    assert postgres.password not in said(hangd("database", "check", "--database", url))
    with server.process(ServerSettings(database=url, data_dir=str(tmp_path / "unused"))) as running:
        proof = {"client_id": welcome["client_id"], "secret": welcome["resume_secret"]}
        async with await server.typist(running.url) as ada:
            again = await ada.hello("Ada", resume=proof)
            assert again["resumed"] and again["room"]["room_id"] == room["room_id"]
            async with await server.typist(running.url) as bob:
                await bob.hello("Bob")
                await bob.join("friday", password="sesame")
                copied = hangd("database", "backup", "-", "--database", url)
                assert copied.returncode == 0, copied.stderr
                assert "another server" in said(hangd("database", "restore", "-", "--database", url), 1)
    assert not list((tmp_path / "unused").glob("rooms.db*"))

    place = f"sqlite://{tmp_path}/moved.db"
    assert "put 4 rows" in said(hangd("database", "restore", "-", "--database", place, given=copied.stdout))
    store = open_file(tmp_path / "moved.db")
    ((restored,), (banned,)) = store.load(), store.bans()
    assert sorted(member.name for member in restored.room.members) == ["Ada", "Bob"]
    assert banned.name == "192.0.2.7/32" or banned.name.startswith("192.0.2.7")
    store.close()


@pytest.mark.parametrize("cut", [0, 10, 300])
def test_a_backup_that_is_not_whole_is_refused_in_one_line(cut: int, tmp_path: Path) -> None:
    store = open_file(tmp_path / "rooms.db")
    store.write([kept("a"), kept("b")], [])
    whole = b"".join(store.dump())
    store.close()
    (tmp_path / "cut").write_bytes(whole[:cut])
    text = said(hangd("database", "restore", tmp_path / "cut", "--data-dir", tmp_path / "other"), 1)
    assert text.startswith("hangd: error: ") and text.count("\n") == 1


def test_a_store_that_is_not_empty_is_not_overwritten(tmp_path: Path) -> None:
    store = open_file(tmp_path / "rooms.db")
    store.add_account(account(1))
    (tmp_path / "backup").write_bytes(b"".join(store.dump()))
    store.close()
    assert "is not empty" in said(hangd("database", "restore", tmp_path / "backup", "--data-dir", tmp_path), 1)


def test_a_check_finds_damage(tmp_path: Path) -> None:
    store = open_file(tmp_path / "rooms.db")
    store.write([kept("a"), kept("b")], [])
    store.close()
    assert "rooms: 2\n" in said(hangd("database", "check", "--data-dir", tmp_path))
    data = (tmp_path / "rooms.db").read_bytes()
    (tmp_path / "rooms.db").write_bytes(data.replace(b'"clock_id":"clock"', b'"clock_id":"cl\xffck"', 1))
    assert "1 of the rooms are damaged" in said(hangd("database", "check", "--data-dir", tmp_path), 1)
    (tmp_path / "rooms.db").write_bytes(data[:4096] + os.urandom(len(data) - 4096))
    text = said(hangd("database", "check", "--data-dir", tmp_path), 1)
    assert text.startswith("hangd: error: ") and text.count("\n") == 1
    assert not list(tmp_path.glob("*damaged*")), "it only looks"


def test_nothing_is_made_where_there_is_nothing(tmp_path: Path) -> None:
    for words in (
        ["database", "check"],
        ["database", "backup", str(tmp_path / "backup")],
        ["user", "list"],
        ["user", "invite"],
        ["bans"],
        ["ban", "192.0.2.1"],
        ["history"],
    ):
        text = said(hangd(*words, "--data-dir", tmp_path / "none"), 1)
        assert f"there is no file {tmp_path}/none/rooms.db" in text
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    open_file(tmp_path / "rooms.db").close()
    text = said(hangd("database", "backup", tmp_path / "no" / "folder", "--data-dir", tmp_path), 1)
    assert text == f"hangd: error: {tmp_path}/no/folder: No such file or directory\n"


def test_a_server_without_its_database_does_not_start(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.url("no_such_database")
    done = hangd("server", "--listen", "127.0.0.1:0", "--database", url, "--data-dir", tmp_path)
    text = said(done, 1)
    assert text.startswith("hangd: error: the database cannot be used: postgresql://hang@127.0.0.1")
    assert "does not exist" in text and text.count("\n") == 1 and postgres.password not in text
    assert list(tmp_path.iterdir()) == []


async def test_a_second_server_of_a_database_does_not_start(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.empty_database())
    with server.process(ServerSettings(database=url)) as running:
        async with await server.typist(running.url) as ada:
            await ada.hello("Ada")
            text = said(hangd("server", "--listen", "127.0.0.1:0", "--database", url), 1)
            assert "another server keeps its rooms in postgresql://hang@" in text and "--database" in text


async def test_no_keep_rooms_keeps_accounts_and_bans_where_a_database_is_named(tmp_path: Path) -> None:
    place = f"sqlite://{tmp_path}/some.db"
    with server.process(ServerSettings(database=place, keep_rooms=False)) as running:
        async with await server.typist(running.url) as ada:
            await ada.hello("Ada")
            await ada.create(name="friday")
            said(hangd("ban", "192.0.2.7", "--database", place))
    store = open_file(tmp_path / "some.db")
    assert store.load() == [] and len(store.bans()) == 1
    store.close()


def test_a_store_moves_from_engine_to_engine(postgres: PostgresServer, tmp_path: Path) -> None:
    """As above, without a server: nothing is different afterwards."""
    source = open_file(tmp_path / "rooms.db")
    source.write([kept(str(number), number, queue=number) for number in range(40)], [])
    source.add_account(account(1, "Zoë"))
    source.put_ban(ban(1))
    before = everything(source)
    source.close()
    url = postgres.url(postgres.empty_database())
    said(hangd("database", "backup", tmp_path / "backup", "--data-dir", tmp_path))
    said(hangd("database", "restore", tmp_path / "backup", "--database", url))
    target = open_postgres(url)
    assert everything(target) == before
    target.close()
    assert all(json.loads(line) for line in (tmp_path / "backup").read_bytes().splitlines())
