"""Read the header of the file at a path: `read_header`, which `hangd.player.vlc.film` calls on a thread."""

from collections.abc import Callable
from typing import Final

from hangd.player.container import MATROSKA, QUICKTIME
from hangd.player.extent.extent import Reader, read_from
from hangd.player.header import matroska, mp4
from hangd.player.header.header import Header

_READERS: Final[dict[str | None, Callable[[Reader], Header]]] = {
    MATROSKA: matroska.read,
    QUICKTIME: mp4.read,
}


def read_header(path: str, container: str | None) -> Header:
    """Return what the file's header names; nothing of other containers and of what cannot be read. May block."""
    read = _READERS.get(container)
    return (None if read is None else read_from(path, read)) or Header()
