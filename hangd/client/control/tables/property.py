"""A row of the property table, and the class that reads and writes properties by their rows.

A name may continue with a sub-path into the value: ``track-list/0/type``, ``playlist/count``, ``room/members/1/name``.
A row's ``read`` returns None for a property that has no value now.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar

from hangd.client.control.language.kinds import Choice, Double, Flag, Integer, Kind, Node
from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.engine.player_messages import PlayerCommand

PLAYER: Final = "player"
"""The topic of all of mpv's properties, and of hang's ``player/...``."""
MOVING: Final = "moving"
"""The topic, beside their own, of properties that change by themselves while the film plays."""

_OPTION_PREFIXES: Final = ("options/", "file-local-options/")
"""These may precede the name of an option of mpv's. It is the same property."""

_Limits = tuple[float, float]
_State = TypeVar("_State")


@dataclass(frozen=True)
class Property:
    name: str
    about: str
    """The description in the manual, at most 100 characters."""
    kind: Kind
    read: Callable[["PropertyTable"], Any]
    write: Callable[["PropertyTable", Any], None] | None = None
    """Writes a parsed value. Raises CommandRefused, or ValueError where the value is not possible now."""
    limits: _Limits | Callable[["PropertyTable"], _Limits] | None = None
    """The range of ``add``, ``multiply`` and ``cycle``; None: that of the kind."""
    moves: bool = False
    """The value changes all the time during playback. Observers receive samples; changes are not announced."""
    pretty: Callable[["PropertyTable"], str] | None = None
    """Returns the text for people, where it is not that of the kind."""
    step: Callable[["PropertyTable", float], None] | None = None
    """Carries out ``add``, where that is not an addition."""
    find: Callable[[Any, Sequence[str]], Any] | None = None
    """Returns what is at a sub-path of the value, where `walk` does not. Raises CommandRefused."""
    write_at: Callable[["PropertyTable", Sequence[str], Any], None] | None = None
    """Writes what is at a sub-path; the value ``...`` deletes it."""
    may_lack: frozenset[str] = frozenset()
    """Keys that an item of the value may lack: they are unavailable then, and not unknown."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """The kinds of numbers at sub-paths, by the last step of the path, where they are more than numbers."""
    option: bool = False
    """The property is an option in mpv, so it is also called ``options/NAME``."""
    stored: bool = False
    """The value is stored in the table, so writing it must announce the change."""
    topic: str = PLAYER
    """The group of properties whose changes are announced together."""
    moves_film: bool = False
    """Writing it changes what plays or where: in a room only for members that may control it."""
    aliases: Sequence[str] = ()
    """Other names of mpv's for the same property."""


