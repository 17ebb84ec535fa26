"""What a row of the table of properties is, and how the properties are read and written by their rows.

A property that has no value now reads as None. Sub-paths (``track-list/0/type``, ``playlist/count``,
``room/members/1/name``) walk into whatever the longest listed name before them gives.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from hangd.client.control.language.kinds import Double, Flag, Integer, Kind, Node
from hangd.client.control.port import CommandRefused, ViewerPort
from hangd.engine.player_messages import PlayerCommand

__all__ = ["PLAYER", "Property", "PropertyTable", "loaded", "local", "plain", "walk"]

PLAYER: Final = "player"
"""The topic of all of mpv's properties, and of hang's ``player/...`` with them."""

OPTION_ALIASES: Final = ("options/", "file-local-options/")
"""Before the name of what is an option in mpv: the same property."""

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Property:
    name: str
    about: str
    """What it tells, in one line, for people."""
    kind: Kind
    read: Callable[["PropertyTable"], Any]
    write: Callable[["PropertyTable", Any], None] | None = None
    limits: tuple[float, float] | Callable[["PropertyTable"], tuple[float, float]] | None = None
    """Where ``add`` stops and ``cycle`` turns round, if not at the kind's own bounds."""
    choices: Callable[["PropertyTable"], Sequence[Any]] | None = None
    """The values that can be counted up, as they are read: ``cycle`` goes through them; without limits ``add``, too."""
    moves: bool = False
    """Its value moves by itself while playing: whoever observes it samples it."""
    pretty: Callable[["PropertyTable"], str] | None = None
    step: Callable[["PropertyTable", float], None] | None = None
    """What ``add`` does, where it is more than to add."""
    find: Callable[[Any, Sequence[str]], Any] | None = None
    """Walks a sub-path of the value, where it is not a plain way into it. Raises CommandRefused."""
    write_at: Callable[["PropertyTable", Sequence[str], Any], None] | None = None
    """Writes what is at a sub-path; ``...``: takes it away."""
    may_lack: frozenset[str] = frozenset()
    """Keys that an item of the value may lack: unavailable then, rather than unknown."""
    option: bool = False
    """An option in mpv: there is ``options/NAME``, too."""
    constant: bool = False
    """It has but one value here, and can be written that one."""
    absent: str = ""
    """Why it never has a value here, although mpv has such a property."""
    kept: bool = False
    """Its value is kept here, where nobody else announces that it changed."""
    topic: str = PLAYER
    """What announcements of its change go by: a root of hang's own, or all of mpv's at once."""


