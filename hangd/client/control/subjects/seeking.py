"""Seeking: where the picture is, and how it is sent elsewhere. In a room all of it is asked of the room."""

import math
import time
from dataclasses import dataclass
from typing import Final

from hangd.client.control.language.kinds import Choice, Double, FlagSet, Time
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter, needs_media, no_media
from hangd.client.control.tables.property import Property, PropertyTable, loaded, plain
from hangd.engine.player_messages import StepFrame

__all__ = ["COMMANDS", "PROPERTIES", "mark_seek"]

_ONE_SEEK: Final = 2.0
"""Seconds within which seeks belong together, for ``revert-seek``: mpv's."""


# ---- going back to where one was ------------------------------------------------------------------------------------


@dataclass
class _Places:
    """Where ``revert-seek`` goes to, in one film."""

    entry: int | None = None
    before: float | None = None
    """Where it was before the last seek."""
    sought: float = -math.inf
    """When that was, on the monotonic clock."""
    marked: float | None = None
    permanent: bool = False


class _Memory:
    def __init__(self) -> None:
        self.places = _Places()


def _places(properties: PropertyTable) -> _Places:
    memory, entry = properties.keep(_Memory), properties.viewer.playlist_entry_id
    if memory.places.entry != entry:
        memory.places = _Places(entry)
    return memory.places


def mark_seek(properties: PropertyTable) -> None:
    """Remember where it is, before a seek. Seeks in quick succession are one."""
    places, now = _places(properties), time.monotonic()
    if places.before is None or now > places.sought + _ONE_SEEK:
        places.before = properties.viewer.position()
    places.sought = now


def _revert_seek(context: Context, arguments: Arguments) -> None:
    needs_media(context)
    places, position = _places(context.properties), context.viewer.position()
    if arguments["flags"]:
        places.marked, places.permanent = position, arguments["flags"] == "mark-permanent"
        return
    target = places.before if places.marked is None else places.marked
    if target is None:
        raise CommandRefused("error running command", "NotFound", "nothing has been sought yet")
    context.viewer.seek(target)
    if not places.permanent:
        places.marked, places.before = None, position


# ---- commands -------------------------------------------------------------------------------------------------------


def _seek(context: Context, arguments: Arguments) -> None:
    viewer = context.viewer
    if viewer.path is None:
        raise no_media()
    # After a stop there is no picture, but a place at which to go on.
    position, duration = viewer.aim() or 0.0, viewer.duration
    target: float = arguments["target"]
    flags = arguments["flags"].split("+")
    if "absolute-percent" in flags or "relative-percent" in flags:
        if duration is None:
            raise CommandRefused("error running command", "NoMedia", "how long the file is, is not known")
        target *= duration / 100
    if "absolute" in flags or "absolute-percent" in flags:
        # Counted from the end where negative.
        position = target if target >= 0 else (duration or 0.0) + target
    else:
        position += target
    mark_seek(context.properties)
    # "exact" and "keyframes" make no difference: a seek is exact here, always.
    viewer.seek(max(position if duration is None else min(position, duration), 0.0))


def _frame_step(context: Context, arguments: Arguments) -> None:
    needs_media(context)
    context.viewer.play_command(StepFrame())


def _frame_back_step(context: Context, arguments: Arguments) -> None:
    needs_media(context)
    viewer = context.viewer
    seen = next((track for track in viewer.tracks if track.kind == "video" and track.selected), None)
    if seen is None or not seen.frame_rate:
        raise CommandRefused("error running command", "NotSupported", "how long a picture is shown, is not known")
    if not viewer.paused:
        viewer.set_paused(True)
    viewer.seek(max((viewer.position() or 0.0) - 1 / seen.frame_rate, 0.0))


_MODES: Final = ("relative", "-", "absolute", "absolute-percent", "relative-percent")
_EXACTNESS: Final = ("exact", "keyframes")
_MARKS: Final = ("mark", "mark-permanent")

COMMANDS: Final = (
    Command(
        "seek",
        "go to another place in the film; a negative absolute target counts from the end",
        (
            Parameter("target", Time()),
            Parameter("flags", FlagSet((_MODES, _EXACTNESS)), ""),
            Parameter("legacy", Choice(("default-precise", "keyframes", "exact")), None),
        ),
        _seek,
    ),
    Command(
        "revert-seek",
        "go back to where it was before the last seek, or to the place that was marked",
        (Parameter("flags", FlagSet((_MARKS,)), ""),),
        _revert_seek,
    ),
    Command("frame-step", "show the next picture and stand on it", (), _frame_step),
    Command("frame-back-step", "show the picture before and stand on it: in a room, all do", (), _frame_back_step),
)


# ---- properties -----------------------------------------------------------------------------------------------------


def _remaining(properties: PropertyTable) -> float | None:
    position, duration = properties.viewer.position(), properties.viewer.duration
    return None if position is None or duration is None else max(duration - position, 0.0)


def _remaining_at_speed(properties: PropertyTable) -> float | None:
    remaining = _remaining(properties)
    return None if remaining is None else remaining / properties.viewer.speed


def _percent(properties: PropertyTable) -> float | None:
    position, duration = properties.viewer.position(), properties.viewer.duration
    return None if position is None or not duration else min(max(100 * position / duration, 0.0), 100.0)


def _seek_percent(properties: PropertyTable, percent: float) -> None:
    properties.viewer.seek(percent / 100 * (properties.viewer.duration or 0.0))


def _to_the_millisecond(seconds: float) -> str:
    """Seconds as mpv shows them to people where it is asked for all: 00:01:30.250."""
    whole = round(abs(seconds) * 1000)
    clock = f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
    return "-" + clock if seconds < 0 else clock


def _in_full(row: Property) -> Property:
    full = f"{row.name}/full"
    return Property(
        full, f"the same as {row.name}, shown to the millisecond", Time(show=_to_the_millisecond), row.read, moves=True
    )


def _position(name: str, about: str) -> Property:
    return Property(
        name,
        about,
        Time(),
        plain(lambda c: c.position()),
        # Before the beginning is the beginning.
        lambda p, value: p.viewer.seek(max(value, 0.0)),
        limits=(0.0, math.inf),
        moves=True,
    )


_TIMES: Final = (
    _position("time-pos", "where the picture is, in seconds; writing it seeks"),
    _position("playback-time", "the same as time-pos"),
    Property("duration", "how long the film is, in seconds", Time(), loaded(lambda c: c.duration)),
    Property("time-remaining", "how much of the film is left, in seconds", Time(), _remaining, moves=True),
    Property(
        "playtime-remaining",
        "how long the rest takes at this speed, in seconds",
        Time(),
        _remaining_at_speed,
        moves=True,
    ),
)

PROPERTIES: Final = (
    *_TIMES,
    *map(_in_full, _TIMES),
    Property("time-start", "where the film begins: always 0", Time(), lambda _: 0.0),
    Property(
        "percent-pos",
        "where the picture is, in per cent of the film; writing it seeks",
        Double(0.0, 100.0, show=lambda percent: str(round(percent))),
        _percent,
        _seek_percent,
        moves=True,
    ),
)
