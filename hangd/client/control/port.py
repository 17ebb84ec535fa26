"""The port between the control socket and the rest of the daemon: what commands and properties can ask of the viewer.

`hangd.client.viewer.Viewer` implements `ViewerPort`; the modules in ``subjects/`` call it. In a room, requests about
playback go to the room server; outside rooms they go to the player. The viewer knows which. A request returns when it
is on its way, and `ViewerPort.settle` waits for its outcome. A request that is forbidden here raises CommandRefused at
once.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from hangd.engine.player_facts import AudioDevice, Description, Statistics, Track, TrackKind
from hangd.engine.player_messages import PlayerCommand, PlayerSetting, SetWindow
from hangd.engine.playlist.playlist import Film, KeepOpen, Loading

_Setting = TypeVar("_Setting", bound=PlayerSetting)

Refusal = Literal[
    "invalid parameter", "property not found", "property unavailable", "unsupported format for accessing property",
    "error accessing property", "error running command", "not supported",
]  # fmt: skip
"""mpv's error strings, as far as hang uses them."""

Awaited = Literal["joined", "playing", "paused", "ended", "synced", "done"]
"""The states of ``hang-wait``. "done": every request so far is answered, by the room or by the player."""

RoomCommand = Literal[
    "room-create", "room-join", "room-leave", "room-say", "room-ready", "room-set", "room-role", "room-kick",
    "room-media", "room-start", "room-invite", "room-list", "server-connect", "server-disconnect",
    "room-create-invite", "room-invites", "room-revoke-invites", "room-bans", "room-unban",
    "server-login", "server-register", "server-logout", "server-pair",
]  # fmt: skip
"""hang's own commands that wait for an answer of the server."""

ControlEvent = Mapping[str, Any]
"""An event for control clients: ``{"event": name, ...}``, with its keys in the order in which they are written."""


class CommandRefused(Exception):
    """A request is not granted: the answer is an error.

    On the wire: ``{"request_id":N,"error":ERROR,"details":{"code":CODE,"message":MESSAGE}}``, with ``details`` only
    where there is a code. What else a program may want to know (``more``) stands beside the code and the message.

    Attributes:
        error: one of mpv's error strings.
        code: a word that programs can test: one of the server's error codes, or one of hangd's: NoMedia, FilmMissing,
            FilmBroken, NoServer, NotConnected, NotLoggedIn, NotPrivate, NoPlayer, NoPicture, NotFound, NotSupported,
            FileUnusable, TimedOut, ...
        message: the reason, as a sentence for people.
        more: what the server said beside its code, by name: ``need`` ("password": the server wants its own password),
            ``retry_after`` (seconds), ...
    """

    def __init__(
        self,
        error: Refusal,
        code: str | None = None,
        message: str | None = None,
        more: Mapping[str, str | float | bool] | None = None,
    ) -> None:
        super().__init__(message or error)
        self.error: Refusal = error
        self.code = code
        self.message = message
        self.more = more or {}

    @classmethod
    def failed(
        cls,
        code: str | None = None,
        message: str | None = None,
        more: Mapping[str, str | float | bool] | None = None,
    ) -> "CommandRefused":
        """Return a refusal of a command."""
        return cls("error running command", code, message, more)

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
    def keep_open(self) -> KeepOpen:
        """Which films stay open at their end, outside rooms. Set by `keep_films_open`."""

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

    def play_stopped(self) -> bool:
        """Play the film again that was stopped. False: something is open, nothing was stopped, or in a room."""

    def repeat_film(self, times: int) -> None: ...
    def repeat_list(self, times: int) -> None: ...
    def keep_films_open(self, which: KeepOpen) -> None: ...
    def shuffle_lists(self, shuffle: bool) -> None: ...


class FileOptionsPort(Protocol):
    """Options that belong to one entry of the playlist, as ``loadfile`` gives them. Told of each film that is opened.

    ``entry``: the id of the film's entry.
    """

    def start(self, entry: int) -> float:
        """Return where the film begins, in seconds."""

    def plays(self, entry: int) -> bool | None:
        """Return whether the film begins to play; None: as the film before."""

    def opened(self, entry: int) -> None:
        """This film is being opened: do what its options say."""

    def leaving(self) -> None:
        """The film is closed next, or another one opened: undo what its options did."""


