"""RoomFilms: the files of a room's films on this machine.

The room's film is opened here if there is a copy. Files that were added here are read and then hashed, one after the
other. Copies of films to come are looked for before the room moves on to them. Called by `RoomPlaylist`.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.files import MediaFiles
from hangd.client.media.find import Copy, Places, find_copy
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection, NotConnected
from hangd.client.viewer_state import ViewerState
from hangd.engine.playlist.shared import SharedEntry, SharedPlaylist
from hangd.player.files import MediaUnusable
from hangd.protocol.messages import RequestId, SetEntry
from hangd.protocol.model import EntryId, FileHash, FileInfo, Timeline
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_HASHES_APART: Final = 0.1
"""Seconds between two hashes that the room is told: small files are hashed faster than a server takes messages."""

_HASH_REQUEST: Final = "hash "
"""Followed by an entry's number: the id of the request that tells the room the entry's hash."""

_READ_SECONDS: Final = 20.0
"""How long the first look at a file may take. A disk that sleeps needs ten seconds; a dead network share never ends,
and later edits wait for it."""


class RoomFilms:
    """See the module's docstring.

    Args:
        own_paths: returns the files of this machine's own playlist, among which copies may be.
        queue: the room's queue; what is found out of its entries' files is told to it.
        changed: called when something was found out that may lead to a request.
    """

    def __init__(
        self,
        state: ViewerState,
        driver: FollowerDriver,
        connection: Connection,
        media: MediaFiles,
        copy: LocalCopy,
        notices: Notices,
        tasks: Tasks,
        own_paths: Callable[[], Sequence[str]],
        queue: SharedPlaylist,
        changed: Callable[[], None],
    ) -> None:
        self._state = state
        self._driver = driver
        self._connection = connection
        self._media = media
        self._copy = copy
        self._notices = notices
        self._all_tasks = tasks
        self._own_paths = own_paths
        self._queue = queue
        self._changed = changed
        self.is_searching = False
        """Whether a copy of the room's film is being looked for."""
        self._copies: dict[int, Copy] = {}
        """By the entry's number."""
        self._sought: set[int] = set()
        """Entries of which a copy was looked for since the room was entered."""
        self._hashed: set[int] = set()
        """Entries whose file was hashed since the room was entered."""
        self._folder: str | None = None
        """The folder of the film that was open last: copies of the next one may be there."""
        self._tasks: dict[str, asyncio.Task[object]] = {}

    def enter(self) -> None:
        """The viewer is in a room, or back in it."""
        self._sought.clear()
        self._hashed.clear()

    def leave(self) -> None:
        """The viewer is in no room any more."""
        for name in tuple(self._tasks):
            self._cancel(name)
        self.is_searching = False
        self._copies.clear()

    def go_on(self) -> None:
        """Begin what there is to do and is not under way."""
        if self._queue.unread is not None:
            self._begin("read", self._read)
        if _first(self._queue.unhashed, self._hashed) is not None:
            self._begin("hash", self._hash)
        if _first(self._queue.lacking, self._sought) is not None:
            self._begin("look", self._look)

    def look_again(self, entry_id: EntryId) -> None:
        """An entry's whole hash is known now: a copy may be found by it that was not found by the quick hash."""
        self._sought -= {entry.id for entry in self._queue.lacking if entry.room_id == entry_id}

    def refused(self, re: RequestId | None) -> None:
        """The server takes no more requests for now. If this is one of a hash, hash the file again (from the cache)."""
        if isinstance(re, str) and re.startswith(_HASH_REQUEST):
            self._hashed.discard(int(re.removeprefix(_HASH_REQUEST)))

    # ---- the film that is shown -----------------------------------------------------------------------------------

    def show(self, film: FileHash, info: FileInfo, timeline: Timeline | None) -> None:
        """The room shows this film, from this timeline on: open the copy that is here, or look for one."""
        picture, entry = self._driver.follower.picture, self._queue.playing
        if entry is None or entry.file_hash != film:
            entry = self._queue.show_film(film, info)
        if picture.state.path is not None:
            self._folder = os.path.dirname(picture.state.path)
        self._cancel("search")
        self.is_searching = False
        if film == self._copy.hash and picture.open_path is not None and self._driver.entry == entry.id:
            self._driver.change_film(picture.open_path, entry.id, timeline)
            return
        copy = self._copies.get(entry.id)
        if copy is not None:
            self._open(entry, copy, film, timeline)
            return
        self._copy.identify(None)
        self.is_searching = True
        self._driver.change_film(None, entry.id, timeline)
        shown = entry
        self._begin("search", lambda: self._search(shown, film, info))

    def _open(self, entry: SharedEntry, copy: Copy, film: FileHash, timeline: Timeline | None) -> None:
        self._found(entry, copy)
        # The room is told first, so that it waits for this member while the player opens the film.
        self._copy.tell(copy.path, copy.info, film if copy.proven else None)
        self._driver.change_film(copy.path, entry.id, timeline)

    async def _search(self, entry: SharedEntry, film: FileHash, info: FileInfo) -> None:
        try:
            copy = await find_copy(self._media, film, info, self._places())
        finally:
            self.is_searching = False
        if copy is not None:
            self._open(entry, copy, film, None)
            return
        _log.info("the room shows a film that is not here")
        self._notices.emit({"event": "media-mismatch", "file_hash": film, "file": info.name})
        self._found(entry, None)

    # ---- the files of the queue -----------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read what identifies the files of new entries, in their order."""
        while (entry := self._queue.unread) is not None:
            assert entry.path is not None
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    info = await self._media.quick(entry.path)
                    whole = await self._media.cached_hash(entry.path)
            except (MediaUnusable, TimeoutError) as error:
                self._unusable(entry, error)
            else:
                self._copies[entry.id] = Copy(entry.path, info, proven=whole is not None)
                self._queue.read(entry, self._copy.shared(info), whole)
            self._changed()
            self._notices.announce()

    async def _hash(self) -> None:
        """Hash files of the queue, one after the other (two at once would wait for the disk), and tell the room."""
        while (entry := _first(self._queue.unhashed, self._hashed)) is not None:
            assert entry.path is not None and entry.room_id is not None
            self._hashed.add(entry.id)
            try:
                whole = await self._copy.read(entry.path)
            except MediaUnusable as error:
                self._unusable(entry, error)
                continue
            if (copy := self._copies.get(entry.id)) is not None and entry.file_hash in (None, whole):
                self._copies[entry.id] = copy._replace(proven=True)
            try:
                self._connection.send(SetEntry(entry.room_id, whole), f"{_HASH_REQUEST}{entry.id}")
            except NotConnected:
                return  # Back in the room the file is hashed again, which the cache makes short.
            await asyncio.sleep(_HASHES_APART)

    async def _look(self) -> None:
        """Find out which of the films to come are here, so that they are opened at once."""
        while (entry := _first(self._queue.lacking, self._sought)) is not None and entry.file is not None:
            self._sought.add(entry.id)
            copy = await find_copy(self._media, entry.file_hash, entry.file, self._places())
            if copy is not None:
                self._found(entry, copy)

    def _unusable(self, entry: SharedEntry, error: Exception) -> None:
        _log.warning("the file cannot be used in the room's queue: %s", str(error) or "reading it takes too long")
        self._queue.unusable(entry)
        self._copies.pop(entry.id, None)
        self._notices.announce()

    def _found(self, entry: SharedEntry, copy: Copy | None) -> None:
        if copy is not None:
            self._copies[entry.id] = copy
        self._queue.found(entry, None if copy is None else copy.path)
        self._notices.announce()

    def _places(self) -> Places:
        path = self._driver.follower.picture.state.path
        folder = self._folder if path is None else os.path.dirname(path)
        return Places(self._own_paths(), () if folder is None else (folder,), self._state.settings.media_dirs)

    # ---- tasks ----------------------------------------------------------------------------------------------------

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start this work if it is not under way; when it has ended, see what there is to do."""
        if name in self._tasks and not self._tasks[name].done():
            return

        async def run() -> None:
            await work()
            self._tasks.pop(name, None)
            self._changed()

        self._tasks[name] = self._all_tasks.start(run(), name=f"playlist-{name}")

    def _cancel(self, name: str) -> None:
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()


def _first(entries: Sequence[SharedEntry], done: set[int]) -> SharedEntry | None:
    return next((entry for entry in entries if entry.id not in done), None)
