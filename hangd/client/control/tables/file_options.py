"""FileOptions: options that belong to one entry of the playlist, from ``loadfile``.

As in mpv they count while the film of that entry is open, also when it comes later, and are undone when it is over.
An option is a property that mpv has as an option too: it is written when the film is opened, and what it was before is
written back. Beside those there are `_SPECIAL` ones. One that hang does not have, or whose value is wrong, is logged
and left out, and the film plays: mpv does the same.

In a room, what concerns this machine alone is done here. What moves the film (``start``, ``speed``, ``pause``, the ends
of an A-B loop) is asked of the room when the film comes, as if the viewer had; if they may not, it is logged.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from hangd.client.control.language.kinds import Flag, Time, TrackNumber
from hangd.client.control.port import CommandRefused, ControlEvent
from hangd.client.control.tables.command import local_path
from hangd.client.control.tables.property import PropertyTable
from hangd.engine.player_messages import AddAudioFile, AddSubtitleFile
from hangd.log import escape
from hangd.tasks import DeadlineTimer

_log = logging.getLogger(__name__)

_SPECIAL: Final = frozenset(("start", "end", "length", "pause", "sub-file", "sub-files", "audio-file", "audio-files"))
"""Options that are no properties, or do more than to write one."""
_TOLERANCE: Final = 0.02
"""Seconds before the end at which it counts as reached, because a timer may fire a little early."""
_LATE_SECONDS: Final = 1.0
"""A room whose film has got further than this has begun without this machine."""
_KEPT_MAX: Final = 1000
"""Entries with options. Those that are in the playlist no more are forgotten from so many on."""
_PERCENT: Final = re.compile(r"[+]?([0-9]{1,3}(?:\.[0-9]*)?)%")
_CHAPTER: Final = re.compile(r"#([0-9]{1,5})")


_Place = Callable[[float], float]
"""Returns a position, from the film's duration."""


def _at_the_beginning(duration: float) -> float:
    return 0.0


def _place(value: str) -> _Place:
    """Return where seconds are, negative ones from the end, or percent.

    Raises ValueError: the value is neither.
    """
    if (percent := _PERCENT.fullmatch(value)) is not None:
        share = float(percent[1]) / 100
        return lambda duration: share * duration
    seconds = Time().parse(value)
    return lambda duration: seconds if seconds >= 0 else max(duration + seconds, 0.0)


