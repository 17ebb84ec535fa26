"""What there is to know of a viewer's copy of the film: its size, its name and its hashes, worked out off the loop.

The whole hash is SHA-256 of the file. The *quick hash* costs milliseconds whatever the file's size, and tells two films
apart, though not two copies of which one is damaged somewhere. It is SHA-256 of

1. the file's size in bytes, as 8 bytes, big-endian,
2. of a file of up to 3 MiB: the whole file;
   of a longer one: its first MiB, the MiB that begins at byte (size - 1 MiB) / 2, rounded down, and its last MiB.

(For a file of exactly 3 MiB both ways are the same.)
"""

import asyncio
import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from hangd.client.media.hash_cache import FileVersion, HashCache
from hangd.player.files import MediaProblem as MediaUnusable
from hangd.player.files import examine, problem, shown_name
from hangd.protocol.model import FileInfo

__all__ = ["MediaFiles", "MediaUnusable", "Progress"]

Progress = Callable[[int, int], None]
"""Takes the bytes done and the bytes in all. Called on the event loop."""

_MIB: Final = 1024 * 1024

_PIECE: Final = _MIB
"""Bytes read and hashed at a time. From 256 KiB to 4 MiB all come out alike: as fast as `openssl dgst`, or faster."""

_PROGRESS_SECONDS: Final = 0.1

_SETTLED_SECONDS: Final = 2.0
"""A file that was changed more recently could change again without a new modification time (FAT counts in steps of two
seconds, others in ticks of some milliseconds), so its hash is not kept."""

_NAME_MAX: Final = 255
_NOT_IN_NAMES: Final = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0), ord("\\"))}


class MediaFiles:
    """Looks at files on threads, and remembers whole hashes in a cache at ``cache_path`` (None: in none)."""

    def __init__(self, cache_path: Path | None = None) -> None:
        self._cache = None if cache_path is None else HashCache(cache_path)

    async def quick(self, path: str) -> FileInfo:
        """Return what is known at once: size, name and quick hash. The duration is the player's to tell.

        Raises:
            MediaUnusable: the file can not be read, is empty, or changed meanwhile.
        """
        return await asyncio.to_thread(_quick, path)

    async def whole_hash(self, path: str, progress: Progress | None = None) -> str:
        """Return SHA-256 of the whole file, in hex: from the cache, or by reading it all, which may take minutes.

        ``progress`` hears of it at most ten times a second, and of the end; never after this has returned or was
        cancelled. Cancelling stops the reading within a few milliseconds.

        Raises:
            MediaUnusable: the file can not be read, is empty, or changed meanwhile.
        """
        loop = asyncio.get_running_loop()
        stopped = threading.Event()

        def heard(done: int, total: int) -> None:
            if progress is not None and not stopped.is_set():
                progress(done, total)

        try:
            return await asyncio.to_thread(
                self._whole_hash, path, lambda done, total: loop.call_soon_threadsafe(heard, done, total), stopped
            )
        finally:
            stopped.set()

    async def cached_hash(self, path: str) -> str | None:
        """Return the whole hash if it is known for the file as it is now; None too where there is no such file."""
        return await asyncio.to_thread(self._cached_hash, path)

    async def known_copy(self, file_hash: str) -> str | None:
        """Return the path of a file that is known to have this whole hash, as it is now."""
        return await asyncio.to_thread(self._known_copy, file_hash)

    # ---- on a thread ------------------------------------------------------------------------------------------------

    def _cached_hash(self, path: str) -> str | None:
        if self._cache is None:
            return None
        try:
            version = FileVersion.of(os.stat(path))
        except (OSError, ValueError):
            return None
        return self._cache.recall(os.path.abspath(path), version)

    def _known_copy(self, file_hash: str) -> str | None:
        for path, version in [] if self._cache is None else self._cache.paths(file_hash):
            try:
                if str(FileVersion.of(os.stat(path))) == version:
                    return path
            except OSError:
                continue
        return None

    def _whole_hash(self, path: str, progress: Callable[[int, int], object], stopped: threading.Event) -> str:
        if (known := self._cached_hash(path)) is not None:
            return known
        begun = time.time()
        with _opened(path) as (file, version):
            found = _sha256(file, version.size, progress, stopped)
        if self._cache is not None and abs(begun - version.mtime_ns / 1e9) > _SETTLED_SECONDS:
            self._cache.remember(os.path.abspath(path), version, found)
        return found


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[FileIO, FileVersion]]:
    """Open a file for reading unbuffered; afterwards make sure that it was the same file all the while."""
    examine(path)
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


def _sha256(file: FileIO, size: int, progress: Callable[[int, int], object], stopped: threading.Event) -> str:
    """Hash a file from its start. EOFError where it is not ``size`` bytes long, or once ``stopped`` is set."""
    digest = hashlib.sha256()
    piece = memoryview(bytearray(_PIECE))
    done, told = 0, time.monotonic()
    # Both calls let go of the interpreter for as long as they take: the loop and libVLC's callbacks run on meanwhile.
    while (count := file.readinto(piece)) and not stopped.is_set():
        digest.update(piece[:count])
        done += count
        if (now := time.monotonic()) - told >= _PROGRESS_SECONDS:
            told = now
            progress(done, size)
    if done != size:
        raise EOFError
    progress(done, size)
    return digest.hexdigest()


def _quick(path: str) -> FileInfo:
    with _opened(path) as (file, version):
        size = version.size
        digest = hashlib.sha256(size.to_bytes(8, "big"))
        parts = [(0, size)] if size <= 3 * _MIB else [(start, _MIB) for start in (0, (size - _MIB) // 2, size - _MIB)]
        for start, length in parts:
            file.seek(start)
            digest.update(_exactly(file, length))
    return FileInfo(size=size, name=_name(path), quick_hash=digest.hexdigest())


def _exactly(file: FileIO, length: int) -> bytes:
    """Read this many bytes, or raise EOFError. A single read may bring less, from a network file system at least."""
    read = bytearray()
    while len(read) < length:
        if not (more := file.read(length - len(read))):
            raise EOFError
        read += more
    return bytes(read)


def _name(path: str) -> str | None:
    """Return the base name as the protocol lets it travel: cut, and what may not stand in one replaced."""
    name = os.fsencode(os.path.basename(path)).decode(errors="replace")
    return name.translate(_NOT_IN_NAMES)[:_NAME_MAX] or None