class PropertyTable:
    """All properties of one daemon. Every method raises CommandRefused with the error that mpv would answer.

    Its subclass knows the rows.
    """

    rows: ClassVar[Mapping[str, Property]]
    command_list: ClassVar[Sequence[Mapping[str, Any]]]

    def __init__(self, viewer: ViewerPort) -> None:
        self.viewer = viewer
        self.changed: Callable[[frozenset[str]], None] = lambda names: None
        """Called with the names of properties that were changed in this table. The control server sets it."""
        self.stored: dict[str, Any] = {}
        """What clients wrote to properties of which the player does not report the value, by name."""
        self._states: dict[type, tuple[int | None, Any]] = {}

    def state(self, kind: type[_State], entry: int | None = None) -> _State:
        """Return the one instance of this class in which rows keep values between requests.

        It is made on first use. Where an ``entry`` of the playlist is given, each entry has a new one.
        """
        if kind not in self._states or self._states[kind][0] != entry:
            self._states[kind] = entry, kind()
        found: _State = self._states[kind][1]
        return found

    # ---- reading ----------------------------------------------------------------------------------------------------

    def read(self, name: str) -> Any:
        row, rest = self._split(name)
        value = row.read(self)
        if value is None:
            raise CommandRefused.unavailable()
        if not rest:
            return value
        return row.find(value, rest) if row.find is not None else walk(value, rest, row.may_lack)

    def read_text(self, name: str, raw: bool = True) -> str:
        """Return the value as text: raw, or as mpv shows it to people."""
        value = self.read(name)
        row, rest = self._split(name)
        if row.pretty is not None and not raw and not rest:
            return row.pretty(self)
        kind = row.kinds.get(rest[-1], Node()) if rest else row.kind
        if isinstance(value, float) and not isinstance(kind, Double):
            kind = Double()
        return kind.text(value) if raw else kind.pretty(value)

    def topics(self, name: str) -> frozenset[str]:
        """Return the topics under which changes of this property are announced."""
        try:
            row, rest = self._split(name)
        except CommandRefused:
            return frozenset((PLAYER,))
        return frozenset((row.topic, MOVING) if row.moves and not rest else (row.topic,))

    @property
    def path(self) -> str | None:
        """Path of the loaded file. After a stop in a room it is None, although the viewer still knows the file."""
        return None if self.viewer.position() is None else self.viewer.path

    @property
    def moving(self) -> bool:
        """Whether playback changes positions now."""
        return self.path is not None and not self.viewer.paused and not self.viewer.ended

    def one_name(self, name: str) -> str:
        """Return the one name of a property that has several: "sub" is "sid". Raises CommandRefused."""
        row, rest = self._split(name)
        return "/".join([row.name, *rest])

    def is_counted(self, name: str) -> bool:
        """Return whether the property is a number, and not a choice or a flag."""
        try:
            row, _ = self._split(name)
        except CommandRefused:
            return False
        return isinstance(row.kind, (Integer, Double)) and row.kind.label != Choice.label

    # ---- writing ----------------------------------------------------------------------------------------------------

    def write(self, name: str, value: Any) -> None:
        row, rest = self._split(name)
        try:
            if rest and row.write_at is not None:
                row.write_at(self, rest, value)
            else:
                row, write = self._writable(name)
                write(self, row.kind.parse(value))
        except TypeError:
            raise CommandRefused.inaccessible() from None
        except ValueError:
            raise CommandRefused("unsupported format for accessing property") from None
        except CommandRefused as refused:
            if refused.error != "error running command":
                raise
            raise CommandRefused.inaccessible(refused.code, refused.message) from None
        if row.stored:
            self.changed(frozenset((row.name,)))

    def delete(self, name: str) -> None:
        """Delete what is at a sub-path of ``user-data``."""
        row, rest = self._split(name)
        if row.write_at is None or not rest:
            raise CommandRefused.inaccessible()
        row.write_at(self, rest, ...)
        self.changed(frozenset((row.name,)))

    def add(self, name: str, by: float) -> None:
        """Add to the value, up to its limit."""
        row, _ = self._writable(name)
        if row.step is not None:
            row.step(self, by)
        elif isinstance(row.kind, Flag):
            self.write(name, by > 0)
        elif isinstance(row.kind, Choice):
            options, at = self._options(row)
            self.write(name, options[min(max(at + round(by), 0), len(options) - 1)])
        else:
            self._calculate(row, lambda value: value + by)

    def multiply(self, name: str, by: float) -> None:
        """Multiply the value, up to its limit."""
        row, _ = self._writable(name)
        if row.step is not None:
            raise CommandRefused.inaccessible()
        self._calculate(row, lambda value: value * by)

    def cycle(self, name: str, *, up: bool = True) -> None:
        """Write the next value, or the previous one; the first follows the last."""
        row, _ = self._writable(name)
        value = self.read(name)
        if isinstance(row.kind, Flag):
            self.write(name, not value)
            return
        if isinstance(row.kind, Choice):
            options, at = self._options(row)
            self.write(name, options[(at + (1 if up else -1)) % len(options)])
            return
        low, high = self._limits(row)
        if value == (high if up else low):
            self._calculate(row, lambda value: low if up else high)
        else:
            self._calculate(row, lambda value: value + (1 if up else -1))

    def same(self, name: str, text: str) -> bool:
        """Return whether the property has the value that this text stands for."""
        row, _ = self._writable(name)
        try:
            return bool(row.kind.shown(row.kind.parse(text)) == self.read(name))
        except (TypeError, ValueError):
            raise CommandRefused("unsupported format for accessing property") from None

    def _writable(self, name: str) -> tuple[Property, Callable[["PropertyTable", Any], None]]:
        self.read(name)  # A property that is unknown or unavailable cannot be written, and is answered as such.
        row, rest = self._split(name)
        if rest or row.write is None:
            raise CommandRefused.inaccessible()
        if row.moves_film:
            self.viewer.check_control("error accessing property")
        return row, row.write

    def _calculate(self, row: Property, change: Callable[[float], float]) -> None:
        """Write a number that is calculated from the value, within the limits."""
        value, (low, high) = self.read(row.name), self._limits(row)
        if not isinstance(value, (int, float)):
            raise CommandRefused.inaccessible()
        if low <= high:  # Else there is nothing to choose from, such as the entries of an empty playlist.
            value = min(max(change(min(max(value, low), high)), low), high)
            self.write(row.name, int(value) if isinstance(row.kind, Integer) else value)

    def _options(self, row: Property) -> tuple[Sequence[str], int]:
        """Return the words that the property may have, and the index of the one that it has."""
        assert isinstance(row.kind, Choice)
        return row.kind.options, [*map(row.kind.shown, row.kind.options)].index(self.read(row.name))

    def _limits(self, row: Property) -> _Limits:
        if row.limits is not None:
            return row.limits(self) if callable(row.limits) else row.limits
        if isinstance(row.kind, (Integer, Double)):
            return row.kind.low, row.kind.high
        raise CommandRefused.inaccessible()

    # ---- names ------------------------------------------------------------------------------------------------------

    def _split(self, name: str) -> tuple[Property, list[str]]:
        """Return the row with the longest name that begins ``name``, and the rest of the path."""
        prefix = next((prefix for prefix in _OPTION_PREFIXES if name.startswith(prefix)), "")
        parts = name.removeprefix(prefix).split("/")
        if len(parts) == 2 and not parts[1]:
            raise CommandRefused.unknown_property()  # In mpv a slash at the end is part of the name.
        for length in (2, 1):  # Names in the table have one slash at most.
            row = self.rows.get("/".join(parts[:length]))
            if row is not None and (row.option or not prefix):
                return row, parts[length:]
        raise CommandRefused.unknown_property()


