"""The cache: VLC reads files by itself and does not tell how far. mpv's names for it, and the little that is known."""

from typing import Final

from hangd.client.control.language.kinds import Choice, Double, Flag, Integer, Node, Time
from hangd.client.control.tables.common import fixed, untold
from hangd.client.control.tables.property import Property, PropertyTable

__all__ = ["PROPERTIES"]

_WHY: Final = "VLC does not tell how far it has read"


def _buffering(properties: PropertyTable) -> int | None:
    # Between empty and full, nobody knows how much.
    waiting = properties.rows["paused-for-cache"].read(properties)
    return 100 if waiting is False else None


PROPERTIES: Final = (
    fixed("cache", "whether it reads ahead: as VLC sees fit", Choice(options=("auto",)), "auto"),
    Property("cache-buffering-state", "100 while the player does not wait for data", Integer(), _buffering),
    untold("cache-speed", "how many bytes a second are read", Integer(), _WHY),
    untold("demuxer-cache-duration", "how many seconds are read ahead", Double(), _WHY),
    untold("demuxer-cache-time", "up to where it is read", Time(), _WHY),
    untold("demuxer-cache-idle", "whether enough is read", Flag(), _WHY),
    untold("demuxer-cache-state", "what is read", Node(), _WHY),
)
