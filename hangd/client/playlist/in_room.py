"""RoomPlaylist: a room's queue, shown and edited from this machine, and its films opened here where there are copies.

`SharedPlaylist` decides what is seen and what is asked of the room. Here its requests are sent, one at a time. Files
of new entries are read, and then hashed, one after the other. Copies are looked for before the room comes to them.
``viewer.Viewer`` passes on what the server says; ``playlist.PlaylistKeeper`` edits `list` and then calls `go_on`.
"""

import asyncio
import itertools
import logging
import os
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from hangd.client.media.files import MediaFiles
from hangd.client.media.find import Copy, Places, find_copy
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection, NotConnected
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings
from hangd.engine.follower.follower import Follower
from hangd.engine.playlist.shared import SharedEntry, SharedPlaylist
from hangd.log import escape
from hangd.player.files import MediaUnusable
from hangd.protocol.messages import (
    EntryChanged,
    Error,
    MediaChanged,
    QueueChanged,
    RequestId,
    RoomState,
    ServerMessage,
    SetEntry,
)
from hangd.protocol.model import FileHash, FileInfo, Queue, Room, Timeline
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 1.0
"""How long after a refusal because of too many requests the same is asked again."""

_HASHES_APART: Final = 0.1
"""Seconds between two hashes that the room is told: small files are hashed faster than a server takes messages."""

_HASH_MARK: Final = "hash "
"""Before an entry's number: the id of the request that tells its hash."""

_READ_SECONDS: Final = 20.0
"""How long the first look at a file may take. A disk that sleeps needs ten seconds; a dead network share never ends,
and later edits wait for it."""


class Screen(Protocol):
    """What is needed of the viewer, which shows the room's films."""

    copy: LocalCopy
    media: MediaFiles
    tasks: Tasks
    connection: Connection
    notices: Notices

    @property
    def follower(self) -> Follower: ...

    @property
    def settings(self) -> ClientSettings: ...

    @property
    def room_view(self) -> RoomView | None: ...

    @property
    def path(self) -> str | None:
        """The file that is open."""

    def announce(self) -> None:
        """Something has changed: tell control clients."""

    @property
    def playing_entry(self) -> int:
        """The number of the film that was opened last."""

    def change_film(self, path: str | None, entry: int, timeline: Timeline | None) -> None:
        """The room shows another film: this file, or (None) one that is not here, from this timeline on."""


