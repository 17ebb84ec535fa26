"""Recognize a file's container by its first bytes, in mpv's names. libVLC knows the container but does not tell."""

from typing import Final

HEAD_LENGTH: Final = 5 * 192
TRANSPORT_STREAM: Final = "mpegts"
MATROSKA: Final = "mkv"
"""And WebM: mpv calls both so."""
QUICKTIME: Final = "mov,mp4,m4a,3gp,3g2,mj2"

_SYNC: Final = 0x47
"""The first byte of a transport stream's packets (ISO 13818-1)."""

_BEGINNINGS: Final = (
    (0, b"\x1a\x45\xdf\xa3", MATROSKA),
    (4, b"ftyp", QUICKTIME),
    (4, b"moov", QUICKTIME),  # before there was "ftyp"
    (4, b"mdat", QUICKTIME),
    (4, b"wide", QUICKTIME),
    (8, b"AVI ", "avi"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (8, b"WAVE", "wav"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b".RMF", "rm"),
)
_ID3: Final = b"ID3"
_ID3_LENGTH: Final = 10
"""Of the tag's head."""


def container_name(head: bytes) -> str | None:
    """Return the container of a file that begins with ``head``: its first HEAD_LENGTH bytes, or all it has."""
    for offset, letters, name in _BEGINNINGS:
        if head.startswith(letters, offset):
            return name
    # A transport stream has packets of 188 bytes; on discs of 192, with a time in the first four.
    for first, length in ((0, 188), (4, 192)):
        if len(head) > first + length and all(byte == _SYNC for byte in head[first:HEAD_LENGTH:length]):
            return TRANSPORT_STREAM
    return _elementary_stream(head)


def container_of(path: str) -> str | None:
    """Return the container of the file at ``path``; None if it is unknown or the file cannot be read. May block."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_LENGTH)
            if head.startswith(_ID3) and len(head) > _ID3_LENGTH:
                # What the tag belongs to comes behind it.
                file.seek(_ID3_LENGTH + seven_bits(head[6:10]))
                head = file.read(HEAD_LENGTH)
            return container_name(head)
    except (OSError, ValueError):
        return None


def seven_bits(data: bytes) -> int:
    """Return a number of which each byte has seven bits, as in ID3 tags."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _elementary_stream(head: bytes) -> str | None:
    """Recognize sound without a container by the first frame's header (ISO 11172-3, 13818-7)."""
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    is_mpeg = head[1] & 0xE0 == 0xE0 and head[1] & 0x18 != 0x08 and head[1] & 0x06 in (0x02, 0x04)
    return "mp3" if is_mpeg and head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C else None
