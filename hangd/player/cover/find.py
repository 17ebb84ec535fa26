"""Find the cover of a piece of music: `find_cover`, which the VLC player calls on a thread."""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Final

from hangd.player.container import MATROSKA, QUICKTIME
from hangd.player.cover.containers import in_matroska, in_mp4
from hangd.player.cover.cover import PICTURE_BYTES_MAX, Cover, Picture, choose, cover_of
from hangd.player.cover.tags import in_flac, in_id3, in_ogg
from hangd.player.extent.extent import Reader, read_from

_READERS: Final[dict[str | None, Callable[[Reader], Iterator[Picture]]]] = {
    "flac": in_flac,
    "ogg": in_ogg,
    "mp3": in_id3,
    "aac": in_id3,
    MATROSKA: in_matroska,
    QUICKTIME: in_mp4,
}
_NAMES: Final = ("cover", "front", "folder", "albumart", "album")
"""Of pictures beside the film, in order. One of the film's own name comes before these."""
_EXTENSIONS: Final = (".jpg", ".jpeg", ".png")


def find_cover(path: str, container: str | None) -> Cover | None:
    """Return the picture in the file at ``path``, or else one beside it. May block."""
    return _inside(path, container) or _beside(path)


def _inside(path: str, container: str | None) -> Cover | None:
    pictures = _READERS.get(container)
    return None if pictures is None else read_from(path, lambda reader: choose(pictures(reader)))


def _beside(path: str) -> Cover | None:
    film = PurePath(path)
    wanted = [stem.lower() + extension for stem in (film.stem, *_NAMES) for extension in _EXTENSIONS]
    try:
        found = {name.lower(): name for name in sorted(os.listdir(film.parent), reverse=True)}
    except OSError:
        return None
    for name in filter(None, map(found.get, wanted)):
        if (cover := _read(str(film.parent / name))) is not None:
            return cover._replace(title=name, file=str(film.parent / name))
    return None


def _read(path: str) -> Cover | None:
    """Return the picture in a file of its own."""
    try:
        # A pipe of this name would never be open.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        reader = Reader(descriptor)
        return cover_of(reader.at(0, reader.size)) if 0 < reader.size <= PICTURE_BYTES_MAX else None
    except (OSError, struct.error):
        return None
    finally:
        os.close(descriptor)
