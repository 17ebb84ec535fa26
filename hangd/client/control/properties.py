"""All properties: the rows of every subject in one table."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from hangd.client.control import (
    ab_loop,
    caching,
    chapters,
    daemon_facts,
    film,
    own,
    picture_sound,
    playing,
    seeking,
    streams,
    tracks,
    user_data,
)
from hangd.client.control.conductor import Conductor
from hangd.client.control.property_rows import Property, PropertyTable
from hangd.client.control.values import Integer, Node

__all__ = ["BY_SUBJECT", "HANG_PROPERTIES", "PROPERTIES", "Properties", "Property"]


def _playlist(properties: PropertyTable) -> list[dict[str, Any]]:
    path, entry = properties.path, properties.conductor.playlist_entry_id
    if path is None:
        return []
    return [{"filename": path, "current": True, "playing": True, "id": entry or 0}]


def _play_entry(properties: PropertyTable, number: int) -> None:
    if number != 0:
        raise ValueError
    properties.conductor.seek(0.0)


def _mark_current(properties: PropertyTable) -> str:
    # The bytes are mpv's, around what its on-screen display highlights.
    return "".join(f"\udcfd\u279c\u00a0\udcfe{PurePath(row['filename']).name}\n" for row in _playlist(properties))


_PLAYLIST: Final = (
    Property(
        "playlist-pos",
        "which entry of the playlist plays, from 0",
        Integer(),
        lambda p: -1 if p.path is None else 0,
        _play_entry,
        limits=(0, 0),
    ),
    Property(
        "playlist-pos-1",
        "which entry of the playlist plays, from 1",
        Integer(),
        lambda p: 0 if p.path is None else 1,
        lambda p, value: _play_entry(p, value - 1),
        limits=(1, 1),
    ),
    Property("playlist", "what plays", Node(), _playlist, pretty=_mark_current),
    Property("playlist-count", "how many entries the playlist has", Integer(), lambda p: len(_playlist(p))),
)

BY_SUBJECT: Final[Mapping[str, Sequence[Property]]] = {
    "Playing": (*playing.PROPERTIES, *seeking.PROPERTIES, *ab_loop.PROPERTIES),
    "The playlist": _PLAYLIST,
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

    def __init__(self, conductor: Conductor, command_list: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(PROPERTIES, conductor, command_list)
