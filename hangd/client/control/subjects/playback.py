"""Playback: pause and speed, which are the room's where there is one, and the state of the player."""

from typing import Final

from hangd.client.control.language.kinds import Double, Flag, Integer
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.property import Property, PropertyTable, loaded
from hangd.protocol.model import RATE_MAX, RATE_MIN

__all__ = ["PROPERTIES"]


def _buffering(properties: PropertyTable) -> bool:
    try:
        return bool(properties.viewer.hang_property("player/state") == "buffering")
    except CommandRefused:
        return False


def _core_idle(properties: PropertyTable) -> bool:
    return not properties.moving or properties.viewer.seeking or _buffering(properties)


PROPERTIES: Final = (
    Property("pause", "whether playback is paused; in a room, for all members", Flag(),
        lambda p: p.viewer.paused, lambda p, paused: p.viewer.set_paused(paused), option=True),
    Property("speed", "playback speed, 1 being normal; in a room, for all members",
        Double(RATE_MIN, RATE_MAX, show="{:.2f}".format),
        lambda p: p.viewer.speed, lambda p, rate: p.viewer.set_speed(rate), option=True),
    Property("idle-active", "whether no file is loaded", Flag(), lambda p: p.path is None),
    Property("playback-abort", "whether no file is loaded", Flag(), lambda p: p.path is None),
    Property("core-idle", "whether playback stands still, for any reason", Flag(), _core_idle),
    Property("eof-reached", "whether the film has been played to its end", Flag(), loaded(lambda v: v.ended)),
    Property("seeking", "whether the player is seeking or loading", Flag(), loaded(lambda v: v.seeking)),
    Property("seekable", "whether the film can be sought in", Flag(), loaded(lambda v: v.duration is not None)),
    Property("partially-seekable", "whether only buffered data can be sought in: no", Flag(), loaded(lambda v: False)),
    Property("demuxer-via-network", "whether the film comes from the network: no", Flag(), loaded(lambda v: False)),
    Property("paused-for-cache", "whether the player waits for data", Flag(),
        lambda p: None if p.path is None else _buffering(p)),
    Property("cache-buffering-state", "100 while the player does not wait for data, else unavailable", Integer(),
        lambda p: None if p.path is None or _buffering(p) else 100),
)  # fmt: skip