class FileOptions:
    """See the module's docstring. It is made by `PropertyTable.state`; `of` must be called first."""

    def __init__(self) -> None:
        self._properties: PropertyTable | None = None
        self._options: dict[int, Mapping[str, str]] = {}
        """By the ids of entries."""
        self._coming: Mapping[str, str] = {}
        """Those of the film that is being put into the playlist: it may be opened before its entry's id is known."""
        self._begins: _Place = _at_the_beginning
        """Where the film that is open begins."""
        self._undo: list[tuple[str, Any, Any]] = []
        """Properties, what they were before the film that is open, and what its options made them."""
        self._ends: _Place | None = None
        """Where it is to end; None: at its end."""
        self._timer: DeadlineTimer | None = None
        """For the moment at which playback is there."""
        self._when_loaded: Callable[[], None] | None = None
        """Does what needs the duration or the chapters."""

    def of(self, properties: PropertyTable) -> "FileOptions":
        """Return this object, which reads and writes these properties."""
        self._properties = properties
        return self

    @contextmanager
    def coming(self, options: Mapping[str, str]) -> Iterator[list[int]]:
        """Give these options to the entries that are loaded meanwhile. The caller appends their ids to the list."""
        loaded: list[int] = []
        if options:
            self._begin()
        self._coming = options
        try:
            yield loaded
        finally:
            self._coming = {}
        if options:
            self._options |= dict.fromkeys(loaded, options)

    def _begin(self) -> None:
        viewer = self._table.viewer
        if not self._options:
            viewer.set_file_options(self)
            # Every change that makes the timer wrong is announced: pause, speed, seeks, rooms.
            viewer.subscribe(self._heard, lambda names: self._arm())
        if len(self._options) > _KEPT_MAX:
            listed = {entry.id for entry in viewer.playlist.entries()}
            self._options = {number: kept for number, kept in self._options.items() if number in listed}

    @property
    def _table(self) -> PropertyTable:
        assert self._properties is not None
        return self._properties

    # ---- the films ------------------------------------------------------------------------------------------------

    def _for(self, entry: int) -> Mapping[str, str]:
        return self._options.get(entry, self._coming)

    def start(self, entry: int) -> float:
        try:
            return max(Time().parse(self._for(entry).get("start", "0")), 0.0)
        except ValueError:
            return 0.0  # It needs the duration or the chapters, or makes no sense.

    def plays(self, entry: int) -> bool | None:
        try:
            return not Flag().parse(self._for(entry)["pause"])
        except (KeyError, ValueError):
            return None

    def opened(self, entry: int) -> None:
        self._begins = _at_the_beginning
        # A room that is in the middle of the film already, because it was found here late, stays where it is.
        late = self._in_room and (self._table.viewer.requested_position() or 0.0) > _LATE_SECONDS
        for name, value in self._for(entry).items():
            try:
                if late and self._moves_film(name):
                    continue
                if name in _SPECIAL:
                    self._special(name, value)
                else:
                    self._write(name, value)
            except (CommandRefused, ValueError) as error:
                why = error.message if isinstance(error, CommandRefused) and error.message else str(error)
                _log.warning("the option %s of this film is left out: %s", escape(f"{name}={value}"), why)

    @property
    def _in_room(self) -> bool:
        return self._table.viewer.hang_property("room/id") is not None

    def _moves_film(self, name: str) -> bool:
        row = self._table.rows.get(name)
        return name == "start" or (row is not None and row.moves_film)

    def leaving(self) -> None:
        undo, self._undo, self._when_loaded, self._ends = self._undo, [], None, None
        for name, value, made in reversed(undo):
            try:
                # In a room others may have changed it meanwhile.
                if not self._in_room or not self._moves_film(name) or self._table.read(name) == made:
                    self._table.write(name, value)
            except CommandRefused as refused:
                _log.info("%s stays what the last film made it: %s", name, refused.message or refused.error)

    # ---- the options ----------------------------------------------------------------------------------------------

    def _write(self, name: str, value: str) -> None:
        row = self._table.rows.get(name)
        if row is None or not row.option or row.write is None:
            raise ValueError("there is no such option")
        before = self._table.read(name)
        self._table.write(name, value)
        if not isinstance(row.kind, TrackNumber):  # The choice of a track ends with the film anyway.
            self._undo.append((name, before, row.kind.shown(row.kind.parse(value))))

    def _special(self, name: str, value: str) -> None:
        viewer, in_room = self._table.viewer, self._in_room
        match name:
            case "pause":
                paused = Flag().parse(value)
                if in_room:
                    viewer.check_control("error accessing property")
                    viewer.set_paused(paused)
            case "start":
                self._start(value, in_room=in_room)
            case "end" | "length" if value == "none":
                pass
            case "end" | "length" if in_room:
                raise ValueError("a room's film ends for everybody")
            case "end":
                self._ends = _place(value)
            case "length":
                length = Time().parse(value)
                self._ends = lambda duration: self._begins(duration) + length
            case _:
                add = AddAudioFile if name.startswith("audio") else AddSubtitleFile
                paths = [value] if name.endswith("file") else [path for path in value.split(":") if path]
                for number, path in enumerate(paths):
                    viewer.play_command(add(local_path(path), select=number == 0))

    def _start(self, value: str, *, in_room: bool) -> None:
        if value == "none":
            return
        if in_room:
            self._table.viewer.check_control("error accessing property")
        viewer, chapter = self._table.viewer, _CHAPTER.fullmatch(value)
        if chapter is not None:
            number = int(chapter[1]) - 1
            self._when_loaded = lambda: self._table.write("chapter", number)
            return
        self._begins = place = _place(value)
        if place(0.0) > 0.0:  # No duration is needed to know it.
            if in_room:
                viewer.seek(place(0.0))
        else:
            self._when_loaded = lambda: viewer.seek(place(viewer.duration or 0.0))

    def _arm(self) -> None:
        """Wait until the picture is where the film is to end."""
        left = self._left()
        if left is not None:
            self._timer = self._timer or DeadlineTimer(lambda now: self._expire())
            self._timer.arm(asyncio.get_running_loop().time() + max(left, 0.0) / self._table.viewer.speed)
        elif self._timer is not None:
            self._timer.arm(None)

    def _expire(self) -> None:
        left, viewer = self._left(), self._table.viewer
        if left is None or left > _TOLERANCE:
            self._arm()
            return
        self._ends = None
        if not viewer.end_film():
            viewer.set_paused(True)

    def _left(self) -> float | None:
        """Return the media seconds until the film is to end; None: it does not run, or has no such end."""
        viewer = self._table.viewer
        position, duration = viewer.position(), viewer.duration
        if self._ends is None or position is None or duration is None:
            return None
        return None if viewer.paused or viewer.seeking or viewer.ended else self._ends(duration) - position

    def _heard(self, event: ControlEvent) -> None:
        if event["event"] == "file-loaded" and self._when_loaded is not None:
            then, self._when_loaded = self._when_loaded, None
            try:
                then()
            except CommandRefused as refused:
                _log.warning("the option start of this film is left out: %s", refused.message or refused.error)
