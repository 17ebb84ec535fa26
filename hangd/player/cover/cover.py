"""`Cover`: a picture that VLC can be given. `choose` makes one of what a file has."""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

PICTURE_BYTES_MAX: Final = 32 << 20
"""Of one picture. A longer one is not read."""
PICTURES_MAX: Final = 20
FRONT: Final = 3
"""The number of a front cover among the kinds of picture that ID3 and FLAC have."""

_PIXELS_MAX: Final = 1 << 24
"""VLC keeps several decoded copies: of 4000 x 4000 pixels up to 64 MB each."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE: Final = struct.Struct(">II")
_PNG_SIZE_AT: Final = 16
_JPEG: Final = b"\xff\xd8"
_JFIF: Final = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
"""VLC takes a JPEG picture for one only if this segment, or that of a camera, comes first."""
_FIRST_SEGMENTS: Final = (b"\xff\xe0", b"\xff\xe1")
_FIRST_NAMES: Final = (b"JFIF\0", b"Exif\0")
_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The kinds of segment that tell the size of a JPEG picture."""
_FRAME_SIZE: Final = struct.Struct(">HH")
_SEGMENT: Final = struct.Struct(">BBH")
_SEGMENTS_MAX: Final = 1000


class Cover(NamedTuple):
    content: bytes
    """A whole picture file, of a kind that VLC recognizes."""
    codec: str
    """As mpv names it: "mjpeg" or "png"."""
    width: int
    height: int
    title: str | None = None
    """The name of the picture's file, if it has one of its own."""
    file: str | None = None
    """The path of the picture's file; None if it is in the film's own."""


class Picture(NamedTuple):
    """A picture as a file has it, not looked at yet."""

    content: bytes
    is_front: bool = False
    title: str | None = None


def choose(pictures: Iterable[Picture]) -> Cover | None:
    """Return the front cover, or else the first picture that VLC can show. Reads no more than PICTURES_MAX of them."""
    shown: Cover | None = None
    for _, picture in zip(range(PICTURES_MAX), pictures, strict=False):
        if (shown is None or picture.is_front) and (cover := cover_of(picture.content)) is not None:
            shown = cover._replace(title=picture.title)
            if picture.is_front:
                break
    return shown


def cover_of(content: bytes) -> Cover | None:
    """Return the cover with this content; None if it is no picture, too large, or of a kind that is not shown."""
    if content.startswith(_PNG) and len(content) >= _PNG_SIZE_AT + _PNG_SIZE.size:
        width, height = _PNG_SIZE.unpack_from(content, _PNG_SIZE_AT)
        codec = "png"
    elif content.startswith(_JPEG) and (size := next(_jpeg_sizes(content), None)) is not None:
        height, width = size
        codec = "mjpeg"
        if content[2:4] not in _FIRST_SEGMENTS or content[6:11] not in _FIRST_NAMES:
            content = _JPEG + _JFIF + content[2:]
    else:
        return None
    return Cover(content, codec, width, height) if 0 < width * height <= _PIXELS_MAX else None


def _jpeg_sizes(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the heights and widths that the picture's head tells: one, if it is a picture."""
    position = len(_JPEG)
    for _ in range(_SEGMENTS_MAX):
        if position + _SEGMENT.size > len(content):
            return
        mark, kind, length = _SEGMENT.unpack_from(content, position)
        if mark != 0xFF:
            return
        if kind == 0xFF:  # filling
            position += 1
            continue
        if kind in _FRAME and position + 5 + _FRAME_SIZE.size <= len(content):
            yield _FRAME_SIZE.unpack_from(content, position + 5)
        position += 2 + length
