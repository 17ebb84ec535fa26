"""LocalCopy: this machine's copy of the film that a room shows. It is opened, hashed, and told to the room.

A film is known by the hash of its whole file, which can take minutes to read; meanwhile its quick hash lets a member in
(`hangd.client.media.files`), and the whole one follows. Hashing is shown as it goes on, and so is what it came to.
"""

import asyncio
import logging
from typing import Protocol

import msgspec

from hangd.client.control.port import CommandRefused
from hangd.client.media.files import MediaFiles, MediaUnusable
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings
from hangd.engine.player_messages import FailureCode
from hangd.protocol.messages import SetFile
from hangd.protocol.model import FileHash, FileInfo
from hangd.tasks import Tasks

__all__ = ["CopyHolder", "LocalCopy", "file_code"]

_log = logging.getLogger(__name__)


def file_code(code: FailureCode) -> str:
    """Return a player's failure code as control clients know it: "not-found" is "NotFound"."""
    return "".join(word.capitalize() for word in code.split("-"))


def _refusal(code: str, message: str) -> CommandRefused:
    return CommandRefused("error running command", code, message)


class CopyHolder(Protocol):
    """Whose copy it is: what is needed of the viewer."""

    settings: ClientSettings
    media: MediaFiles
    tasks: Tasks
    connection: Connection
    notices: Notices
    room_view: RoomView | None

    @property
    def path(self) -> str | None:
        """The file that is open."""

    @property
    def duration(self) -> float | None: ...

    def load_file(self, path: str, file_hash: str | None = None) -> None:
        """Play this file here, whatever the room plays; ``file_hash`` is given if it is not the room's film."""

    def announce(self) -> None:
        """Something has changed: tell whoever watches or waits."""


class LocalCopy:
    """See the module's docstring."""

    def __init__(self, viewer: CopyHolder) -> None:
        self._viewer = viewer
        self.hash: FileHash | None = None
        """The whole hash of the film's file, once it is known."""
        self.progress: float | None = None
        """How much of a file is read that is being hashed, from 0 to 1."""
        self._loading: asyncio.Future[None] | None = None
        self._told: tuple[str, FileInfo] | None = None
        """The path of what the room was told of, and what; not yet its duration."""
        self._proving: asyncio.Task[object] | None = None

    # ---- reading --------------------------------------------------------------------------------------------------

    async def read(self, path: str) -> FileHash:
        """Return the whole hash of a file, and show how it gets on. Raises MediaUnusable."""

        def progressed(done: int, total: int) -> None:
            self.progress = done / total if total else 1.0
            self._viewer.announce()

        try:
            return await self._viewer.media.whole_hash(path, progressed)
        finally:
            self.progress = None
            self._viewer.announce()

    async def read_film(self, path: str) -> FileHash:
        """The same of the film that is to be shown. Raises MediaUnusable."""
        self.hash = await self.read(path)
        self._viewer.announce()
        return self.hash

    def told(self, info: FileInfo) -> FileInfo:
        """Return what of a file the others may know."""
        return info if self._viewer.settings.share_file_name else msgspec.structs.replace(info, name=None)

    # ---- opening --------------------------------------------------------------------------------------------------

    async def opened(self, path: str, file_hash: FileHash | None = None) -> float | None:
        """Open ``path`` in the player and return its duration in seconds; ``file_hash`` as for the viewer's load_file.

        Raises CommandRefused with the reason.
        """
        viewer = self._viewer
        if viewer.path == path and viewer.duration is not None:
            return viewer.duration
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._loading is not None and not self._loading.done():
            self._loading.set_exception(_refusal("Replaced", "another file was opened meanwhile"))
        self._loading = future
        viewer.load_file(path, file_hash)
        await future
        return viewer.duration

    def load_ended(self, code: FailureCode | None, message: str) -> None:
        """The player stands with the file open (no code), or could not open it."""
        if code is None:
            self._tell_duration()
        if self._loading is None or self._loading.done():
            return
        if code is None:
            self._loading.set_result(None)
        else:
            self._loading.set_exception(_refusal(file_code(code), message))

    # ---- telling --------------------------------------------------------------------------------------------------

    def tell(self, path: str, info: FileInfo, file_hash: FileHash | None) -> None:
        """Tell the room that its film is here. Without the whole hash, that is brought later."""
        viewer = self._viewer
        self.hash = file_hash
        if viewer.room_view is None or not viewer.connection.is_up:
            return
        viewer.connection.send(SetFile(file_hash=file_hash, file=self.told(info)))
        self._told = (path, info)
        if file_hash is None:
            self.prove(path, viewer.room_view)

    def _tell_duration(self) -> None:
        """How long the film is shows as it is opened, and the room may not have known."""
        viewer, told = self._viewer, self._told
        if told is None or viewer.path != told[0] or viewer.duration is None:
            return
        self._told = None
        if viewer.room_view is not None and viewer.connection.is_up:
            info = msgspec.structs.replace(told[1], duration=viewer.duration)
            viewer.connection.send(SetFile(file_hash=self.hash, file=self.told(info)))

    def prove(self, path: str, view: RoomView) -> None:
        """Bring the whole hash of the file to the room, which let us in without."""
        if self._proving is not None:
            self._proving.cancel()
        self._proving = self._viewer.tasks.start(self._prove(path, view), name="verify")

    async def _prove(self, path: str, view: RoomView) -> None:
        viewer = self._viewer
        film = view.file_hash
        try:
            whole = await self.read(path)
            info = await viewer.media.quick(path)
        except MediaUnusable as error:
            _log.warning("the file could not be verified: %s", error)
            return
        # The link may be down just now; who comes back into the room is still to be verified.
        await viewer.notices.until(lambda: viewer.room_view is not view or viewer.connection.is_up)
        if viewer.room_view is view and view.file_hash == film:
            self.hash = whole
            duration = viewer.duration if viewer.path == path else None
            info = msgspec.structs.replace(info, duration=duration)
            viewer.connection.send(SetFile(file_hash=whole, file=self.told(info)))
            viewer.announce()
