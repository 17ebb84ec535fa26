"""RoomPlaylist: a room's queue, shown and edited from this machine, and its films opened here where there are copies.

What is edited and asked for decides `SharedPlaylist`; here files are read, one after the other, requests are sent, one
at a time, and copies are looked for, ahead of the time at which the room comes to them.
"""

import asyncio
import itertools
import logging
import math
import os
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from hangd.client.media.files import MediaFiles, MediaUnusable
from hangd.client.media.find import Copy, Places, find_copy
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings
from hangd.engine.follower.follower import Follower
from hangd.engine.playlist.edits import Slot
from hangd.engine.playlist.shared import SharedPlaylist
from hangd.log import escape
from hangd.protocol.messages import Error, MediaChanged, QueueChanged, RequestId, RoomState, ServerMessage
from hangd.protocol.model import FileHash, FileInfo, Queue, Room, Timeline
from hangd.tasks import Tasks

__all__ = ["RoomPlaylist", "Screen"]

_log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 1.0
"""Before what was refused for now, but not as Stale, is asked again."""

_TOGETHER_SECONDS: Final = 0.2
"""While small files are read one after the other, the room is told of them no more often than so."""

_ANSWER_SECONDS: Final = 15.0
"""A request that has no answer after so long has none coming: a server answers only some of what is too much."""


