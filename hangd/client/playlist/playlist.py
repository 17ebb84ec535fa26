"""PlaylistKeeper: the playlist as control clients see it. Out of a room it is this daemon's own, in a room the room's.

Both number their films from one row, so a number names one film for as long as the daemon runs. Of its own playlist it
does what `Playlist` says at once; a room is asked, by `RoomPlaylist`.
"""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol, TypeVar

from hangd.client.control.port import CommandRefused, ListedFilm, Refusal
from hangd.client.playlist.in_room import RoomPlaylist, Screen
from hangd.engine.player_messages import Ended, LoadFailed, PlayerEvent, Settled
from hangd.engine.playlist.playlist import Close, Entry, Film, Loading, Open, Order, Playlist, PlaylistRefused, Rewind
from hangd.engine.playlist.shared import SharedEntry
from hangd.protocol.model import FileHash, Room

_SHORT_SECONDS: Final = 1.0
"""What ran out sooner is passed over on the way back: so is mpv."""

_T = TypeVar("_T")


class Stage(Screen, Protocol):
    """Where films are shown, out of a room too."""

    def may(self, refusal: Refusal) -> None:
        """Raise CommandRefused where the room would refuse, or can not be asked."""

    @property
    def plays_next(self) -> bool:
        """Whether a film that is opened out of a room begins by itself."""

    def open_film(self, path: str, entry: int, *, play: bool) -> None:
        """Out of a room: play this file, or stand on its beginning."""

    def drop_file(self) -> None: ...

    def stop_playing(self) -> None:
        """Let go of the film: the room's stop, where there is one."""

    def play_on(self) -> None: ...


