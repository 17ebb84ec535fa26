"""`Header`: what the header of a film's file names."""

from typing import Final, NamedTuple

TAGS_MAX: Final = 200
TAG_BYTES_MAX: Final = 8 << 10
"""Of one tag. Longer ones are lyrics and pictures."""


class HeaderTrack(NamedTuple):
    channels: int | None = None
    bitrate: int | None = None
    """Bits a second, on average."""


class Header(NamedTuple):
    tags: dict[str, bytes] | None = None
    """By their names, as FFmpeg and mpv have them for this container. None: they were not read."""
    video: tuple[HeaderTrack, ...] = ()
    audio: tuple[HeaderTrack, ...] = ()
    """The tracks in the order of the file. None: not known."""
