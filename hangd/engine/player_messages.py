"""What is said to a player, and what a player says: the vocabulary between Follower and whatever plays.

Commands are orders, events are facts. ``position`` is seconds into the media; ``at`` is the local monotonic clock in
seconds (CLOCK_MONOTONIC, which is libVLC's clock, Python's ``time.monotonic`` and asyncio's ``loop.time`` alike).

``generation`` numbers loads. Whoever commands a player counts it up with each Load; every event carries the generation
that it belongs to, and an event of an older one is dropped unread.

Commands and events are tagged with their names ("type"), so that traces can be written and read: docs/traces.md.
"""

from typing import Literal

from msgspec import Struct

from hangd.engine.film_facts import Chapter, Description, Track, TrackKind

__all__ = [
    "AddAudioFile",
    "AddSubtitleFile",
    "Chapter",
    "CommandFailed",
    "Description",
    "DurationChanged",
    "Ended",
    "FailureCode",
    "Load",
    "LoadFailed",
    "Loaded",
    "PauseFor",
    "PauseNow",
    "PictureTaken",
    "PlayerCommand",
    "PlayerDied",
    "PlayerEvent",
    "PlayerOpened",
    "RemoveTrack",
    "Resume",
    "Sampled",
    "SeekTo",
    "SelectTrack",
    "SetAspect",
    "SetDeinterlace",
    "SetDelay",
    "SetFullscreen",
    "SetMute",
    "SetRate",
    "SetVolume",
    "Settled",
    "ShowText",
    "Stalled",
    "Started",
    "StepFrame",
    "TakePicture",
    "Track",
    "TrackKind",
    "TracksChanged",
    "Unload",
    "VolumeChanged",
]

FailureCode = Literal[
    "not-found",  # no such file
    "directory",
    "unreadable",  # permissions, or an I/O error
    "empty",  # zero bytes
    "unrecognized",  # not a media file, or cut so short that nothing plays
    "no-video",  # sound only
    "truncated",  # ended long before its own duration
    "vanished",  # went away or shrank while it played
    "no-player",  # there is no libVLC on this machine, or it does not start
    "hung",  # the player did not answer within its deadline
]


# ---- commands -------------------------------------------------------------------------------------------------------


class Load(Struct, frozen=True, tag=True):
    """Open ``path`` (absolute) and stand on the frame at ``start``, paused. Replaces whatever was loaded.

    Answered by Loaded and then Settled, or by LoadFailed.
    """

    path: str
    generation: int
    start: float = 0.0
    entry: int = 0
    """The id of the playlist's entry that is opened. The player does nothing with it."""


class Unload(Struct, frozen=True, tag=True):
    """Close the media. Not answered."""


class Resume(Struct, frozen=True, tag=True):
    """Leave the pause at the local time ``at`` (None, or past: at once), to a millisecond or so. Answered by Started.

    Where ``at`` has just passed, a player that can goes on as if it had left the pause then, and Started says so.

    A later PauseNow, SeekTo, Load or Unload calls a resume off that is still to come.
    """

    at: float | None = None


class PauseNow(Struct, frozen=True, tag=True):
    """Stop at once. Answered by Settled, which names the frame that is shown. Paused already: answered all the same."""


class PauseFor(Struct, frozen=True, tag=True):
    """Pause for exactly this many seconds, then go on: a delay that is exact in picture and sound. Not answered."""

    seconds: float


class SeekTo(Struct, frozen=True, tag=True):
    """Go precisely to ``position`` and stand there, paused (one that runs is paused first). Answered by Settled."""

    position: float


class SetRate(Struct, frozen=True, tag=True):
    """Play at the playable rate (1000/n) nearest to ``rate``. Not answered; samples carry the rate."""

    rate: float


class StepFrame(Struct, frozen=True, tag=True):
    """Show the next frame and stand there, paused. Answered by Settled."""


class SetVolume(Struct, frozen=True, tag=True):
    """0 to 130 per cent. Answered by VolumeChanged."""

    percent: float


class SetMute(Struct, frozen=True, tag=True):
    mute: bool


class SelectTrack(Struct, frozen=True, tag=True):
    """Play the track with this id; None: none of its kind. Answered by TracksChanged."""

    kind: TrackKind
    id: int | None


class AddSubtitleFile(Struct, frozen=True, tag=True):
    """Add an absolute path's subtitles, and ``select`` them. Answered by TracksChanged or CommandFailed.

    ``title`` and ``language`` are what whoever adds them calls them; else it is what their file says.
    """

    path: str
    select: bool = True
    title: str | None = None
    language: str | None = None


