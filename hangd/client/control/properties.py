"""The table of all properties."""

from collections.abc import Mapping, Sequence
from typing import Final

from hangd.client.control.commands import command_list
from hangd.client.control.subjects import (
    ab_loop,
    chapters,
    daemon,
    film,
    keys,
    output,
    playback,
    playlist,
    room,
    screen,
    tracks,
    user_data,
)
from hangd.client.control.tables import placeholders
from hangd.client.control.tables.property import Property, PropertyTable

BY_SUBJECT: Final[Mapping[str, Sequence[Property]]] = {
    "Playback": (*playback.PROPERTIES, *ab_loop.PROPERTIES),
    "Playlist": playlist.PROPERTIES,
    "Film": (*film.PROPERTIES, *chapters.PROPERTIES),
    "Tracks": tracks.PROPERTIES,
    "Picture and sound": (*output.PROPERTIES, *screen.PROPERTIES),
    "Keys": keys.PROPERTIES,
    "Daemon": (*daemon.PROPERTIES, *user_data.PROPERTIES),
    "Room and server": room.PROPERTIES,
    "Fixed properties": placeholders.PROPERTIES,
}
"""All rows under the headings of the manual."""

PROPERTIES: Final[Mapping[str, Property]] = {
    name: row for rows in BY_SUBJECT.values() for row in rows for name in (row.name, *row.aliases)
}


class Properties(PropertyTable):
    rows = PROPERTIES
    command_list = command_list()
