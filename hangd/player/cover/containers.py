"""Pictures in films' containers that have sound alone: MP4 ("covr"), and Matroska (attachments)."""

from collections.abc import Iterator
from typing import Final

from hangd.player.cover.cover import PICTURE_BYTES_MAX, Picture
from hangd.player.extent.extent import Reader
from hangd.player.extent.matroska import Element
from hangd.player.extent.mp4 import MOOV_MAX, boxes, boxes_of_file, find
from hangd.player.header.matroska import inside, parts, text

_DATA_HEAD: Final = 8
"""Of a picture's box: what kind of data it has, and a language."""
_ATTACHMENTS: Final = 0x1941A469
_ATTACHED: Final = 0x61A7
_NAME: Final = 0x466E
_KIND: Final = 0x4660
_DATA: Final = 0x465C
_IMAGE: Final = b"image/"
_FRONT: Final = "cover."
"""How the name of the front cover begins, as Matroska recommends."""


def in_mp4(reader: Reader) -> Iterator[Picture]:
    """Raises Unreadable, OSError, struct.error."""
    for kind, start, end in boxes_of_file(reader):
        if kind != b"moov" or end - start > MOOV_MAX:
            continue
        meta = find(reader.at(start, end - start), b"udta", b"meta") or b""
        for inner, data in boxes(find(meta[4:], b"ilst", b"covr") or b""):
            if inner == b"data":
                yield Picture(data[_DATA_HEAD:])


def in_matroska(reader: Reader) -> Iterator[Picture]:
    """Raises Unreadable, OSError."""
    attachments = parts(reader, _ATTACHMENTS).get(_ATTACHMENTS)
    for attached in [] if attachments is None else inside(reader, attachments):
        fields = {inner.id: inner for inner in inside(reader, attached)} if attached.id == _ATTACHED else {}
        if fields.keys() >= {_NAME, _KIND, _DATA} and text(reader, fields[_KIND]).startswith(_IMAGE):
            name = text(reader, fields[_NAME]).decode(errors="replace")
            yield Picture(_content(reader, fields[_DATA]), name.lower().startswith(_FRONT), name)


def _content(reader: Reader, data: Element) -> bytes:
    length = 0 if data.end is None else data.end - data.data
    return reader.at(data.data, length) if length <= PICTURE_BYTES_MAX else b""
