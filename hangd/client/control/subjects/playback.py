"""Playing: what lets the film run and stand, and tells how it is. In a room all of it is asked of the room."""

from typing import Final

from hangd.client.control.language.kinds import Double, Flag, Integer
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.command import Arguments, Command, Context, Parameter
from hangd.client.control.tables.property import Property, PropertyTable, loaded, plain

__all__ = ["COMMANDS", "PROPERTIES"]

_RATES: Final = (0.25, 2.0)


# ---- commands -------------------------------------------------------------------------------------------------------


def _quit(context: Context, arguments: Arguments) -> None:
    context.viewer.quit()


COMMANDS: Final = (
    Command(
        "quit",
        "end this daemon, where its configuration lets clients do so",
        (Parameter("code", Integer(), 0),),
        _quit,
    ),
)


# ---- properties -----------------------------------------------------------------------------------------------------


def _stalled(properties: PropertyTable) -> bool:
    try:
        return bool(properties.viewer.hang_property("player/state") == "buffering")
    except CommandRefused:
        return False


def _never(properties: PropertyTable) -> bool | None:
    return None if properties.path is None else False


def _core_idle(properties: PropertyTable) -> bool:
    return not properties.moving or properties.viewer.seeking or _stalled(properties)


PROPERTIES: Final = (
    Property(
        "pause",
        "whether it is paused: for the whole room, where there is one",
        Flag(),
        plain(lambda c: c.paused),
        lambda p, value: p.viewer.set_paused(value),
        option=True,
    ),
    Property(
        "speed",
        "how fast it plays, 1 being as it was made: for the whole room",
        Double(*_RATES, show="{:.2f}".format),
        plain(lambda c: c.speed),
        lambda p, value: p.viewer.set_speed(value),
        option=True,
    ),
    Property("idle-active", "whether nothing is loaded", Flag(), lambda p: p.path is None),
    Property("core-idle", "whether the picture stands, for whatever reason", Flag(), _core_idle),
    Property("eof-reached", "whether the film has played to its end", Flag(), loaded(lambda c: c.ended)),
    Property("seeking", "whether a seek, or the film's loading, is under way", Flag(), loaded(lambda c: c.seeking)),
    Property("seekable", "whether one can seek", Flag(), loaded(lambda c: c.duration is not None)),
    Property("partially-seekable", "whether one can seek in what is read already alone: never", Flag(), _never),
    Property("playback-abort", "whether playing has ended, or never began", Flag(), lambda p: p.path is None),
    Property("demuxer-via-network", "whether the film comes over the network: never", Flag(), _never),
    Property(
        "paused-for-cache",
        "whether the player waits for data",
        Flag(),
        lambda p: None if p.path is None else _stalled(p),
    ),
)
