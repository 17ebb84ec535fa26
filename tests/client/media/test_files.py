"""MediaFiles: hashes of files that can be read and do not change, worked out on threads; an error for all others."""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hangd.client.media import files as media_files
from hangd.client.media.files import MediaFiles
from hangd.engine.player_messages import FailureCode
from hangd.player.files import MediaUnusable, problem
from hangd.protocol.model import FileInfo
from hangd.tasks import Tasks

MIB = 1024 * 1024
LONG_AGO = 1_500_000_000


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    path.write_bytes(os.urandom(5 * MIB + 12345))
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.fixture
def media(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "cache" / "media.sqlite3")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")


def sparse(path: Path, size: int) -> Path:
    """Make a file of this size that takes no space."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def reading_threads(path: Path) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if path.name in thread.name]


# ---- the quick hash -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 100, MIB, 3 * MIB - 1, 3 * MIB, 3 * MIB + 1, 3 * MIB + 2, 8 * MIB + 7])
async def test_quick_hash_is_as_defined(tmp_path: Path, media: MediaFiles, size: int) -> None:
    path = tmp_path / "film"
    content = os.urandom(size)
    path.write_bytes(content)
    if size <= 3 * MIB:
        parts = content
    else:
        middle = (size - MIB) // 2
        parts = content[:MIB] + content[middle : middle + MIB] + content[-MIB:]
    expected = hashlib.sha256(size.to_bytes(8, "big") + parts).hexdigest()
    assert await media.quick(str(path)) == FileInfo(size=size, name="film", quick_hash=expected)


async def test_quick_hash_of_a_known_file(tmp_path: Path, media: MediaFiles) -> None:
    """Other implementations and other versions of this one compute the same, so it must not change."""
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    small = (await media.quick(str(path))).quick_hash
    assert small == "c3494ca1a2cf8eeb8a11ded316fb55b83c3bbbedb6313cd50415251e5d09e12f"


async def test_quick_hash_of_a_huge_file_reads_little(tmp_path: Path, media: MediaFiles) -> None:
    """Three hundred GiB would take minutes to read even where they are all holes."""
    path = sparse(tmp_path / "huge", 300 * 1024 * MIB)
    info = await asyncio.wait_for(media.quick(str(path)), 60)
    assert info.size == 300 * 1024 * MIB


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"Caf\xc3\xa9 \xe2\x98\x95.mkv", "Café ☕.mkv"),
        (b"no text \xff\xfe", "no text \ufffd\ufffd"),
        (b"red \x1b[31m\r\n", "red \ufffd[31m\ufffd\ufffd"),
        (b"a\\b", "a\ufffdb"),
        (b"x" * 255, "x" * 255),
    ],
)
async def test_names_are_changed_to_what_the_protocol_allows(
    tmp_path: Path, media: MediaFiles, raw: bytes, told: str
) -> None:
    path = tmp_path / os.fsdecode(raw)
    path.write_bytes(b"film")
    info = await media.quick(str(path))
    assert info.name == told
    assert msgspec.json.decode(msgspec.json.encode(info), type=FileInfo) == info


# ---- the whole hash -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, MIB - 1, MIB, MIB + 1, 3 * MIB + 5])
async def test_whole_hash_is_sha256(tmp_path: Path, media: MediaFiles, size: int) -> None:
    path = tmp_path / "film"
    content = os.urandom(size)
    path.write_bytes(content)
    assert await media.whole_hash(str(path)) == hashlib.sha256(content).hexdigest()


async def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    size = 1024 * MIB
    path = sparse(tmp_path / "film", size)
    reported: list[tuple[int, int]] = []
    begun = time.monotonic()
    await MediaFiles().whole_hash(str(path), lambda done, total: reported.append((done, total)))
    seconds = time.monotonic() - begun
    assert reported == sorted(reported)
    assert reported[-1] == (size, size)
    assert {total for _, total in reported} == {size}
    assert 3 <= len(reported) <= seconds * 10 + 1


async def test_hashing_does_not_block_the_loop(tmp_path: Path) -> None:
    path = sparse(tmp_path / "film", 512 * MIB)
    hashing = asyncio.get_running_loop().create_task(MediaFiles().whole_hash(str(path)))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 20


def test_cancelling_ends_the_reading(tmp_path: Path, media: MediaFiles) -> None:
    """Reading it all would take minutes."""
    path = sparse(tmp_path / "film", 256 * 1024 * MIB)
    os.utime(path, (LONG_AGO, LONG_AGO))
    reported: list[int] = []

    async def hash_and_cancel() -> None:
        under_way = asyncio.Event()

        def progressed(done: int, total: int) -> None:
            reported.append(done)
            under_way.set()

        loop = asyncio.get_running_loop()
        hashing = loop.create_task(media.whole_hash(str(path), progressed))
        await asyncio.wait_for(under_way.wait(), 60)
        hashing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hashing
        at_the_end = len(reported)
        async with asyncio.timeout(20):
            while reading_threads(path):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(reported) == at_the_end

    asyncio.run(hash_and_cancel())
    assert asyncio.run(media.cached_hash(str(path))) is None, "part of a hash is none"


# ---- the cache ------------------------------------------------------------------------------------------------------


async def test_a_cached_hash_is_not_computed_again(film: Path, media: MediaFiles, tmp_path: Path) -> None:
    assert await media.cached_hash(str(film)) is None
    whole = await media.whole_hash(str(film))
    assert await media.cached_hash(str(film)) == whole
    overwrite(film)
    os.utime(film, (LONG_AGO, LONG_AGO))  # a change that the cache cannot see: the modification time is set back
    assert await MediaFiles(tmp_path / "cache" / "media.sqlite3").whole_hash(str(film)) == whole
    assert await MediaFiles().whole_hash(str(film)) != whole


async def test_another_content_has_another_hash(film: Path, media: MediaFiles) -> None:
    await media.whole_hash(str(film))
    other = film.with_name("other")
    other.write_bytes(os.urandom(5 * MIB + 12345))
    os.utime(other, (LONG_AGO, LONG_AGO))
    other.replace(film)
    assert await media.cached_hash(str(film)) is None
    assert await media.whole_hash(str(film)) == sha256_of(film)


async def test_a_relative_path_finds_the_hash_of_the_absolute_path(
    film: Path, media: MediaFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await media.whole_hash(str(film))
    monkeypatch.chdir(film.parent)
    assert await media.cached_hash("film.mkv") == whole


async def test_the_hash_of_a_file_that_has_just_changed_is_not_cached(film: Path, media: MediaFiles) -> None:
    """It could change once more within the same tick of the file system's clock."""
    os.utime(film)
    whole = await media.whole_hash(str(film))
    assert await media.cached_hash(str(film)) is None
    assert await media.whole_hash(str(film)) == whole