class DesktopPort(Protocol):
    """What commands can ask to be drawn above the picture, or to be done with the film's window.

    Methods return False where there is no window that could show it.
    """

    def announce(self, event: ControlEvent) -> bool:
        """Show what this event tells, if it tells people anything and is of a kind that the settings want shown."""

    def show_message(self, text: str, seconds: float) -> bool:
        """Show a text, after those that are shown already."""

    def show_text(self, text: str, seconds: float) -> bool:
        """Show a text in place of the one that was shown by this before; "" removes that."""

    def shown_messages(self) -> Sequence[Mapping[str, Any]] | None:
        """Return the messages that are on the picture now, from top to bottom: kind, text, and name of who says it.

        The bar, of the kind "bar", is the last one. None: there is no window that could show any.
        """

    def show_property(self, name: str) -> bool:
        """Show a property that a key has changed, with its value: volume as a bar, speed, delays, tracks, ..."""

    def show_progress(self) -> bool:
        """Show where the film is, as a bar and in numbers."""

    def show_keys(self, bindings: Sequence[tuple[str, str]]) -> bool:
        """Show what keys do, those that do the same with one description, or hide that."""

    def open_chat(self) -> bool:
        """Let the viewer write a chat line on the picture."""

    def ask(self, question: str, then: Callable[[], None]) -> bool:
        """Ask on the picture, and call ``then`` if the viewer agrees."""


class HistoryPort(Protocol):
    """What was watched at this machine. Both methods raise CommandRefused where nothing can be kept."""

    async def read(self, since: float, limit: int) -> list[dict[str, Any]]:
        """Return what began since this Unix time, newest first, with the film that plays now."""

    async def clear(self) -> int:
        """Forget all of it. Returns how many films that were."""


class NoDesktop:
    """A `DesktopPort` that shows nothing: for as long as there is no window."""

    def announce(self, event: ControlEvent) -> bool:
        return False

    def show_message(self, text: str, seconds: float) -> bool:
        return False

    def show_text(self, text: str, seconds: float) -> bool:
        return False

    def shown_messages(self) -> None:
        return None

    def show_property(self, name: str) -> bool:
        return False

    def show_progress(self) -> bool:
        return False

    def show_keys(self, bindings: Sequence[tuple[str, str]]) -> bool:
        return False

    def open_chat(self) -> bool:
        return False

    def ask(self, question: str, then: Callable[[], None]) -> bool:
        return False


