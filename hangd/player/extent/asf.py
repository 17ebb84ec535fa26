"""Measure ASF (WMV, WMA): by the times of its first and of its last packet. All packets have one length."""

import struct
from typing import Final

from hangd.player.extent.extent import DURATION_TOLERANCE, Extent, Reader, Unreadable, between

_PROPERTIES: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_DATA: Final = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_OBJECT: Final = struct.Struct("<16sQ")
_PLAYED: Final = struct.Struct("<QQQIII")
"""Play duration and send duration in 100 ns, preroll in ms, flags, smallest and greatest packet."""
_PLAYED_AT: Final = 64
"""Where that is in the object of the file's properties."""
_DATA_HEAD: Final = 50
_HEAD_LENGTH: Final = 30
"""Bytes of the header object, before the objects inside of it."""
_OBJECTS_MAX: Final = 1000
_FIELD_LENGTHS: Final = (0, 1, 2, 4)
"""Bytes of a field, by the two bits that say so."""


def measure(reader: Reader) -> Extent:
    """Raises Unreadable, OSError."""
    _, size = reader.unpack(_OBJECT, 0)
    properties = _place(reader, _PROPERTIES, _HEAD_LENGTH, min(size, reader.size))
    data = _place(reader, _DATA, size, reader.size)
    duration, _, preroll, _, length, greatest = reader.unpack(_PLAYED, properties + _PLAYED_AT)
    if length == 0 or length != greatest:
        raise Unreadable
    data_size = reader.unpack(_OBJECT, data)[1]
    first = data + _DATA_HEAD
    count = (min(reader.size, data + data_size) - first) // length
    if count < 1:
        raise Unreadable
    begin, end = (_time(reader, place) for place in (first, first + (count - 1) * length))
    told = duration / 1e7 - preroll / 1e3
    whole = data + data_size <= reader.size
    return between(begin, end, whole=whole, header_is_short=told < end - DURATION_TOLERANCE)


def _place(reader: Reader, wanted: bytes, start: int, stop: int) -> int:
    """Return where this object begins. Raises Unreadable if it is not between these places."""
    position = start
    for _ in range(_OBJECTS_MAX):
        if position + _OBJECT.size > stop:
            break
        kind, size = _OBJECT.unpack(reader.at(position, _OBJECT.size))
        if kind == wanted:
            return position
        if size < _OBJECT.size:
            break
        position += size
    raise Unreadable


def _time(reader: Reader, place: int) -> float:
    """Return when the packet at this place is to be sent, in seconds, with its duration: it is shown after a delay."""
    head = reader.at(place, 64)
    at = 1 + (head[0] & 0x0F) if head[0] & 0x80 else 0
    flags = head[at]
    at += 2
    for shift in (5, 1, 3):  # the packet's length, its sequence, its padding
        at += _FIELD_LENGTHS[flags >> shift & 3]
    return int.from_bytes(head[at : at + 4], "little") / 1000