@pytest.mark.parametrize("path", ["/no/such/file", "/", "nul\0in it"])
async def test_there_is_no_cached_hash_of_what_is_no_file(media: MediaFiles, path: str) -> None:
    assert await media.cached_hash(path) is None


HASH = """
import asyncio, sys
from pathlib import Path
from hangd.client.media.files import MediaFiles
print(asyncio.run(MediaFiles(Path(sys.argv[1])).whole_hash(sys.argv[2])))
"""


def test_two_processes_hash_one_file_at_once(film: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "media.sqlite3"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HASH, cache, film], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    expected = sha256_of(film)
    for process in processes:
        assert process.communicate(timeout=100) == (expected + "\n", "")
    assert asyncio.run(MediaFiles(cache).cached_hash(str(film))) == expected


# ---- what can not be used -------------------------------------------------------------------------------------------


async def refusal(media: MediaFiles, path: str) -> tuple[FailureCode, str]:
    """Return the code and the sentence with which both hashes are refused."""
    with pytest.raises(MediaUnusable) as quick:
        await media.quick(path)
    with pytest.raises(MediaUnusable) as whole:
        await media.whole_hash(path)
    assert (quick.value.code, str(quick.value)) == (whole.value.code, str(whole.value))
    return quick.value.code, str(quick.value)


async def test_what_is_no_usable_file_is_refused(tmp_path: Path, media: MediaFiles) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        codes = {}
        for name in ("missing", "empty", "pipe", "socket", ".", "empty/below"):
            codes[name], message = await refusal(media, f"{tmp_path}/{name}")
            assert "\n" not in message and str(tmp_path) not in message
            assert message.endswith("is not a regular file") == (name in ("pipe", "socket"))
    assert codes == {
        "missing": "not-found",
        "empty": "empty",
        "pipe": "unreadable",
        "socket": "unreadable",
        ".": "directory",
        "empty/below": "not-found",
    }
    assert (await refusal(media, "/dev/null"))[1] == "'null' is not a regular file"


async def changed_meanwhile(media: MediaFiles, film: Path, change: str) -> MediaUnusable:
    """Change the file while it is hashed; return the error that comes of it."""
    sparse(film, 512 * MIB)
    aside = film.with_name("aside")
    changed = False

    def first_heard(done: int, total: int) -> None:
        nonlocal changed
        if changed:
            return
        changed = True
        match change:
            case "grows":
                with film.open("ab") as file:
                    file.write(b"more")
            case "shrinks":
                os.truncate(film, 10)
            case "is written to":
                overwrite(film)
            case "is replaced":
                sparse(aside, 512 * MIB).replace(film)
            case "goes away":
                film.unlink()

    with pytest.raises(MediaUnusable) as caught:
        await media.whole_hash(str(film), first_heard)
    assert changed
    return caught.value


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written to", "is replaced", "goes away"])
async def test_a_file_that_changes_while_it_is_hashed_is_refused(film: Path, media: MediaFiles, change: str) -> None:
    error = await changed_meanwhile(media, film, change)
    assert error.code == "vanished"
    assert "film.mkv" in str(error)
    assert await media.cached_hash(str(film)) is None


