"""What a row of the table of properties is, and how the properties are read and written by their rows.

A property that has no value now reads as None. Sub-paths (``track-list/0/type``, ``playlist/count``,
``room/members/1/name``) walk into whatever the longest listed name before them gives.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hangd.client.control.conductor import CommandRefused, Conductor
from hangd.client.control.values import Double, Flag, Integer, Kind, Node
from hangd.engine.playback import PlayerCommand

__all__ = ["PLAYER", "Property", "PropertyTable", "Remembered", "loaded", "local", "plain"]

PLAYER: Final = "player"
"""The topic of all of mpv's properties, and of hang's ``player/...`` with them."""

_OPTIONAL: Final = frozenset("title lang name position error clock_error rtt file duration quick_hash".split())
"""Keys that an item in a list may lack: unavailable then, rather than unknown."""


@dataclass(frozen=True)
class Property:
    name: str
    about: str
    """What it tells, in one line, for people."""
    kind: Kind
    read: Callable[["PropertyTable"], Any]
    write: Callable[["PropertyTable", Any], None] | None = None
    limits: tuple[float, float] | None = None
    """Where ``add`` stops and ``cycle`` turns round, if not at the kind's own bounds."""
    choices: Callable[["PropertyTable"], Sequence[Any]] | None = None
    """The values, as they are read, that ``cycle`` and ``add`` go through, where they can be counted up."""
    moves: bool = False
    """Its value moves by itself while playing: whoever observes it samples it."""
    pretty: Callable[["PropertyTable"], str] | None = None
    topic: str = PLAYER
    """What announcements of its change go by: a root of hang's own, or all of mpv's at once."""


@dataclass
class Remembered:
    """What was written here and the player does not tell back."""

    delays: dict[str, float] = field(default_factory=dict)
    """Of "audio" and "subtitle", in seconds."""
    hidden_subtitles: int | None = None
    """The number of the subtitle track that ``sub-visibility`` took away."""


