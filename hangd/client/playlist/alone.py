"""OwnPlaylist: this daemon's own playlist, which the viewer has while it is in no room.

`hangd.engine.playlist.playlist.Playlist` decides; its orders are carried out here, at once. Called by control clients
and by the viewer, which passes the player's events on.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeVar

from hangd.client.control.port import CommandRefused, ListedFilm
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.local_copy import LocalCopy
from hangd.client.notices import Notices
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.inputs import PauseRequested
from hangd.engine.follower.picture import Motion
from hangd.engine.player_messages import Ended, LoadFailed, PlayerEvent, Settled
from hangd.engine.playlist.playlist import (
    Close,
    Entry,
    Film,
    KeepOpen,
    Loading,
    Open,
    Order,
    Playlist,
    PlaylistRefused,
    Rewind,
)
from hangd.protocol.model import QueueItem

_SHORT_SECONDS: Final = 1.0
"""A film that ended sooner after it began is passed over by `step` backwards, as in mpv."""

_T = TypeVar("_T")


def unless_refused(edit: Callable[[], _T]) -> _T:
    """Return what ``edit`` returns; raise its PlaylistRefused as a CommandRefused."""
    try:
        return edit()
    except PlaylistRefused as refused:
        raise CommandRefused.failed("NoSuchEntry", str(refused)) from None


class OwnPlaylist:
    """See the module's docstring."""

    def __init__(
        self,
        state: ViewerState,
        driver: FollowerDriver,
        copy: LocalCopy,
        notices: Notices,
        new_id: Callable[[], int],
    ) -> None:
        self._state = state
        self._driver = driver
        self._copy = copy
        self._notices = notices
        self._list = Playlist(new_id, random.shuffle)
        self._stopped: str | None = None
        """The file that the last stop closed; None: another one has been opened since."""
        self._played_before: bool | None = None
        """Whether films played before this one, which has an option of its own for that. None: it has none."""
        self._began_at: float | None = None
        """Local time at which the film that is open showed its first picture."""

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def version(self) -> object:
        own = self._list
        return "alone", own.rev, own.loop_file, own.loop_playlist, own.keep_open, own.shuffle

    def entries(self) -> list[ListedFilm]:
        return [ListedFilm(entry.id, entry.path, entry.title) for entry in self._list.entries]

    def paths(self) -> list[str]:
        """Return the files of the list: copies of a room's films may be among them."""
        return [entry.path for entry in self._list.entries]

    @property
    def current(self) -> int:
        return self._list.index(self._list.current)

    @property
    def playing(self) -> int:
        return self._list.index(self._list.playing)

    @property
    def loop_file(self) -> int:
        return self._list.loop_file

    @property
    def loop_playlist(self) -> int:
        return self._list.loop_playlist

    @property
    def keep_open(self) -> KeepOpen:
        return self._list.keep_open

    @property
    def shuffle(self) -> bool:
        return self._list.shuffle

    # ---- what control clients ask ---------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> list[int]:
        entries, order = unless_refused(lambda: self._list.load(films, how))
        self._go(order)
        return [entry.id for entry in entries]

    def step(self, direction: Literal[1, -1], *, force: bool) -> None:
        self._go(unless_refused(lambda: self._list.step(direction, force=force)))

    def play(self, index: int) -> None:
        self._go(self._list.play(index))

    def make_current(self, index: int) -> None:
        self._list.make_current(index)
        self._notices.announce()

    def remove(self, index: int | None) -> None:
        self._go(unless_refused(lambda: self._list.remove(index)))

    def move(self, index: int, to: int) -> None:
        unless_refused(lambda: self._list.move(index, to))
        self._notices.announce()

    def clear(self) -> None:
        self._list.clear()
        self._notices.announce()

    def mix(self) -> None:
        self._list.mix()
        self._notices.announce()

    def unmix(self) -> None:
        self._list.unmix()
        self._notices.announce()

    def stop(self, *, keep: bool) -> None:
        stopped = self._driver.follower.picture.open_path or self._stopped
        self._go(self._list.stop(keep=keep))
        self._stopped = stopped

    def play_stopped(self) -> bool:
        if self._stopped is None or self._driver.follower.picture.state.path is not None:
            return False
        self.obey(Open(self._list.show(self._stopped)), play=True)
        return True

    def repeat_film(self, times: int) -> None:
        self._list.loop_file = times
        self._notices.announce()

    def repeat_list(self, times: int) -> None:
        self._list.loop_playlist = times
        self._notices.announce()

    def keep_films_open(self, which: KeepOpen) -> None:
        self._list.keep_open = which
        # A film that stands at its end goes the way that it would have gone.
        ended = self._list.playing is not None and self._driver.follower.picture.state.motion is Motion.ENDED
        self._go(self._list.ended(short=False) if ended and self._state.room is None else None)

    def shuffle_lists(self, shuffle: bool) -> None:
        self._list.shuffle = shuffle
        self._notices.announce()

    # ---- what the viewer tells ------------------------------------------------------------------------------------

    def continue_with(self, path: str | None, entry: int) -> None:
        """The viewer has left a room, and this file plays on (None: none does), as the entry with this id."""
        self._played_before = None
        if path is None:
            self._list.stop(keep=True)
        else:
            self._list.add_playing(Entry(entry, path))

    def opening(self, path: str, film: QueueItem | None) -> int:
        self._began_at = self._stopped = None
        return self._list.show(path).id

    def reopened(self, path: str) -> int | None:
        return self._list.show(path).id if self._list.playing is None else None

    def hear(self, event: PlayerEvent) -> Order | None:
        match event:
            case Settled() if self._began_at is None:
                self._began_at = time.monotonic()
            case Ended():
                began, self._state.plays_next = self._began_at, True
                return self._list.ended(short=began is None or time.monotonic() - began < _SHORT_SECONDS)
            case LoadFailed(code="list", films=films):
                return self._list.listed([Film(*film) for film in films])
            case LoadFailed():
                return self._list.failed()
        return None

    def run_out(self) -> Order | None:
        return self._list.ended(short=False)

    def remember(self) -> Callable[[], None]:
        """Return a function that makes the list, and the film that is open, what they are now."""
        follower, kept, began_at = self._driver.follower, self._list.kept(), self._began_at
        path, entry, file_hash = follower.picture.open_path, self._driver.entry, self._copy.hash
        position, plays = follower.position(time.monotonic()) or 0.0, not follower.paused

        def go_back() -> None:
            self._list.restore(kept)
            picture = follower.picture
            if path is None:
                if picture.state.path is not None:
                    self._driver.close_file()
            elif picture.open_path != path or self._driver.entry != entry:
                self._began_at = began_at
                self._copy.identify(file_hash)
                self._driver.open_file(path, entry, position)
                if plays:
                    self._driver.tell(PauseRequested(False))
            self._notices.announce()

        return go_back

    def given_up(self) -> None:
        self._go(self._list.failed())

    def play_on(self) -> bool:
        order = self._list.go_on()
        if order is not None:
            self.obey(order, play=True)
        return order is not None

    def obey(self, order: Order, *, play: bool) -> None:
        match order:
            case Open(entry=entry):
                self._began_at = self._stopped = None
                self._copy.identify(None)
                play, self._played_before = self._played(play), None
                options = self._driver.file_options
                self._driver.open_file(entry.path, entry.id, options.start(entry.id))
                plays = options.plays(entry.id)
                if plays is not None:
                    play, self._played_before = plays, play
                if play:
                    self._driver.tell(PauseRequested(False))
                options.opened(entry.id)
            case Close():
                self._state.plays_next = self._played(self._state.plays_next)
                self._played_before = None
                self._driver.close_file()
            case Rewind():
                self._driver.tell(PauseRequested(False))
        self._notices.announce()

    def _played(self, plays: bool) -> bool:
        """Return whether the next film plays: as this one, unless that had an option of its own for it."""
        return plays if self._played_before is None else self._played_before

    def _go(self, order: Order | None) -> None:
        """Carry an order out; a film that is opened plays if the one before did, or if the last command was to play."""
        if order is not None:
            # The pause outlives the film, as in mpv.
            self._state.plays_next = plays = self._plays_next
            self.obey(order, play=plays)
        else:
            self._notices.announce()

    @property
    def _plays_next(self) -> bool:
        follower = self._driver.follower
        return self._state.plays_next if follower.picture.open_path is None else not follower.paused
