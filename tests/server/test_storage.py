"""Which store the server opens, and what it logs if it cannot."""

import logging
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hangd import paths
from hangd.cli.main import main
from hangd.config import Given, load
from hangd.server.listening import StartFailed
from hangd.server.push.service import open_push
from hangd.server.settings import ServerSettings, check_database
from hangd.server.storage import load_rooms, open_alone, open_existing, open_shared, open_store, room_ttl
from hangd.store.base import Store, StoreBusy, StoreFailed
from hangd.store.opening import open_file
from tests.store.samples import ban, kept


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def opened(**settings: object) -> Store:
    return open_store(ServerSettings(**settings))  # type: ignore[arg-type]  # the test's own values


def test_rooms_are_kept_in_the_given_folder(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    settings = ServerSettings(data_dir=str(tmp_path / "a" / "b"))
    store = open_store(settings)
    assert store.lasting and load_rooms(settings, store) == []
    store.write([kept("a")], [])
    store.close()
    store = open_store(settings)
    assert load_rooms(settings, store) == [kept("a")]
    store.close()
    assert [record.getMessage() for record in log.records] == [
        f"rooms are kept in {tmp_path}/a/b/rooms.db: {number} from before" for number in (0, 1)
    ]


def test_without_keep_rooms_nothing_is_written(tmp_path: Path) -> None:
    store = opened(keep_rooms=False, data_dir=str(tmp_path / "data"))
    assert not store.lasting
    assert not (tmp_path / "data").exists()


def test_the_service_managers_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/hang:{tmp_path}/other")
    assert paths.server_dir() == tmp_path / "hang"
    store = opened()
    store.close()
    assert (tmp_path / "hang" / "rooms.db").exists()


def test_the_default_folder_is_used_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert paths.server_dir() == paths.state_dir()


def test_the_server_runs_though_rooms_cannot_be_kept(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = opened(data_dir=str(tmp_path / "file"))
    assert not store.lasting
    (record,) = log.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("rooms cannot be kept, and end with this server: ")
    assert str(tmp_path / "file") in record.getMessage()


def test_a_server_does_not_start_in_memory_where_there_is_a_file(tmp_path: Path) -> None:
    """Whoever is banned in it could come in, and anybody could have the name of an account that is in it."""
    opened(data_dir=str(tmp_path)).close()
    (tmp_path / "rooms.db.lock").unlink()
    (tmp_path / "rooms.db.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        StartFailed, match=r"the database cannot be used: .*rooms\.db\.lock: .*--no-keep-rooms"
    ) as failed:
        opened(data_dir=str(tmp_path))
    assert failed.value.exit_code == 1, "another start may be luckier"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o604, True), (0o602, True)])
