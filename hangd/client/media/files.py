"""What is known of a file without playing it: size, name and hashes. Called where a room is told of a film.

The whole hash is SHA-256 of the file. The *quick hash* takes milliseconds whatever the file's size. It tells two films
apart, but not two copies of one film that differ somewhere in the middle. It is SHA-256 of

1. the file's size in bytes, as 8 bytes, big-endian,
2. of a file of up to 3 MiB: the whole file;
   of a longer one: its first MiB, the MiB that begins at byte (size - 1 MiB) / 2, rounded down, and its last MiB.

(For a file of exactly 3 MiB both ways give the same.)

Everything that touches a file runs on a thread of its own (`hangd.tasks.in_thread`), with a deadline: a network share
that is gone blocks neither the event loop nor the end of the process.
"""

import asyncio
import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Final

from hangd.client.media.growing import is_growing
from hangd.client.media.hash_cache import FileVersion, HashCache
from hangd.player.files import MediaUnusable, examine_film, problem, shown_name
from hangd.protocol.model import FileHash, FileInfo
from hangd.tasks import in_thread, lower_priority

Progress = Callable[[int, int], None]
"""Takes the bytes read so far and the bytes in all."""

_MIB: Final = 1024 * 1024
_PIECE: Final = _MIB
"""Bytes read and hashed at a time. Measured: 256 KiB to 4 MiB are equally fast, and no slower than `openssl dgst`."""
_PROGRESS_SECONDS: Final = 0.1
_HOLD_SECONDS: Final = 0.2
"""How often it is looked whether a file may be read on."""
_DEADLINE_SECONDS: Final = 10.0
"""For reading at most 3 MiB. Most of it is for a disk that has to spin up first."""
_SILENCE_SECONDS: Final = 30.0
"""Reading a whole file takes as long as it takes. It is given up when no bytes come for so long."""
_UNCHANGED_SECONDS: Final = 2.0
"""A file that was changed more recently could change again without a new modification time (FAT counts in steps of two
seconds, others in ticks of some milliseconds), so its hash is not cached."""
_NAME_MAX: Final = 255
_NOT_IN_NAMES: Final = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0), ord("\\"))}


class MediaFiles:
    """Hashes files, and keeps whole hashes in a cache at ``cache_path`` (None: no cache)."""

    def __init__(self, cache_path: Path | None = None) -> None:
        self._cache = None if cache_path is None else HashCache(cache_path)

    async def glance(self, path: str) -> tuple[FileInfo, FileHash | None]:
        """Return what is known of the file without reading it: its size and name, and its whole hash if it is cached.

        Raises MediaUnusable if there is no such file, it is none that can be read, or the disk does not answer.
        """
        try:
            return await in_thread(self._glance, path, deadline=_DEADLINE_SECONDS, doing=_reading(path))
        except TimeoutError as error:
            raise MediaUnusable("unreadable", str(error)) from error

    async def quick(self, path: str) -> FileInfo:
        """Return the file's size, name and quick hash. Its duration is known only to the player.

        Raises MediaUnusable if the file cannot be read within 10 seconds, is empty, changed meanwhile, or is still
        being written.
        """
        try:
            return await in_thread(_quick, path, deadline=_DEADLINE_SECONDS, doing=_reading(path))
        except TimeoutError as error:
            raise MediaUnusable("unreadable", str(error)) from error

    async def whole_hash(
        self, path: str, progress: Progress | None = None, *, hold: Callable[[], bool] | None = None
    ) -> str:
        """Return SHA-256 of the whole file, in hex: from the cache, or by reading it all, which may take minutes.

        ``progress`` is called at most ten times a second, and at the end; never after this has returned or was
        cancelled. Cancelling stops the reading within a few milliseconds. ``hold`` is given where the hash is needed at
        no particular time: the file is read at a low priority then, and not while ``hold()`` is true. It is called on
        another thread.

        Raises:
            MediaUnusable: the file cannot be read, brings nothing for 30 seconds, is empty, or changed meanwhile.
        """
        loop = asyncio.get_running_loop()
        stopped = threading.Event()

        def progressed(done: int, total: int) -> None:
            if stopped.is_set() or silence.expired():
                return
            silence.reschedule(loop.time() + _SILENCE_SECONDS)
            if progress is not None:
                progress(done, total)

        def report(done: int, total: int) -> None:
            loop.call_soon_threadsafe(progressed, done, total)

        try:
            async with asyncio.timeout(_SILENCE_SECONDS) as silence:
                return await in_thread(
                    self._whole_hash, path, report, stopped, hold, deadline=None, doing=_reading(path)
                )
        except TimeoutError as error:
            message = f"{_reading(path)} brought nothing for {_SILENCE_SECONDS:g} seconds"
            raise MediaUnusable("unreadable", message) from error
        finally:
            stopped.set()

    async def cached_hash(self, path: str) -> str | None:
        """Return the whole hash if it is cached for the file as it is now; None also if the file cannot be read."""
        with contextlib.suppress(TimeoutError):
            return await in_thread(self._cached_hash, path, deadline=_DEADLINE_SECONDS, doing=_reading(path))
        return None

    async def known_copy(self, file_hash: str) -> str | None:
        """Return the path of a file whose whole hash is cached as ``file_hash`` and which has not changed since."""
        if self._cache is None:
            return None
        with contextlib.suppress(TimeoutError):
            doing = "reading the cache of hashes"
            paths = await in_thread(self._cache.paths, file_hash, deadline=_DEADLINE_SECONDS, doing=doing)
            for path, version in paths:
                # Each with a deadline of its own: one copy may be on a share that is gone, the next on this disk.
                with contextlib.suppress(OSError):
                    status = await in_thread(os.stat, path, deadline=_DEADLINE_SECONDS, doing=_reading(path))
                    if str(FileVersion.of(status)) == version:
                        return path
        return None

    async def hashed_of_size(self, size: int) -> list[str]:
        """Return the paths of files of this size whose hashes are cached. They may have changed or gone since."""
        if self._cache is None:
            return []
        with contextlib.suppress(TimeoutError):
            doing = "reading the cache of hashes"
            return await in_thread(self._cache.paths_of_size, size, deadline=_DEADLINE_SECONDS, doing=doing)
        return []

    # These run on a thread.

    def _glance(self, path: str) -> tuple[FileInfo, FileHash | None]:
        return FileInfo(size=examine_film(path).st_size, name=_name(path)), self._cached_hash(path)

    def _cached_hash(self, path: str) -> str | None:
        if self._cache is None:
            return None
        try:
            version = FileVersion.of(os.stat(path))
        except (OSError, ValueError):
            return None
        return self._cache.recall(os.path.abspath(path), version)

    def _whole_hash(
        self, path: str, report: Progress, stopped: threading.Event, hold: Callable[[], bool] | None
    ) -> str:
        if (known := self._cached_hash(path)) is not None:
            return known
        begun = time.time()
        if hold is not None:
            lower_priority()
        with _opened(path) as (file, version):
            found = _sha256(file, version.size, report, stopped, hold)
        if self._cache is not None and abs(begun - version.mtime_ns / 1e9) > _UNCHANGED_SECONDS:
            self._cache.remember(os.path.abspath(path), version, found)
        return found


