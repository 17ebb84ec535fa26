"""The table of properties: what each is called, what kind of value it has, how it is read and written.

A property that has no value now reads as None. Sub-paths (``track-list/0/type``, ``playlist/count``,
``room/members/1/name``) walk into whatever the longest listed name before them gives. hang's own properties are the
conductor's to answer; only their names stand here.
"""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final, Literal

from hangd.client.control.conductor import CommandRefused, Conductor
from hangd.client.control.values import Double, Flag, Integer, Kind, Node, Text, Time, TrackNumber
from hangd.engine.playback import (
    PlayerCommand,
    SelectTrack,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetVolume,
    Track,
    TrackKind,
)

__all__ = ["HANG_PROPERTIES", "PROPERTIES", "Properties", "Property"]

HANG_PROPERTIES: Final = tuple(
    "hang-version hang-protocol room room/id room/name room/role room/members room/state room/timeline room/policy"
    " room/invite server/url server/state server/rtt server/clock-offset server/clock-error sync/error sync/state"
    " media/hash media/hash-progress player/state player/name".split()
)  # fmt: skip

Delayed = Literal["audio", "subtitle"]

_PLAYER: Final = "player"
"""The topic of all of mpv's properties, and of hang's ``player/...`` with them."""

_OPTIONAL: Final = frozenset("title lang name position error clock_error rtt file duration quick_hash".split())
"""Keys that an item in a list may lack: unavailable then, rather than unknown."""

_FULL_VOLUME: Final = 130.0
_RATES: Final = (0.25, 2.0)


@dataclass(frozen=True)
class Property:
    name: str
    kind: Kind
    read: Callable[["Properties"], Any]
    write: Callable[["Properties", Any], None] | None = None
    limits: tuple[float, float] | None = None
    """Where ``add`` stops and ``cycle`` turns round, if not at the kind's own bounds."""
    moves: bool = False
    """Its value moves by itself while playing: whoever observes it samples it."""
    pretty: Callable[["Properties"], str] | None = None


class Properties:
    """All properties of one daemon. Everything here raises CommandRefused with mpv's words."""

    def __init__(self, conductor: Conductor, command_list: Sequence[Mapping[str, Any]]) -> None:
        self.conductor = conductor
        self.command_list = command_list
        self._delays: dict[Delayed, float] = {"audio": 0.0, "subtitle": 0.0}
        self._hidden: int | None = None

    # -- reading --

    def read(self, name: str) -> Any:
        """Return the value as plain data."""
        listed, rest = _split(name)
        row = PROPERTIES.get(listed)
        value = row.read(self) if row is not None else self.conductor.hang_property(listed)
        if value is None:
            raise CommandRefused("property unavailable")
        return _walk(value, rest) if rest else value

    def read_text(self, name: str, raw: bool = True) -> str:
        """Return the value as text: raw, or for people."""
        value = self.read(name)
        row = PROPERTIES.get(name)
        if row is not None and row.pretty is not None and not raw:
            return row.pretty(self)
        kind = row.kind if row is not None else Node()
        if isinstance(value, float) and not isinstance(kind, Double):
            kind = Double()
        return kind.text(value) if raw else kind.pretty(value)

    def topic(self, name: str) -> str:
        """Return what announcements of change this property goes by: a root of hang's, or all of mpv's at once."""
        root = name.partition("/")[0]
        return root if any(own.partition("/")[0] == root for own in HANG_PROPERTIES) else _PLAYER

    def moves(self, name: str) -> bool:
        row = PROPERTIES.get(name)
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
        match row.kind:
            case Flag():
                self.write(name, by > 0)
            case TrackNumber():
                self.cycle(name, up=by > 0)
            case Integer() | Double():
                self._write_number(row, self.read(name) + by)
            case _:
                raise CommandRefused("error accessing property")

    def multiply(self, name: str, by: float) -> None:
        row, _ = self._writable(name)
        if not isinstance(row.kind, (Integer, Double)) or isinstance(row.kind, TrackNumber):
            raise CommandRefused("error accessing property")
        self._write_number(row, self.read(name) * by)

    def cycle(self, name: str, *, up: bool = True) -> None:
        """Go on to the next value, and from the last to the first."""
        row, _ = self._writable(name)
        match row.kind:
            case Flag():
                self.write(name, not self.read(name))
            case TrackNumber():
                kind = _TRACK_KINDS[name]
                self.write(name, (int(self.read(name)) + (1 if up else -1)) % (len(_tracks(self, kind)) + 1))
            case Integer(low=low, high=high) | Double(low=low, high=high):
                first, last = row.limits or (low, high)
                value = self.read(name)
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

    def _writable(self, name: str) -> tuple[Property, Callable[["Properties", Any], None]]:
        self.read(name)  # What is unknown or unavailable can not be written either.
        row = PROPERTIES.get(name)
        if row is None or row.write is None:
            raise CommandRefused("error accessing property")
        return row, row.write

    def _write_number(self, row: Property, value: float) -> None:
        kind = row.kind
        assert isinstance(kind, (Integer, Double))
        low, high = row.limits or (kind.low, kind.high)
        self.write(row.name, min(max(value, low), high))

    # -- what the player does not tell back --

    def delay(self, kind: Delayed) -> float:
        return self._delays[kind]

    def set_delay(self, kind: Delayed, seconds: float) -> None:
        self.conductor.play_command(SetDelay(kind, seconds))
        self._delays[kind] = seconds

    def show_subtitles(self, shown: bool) -> None:
        """Show the subtitles that were chosen, or hide them without forgetting which."""
        chosen = _selected(self, "subtitle")
        if not shown and chosen:
            self._hidden = chosen
            _select(self, "subtitle", 0)
        elif shown and not chosen:
            tracks = _tracks(self, "subtitle")
            if tracks:
                _select(self, "subtitle", min(self._hidden or 1, len(tracks)))


