"""Commands to a player, and the events it answers with.

`Follower` and the viewer make the commands; every player (`hangd.player.base`) carries them out and makes the events.
``position`` is in seconds into the media. ``at`` is a local time in seconds: the clock is CLOCK_MONOTONIC, which libVLC
and ``time.monotonic`` read too.

``generation`` numbers the loads: the sender of commands increases it with each Load. Every event carries the generation
that it belongs to, so that an event of an older load is recognized and dropped.

Commands and events are tagged with their class names ("type"), because traces contain them: docs/traces.md.
"""

from typing import Literal

from msgspec import Struct

from hangd.engine.player_facts import AudioDevice, Description, Statistics, Track, TrackKind

FailureCode = Literal[
    "not-found",  # no such file
    "directory",
    "unreadable",  # permissions, or an I/O error
    "empty",  # zero bytes
    "list",  # a file that lists films
    "disc",  # the folder or the image of a DVD or a Blu-ray Disc
    "unrecognized",  # not a media file, or too incomplete to play
    "truncated",  # ended long before its own duration
    "vanished",  # deleted or shortened while it played
    "no-player",  # libVLC is not installed or does not start
    "hung",  # the player did not answer within its deadline
]


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
    """Show the next frame, or with ``back`` the one before, and stay paused there. Answered by Settled."""

    back: bool = False


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


class ShowSubtitles(Struct, frozen=True, tag=True):
    """Show the selected subtitles of this film and later ones, or do not, though they stay selected. Not answered."""

    shown: bool


class SetAspect(Struct, frozen=True, tag=True):
    """Show this film and later ones at this ratio of width to height; None: as their files say. Not answered."""

    ratio: float | None


class SetDeinterlace(Struct, frozen=True, tag=True):
    """Turn deinterlacing on or off, for this film and later ones. Not answered."""

    deinterlace: bool


class SetSubtitleEncoding(Struct, frozen=True, tag=True):
    """Read subtitle files that are not UTF-8 in this encoding from now on, beside films and added to them.

    "auto": guess it. With a "+" before it, also files that seem to be UTF-8. Not answered.
    """

    encoding: str


class SetPicture(Struct, frozen=True, tag=True, omit_defaults=True):
    """Show this film and later ones with these colours, and turned. Not answered, or by CommandFailed.

    Colours are from -100 to 100, where 0 is as in the film.
    """

    brightness: int = 0
    contrast: int = 0
    saturation: int = 0
    gamma: int = 0
    hue: int = 0
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise."""


class SetSubtitleLook(Struct, frozen=True, tag=True, omit_defaults=True):
    """Draw the subtitles of this film and later ones so. Not answered.

    Sizes are in pixels of a picture of 720 lines; colours are 0xAARRGGBB, with an alpha of 255 where they cover the
    picture. Sizes, position and most colours count from the next line on, the rest from the next film on. What follows
    ``font_size`` counts for plain text only.
    """

    scale: float = 1.0
    position: float = 100
    """How far down they stand, in per cent of the picture's height; 100: where they usually do."""
    font_size: float = 45.0
    """Multiplied by ``scale``. The product is from 4.5 to 225, and counts from the next line on."""
    font: str = "Serif Bold"
    """A name for fontconfig."""
    bold: bool = False
    color: int = 0xFFFFFFFF
    border_color: int = 0xFF000000
    border_size: float = 1.8
    back_color: int = 0x00000000


class RaiseSubtitles(Struct, frozen=True, tag=True):
    """Keep the subtitles above something that covers the picture's lower edge for a while. Not answered.

    It does not change where SetSubtitleLook puts them: they stand there again after ``RaiseSubtitles(0)``.
    """

    share: float
    """Of the picture's height, from 0 to 1."""


class SetWindowSize(Struct, frozen=True, tag=True):
    """The window that the picture is drawn in has this size in pixels. Not answered.

    Where subtitles stand is counted in pixels of the window. 0: it is not known, or the window is the player's own.
    """

    width: int
    height: int


class SetAudioDevice(Struct, frozen=True, tag=True):
    """Play the sound on this device, whenever it is there. Answered by SoundChanged if that changes what is told.

    ``name``: that of an `AudioDevice`; "auto": the system's default device, as where the device is not there.
    """

    name: str


