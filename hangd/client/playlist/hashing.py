"""QueueHashes: tell the room more about the films that were put into its queue from here.

A film is in the queue as soon as its name and size are known. Its quick hash and then its whole hash are read later,
at a low priority, one file at a time, and not while the player opens a film. Called by `RoomPlaylist`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from hangd.client.control.port import CommandRefused
from hangd.client.media.find import Copy
from hangd.client.playlist.room_films import Parts, RoomFilms
from hangd.client.server.connection import Connection
from hangd.client.server.requests import NotConnected
from hangd.engine.follower.picture import Motion
from hangd.engine.playlist.edits import SharedEntry
from hangd.engine.playlist.playlist import PlaylistRefused
from hangd.engine.playlist.shared import SharedPlaylist
from hangd.player.files import MediaUnusable
from hangd.protocol.messages import RequestId, SetEntry
from hangd.protocol.model import FileHash, FileInfo

_log = logging.getLogger(__name__)

_APART: Final = 0.1
"""Seconds between two hashes that the room is told: small files are hashed faster than a server takes messages."""

_REQUEST: Final = "hash "
"""Followed by an entry's number: the id of the request that tells the room an entry's hash."""

_READ_SECONDS: Final = 20.0
"""How long the first look at a file may take. A disk that sleeps needs ten seconds; a dead network share never ends,
and later edits wait for it."""


class QueueHashes:
    """See the module's docstring. Arguments as for `RoomFilms`."""

    def __init__(
        self,
        parts: Parts,
        connection: Connection,
        films: RoomFilms,
        queue: SharedPlaylist,
        changed: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._connection = connection
        self._films = films
        self._queue = queue
        self._changed = changed
        self._quick: set[int] = set()
        """Entries whose quick hash the room was told since it was entered."""
        self._whole: set[int] = set()
        """Entries whose file was hashed since the room was entered."""
        self._reading: asyncio.Task[object] | None = None
        self._hashing: asyncio.Task[object] | None = None

    def enter(self) -> None:
        """The viewer is in a room, or back in it."""
        self._quick.clear()
        self._whole.clear()

    def leave(self) -> None:
        """The viewer is in no room any more."""
        for task in (self._reading, self._hashing):
            if task is not None:
                task.cancel()

    def go_on(self) -> None:
        """Begin what there is to do and is not under way."""
        if self._queue.unread is not None and (self._reading is None or self._reading.done()):
            self._reading = self._parts.tasks.start(self._read(), name="queue-read")
        if self._next() is not None and (self._hashing is None or self._hashing.done()):
            self._hashing = self._parts.tasks.start(self._hash(), name="queue-hash")

    def refused(self, re: RequestId | None) -> None:
        """The server takes no more requests for now. If this is one of a hash, tell the hash again."""
        if isinstance(re, str) and re.startswith(_REQUEST):
            number = int(re.removeprefix(_REQUEST))
            self._quick.discard(number)
            self._whole.discard(number)

    async def _read(self) -> None:
        """Look at the files of new entries, in their order."""
        media, copy = self._parts.media, self._parts.copy
        while (entry := self._queue.unread) is not None:
            assert entry.path is not None
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    info, whole = await media.glance(entry.path)
            except (MediaUnusable, TimeoutError) as error:
                if not isinstance(error, MediaUnusable) or error.code != "list":
                    self._unusable(entry, error)
                    continue
                try:
                    self._queue.listed(entry, error.films)
                except PlaylistRefused as refused:
                    self._unusable(entry, MediaUnusable("list", f"{error}: {refused}"))
            else:
                self._queue.read(entry, copy.shared(info), whole)
        self._changed()
        self._parts.notices.announce()

    def _next(self) -> tuple[SharedEntry, bool] | None:
        """Return the entry whose file comes next, and whether all of it is to be read."""
        entries = self._queue.unhashed
        for entry in entries:
            if entry.id not in self._quick and entry.file is not None and entry.file.quick_hash is None:
                return entry, False
        for entry in entries:
            # That of the film that is shown is read by `LocalCopy`, at once.
            if entry.id not in self._whole and entry is not self._queue.playing:
                return entry, True
        return None

    async def _hash(self) -> None:
        """Hash files of the queue, one after the other (two at once would wait for the disk), and tell the room."""
        while (found := self._next()) is not None:
            entry, all_of_it = found
            assert entry.path is not None and entry.room_id is not None
            (self._whole if all_of_it else self._quick).add(entry.id)
            await self._until_quiet()
            try:
                request = await (self._whole_hash if all_of_it else self._quick_hash)(entry, entry.path)
            except MediaUnusable as error:
                self._unusable(entry, error)
                continue
            try:
                self._connection.send(request, f"{_REQUEST}{entry.id}")
            except NotConnected:
                return  # Back in the room the file is hashed again, which the cache makes short.
            await asyncio.sleep(_APART)

    async def _quick_hash(self, entry: SharedEntry, path: str) -> SetEntry:
        info = await self._parts.media.quick(path)
        self._found(entry, path, info, None)
        return SetEntry(entry.room_id or "", file=self._parts.copy.shared(info))

    async def _whole_hash(self, entry: SharedEntry, path: str) -> SetEntry:
        whole = await self._parts.media.whole_hash(path, hold=lambda: self._is_busy)
        self._found(entry, path, await self._parts.media.quick(path), whole)
        return SetEntry(entry.room_id or "", whole)

    def _found(self, entry: SharedEntry, path: str, info: FileInfo, whole: FileHash | None) -> None:
        if entry.path == path and entry is not self._queue.playing:
            self._films.found(entry, Copy(path, info, proven=whole is not None and entry.file_hash in (None, whole)))

    @property
    def _is_busy(self) -> bool:
        """Whether the disk is needed for the film that is shown."""
        return self._films.is_searching or self._parts.driver.follower.picture.state.motion is Motion.LOADING

    async def _until_quiet(self) -> None:
        while self._is_busy:
            try:
                await self._parts.notices.until(lambda: not self._is_busy)
            except CommandRefused:
                pass  # It is about something else that somebody waits for.

    def _unusable(self, entry: SharedEntry, error: Exception) -> None:
        _log.warning("the file cannot be used in the room's queue: %s", str(error) or "reading it takes too long")
        self._queue.unusable(entry)
        self._films.found(entry, None)
