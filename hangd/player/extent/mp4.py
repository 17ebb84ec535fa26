"""Measure MP4 and QuickTime files: by their tables of samples.

A file is a sequence of *boxes*: a size, four letters, and data. The box "moov" has a box "trak" for each track, with
tables of how long each sample lasts and where it is. Files in fragments ("moof") have no such tables.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from hangd.player.extent.extent import AVFORMAT, Extent, Incomplete, Reader, Unreadable, between

_SIZE_32: Final = struct.Struct(">I4s")
_SIZE_64: Final = struct.Struct(">Q")
_U32: Final = struct.Struct(">I")
_PAIR: Final = struct.Struct(">II")
_TRIPLE: Final = struct.Struct(">III")
_EDIT_32: Final = struct.Struct(">Ii")
_EDIT_64: Final = struct.Struct(">Qq")

_BOXES_MAX: Final = 100_000
"""At the top of a file: fragments come every few seconds."""
MOOV_MAX: Final = 64 << 20
"""Bytes. Ten hours of picture and sound need less."""


class _Track(NamedTuple):
    begin: float
    """How long the track waits before its first sample (an empty edit)."""
    end: float
    """When its last sample ends that the file has, from the film's beginning."""
    whole: bool
    is_picture: bool


def measure(reader: Reader) -> Extent:
    """Raises Unreadable, Incomplete, OSError."""
    moov: tuple[int, int] | None = None
    in_fragments = False
    whole = True
    for count, (kind, start, end) in enumerate(boxes_of_file(reader)):
        whole = whole and end <= reader.size
        if kind == b"moov" and end <= reader.size:
            moov = start, end
        in_fragments = in_fragments or kind == b"moof"
        if count > _BOXES_MAX:
            raise Unreadable
    if moov is None:
        raise Incomplete("its index is missing. Is it still being written, or was it cut short?")
    if in_fragments:
        # Measured: of some such files VLC's own demuxer knows no duration, and seeks nowhere in them.
        return Extent(whole=whole, demuxer=AVFORMAT)
    if moov[1] - moov[0] > MOOV_MAX:
        return Extent(whole=whole)
    data = reader.at(moov[0], moov[1] - moov[0])
    tracks = list(_tracks(data, reader.size))
    if not tracks:
        return Extent(whole=whole)
    return between(
        min(track.begin for track in tracks),
        max(track.end for track in tracks),
        whole=whole and all(track.whole for track in tracks),
        first_picture=next((track.begin for track in tracks if track.is_picture), None),
    )


def boxes_of_file(reader: Reader) -> Iterator[tuple[bytes, int, int]]:
    """Yield letters, first byte of the data, and end of each box at the top."""
    position = 0
    while position < reader.size:
        if reader.size - position < _SIZE_32.size:
            return
        size, kind = _SIZE_32.unpack(reader.at(position, _SIZE_32.size))
        start = position + _SIZE_32.size
        if size == 1:
            (size,) = reader.unpack(_SIZE_64, start)
            start += _SIZE_64.size
        elif size == 0:
            size = reader.size - position  # up to the end
        if size < start - position:
            raise Unreadable
        yield kind, start, position + size
        position += size


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + _SIZE_32.size <= len(data):
        size, kind = _SIZE_32.unpack_from(data, position)
        head = _SIZE_32.size
        if size == 1:
            (size,) = _SIZE_64.unpack_from(data, position + head)
            head += _SIZE_64.size
        elif size == 0:
            size = len(data) - position
        if size < head:
            raise Unreadable
        yield kind, data[position + head : position + size]
        position += size


def find(data: bytes, *path: bytes) -> bytes | None:
    """Return the data of the first box on this path."""
    for kind in path:
        found = next((inner for name, inner in boxes(data) if name == kind), None)
        if found is None:
            return None
        data = found
    return data


def _tracks(moov: bytes, size: int) -> Iterator[_Track]:
    """Yield the tracks of picture and sound in a file of this size."""
    header = find(moov, b"mvhd")
    if header is None:
        raise Unreadable
    film_scale = _scale(header)
    for kind, trak in boxes(moov):
        media, handler = (find(trak, b"mdia", name) for name in (b"mdhd", b"hdlr"))
        table = find(trak, b"mdia", b"minf", b"stbl")
        if kind != b"trak" or None in (media, handler, table):
            continue
        assert media is not None and handler is not None and table is not None
        if handler[8:12] not in (b"vide", b"soun"):
            continue
        samples, whole = _samples_there(table, size)
        length = _length(table, samples) / _scale(media)
        edits = _edits(find(trak, b"edts", b"elst"))
        empty = sum(duration for duration, start in edits if start < 0) / film_scale
        shown = [start for _, start in edits if start >= 0]
        skipped = shown[0] / _scale(media) if len(shown) == 1 else 0.0
        yield _Track(empty, empty + max(0.0, length - skipped), whole, handler[8:12] == b"vide")


def _scale(header: bytes) -> int:
    """Return the units in a second, from "mvhd" or "mdhd"."""
    (scale,) = _U32.unpack_from(header, 20 if header[0] == 1 else 12)
    if scale == 0:
        raise Unreadable
    return int(scale)


def _edits(box: bytes | None) -> list[tuple[int, int]]:
    """Return duration (in the film's units) and first time (in the track's; -1: nothing is shown) of each edit."""
    if box is None:
        return []
    form = _EDIT_64 if box[0] == 1 else _EDIT_32
    (count,) = _U32.unpack_from(box, 4)
    step = form.size + 4
    return [form.unpack_from(box, 8 + index * step) for index in range(min(count, (len(box) - 8) // step))]


def _length(table: bytes, samples: int | None) -> int:
    """Return how long the first samples last together (None: all of them), in the track's units."""
    times = find(table, b"stts")
    if times is None:
        raise Unreadable
    length = 0
    for count, each in _PAIR.iter_unpack(_entries(times, _PAIR)):
        if samples is not None:
            count = min(count, samples)
            samples -= count
        length += count * each
    return length


def _samples_there(table: bytes, size: int) -> tuple[int | None, bool]:
    """Return how many samples are in the chunks that a file of this size has (None: all), and whether that is all."""
    places, form = find(table, b"stco"), _U32
    if places is None:
        places, form = find(table, b"co64"), _SIZE_64
    counts = find(table, b"stsc")
    if places is None or counts is None:
        raise Unreadable
    entries = _entries(places, form)
    chunks = struct.unpack(f">{len(entries) // form.size}{form.format[-1]}", entries)
    if max(chunks, default=0) < size:
        return None, True
    there = next(index for index, offset in enumerate(chunks) if offset >= size)
    samples = 0
    runs = list(_TRIPLE.iter_unpack(_entries(counts, _TRIPLE)))
    for index, (first, each, _) in enumerate(runs):
        behind = runs[index + 1][0] if index + 1 < len(runs) else len(chunks) + 1
        samples += each * max(0, min(behind - 1, there) - (first - 1))
    return samples, False


def _entries(box: bytes, form: struct.Struct) -> bytes:
    """Return a table's entries: whole ones, as many as it says and has."""
    (count,) = _U32.unpack_from(box, 4)
    count = min(count, (len(box) - 8) // form.size)
    return box[8 : 8 + count * form.size]
