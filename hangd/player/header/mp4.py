"""The header of MP4 and QuickTime files: its brands, its tags by FFmpeg's names, channels and bit rates of tracks."""

import datetime
import struct
from collections.abc import Iterator
from typing import Final

from hangd.player.extent.extent import Reader, Unreadable
from hangd.player.extent.mp4 import MOOV_MAX, boxes, boxes_of_file, find
from hangd.player.header.header import TAG_BYTES_MAX, TAGS_MAX, Header, HeaderTrack

_NAMES: Final = dict(
    pair.split("=")
    for pair in """
©nam=title ©ART=artist aART=album_artist ©alb=album ©day=date ©too=encoder ©enc=encoder ©cmt=comment ©gen=genre
©wrt=composer ©cpy=copyright cprt=copyright desc=description ldes=synopsis tvsh=show tven=episode_id tvnn=network
tves=episode_sort tvsn=season_number trkn=track disk=disc ©grp=grouping ©lyr=lyrics keyw=keywords catg=category
purd=purchase_date sonm=sort_name soar=sort_artist soal=sort_album soaa=sort_album_artist soco=sort_composer
sosn=sort_show ©dir=director ©prd=producer ©PRD=producer ©prf=performers ©xyz=location ©url=URL ©dis=disclaimer
""".split()
)
"""Kinds of box, and FFmpeg's names of the tags in them."""
_FREE: Final = b"----"
"""A tag with a name of its own."""
_PAIRS: Final = ("track", "disc")
_NUMBERS: Final = ("episode_sort", "season_number")
_TEXTS: Final = (1, 2)
"""Kinds of data: UTF-8 and UTF-16."""
_EPOCH: Final = datetime.datetime(1904, 1, 1, tzinfo=datetime.UTC)
_CHANNELS_AT: Final = 24
"""Of the number of channels in a sound's description, from the beginning of its box."""
_DESCRIPTION_ENDS: Final = {0: 36, 1: 52}
"""Where the boxes in it begin, by its version."""
_CONFIGURED: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8}
"""Channels of AAC, by the number of their configuration (ISO 14496-3)."""
_DESCRIPTORS: Final = (3, 4, 5)
"""In an "esds" box one is in the other: of the stream, of its decoder, and what the decoder has to know."""
_FIELDS: Final = {3: 3, 4: 13}
"""Bytes before the next descriptor."""


def read(reader: Reader) -> Header:
    """Raises Unreadable, OSError."""
    tags: dict[str, bytes] = {}
    tracks: dict[bytes, tuple[HeaderTrack, ...]] = {}
    for kind, start, end in boxes_of_file(reader):
        if kind == b"ftyp" and end - start <= TAG_BYTES_MAX:
            tags |= _brands(reader.at(start, end - start))
        elif kind == b"moov" and end - start <= MOOV_MAX:
            moov = reader.at(start, end - start)
            for name, value in _tags(moov):
                if len(tags) < TAGS_MAX and value:
                    tags.setdefault(name, value[:TAG_BYTES_MAX])
            tracks = {wanted: tuple(_tracks(moov, wanted)) for wanted in (b"vide", b"soun")}
            break
    else:
        raise Unreadable
    return Header(tags, tracks[b"vide"], tracks[b"soun"])


def _brands(ftyp: bytes) -> dict[str, bytes]:
    minor = int.from_bytes(ftyp[4:8])
    return {"major_brand": ftyp[:4], "minor_version": str(minor).encode(), "compatible_brands": ftyp[8:]}


def _tags(moov: bytes) -> Iterator[tuple[str, bytes]]:
    if created := _created(find(moov, b"mvhd") or b""):
        yield "creation_time", created
    udta = find(moov, b"udta") or b""
    meta = find(udta, b"meta") or b""
    for kind, data in boxes(find(meta[4:], b"ilst") or b""):
        inner = dict(boxes(data))
        name = _NAMES.get(kind.decode("latin-1"))
        if kind == _FREE:
            name = inner.get(b"name", b"")[4:].decode(errors="replace")
        if name and len(inner.get(b"data", b"")) > 8:
            yield name, _value(name, int.from_bytes(inner[b"data"][:4]), inner[b"data"][8:])
    for kind, data in boxes(udta):  # as QuickTime has them: a length, a language, text
        name = _NAMES.get(kind.decode("latin-1"))
        if name and kind.startswith(b"\xa9") and len(data) > 4:
            yield name, data[4 : 4 + int.from_bytes(data[:2])]


def _value(name: str, kind: int, data: bytes) -> bytes:
    if name in _PAIRS and len(data) >= 6:
        number, total = struct.unpack_from(">HH", data, 2)
        return (f"{number}/{total}" if total else str(number)).encode()
    if name in _NUMBERS:
        return str(int.from_bytes(data[-4:])).encode()
    return data if kind in _TEXTS else b""


def _created(mvhd: bytes) -> bytes:
    """Return when the file was made, as FFmpeg writes it; nothing if it does not tell."""
    seconds = int.from_bytes(mvhd[4:12] if mvhd[:1] == b"\1" else mvhd[4:8])
    if not seconds:
        return b""
    return f"{_EPOCH + datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.000000Z}".encode()


def _tracks(moov: bytes, wanted: bytes) -> Iterator[HeaderTrack]:
    for kind, trak in boxes(moov):
        handler = find(trak, b"mdia", b"hdlr") if kind == b"trak" else None
        if handler is not None and handler[8:12] == wanted:
            table = find(trak, b"mdia", b"minf", b"stbl") or b""
            channels = _described(find(table, b"stsd") or b"") if wanted == b"soun" else None
            yield HeaderTrack(channels, _bitrate(find(trak, b"mdia", b"mdhd") or b"", find(table, b"stsz") or b""))


def _bitrate(mdhd: bytes, stsz: bytes) -> int | None:
    """Return the bits of all samples by the track's duration; None in a file of fragments, which has no such table."""
    if len(mdhd) < 20 or len(stsz) < 12:
        return None
    scale, length = struct.unpack_from(">IQ", mdhd, 20) if mdhd[0] == 1 else struct.unpack_from(">II", mdhd, 12)
    each, count = struct.unpack_from(">II", stsz, 4)
    sizes = each * count if each else sum(size for (size,) in struct.iter_unpack(">I", stsz[12 : 12 + 4 * count]))
    return round(8 * sizes * scale / length) if length and sizes else None


def _described(stsd: bytes) -> int | None:
    """Return the channels of the first description of a sound. What its decoder has to know is more to be trusted."""
    entry = stsd[8:]
    if len(entry) < _DESCRIPTION_ENDS[0]:
        return None
    ends = _DESCRIPTION_ENDS.get(int.from_bytes(entry[16:18]))
    esds = None if ends is None else find(entry[ends:], b"esds")
    configured = None if esds is None else _configured(esds[4:])
    return configured or int.from_bytes(entry[_CHANNELS_AT : _CHANNELS_AT + 2]) or None


def _configured(data: bytes) -> int | None:
    """Return the channels that AAC's decoder is told of."""
    for tag in _DESCRIPTORS:
        if not data or data[0] != tag:
            return None
        at = 1
        while at < 4 and data[at] & 0x80:
            at += 1
        data = data[at + 1 + _FIELDS.get(tag, 0) :]
    bits = f"{int.from_bytes(data[:8]):0{8 * len(data[:8])}b}"
    at = 5 if bits[:5] != "11111" else 11
    at += 4 if bits[at : at + 4] != "1111" else 28
    return _CONFIGURED.get(int(bits[at : at + 4] or "0", 2))
