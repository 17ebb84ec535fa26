"""The file in which a daemon keeps its room and the secrets of rooms."""

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hangd.client import kept_rooms
from hangd.client.kept_rooms import KeptRooms, Place, RoomKeys, rooms_file
from hangd.tasks import Tasks
from tests.support.daemons.control import until

SERVER = "ws://127.0.0.1:3005/ws"
PLACE = Place(SERVER, "0d9f", "friday", "sesame", b"/films/\xff.mkv", "client-1", "a-resume-secret-of-bob")


def keys(number: int, server: str = SERVER, name: str | None = None) -> RoomKeys:
    return RoomKeys(server, f"room-{number}", name, f"a-host-secret-of-{number}", f"a-return-secret-of-{number}")


def content(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes, *, age: float = 0.0) -> None:
    """Write a file whose time is so many seconds ago."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (0, time.time() - age))


def age_of(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def modes(path: Path) -> dict[str, int]:
    """Return the modes of all that is in this file's folder, by name, and that of the folder."""
    found = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    return found | {"": stat.S_IMODE(path.parent.stat().st_mode)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return rooms_file(tmp_path / "state", tmp_path / "hangd.sock")


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    made = Tasks()
    yield made
    await made.cancel()


async def test_what_is_kept_is_found_by_the_next_daemon(path: Path, tasks: Tasks) -> None:
    kept = KeptRooms(path, tasks)
    assert (kept.place, kept.age, kept.lasting) == (None, None, True)
    kept.set(PLACE, keys(1))
    kept.set(PLACE, keys(2))
    await kept.close()
    again = KeptRooms(path, tasks)
    assert again.place == PLACE
    assert again.age is not None and again.age < 60
    assert again.keys(SERVER, "room-1") == keys(1)
    again.set(None)
    await again.close()
    last = KeptRooms(path, tasks)
    assert (last.place, last.age, last.keys(SERVER, "room-2")) == (None, None, keys(2))
    assert b"sesame" not in content(path)


async def test_only_its_owner_may_read_it_and_nothing_else_is_left_beside_it(path: Path, tasks: Tasks) -> None:
    kept = KeptRooms(path, tasks)
    for number in range(20):
        kept.set(PLACE, keys(number))
        await asyncio.sleep(0)
    await kept.close()
    assert modes(path) == {path.name: 0o600, "": 0o700}


async def test_the_secrets_of_old_rooms_go(path: Path, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_rooms, "_ROOMS_MAX", 3)
    kept = KeptRooms(path, tasks)
    for number in (1, 2, 3, 1, 4):
        kept.set(None, keys(number))
    assert [number for number in range(6) if kept.keys(SERVER, f"room-{number}")] == [1, 3, 4]


def test_rooms_are_found_by_id_and_name_at_their_own_server_only(tasks: Tasks) -> None:
    async def look() -> None:
        kept = KeptRooms(None, tasks)
        kept.set(None, keys(1, name="friday"))
        kept.set(None, keys(2, name="Friday"))
        kept.set(None, keys(3, server="ws://elsewhere/ws", name="friday"))
        assert kept.keys(SERVER, "friday") == keys(2, name="Friday"), "the one used last"
        assert kept.keys(SERVER, "room-1") == keys(1, name="friday")
        assert kept.keys(SERVER, "room-3") is None
        assert kept.keys(SERVER, "sunday") is None

    asyncio.run(look())


async def test_each_control_socket_and_each_machine_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rooms_file(tmp_path, Path("/run/user/1000/hang/hangd.sock"))
    assert first == rooms_file(tmp_path, Path("/run/user/1000/hang/hangd.sock"))
    assert first != rooms_file(tmp_path, Path("/run/user/1000/hang/second.sock"))
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    assert first != rooms_file(tmp_path, Path("/run/user/1000/hang/hangd.sock"))


@pytest.mark.parametrize(
    "damaged", [b"", b"junk", b'{"rooms": 3}', b'{"place": {"server": "http://x", "room_id": "r"}}']
)
async def test_a_damaged_file_is_begun_anew(
    damaged: bytes, path: Path, tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, damaged)
    kept = KeptRooms(path, tasks)
    assert (kept.place, kept.age) == (None, None)
    assert "begun anew" in caplog.text
    kept.set(PLACE)
    await kept.close()
    assert KeptRooms(path, tasks).place == PLACE


async def test_a_folder_that_cannot_be_written_is_told_once(
    tmp_path: Path, tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "file", b"no folder")
    kept = KeptRooms(tmp_path / "file" / "rooms.json", tasks)
    for number in range(3):
        kept.set(PLACE, keys(number))
        await asyncio.sleep(0.05)
    await kept.close()
    assert caplog.text.count("will not find its room after a restart") == 1
    assert "sesame" not in caplog.text


async def test_the_files_time_tells_when_the_daemon_was_last_in_the_room(
    path: Path, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_rooms, "_ALIVE_SECONDS", 0.05)
    kept = KeptRooms(path, tasks)
    kept.set(PLACE)
    await until(lambda: kept._writing is None)
    write(path, b"", age=1000)
    await until(lambda: age_of(path) < 100)
    kept.set(None)
    await kept.close()
    write(path, b'{"place": {"server": "ws://h/ws", "room_id": "r"}}', age=1000)
    age = KeptRooms(path, tasks).age
    assert age is not None and 990 < age < 1060
