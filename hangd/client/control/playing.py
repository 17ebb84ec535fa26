"""Playing: what moves the film and tells where it is. In a room all of it is asked of the room."""

import math
from typing import Final

from hangd.client.control.command_rows import Arguments, Command, Context, Parameter, needs_media
from hangd.client.control.conductor import CommandRefused
from hangd.client.control.property_rows import Property, PropertyTable, loaded, plain
from hangd.client.control.values import Choice, Double, Flag, FlagSet, Integer, Time
from hangd.engine.playback import StepFrame

__all__ = ["COMMANDS", "PROPERTIES"]

_RATES: Final = (0.25, 2.0)


# ---- commands -------------------------------------------------------------------------------------------------------


def _seek(context: Context, arguments: Arguments) -> None:
    conductor = context.conductor
    if conductor.path is None:
        raise CommandRefused("error running command", "NoMedia", "no file is loaded")
    # After a stop there is no picture, but a place at which to go on.
    position, duration = conductor.position() or 0.0, conductor.duration
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
    # "exact" and "keyframes" make no difference: a seek is exact here, always.
    conductor.seek(max(position if duration is None else min(position, duration), 0.0))


def _stop(context: Context, arguments: Arguments) -> None:
    context.conductor.stop()


def _frame_step(context: Context, arguments: Arguments) -> None:
    needs_media(context)
    context.conductor.play_command(StepFrame())


def _quit(context: Context, arguments: Arguments) -> None:
    context.conductor.quit()


_MODES: Final = ("relative", "absolute", "absolute-percent", "relative-percent")
_EXACTNESS: Final = ("exact", "keyframes")

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
        "stop",
        "stop playing; in a room this is the room's stop",
        (Parameter("flags", FlagSet((("keep-playlist",),)), ""),),
        _stop,
    ),
    Command("frame-step", "show the next picture and stand on it", (), _frame_step),
    Command(
        "quit",
        "end this daemon, where its configuration lets clients do so",
        (Parameter("code", Integer(), 0),),
        _quit,
    ),
)


# ---- properties -----------------------------------------------------------------------------------------------------


def _remaining(properties: PropertyTable) -> float | None:
    position, duration = properties.conductor.position(), properties.conductor.duration
    return None if position is None or duration is None else max(duration - position, 0.0)


def _remaining_at_speed(properties: PropertyTable) -> float | None:
    remaining = _remaining(properties)
    return None if remaining is None else remaining / properties.conductor.speed


def _percent(properties: PropertyTable) -> float | None:
    position, duration = properties.conductor.position(), properties.conductor.duration
    return None if position is None or not duration else min(max(100 * position / duration, 0.0), 100.0)


def _seek_percent(properties: PropertyTable, percent: float) -> None:
    properties.conductor.seek(percent / 100 * (properties.conductor.duration or 0.0))


def _stalled(properties: PropertyTable) -> bool:
    try:
        return bool(properties.conductor.hang_property("player/state") == "buffering")
    except CommandRefused:
        return False


def _core_idle(properties: PropertyTable) -> bool:
    return not properties.moving or properties.conductor.seeking or _stalled(properties)


def _position(name: str, about: str) -> Property:
    return Property(
        name,
        about,
        Time(),
        plain(lambda c: c.position()),
        # Before the beginning is the beginning.
        lambda p, value: p.conductor.seek(max(value, 0.0)),
        limits=(0.0, math.inf),
        moves=True,
    )


PROPERTIES: Final = (
    Property(
        "pause",
        "whether it is paused: for the whole room, where there is one",
        Flag(),
        plain(lambda c: c.paused),
        lambda p, value: p.conductor.set_paused(value),
    ),
    Property(
        "speed",
        "how fast it plays, 1 being as it was made: for the whole room",
        Double(*_RATES, show="{:.2f}".format),
        plain(lambda c: c.speed),
        lambda p, value: p.conductor.set_speed(value),
    ),
    _position("time-pos", "where the picture is, in seconds; writing it seeks"),
    _position("playback-time", "the same as time-pos"),
    Property(
        "percent-pos",
        "where the picture is, in per cent of the film; writing it seeks",
        Double(0.0, 100.0, show=lambda percent: str(round(percent))),
        _percent,
        _seek_percent,
        moves=True,
    ),
    Property("duration", "how long the film is, in seconds", Time(), loaded(lambda c: c.duration)),
    Property("time-remaining", "how much of the film is left, in seconds", Time(), _remaining, moves=True),
    Property(
        "playtime-remaining",
        "how long the rest takes at this speed, in seconds",
        Time(),
        _remaining_at_speed,
        moves=True,
    ),
    Property("idle-active", "whether nothing is loaded", Flag(), lambda p: p.path is None),
    Property("core-idle", "whether the picture stands, for whatever reason", Flag(), _core_idle),
    Property("eof-reached", "whether the film has played to its end", Flag(), loaded(lambda c: c.ended)),
    Property("seeking", "whether a seek, or the film's loading, is under way", Flag(), loaded(lambda c: c.seeking)),
    Property("seekable", "whether one can seek", Flag(), loaded(lambda c: c.duration is not None)),
    Property(
        "paused-for-cache",
        "whether the player waits for data",
        Flag(),
        lambda p: None if p.path is None else _stalled(p),
    ),
)
