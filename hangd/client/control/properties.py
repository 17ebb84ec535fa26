"""All properties: the rows of every subject in one table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hangd.client.control.port import ViewerPort
from hangd.client.control.subjects import ab_loop, chapters, film, playlist, seeking, streams, tracks, user_data
from hangd.client.control.subjects import cache as caching
from hangd.client.control.subjects import daemon as daemon_facts
from hangd.client.control.subjects import output as picture_sound
from hangd.client.control.subjects import playback as playing
from hangd.client.control.subjects import room as own
from hangd.client.control.tables.property import Property, PropertyTable

__all__ = ["BY_SUBJECT", "HANG_PROPERTIES", "PROPERTIES", "Properties", "Property"]


BY_SUBJECT: Final[Mapping[str, Sequence[Property]]] = {
    "Playing": (*playing.PROPERTIES, *seeking.PROPERTIES, *ab_loop.PROPERTIES),
    "The playlist": playlist.PROPERTIES,
    "The film": (*film.PROPERTIES, *chapters.PROPERTIES),
    "Tracks": tracks.PROPERTIES,
    "Picture and sound": picture_sound.PROPERTIES,
    "What they are": streams.PROPERTIES,
    "The cache": caching.PROPERTIES,
    "The daemon": (*daemon_facts.PROPERTIES, *user_data.PROPERTIES),
    "The room": own.PROPERTIES,
}
"""Every property, under what it is about."""

PROPERTIES: Final[Mapping[str, Property]] = {row.name: row for rows in BY_SUBJECT.values() for row in rows}

HANG_PROPERTIES: Final = tuple(row.name for row in own.PROPERTIES)


class Properties(PropertyTable):
    """All properties of one daemon."""

    def __init__(self, viewer: ViewerPort, command_list: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(PROPERTIES, viewer, command_list)
