"""The film: what its file is called, and what the file says of itself."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from hangd.client.control.language.kinds import Integer, Node, Text
from hangd.client.control.port import CommandRefused
from hangd.client.control.tables.common import untold
from hangd.client.control.tables.property import Property, PropertyTable, loaded, walk

__all__ = ["PROPERTIES"]


@dataclass
class _Size:
    """How large the film's file is: looked up once a film, for a disk may be slow."""

    entry: int | None = None
    bytes: int | None = None


def _size(properties: PropertyTable) -> int | None:
    path, entry = properties.path, properties.viewer.playlist_entry_id
    if path is None:
        return None
    size = properties.keep(_Size)
    if size.entry != entry or entry is None:
        size.entry = entry
        try:
            size.bytes = os.stat(path).st_size
        except (OSError, ValueError):
            size.bytes = None
    return size.bytes


def _name(properties: PropertyTable) -> str | None:
    path = properties.path
    return None if path is None else PurePath(path).name


def _title(properties: PropertyTable) -> str | None:
    path, viewer = properties.path, properties.viewer
    if path is None:
        return None
    playlist = viewer.playlist
    listed = playlist.entries()[playlist.playing].title if playlist.playing >= 0 else None
    return viewer.description.metadata.get("title") or listed or PurePath(path).name


def _bare_name(properties: PropertyTable) -> str | None:
    path = properties.path
    return None if path is None else PurePath(path).stem


_DEMUXER: Final = "VLC does not tell which of its demuxers opened the film"
_EDITIONS: Final = "VLC plays the edition that the film says, and tells of no others"


def _tag(tags: Mapping[str, str], path: Sequence[str]) -> Any:
    if path[0] == "list":
        return walk([{"key": key, "value": value} for key, value in tags.items()], path[1:])
    name = "/".join(path[1:] if path[0] == "by-key" else path).casefold()
    for key, value in tags.items():
        if key.casefold() == name:
            return value
    raise CommandRefused("property not found")


def _tags(name: str, about: str) -> Property:
    def pretty(properties: PropertyTable) -> str:
        tags = properties.viewer.description.metadata
        return "".join(f"{key}: {value}\n" for key, value in tags.items()) or "(empty)"

    return Property(name, about, Node(), loaded(lambda c: c.description.metadata), find=_tag, pretty=pretty)


class _Bytes(Integer):
    """A number of bytes; for people in KiB and more, as mpv has it."""

    def pretty(self, value: int) -> str:
        if value < 1024:
            return str(value)
        power = min((value.bit_length() - 1) // 10, len(_UNITS))
        return f"{value / 1024**power:.3f} {_UNITS[power - 1]}"


_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")

PROPERTIES: Final = (
    Property("path", "the film's file, with its folders", Text(), lambda p: p.path),
    Property("filename", "the film's file, without its folders", Text(), _name),
    Property("filename/no-ext", "the film's file, without folders and ending", Text(), _bare_name),
    Property(
        "media-title",
        "what the film is called: by itself, else in the playlist, else by its file's name",
        Text(),
        _title,
    ),
    _tags("metadata", "what the film's file says of it: metadata/by-key/NAME, metadata/list/N"),
    _tags("filtered-metadata", "the same as metadata"),
    Property("stream-open-filename", "the same as path", Text(), lambda p: p.path),
    Property("stream-path", "the same as path", Text(), lambda p: p.path),
    Property("file-size", "how large the film's file is, in bytes", _Bytes(), _size),
    Property("stream-end", "the same as file-size", _Bytes(), _size),
    Property("file-format", "which sort of file it is", Text(), loaded(lambda c: c.description.file_format)),
    untold("current-demuxer", "which demuxer opened the film", Text(), _DEMUXER),
    untold("edition", "which edition of the film plays", Integer(), _EDITIONS),
    untold("current-edition", "which edition of the film plays", Integer(), _EDITIONS),
    untold("editions", "how many editions the film has", Integer(), _EDITIONS),
    untold("edition-list", "the film's editions", Node(), _EDITIONS),
)
