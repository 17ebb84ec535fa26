"""The file of rooms is damaged when its server starts: it is set aside with a sentence, and the server serves."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.support.crowds.crowd import Group, crowd
from tests.support.crowds.fan import Refused
from tests.support.servers.server_process import server_process

pytestmark = pytest.mark.real

_PAGE: Final = 4096


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2 + 100]


def header(content: bytes) -> bytes:
    return bytes(100) + content[100:]


def one_page(content: bytes) -> bytes:
    """Another file's data in the place of a page, as a failing disk leaves it."""
    return content[:_PAGE] + random.Random(1).randbytes(_PAGE) + content[2 * _PAGE :]


def random_bytes(content: bytes) -> bytes:
    return random.Random(2).randbytes(len(content))


def another_file(content: bytes) -> bytes:
    return b'{"rooms": []}\n' * 500


async def is_back(group: Group) -> bool:
    """Tell whether the room is there, with all of its members. It is that, or it is gone."""
    members = {fan.name for fan in group.members}
    if all(fan.welcomes[-1].resumed for fan in group.members):
        assert {one.name for one in (await group.host.look()).members} == members
        return True
    for fan in group.members:
        assert not fan.welcomes[-1].resumed
    with pytest.raises(Refused, match="RoomNotFound"):
        await group.host.join(group.room_id)
    return False


@pytest.mark.parametrize("damage", [truncated, header, one_page, random_bytes, another_file])
async def test_a_damaged_file_is_kept_aside(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    folder = tmp_path / "data"
    async with (
        server_process(tmp_path) as server,
        crowd(server.url, rooms=2, members=3) as people,
    ):
        await server.terminate()  # what was in the log is in the file now
        (path,) = (file for file in folder.iterdir() if file.suffix == ".db")
        spoilt = damage(path.read_bytes())
        path.write_bytes(spoilt)
        said, began = len(server.log()), time.monotonic()
        await server.start()
        line = await server.says("damaged", since=said)
        (aside,) = folder.glob(f"{path.name}.damaged-*")
        assert aside.read_bytes() == spoilt, "every byte is kept"
        assert str(aside) in line
        for fan in people.members:
            await fan.until(lambda fan=fan: fan.welcomes[-1].at > began, "its return")  # type: ignore[misc]
        rescued = [await is_back(group) for group in people.groups]
        print(f"\n{line}\n{rescued.count(True)} of {len(rescued)} rooms could be read")
        people.leave_all()
        await people.gather(2, 3)
        must_be = await people.snapshots()
        await people.survive_a_kill(server, must_be)
        await people.rooms_work()