# ---- sub-paths ------------------------------------------------------------------------------------------------------


def _split(name: str) -> tuple[str, list[str]]:
    """Split into the longest name that is listed and the path from there on."""
    parts = name.split("/")
    for length in range(len(parts), 0, -1):
        listed = "/".join(parts[:length])
        if listed in PROPERTIES or listed in HANG_PROPERTIES:
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


# ---- what the rows read and write -----------------------------------------------------------------------------------

_TRACK_KINDS: Final[Mapping[str, TrackKind]] = {"aid": "audio", "sid": "subtitle", "vid": "video"}


def _tracks(properties: Properties, kind: TrackKind) -> list[Track]:
    # mpv numbers the tracks of each kind from 1; the player's own ids are anything.
    return [track for track in properties.conductor.tracks if track.kind == kind]


def _selected(properties: Properties, kind: TrackKind) -> int | Literal[False]:
    for number, track in enumerate(_tracks(properties, kind), start=1):
        if track.selected:
            return number
    return False


def _select(properties: Properties, kind: TrackKind, number: int) -> None:
    tracks = _tracks(properties, kind)
    if number == -1:
        number = _selected(properties, kind) or min(1, len(tracks))
    if not 0 <= number <= len(tracks):
        raise ValueError
    properties.conductor.play_command(SelectTrack(kind, tracks[number - 1].id if number else None))


def _track_list(properties: Properties) -> list[dict[str, Any]]:
    numbers = {"video": 0, "audio": 0, "subtitle": 0}
    rows = []
    for track in properties.conductor.tracks:
        numbers[track.kind] += 1
        row: dict[str, Any] = {
            "id": numbers[track.kind],
            "type": "sub" if track.kind == "subtitle" else track.kind,
            "src-id": track.id,
        }
        if track.name:
            row["title"] = track.name
        if track.language:
            row["lang"] = track.language
        rows.append(row | {"selected": track.selected})
    return rows


def _playlist(properties: Properties) -> list[dict[str, Any]]:
    path, entry = properties.path, properties.conductor.playlist_entry_id
    if path is None:
        return []
    return [{"filename": path, "current": True, "playing": True, "id": entry or 0}]


def _play_entry(properties: Properties, number: int) -> None:
    if number != 0:
        raise ValueError
    properties.conductor.seek(0.0)


def _name(properties: Properties) -> str | None:
    path = properties.path
    return None if path is None else PurePath(path).name


def _bare_name(properties: Properties) -> str | None:
    path = properties.path
    return None if path is None else PurePath(path).stem


def _remaining(properties: Properties) -> float | None:
    position, duration = properties.conductor.position(), properties.conductor.duration
    return None if position is None or duration is None else max(duration - position, 0.0)


def _remaining_at_speed(properties: Properties) -> float | None:
    remaining = _remaining(properties)
    return None if remaining is None else remaining / properties.conductor.speed


def _percent(properties: Properties) -> float | None:
    position, duration = properties.conductor.position(), properties.conductor.duration
    return None if position is None or not duration else min(max(100 * position / duration, 0.0), 100.0)


def _seek_percent(properties: Properties, percent: float) -> None:
    properties.conductor.seek(percent / 100 * (properties.conductor.duration or 0.0))


def _stalled(properties: Properties) -> bool:
    try:
        return bool(properties.conductor.hang_property("player/state") == "buffering")
    except CommandRefused:
        return False


def _core_idle(properties: Properties) -> bool:
    return not properties.moving or properties.conductor.seeking or _stalled(properties)


def _working_directory(properties: Properties) -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _loaded(read: Callable[[Conductor], Any]) -> Callable[[Properties], Any]:
    """Read what has a value only while a file is loaded."""
    return lambda properties: None if properties.path is None else read(properties.conductor)


def _plain(read: Callable[[Conductor], Any]) -> Callable[[Properties], Any]:
    return lambda properties: read(properties.conductor)


def _local(command: Callable[[Any], PlayerCommand]) -> Callable[[Properties, Any], None]:
    """Write what concerns this machine's player alone."""
    return lambda properties, value: properties.conductor.play_command(command(value))


