"""The port between the control socket and the rest of the daemon: what commands and properties can ask of the viewer.

`hangd.client.viewer.Viewer` implements `ViewerPort`; the modules in ``subjects/`` call it. In a room, requests about
playback go to the room server; outside rooms they go to the player. The viewer knows which. A request returns when it
is on its way, and `ViewerPort.settle` waits for its outcome. A request that is forbidden here raises CommandRefused at
once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from hangd.engine.player_messages import Description, PlayerCommand, Track
from hangd.engine.playlist.playlist import Film, Loading

Refusal = Literal[
    "invalid parameter", "property not found", "property unavailable", "unsupported format for accessing property",
    "error accessing property", "error running command", "not supported",
]  # fmt: skip
"""mpv's error strings, as far as hang uses them."""

Awaited = Literal["joined", "playing", "paused", "ended", "synced", "done"]
"""The states of ``hang-wait``. "done": every request so far is answered, by the room or by the player."""

RoomCommand = Literal[
    "room-create", "room-join", "room-leave", "room-say", "room-ready", "room-set", "room-role", "room-kick",
    "room-media", "room-list", "server-connect", "server-disconnect",
]  # fmt: skip
"""hang's own commands that wait for an answer of the server."""

ControlEvent = Mapping[str, Any]
"""An event for control clients: ``{"event": name, ...}``, with its keys in the order in which they are written."""


class CommandRefused(Exception):
    """A request is not granted: the answer is an error.

    On the wire: ``{"request_id":N,"error":ERROR,"details":{"code":CODE,"message":MESSAGE}}``, with ``details`` only
    where there is a code.

    Attributes:
        error: one of mpv's error strings.
        code: a word that programs can test: one of the server's error codes, or one of hangd's: NoMedia, NoServer,
            NotConnected, NoPlayer, NotFound, NotSupported, FileUnusable, TimedOut, ...
        message: the reason, as a sentence for people.
    """

    def __init__(self, error: Refusal, code: str | None = None, message: str | None = None) -> None:
        super().__init__(message or error)
        self.error: Refusal = error
        self.code = code
        self.message = message

    @classmethod
    def failed(cls, code: str | None = None, message: str | None = None) -> "CommandRefused":
        """Return a refusal of a command."""
        return cls("error running command", code, message)

    @classmethod
    def invalid(cls, message: str | None = None) -> "CommandRefused":
        """Return a refusal of an argument. ``message`` says which arguments are allowed."""
        return cls("invalid parameter", None if message is None else "InvalidMessage", message)

    @classmethod
    def inaccessible(cls, code: str | None = None, message: str | None = None) -> "CommandRefused":
        """Return a refusal to read or write an existing property."""
        return cls("error accessing property", code, message)

    @classmethod
    def unknown_property(cls) -> "CommandRefused":
        return cls("property not found")

    @classmethod
    def unavailable(cls) -> "CommandRefused":
        """Return the answer for a property that has no value now."""
        return cls("property unavailable")


class ListedFilm(NamedTuple):
    """An entry of the playlist. ``filename`` is a path on this machine, or the name of a film that is not here."""

    id: int
    filename: str
    title: str | None = None


class PlaylistPort(Protocol):
    """The playlist: outside rooms the daemon's own, in a room the room's queue.

    Entries are numbered from 0; -1 stands for no entry. A method that cannot do what it is asked raises CommandRefused
    and changes nothing.
    """

    def entries(self) -> Sequence[ListedFilm]: ...
    @property
    def current(self) -> int: ...
    @property
    def playing(self) -> int:
        """Index of the open entry. It differs from ``current`` while a room is asked to play another entry."""

    @property
    def loop_file(self) -> int:
        """Number of times that the film will be repeated, or FOREVER. Set by `repeat_film`."""

    @property
    def loop_playlist(self) -> int:
        """Number of times that the list is played, or FOREVER or FORCED. Set by `repeat_list`."""

    @property
    def shuffle(self) -> bool:
        """Whether lists are shuffled when they are loaded. Set by `shuffle_lists`."""

    def load(self, films: Sequence[Film], how: Loading) -> Sequence[int]:
        """Put films into the playlist. Returns the ids of their entries."""

    def step(self, direction: Literal[1, -1], *, force: bool) -> None:
        """Play the next or the previous entry. ``force``: where there is none, stop playback."""

    def play(self, index: int) -> None:
        """Play this entry; -1 stops playback."""

    def make_current(self, index: int) -> None:
        """Make this entry the current one without playing it."""

    def remove(self, index: int | None) -> None:
        """Remove this entry; None: the current one."""

    def move(self, index: int, to: int) -> None:
        """Move an entry before the one at ``to``."""

    def clear(self) -> None:
        """Remove all entries but the current one."""

    def mix(self) -> None:
        """Put the entries in random order; `unmix` restores the order from before."""

    def unmix(self) -> None: ...

    def stop(self, *, keep: bool) -> None:
        """Stop playback, in a room for all members. Outside rooms, empty the playlist unless ``keep``."""

    def repeat_film(self, times: int) -> None: ...
    def repeat_list(self, times: int) -> None: ...
    def shuffle_lists(self, shuffle: bool) -> None: ...


