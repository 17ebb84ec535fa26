"""RoomFilms: this machine's copies of a room's films.

The film that the room shows is opened here if there is a copy; if there is none, people are told which film is missing.
Copies of films to come are looked for before the room moves on to them. Called by `RoomPlaylist` and the server
commands.

Where the room takes other encodings (policy ``match``: duration or none), a member's copy of an entry is what it was
told to be by `bind`, else the very file, else what `FilmFinder.others` names. Where durations are compared, such a file
is opened first, because only the player knows how long it is.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from hangd.client.control.port import CommandRefused
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.files import MediaFiles
from hangd.client.media.find import Copy, FilmFinder, Places
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.player_supervisor import PlayerSupervisor
from hangd.client.viewer_state import ViewerState
from hangd.engine.film import is_copy, may_be_same
from hangd.engine.playlist.edits import SharedEntry
from hangd.engine.playlist.shared import SharedPlaylist
from hangd.player.files import MediaUnusable, shown_name
from hangd.protocol.model import EntryId, FileHash, FileInfo, Timeline
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)


class Parts(NamedTuple):
    """What this uses of the viewer."""

    state: ViewerState
    driver: FollowerDriver
    player: PlayerSupervisor
    media: MediaFiles
    copy: LocalCopy
    notices: Notices
    tasks: Tasks
    own_paths: Callable[[], Sequence[str]]
    """Returns the files of this machine's own playlist, among which copies may be."""