def walk(value: Any, path: Sequence[str], may_lack: frozenset[str] = frozenset()) -> Any:
    """Return what is at this path of plain data. Raises CommandRefused."""
    for step in path:
        match value:
            case Mapping() if step in value:
                value = value[step]
            case Mapping():
                raise CommandRefused.unavailable() if step in may_lack else CommandRefused.unknown_property()
            case list() | tuple() if step == "count":
                value = len(value)
            case list() | tuple() if step.isascii() and step.isdecimal() and len(step) < 9 and int(step) < len(value):
                value = value[int(step)]
            case list() | tuple():
                raise CommandRefused.unknown_property()
            case _:
                raise CommandRefused.inaccessible()
    if value is None:
        raise CommandRefused.unavailable()
    return value


def loaded(read: Callable[[ViewerPort], Any]) -> Callable[[PropertyTable], Any]:
    """Make a ``read`` for what has a value only while a file is loaded."""
    return lambda properties: None if properties.path is None else read(properties.viewer)


def stored(
    name: str, about: str, kind: Kind, default: Any, tell: Callable[[Any], PlayerCommand] | None = None
) -> Property:
    """Make a row for an option whose value is what a client wrote last, because the player does not report it.

    ``tell`` makes the command that brings the value to the player.
    """

    def write(properties: PropertyTable, value: Any) -> None:
        if tell is not None:
            properties.viewer.play_command(tell(value))
        properties.stored[name] = value

    return Property(name, about, kind, lambda p: p.stored.get(name, default), write, option=True, stored=True)
