"""Find this machine's own copy of a film that a room names. Called by the playlist when the room shows another film.

A copy is a file whose whole hash is cached and is the film's, or one of the film's size and quick hash that was hashed
before or is in a place where films are (`Places`). That is as much as a room asks of a member that joins; the whole
hash follows. Where a room takes other encodings too, `FilmFinder.others` says which files may be one. What the room
says is only compared with files: no part of it is ever used as a path.

The places are walked once for many films: what is found is kept by the files' sizes. A film that is shown is looked for
in that first, and then in what a newer walk finds, because its file may have come since. Whoever controls the room
decides how often it shows another film, so there is one walk at a time, for the newest film, and after each one a rest
of many times its length.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

from hangd.client.media.files import MediaFiles
from hangd.player.files import MediaUnusable
from hangd.protocol.model import FileHash, FileInfo
from hangd.tasks import Tasks, in_thread

_log = logging.getLogger(__name__)

_FILES_MAX: Final = 50_000
"""Files whose size is looked at in one search. On a disk that has just spun up that takes some ten seconds."""
_SEARCH_SECONDS: Final = 60.0
"""Deadline of a search. A network share that is gone never answers; what was found before it counts."""
_FRESH_SECONDS: Final = 10.0
"""How long what was found in a walk is all that there is, for a film to come."""
_KEPT_SECONDS: Final = 600.0
"""How long it is looked at first."""
_REST: Final = 9.0
"""How many times as long as a walk the rest after it is: a tenth of the time is spent walking at most."""
_REST_MAX: Final = 30.0
"""Seconds. Where a walk takes longer than three, on a network share or a disk that sleeps, most of it is waiting."""
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


_Key = tuple[str, ...]
"""A kind of place, and the places."""


class _Walk:
    """What one walk through some places has found."""

    def __init__(self) -> None:
        self.began_at = time.monotonic()
        self.by_size: dict[int, list[str]] = {}

    def enter(self, path: str, size: int) -> None:
        paths = self.by_size.setdefault(size, [])
        if path not in paths:
            paths.append(path)

    def paths(self) -> Iterator[str]:
        # A walk that is too late goes on, and may still add to it.
        return itertools.chain.from_iterable(list(self.by_size.values()))


class FilmFinder:
    """Finds copies among ``media``'s cached hashes and in the places that it is given."""

    def __init__(self, media: MediaFiles, tasks: Tasks) -> None:
        self._media = media
        self._tasks = tasks
        self._walks: dict[_Key, _Walk] = {}
        self._walking: asyncio.Task[None] | None = None
        """The walk that is under way. It goes on where the film is not wanted any more: the next one waits for it."""
        self._rests_until = 0.0

    async def copy(
        self, file_hash: FileHash | None, film: FileInfo, places: Places, *, anew: bool = False
    ) -> Copy | None:
        """Return this machine's copy of a film, or None. What is not known of the film is not compared.

        ``anew``: where it is not among what was found before, walk through the places, though it was done lately.
        """
        asked_at = time.monotonic()
        known = None if file_hash is None else await self._media.known_copy(file_hash)
        if known is not None:
            try:
                return Copy(known, await self._media.quick(known), proven=True)
            except MediaUnusable:
                pass
        # `known_copy` has looked there for a film whose hash is known.
        hashed = [] if file_hash is not None else await self._media.hashed_of_size(film.size)
        compared = set[str]()
        for since in (None, asked_at if anew else asked_at - _FRESH_SECONDS):
            walks = self._found_before(places) if since is None else await self._walked(places, since)
            found = dict.fromkeys([path for walk in walks for path in walk.by_size.get(film.size, ())] + hashed)
            likely = sorted(found, key=lambda path: os.path.basename(path) != film.name)[:_READ_MAX]
            for path in likely:
                if path not in compared and (copy := await self._compare(path, file_hash, film)) is not None:
                    return copy
            compared.update(likely)
        return None

    async def others(self, film: FileInfo, places: Places, *, last: str | None, steps: int | None) -> list[str]:
        """Return the files that may be another encoding of a film, the likeliest first.

        That is each file whose name is the film's but for its ending, and the one that is as many files after ``last``,
        in its folder or in this machine's own playlist, as the film is after the one before.

        Args:
            last: the copy of the film that was shown before.
            steps: how many entries this film is after that one in the room's queue; negative: before it.
        """
        found = []
        if film.name is not None:
            wanted = _stem(film.name)
            walks = await self._walked(places, time.monotonic() - _FRESH_SECONDS)
            found = [path for walk in walks for path in walk.paths() if _stem(path) == wanted]
        if last is not None and steps:
            # A folder of episodes says more than a playlist, in which films may be that were played lately.
            for series in (await self._beside(last), list(places.files)):
                place = series.index(last) + steps if last in series else -1
                found += series[place : place + 1] if place >= 0 else []
        return list(dict.fromkeys(path for path in found if path != last))

    async def _compare(self, path: str, file_hash: FileHash | None, film: FileInfo) -> Copy | None:
        media = self._media
        try:
            info = await media.quick(path)
            if film.quick_hash is not None and info.quick_hash != film.quick_hash:
                return None
            whole = await media.cached_hash(path)
            if None in (whole, file_hash):
                if film.quick_hash is None and info.name != film.name:
                    return None  # The size alone says little.
                if film.quick_hash is None and file_hash is not None:
                    whole = await media.whole_hash(path)
        except MediaUnusable:
            return None
        if None not in (whole, file_hash) and whole != file_hash:
            return None
        return Copy(path, info, proven=None not in (whole, file_hash))

    def forget(self) -> None:
        """Forget what was found: no room is there to look for."""
        self._walks.clear()

    def _found_before(self, places: Places) -> list[_Walk]:
        return [self._walks[key] for key in _keys(places) if key in self._walks]

    async def _walked(self, places: Places, since: float) -> list[_Walk]:
        """Return what is in these places, the files first. What was walked ``since`` then is not walked again."""
        wanted = _keys(places)
        while missing := [key for key in wanted if key not in self._walks or self._walks[key].began_at < since]:
            now = time.monotonic()
            if self._walking is not None and not self._walking.done():
                await asyncio.wait([self._walking])
            elif now < self._rests_until:
                await asyncio.sleep(self._rests_until - now)
            else:
                self._walking = self._tasks.start(self._walk({key: _Walk() for key in missing}), name="film-walk")
        return [self._walks[key] for key in wanted]

    async def _walk(self, walks: dict[_Key, _Walk]) -> None:
        """Walk through these places, and keep what is there."""
        began_at = time.monotonic()
        try:
            await in_thread(_walk, walks, deadline=_SEARCH_SECONDS, doing="looking for the film's copy")
        except TimeoutError as error:
            _log.warning("%s", error)
        finally:
            now = time.monotonic()
            self._rests_until = now + min(_REST * (now - began_at), _REST_MAX)
            kept = {key: walk for key, walk in self._walks.items() if now - walk.began_at < _KEPT_SECONDS}
            self._walks = kept | walks

    async def _beside(self, path: str) -> list[str]:
        """Return the files beside this one that have its ending, in the order in which people count."""
        folder, ending = os.path.dirname(path), os.path.splitext(path)[1].casefold()
        walks = await self._walked(Places(folders=[folder]), time.monotonic() - _FRESH_SECONDS)
        found = [file for walk in walks for file in walk.paths()]
        return sorted((file for file in found if os.path.splitext(file)[1].casefold() == ending), key=_counting)


