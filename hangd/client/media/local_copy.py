"""LocalCopy: this machine's copy of the film that is shown: its hashes, and what the room is told of it.

A film is known by the hash of its whole file, which can take minutes to read. Meanwhile its quick hash
(`hangd.client.media.files`) lets a member in, and the whole one follows. A room that compares durations is told of a
copy once the player has opened it. Called by the server commands, the membership and the playlists.
"""

import asyncio
import logging
from typing import Any

from msgspec import Struct, structs

from hangd.client.media.files import MediaFiles
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.engine.film import is_same, may_be_same
from hangd.engine.follower.picture import Picture
from hangd.player.files import MediaUnusable
from hangd.protocol.messages import SetEntry, SetFile
from hangd.protocol.model import EntryId, FileHash, FileInfo
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)


class _Told(Struct):
    """A copy that the room was told of, or will be."""

    path: str
    info: FileInfo
    entry: EntryId | None
    """The entry that the room showed then: its film is what this is a copy of."""
    brought: bool
    """Whether the film came into the room from here: the room takes its whole hash from this member then."""
    duration: float | None = None
    """The duration that the room was told."""


class LocalCopy:
    """``picture`` is the follower's; it says which file is open and how long it is."""

    def __init__(
        self,
        state: ViewerState,
        media: MediaFiles,
        picture: Picture,
        connection: Connection,
        notices: Notices,
        tasks: Tasks,
    ) -> None:
        self._state = state
        self._media = media
        self._picture = picture
        self._connection = connection
        self._notices = notices
        self._tasks = tasks
        self._hash: FileHash | None = None
        self.progress: float | None = None
        """How much has been read of a file that is being hashed, from 0 to 1; None: no file is."""
        self._told: _Told | None = None
        self._proving: asyncio.Task[Any] | None = None

    @property
    def hash(self) -> FileHash | None:
        """The hash of the whole file that is shown; None until it is known."""
        return self._hash

    def identify(self, file_hash: FileHash | None) -> None:
        """Another file is shown, or its whole hash is known by now."""
        self._hash = file_hash

    async def read(self, path: str) -> FileHash:
        """Return the hash of a whole file, and announce the progress. Raises MediaUnusable."""

        def progressed(done: int, total: int) -> None:
            self.progress = done / total if total else 1.0
            self._notices.announce()

        try:
            return await self._media.whole_hash(path, progressed)
        finally:
            self.progress = None
            self._notices.announce()

    def shared(self, info: FileInfo, duration: float | None = None) -> FileInfo:
        """Return what the room may be told of a file: its ``duration`` added, and no name if the settings say so."""
        if duration is not None:
            info = structs.replace(info, duration=duration)
        return info if self._state.settings.share_file_name else structs.replace(info, name=None)

    def tell(self, path: str, info: FileInfo, file_hash: FileHash | None, *, brought: bool = False) -> None:
        """Tell the room that this is the copy here of the film that it shows.

        If its whole hash is not known (None), it is read now and told then.
        """
        self.told(path, info, file_hash, brought=brought)
        told, room = self._told, self._state.room
        if told is not None and room is not None and self._connection.is_up:
            told.duration = self._duration(path)
            if self._says_enough(told, room):
                self._send(told)

    def told(
        self,
        path: str,
        info: FileInfo,
        file_hash: FileHash | None,
        *,
        brought: bool = False,
        duration: float | None = None,
    ) -> None:
        """The room knows of this copy already. If its whole hash is not known (None), it is read now and told then."""
        self._hash = file_hash
        room = self._state.room
        if self._proving is not None:
            self._proving.cancel()
        self._told = None
        if room is not None:
            self._told = told = _Told(path, info, room.queue.current, brought, duration)
            # Other encodings need not be proven. The film itself is, so that others find it by its hash.
            is_film = room.file_hash is None and is_same(None, info, None, room.file)
            if file_hash is None and (room.policy.match == "hash" or is_film):
                self._proving = self._tasks.start(self._prove(told, room), name="verify")

    def film_ready(self) -> None:
        """The film that was opened stands ready: tell the room how long it is, if that was not known before."""
        told, room = self._told, self._state.room
        if told is None or told.duration is not None or room is None or not self._connection.is_up:
            return
        told.duration = self._duration(told.path)
        if told.duration is not None:
            self._send(told)

    def again(self) -> None:
        """The viewer is back in the room: tell what the room does not know, of a copy of the film that it shows.

        What was told before may have gone into a connection that was dead already. The room does not answer it.
        """
        told, room = self._told, self._state.room
        if told is None or room is None or told.entry != room.queue.current:
            return
        if told.entry is None and (room.file is None or not may_be_same(room.file, told.info)):
            return
        own = room.members.get(room.client_id)
        told.duration = told.duration or self._duration(told.path)
        known = own is not None and own.file == self.shared(told.info, told.duration)
        proven = self._hash is None or (own is not None and not own.verifying and not self._has_to_prove(told, room))
        if not (known and proven) and self._says_enough(told, room):
            self._tell_all(told, room)

    def _says_enough(self, told: _Told, room: RoomView) -> bool:
        """Whether the room can judge by what is known of this copy."""
        return told.duration is not None or room.policy.match != "duration"

    def _has_to_prove(self, told: _Told, room: RoomView) -> bool:
        """Whether the room takes the whole hash of its film from here, and does not know it."""
        return told.brought and told.entry is not None and room.file_hash is None and room.may_control

    def _tell_all(self, told: _Told, room: RoomView) -> None:
        if self._hash is not None and told.entry is not None and self._has_to_prove(told, room):
            self._connection.send(SetEntry(told.entry, self._hash))
        told.duration = told.duration or self._duration(told.path)
        self._send(told)

    def _duration(self, path: str) -> float | None:
        return self._picture.state.duration if self._picture.open_path == path else None

    def _send(self, told: _Told) -> None:
        self._connection.send(SetFile(self.shared(told.info, told.duration), self._hash, told.entry))

    async def _prove(self, told: _Told, room: RoomView) -> None:
        """Read the whole file and tell ``room`` its hash: it knows it by the quick hash alone."""
        try:
            whole = await self.read(told.path)
        except MediaUnusable as error:
            _log.warning("the file could not be verified: %s", error)
            return
        # The connection may be down now. A member that comes back is still to be verified.
        await self._notices.until(lambda: self._state.room is not room or self._connection.is_up)
        if self._state.room is room and self._told is told and room.queue.current == told.entry:
            self._hash = whole
            self._tell_all(told, room)
            self._notices.announce()
