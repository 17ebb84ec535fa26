"""What players tell: a film's tracks, chapters and tags, what they use and have counted, and devices for the sound.

The texts and numbers come from the film's file, so they are untrusted. A player that makes these structs has limited
and cleaned them (`hangd.player.vlc.tracks.texts`): strings are valid Unicode without control characters, numbers are
finite and positive.
"""

from typing import Literal

from msgspec import Struct, field

TrackKind = Literal["video", "audio", "subtitle"]


class Track(Struct, frozen=True):
    """One track of the loaded media. ``id`` is the player's number for it, ``name`` the player's label.

    The other fields are None where the file does not say, or where the player does not read them.
    """

    kind: TrackKind
    id: int
    name: str
    selected: bool
    language: str | None = None
    """As the file has it, mostly ISO 639-2 ("deu")."""
    title: str | None = None
    """The title in the file, without the player's additions."""
    codec: str | None = None
    """The name in FFmpeg and mpv ("h264", "opus", "subrip"), or else the container's four-character code."""
    file: str | None = None
    """The path of the separate file that the track was added from; None if the film's own file has it."""
    channels: int | None = None
    sample_rate: int | None = None
    """Hz."""
    width: int | None = None
    """Pixels, as stored."""
    height: int | None = None
    pixel_aspect: float | None = None
    """Width of a pixel divided by its height."""
    rotation: int | None = None
    """Degrees by which the stored picture is turned clockwise to be shown: 90, 180 or 270. None: it is not turned."""
    frame_rate: float | None = None
    """Frames a second."""
    bitrate: int | None = None
    """Bits a second, on average."""
    is_cover: bool = False
    """It is the cover of a piece of music: one picture, without time."""


class Chapter(Struct, frozen=True):
    """A chapter from ``start`` (seconds) to the start of the next one. ``title`` may be empty."""

    title: str
    start: float


class Description(Struct, frozen=True, omit_defaults=True):
    """What a film's file says about the film as a whole.

    ``metadata`` has mpv's keys ("title", "artist", "date", ...). ``file_format`` is mpv's name of the container ("mkv",
    "mov,mp4,m4a,3gp,3g2,mj2"), None where it is unknown.
    """

    chapters: tuple[Chapter, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    file_format: str | None = None


class Statistics(Struct, frozen=True, omit_defaults=True):
    """What the player uses, by the names of its modules, and what it has counted. None: not known."""

    video_output: str | None = None
    audio_output: str | None = None
    demuxer: str | None = None
    hardware_decoder: str | None = None
    """"no": the video is decoded without one."""
    frames_dropped: int | None = None
    """Frames of this film that came too late to be shown."""
    frame_rate: float | None = None
    """Frames that were shown a second of the film, lately."""


class AudioDevice(Struct, frozen=True):
    """What sound can be played on: its name for SetAudioDevice, and its description for people."""

    name: str
    description: str
