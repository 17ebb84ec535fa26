"""Files that are still being written are not told to a room."""

import asyncio
import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Any

import pytest

from hangd.client.media import growing
from hangd.client.media.files import MediaFiles
from hangd.player.files import MediaUnusable
from hangd.tasks import Tasks


@pytest.fixture(params=["lease", "no lease"])
def media(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MediaFiles:
    """With "no lease", the file system grants no leases, as network file systems do not."""
    if request.param == "no lease":
        real = fcntl.fcntl

        def refuse(descriptor: int, command: int, argument: Any = 0) -> Any:
            if command == fcntl.F_SETLEASE:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            return real(descriptor, command, argument)

        monkeypatch.setattr(fcntl, "fcntl", refuse)
        monkeypatch.setattr(growing, "_WATCH_SECONDS", 0.3)
    return MediaFiles()


async def test_a_file_that_is_being_written_is_refused_in_a_sentence(media: MediaFiles, tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"

    async def write() -> None:
        with path.open("wb", buffering=0) as file:
            while True:
                file.write(b"more")
                await asyncio.sleep(0.01)

    tasks = Tasks()
    tasks.start(write(), name="writing")
    await asyncio.sleep(0.05)
    with pytest.raises(MediaUnusable) as refused:
        await media.quick(str(path))
    # Without a lease it may also have grown while it was read.
    assert str(refused.value) in (
        "'film.mkv' is still being written: a room needs the whole file",
        "'film.mkv' changed while it was read: is it still being copied?",
    )
    await tasks.cancel()
    assert (await media.quick(str(path))).size == path.stat().st_size


async def test_a_file_that_was_just_written_is_taken(media: MediaFiles, tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"a film")
    assert (await media.quick(str(path))).size == 6


async def test_a_file_that_is_open_for_writing_but_unchanged_for_long_is_taken(
    media: MediaFiles, tmp_path: Path
) -> None:
    """A program that shares a film with others may have it open so."""
    path = tmp_path / "film.mkv"
    path.write_bytes(b"a film")
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    descriptor = os.open(path, os.O_RDWR)
    try:
        assert (await media.quick(str(path))).size == 6
    finally:
        os.close(descriptor)