class Screen(Protocol):
    """Where the room's films are shown: what is needed of the viewer."""

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
    """See the module's docstring. ``own_files``: the paths of this machine's own playlist."""

    def __init__(self, viewer: Screen, new_id: Callable[[], int], own_files: Callable[[], Sequence[str]]) -> None:
        self._viewer = viewer
        self._new_id = new_id
        self._own_files = own_files
        self.list = SharedPlaylist(new_id, random.random)
        self.searching = False
        """Whether it is not known yet if there is a copy of the film that is shown: nothing is to be reported now."""
        self._marks = itertools.count(1)
        self._mark: RequestId | None = None
        self._asked_at = -math.inf
        self._copies: dict[FileHash, Copy] = {}
        self._sought: set[FileHash] = set()
        self._folder: str | None = None
        self._tasks: dict[str, asyncio.Task[object]] = {}

    @property
    def is_asking(self) -> bool:
        """Whether the room has yet to answer."""
        return self._mark is not None

    # ---- coming and going -----------------------------------------------------------------------------------------

    def enter(self, room: Room, path: str | None, *, again: bool) -> None:
        """Be in this room, with this copy of its film; ``again``: after an absence."""
        self._mark = None
        self._sought.clear()
        is_open = path is not None and self._viewer.path == path
        shown = Slot(
            self._viewer.playing_entry if is_open else self._new_id(),
            file_hash=room.file_hash,
            file=room.file,
            path=path,
        )
        self.list.enter(room.queue, shown, again=again)
        self.go_on()

    def leave(self) -> None:
        """Be in no room."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._mark, self.searching = None, False
        self.list.enter(Queue(), None, again=False)

    def unanswered(self) -> None:
        """The connection went."""
        self._mark = None
        self.list.unanswered()

    def loading(self, path: str, file_hash: FileHash | None) -> int:
        """This file is opened by somebody's wish. Return its number.

        ``file_hash``: its whole hash, if it is another film than the room's, which the room is to be asked to show.
        """
        view, playing = self._viewer.room_view, self.list.playing
        assert view is not None
        if file_hash is None or file_hash == view.file_hash:
            if playing is None:
                playing = Slot(self._new_id(), file_hash=view.file_hash, path=path)
                self.list.show(playing)
            playing.path = path
            return playing.id
        slot = Slot(self._new_id(), file_hash=file_hash, path=path)
        self.list.show(slot)
        return slot.id

    # ---- asking and hearing ---------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Do what there is to be done by now: ask the room, read files, look for copies."""
        viewer = self._viewer
        if viewer.room_view is None:
            return
        now = time.monotonic()
        soon = now < self._asked_at + _TOGETHER_SECONDS and self.list.unread is not None
        if viewer.connection.is_up and self._mark is None and not soon:
            request = self.list.request(play=not viewer.follower.paused)
            if request is not None:
                self._asked_at, self._mark = now, f"q{next(self._marks)}"
                viewer.connection.send(request, self._mark)
                asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._overdue, self._mark)
        if self.list.unread is not None:
            self._begin("read", self._read)
        if any(entry.file_hash not in self._sought for entry in self.list.lacking):
            self._begin("look", self._look)

    def received(self, message: ServerMessage, re: RequestId | None) -> None:
        """Take what the server says of the queue, and of our requests."""
        ours = re is not None and re == self._mark
        if ours:
            self._mark = None
        take = self.list.changed if ours else self.list.learn
        match message:
            case Error() if ours:
                self._refused(message)
            case QueueChanged(queue=queue):
                take(queue)
                self._sought &= {entry.file_hash for entry in queue.entries}
            case MediaChanged(queue=queue):
                take(queue)
                self.show(message.file_hash, message.file, message.timeline)
            case RoomState(room=room):
                self.list.learn(room.queue)
            case _:
                return
        self.go_on()

    def _refused(self, error: Error) -> None:
        if self.list.refused(again=error.retry):
            _log.warning("the room's queue stays as it is: %s", escape(error.message))
            self._viewer.notices.refuse(error.code, error.message)
        elif error.code != "Stale":
            # Asked again at once it would be refused again. Until then nothing else is asked either.
            self._mark = later = f"later {next(self._marks)}"
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._overdue, later)

    def _overdue(self, mark: RequestId) -> None:
        if mark == self._mark:
            self._mark = None
            self.list.refused(again=True)
            self.go_on()

    # ---- files ----------------------------------------------------------------------------------------------------

    def show(self, film: FileHash, info: FileInfo, timeline: Timeline | None) -> None:
        """The room shows this film, from this timeline on: open the copy that is here."""
        viewer, slot = self._viewer, self.list.playing
        if slot is None or slot.file_hash != film:
            slot = Slot(self._new_id(), file_hash=film, file=info)
            self.list.show(slot)
        if (old := viewer.follower.picture.path) is not None:
            self._folder = os.path.dirname(old)
        self._cancel("search")
        self.searching = False
        if film == viewer.copy.hash and viewer.path is not None and viewer.playing_entry == slot.id:
            viewer.change_film(viewer.path, slot.id, timeline)
            return
        copy = self._copies.get(film)
        if copy is None:
            viewer.copy.identify(None)
            self.searching = True
            viewer.change_film(None, slot.id, timeline)
            self._begin("search", lambda: self._search(slot, film, info))
            return
        self._open(slot, copy, film, timeline)

    def _open(self, slot: Slot, copy: Copy, film: FileHash, timeline: Timeline | None) -> None:
        self.list.found(film, copy.path)
        slot.path = copy.path
        # First, so that the room waits for who opens the film; then what the player does.
        self._viewer.copy.tell(copy.path, copy.info, film if copy.proven else None)
        self._viewer.change_film(copy.path, slot.id, timeline)

    async def _search(self, slot: Slot, film: FileHash, info: FileInfo) -> None:
        try:
            copy = await find_copy(self._viewer.media, film, info, self._places())
        finally:
            self.searching = False
        if copy is None:
            _log.info("the room shows a film that is not here")
            self._viewer.notices.emit({"event": "media-mismatch", "file_hash": film, "file": info.name})
            self.list.found(film, None)
            self._viewer.announce()
            return
        self._copies[film] = copy
        self._open(slot, copy, film, None)

    async def _look(self) -> None:
        """Find out which of the films to come are here, so that they are opened at once."""
        while entry := next((entry for entry in self.list.lacking if entry.file_hash not in self._sought), None):
            self._sought.add(entry.file_hash)
            copy = await find_copy(self._viewer.media, entry.file_hash, entry.file, self._places())
            if copy is not None:
                self._copies[entry.file_hash] = copy
                self.list.found(entry.file_hash, copy.path)
                self._viewer.announce()

    async def _read(self) -> None:
        """Hash the films that were added here, one after the other: two at once would only wait for the disk."""
        viewer = self._viewer
        while (slot := self.list.unread) is not None:
            assert slot.path is not None
            try:
                info = await viewer.media.quick(slot.path)
                whole = await viewer.copy.read(slot.path)
            except MediaUnusable as error:
                _log.warning("it does not come into the room's queue: %s", error)
                self.list.unusable(slot)
            else:
                self._copies[whole] = Copy(slot.path, info, proven=True)
                self.list.read(slot, whole, viewer.copy.shared(info))
            self.go_on()
            viewer.announce()

    def _places(self) -> Places:
        picture = self._viewer.follower.picture
        folder = self._folder if picture.path is None else os.path.dirname(picture.path)
        return Places(self._own_files(), () if folder is None else (folder,), self._viewer.settings.media_dirs)

    # ---- tasks ----------------------------------------------------------------------------------------------------

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start this, if it is not at work already; then see what there is to be done."""
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
