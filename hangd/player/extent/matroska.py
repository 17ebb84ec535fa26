"""Measure Matroska and WebM: by the times of the first and of the last cluster, whatever the header says.

A file is a tree of elements: an id, a size, and data. A *segment* is the film. It has *clusters*, each with a time of
its own and *blocks*, whose times count from the cluster's.
"""

import itertools
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from hangd.player.extent.extent import DURATION_TOLERANCE, Extent, Incomplete, Reader, Unreadable, between

SEGMENT: Final = 0x18538067
INFO: Final = 0x1549A966
_TIMESTAMP_SCALE: Final = 0x2AD7B1
_DURATION: Final = 0x4489
TRACKS: Final = 0x1654AE6B
TRACK: Final = 0xAE
_TRACK_NUMBER: Final = 0xD7
TRACK_TYPE: Final = 0x83
_FRAME_DURATION: Final = 0x23E383
CLUSTER: Final = 0x1F43B675
_CLUSTER_TIMESTAMP: Final = 0xE7
_FIRST_IN_CLUSTER: Final = (_CLUSTER_TIMESTAMP, 0xEC, 0xBF, 0xA7, 0xAB)
"""Its time, or what may come before: filling, a checksum, its place, the size of the cluster before."""
_SIMPLE_BLOCK: Final = 0xA3
_BLOCK_GROUP: Final = 0xA0
_BLOCK: Final = 0xA1
_VIDEO, _AUDIO = 1, 2

_HEAD: Final = 12
"""Bytes of an id and a size at most."""
_BEFORE_CLUSTERS_MAX: Final = 1000
"""Elements. There are five to ten; each attachment is inside of one of them."""
_BLOCKS_MAX: Final = 100_000
"""In the last cluster and behind it. A cluster has a few seconds, and a second fewer than two hundred blocks."""
_PICTURES: Final = 25
_FIRST_BLOCKS: Final = 2000
"""From so many pictures, or blocks of all tracks, at the film's beginning it is told how far apart its pictures are."""
_SEARCH_BYTES: Final = 64 << 20
"""How far before the end the last cluster is looked for. Clusters are shorter than 5 s."""
_PIECE: Final = 1 << 20


class Element(NamedTuple):
    id: int
    data: int
    """Where its data begin."""
    end: int | None
    """Where they end; None: wherever an element of the parent's kind begins (a film that was written to a pipe)."""


class _Header(NamedTuple):
    scale: float = 0.001
    """Seconds in a unit of the blocks' times."""
    duration: float | None = None
    tracks: frozenset[int] = frozenset()
    """The numbers of those with picture or sound: subtitles may last longer than the film."""
    pictures: frozenset[int] = frozenset()
    """The numbers of those with a picture."""
    frame: float = 0.04
    """Seconds that the last frame lasts."""


def measure(reader: Reader) -> Extent:
    """Raises Unreadable, Incomplete, OSError."""
    segment = next((e for e in elements(reader, 0, reader.size) if e.id == SEGMENT), None)
    if segment is None:
        raise Unreadable
    whole = segment.end is None or segment.end <= reader.size
    stop = reader.size if segment.end is None else min(segment.end, reader.size)
    header, first = _read_header(reader, segment.data, stop)
    times = dict(_first_times(reader, header, first, stop))
    begin = min(times.values(), default=None)
    last = _last_time(reader, header, first.data, stop)
    if begin is None or last is None:
        raise Unreadable if whole else Incomplete("it is cut short, and nothing of its pictures is there")
    told = header.duration
    return between(
        begin,
        last + header.frame,
        whole=whole,
        header_is_short=told is not None and 0 < told < last - DURATION_TOLERANCE,
        sparse=_is_sparse(reader, header, first, stop),
        first_picture=next((times[track] for track in sorted(header.pictures & times.keys())), None),
    )


def _read_header(reader: Reader, start: int, stop: int) -> tuple[_Header, Element]:
    """Return what comes before the clusters, and the first cluster."""
    header = _Header()
    ticks: float | None = None
    for count, element in enumerate(elements(reader, start, stop)):
        end = stop if element.end is None else element.end
        if element.id == CLUSTER:
            if ticks is not None:
                header = header._replace(duration=ticks * header.scale)
            return header, element
        if element.id == INFO:
            for inner in elements(reader, element.data, end):
                if inner.id == _TIMESTAMP_SCALE:
                    header = header._replace(scale=(number(reader, inner) or 1_000_000) / 1e9)
                elif inner.id == _DURATION:
                    ticks = _real(reader, inner)
        elif element.id == TRACKS:
            header = _read_tracks(reader, header, element.data, end)
        if count > _BEFORE_CLUSTERS_MAX:
            break
    raise Unreadable


def _read_tracks(reader: Reader, header: _Header, start: int, end: int) -> _Header:
    for track in elements(reader, start, end):
        if track.id != TRACK or track.end is None:
            continue
        fields = {inner.id: inner for inner in elements(reader, track.data, track.end)}
        if _TRACK_NUMBER not in fields or TRACK_TYPE not in fields:
            continue
        kind = number(reader, fields[TRACK_TYPE])
        if kind in (_VIDEO, _AUDIO):
            header = header._replace(tracks=header.tracks | {number(reader, fields[_TRACK_NUMBER])})
        if kind == _VIDEO:
            header = header._replace(pictures=header.pictures | {number(reader, fields[_TRACK_NUMBER])})
        if kind == _VIDEO and _FRAME_DURATION in fields:
            header = header._replace(frame=min(number(reader, fields[_FRAME_DURATION]) / 1e9, 1.0))
    return header


