"""Copies: finding this machine's own copy of a film that a room tells of.

A copy is a file whose whole hash is known already, or one of the same size and quick hash in one of the places where
films are (`Places`): that is as much as a room asks of who comes in, and the whole hash is brought afterwards. What the
room says is compared with files; no part of it is ever used as a path.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from hangd.client.media.files import MediaFiles, MediaUnusable
from hangd.protocol.model import FileHash, FileInfo

__all__ = ["Copy", "Places", "find_copy"]

_LOOKED_AT_MAX: Final = 50_000
"""Files whose size is looked at in one search: on a disk that has just been started that takes some ten seconds."""

_DEPTH_MAX: Final = 6
"""Folders within folders, in a folder of films."""

_READ_MAX: Final = 8
"""Files of the right size that are read. Of one film there may be a few copies; the rest is somebody's bad joke."""


class Places(NamedTuple):
    """Where films may be: single files, folders as they are, and folders with all that is in them."""

    files: Sequence[str] = ()
    folders: Sequence[str] = ()
    trees: Sequence[str] = ()


class Copy(NamedTuple):
    path: str
    info: FileInfo
    proven: bool
    """Whether its whole hash is known to be the film's."""


async def find_copy(media: MediaFiles, file_hash: FileHash | None, film: FileInfo, places: Places) -> Copy | None:
    """Return this machine's copy of a film, or None. Where ``file_hash`` is None, only the quick hash is compared."""
    known = None if file_hash is None else await media.known_copy(file_hash)
    if known is not None:
        try:
            return Copy(known, await media.quick(known), proven=True)
        except MediaUnusable:
            pass
    for path in await asyncio.to_thread(_alike, film, places):
        try:
            info = await media.quick(path)
            if film.quick_hash is not None and info.quick_hash != film.quick_hash:
                continue
            whole = await media.cached_hash(path)
            if whole is None and film.quick_hash is None and info.name == film.name:
                whole = await media.whole_hash(path)
        except MediaUnusable:
            continue
        if whole == file_hash or (None in (whole, file_hash) and film.quick_hash is not None):
            return Copy(path, info, proven=whole is not None and file_hash is not None)
    return None


def _alike(film: FileInfo, places: Places) -> list[str]:
    """Return files of the film's size, those of its name first."""
    found: dict[str, bool] = {}
    for count, (path, size) in enumerate(_files(places)):
        if size == film.size:
            found.setdefault(path, os.path.basename(path) == film.name)
        if count >= _LOOKED_AT_MAX:
            break
    return sorted(found, key=lambda path: not found[path])[:_READ_MAX]


def _files(places: Places) -> Iterator[tuple[str, int]]:
    for path in places.files:
        try:
            yield path, os.stat(path).st_size
        except (OSError, ValueError):
            continue
    for folder in places.folders:
        yield from _in_folder(folder, 0)
    for folder in places.trees:
        yield from _in_folder(folder, _DEPTH_MAX)


def _in_folder(folder: str, depth: int) -> Iterator[tuple[str, int]]:
    within: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        within.append(entry.path)
                    elif entry.is_file():
                        yield entry.path, entry.stat().st_size
                except OSError:
                    continue
    except (OSError, ValueError):
        return
    if depth > 0:
        for path in within:
            yield from _in_folder(path, depth - 1)
