"""Measure the file at a path: `measure`, which `hangd.player.vlc.film` calls on a thread."""

from collections.abc import Callable
from typing import Final

from hangd.player.container import MATROSKA, QUICKTIME
from hangd.player.extent import asf, flv, matroska, mp4
from hangd.player.extent.extent import AVFORMAT, Extent, Reader, read_from

_MEASURES: Final[dict[str | None, Callable[[Reader], Extent]]] = {
    MATROSKA: matroska.measure,
    QUICKTIME: mp4.measure,
    "asf": asf.measure,
    "flv": flv.measure,
}

_BY_AVFORMAT: Final = frozenset({"aac", "flac", "mp3", "mpeg", "ogg", "wav"})
"""Containers in which VLC's own demuxers do not know where they are. Measured: after a seek what was heard was up to
9 s off in Ogg, 1 s in AAC and in MP3 of variable rate, differently by what had been played before; MPEG was 0.2 to
0.8 s off, and its times jumped by that much; and an Ogg that had ended could not be opened again. avformat is at most
2 ms off."""

_DURATION_MAX: Final = 1e6
"""Seconds: eleven days. A damaged file can say anything."""


def measure(path: str, container: str | None) -> Extent:
    """Return the extent of the file at ``path``, as far as it can be read. May block.

    Raises:
        Incomplete: nothing of it can be played as it is.
    """
    if container in _BY_AVFORMAT:
        return Extent(demuxer=AVFORMAT)
    function = _MEASURES.get(container)
    extent = None if function is None else read_from(path, function)
    if extent is None or not (extent.duration is None or 0.0 < extent.duration < _DURATION_MAX):
        return Extent()
    return extent
