"""RoomPlaylist: the room's queue as the viewer's playlist, while the viewer is in a room.

`SharedPlaylist` decides what is shown and what is requested of the room; its requests are sent here, one at a time. The
films' files are the matter of `RoomFilms`. Called by control clients, and by the membership with the server's messages.
"""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeVar

from hangd.client.control.port import CommandRefused, ListedFilm
from hangd.client.follower.driver import FollowerDriver
from hangd.client.media.find import Copy
from hangd.client.notices import Notices
from hangd.client.playlist.alone import OwnPlaylist, unless_refused
from hangd.client.playlist.hashing import QueueHashes
from hangd.client.playlist.room_films import Parts, RoomFilms
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import UNREACHED, check_control
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.inputs import StopRequested
from hangd.engine.player_messages import PlayerEvent
from hangd.engine.playlist.edits import SharedEntry
from hangd.engine.playlist.playlist import FOREVER, Film, KeepOpen, Loading, Order, nothing_beside
from hangd.engine.playlist.shared import SharedPlaylist
from hangd.log import escape
from hangd.protocol import messages
from hangd.protocol.films import EntryChanged, FilmDescribed, MediaChanged, QueueChanged
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.protocol.model import Loop, Queue, QueueItem, Room

_log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 1.0
"""How long after a refusal because of too many requests the same is requested again."""

_T = TypeVar("_T")


