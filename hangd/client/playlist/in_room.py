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
from hangd.client.notices import Notices
from hangd.client.playlist.alone import OwnPlaylist, unless_refused
from hangd.client.playlist.room_films import RoomFilms
from hangd.client.server.connection import Connection
from hangd.client.server.room_view import check_control
from hangd.client.viewer_state import ViewerState
from hangd.engine.follower.inputs import StopRequested
from hangd.engine.player_messages import PlayerEvent
from hangd.engine.playlist.playlist import Film, Loading, Order
from hangd.engine.playlist.shared import SharedEntry, SharedPlaylist
from hangd.log import escape
from hangd.protocol import messages
from hangd.protocol.messages import RequestId, ServerMessage
from hangd.protocol.model import FileHash, Queue, Room

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
        films: Callable[[SharedPlaylist, Callable[[], None]], RoomFilms],
    ) -> None:
        self._state = state
        self._driver = driver
        self._connection = connection
        self._notices = notices
        self._own = own
        self._new_id = new_id
        self._queue = SharedPlaylist(new_id, random.shuffle)
        self._films = films(self._queue, self.go_on)
        self._requests_made = itertools.count(1)
        self._unanswered: RequestId | None = None
        """The id of the request that has no answer yet."""

    @property
    def is_asking(self) -> bool:
        """Whether a request has no answer yet."""
        return self._unanswered is not None

    @property
    def is_searching(self) -> bool:
        """Whether a copy of the room's film is being looked for. Reports to the room wait for that."""
        return self._films.is_searching

    # ---- reading --------------------------------------------------------------------------------------------------

    @property
    def version(self) -> object:
        return "in a room", self._queue.rev, self._own.shuffle

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
        return 0

    @property
    def loop_playlist(self) -> int:
        return 1

    @property
    def shuffle(self) -> bool:
        return self._own.shuffle

    # ---- what control clients ask ---------------------------------------------------------------------------------

    def load(self, films: Sequence[Film], how: Loading) -> list[int]:
        return [entry.id for entry in self._edit(lambda: self._queue.load(films, how))]

    def step(self, direction: Literal[1, -1], *, force: bool) -> None:
        if not self._edit(lambda: self._queue.step(direction)):
            if not force:
                raise CommandRefused.failed("NoSuchEntry", "there is no such entry")
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
        check_control(self._state.room, "error running command", connected=self._connection.is_up)
        self._driver.tell(StopRequested())

    def repeat_film(self, times: int) -> None:
        _refuse_unless(times == 0)

    def repeat_list(self, times: int) -> None:
        _refuse_unless(times == 1)

    def shuffle_lists(self, shuffle: bool) -> None:
        self._own.shuffle_lists(shuffle)

    def _edit(self, edit: Callable[[], _T]) -> _T:
        """Edit the queue, if this member may, and request it of the room."""
        check_control(self._state.room, "error running command", connected=self._connection.is_up)
        result = unless_refused(edit)
        self.go_on()
        self._notices.announce()
        return result

    # ---- what the viewer tells ------------------------------------------------------------------------------------

    def opening(self, path: str, file_hash: FileHash | None) -> int:
        room, playing = self._state.room, self._queue.playing
        film = None if room is None else room.file_hash
        if playing is not None and file_hash in (None, film):
            playing.path = path
            return playing.id
        entry = SharedEntry(self._new_id(), file_hash=file_hash or film, path=path)
        self._queue.show(entry)
        return entry.id

    def reopened(self, path: str) -> int | None:
        return None

    def hear(self, event: PlayerEvent) -> Order | None:
        return None  # What follows a film is the room's to say.

    def obey(self, order: Order, *, play: bool) -> None:
        raise AssertionError("a room's playlist gives no orders")

    def given_up(self) -> None:
        pass

    def play_on(self) -> bool:
        return False

    # ---- entering and leaving -------------------------------------------------------------------------------------

    def enter(self, room: Room, path: str | None, *, again: bool) -> None:
        """Show this room's queue. ``path``: the copy of its film. ``again``: the viewer is back after an absence."""
        self._unanswered = None
        self._films.enter()
        is_open = path is not None and self._driver.follower.picture.open_path == path
        number = self._driver.entry if is_open else self._new_id()
        shown = SharedEntry(number, file_hash=room.file_hash, file=room.file, path=path)
        self._queue.enter(room.queue, shown, again=again)
        self.go_on()

    def leave(self) -> None:
        """The viewer is in no room any more."""
        self._unanswered = None
        self._films.leave()
        self._queue.enter(Queue(), None, again=False)

    def disconnected(self) -> None:
        """The connection is down: the request that had no answer gets none."""
        self._unanswered = None
        self._queue.disconnected()

    # ---- requests and answers -------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Do what there is to do now: send the next request; read and hash files, look for copies."""
        if self._state.room is None:
            return
        if self._connection.is_up and self._unanswered is None:
            request = self._queue.request(play=not self._driver.follower.paused)
            if request is not None:
                self._unanswered = f"q{next(self._requests_made)}"
                self._connection.send(request, self._unanswered)
        self._films.go_on()

    def received(self, message: ServerMessage, re: RequestId | None) -> None:
        """Take what the server says of the queue, and its answers to the requests of this object."""
        ours = re is not None and re == self._unanswered
        if ours:
            self._unanswered = None
        match message:
            case messages.Error() if ours:
                self._refused(message)
            case messages.Error(code="RateLimited"):
                self._films.refused(re)
            case messages.QueueChanged(queue=queue) | messages.MediaChanged(queue=queue):
                if ours:
                    self._queue.answered(queue, message.inserted if isinstance(message, messages.QueueChanged) else ())
                else:
                    self._queue.learn(queue)
                if isinstance(message, messages.MediaChanged):
                    self._films.show(message.file_hash, message.file, message.timeline)
            case messages.EntryChanged(entry=entry):
                self._queue.learn_entry(entry)
                self._films.look_again(entry.id)
            case messages.RoomState(room=room):
                self._queue.learn(room.queue)
            case _:
                return
        self.go_on()

    def catch_up(self, room: Room) -> None:
        """Show the film that the room has moved on to during an absence."""
        if room.file is not None:
            self._films.show(room.file_hash, room.file, None)

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


def _refuse_unless(granted: bool) -> None:
    if not granted:
        raise CommandRefused.inaccessible("NotSupported", "a room plays each film once")


def _name(entry: SharedEntry) -> str:
    """Return what control clients see as the entry's file name: the path of the copy, or what the room calls it."""
    if entry.path is not None:
        return entry.path
    name = None if entry.file is None else entry.file.name
    return name or entry.file_hash or ""