class RoomPlaylist:
    """See the module's docstring. ``own_files``: the paths of this machine's own playlist, where copies may be."""

    def __init__(self, viewer: Screen, new_id: Callable[[], int], own_files: Callable[[], Sequence[str]]) -> None:
        self._viewer = viewer
        self._new_id = new_id
        self._own_files = own_files
        self.list = SharedPlaylist(new_id, random.random)
        self.searching = False
        """Whether a copy of the film that is shown is being looked for. Until then nothing is to be reported."""
        self._marks = itertools.count(1)
        self._mark: RequestId | None = None
        """The id of the request that has no answer yet."""
        self._copies: dict[int, Copy] = {}
        """By the number of the entry."""
        self._sought: set[int] = set()
        self._hashed: set[int] = set()
        """Entries whose copy was looked for, and whose file was hashed, since the room was entered."""
        self._folder: str | None = None
        self._tasks: dict[str, asyncio.Task[object]] = {}

    @property
    def is_asking(self) -> bool:
        """Whether the room has yet to answer."""
        return self._mark is not None

    # ---- coming and going -------------------------------------------------------------------------------------------

    def enter(self, room: Room, path: str | None, *, again: bool) -> None:
        """Be in this room, with this copy of its film; ``again``: after an absence."""
        self._mark = None
        self._sought.clear()
        self._hashed.clear()
        is_open = path is not None and self._viewer.path == path
        number = self._viewer.playing_entry if is_open else self._new_id()
        shown = SharedEntry(number, file_hash=room.file_hash, file=room.file, path=path)
        self.list.enter(room.queue, shown, again=again)
        self.go_on()

    def leave(self) -> None:
        """Be in no room."""
        for name in tuple(self._tasks):
            self._cancel(name)
        self._mark, self.searching = None, False
        self._copies.clear()
        self.list.enter(Queue(), None, again=False)

    def unanswered(self) -> None:
        """The connection broke."""
        self._mark = None
        self.list.disconnected()

    def loading(self, path: str, file_hash: FileHash | None) -> int:
        """This file is opened because somebody asked for it here. Return its number.

        ``file_hash``: its whole hash, if it is another film than the room's, which the room is to be asked to show.
        """
        view, playing = self._viewer.room_view, self.list.playing
        assert view is not None
        if playing is not None and file_hash in (None, view.file_hash):
            playing.path = path
            return playing.id
        entry = SharedEntry(self._new_id(), file_hash=file_hash or view.file_hash, path=path)
        self.list.show(entry)
        return entry.id

    # ---- asking and hearing -----------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Do what there is to be done now: ask the room, read and hash files, look for copies."""
        viewer = self._viewer
        if viewer.room_view is None:
            return
        if viewer.connection.is_up and self._mark is None:
            request = self.list.request(play=not viewer.follower.paused)
            if request is not None:
                self._mark = f"q{next(self._marks)}"
                viewer.connection.send(request, self._mark)
        if self.list.unread is not None:
            self._begin("read", self._read)
        if self._next(self.list.unhashed, self._hashed) is not None:
            self._begin("hash", self._hash)
        if self._next(self.list.lacking, self._sought) is not None:
            self._begin("look", self._look)

    def received(self, message: ServerMessage, re: RequestId | None) -> None:
        """Take what the server says of the queue, and its answers to the requests of this object."""
        ours = re is not None and re == self._mark
        if ours:
            self._mark = None
        match message:
            case Error() if ours:
                self._refused(message)
            case Error(code="RateLimited") if isinstance(re, str) and re.startswith(_HASH_MARK):
                self._hashed.discard(int(re.removeprefix(_HASH_MARK)))
            case QueueChanged(queue=queue) | MediaChanged(queue=queue):
                if ours:
                    self.list.answered(queue, message.inserted if isinstance(message, QueueChanged) else ())
                else:
                    self.list.learn(queue)
                if isinstance(message, MediaChanged):
                    self.show(message.file_hash, message.file, message.timeline)
            case EntryChanged(entry=entry):
                self.list.learn_entry(entry)
                # A copy may be known by its whole hash that was not found by its quick hash.
                self._sought -= {known.id for known in self.list.lacking if known.room_id == entry.id}
            case RoomState(room=room):
                self.list.learn(room.queue)
            case _:
                return
        self.go_on()

    def _refused(self, error: Error) -> None:
        if error.code == "RateLimited":
            # Asked again at once it would be refused again. Until then nothing else is asked either.
            self._mark = later = f"later {next(self._marks)}"
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._ask_again, later)
            return
        self.list.answered(None)
        _log.warning("the room's queue stays as it is: %s", escape(error.message))
        self._viewer.notices.refuse(error.code, error.message)

    def _ask_again(self, mark: RequestId) -> None:
        if mark == self._mark:
            self._mark = None
            self.list.postponed()
            self.go_on()

    # ---- the film that is shown -------------------------------------------------------------------------------------

    def show(self, film: FileHash, info: FileInfo, timeline: Timeline | None) -> None:
        """The room shows this film, from this timeline on: open the copy that is here, or look for one."""
        viewer, entry = self._viewer, self.list.playing
        if entry is None or entry.file_hash != film:
            entry = SharedEntry(self._new_id(), file_hash=film, file=info)
            self.list.show(entry)
        if (old := viewer.follower.picture.path) is not None:
            self._folder = os.path.dirname(old)
        self._cancel("search")
        self.searching = False
        if film == viewer.copy.hash and viewer.path is not None and viewer.playing_entry == entry.id:
            viewer.change_film(viewer.path, entry.id, timeline)
            return
        copy = self._copies.get(entry.id)
        if copy is None:
            viewer.copy.hash = None
            self.searching = True
            viewer.change_film(None, entry.id, timeline)
            self._begin("search", lambda: self._search(entry, film, info))
            return
        self._open(entry, copy, film, timeline)

    def _open(self, entry: SharedEntry, copy: Copy, film: FileHash, timeline: Timeline | None) -> None:
        self._found(entry, copy)
        # First the room, so that it waits for whoever opens the film; then what the player does.
        self._viewer.copy.tell(copy.path, copy.info, film if copy.proven else None)
        self._viewer.change_film(copy.path, entry.id, timeline)

    async def _search(self, entry: SharedEntry, film: FileHash, info: FileInfo) -> None:
        try:
            copy = await find_copy(self._viewer.media, film, info, self._places())
        finally:
            self.searching = False
        if copy is not None:
            self._open(entry, copy, film, None)
            return
        _log.info("the room shows a film that is not here")
        self._viewer.notices.emit({"event": "media-mismatch", "file_hash": film, "file": info.name})
        self._found(entry, None)

    # ---- the files of the queue -------------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read what identifies the files of new entries, in their order."""
        viewer = self._viewer
        while (entry := self.list.unread) is not None:
            assert entry.path is not None
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    info = await viewer.media.quick(entry.path)
                    whole = await viewer.media.cached_hash(entry.path)
            except (MediaUnusable, TimeoutError) as error:
                self._unusable(entry, error)
            else:
                self._copies[entry.id] = Copy(entry.path, info, proven=whole is not None)
                self.list.read(entry, viewer.copy.shared(info), whole)
            self.go_on()
            viewer.announce()

    async def _hash(self) -> None:
        """Hash files of the queue, one after the other (two at once would wait for the disk), and tell the room."""
        viewer = self._viewer
        while (entry := self._next(self.list.unhashed, self._hashed)) is not None:
            assert entry.path is not None and entry.room_id is not None
            self._hashed.add(entry.id)
            try:
                whole = await viewer.copy.read(entry.path)
            except MediaUnusable as error:
                self._unusable(entry, error)
                continue
            if (copy := self._copies.get(entry.id)) is not None and entry.file_hash in (None, whole):
                self._copies[entry.id] = copy._replace(proven=True)
            try:
                viewer.connection.send(SetEntry(entry.room_id, whole), f"{_HASH_MARK}{entry.id}")
            except NotConnected:
                return  # Back in the room the file is hashed again, which the cache makes short.
            await asyncio.sleep(_HASHES_APART)

    async def _look(self) -> None:
        """Find out which of the films to come are here, so that they are opened at once."""
        while (entry := self._next(self.list.lacking, self._sought)) is not None and entry.file is not None:
            self._sought.add(entry.id)
            copy = await find_copy(self._viewer.media, entry.file_hash, entry.file, self._places())
            if copy is not None:
                self._found(entry, copy)

    def _unusable(self, entry: SharedEntry, error: Exception) -> None:
        _log.warning("the file cannot be used in the room's queue: %s", str(error) or "reading it takes too long")
        self.list.unusable(entry)
        self._copies.pop(entry.id, None)
        self._viewer.announce()

    def _found(self, entry: SharedEntry, copy: Copy | None) -> None:
        if copy is not None:
            self._copies[entry.id] = copy
        self.list.found(entry, None if copy is None else copy.path)
        self._viewer.announce()

    @staticmethod
    def _next(entries: Sequence[SharedEntry], done: set[int]) -> SharedEntry | None:
        return next((entry for entry in entries if entry.id not in done), None)

    def _places(self) -> Places:
        picture = self._viewer.follower.picture
        folder = self._folder if picture.path is None else os.path.dirname(picture.path)
        return Places(self._own_files(), () if folder is None else (folder,), self._viewer.settings.media_dirs)

    # ---- tasks ------------------------------------------------------------------------------------------------------

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start this work, if it is not under way already; after it, see what there is to be done."""
        if name in self._tasks and not self._tasks[name].done():
            return

        async def run() -> None:
            await work()
            self._tasks.pop(name, None)
            self.go_on()

        self._tasks[name] = self._viewer.tasks.start(run(), name=f"playlist-{name}")

    def _cancel(self, name: str) -> None:
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()