def _keys(places: Places) -> list[_Key]:
    each = [("folder", folder) for folder in places.folders] + [("tree", tree) for tree in places.trees]
    return [("files", *places.files), *each]


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0].casefold()


def _counting(path: str) -> list[tuple[int, str]]:
    """Return a key by which "2" is before "10"."""
    parts = re.split(r"([0-9]+)", os.path.basename(path).casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _walk(walks: dict[_Key, _Walk]) -> None:
    """Enter the files of each place into its walk. Runs on a thread."""
    files = ((walk, path) for key, walk in walks.items() for path in _paths(*key))
    for walk, path in itertools.islice(files, _FILES_MAX):
        with contextlib.suppress(OSError, ValueError):  # ValueError: a NUL in the path
            status = os.stat(path)
            if stat.S_ISREG(status.st_mode):
                walk.enter(path, status.st_size)


def _paths(kind: str, *places: str) -> Iterable[str]:
    match kind:
        case "files":
            return places
        case "folder":
            return _in_folder(places[0], 0)
        case _:
            return _in_folder(places[0], _DEPTH_MAX)


def _in_folder(folder: str, depth: int) -> Iterator[str]:
    """Yield the paths in a folder, and in folders up to ``depth`` levels below. Links to folders are not followed."""
    top = len(PurePath(folder).parts)
    with contextlib.suppress(ValueError):
        for parent, folders, names in os.walk(folder):
            if len(PurePath(parent).parts) - top >= depth:
                folders.clear()
            for name in names:
                yield os.path.join(parent, name)
