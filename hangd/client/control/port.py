"""What the daemon lends to its control clients: the port between the control socket and everything else.

Requests that concern the room go to the room when there is one and to the player when there is none; which, is the
daemon's to know. They return once they are under way (``ViewerPort.settle`` waits for the answer), and raise
CommandRefused at once where something here forbids them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from hangd.engine.player_messages import Description, PlayerCommand, Track
from hangd.engine.playlist.playlist import Film, Loading

__all__ = [
    "Awaited",
    "CommandRefused",
    "ViewerPort",
    "ControlEvent",
    "ListedFilm",
    "PlaylistPort",
    "Refusal",
    "RoomCommand",
]

Refusal = Literal[
    "invalid parameter",
    "property not found",
    "property unavailable",
    "unsupported format for accessing property",
    "error accessing property",
    "error running command",
    "not supported",
]
"""mpv's error strings, as far as they are used here."""

Awaited = Literal["joined", "playing", "paused", "ended", "synced", "done"]
"""What ``hang-wait`` waits for. ``done``: every request made so far has its answer (the room's, or the player's)."""

RoomCommand = Literal[
    "room-create",
    "room-join",
    "room-leave",
    "room-say",
    "room-ready",
    "room-set",
    "room-role",
    "room-kick",
    "room-media",
    "room-list",
    "server-connect",
    "server-disconnect",
]
"""hang's own commands (control.md), which wait for the server's answer."""

ControlEvent = Mapping[str, Any]
"""An event for every control client, ``{"event": name, ...}`` in the order in which its keys are to be written."""


class CommandRefused(Exception):
    """A request can not be granted. ``error`` is mpv's string; ``code`` and ``message`` say what really happened.

    On the wire: ``{"request_id":N,"error":ERROR,"details":{"code":CODE,"message":MESSAGE}}``, ``details`` only where
    there is a code. Codes are the server's (protocol.md) and hang's own: NoMedia, NoServer, NotConnected, NoPlayer,
    FileUnusable, TimedOut, and for files the player's FailureCode in CamelCase.
    """

    def __init__(self, error: Refusal, code: str | None = None, message: str | None = None) -> None:
        super().__init__(message or error)
        self.error: Refusal = error
        self.code = code
        self.message = message

    @classmethod
    def failed(cls, code: str | None = None, message: str | None = None) -> "CommandRefused":
        """Return a refusal of a command: "error running command"."""
        return cls("error running command", code, message)

    @classmethod
    def invalid(cls, message: str | None = None) -> "CommandRefused":
        """Return a refusal of an argument or value: "invalid parameter". ``message`` names what would be right."""
        return cls("invalid parameter", None if message is None else "InvalidMessage", message)

    @classmethod
    def inaccessible(cls, code: str | None = None, message: str | None = None) -> "CommandRefused":
        """Return a refusal to read or write a property that exists: "error accessing property"."""
        return cls("error accessing property", code, message)

    @classmethod
    def unknown_property(cls) -> "CommandRefused":
        """Return the answer for a name that is no property: "property not found"."""
        return cls("property not found")

    @classmethod
    def unavailable(cls) -> "CommandRefused":
        """Return the answer for a property that has no value now: "property unavailable"."""
        return cls("property unavailable")


class ListedFilm(NamedTuple):
    """An entry of the playlist. ``filename``: a path of this machine, or the name of a film that is not here."""

    id: int
    filename: str
    title: str | None = None