class AddAudioFile(Struct, frozen=True, tag=True):
    """Add the sound of the file at an absolute path. As AddSubtitleFile."""

    path: str
    select: bool = True
    title: str | None = None
    language: str | None = None


class RemoveTrack(Struct, frozen=True, tag=True):
    """Take a track away that was added. Answered by TracksChanged, or CommandFailed: it is the film's own."""

    kind: TrackKind
    id: int


class SetDelay(Struct, frozen=True, tag=True):
    """Let sound or subtitles come later than the picture by this many seconds (earlier where negative)."""

    kind: Literal["audio", "subtitle"]
    seconds: float


class SetAspect(Struct, frozen=True, tag=True):
    """Show pictures with this width over height, in all films to come too; None: as their files say. Not answered."""

    ratio: float | None


class SetDeinterlace(Struct, frozen=True, tag=True):
    """Make whole pictures of interlaced ones, in all films to come too. Not answered."""

    deinterlace: bool


class SetFullscreen(Struct, frozen=True, tag=True):
    fullscreen: bool


class ShowText(Struct, frozen=True, tag=True):
    """Draw one line on the picture for some seconds."""

    text: str
    seconds: float = 2.0


class TakePicture(Struct, frozen=True, tag=True):
    """Write the picture that is shown, in its own size, as PNG to an absolute path. What is there is written over.

    Answered by PictureTaken or CommandFailed.
    """

    path: str


PlayerCommand = (
    Load
    | Unload
    | Resume
    | PauseNow
    | PauseFor
    | SeekTo
    | SetRate
    | StepFrame
    | SetVolume
    | SetMute
    | SelectTrack
    | AddSubtitleFile
    | AddAudioFile
    | RemoveTrack
    | SetDelay
    | SetAspect
    | SetDeinterlace
    | SetFullscreen
    | ShowText
    | TakePicture
)


# ---- events ---------------------------------------------------------------------------------------------------------


class Loaded(Struct, frozen=True, tag=True):
    """The media is open. Settled follows when its first picture stands."""

    generation: int
    duration: float | None
    tracks: tuple[Track, ...] = ()
    about: Description | None = None


class LoadFailed(Struct, frozen=True, tag=True):
    """The media can not be played (or not any further). Nothing is loaded now. ``message`` is fit for a user."""

    generation: int
    code: FailureCode
    message: str


class DurationChanged(Struct, frozen=True, tag=True):
    generation: int
    duration: float


class Settled(Struct, frozen=True, tag=True):
    """The player stands, paused, on the frame at ``position``, ready to resume from it."""

    generation: int
    position: float
    at: float


class Started(Struct, frozen=True, tag=True):
    """The player left its pause at ``at``, from ``position``."""

    generation: int
    position: float
    at: float


class Sampled(Struct, frozen=True, tag=True):
    """While playing: at ``at`` the picture was at ``position`` and moved at ``rate``. Two to four a second.

    Errors are one-sided: ``at`` may be late by a millisecond or two (a callback that waited), never early.
    """

    generation: int
    position: float
    at: float
    rate: float


class Stalled(Struct, frozen=True, tag=True):
    """The player waits for data (``stalled``), or has it again."""

    generation: int
    stalled: bool
    at: float


class Ended(Struct, frozen=True, tag=True):
    """The file played to its end. The last frame may be gone; SeekTo brings the player back."""

    generation: int
    position: float
    at: float


class TracksChanged(Struct, frozen=True, tag=True):
    generation: int
    tracks: tuple[Track, ...]


class VolumeChanged(Struct, frozen=True, tag=True):
    generation: int
    percent: float
    mute: bool


class PictureTaken(Struct, frozen=True, tag=True):
    """The picture that was asked for is in its file."""

    generation: int


class CommandFailed(Struct, frozen=True, tag=True):
    """A command could not be carried out; nothing changed. ``message`` is fit for a user."""

    generation: int
    command: str
    message: str


class PlayerOpened(Struct, frozen=True, tag=True):
    """The player is ready; ``name`` is what plays, and its version. It belongs to no load: ``generation`` is 0."""

    generation: int
    name: str


class PlayerDied(Struct, frozen=True, tag=True):
    """The player itself is lost (hung or gone): ``code`` says how. It has to be replaced and its media loaded anew."""

    generation: int
    code: FailureCode
    message: str


PlayerEvent = (
    Loaded
    | LoadFailed
    | DurationChanged
    | Settled
    | Started
    | Sampled
    | Stalled
    | Ended
    | TracksChanged
    | VolumeChanged
    | PictureTaken
    | CommandFailed
    | PlayerOpened
    | PlayerDied
)
