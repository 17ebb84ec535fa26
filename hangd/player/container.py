"""Recognize a file's container by its first bytes, in mpv's names. libVLC knows the container but does not tell."""

from typing import Final

HEAD_LENGTH: Final = 5 * 192
TRANSPORT_STREAM: Final = "mpegts"
_QUICKTIME: Final = "mov,mp4,m4a,3gp,3g2,mj2"

_SYNC: Final = 0x47
"""The first byte of a transport stream's packets (ISO 13818-1)."""

_BEGINNINGS: Final = (
    (0, b"\x1a\x45\xdf\xa3", "mkv"),  # WebM too: mpv calls both so
    (4, b"ftyp", _QUICKTIME),
    (4, b"moov", _QUICKTIME),  # before there was "ftyp"
    (4, b"mdat", _QUICKTIME),
    (4, b"wide", _QUICKTIME),
    (8, b"AVI ", "avi"),
    (0, b"OggS", "ogg"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b".RMF", "rm"),
)


def container_name(head: bytes) -> str | None:
    """Return the container of a file that begins with ``head``: its first HEAD_LENGTH bytes, or all it has."""
    for offset, letters, name in _BEGINNINGS:
        if head.startswith(letters, offset):
            return name
    # A transport stream has packets of 188 bytes; on discs of 192, with a time in the first four.
    for first, length in ((0, 188), (4, 192)):
        if len(head) > first + length and all(byte == _SYNC for byte in head[first:HEAD_LENGTH:length]):
            return TRANSPORT_STREAM
    return None


def container_of(path: str) -> str | None:
    """Return the container of the file at ``path``; None if it is unknown or the file cannot be read. May block."""
    try:
        with open(path, "rb") as file:
            return container_name(file.read(HEAD_LENGTH))
    except (OSError, ValueError):
        return None
