"""LocalCopy: this machine's copy of the film that is shown: its hashes, and what the room is told of it.

A film is known by the hash of its whole file, which can take minutes to read. Meanwhile its quick hash
(`hangd.client.media.files`) lets a member in, and the whole one follows. Called by the server commands, the membership
and the playlists.
"""

import asyncio
import logging
from typing import Any

from msgspec import structs

from hangd.client.media.files import MediaFiles
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.picture import Picture
from hangd.player.files import MediaUnusable
from hangd.protocol.messages import SetFile
from hangd.protocol.model import FileHash, FileInfo
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)


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
        self._without_duration: tuple[str, FileInfo] | None = None
        """Path and description that the room was told before the film was open: its duration is still to be told."""
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

    def tell(self, path: str, info: FileInfo, file_hash: FileHash | None) -> None:
        """Tell the room that its film is here. If its whole hash is not known (None), it is read now and told then."""
        self._hash = file_hash
        room = self._state.room
        if room is None or not self._connection.is_up:
            return
        self._connection.send(SetFile(file_hash=file_hash, file=self.shared(info)))
        self._without_duration = (path, info)
        if file_hash is None:
            self.prove(path, room)

    def film_ready(self) -> None:
        """The film that was opened stands ready: tell the room how long it is, if that was not known before."""
        told, picture = self._without_duration, self._picture
        if told is None or picture.open_path != told[0] or picture.state.duration is None:
            return
        self._without_duration = None
        if self._state.room is not None and self._connection.is_up:
            self._connection.send(SetFile(file_hash=self._hash, file=self.shared(told[1], picture.state.duration)))

    def prove(self, path: str, room: RoomView) -> None:
        """Read the whole file and tell ``room`` its hash: it let this member in by the quick hash alone."""
        if self._proving is not None:
            self._proving.cancel()
        self._proving = self._tasks.start(self._prove(path, room), name="verify")

    async def _prove(self, path: str, room: RoomView) -> None:
        film = room.file_hash
        try:
            whole = await self.read(path)
            info = await self._media.quick(path)
        except MediaUnusable as error:
            _log.warning("the file could not be verified: %s", error)
            return
        # The connection may be down now. A member that comes back is still to be verified.
        await self._notices.until(lambda: self._state.room is not room or self._connection.is_up)
        if self._state.room is room and room.file_hash == film:
            self._hash = whole
            duration = self._picture.state.duration if self._picture.open_path == path else None
            self._connection.send(SetFile(file_hash=whole, file=self.shared(info, duration)))
            self._notices.announce()