class SetFullscreen(Struct, frozen=True, tag=True):
    """Enter or leave fullscreen. Not answered."""

    fullscreen: bool


class SetWindow(Struct, frozen=True, tag=True, omit_defaults=True):
    """Show the picture's window, or hide it, for this film and later ones.

    Answered by WindowChanged, or by OutputStale, or by PictureChanged if the film still has no picture; by nothing if
    that changes nothing, or the player has no windows.
    """

    shown: bool
    display: str | None = None
    """The X display to open it on (":1") where the player has found none so far; None: the environment names it."""
    authority: str | None = None
    """The file that allows to use that display (XAUTHORITY)."""


class ShowText(Struct, frozen=True, tag=True):
    """Draw one line of text on the picture for some seconds. Not answered."""

    text: str
    seconds: float = 2.0


class TakePicture(Struct, frozen=True, tag=True):
    """Write the frame that is shown as PNG to an absolute path, overwriting what is there.

    ``width``: of the picture, in pixels; 0: unscaled. During a seek it waits for the picture of the target. Answered by
    PictureTaken or CommandFailed.
    """

    path: str
    width: int = 0


PlaybackCommand = Load | Unload | Resume | PauseNow | PauseFor | SeekTo | SetRate | StepFrame
AddFile = AddSubtitleFile | AddAudioFile
TrackCommand = SelectTrack | AddFile | RemoveTrack
PlayerSetting = (
    SetVolume
    | SetMute
    | SetFullscreen
    | SetWindow
    | SetDelay
    | ShowSubtitles
    | SetAspect
    | SetDeinterlace
    | SetPicture
    | SetSubtitleLook
    | RaiseSubtitles
    | SetWindowSize
    | SetSubtitleEncoding
    | SetAudioDevice
)
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
    """The media cannot be played, or not any further. Nothing is loaded now. ``message`` is a text for the user.

    ``films``: the paths (or URLs) and titles that the file lists, if it is a list of films (``code`` is "list").
    """

    code: FailureCode
    message: str
    films: tuple[tuple[str, str | None], ...] = ()


class DurationChanged(_Event, frozen=True, tag=True):
    """The duration of the media is known, or is known better, in seconds."""

    duration: float


class Settled(_Event, frozen=True, tag=True):
    """The player is paused on the frame at ``position`` and can resume from it."""

    position: float
    at: float


class Shown(_Event, frozen=True, tag=True):
    """The player has looked: since the newest Settled it shows the picture at ``position``. None: it cannot tell.

    After a seek the picture may be another one than that of the target, and it stands in for it: Settled names where
    the film will continue. After a mere pause the film continues from this picture.
    """

    position: float | None


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


class PictureChanged(_Event, frozen=True, tag=True):
    """This film is played without its picture, and ``message`` tells the user why; None: there is a picture after all.

    A player that shows pictures sends this only where something is wrong, after Loaded.
    """

    message: str | None


class WindowChanged(_Event, frozen=True, tag=True):
    """The picture's window is on the display (``shown``), or is not any more. After Load and Unload it is not."""

    shown: bool


class OutputStale(_Event, frozen=True, tag=True):
    """Only if the film is loaded once more, its picture can be shown, or hidden, as SetWindow wanted."""


class StatisticsChanged(_Event, frozen=True, tag=True):
    """What is known of the player's work changed to this. At most once a second for what is counted."""

    statistics: Statistics


class SoundChanged(_Event, frozen=True, tag=True):
    """The sound can be played on these devices. ``message`` tells the user why it is not played, or not where wanted.

    It belongs to no load: ``generation`` is 0.
    """

    devices: tuple[AudioDevice, ...]
    message: str | None


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


PlaybackEvent = Loaded | LoadFailed | DurationChanged | Settled | Shown | Started | Sampled | Stalled | Ended
PlayerEvent = (
    PlaybackEvent
    | TracksChanged
    | PictureChanged
    | WindowChanged
    | OutputStale
    | VolumeChanged
    | StatisticsChanged
    | SoundChanged
    | PictureTaken
    | CommandFailed
    | PlayerOpened
    | PlayerDied
)
