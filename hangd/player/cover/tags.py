"""Pictures in the tags of sound files: ID3 (MP3 and others), FLAC, and the comments of Ogg."""

import base64
import struct
from collections.abc import Iterator
from typing import Final

from hangd.player.container import seven_bits
from hangd.player.cover.cover import FRONT, PICTURE_BYTES_MAX, Picture
from hangd.player.extent.extent import Reader, Unreadable

_ID3_HEAD: Final = struct.Struct(">3sBBB4s")
_UNSYNCHRONIZED: Final = 0x80
_EXTENDED: Final = 0x40
_FRAME_BEGINS: Final = {2: (6, 3, b"PIC"), 3: (10, 4, b"APIC"), 4: (10, 4, b"APIC")}
"""By version: the length of a frame's head, of its name and of its size, and the name of pictures."""
_FRAME_UNSYNCHRONIZED: Final = 0x02
_FRAME_LENGTH: Final = 0x01
_FRAME_UNREADABLE: Final = {3: 0xC0, 4: 0x0C}
"""Flags of frames that are compressed or encrypted."""
_FRAMES_MAX: Final = 1000
_SIGNATURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")

_FLAC: Final = b"fLaC"
_FLAC_PICTURE: Final = 6
_FLAC_BLOCKS_MAX: Final = 1000
_U32: Final = struct.Struct(">I")
_NUMBERS_LENGTH: Final = 16
"""Width, height, depth and colours."""

_OGG_PAGE: Final = struct.Struct("<4sBBqIIIB")
_OGG_PAGES_MAX: Final = 2000
_COMMENT: Final = struct.Struct("<I")
_COMMENT_BEGINS: Final = (b"\x03vorbis", b"OpusTags")
_COMMENTS_MAX: Final = 1000
_OGG_PICTURE: Final = b"METADATA_BLOCK_PICTURE"


# ---- ID3 ------------------------------------------------------------------------------------------------------------


def in_id3(reader: Reader) -> Iterator[Picture]:
    """Yield the pictures of the ID3 tag at the file's beginning. Raises Unreadable, OSError."""
    name, version, _, flags, length = reader.unpack(_ID3_HEAD, 0)
    if name != b"ID3" or version not in _FRAME_BEGINS:
        return
    data = reader.at(_ID3_HEAD.size, min(seven_bits(length), PICTURE_BYTES_MAX))
    if flags & _UNSYNCHRONIZED and version < 4:
        data = _synchronized(data)
    head, name_length, wanted = _FRAME_BEGINS[version]
    position = 0
    if flags & _EXTENDED and version > 2:
        position = seven_bits(data[:4]) if version == 4 else 4 + int.from_bytes(data[:4])
    for _ in range(_FRAMES_MAX):
        frame = data[position : position + head]
        if len(frame) < head or not frame[0]:
            return
        size = frame[name_length : 2 * name_length]
        end = position + head + (seven_bits(size) if version == 4 else int.from_bytes(size))
        if frame.startswith(wanted):
            yield from _id3_picture(data[position + head : end], version, frame[-1] if version > 2 else 0)
        position = end


def _id3_picture(data: bytes, version: int, flags: int) -> Iterator[Picture]:
    if flags & _FRAME_UNREADABLE.get(version, 0):
        return
    if version == 4 and flags & _FRAME_UNSYNCHRONIZED:
        data = _synchronized(data)
    if version == 4 and flags & _FRAME_LENGTH:
        data = data[4:]
    # The picture comes behind its encoding, its kind of file, its kind of picture, and a description.
    kind_at = 4 if version == 2 else data.find(b"\0", 1) + 1
    begins = [at for signature in _SIGNATURES if (at := data.find(signature, kind_at)) > 0]
    if begins:
        yield Picture(data[min(begins) :], data[kind_at] == FRONT)


def _synchronized(data: bytes) -> bytes:
    return data.replace(b"\xff\0", b"\xff")


# ---- FLAC -----------------------------------------------------------------------------------------------------------


def in_flac(reader: Reader) -> Iterator[Picture]:
    """Yield the pictures of a FLAC file. Raises Unreadable, OSError, struct.error."""
    position = 0
    if reader.at(0, 3) == b"ID3":
        position = _ID3_HEAD.size + seven_bits(reader.unpack(_ID3_HEAD, 0)[4])
    if reader.at(position, len(_FLAC)) != _FLAC:
        raise Unreadable
    position += len(_FLAC)
    for _ in range(_FLAC_BLOCKS_MAX):
        (word,) = reader.unpack(_U32, position)
        length = word & 0xFFFFFF
        if word >> 24 & 0x7F == _FLAC_PICTURE:
            yield _flac_picture(reader.at(position + _U32.size, length))
        if word >> 31:
            return
        position += _U32.size + length


def _flac_picture(data: bytes) -> Picture:
    (kind,) = _U32.unpack_from(data)
    position = _U32.size
    for _ in ("the kind of file", "a description"):
        position += _U32.size + _U32.unpack_from(data, position)[0]
    position += _NUMBERS_LENGTH
    (length,) = _U32.unpack_from(data, position)
    return Picture(data[position + _U32.size :][:length], kind == FRONT)


# ---- Ogg ------------------------------------------------------------------------------------------------------------


def in_ogg(reader: Reader) -> Iterator[Picture]:
    """Yield the pictures in the comments of Vorbis and Opus. Raises Unreadable, OSError, struct.error, ValueError."""
    comments = _ogg_packet(reader, 1)
    begin = next((begin for begin in _COMMENT_BEGINS if comments.startswith(begin)), None)
    if begin is None:
        return
    position = len(begin)
    position += _COMMENT.size + _COMMENT.unpack_from(comments, position)[0]  # the encoder's name
    (count,) = _COMMENT.unpack_from(comments, position)
    position += _COMMENT.size
    for _ in range(min(count, _COMMENTS_MAX)):
        (length,) = _COMMENT.unpack_from(comments, position)
        name, _, value = comments[position + _COMMENT.size :][:length].partition(b"=")
        if name.upper() == _OGG_PICTURE:
            yield _flac_picture(base64.b64decode(value))
        position += _COMMENT.size + length


def _ogg_packet(reader: Reader, wanted: int) -> bytes:
    """Return a packet of the first stream, by its number from 0."""
    position, number, packet = 0, 0, bytearray()
    stream: int | None = None
    for _ in range(_OGG_PAGES_MAX):
        letters, _, _, _, of, _, _, count = reader.unpack(_OGG_PAGE, position)
        if letters != b"OggS":
            raise Unreadable
        position += _OGG_PAGE.size
        lengths = reader.at(position, count)
        position += count
        if stream is None:
            stream = of
        data = reader.at(position, sum(lengths)) if of == stream else b""
        at = 0
        for length in lengths if of == stream else b"":
            if number == wanted:
                packet += data[at : at + length]
            at += length
            if length < 255:  # the packet's last piece
                if number == wanted:
                    return bytes(packet)
                number += 1
        position += sum(lengths)
        if len(packet) > PICTURE_BYTES_MAX:
            break
    raise Unreadable