def _first_times(reader: Reader, header: _Header, first: Element, stop: int) -> Iterator[tuple[int, float]]:
    """Yield each track, and the time of its first block in the first cluster."""
    seen: set[int] = set()
    for track, time in _blocks(reader, header, first, stop):
        if track not in seen:
            seen.add(track)
            yield track, time
        if seen == header.tracks:
            return


def _is_sparse(reader: Reader, header: _Header, first: Element, stop: int) -> bool:
    """Return whether the film's first pictures are more than a second apart, on an average."""
    rest = () if first.end is None else itertools.islice(elements(reader, first.end, stop), _BEFORE_CLUSTERS_MAX)
    clusters = itertools.chain((first,), (element for element in rest if element.id == CLUSTER))
    blocks = itertools.chain.from_iterable(_blocks(reader, header, cluster, stop) for cluster in clusters)
    pictures, times = 0, []
    for track, time in itertools.islice(blocks, _FIRST_BLOCKS):
        times.append(time)
        pictures += track in header.pictures
        if pictures == _PICTURES:
            break
    return 0 < pictures <= max(times) - min(times)


def _last_time(reader: Reader, header: _Header, start: int, stop: int) -> float | None:
    """Return the latest time of a block in the last cluster that has any."""
    for cluster in _clusters_backwards(reader, start, stop):
        times = [time for _, time in _blocks(reader, header, cluster, stop)]
        if times:
            return max(times)
    return None


def _clusters_backwards(reader: Reader, start: int, stop: int) -> Iterator[Element]:
    """Yield the clusters backwards, from the last one to the one whose data begin at ``start``, within limits."""
    mark = CLUSTER.to_bytes(4)
    upper = stop
    lowest = max(start - _HEAD, stop - _SEARCH_BYTES)
    while upper > lowest:
        lower = max(lowest, upper - _PIECE)
        # The next piece begins a few bytes later than this one ends: an id may lie across the border.
        piece = reader.at(lower, min(upper + len(mark) - 1, stop) - lower)
        found = len(piece)
        while (found := piece.rfind(mark, 0, found + len(mark) - 1)) >= 0:
            cluster = _element(reader, lower + found)
            if cluster is not None and _begins_as_cluster(reader, cluster):
                yield cluster
        upper = lower


def _begins_as_cluster(reader: Reader, cluster: Element) -> bool:
    """Tell whether this is a cluster, and not four bytes of a picture that look like its id."""
    first = _element(reader, cluster.data)
    return first is not None and first.id in _FIRST_IN_CLUSTER


def _blocks(reader: Reader, header: _Header, cluster: Element, stop: int) -> Iterator[tuple[int, float]]:
    """Yield track and time of each block of picture or sound in a cluster, as far as the file has it."""
    base = 0
    end = stop if cluster.end is None else min(cluster.end, stop)
    for count, element in enumerate(elements(reader, cluster.data, end)):
        if element.id in (CLUSTER, SEGMENT) or count > _BLOCKS_MAX:
            return
        if element.end is None or element.end > stop:
            return  # the file is cut here
        if element.id == _CLUSTER_TIMESTAMP:
            base = number(reader, element)
            continue
        block: Element | None = element
        if element.id == _BLOCK_GROUP:
            block = next((e for e in elements(reader, element.data, element.end) if e.id == _BLOCK), None)
        elif element.id != _SIMPLE_BLOCK:
            continue
        if block is None:
            continue
        track, length = _variable(reader.at(block.data, _HEAD), keeps_mark=False)
        if track in header.tracks:
            offset = int.from_bytes(reader.at(block.data + length, 2), signed=True)
            yield track, max(0, base + offset) * header.scale


# ---- elements -------------------------------------------------------------------------------------------------------


def elements(reader: Reader, start: int, stop: int) -> Iterator[Element]:
    """Yield the elements that follow each other from ``start`` on. One of unknown size is the last."""
    position = start
    while position < stop:
        element = _element(reader, position)
        if element is None:
            return
        yield element
        if element.end is None:
            return
        position = element.end


def _element(reader: Reader, position: int) -> Element | None:
    """Return the element that begins here; None if there is none."""
    head = reader.at(position, _HEAD)
    try:
        id, id_length = _variable(head, keeps_mark=True)
        size, size_length = _variable(head[id_length:], keeps_mark=False)
    except Unreadable:
        return None
    data = position + id_length + size_length
    unknown = size == (1 << 7 * size_length) - 1
    return Element(id, data, None if unknown else data + size)


def _variable(data: bytes, *, keeps_mark: bool) -> tuple[int, int]:
    """Return a number whose first byte tells its length by its highest bit that is set, and this length."""
    if not data or data[0] == 0:
        raise Unreadable
    length = 9 - data[0].bit_length()
    if len(data) < length:
        raise Unreadable
    value = int.from_bytes(data[:length])
    return (value if keeps_mark else value & ~(1 << 7 * length)), length


def number(reader: Reader, element: Element) -> int:
    return int.from_bytes(_value(reader, element))


def _real(reader: Reader, element: Element) -> float | None:
    data = _value(reader, element)
    if len(data) not in (4, 8):
        return None
    (value,) = struct.unpack(">f" if len(data) == 4 else ">d", data)
    return float(value)


def _value(reader: Reader, element: Element) -> bytes:
    if element.end is None or element.end - element.data > 8:
        raise Unreadable
    return reader.at(element.data, element.end - element.data)
