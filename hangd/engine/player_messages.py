"""Commands to a player, the events it answers with, and the description of a film's tracks.

`Follower` and the viewer make the commands; every player (`hangd.player.base`) carries them out and makes the events.
``position`` is in seconds into the media. ``at`` is a local time in seconds: the clock is CLOCK_MONOTONIC, which libVLC
and ``time.monotonic`` read too.

``generation`` numbers the loads: the sender of commands increases it with each Load. Every event carries the generation
that it belongs to, so that an event of an older load is recognized and dropped.

Commands and events are tagged with their class names ("type"), because traces contain them: docs/traces.md.
"""

from typing import Literal

from msgspec import Struct, field

FailureCode = Literal[
    "not-found",  # no such file
    "directory",
    "unreadable",  # permissions, or an I/O error
    "empty",  # zero bytes
    "unrecognized",  # not a media file, or too incomplete to play
    "no-video",  # sound only
    "truncated",  # ended long before its own duration
    "vanished",  # deleted or shortened while it played
    "no-player",  # libVLC is not installed or does not start
    "hung",  # the player did not answer within its deadline
]


# ---- the description of a film ------------------------------------------------------------------------------------
#
# The texts and numbers come from the film's file, so they are untrusted. A player that makes these structs has limited
# and cleaned them (`hangd.player.vlc.tracks.texts`): strings are valid Unicode without control characters, numbers are
# finite and positive.

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
    frame_rate: float | None = None
    """Frames a second."""


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


# ---- commands -------------------------------------------------------------------------------------------------------


class Load(Struct, frozen=True, tag=True):
    """Open the file at ``path`` (absolute) and pause on the frame at ``start``. Replaces the loaded media.

    Answered by Loaded and then Settled, or by LoadFailed.
    """

    path: str
    generation: int
    start: float = 0.0
    entry: int = 0
    """The id of the playlist's entry. The player does not use it."""


class Unload(Struct, frozen=True, tag=True):
    """Close the media. Not answered."""


class Resume(Struct, frozen=True, tag=True):
    """Leave the pause at the local time ``at``, to a millisecond or so; None or a past time: now. Answered by Started.

    If ``at`` has just passed, a player that is able to continues as if it had left the pause then, and says so in
    Started. A later PauseNow, SeekTo, Load or Unload cancels a Resume whose time has not come yet.
    """

    at: float | None = None


class PauseNow(Struct, frozen=True, tag=True):
    """Pause. Answered by Settled, which names the frame that is shown; also if the player was paused already."""


class PauseFor(Struct, frozen=True, tag=True):
    """Pause for exactly this many seconds, then continue. Picture and sound are delayed by the same. Not answered."""

    seconds: float


class SeekTo(Struct, frozen=True, tag=True):
    """Seek precisely to ``position`` and stay paused there; pause first if running. Answered by Settled."""

    position: float


class SetRate(Struct, frozen=True, tag=True):
    """Play at the playable rate (1000/n) nearest to ``rate``. Not answered; samples carry the rate."""

    rate: float


class StepFrame(Struct, frozen=True, tag=True):
    """Show the next frame and stay paused there. Answered by Settled."""


class SetVolume(Struct, frozen=True, tag=True):
    """Set the volume, 0 to 130 per cent. Answered by VolumeChanged."""

    percent: float


class SetMute(Struct, frozen=True, tag=True):
    """Turn the sound off or on. Answered by VolumeChanged."""

    mute: bool


class SelectTrack(Struct, frozen=True, tag=True):
    """Play the track with this id; None: no track of this kind. Answered by TracksChanged."""

    kind: TrackKind
    id: int | None


class AddSubtitleFile(Struct, frozen=True, tag=True):
    """Add the subtitles in the file at ``path`` (absolute). Answered by TracksChanged or CommandFailed.

    ``select``: also show them. ``title`` and ``language`` replace what the file says.
    """

    path: str
    select: bool = True
    title: str | None = None
    language: str | None = None


class AddAudioFile(Struct, frozen=True, tag=True):
    """Add the sound in the file at ``path`` (absolute). The fields are those of AddSubtitleFile."""

    path: str
    select: bool = True
    title: str | None = None
    language: str | None = None


class RemoveTrack(Struct, frozen=True, tag=True):
    """Remove a track that was added from a file. Answered by TracksChanged, or by CommandFailed for the film's own."""

    kind: TrackKind
    id: int


