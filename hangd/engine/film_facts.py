"""What a film's file says of itself, as far as a player can tell: its tracks, chapters and tags.

All of it is somebody else's text and numbers. A player that makes these has bounded and cleaned them
(`hangd.player.vlc.tracks.texts`): strings are valid Unicode without control characters, numbers are finite and
positive.
"""

from typing import Literal

from msgspec import Struct, field

__all__ = ["Chapter", "Description", "Track", "TrackKind"]

TrackKind = Literal["video", "audio", "subtitle"]


class Track(Struct, frozen=True):
    """One track of the loaded media. ``id`` is the player's own, ``name`` the player's words for it.

    The rest is None where the file does not tell, or the player does not ask.
    """

    kind: TrackKind
    id: int
    name: str
    selected: bool
    language: str | None = None
    """As the file has it: mostly ISO 639-2, "deu"."""
    title: str | None = None
    """What the file calls it, and nothing of the player's."""
    codec: str | None = None
    """As FFmpeg and mpv call it ("h264", "opus", "subrip"), or the container's four letters."""
    file: str | None = None
    """The path of the file beside the film that it came from; None: it is the film's own."""
    channels: int | None = None
    sample_rate: int | None = None
    """Hz."""
    width: int | None = None
    """Pixels, as stored."""
    height: int | None = None
    pixel_aspect: float | None = None
    """The width of a pixel over its height."""
    frame_rate: float | None = None
    """Pictures a second."""


class Chapter(Struct, frozen=True):
    """A chapter begins at ``start`` (seconds) and ends where the next one begins. ``title`` may be empty."""

    title: str
    start: float


class Description(Struct, frozen=True, omit_defaults=True):
    """What a film's file says of the whole of it.

    ``metadata`` has mpv's keys ("title", "artist", "date", ...). ``file_format`` is mpv's name of the container
    ("mkv", "mov,mp4,m4a,3gp,3g2,mj2"), None where it is not known.
    """

    chapters: tuple[Chapter, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    file_format: str | None = None