class PlaylistPort(Protocol):
    """The playlist: the daemon's own, or in a room the room's, which is asked. Places are counted from 0; -1: none.

    Everything that can not be, or not be done, raises CommandRefused, and nothing has moved.
    """

    def entries(self) -> Sequence[ListedFilm]: ...

    @property
    def current(self) -> int:
        """Where it stands."""

    @property
    def playing(self) -> int:
        """What is open. In a room the two differ while the room is asked to go elsewhere."""

    @property
    def loop_file(self) -> int:
        """How often the film is yet to be played again; FOREVER."""

    @property
    def loop_playlist(self) -> int:
        """How often the list is to be played; FOREVER, FORCED."""

    @property
    def shuffle(self) -> bool: ...

    def load(self, films: Sequence[Film], how: Loading) -> Sequence[int]:
        """Put films into it. Returns the entries' ids."""

    def step(self, direction: Literal[1, -1], *, force: bool) -> None: ...

    def play(self, index: int) -> None: ...

    def make_current(self, index: int) -> None: ...

    def remove(self, index: int | None) -> None:
        """None: the current one."""

    def move(self, index: int, to: int) -> None: ...

    def clear(self) -> None: ...

    def mix(self) -> None: ...

    def unmix(self) -> None: ...

    def stop(self, *, keep: bool) -> None:
        """Stop playing (in a room: the room's stop), and empty the playlist unless ``keep``."""

    def repeat_film(self, times: int) -> None: ...

    def repeat_list(self, times: int) -> None: ...

    def shuffle_lists(self, shuffle: bool) -> None: ...


class ViewerPort(Protocol):
    """The daemon, as its control clients see it. All methods run on the event loop."""

    # -- the room's, or alone the player's --

    def set_paused(self, paused: bool) -> None: ...

    def seek(self, position: float) -> None:
        """Go to ``position`` seconds (clamped to the media)."""

    def set_speed(self, rate: float) -> None: ...

    @property
    def playlist(self) -> PlaylistPort: ...

    # -- this machine's alone --

    def play_command(self, command: PlayerCommand) -> None:
        """Hand a local command (volume, tracks, step, fullscreen, delay, text) to the player."""

    def quit(self) -> None:
        """End the daemon, where the configuration allows clients to."""

    # -- what there is to read --

    @property
    def paused(self) -> bool:
        """What the viewer asked for: the room's timeline, or alone the player's."""

    @property
    def path(self) -> str | None: ...

    @property
    def duration(self) -> float | None: ...

    def position(self) -> float | None:
        """Where the picture is now, in seconds; None while nothing is loaded."""

    def aim(self) -> float | None:
        """Where the picture will be once all that was asked is done: what a relative seek begins from."""

    @property
    def speed(self) -> float: ...

    @property
    def seeking(self) -> bool: ...

    @property
    def ended(self) -> bool: ...

    @property
    def volume(self) -> float: ...

    @property
    def mute(self) -> bool: ...

    @property
    def fullscreen(self) -> bool: ...

    @property
    def tracks(self) -> tuple[Track, ...]: ...

    @property
    def description(self) -> Description:
        """What the film's file says of the whole of it; empty while none is loaded."""

    @property
    def playlist_entry_id(self) -> int | None: ...

    def hang_property(self, name: str) -> Any:
        """Read one of hang's own properties (control.md's list: "room/id", "sync/error", "server/state", ...).

        Raises CommandRefused: "property not found", or "property unavailable" where it has no value now.
        Values are plain JSON data (dict, list, str, bool, int, float).
        """

    # -- hang's own verbs --

    async def room(self, verb: RoomCommand, arguments: Mapping[str, str]) -> Any:
        """Carry out one of hang's own commands and return what its reply says (``data``). Arguments are strings.

        room-create: file, name?, password?, control?, wait?, match? -> {"room_id", "name"?, "invite", "host": true}
        room-join: room, file?, password? -> {"room_id", "name"?, "invite", "host": bool, "verifying": bool}
        room-leave -> {"room_id"}      room-list -> [RoomSummary]      the others -> null
        """

    async def settle(self, awaited: Awaited) -> None:
        """Wait until that is so. Raises CommandRefused where it can not become so, or what was asked was refused."""

    async def screenshot(self, name: str | None) -> str:
        """Write the picture that is shown into a file of that name, and return its path. Raises CommandRefused.

        None: a name is found for it.
        """

    async def debug_dump(self) -> str:
        """Write down what this machine was told and did of late, and return the file's path. Raises CommandRefused."""

    # -- what happens --

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        """Call ``sink`` with each event and ``changed`` with the names of properties whose value may be new.

        ``time-pos`` and what follows from it is not announced: whoever observes it samples it.
        """