class PropertyTable:
    """All properties of one daemon. Everything here raises CommandRefused with mpv's words."""

    def __init__(
        self, rows: Mapping[str, Property], conductor: Conductor, command_list: Sequence[Mapping[str, Any]]
    ) -> None:
        self.rows = rows
        self.conductor = conductor
        self.command_list = command_list
        self.remembered = Remembered()

    # -- reading --

    def read(self, name: str) -> Any:
        """Return the value as plain data."""
        listed, rest = self._split(name)
        value = self.rows[listed].read(self)
        if value is None:
            raise CommandRefused("property unavailable")
        return _walk(value, rest) if rest else value

    def read_text(self, name: str, raw: bool = True) -> str:
        """Return the value as text: raw, or for people."""
        value = self.read(name)
        row = self.rows.get(name)
        if row is not None and row.pretty is not None and not raw:
            return row.pretty(self)
        kind = row.kind if row is not None else Node()
        if isinstance(value, float) and not isinstance(kind, Double):
            kind = Double()
        return kind.text(value) if raw else kind.pretty(value)

    def topic(self, name: str) -> str:
        """Return what announcements of change this property goes by."""
        try:
            return self.rows[self._split(name)[0]].topic
        except CommandRefused:
            return PLAYER

    def moves(self, name: str) -> bool:
        row = self.rows.get(name)
        return row is not None and row.moves

    @property
    def path(self) -> str | None:
        """What is loaded. The conductor's own path may outlive a stop: it is what play would load again."""
        return None if self.conductor.position() is None else self.conductor.path

    @property
    def moving(self) -> bool:
        """Whether positions change by themselves now."""
        return self.path is not None and not self.conductor.paused and not self.conductor.ended

    # -- writing --

    def write(self, name: str, value: Any) -> None:
        row, write = self._writable(name)
        try:
            write(self, row.kind.parse(value))
        except TypeError:
            raise CommandRefused("error accessing property") from None
        except ValueError:
            raise CommandRefused("unsupported format for accessing property") from None
        except CommandRefused as refused:
            if refused.error != "error running command":
                raise
            raise CommandRefused("error accessing property", refused.code, refused.message) from None

    def add(self, name: str, by: float) -> None:
        """Move the value by so much, up to its limit."""
        row, _ = self._writable(name)
        if row.choices is not None:
            self.cycle(name, up=by > 0)
            return
        match row.kind:
            case Flag():
                self.write(name, by > 0)
            case Integer() | Double():
                self._write_number(row, self.read(name) + by)
            case _:
                raise CommandRefused("error accessing property")

    def multiply(self, name: str, by: float) -> None:
        row, _ = self._writable(name)
        if not isinstance(row.kind, (Integer, Double)) or row.choices is not None:
            raise CommandRefused("error accessing property")
        self._write_number(row, self.read(name) * by)

    def cycle(self, name: str, *, up: bool = True) -> None:
        """Go on to the next value, and from the last to the first."""
        row, _ = self._writable(name)
        value = self.read(name)
        if row.choices is not None:
            choices = row.choices(self)
            step = 1 if up else -1
            self.write(name, choices[(choices.index(value) + step) % len(choices)] if value in choices else choices[0])
            return
        match row.kind:
            case Flag():
                self.write(name, not value)
            case Integer(low=low, high=high) | Double(low=low, high=high):
                first, last = row.limits or (low, high)
                if value == (last if up else first):
                    self.write(name, first if up else last)
                else:
                    self._write_number(row, value + (1 if up else -1))
            case _:
                raise CommandRefused("error accessing property")

    def same(self, name: str, text: str) -> bool:
        """Whether the property has the value that this text says."""
        row, _ = self._writable(name)
        try:
            wanted, value = row.kind.parse(text), self.read(name)
        except (TypeError, ValueError):
            raise CommandRefused("unsupported format for accessing property") from None
        return bool(wanted == value)

    def _writable(self, name: str) -> tuple[Property, Callable[["PropertyTable", Any], None]]:
        self.read(name)  # What is unknown or unavailable can not be written either.
        row = self.rows.get(name)
        if row is None or row.write is None:
            raise CommandRefused("error accessing property")
        return row, row.write

    def _write_number(self, row: Property, value: float) -> None:
        kind = row.kind
        assert isinstance(kind, (Integer, Double))
        low, high = row.limits or (kind.low, kind.high)
        self.write(row.name, min(max(value, low), high))

    # -- sub-paths --

    def _split(self, name: str) -> tuple[str, list[str]]:
        """Split into the longest name that is listed and the path from there on."""
        parts = name.split("/")
        for length in range(len(parts), 0, -1):
            listed = "/".join(parts[:length])
            if listed in self.rows:
                return listed, parts[length:]
        raise CommandRefused("property not found")


def _walk(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        match value:
            case Mapping() if step in value:
                value = value[step]
            case Mapping():
                raise CommandRefused("property unavailable" if step in _OPTIONAL else "property not found")
            case list() | tuple() if step == "count":
                value = len(value)
            case list() | tuple() if step.isascii() and step.isdecimal() and len(step) < 9 and int(step) < len(value):
                value = value[int(step)]
            case list() | tuple():
                raise CommandRefused("property not found")
            case _:
                raise CommandRefused("error accessing property")
    if value is None:
        raise CommandRefused("property unavailable")
    return value


# ---- what rows are mostly made of -----------------------------------------------------------------------------------


def plain(read: Callable[[Conductor], Any]) -> Callable[[PropertyTable], Any]:
    """Read what the conductor tells at any time."""
    return lambda properties: read(properties.conductor)


def loaded(read: Callable[[Conductor], Any]) -> Callable[[PropertyTable], Any]:
    """Read what has a value only while a file is loaded."""
    return lambda properties: None if properties.path is None else read(properties.conductor)


def local(command: Callable[[Any], PlayerCommand]) -> Callable[[PropertyTable, Any], None]:
    """Write what concerns this machine's player alone."""
    return lambda properties, value: properties.conductor.play_command(command(value))