class RoomFilms:
    """See the module's docstring.

    Args:
        queue: the room's queue; what is found out of its entries' files is told to it.
        changed: called when something was found out that may lead to a request.
    """

    def __init__(self, parts: Parts, queue: SharedPlaylist, changed: Callable[[], None]) -> None:
        self._state = parts.state
        self._driver = parts.driver
        self._player = parts.player
        self._media = parts.media
        self._finder = FilmFinder(parts.media, parts.tasks)
        self._copy = parts.copy
        self._notices = parts.notices
        self._all_tasks = parts.tasks
        self._own_paths = parts.own_paths
        self._queue = queue
        self._changed = changed
        self.is_searching = False
        """Whether files are being compared with the room's film, and nothing is open meanwhile."""
        self.is_missing = False
        """Whether there is no copy of the room's film here."""
        self._lacked: int | None = None
        """The entry of which people were told last that it is not here."""
        self._copies: dict[int, Copy] = {}
        """By the entry's number."""
        self._sought: set[int] = set()
        """Entries of which a copy was looked for since the room was entered."""
        self._last: tuple[SharedEntry, str] | None = None
        """The entry that was shown here last, and this machine's copy of it."""
        self._beside: str | None = None
        """The file that was open when the room was entered, if it is not a copy of its film."""
        self._tasks: dict[str, asyncio.Task[object]] = {}

    @property
    def is_looking(self) -> bool:
        """Whether it is still to be found out if there is a copy of the room's film here."""
        task = self._tasks.get("search")
        return task is not None and not task.done()

    def enter(self) -> None:
        """The viewer is in a room, or back in it."""
        self._sought.clear()

    def leave(self) -> None:
        """The viewer is in no room any more."""
        for name in tuple(self._tasks):
            self._cancel(name)
        self.is_searching = self.is_missing = False
        self._copies.clear()
        self._finder.forget()
        self._last = self._beside = None

    def go_on(self) -> None:
        """Begin what there is to do and is not under way."""
        if _first(self._queue.lacking, self._sought) is not None:
            self._begin("look", self._look)

    def learned(self, entry_id: EntryId) -> None:
        """More is known of an entry: a copy may be found by that which was not found before, or be none after all."""
        shown, room = self._queue.playing, self._state.room
        for entry in self._queue.entries:
            if entry.room_id != entry_id or entry is shown or room is None:
                continue
            copy = self._copies.get(entry.id)
            if (
                copy is not None
                and room.policy.match == "hash"
                and entry.file
                and not may_be_same(copy.info, entry.file)
            ):
                self.found(entry, None)
            if entry.path is None:
                self._sought.discard(entry.id)
        if self.is_missing and shown is not None and shown.room_id == entry_id:
            self._search_for(shown)

    # ---- the film that is shown -----------------------------------------------------------------------------------

    def show(self, timeline: Timeline | None) -> None:
        """The room shows a film, from this timeline on: open the copy that is here, or look for one."""
        entry = self._shown_entry()
        self._cancel("search")
        self.is_searching = self.is_missing = False
        self._lacked = None
        copy = self._copies.get(entry.id)
        if copy is not None:
            self._open(entry, copy, timeline)
        else:
            self._copy.identify(None)
            self.is_searching = True
            self._driver.change_film(None, entry.id, timeline)
            self._search_for(entry)

    def look_beside(self, path: str | None) -> None:
        """Look for copies in this file's folder too, as long as no other film was open in the room."""
        self._beside = path

    def catch_up(self) -> None:
        """The viewer is back in the room: show its film, unless that is what stands here."""
        entry = self._shown_entry()
        if self._driver.entry != entry.id or self._driver.follower.picture.open_path is None:
            self.show(None)

    def bind(self, path: str, info: FileInfo, file_hash: FileHash | None, *, brought: bool = False) -> SharedEntry:
        """This file, which is open or will be opened at once, is this machine's copy of the film that is shown.

        ``brought``: the film has come into the room from here.
        """
        entry = self._shown_entry()
        self._cancel("search")
        self.is_searching = self.is_missing = False
        entry.added |= brought
        self.found(entry, Copy(path, info, proven=file_hash is not None and file_hash == entry.file_hash))
        self._last = (entry, path)
        return entry

    def is_copy(self, file_hash: FileHash | None, info: FileInfo, duration: float | None) -> bool | None:
        """Tell whether a file of this machine is a copy of the film that is shown. None: its duration says."""
        room = self._state.room
        if room is None:
            return False
        return is_copy(room.policy.match, room.file_hash, room.file, file_hash, replace(info, duration=duration))

    def open(self, path: str, info: FileInfo, file_hash: FileHash | None) -> None:
        """Open this file, which is this machine's copy of the film that is shown."""
        entry = self.bind(path, info, file_hash)
        self._copy.tell(path, info, file_hash)
        self._driver.change_film(path, entry.id, None)

    async def take(self, path: str, info: FileInfo, file_hash: FileHash | None) -> None:
        """Open this file, and keep it as this machine's copy of the film that is shown. Raises CommandRefused."""
        await self.measure(path)
        self.bind(path, info, file_hash)
        self._copy.tell(path, info, file_hash)

    async def measure(self, path: str) -> float | None:
        """Open this file in place of what is shown, and return its duration. Raises CommandRefused."""
        self._cancel("search")
        self.is_searching = self.is_missing = False
        return await self._opened(self._shown_entry(), path)

    def found(self, entry: SharedEntry, copy: Copy | None) -> None:
        """This is the copy of an entry's film; None: there is none."""
        if copy is not None:
            self._copies[entry.id] = copy
        else:
            self._copies.pop(entry.id, None)
        self._queue.found(entry, None if copy is None else copy.path)
        self._notices.announce()

    def _shown_entry(self) -> SharedEntry:
        """Return the entry of the film that is shown. A film that is no entry of the room's queue gets one here."""
        room, entry = self._state.room, self._queue.playing
        assert room is not None
        if entry is not None and (entry.room_id is not None and entry.room_id == room.queue.current):
            return entry
        if entry is not None and _is_film(entry, room.file_hash, room.file):
            return entry
        return self._queue.show_film(room.file_hash, room.file)

    async def _opened(self, entry: SharedEntry, path: str) -> float | None:
        self._driver.change_film(path, entry.id, None)
        await self._player.opened()
        return self._driver.follower.picture.state.duration

    def _open(self, entry: SharedEntry, copy: Copy, timeline: Timeline | None) -> None:
        self.found(entry, copy)
        self._last = (entry, copy.path)
        # The room is told first, so that it waits for this member while the player opens the film.
        self._copy.tell(copy.path, copy.info, entry.file_hash if copy.proven else None, brought=entry.added)
        self._driver.change_film(copy.path, entry.id, timeline)

    # ---- looking for copies ---------------------------------------------------------------------------------------

    def _search_for(self, entry: SharedEntry) -> None:
        self.is_searching = True
        self._cancel("search")
        self._begin("search", lambda: self._search(entry))

    async def _search(self, entry: SharedEntry) -> None:
        film, room = entry.file, self._state.room
        others: list[str] = []
        copy = None
        try:
            copy = await self._added(entry)
            if copy is None and film is not None and room is not None:
                copy = await self._finder.copy(entry.file_hash, film, self._places(), anew=True)
                if copy is None and room.policy.match != "hash":
                    others = await self._finder.others(film, self._places(), **self._since_last(entry))
        finally:
            if self._is_current("search"):  # else it was cancelled, and the flag is that of the search after it
                self.is_searching = False
        if copy is not None:
            self._open(entry, copy, None)
            return
        for path in others:
            if await self._is_another_encoding(entry, path):
                return
        self._lack(entry)

    async def _added(self, entry: SharedEntry) -> Copy | None:
        """Return the copy of a film that was put into the queue here, and is shown before its file was read."""
        if entry.path is None:
            return None
        try:
            return Copy(entry.path, await self._media.quick(entry.path), proven=False)
        except MediaUnusable:
            return None

    def _since_last(self, entry: SharedEntry) -> dict[str, Any]:
        if self._last is None:
            return {"last": None, "steps": None}
        before, path = self._last
        here, there = self._queue.index(entry), self._queue.index(before)
        return {"last": path, "steps": None if -1 in (here, there) else here - there}

    async def _is_another_encoding(self, entry: SharedEntry, path: str) -> bool:
        """Open this file, and keep it if it is a copy of the entry's film. Return whether it is."""
        try:
            info, whole = await self._media.quick(path), await self._media.cached_hash(path)
            fits = self.is_copy(whole, info, None)
            if fits is None:
                fits = self.is_copy(whole, info, await self._opened(entry, path))
        except (MediaUnusable, CommandRefused) as error:
            _log.info("%s is no copy of the room's film: %s", shown_name(path), error)
            return False
        if not fits:
            return False
        copy = Copy(path, info, proven=False)
        self.found(entry, copy)
        self._last = (entry, path)
        self._copy.tell(path, info, whole)
        self._driver.change_film(path, entry.id, None)
        return True

    def _lack(self, entry: SharedEntry) -> None:
        """Tell people that there is no copy of this film here."""
        self.is_missing = True
        self._copy.identify(None)
        self.found(entry, None)
        self._driver.change_film(None, entry.id, None)
        room = self._state.room
        if room is not None and self._lacked != entry.id:  # else more has become known of it, and people know
            self._lacked = entry.id
            _log.info("the room shows a film that is not here")
            self._notices.emit(room.film_missing(room.client_id))
        self._notices.announce()

    async def _look(self) -> None:
        """Find out which of the films to come are here, so that they are opened at once."""
        while (entry := _first(self._queue.lacking, self._sought)) is not None and entry.file is not None:
            self._sought.add(entry.id)
            copy = await self._finder.copy(entry.file_hash, entry.file, self._places())
            if copy is not None and entry.path is None:
                self.found(entry, copy)

    def _places(self) -> Places:
        path = self._driver.follower.picture.state.path or (self._last[1] if self._last is not None else self._beside)
        folders = () if path is None else (os.path.dirname(path),)
        return Places(self._own_paths(), folders, self._state.settings.media_dirs)

    # ---- tasks ----------------------------------------------------------------------------------------------------

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start this work if it is not under way; when it has ended, see what there is to do."""
        if name in self._tasks and not self._tasks[name].done():
            return

        async def run() -> None:
            await work()
            if self._is_current(name):
                self._tasks.pop(name)
            self._changed()
            self._notices.announce()

        self._tasks[name] = self._all_tasks.start(run(), name=f"playlist-{name}")

    def _is_current(self, name: str) -> bool:
        """Whether the task that asks is the work of this name now: neither cancelled nor replaced."""
        return self._tasks.get(name) is asyncio.current_task()

    def _cancel(self, name: str) -> None:
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()


def _first(entries: Sequence[SharedEntry], done: set[int]) -> SharedEntry | None:
    return next((entry for entry in entries if entry.id not in done), None)


def _is_film(entry: SharedEntry, file_hash: FileHash | None, file: FileInfo | None) -> bool:
    """Tell whether the film of this entry may be the one that is known by these, as far as both are known."""
    if entry.file_hash is not None and file_hash is not None:
        return entry.file_hash == file_hash
    return entry.file is not None and file is not None and may_be_same(entry.file, file)