def _reading(path: str) -> str:
    return f"reading {shown_name(path)}"


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[FileIO, FileVersion]]:
    """Open a file for reading unbuffered; afterwards make sure that neither it nor its path has changed meanwhile."""
    examine_film(path)
    try:
        with open(path, "rb", buffering=0) as file:
            version = FileVersion.of(os.fstat(file.fileno()))
            yield file, version
        if FileVersion.of(os.stat(path)) != version:
            raise _changed(path)
    except FileNotFoundError as error:
        raise problem("vanished", path) from error
    except EOFError as error:
        raise _changed(path) from error
    except OSError as error:
        raise problem("unreadable", path, error.strerror or "") from error


def _changed(path: str) -> MediaUnusable:
    return MediaUnusable("vanished", f"{shown_name(path)} changed while it was read: is it still being copied?")


def _sha256(
    file: FileIO, size: int, report: Progress, stopped: threading.Event, hold: Callable[[], bool] | None
) -> str:
    """Hash a file from its start. Raises EOFError if it is not ``size`` bytes long, or once ``stopped`` is set."""
    digest = hashlib.sha256()
    piece = memoryview(bytearray(_PIECE))
    done, reported = 0, time.monotonic()
    # Both calls release the interpreter's lock while they work: the event loop and libVLC's callbacks run meanwhile.
    while (count := file.readinto(piece)) and not stopped.is_set():
        digest.update(piece[:count])
        done += count
        while hold is not None and hold() and not stopped.wait(_HOLD_SECONDS):
            report(done, size)  # so that it is not given up
        if (now := time.monotonic()) - reported >= _PROGRESS_SECONDS:
            reported = now
            report(done, size)
    if done != size:
        raise EOFError
    report(done, size)
    return digest.hexdigest()


def _quick(path: str) -> FileInfo:
    # Buffered: a single read of ``file`` can return less than was asked for, at least on a network file system.
    with _opened(path) as (file, version), BufferedReader(file) as reader:
        size = version.size
        digest = hashlib.sha256(size.to_bytes(8, "big"))
        parts = [(0, size)] if size <= 3 * _MIB else [(start, _MIB) for start in (0, (size - _MIB) // 2, size - _MIB)]
        for start, length in parts:
            reader.seek(start)
            piece = reader.read(length)
            if len(piece) != length:
                raise EOFError
            digest.update(piece)
        if is_growing(path, os.fstat(file.fileno())):
            raise MediaUnusable("truncated", f"{shown_name(path)} is still being written: a room needs the whole file")
    return FileInfo(size=size, name=_name(path), quick_hash=digest.hexdigest())


def _name(path: str) -> str | None:
    """Return the file's name as the protocol allows it: shortened, characters that it forbids replaced."""
    name = os.fsencode(os.path.basename(path)).decode(errors="replace")
    return name.translate(_NOT_IN_NAMES)[:_NAME_MAX] or None