def test_a_file_that_every_user_can_open_is_warned_of(
    mode: int, warned: bool, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    opened(data_dir=str(tmp_path)).close()
    (tmp_path / "rooms.db").chmod(mode)
    opened(data_dir=str(tmp_path)).close()
    assert (f"`chmod o-rwx {tmp_path}/rooms.db`" in log.text) is warned
    assert (tmp_path / "rooms.db").stat().st_mode & 0o777 == mode


def test_a_file_in_use_by_another_server_is_an_error(tmp_path: Path) -> None:
    first = open_file(tmp_path / "rooms.db")
    with pytest.raises(StartFailed, match="--data-dir"):
        opened(data_dir=str(tmp_path))
    first.close()


@pytest.mark.parametrize(
    "asked",
    [{"require_token": True}, {"register": "open"}, {"register": "invited"}, {"database": "sqlite://{path}/file/x.db"}],
)
def test_a_server_that_is_to_keep_accounts_does_not_start_without_its_store(
    asked: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    given = {name: value.format(path=tmp_path) if name == "database" else value for name, value in asked.items()}  # type: ignore[attr-defined]
    with pytest.raises(StartFailed, match="the database cannot be used: ") as failed:
        opened(data_dir=str(tmp_path / "file"), **given)
    assert failed.value.exit_code == 1, "another start may be luckier"


def test_a_store_of_a_newer_hang_is_a_wrong_setting(tmp_path: Path) -> None:
    store = opened(data_dir=str(tmp_path))
    store.close()
    with sqlite3.connect(tmp_path / "rooms.db") as database:
        database.execute("UPDATE schema SET version = 99, compat = 99")
    database.close()
    with pytest.raises(StartFailed, match="tables of version 99") as failed:
        opened(data_dir=str(tmp_path))
    assert failed.value.exit_code == 2, "another start would fail too"


def test_a_file_that_another_program_holds_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory, the rooms that are in the file would be missing."""
    opened(data_dir=str(tmp_path)).close()
    monkeypatch.setattr("hangd.store.sqlite._BUSY_SECONDS", 0.1)
    with sqlite3.connect(tmp_path / "rooms.db", isolation_level=None) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE revision SET number = number")
        with pytest.raises(StartFailed, match="another program holds"):
            opened(data_dir=str(tmp_path))
    other.close()
    opened(data_dir=str(tmp_path)).close()


def test_two_names_of_a_file_are_one_file(tmp_path: Path) -> None:
    first = opened(database=f"sqlite://{tmp_path}/some.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "some.db")
    with pytest.raises(StartFailed, match=r"another server keeps its rooms in .*some\.db.* \(--database\)"):
        opened(database=f"sqlite://{tmp_path}/link.db")
    first.close()


def test_a_lock_is_not_followed_to_somebody_elses_file(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "some.db.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(StartFailed, match=r"some\.db\.lock"):
        opened(database=f"sqlite://{tmp_path}/some.db")
    assert (tmp_path / "victim").read_text() == "precious"


def test_a_command_shares_the_store_of_the_server(tmp_path: Path) -> None:
    settings = ServerSettings(data_dir=str(tmp_path))
    with pytest.raises(StoreFailed, match="there is no file"):
        open_existing(settings)
    server = open_store(settings)
    command = open_shared(settings)
    command.put_ban(ban(1))
    assert server.bans() == [ban(1)]
    with pytest.raises(StoreBusy):
        open_alone(settings)
    command.close()
    server.close()
    open_alone(settings).close()


def test_accounts_that_end_with_the_server_are_warned_of(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    opened(keep_rooms=False, data_dir=str(tmp_path)).close()
    assert log.records == []
    opened(keep_rooms=False, data_dir=str(tmp_path), register="open").close()
    (record,) = log.records
    assert record.levelno == logging.WARNING and "--database" in record.getMessage()


def test_the_url_of_a_database_is_checked_and_its_password_is_not_shown() -> None:
    for wrong in ("mysql://hunter2@h/n", "sqlite://relative.db", "hunter2", "postgresql://hang:hunter2/3@host/name"):
        with pytest.raises(ValueError, match=r"must (be|have)") as refused:
            check_database(wrong)
        assert "hunter2@" not in str(refused.value) and "hunter2/" not in str(refused.value)
    for right in ("sqlite:///var/lib/x.db", "postgresql://hang@host/name", "postgresql:///name?host=/run/postgresql"):
        check_database(right)
    given = Given("--database", "postgresql://hang:hunter2@host/name")
    assert "hunter2" not in load(flags={"database": given}, environment={}).show()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    """`sudo hangd user add` before the first start of a service must not keep the service out."""
    os.chown(tmp_path, 12345, 12345)
    store = open_shared(ServerSettings(data_dir=str(tmp_path)))
    store.put_ban(ban(1))
    owners = {path.name: path.stat().st_uid for path in tmp_path.iterdir()}
    assert set(owners.values()) == {12345} and {"rooms.db", "rooms.db-wal", "rooms.db.lock"} <= set(owners)
    store.close()


def test_there_is_nothing_to_share_with_a_server_that_keeps_nothing(tmp_path: Path) -> None:
    settings = ServerSettings(data_dir=str(tmp_path), keep_rooms=False)
    for open_it in (open_shared, open_alone, open_existing):
        with pytest.raises(StoreFailed):
            open_it(settings)
    settings = ServerSettings(database=f"sqlite://{tmp_path}/some.db", keep_rooms=False)
    open_shared(settings).close()
    assert room_ttl(settings, open_store(settings)) == 600.0


@pytest.mark.parametrize(
    ("given", "keep", "expected"), [(None, True, 86400.0), (None, False, 600.0), (5.0, True, 5.0), (0.0, False, 0.0)]
)
def test_an_empty_room_is_kept_longer_in_a_file(
    given: float | None, keep: bool, expected: float, tmp_path: Path
) -> None:
    settings = ServerSettings(keep_rooms=keep, room_ttl=given, data_dir=str(tmp_path))
    store = open_store(settings)
    assert room_ttl(settings, store) == expected
    store.close()


@pytest.fixture
def of_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server's folder of root, and this process is then another user, for whom all modules are loaded already."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as outer:  # no other user gets into tmp_path
        os.chmod(outer, 0o755)
        monkeypatch.setenv("XDG_CONFIG_HOME", outer)
        folder = Path(outer) / "data"
        open_store(ServerSettings(data_dir=str(folder))).close()
        for words in _COMMANDS:
            CliRunner().invoke(main, [*words, "--data-dir", str(folder)])
        os.seteuid(65534)
        yield folder
        os.seteuid(0)


_COMMANDS = (["user", "list"], ["bans"], ["history"], ["database", "check"], ["database", "restore", "-"])


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_another_user_is_told_to_use_sudo(of_root: Path, mode: int) -> None:
    os.seteuid(0)
    of_root.chmod(mode)
    os.seteuid(65534)
    for words in _COMMANDS:
        done = CliRunner().invoke(main, [*words, "--data-dir", str(of_root)], input="")
        assert (done.exit_code, done.stdout) == (1, ""), (words, done.output)
        assert done.stderr.startswith(
            f"hangd: error: {of_root}/rooms.db is for the server's user and root alone: use s"
        )


def test_a_server_whose_folder_is_anothers_says_so_in_a_sentence(of_root: Path, log: pytest.LogCaptureFixture) -> None:
    settings = ServerSettings(data_dir=str(of_root), push_contact="mailto:ada@example.org")
    with pytest.raises(StartFailed, match=r"the database cannot be used: .*rooms\.db.*: Permission denied"):
        open_store(settings)
    log.clear()
    assert open_push(settings, of_root) is None
    assert "push-key.pem: Permission denied" in log.text
    log.clear()
    assert open_push(ServerSettings(), of_root) is None
    assert log.text == ""