class ViewerPort(Protocol):
    """The daemon, as its control clients see it. All methods run on the event loop and do not block it.

    Positions and durations are in seconds, the volume is in percent.
    """

    # ---- requests: to the room, outside rooms to the player ---------------------------------------------------------

    def set_paused(self, paused: bool) -> None: ...
    def set_speed(self, rate: float) -> None: ...
    def seek(self, position: float) -> None:
        """Seek to a position. It is clamped to the film."""

    @property
    def playlist(self) -> PlaylistPort: ...

    # ---- this machine only ------------------------------------------------------------------------------------------

    def play_command(self, command: PlayerCommand) -> None:
        """Send a command to the player: volume, tracks, frame step, full screen, delays, text on the picture."""

    def quit(self) -> None:
        """End the daemon. Raises CommandRefused where the configuration does not allow it."""

    # ---- state ------------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether playback is paused: by the room's timeline, outside rooms by the player's."""

    @property
    def path(self) -> str | None:
        """Path of the film's file. After a stop, the file that would be played again."""

    def position(self) -> float | None:
        """Return the position that the picture has now; None while nothing is loaded."""

    def requested_position(self) -> float | None:
        """Return the position after all requests so far. Relative seeks start from it."""

    @property
    def seeking(self) -> bool:
        """Whether the player is seeking or loading."""

    @property
    def ended(self) -> bool:
        """Whether the film has been played to its end."""

    @property
    def duration(self) -> float | None: ...
    @property
    def speed(self) -> float: ...
    @property
    def volume(self) -> float: ...
    @property
    def mute(self) -> bool: ...
    @property
    def fullscreen(self) -> bool: ...

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Tracks of the film, and of the files that were added to it."""

    @property
    def description(self) -> Description:
        """Chapters, tags and format from the film's file; empty while none is loaded."""

    @property
    def playlist_entry_id(self) -> int | None:
        """Id of the loaded entry of the playlist."""

    def hang_property(self, name: str) -> Any:
        """Return one of hang's own properties ("room/id", "sync/error", ...) as plain data; None: it has no value."""

    # ---- commands that wait -----------------------------------------------------------------------------------------

    async def room(self, verb: RoomCommand, arguments: Mapping[str, str]) -> Any:
        """Carry out one of hang's own commands and return the ``data`` of its reply. Raises CommandRefused.

        Arguments are strings, those with ``?`` optional::

            room-create  file name? password? control? wait? match?  {"room_id", "name"?, "invite", "host": true}
            room-join    room file? password?               {"room_id", "name"?, "invite", "host", "verifying"}
            room-leave                                      {"room_id"}
            room-list                                       [RoomSummary, ...]

        The other commands return None.
        """

    async def settle(self, awaited: Awaited) -> None:
        """Wait until ``awaited`` is so. Raises CommandRefused if a request of this viewer is refused meanwhile."""

    async def screenshot(self, name: str | None) -> str:
        """Write a screenshot and return its path. None: choose a name. Raises CommandRefused."""

    async def debug_dump(self) -> str:
        """Write a trace of what this machine did recently, and return its path. Raises CommandRefused."""

    # ---- changes ----------------------------------------------------------------------------------------------------

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        """Call ``sink`` with each event, and ``changed`` with the names of properties whose value may have changed.

        Changes of ``time-pos`` and of what depends on it are not announced: observers are sent samples.
        """
