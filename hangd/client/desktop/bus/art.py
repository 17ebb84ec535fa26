"""Art: a picture of the film that plays, as a file: its cover, or what the desktop or hang has made of the film before.

Where there is none, one is made of a picture that is shown a while after the beginning, which is often black. It is
small, is kept in the cache, and stands for that file from then on. Files are looked at on a thread.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes

from hangd.client.control.port import CommandRefused
from hangd.client.desktop.base import Read
from hangd.file_names import file_url
from hangd.player.cover.find import find_cover
from hangd.tasks import Tasks, in_thread

Take = Callable[[Path, str], Awaitable[object]]
"""Writes what the film shows now, small, into a folder under a name. Raises CommandRefused."""

_LOOK_SECONDS: Final = 30.0
_EVERY_SECONDS: Final = 5.0
_AFTER_SECONDS: Final = 60.0
_AFTER_PART: Final = 0.05
"""A picture is made so late in the film, or after this part of it if that is sooner."""
_KEPT: Final = 200
"""So many pictures are kept in the cache: the last ones."""
_THUMBNAILS: Final = ("x-large", "large", "normal")
"""Folders of the desktop's own pictures, the larger ones first (freedesktop.org, "Thumbnail Managing Standard")."""
_PLAIN: Final = b"/!$&'()*+,:=@~"
"""What the names of those are made of is a URL in which these stand as they are."""


class Art:
    """See the module's docstring.

    Args:
        folder: where pictures are kept that hang makes.
    """

    def __init__(self, folder: Path, read: Read, take: Take, tasks: Tasks) -> None:
        self._folder = folder
        self._read = read
        self._take = take
        self._tasks = tasks
        self.found: Callable[[], None] = lambda: None
        """Called when `url` has another answer."""
        self._film: str | None = None
        self._picture: str | None = None
        self._task: asyncio.Task[None] | None = None

    def url(self, film: str, container: str | None) -> str | None:
        """Return the URL of a picture for the film at this path; None: there is none yet. It is looked for then."""
        if film != self._film:
            self._film, self._picture = film, None
            if self._task is not None:
                self._task.cancel()
            self._task = self._tasks.start(self._find(film, container), name="art")
        return self._picture

    async def _find(self, film: str, container: str | None) -> None:
        try:
            found, name = await in_thread(
                _look, film, container, self._folder, deadline=_LOOK_SECONDS, doing="looking for a cover"
            )
        except OSError:
            return
        if found is None and await self._make(name):
            found = str(self._folder / name)
        if found is not None:
            self._picture = file_url(found)
            self.found()

    async def _make(self, name: str) -> bool:
        """Wait until a good picture is shown, and keep it. Returns whether that was possible."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            position, duration = self._read("time-pos"), self._read("duration")
            is_late = position is not None and position >= min(_AFTER_SECONDS, (duration or 0.0) * _AFTER_PART)
            moves = any(track["type"] == "video" and not track.get("image") for track in self._read("track-list") or ())
            if is_late and moves and self._read("player/picture") and not self._read("core-idle"):
                try:
                    await self._take(self._folder, name)
                except CommandRefused:
                    return False
                return True


def _look(film: str, container: str | None, folder: Path) -> tuple[str | None, str]:
    """Return the path of a picture that there is, and the name for one that is made. Raises OSError. Blocks."""
    status = os.stat(film)
    identity = os.fsencode(film) + f"\0{status.st_size} {status.st_mtime_ns}".encode()
    name = f"{hashlib.sha256(identity).hexdigest()[:32]}.png"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(folder)
    cover = find_cover(film, container)
    if cover is not None:
        if cover.file is not None:
            return cover.file, name
        path = folder / name
        part = path.with_suffix(".part")
        part.write_bytes(cover.content)
        part.replace(path)
        return str(path), name
    url = b"file://" + quote_from_bytes(os.fsencode(film), safe=_PLAIN).encode()
    thumbnail = f"{hashlib.md5(url, usedforsecurity=False).hexdigest()}.png"
    desktop = [folder.parent.parent / "thumbnails" / size / thumbnail for size in _THUMBNAILS]
    return next((str(path) for path in (folder / name, *desktop) if path.is_file()), None), name


def _tidy(folder: Path) -> None:
    """Remove all pictures but the last ones."""
    dated = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            dated.append((path.stat().st_mtime, path))
    for _, path in sorted(dated, reverse=True)[_KEPT:]:
        path.unlink(missing_ok=True)
