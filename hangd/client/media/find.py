"""Find this machine's own copy of a film that a room names. Called by the playlist when the room shows another film.

A copy is a file whose whole hash is cached and is the film's, or one of the film's size and quick hash in a place where
films are (`Places`). That is as much as a room asks of a member that joins; the whole hash follows. What the room says
is only compared with files: no part of it is ever used as a path.
"""

import contextlib
import itertools
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

from hangd.client.media.files import MediaFiles
from hangd.player.files import MediaUnusable
from hangd.protocol.model import FileHash, FileInfo
from hangd.tasks import in_thread

_log = logging.getLogger(__name__)

_FILES_MAX: Final = 50_000
"""Files whose size is looked at in one search. On a disk that has just spun up that takes some ten seconds."""
_SEARCH_SECONDS: Final = 60.0
"""Deadline of a search. A network share that is gone never answers; what was found before it counts."""
_DEPTH_MAX: Final = 6
"""How many levels of folders below a tree's root are searched."""
_READ_MAX: Final = 8
"""Files of the right size that are read. There may be a few copies of one film; more are not there by chance."""


class Places(NamedTuple):
    """Where films may be: single files, folders without their subfolders, and whole trees of folders."""

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
    for path in await _candidates(film, places):
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


async def _candidates(film: FileInfo, places: Places) -> list[str]:
    """Return the files of the film's size, those of its name first."""
    found: dict[str, bool] = {}
    try:
        await in_thread(_search, film, places, found, deadline=_SEARCH_SECONDS, doing="looking for the film's copy")
    except TimeoutError as error:
        _log.warning("%s", error)
    named = dict(found)  # a search that is too late goes on, and may still add to it
    return sorted(named, key=lambda path: not named[path])[:_READ_MAX]


def _search(film: FileInfo, places: Places, found: dict[str, bool]) -> None:
    """Enter each file of the film's size into ``found``, and whether it has the film's name. Runs on a thread."""
    for path, size in itertools.islice(_files(places), _FILES_MAX):
        if size == film.size:
            found.setdefault(path, os.path.basename(path) == film.name)


def _files(places: Places) -> Iterator[tuple[str, int]]:
    """Yield the path and the size of each regular file in these places."""
    within = [_in_folder(folder, 0) for folder in places.folders]
    within += [_in_folder(folder, _DEPTH_MAX) for folder in places.trees]
    for path in itertools.chain(places.files, *within):
        with contextlib.suppress(OSError, ValueError):  # ValueError: a NUL in the path
            status = os.stat(path)
            if stat.S_ISREG(status.st_mode):
                yield path, status.st_size


def _in_folder(folder: str, depth: int) -> Iterator[str]:
    """Yield the paths in a folder, and in folders up to ``depth`` levels below. Links to folders are not followed."""
    top = len(PurePath(folder).parts)
    with contextlib.suppress(ValueError):
        for parent, folders, names in os.walk(folder):
            if len(PurePath(parent).parts) - top >= depth:
                folders.clear()
            for name in names:
                yield os.path.join(parent, name)
