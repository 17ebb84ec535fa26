"""The disk on which a server keeps its rooms is full, and has space again: a small tmpfs, filled to the last byte."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hangd.protocol import messages
from hangd.protocol.films import QueueChanged
from hangd.protocol.model import FileInfo, QueueItem
from tests.support.crowds.crowd import Crowd, crowd
from tests.support.servers.server_process import ServerProcess, server_process

pytestmark = pytest.mark.real


class Disk:
    """A file system of one megabyte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a file system can be mounted by root alone: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def change(people: Crowd, size: int) -> None:
    """Let each room have another rule and a longer queue. Returns when all of it was acknowledged."""
    names = [f"{size}-{one}-{'x' * 200}.mkv" for one in range(size)]
    items = tuple(QueueItem(file=FileInfo(size=size, duration=60.0, name=name)) for name in names)
    for group in people.groups:
        await group.host.ask(messages.QueueInsert("end", items), QueueChanged)
        await group.host.ask(messages.SetPolicy(capacity=20 + size, stall="pause"), messages.PolicyChanged)


async def fill(server: ServerProcess, disk: Disk, people: Crowd) -> None:
    """Fill the disk, and change rooms until the server notices."""
    disk.fill()
    said = len(server.log())
    for size in range(1, 28):  # 378 films, of the 500 that a queue takes
        await change(people, size)
        await asyncio.sleep(0.05)  # for the thread that writes, on a busy machine
        if "cannot be kept for now" in server.log()[said:]:
            break
    line = await server.says("cannot be kept for now", since=said, timeout=10.0)
    print(f"\n{line}")


async def test_a_full_disk_stops_nothing_and_is_written_to_when_it_has_space(tmp_path: Path, disk: Disk) -> None:
    async with (
        server_process(tmp_path, data=disk.folder / "data") as server,
        crowd(server.url, rooms=3, members=4) as people,
    ):
        await fill(server, disk, people)
        await change(people, 5)
        must_be = await people.snapshots()
        assert len(must_be[0].queue) > 5 and must_be[0].policy.stall == "pause"
        disk.free()
        freed = time.monotonic()
        await server.says("rooms are kept again")
        again = time.monotonic() - freed
        _, said = await people.survive_a_kill(server, must_be)
        print(f"disk full and freed: written again {again:.1f} s after; {said}")
        await people.rooms_work()


async def test_a_server_that_ends_while_the_disk_is_full_loses_only_what_came_since(tmp_path: Path, disk: Disk) -> None:
    async with (
        server_process(tmp_path, data=disk.folder / "data") as server,
        crowd(server.url, rooms=3, members=4) as people,
    ):
        await change(people, 2)
        await server.has_written("queues", "2-1-", rooms=3)
        before = await people.snapshots()
        await fill(server, disk, people)
        stopped = time.monotonic()
        took = await server.terminate()
        await server.start()  # to read needs no space
        said = await people.returned(stopped)
        after = await people.snapshots()
        for one, other in zip(before, after, strict=True):
            assert other.members == one.members and not other.away
            assert other.queue[: len(one.queue)] == one.queue, "what was there before the disk was full"
            assert abs(one.jump(other)) < 0.2
        print(f"ended in {took:.2f} s while the disk was full: {said}")
        disk.free()
        await server.says("rooms are kept again")
        await people.rooms_work()
