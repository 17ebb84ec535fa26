"""Measure FLV: by the times of its first and last tags. Each tag is followed by its length, so the last is found."""

from typing import Final

from hangd.player.extent.extent import Extent, Reader, Unreadable

_HEAD: Final = 11
_SOUND, _PICTURE = 8, 9
_PICTURE_OR_SOUND: Final = (_SOUND, _PICTURE)
_AVC: Final = 7
_AAC: Final = 10
_TAGS_MAX: Final = 2_000_000
_FRAME_SECONDS: Final = 0.04
_BEFORE_TAGS: Final = 13


def measure(reader: Reader) -> Extent:
    """Raises Unreadable, OSError."""
    position, begin = _BEFORE_TAGS, None
    while begin is None:
        kind, end, time = _tag(reader, position)
        # A decoder's settings come first, as tags at 0, whenever the film begins.
        if kind in _PICTURE_OR_SOUND and not _has_settings(reader.at(position + _HEAD, 2), kind):
            begin = time
        position = end
    tail = reader.size - 4
    try:
        last = tail - int.from_bytes(reader.at(tail, 4))
        kind, end, time = _tag(reader, last)
        whole = kind in _PICTURE_OR_SOUND and end == reader.size
    except Unreadable:
        whole = False
    if not whole:
        time = _last_time(reader, position, begin)
    return Extent(duration=time - begin + _FRAME_SECONDS, whole=whole)


def _last_time(reader: Reader, position: int, begin: float) -> float:
    """Return the time of the last tag that is whole."""
    last = begin
    for _ in range(_TAGS_MAX):
        try:
            _, end, time = _tag(reader, position)
        except Unreadable:
            break
        if end > reader.size:
            break
        position, last = end, time
    return last


def _has_settings(data: bytes, kind: int) -> bool:
    codec = data[:1] and (data[0] & 0x0F if kind == _PICTURE else data[0] >> 4)
    return codec == (_AVC if kind == _PICTURE else _AAC) and data[1:] == b"\0"


def _tag(reader: Reader, position: int) -> tuple[int, int, float]:
    """Return kind, end and time of the tag that begins here."""
    head = reader.at(position, _HEAD)
    if len(head) < _HEAD or int.from_bytes(head[8:11]) != 0:
        raise Unreadable
    milliseconds = int.from_bytes(head[4:7]) | head[7] << 24
    return head[0] & 0x1F, position + _HEAD + int.from_bytes(head[1:4]) + 4, milliseconds / 1000