class RoomPlaylist:
    """See the module's docstring. ``own``: the playlist of before, which the viewer has again after the room."""

    def __init__(
        self,
        state: ViewerState,
        driver: FollowerDriver,
        connection: Connection,
        notices: Notices,
        own: OwnPlaylist,
        new_id: Callable[[], int],
        parts: Parts,
    ) -> None:
        self._state = state
        self._driver = driver
        self._connection = connection
        self._notices = notices
        self._own = own
        self._new_id = new_id
        self._queue = SharedPlaylist(new_id, random.shuffle)
        self.films = RoomFilms(parts, self._queue, self.go_on)
        self._hashes = QueueHashes(parts, connection, self.films, self._queue, self.go_on)
        self._requests_made = itertools.count(1)
        self._unanswered: RequestId | None = None
        """The id of the request that has no answer yet."""
        self._rule_asked: RequestId | None = None
        """The same of a change of the rule ``loop``."""

    @property
    def is_asking(self) -> bool:
        """Whether a request has no answer yet, or is still to be made."""
        return any(each is not None for each in (self._unanswered, self._rule_asked, self._queue.unread))

    @property
    def is_searching(self) -> bool:
        """Whether a copy of the room's film is being looked for. Reports to the room wait for that."""
        return self.films.is_searching

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def version(self) -> object:
        return "in a room", self._queue.rev, self._own.keep_open, self._own.shuffle, self.loop_file, self.loop_playlist

    def entries(self) -> list[ListedFilm]:
        return [ListedFilm(entry.id, _name(entry), entry.title) for entry in self._queue.entries]

    @property
    def current(self) -> int:
        return self._queue.index(self._queue.current)

    @property
    def playing(self) -> int:
        return self._queue.index(self._queue.playing)

    @property
    def loop_file(self) -> int:
        return FOREVER if self._loops("film") else 0

    @property
    def loop_playlist(self) -> int:
        return FOREVER if self._loops("queue") else 1

    def _loops(self, what: Loop) -> bool:
        return self._state.room is not None and self._state.room.policy.loop == what

    @property
    def keep_open(self) -> KeepOpen:
        return self._own.keep_open

    @property
    def shuffle(self) -> bool:
        return self._own.shuffle

    # ---- what control clients ask ---------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> list[int]:
        return [entry.id for entry in self._edit(lambda: self._queue.load(films, how))]

    def step(self, direction: Literal[1, -1], *, force: bool) -> None:
        if not self._edit(lambda: self._queue.step(direction)):
            if not force:
                raise CommandRefused.failed("NoSuchEntry", nothing_beside(direction, len(self._queue.entries)))
            self.stop(keep=True)

    def play(self, index: int) -> None:
        if index == -1:
            self.stop(keep=True)
        else:
            self._edit(lambda: self._queue.play(index))

    def make_current(self, index: int) -> None:
        raise CommandRefused.failed("NotSupported", "in a room what plays is what is current")

    def remove(self, index: int | None) -> None:
        self._edit(lambda: self._queue.remove(index))

    def move(self, index: int, to: int) -> None:
        self._edit(lambda: self._queue.move(index, to))

    def clear(self) -> None:
        self._edit(self._queue.clear)

    def mix(self) -> None:
        self._edit(self._queue.mix)

    def unmix(self) -> None:
        self._edit(self._queue.unmix)

    def stop(self, *, keep: bool) -> None:
        """Stop the room. The queue is kept in any case: one member does not empty it by the way."""
        self._driver.tell(StopRequested())

    def play_stopped(self) -> bool:
        return False

    def repeat_film(self, times: int) -> None:
        self._repeat("film", {0: False, FOREVER: True}.get(times))

    def repeat_list(self, times: int) -> None:
        self._repeat("queue", {1: False, FOREVER: True}.get(times))

    def _repeat(self, what: Loop, forever: bool | None) -> None:
        """Ask the room to repeat this, or not to; None: it is to be repeated so often as no room does it."""
        room = self._state.room
        assert room is not None
        if forever is None:
            raise CommandRefused.inaccessible("NotSupported", "a room repeats its film without end, or not at all")
        if forever == self._loops(what):
            return
        if room.role != "host":
            raise CommandRefused.inaccessible("Forbidden", f"only {room.host}, the host, can let this room repeat")
        if not self._driver.follower.on_own.reaches_room:
            raise CommandRefused.inaccessible("NotConnected", UNREACHED)
        self._rule_asked = f"loop{next(self._requests_made)}"
        self._connection.send(messages.SetPolicy(loop=what if forever else "off"), self._rule_asked)

    def keep_films_open(self, which: KeepOpen) -> None:
        self._own.keep_films_open(which)

    def shuffle_lists(self, shuffle: bool) -> None:
        self._own.shuffle_lists(shuffle)

    def _edit(self, edit: Callable[[], _T]) -> _T:
        """Edit the queue, if this member may, and request it of the room."""
        reachable = self._driver.follower.on_own.reaches_room
        check_control(self._state.room, "error running command", reachable=reachable)
        result = unless_refused(edit)
        self.go_on()
        self._notices.announce()
        return result

    # ---- what the viewer tells ------------------------------------------------------------------------------------

    def opening(self, path: str, film: QueueItem | None) -> int:
        playing = self._queue.playing
        if playing is not None and film is None:
            return playing.id
        entry = SharedEntry(self._new_id(), path=path, added=True)
        if film is not None:
            entry.file, entry.file_hash = film.file, film.file_hash
            self.films.found(entry, Copy(path, film.file, proven=film.file_hash is not None))
        self._queue.show(entry)
        return entry.id

    def reopened(self, path: str) -> int | None:
        return None

    def hear(self, event: PlayerEvent) -> Order | None:
        return None  # What follows a film is the room's to say.

    def run_out(self) -> Order | None:
        return None

    def obey(self, order: Order, *, play: bool) -> None:
        raise AssertionError("a room's playlist gives no orders")

    def given_up(self) -> None:
        pass

    def play_on(self) -> bool:
        return False

    # ---- entering and leaving -------------------------------------------------------------------------------------

    def enter(self, room: Room, path: str | None, *, again: bool) -> None:
        """Show this room's queue. ``path``: the copy of its film. ``again``: the viewer is back after an absence."""
        self._unanswered = self._rule_asked = None
        self.films.enter()
        self._hashes.enter()
        is_open = path is not None and self._driver.follower.picture.open_path == path
        number = self._driver.entry if is_open else self._new_id()
        shown = SharedEntry(number, file_hash=room.file_hash, file=room.file, path=path)
        self._queue.enter(room.queue, shown, again=again)
        self.go_on()

    def leave(self) -> None:
        """The viewer is in no room any more."""
        self._unanswered = self._rule_asked = None
        self.films.leave()
        self._hashes.leave()
        self._queue.enter(Queue(), None, again=False)

    def disconnected(self) -> None:
        """The connection is down: the request that had no answer gets none."""
        self._unanswered = self._rule_asked = None
        self._queue.disconnected()

    # ---- requests and answers -------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Do what there is to do now: send the next request; read and hash files, look for copies."""
        if self._state.room is None:
            return
        if self._connection.is_up and self._unanswered is None:
            waits = self._state.room.start is not None
            request = self._queue.request(play=waits or not self._driver.follower.paused)
            if request is not None:
                self._unanswered = f"q{next(self._requests_made)}"
                self._connection.send(request, self._unanswered)
        self.films.go_on()
        self._hashes.go_on()

    def received(self, message: ServerMessage, re: RequestId | None) -> None:
        """Take what the server says of the queue, and its answers to the requests of this object.

        The `RoomView` has taken it before, and has the queue as it is now.
        """
        room = self._state.room
        if room is None:
            return
        ours = re is not None and re == self._unanswered
        if ours:
            self._unanswered = None
        if re is not None and re == self._rule_asked:
            self._rule_asked = None
            if isinstance(message, messages.Error):
                self._notices.refuse(message.code, message.message)
        match message:
            case messages.Error() if ours:
                self._refused(message)
            case messages.Error(code="RateLimited"):
                self._hashes.refused(re)
            case QueueChanged(change=change) | MediaChanged(change=change):
                if ours:
                    self._queue.answered(room.queue, [entry.id for entry in change.inserted])
                else:
                    self._queue.learn(room.queue)
                if isinstance(message, MediaChanged):
                    self.films.show(message.timeline)
            case messages.Done() if ours:
                self._queue.answered(room.queue)
            case EntryChanged(entry=entry):
                self._queue.learn(room.queue)
                self.films.learned(entry.id)
            case FilmDescribed() | messages.RoomState():
                self._queue.learn(room.queue)
            case _:
                return
        self.go_on()

    def _refused(self, error: messages.Error) -> None:
        if error.code == "RateLimited":
            # Until it is requested again, nothing else is: it would be refused as well.
            self._unanswered = later = f"later {next(self._requests_made)}"
            asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._request_again, later)
            return
        self._queue.answered(None)
        _log.warning("the room's queue stays as it is: %s", escape(error.message))
        self._notices.refuse(error.code, error.message)

    def _request_again(self, later: RequestId) -> None:
        if later == self._unanswered:
            self._unanswered = None
            self._queue.postponed()
            self.go_on()


def _name(entry: SharedEntry) -> str:
    """Return what control clients see as the entry's file name: the path of the copy, or what the room calls it."""
    if entry.path is not None:
        return entry.path
    name = None if entry.file is None else entry.file.name
    return name or entry.file_hash or ""