class PlaylistKeeper:
    """See the module's docstring. Refuses with "error running command" what can not be done."""

    def __init__(self, viewer: Stage) -> None:
        self._viewer = viewer
        new_id = itertools.count(1).__next__
        self.own = Playlist(new_id, random.random)
        self.room = RoomPlaylist(viewer, new_id, lambda: [entry.path for entry in self.own.entries])
        self._stood_at: float | None = None
        """When the film that plays showed its first picture."""

    @property
    def _in_room(self) -> bool:
        return self._viewer.room_view is not None

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def state(self) -> object:
        """Differs from what it was if anything of the playlist does."""
        own = self.own
        return self._in_room, own.rev, self.room.list.rev, own.loop_file, own.loop_playlist, own.shuffle

    def entries(self) -> list[ListedFilm]:
        if not self._in_room:
            return [ListedFilm(entry.id, entry.path, entry.title) for entry in self.own.entries]
        return [ListedFilm(slot.id, _name(slot), slot.title) for slot in self.room.list.entries]

    @property
    def current(self) -> int:
        if self._in_room:
            return self.room.list.index(self.room.list.current)
        return self.own.index(self.own.current)

    @property
    def playing(self) -> int:
        if self._in_room:
            return self.room.list.index(self.room.list.playing)
        return self.own.index(self.own.playing)

    # ---- what is asked --------------------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> list[int]:
        if self._in_room:
            return [slot.id for slot in self._ask(lambda: self.room.list.load(films, how))]
        entries, order = self._refusing(lambda: self.own.load(self.own.arranged(films), how))
        self.obey(order)
        return [entry.id for entry in entries]

    def step(self, direction: Literal[1, -1], *, force: bool) -> None:
        if not self._in_room:
            self.obey(self._refusing(lambda: self.own.step(direction, force=force)))
        elif not self._ask(lambda: self.room.list.step(direction)):
            if not force:
                raise CommandRefused("error running command", "NoSuchEntry", "there is no such entry")
            self._viewer.stop_playing()

    def play(self, index: int) -> None:
        if not self._in_room:
            self.obey(self.own.play(index))
        elif index == -1:
            self._viewer.stop_playing()
        else:
            self._ask(lambda: self.room.list.play(index))

    def make_current(self, index: int) -> None:
        if self._in_room:
            raise CommandRefused("error running command", "NotSupported", "in a room what plays is what is current")
        self.own.make_current(index)
        self._viewer.announce()

    def remove(self, index: int | None) -> None:
        if self._in_room:
            self._ask(lambda: self.room.list.remove(index))
        else:
            self.obey(self._refusing(lambda: self.own.remove(index)))

    def move(self, index: int, to: int) -> None:
        self._edit(lambda: self.own.move(index, to), lambda: self.room.list.move(index, to))

    def clear(self) -> None:
        self._edit(self.own.clear, self.room.list.clear)

    def mix(self) -> None:
        self._edit(self.own.mix, self.room.list.mix)

    def unmix(self) -> None:
        self._edit(self.own.unmix, self.room.list.unmix)

    def stop(self, *, keep: bool) -> None:
        """Stop, and (out of a room) empty the playlist. A room's queue is not one member's to throw away unasked."""
        if not self._in_room:
            self.own.stop(keep=keep)
        self._viewer.stop_playing()

    @property
    def loop_file(self) -> int:
        return 0 if self._in_room else self.own.loop_file

    @property
    def loop_playlist(self) -> int:
        return 1 if self._in_room else self.own.loop_playlist

    @property
    def shuffle(self) -> bool:
        return self.own.shuffle

    def repeat_film(self, times: int) -> None:
        self._only_alone(times != 0)
        self.own.loop_file = times
        self._viewer.announce()

    def repeat_list(self, times: int) -> None:
        self._only_alone(times != 1)
        self.own.loop_playlist = times
        self._viewer.announce()

    def shuffle_lists(self, shuffle: bool) -> None:
        self.own.shuffle = shuffle
        self._viewer.announce()

    # ---- what happens ---------------------------------------------------------------------------------------------

    def entered(self, room: Room, path: str | None, *, again: bool) -> None:
        """In a room from now on, with this copy of its film."""
        self.room.enter(room, path, again=again)

    def left(self) -> None:
        """In no room any more: what plays goes on, in the playlist of before."""
        if (path := self._viewer.path) is not None:
            self.own.add_playing(Entry(self._viewer.playing_entry, path))
        else:
            self.own.stop(keep=True)
        self.room.leave()

    def loading(self, path: str, file_hash: FileHash | None) -> int:
        """This file is opened, without the playlist's doing. Return its number."""
        self._stood_at = None
        return self.room.loading(path, file_hash) if self._in_room else self.own.show(path).id

    def reloading(self, path: str) -> int | None:
        """The player opens this by itself, out of a room. Return its number if it has another one now."""
        return self.own.show(path).id if not self._in_room and self.own.playing is None else None

    def hear(self, event: PlayerEvent) -> Order | None:
        """Take what the player said of the film that plays out of a room. Return what is to follow it."""
        match event:
            case Settled() if self._stood_at is None:
                self._stood_at = time.monotonic()
            case Ended():
                stood = self._stood_at
                return self.own.ended(short=stood is None or time.monotonic() - stood < _SHORT_SECONDS)
            case LoadFailed():
                return self.own.failed()
        return None

    def given_up(self) -> None:
        """The film that plays out of a room is not tried again."""
        self.obey(self.own.failed())

    def play_on(self) -> bool:
        """Somebody plays on behind a film that has ended: go to the next one, if there is one by now."""
        order = None if self._in_room else self.own.go_on()
        self.obey(order, play=True)
        return order is not None

    def obey(self, order: Order | None, *, play: bool | None = None) -> None:
        """Carry out what the playlist orders. ``play``: a film that is opened begins; None: if it plays now."""
        viewer = self._viewer
        match order:
            case Open(entry=entry):
                self._stood_at = None
                viewer.open_film(entry.path, entry.id, play=viewer.plays_next if play is None else play)
            case Close():
                viewer.drop_file()
            case Rewind():
                viewer.play_on()
        viewer.announce()

    # ---- within ---------------------------------------------------------------------------------------------------

    def _edit(self, own: Callable[[], None], shared: Callable[[], None]) -> None:
        if self._in_room:
            self._ask(shared)
        else:
            self._refusing(own)
            self._viewer.announce()

    def _ask(self, edit: Callable[[], _T]) -> _T:
        """Edit the room's queue, if that may be."""
        self._viewer.may("error running command")
        result = self._refusing(edit)
        self.room.go_on()
        self._viewer.announce()
        return result

    def _refusing(self, edit: Callable[[], _T]) -> _T:
        try:
            return edit()
        except PlaylistRefused as refused:
            raise CommandRefused("error running command", "NoSuchEntry", str(refused)) from None

    def _only_alone(self, wanted: bool) -> None:
        if self._in_room and wanted:
            raise CommandRefused("error accessing property", "NotSupported", "a room plays each film once")


def _name(slot: SharedEntry) -> str:
    if slot.path is not None:
        return slot.path
    if slot.file is None:
        return slot.file_hash or ""
    return slot.file.name or slot.file_hash or slot.file.quick_hash or ""
