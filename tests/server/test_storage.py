"""Which store the server opens, and what it logs if it cannot."""

import logging
from pathlib import Path

import pytest

from hangd import paths
from hangd.server.listening import StartFailed
from hangd.server.settings import ServerSettings
from hangd.server.storage import open_store, room_ttl
from hangd.store.base import Store
from hangd.store.memory import MemoryStore
from hangd.store.sql import SqlStore
from tests.store.test_stores import kept


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def opened(**settings: object) -> Store:
    store, rooms = open_store(ServerSettings(**settings))  # type: ignore[arg-type]  # the test's own values
    assert rooms == []
    return store


def test_rooms_are_kept_in_the_given_folder(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    settings = ServerSettings(data_dir=str(tmp_path / "a" / "b"))
    store, _ = open_store(settings)
    assert store.lasting
    store.write([kept("a")], [])
    store.close()
    store, rooms = open_store(settings)
    store.close()
    assert rooms == [kept("a")]
    assert [record.getMessage() for record in log.records] == [
        f"rooms are kept in {tmp_path}/a/b: {number} from before" for number in (0, 1)
    ]


def test_without_keep_rooms_nothing_is_written(tmp_path: Path) -> None:
    store = opened(keep_rooms=False, data_dir=str(tmp_path / "data"))
    assert isinstance(store, MemoryStore)
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
    assert isinstance(store, MemoryStore)
    (record,) = log.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("rooms cannot be kept, and end with this server: ")
    assert str(tmp_path / "file") in record.getMessage()


def test_a_file_in_use_by_another_server_is_an_error(tmp_path: Path) -> None:
    first = SqlStore(tmp_path / "rooms.db")
    with pytest.raises(StartFailed, match="--data-dir"):
        opened(data_dir=str(tmp_path))
    first.close()


@pytest.mark.parametrize(
    ("given", "keep", "expected"), [(None, True, 86400.0), (None, False, 600.0), (5.0, True, 5.0), (0.0, False, 0.0)]
)
def test_an_empty_room_is_kept_longer_in_a_file(
    given: float | None, keep: bool, expected: float, tmp_path: Path
) -> None:
    settings = ServerSettings(keep_rooms=keep, room_ttl=given, data_dir=str(tmp_path))
    store, _ = open_store(settings)
    assert room_ttl(settings, store) == expected
    store.close()