def _track_property(name: str) -> Property:
    kind = _TRACK_KINDS[name]

    def pretty(properties: Properties) -> str:
        number = _selected(properties, kind)
        return f"({number}) {_tracks(properties, kind)[number - 1].name or 'unknown'}" if number else "no"

    return Property(
        name,
        TrackNumber(),
        lambda properties: _selected(properties, kind),
        lambda properties, number: _select(properties, kind, number),
        pretty=pretty,
    )


def _delay_property(name: str, kind: Delayed) -> Property:
    return Property(
        name,
        Double(show=lambda seconds: f"{int(seconds * 1000)} ms"),
        lambda properties: properties.delay(kind),
        lambda properties, seconds: properties.set_delay(kind, seconds),
    )


def _whole(value: float) -> str:
    return str(int(value))


def _rounded(value: float) -> str:
    return str(round(value))


def _mark_current(properties: Properties) -> str:
    # The bytes are mpv's, around what its on-screen display highlights.
    return "".join(f"\udcfd\u279c\u00a0\udcfe{PurePath(row['filename']).name}\n" for row in _playlist(properties))


# ---- the table ------------------------------------------------------------------------------------------------------

_ROWS: Final = (
    # The room's, or alone the player's.
    Property("pause", Flag(), _plain(lambda c: c.paused), lambda p, value: p.conductor.set_paused(value)),
    Property(
        "speed",
        Double(*_RATES, show="{:.2f}".format),
        _plain(lambda c: c.speed),
        lambda p, value: p.conductor.set_speed(value),
    ),
    *(
        Property(
            name,
            Time(),
            _plain(lambda c: c.position()),
            # Before the beginning is the beginning.
            lambda p, value: p.conductor.seek(max(value, 0.0)),
            limits=(0.0, math.inf),
            moves=True,
        )
        for name in ("time-pos", "playback-time")
    ),
    Property("percent-pos", Double(0.0, 100.0, show=_rounded), _percent, _seek_percent, moves=True),
    Property("playlist-pos", Integer(), lambda p: -1 if p.path is None else 0, _play_entry, limits=(0, 0)),
    Property(
        "playlist-pos-1",
        Integer(),
        lambda p: 0 if p.path is None else 1,
        lambda p, value: _play_entry(p, value - 1),
        limits=(1, 1),
    ),
    # This machine's alone.
    Property(
        "volume",
        # mpv takes -1 to 1000, whatever the loudest it plays.
        Double(-1.0, 1000.0, show=_whole),
        _plain(lambda c: float(c.volume)),
        _local(lambda value: SetVolume(min(max(value, 0.0), _FULL_VOLUME))),
        limits=(0.0, _FULL_VOLUME),
    ),
    Property("volume-max", Double(), lambda _: _FULL_VOLUME),
    Property("mute", Flag(), _plain(lambda c: c.mute), _local(SetMute)),
    Property("fullscreen", Flag(), _plain(lambda c: c.fullscreen), _local(SetFullscreen)),
    _track_property("aid"),
    _track_property("sid"),
    _track_property("vid"),
    _delay_property("audio-delay", "audio"),
    _delay_property("sub-delay", "subtitle"),
    Property(
        "sub-visibility",
        Flag(),
        # With no subtitles in the file there are none hidden either.
        lambda p: bool(_selected(p, "subtitle")) or not _tracks(p, "subtitle"),
        lambda p, value: p.show_subtitles(value),
    ),
    # To be read only.
    Property("duration", Time(), _loaded(lambda c: c.duration)),
    Property("time-remaining", Time(), _remaining, moves=True),
    Property("playtime-remaining", Time(), _remaining_at_speed, moves=True),
    Property("path", Text(), lambda p: p.path),
    Property("filename", Text(), _name),
    Property("filename/no-ext", Text(), _bare_name),
    Property("media-title", Text(), _name),
    Property("idle-active", Flag(), lambda p: p.path is None),
    Property("core-idle", Flag(), _core_idle),
    Property("eof-reached", Flag(), _loaded(lambda c: c.ended)),
    Property("seeking", Flag(), _loaded(lambda c: c.seeking)),
    Property("seekable", Flag(), _loaded(lambda c: c.duration is not None)),
    Property("paused-for-cache", Flag(), lambda p: None if p.path is None else _stalled(p)),
    Property("track-list", Node(), _track_list),
    Property("playlist", Node(), _playlist, pretty=_mark_current),
    Property("playlist-count", Integer(), lambda p: len(_playlist(p))),
    Property("mpv-version", Text(), lambda p: f"mpv 0.38.0 (hang {p.conductor.hang_property('hang-version')})"),
    Property("pid", Integer(), lambda _: os.getpid()),
    Property("working-directory", Text(), _working_directory),
    Property("property-list", Node(), lambda _: [*PROPERTIES, *HANG_PROPERTIES]),
    Property("command-list", Node(), lambda p: p.command_list),
    Property("idle", Flag(), lambda _: True),
)

PROPERTIES: Final[Mapping[str, Property]] = {row.name: row for row in _ROWS}