class PropertyTable:
    """All properties of one daemon. Everything here raises CommandRefused with mpv's words."""

    def __init__(
        self, rows: Mapping[str, Property], viewer: ViewerPort, command_list: Sequence[Mapping[str, Any]]
    ) -> None:
        self.rows = rows
        self.viewer = viewer
        self.command_list = command_list
        self.changed: Callable[[frozenset[str]], None] = lambda names: None
        """Told which properties may be new because they were written here. Whoever serves observers sets it."""
        self._kept: dict[type, Any] = {}
        self._deepest = 1 + max((name.count("/") for name in rows), default=0)

    def keep(self, kind: type[Kept]) -> Kept:
        """Return the one thing of this kind that rows keep between requests: made when it is first asked for."""
        if kind not in self._kept:
            self._kept[kind] = kind()
        kept: Kept = self._kept[kind]
        return kept

    # -- reading --

    def read(self, name: str) -> Any:
        """Return the value as plain data."""
        row, rest = self._split(name)
        value = row.read(self)
        if value is None:
            raise CommandRefused("property unavailable")
        if not rest:
            return value
        return row.find(value, rest) if row.find is not None else walk(value, rest, row.may_lack)

    def read_text(self, name: str, raw: bool = True) -> str:
        """Return the value as text: raw, or for people."""
        value = self.read(name)
        row, rest = self._split(name)
        if row.pretty is not None and not raw and not rest:
            return row.pretty(self)
        kind = Node() if rest else row.kind
        if isinstance(value, float) and not isinstance(kind, Double):
            kind = Double()
        return kind.text(value) if raw else kind.pretty(value)

    def topic(self, name: str) -> str:
        """Return what announcements of change this property goes by."""
        try:
            return self._split(name)[0].topic
        except CommandRefused:
            return PLAYER

    def moves(self, name: str) -> bool:
        try:
            row, rest = self._split(name)
        except CommandRefused:
            return False
        return row.moves and not rest

    @property
    def path(self) -> str | None:
        """What is loaded. The viewer's own path may outlive a stop: it is what play would load again."""
        return None if self.viewer.position() is None else self.viewer.path

    @property
    def moving(self) -> bool:
        """Whether positions change by themselves now."""
        return self.path is not None and not self.viewer.paused and not self.viewer.ended

    # -- writing --

    def write(self, name: str, value: Any) -> None:
        row, rest = self._split(name)
        try:
            if rest and row.write_at is not None:
                row.write_at(self, rest, value)
            else:
                row, write = self._writable(name)
                write(self, row.kind.parse(value))
        except TypeError:
            raise CommandRefused("error accessing property") from None
        except ValueError:
            raise CommandRefused("unsupported format for accessing property") from None
        except CommandRefused as refused:
            if refused.error != "error running command":
                raise
            raise CommandRefused("error accessing property", refused.code, refused.message) from None
        if row.kept:
            self.changed(frozenset((row.name,)))

    def delete(self, name: str) -> None:
        """Take away what is at this path, where clients keep things of their own."""
        row, rest = self._split(name)
        if row.write_at is None or not rest:
            raise CommandRefused("error accessing property")
        row.write_at(self, rest, ...)
        self.changed(frozenset((row.name,)))

    def add(self, name: str, by: float) -> None:
        """Move the value by so much, up to its limit."""
        row, _ = self._writable(name)
        if row.choices is not None and row.limits is None:
            self.cycle(name, up=by > 0)
            return
        if row.step is not None:
            row.step(self, by)
            return
        match row.kind:
            case Flag():
                self.write(name, by > 0)
            case Integer() | Double():
                self._write_number(row, self._within(row, self._number(name)) + by)
            case _:
                raise CommandRefused("error accessing property")

    def multiply(self, name: str, by: float) -> None:
        row, _ = self._writable(name)
        if not isinstance(row.kind, (Integer, Double)) or (row.choices is not None and row.limits is None):
            raise CommandRefused("error accessing property")
        self._write_number(row, self._number(name) * by)

    def cycle(self, name: str, *, up: bool = True) -> None:
        """Go on to the next value, and from the last to the first."""
        row, _ = self._writable(name)
        value = self.read(name)
        if row.choices is not None:
            choices = row.choices(self)
            if not choices:
                return
            step = 1 if up else -1
            self.write(name, choices[(choices.index(value) + step) % len(choices)] if value in choices else choices[0])
            return
        match row.kind:
            case Flag():
                self.write(name, not value)
            case Integer() | Double():
                first, last = self._limits(row)
                if value == (last if up else first):
                    self.write(name, first if up else last)
                else:
                    self._write_number(row, self._number(name) + (1 if up else -1))
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
        row, rest = self._split(name)
        if rest or row.write is None:
            raise CommandRefused("error accessing property")
        return row, row.write

    def _number(self, name: str) -> float:
        value = self.read(name)
        if not isinstance(value, (int, float)):
            raise CommandRefused("error accessing property")
        return value

    def _write_number(self, row: Property, value: float) -> None:
        value = self._within(row, value)
        self.write(row.name, int(value) if isinstance(row.kind, Integer) else value)

    def _within(self, row: Property, value: float) -> float:
        low, high = self._limits(row)
        return min(max(value, low), high)

    def _limits(self, row: Property) -> tuple[float, float]:
        if row.limits is not None:
            return row.limits(self) if callable(row.limits) else row.limits
        assert isinstance(row.kind, (Integer, Double))
        return row.kind.low, row.kind.high

    # -- sub-paths --

    def _split(self, name: str) -> tuple[Property, list[str]]:
        """Return the row of the longest name that is listed, and the path from there on."""
        as_option = next((alias for alias in OPTION_ALIASES if name.startswith(alias)), "")
        parts = name.removeprefix(as_option).split("/")
        if len(parts) == 2 and not parts[1]:
            raise CommandRefused("property not found")  # as mpv does: a slash at the end is part of the name
        # No further than names go: a client's may have slashes by the hundred thousand.
        for length in range(min(len(parts), self._deepest), 0, -1):
            row = self.rows.get("/".join(parts[:length]))
            if row is not None and (row.option or not as_option):
                return row, parts[length:]
        raise CommandRefused("property not found")


def walk(value: Any, path: Sequence[str], may_lack: frozenset[str] = frozenset()) -> Any:
    """Return what is at this path of plain data. Raises CommandRefused."""
    for step in path:
        match value:
            case Mapping() if step in value:
                value = value[step]
            case Mapping():
                raise CommandRefused("property unavailable" if step in may_lack else "property not found")
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


def plain(read: Callable[[ViewerPort], Any]) -> Callable[[PropertyTable], Any]:
    """Read what the viewer tells at any time."""
    return lambda properties: read(properties.viewer)


def loaded(read: Callable[[ViewerPort], Any]) -> Callable[[PropertyTable], Any]:
    """Read what has a value only while a file is loaded."""
    return lambda properties: None if properties.path is None else read(properties.viewer)


def local(command: Callable[[Any], PlayerCommand]) -> Callable[[PropertyTable, Any], None]:
    """Write what concerns this machine's player alone."""
    return lambda properties, value: properties.viewer.play_command(command(value))