# ---- what does not answer -------------------------------------------------------------------------------------------


@pytest.fixture
def dead_share(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Make looking at any file block until the event is set, as on a network share that is gone."""
    back = threading.Event()

    def blocks(path: str) -> None:
        back.wait(60)
        raise problem("not-found", path)

    monkeypatch.setattr(media_files, "examine_film", blocks)
    monkeypatch.setattr(media_files, "_DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(media_files, "_SILENCE_SECONDS", 0.2)
    yield back
    back.set()


async def test_a_share_that_does_not_answer_is_given_up(dead_share: threading.Event, film: Path) -> None:
    media = MediaFiles()
    with pytest.raises(MediaUnusable) as quick:
        await media.quick(str(film))
    assert (quick.value.code, str(quick.value)) == ("unreadable", "reading 'film.mkv' took longer than 0.2 seconds")
    with pytest.raises(MediaUnusable) as whole:
        await media.whole_hash(str(film))
    assert whole.value.code == "unreadable"
    assert str(whole.value) == "reading 'film.mkv' brought nothing for 0.2 seconds"


class Trickle(FileIO):
    """A file of which a piece comes each 0.3 s, and after the fourth nothing more."""

    pieces = 0
    dry = threading.Event()

    def readinto(self, piece: Any) -> int:
        Trickle.pieces += 1
        if Trickle.pieces > 4:
            Trickle.dry.wait(60)
        time.sleep(0.3)
        return super().readinto(piece)


async def test_a_slow_file_is_read_for_as_long_as_bytes_come(
    film: Path, media: MediaFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_files, "open", lambda path, *_, **__: Trickle(path), raising=False)
    monkeypatch.setattr(media_files, "_PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(media_files, "_SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(Trickle, "pieces", 0)
    reported: list[int] = []
    began = time.monotonic()
    with pytest.raises(MediaUnusable, match="brought nothing for 1 seconds"):
        await media.whole_hash(str(film), lambda done, total: reported.append(done))
    assert reported == [MIB, 2 * MIB, 3 * MIB, 4 * MIB], "longer than the deadline in all"
    assert 2.0 < time.monotonic() - began < 20
    Trickle.dry.set()
    assert await media.cached_hash(str(film)) is None


async def test_a_copy_that_does_not_answer_does_not_hide_another(
    film: Path, media: MediaFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = film.with_name("gone.mkv")
    os.link(film, gone)
    whole = await media.whole_hash(str(film))
    assert await media.whole_hash(str(gone)) == whole
    back, stat = threading.Event(), os.stat

    def blocks(path: Any, **how: Any) -> os.stat_result:
        if str(path).endswith("gone.mkv"):
            back.wait(60)
        return stat(path, **how)

    monkeypatch.setattr(media_files, "_DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(os, "stat", blocks)
    assert await media.known_copy(whole) == str(film)
    assert await media.cached_hash(str(gone)) is None
    back.set()


EXIT = """
import asyncio, sys, threading
from hangd.client.media import files

files.examine_film = lambda path: threading.Event().wait()

async def main():
    for read in (files.MediaFiles().quick, files.MediaFiles().whole_hash):
        try:
            await asyncio.wait_for(read("/film.mkv"), 0.1)
        except TimeoutError:
            print("given up")

asyncio.run(main())
"""


def test_a_share_that_does_not_answer_does_not_keep_the_process_from_ending() -> None:
    done = subprocess.run([sys.executable, "-c", EXIT], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "given up\ngiven up\n"), done.stderr


async def test_a_file_that_nobody_waits_for_is_not_read_while_something_else_is(
    media: MediaFiles, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = [True]
    lowered: list[int] = []
    monkeypatch.setattr(media_files, "lower_priority", lambda: lowered.append(1))
    monkeypatch.setattr(media_files, "_HOLD_SECONDS", 0.01)
    seen: list[int] = []
    held_once = asyncio.Event()

    def progressed(done: int, total: int) -> None:
        seen.append(done)
        held_once.set()

    reading = Tasks().start(media.whole_hash(str(film), progressed, hold=lambda: held[0]), name="reading")
    await held_once.wait()
    await asyncio.sleep(0.1)
    assert set(seen) == {MIB} and not reading.done()
    held[0] = False
    assert await reading == sha256_of(film)
    assert lowered == [1]