class SetDelay(Struct, frozen=True, tag=True):
    """Present sound or subtitles this many seconds later than the picture; earlier if negative. Not answered."""

    kind: Literal["audio", "subtitle"]
    seconds: float


class SetAspect(Struct, frozen=True, tag=True):
    """Show this film and later ones at this ratio of width to height; None: as their files say. Not answered."""

    ratio: float | None


class SetDeinterlace(Struct, frozen=True, tag=True):
    """Turn deinterlacing on or off, for this film and later ones. Not answered."""

    deinterlace: bool


class SetFullscreen(Struct, frozen=True, tag=True):
    """Enter or leave fullscreen. Not answered."""

    fullscreen: bool


class ShowText(Struct, frozen=True, tag=True):
    """Draw one line of text on the picture for some seconds. Not answered."""

    text: str
    seconds: float = 2.0


class TakePicture(Struct, frozen=True, tag=True):
    """Write the frame that is shown, unscaled, as PNG to an absolute path, overwriting what is there.

    Answered by PictureTaken or CommandFailed.
    """

    path: str


PlaybackCommand = Load | Unload | Resume | PauseNow | PauseFor | SeekTo | SetRate | StepFrame
TrackCommand = SelectTrack | AddSubtitleFile | AddAudioFile | RemoveTrack
PlayerSetting = SetVolume | SetMute | SetFullscreen | SetDelay | SetAspect | SetDeinterlace
"""Commands that also have an effect while nothing is loaded, and that last from film to film."""
PlayerCommand = PlaybackCommand | TrackCommand | PlayerSetting | ShowText | TakePicture


# ---- events ---------------------------------------------------------------------------------------------------------


class _Event(Struct, frozen=True, tag=True):
    generation: int


class Loaded(_Event, frozen=True, tag=True):
    """The media was opened. Settled follows when its first frame is shown."""

    duration: float | None
    tracks: tuple[Track, ...] = ()
    about: Description | None = None


class LoadFailed(_Event, frozen=True, tag=True):
    """The media cannot be played, or not any further. Nothing is loaded now. ``message`` is a text for the user."""

    code: FailureCode
    message: str


class DurationChanged(_Event, frozen=True, tag=True):
    """The duration of the media is known, or is known better, in seconds."""

    duration: float


class Settled(_Event, frozen=True, tag=True):
    """The player is paused on the frame at ``position`` and can resume from it."""

    position: float
    at: float


class Started(_Event, frozen=True, tag=True):
    """The player left its pause at ``at``, from ``position``."""

    position: float
    at: float


class Sampled(_Event, frozen=True, tag=True):
    """While playing: at ``at`` the picture was at ``position`` and moved at ``rate``. Two to four times a second.

    ``at`` may be late by a millisecond or two, where libVLC's callback had to wait; it is never early.
    """

    position: float
    at: float
    rate: float


class Stalled(_Event, frozen=True, tag=True):
    """The player began to wait for data (``stalled``), or has data again."""

    stalled: bool
    at: float


class Ended(_Event, frozen=True, tag=True):
    """The media played to its end. The last frame may not be shown any more; SeekTo makes the player usable again."""

    position: float
    at: float


class TracksChanged(_Event, frozen=True, tag=True):
    """The tracks, or which of them are selected, changed to these."""

    tracks: tuple[Track, ...]


class VolumeChanged(_Event, frozen=True, tag=True):
    """The volume or mute changed to these values."""

    percent: float
    mute: bool


class PictureTaken(_Event, frozen=True, tag=True):
    """The file of a TakePicture command was written."""


class CommandFailed(_Event, frozen=True, tag=True):
    """A command could not be carried out; nothing changed. ``message`` is a text for the user."""

    command: str
    message: str


class PlayerOpened(_Event, frozen=True, tag=True):
    """The player is ready; ``name`` is what plays, and its version. It belongs to no load: ``generation`` is 0."""

    name: str


class PlayerDied(_Event, frozen=True, tag=True):
    """The player itself is lost: it has to be replaced and the media loaded again. ``message`` is for the user."""

    code: FailureCode
    message: str


PlaybackEvent = Loaded | LoadFailed | DurationChanged | Settled | Started | Sampled | Stalled | Ended
PlayerEvent = PlaybackEvent | TracksChanged | VolumeChanged | PictureTaken | CommandFailed | PlayerOpened | PlayerDied