class ViewerPort(Protocol):
    """The daemon, as its control clients see it. All methods run on the event loop and do not block it.

    Positions and durations are in seconds, the volume is in percent.
    """

    # ---- requests: to the room, outside rooms to the player ---------------------------------------------------------

    def check_control(self, refusal: Refusal) -> None:
        """Raise CommandRefused with mpv's word ``refusal`` if this member may not control the room.

        Commands and properties that move the film (``moves_film``) are checked by their tables. Outside rooms, and
        while the room cannot be reached, the viewer may do everything.
        """

    def set_paused(self, paused: bool) -> None: ...
    def set_speed(self, rate: float) -> None: ...
    def seek(self, position: float) -> None:
        """Seek to a position. It is clamped to the film."""

    def end_film(self) -> bool:
        """Let the film end here, as if it had been played to its end. False: nothing is to follow it, or in a room."""

    @property
    def playlist(self) -> PlaylistPort: ...

    # ---- this machine only ------------------------------------------------------------------------------------------

    def play_command(self, command: PlayerCommand) -> None:
        """Send a command to the player: volume, tracks, frame step, full screen, delays, text on the picture."""

    def show_window(self, command: SetWindow) -> Coroutine[Any, Any, None] | None:
        """Show the film's window. Returns what waits for the answer if the film has no picture so far.

        That raises CommandRefused if it gets none.
        """

    def close_window(self) -> None:
        """Hide the film's window, and pause the film where the settings want that."""

    def set_file_options(self, options: FileOptionsPort) -> None:
        """Tell ``options`` of the films that are opened, and open them as it says."""

    def set_offset(self, part: Literal["video", "audio"], seconds: float) -> None:
        """Show this machine's picture, or play its sound, so much earlier. It lasts until the daemon ends."""

    def quit(self) -> None:
        """End the daemon. Raises CommandRefused where the configuration does not allow it."""

    @property
    def history(self) -> HistoryPort: ...
    @property
    def desktop(self) -> DesktopPort:
        """What is drawn above the picture."""

    # ---- state ------------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether playback is paused: by the room's timeline, outside rooms by the player's."""

    @property
    def path(self) -> str | None:
        """Path of the film's file. After a stop in a room, the file that would be played again."""

    def position(self) -> float | None:
        """Return the position that the picture has now; None while nothing is loaded."""

    def requested_position(self) -> float | None:
        """Return the position after all requests so far. Relative seeks start from it."""

    def position_before_seek(self) -> float | None:
        """Return where the room was before its last seek, whoever sought; None outside rooms, and before any seek."""

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

    def wanted(self, kind: type[_Setting]) -> _Setting:
        """Return the command of this kind that holds now: the last one, or what players are by themselves.

        A volume that was changed at the player itself holds, too. Not for SetDelay, of which there are two.
        """

    @property
    def audio_devices(self) -> tuple[AudioDevice, ...]:
        """The devices that can play the sound, as far as the player knows them."""

    def offset(self, part: Literal["video", "audio"]) -> float:
        """Return by how many seconds this machine's picture or sound comes earlier."""

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Tracks of the film, and of the files that were added to it."""

    def chosen_track(self, kind: TrackKind) -> int:
        """Return the number of the track of this kind that plays, from 1; 0: none.

        Until a film has told its tracks it is the number that was chosen for it; -1: the film's default.
        """

    def languages(self, kind: Literal["audio", "subtitle"]) -> tuple[str, ...]:
        """Return the languages of tracks that the viewer prefers, in this order."""

    def prefer_languages(self, kind: Literal["audio", "subtitle"], languages: Sequence[str]) -> None:
        """Prefer tracks in these languages from the next film on."""

    def choose_track(self, kind: TrackKind, number: int) -> None:
        """Play the track with this number (0: none; -1: the film's default), or as soon as there is a film.

        Raises ValueError where the film that is open has no such track.
        """

    @property
    def description(self) -> Description:
        """Chapters, tags and format from the film's file; empty while none is loaded."""

    @property
    def statistics(self) -> Statistics:
        """What the player uses and has counted of the film."""

    @property
    def playlist_entry_id(self) -> int | None:
        """Id of the loaded entry of the playlist."""

    def hang_property(self, name: str) -> Any:
        """Return one of hang's own properties ("room/id", "sync/error", ...) as plain data; None: it has no value."""

    # ---- commands that wait -----------------------------------------------------------------------------------------

    async def room(self, verb: RoomCommand, arguments: Mapping[str, str]) -> Any:
        """Carry out one of hang's own commands and return the ``data`` of its reply. Raises CommandRefused.

        Arguments are strings, those with ``?`` optional::

            room-create  file name? password? control? wait? match? start? stall? leave? loop?
                                                            Entered
            room-join    room file? password? invite?       Entered and {"verifying"}
            room-leave                                      {"room_id"}
            room-list                                       [RoomSummary, ...]
            room-create-invite  role? expires? uses?        Invite and {"invite", "link"?, "invite_local"}
            room-invites                                    [Invite, ...]
            room-revoke-invites id? mine? all?
            room-bans                                       [Ban, ...]
            room-unban   ban                                {"id", "name"}
            server-connect  url password?
            server-login    url? name? password? code?      {"account", "server"}
            server-register name password invite? url?      {"account", "server"}
            server-logout   everywhere?                     {"account", "server"}
            server-pair                                     {"code", "expires_in"}

        ``expires`` is in seconds. ``invite`` is a token. ``ban`` is the id of a ban, or the name of who is banned.
        Invite and Ban are those of `hangd.protocol.invites`.

        Entered is {"room_id", "name"?, "invite", "invite_local", "link"?, "host", "no_picture"?}; the last one says why
        the film is played here without a picture. The other commands return None.
        """

    async def settle(self, awaited: Awaited) -> Any:
        """Wait until ``awaited`` is so. Return {"away": true} for "done" where this machine is on its own, else None.

        Raises CommandRefused if a request of this viewer is refused meanwhile."""

    async def screenshot(self, name: str | None) -> str:
        """Write a screenshot and return its path. None: choose a name. Raises CommandRefused."""

    async def debug_dump(self) -> str:
        """Write a trace of what this machine did recently, and return its path. Raises CommandRefused."""

    # ---- changes ----------------------------------------------------------------------------------------------------

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        """Call ``sink`` with each event, and ``changed`` with the names of properties whose value may have changed.

        Changes of ``time-pos`` and of what depends on it are not announced: observers are sent samples.
        """
