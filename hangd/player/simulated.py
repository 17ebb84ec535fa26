"""A player that shows nothing: where its picture is, is arithmetic. For tests, and for machines without VLC.

`SimulatedMachine` is a pure machine with libVLC's habits: loads and seeks cost time, the more the farther the key frame
lies back; samples come two to four a second at uneven intervals and a little late; rates are 1000/n and hold as from
the last block read; the media's pace is off the local clock by some ppm; and the file ends unasked. `SimulatedPlayer`
puts it on the event loop, behind the Player port.

::

    EMPTY --Load--> SEEKING --due--> STANDING --Resume, its time--> PLAYING --end--> ENDED
                       ^                |  ^                          |  | ^
                       +---- SeekTo ----+  +-------- PauseNow --------+  v |
                       (from every phase but EMPTY)                    DELAYING

What a phase waits for comes true at its due time exactly, however late `expire` is called.
"""

import asyncio
import enum
import math
from pathlib import PurePath
from typing import Final, assert_never

from msgspec.structs import replace

from hangd.engine.player_messages import (
    AddAudioFile,
    AddSubtitleFile,
    Chapter,
    CommandFailed,
    Description,
    Ended,
    Load,
    Loaded,
    LoadFailed,
    PauseFor,
    PauseNow,
    PlayerCommand,
    PlayerEvent,
    PlayerOpened,
    RemoveTrack,
    Resume,
    Sampled,
    SeekTo,
    SelectTrack,
    SetAspect,
    SetDeinterlace,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetRate,
    Settled,
    SetVolume,
    ShowText,
    Started,
    StepFrame,
    TakePicture,
    Track,
    TracksChanged,
    Unload,
    VolumeChanged,
)
from hangd.engine.timeline import rate_period
from hangd.player import files
from hangd.player.base import EventSink
from hangd.player.ordering import EventFilter
from hangd.tasks import DeadlineTimer

__all__ = ["SimulatedMachine", "SimulatedPlayer"]

_FRAME_SECONDS: Final = 1 / 30
_GOLDEN: Final = (math.sqrt(5) - 1) / 2

_SOUND: Final = Track(
    kind="audio", id=1, name="Track 1", selected=True, language="eng", codec="aac", channels=2, sample_rate=48000
)
_SUBTITLES: Final = Track(kind="subtitle", id=3, name="Track 1", selected=False, language="eng", codec="subrip")

_TRACKS: Final = (
    Track(
        kind="video",
        id=0,
        name="Track 1",
        selected=True,
        codec="h264",
        width=1920,
        height=1080,
        pixel_aspect=1.0,
        frame_rate=1 / _FRAME_SECONDS,
    ),
    _SOUND,
    replace(_SOUND, id=2, name="Track 2", selected=False, language="deu"),
    _SUBTITLES,
    replace(_SUBTITLES, id=4, name="Track 2", language="deu"),
)

_FORMATS: Final = {".mkv": "mkv", ".webm": "mkv", ".mp4": "mov,mp4,m4a,3gp,3g2,mj2", ".avi": "avi", ".ts": "mpegts"}
"""What a file is, by its name's ending: nothing is read here."""


class _Phase(enum.Enum):
    EMPTY = enum.auto()
    SEEKING = enum.auto()
    STANDING = enum.auto()
    PLAYING = enum.auto()
    DELAYING = enum.auto()
    ENDED = enum.auto()


class SimulatedMachine:
    """See the module's docstring. Times are the caller's clock, in seconds; every file is ``duration`` long.

    Args:
        load_cost: seconds from Load to its Settled.
        seek_cost: seconds from SeekTo to its Settled, to a place that is a key frame.
        key_frames: seconds between key frames. What lies between one and the target has to be decoded first.
        preroll_speed: media seconds decoded a second. VLC 3 takes up to 0.8 s for 8 s of a 1080p film.
        sample_period: seconds between samples, on average; they come 0.6 to 1.4 of it apart.
        lateness: the most by which a sample's ``at`` is late. It never is early.
        skew_ppm: by how much the media runs faster than the clock.
        about: what every file says of itself; None: what its name does.
    """

    def __init__(
        self,
        *,
        duration: float = 3600.0,
        load_cost: float = 0.2,
        seek_cost: float = 0.08,
        key_frames: float = 0.0,
        preroll_speed: float = 10.0,
        sample_period: float = 0.41,
        lateness: float = 0.0015,
        skew_ppm: float = 0.0,
        about: Description | None = None,
    ) -> None:
        self._duration = duration
        self._load_cost = load_cost
        self._seek_cost = seek_cost
        self._key_frames = key_frames
        self._preroll_speed = preroll_speed
        self._sample_period = sample_period
        self._lateness = lateness
        self._pace = 1 + skew_ppm * 1e-6
        self._about = about
        self._phase = _Phase.EMPTY
        self._generation = 0
        self._due: float | None = None
        """When the phase comes to its end, or the next sample is due."""
        self._ends_at = 0.0
        self._read_at = 0.0
        """When the last block was read: just before the last sample."""
        self._samples = 0
        self._resume: Resume | None = None
        """A resume that waits for the picture to stand."""
        self._position = 0.0
        self._at = 0.0
        self._rate = 1.0
        self._tracks: tuple[Track, ...] = ()
        self._percent = 100.0
        self._mute = False

    # ---- the machine ----------------------------------------------------------------------------------------------

    def handle(self, command: PlayerCommand, now: float) -> list[PlayerEvent]:
        """Carry out a command; return what there is to say at once."""
        match command:
            case Load():
                return self._load(command, now)
            case SetVolume(percent=percent):
                self._percent = min(max(percent, 0.0), 130.0)
                return [VolumeChanged(self._generation, self._percent, self._mute)]
            case SetMute(mute=mute):
                self._mute = mute
                return [VolumeChanged(self._generation, self._percent, self._mute)]
            case SetFullscreen() | SetDelay() | SetAspect() | SetDeinterlace():
                return []
            case _ if self._phase is _Phase.EMPTY:
                return [CommandFailed(self._generation, type(command).__name__, "nothing is loaded")]
            case Unload():
                self._enter(_Phase.EMPTY)
                self._resume = None
                return []
            case Resume():
                return self._do_resume(command, now)
            case PauseNow():
                return self._pause(now)
            case PauseFor(seconds=seconds):
                if self._phase is _Phase.PLAYING and seconds > 0:
                    self._hold(now)
                    self._enter(_Phase.DELAYING, now + seconds)
                return []
            case SeekTo(position=position):
                self._seek(position, now + self._seek_cost + self._preroll(position))
                return []
            case SetRate(rate=rate):
                self._set_rate(1000 / rate_period(rate))
                return []
            case StepFrame():
                if self._phase is not _Phase.STANDING:
                    return self._pause(now)
                self._resume = self._due = None
                return self._stand(min(self._position + _FRAME_SECONDS, self._duration), now)
            case SelectTrack():
                return self._select(command)
            case AddSubtitleFile() | AddAudioFile():
                return self._add(command)
            case RemoveTrack():
                return self._remove(command)
            case ShowText():
                return []
            case TakePicture():
                return [CommandFailed(self._generation, TakePicture.__name__, "the simulated player shows no pictures")]
            case _:
                assert_never(command)

    def refuse(self, command: Load, problem: files.MediaUnusable) -> list[PlayerEvent]:
        """Answer a Load whose file can not be played."""
        self._generation = command.generation
        self._resume = None
        self._enter(_Phase.EMPTY)
        return [LoadFailed(self._generation, problem.code, str(problem))]

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> list[PlayerEvent]:
        """Do what is due by ``now``: more than one thing where it was called late."""
        events: list[PlayerEvent] = []
        while (due := self._due) is not None and due <= now:
            events += self._expire_one(due)
        return events

    def position(self, now: float) -> float:
        """Return where the picture is. Nobody is told so exactly."""
        if self._phase is not _Phase.PLAYING:
            return self._position
        position = self._position + (now - self._at) * self._rate * self._pace
        return position if position < self._duration else self._duration

    # ---- phases ---------------------------------------------------------------------------------------------------

    def _load(self, command: Load, now: float) -> list[PlayerEvent]:
        self._generation = command.generation
        self._rate = 1.0
        self._tracks = _TRACKS
        self._seek(command.start, now + self._load_cost)
        return [Loaded(self._generation, self._duration, self._tracks, self._describe(command.path))]

    def _describe(self, path: str) -> Description:
        """Say what was set, or else three chapters and a title: the file's name."""
        if self._about is not None:
            return self._about
        name = PurePath(path)
        return Description(
            chapters=tuple(Chapter(f"Part {n + 1}", self._duration * n / 3) for n in range(3)),
            metadata={"title": name.stem},
            file_format=_FORMATS.get(name.suffix.lower()),
        )

    def _seek(self, position: float, due: float) -> None:
        self._position = min(max(position, 0.0), self._duration)
        self._resume = None
        self._enter(_Phase.SEEKING, due)

    def _preroll(self, position: float) -> float:
        return position % self._key_frames / self._preroll_speed if self._key_frames > 0 else 0.0

    def _set_rate(self, rate: float) -> None:
        playing = self._phase is _Phase.PLAYING
        if playing:
            # The line is turned about the last block read (input_clock_ChangeRate), so the picture jumps a little.
            self._hold(self._read_at)
        self._rate = rate
        if playing:
            self._reckon_end()

    def _do_resume(self, command: Resume, now: float) -> list[PlayerEvent]:
        match self._phase:
            case _Phase.STANDING:
                self._due = now if command.at is None else max(now, command.at)
                return []
            case _Phase.SEEKING:
                self._resume = command
                return []
            case _Phase.ENDED:
                return [
                    Started(self._generation, self._position, now),
                    Ended(self._generation, self._position, now),
                ]
            case _:
                return [Started(self._generation, self.position(now), now)]

    def _pause(self, now: float) -> list[PlayerEvent]:
        self._resume = None
        match self._phase:
            case _Phase.SEEKING:
                return []  # the Settled to come answers this too
            case _Phase.ENDED:
                return [Settled(self._generation, self._position, now)]
            case _:
                return self._stand(self.position(now), now)

    def _expire_one(self, due: float) -> list[PlayerEvent]:
        match self._phase:
            case _Phase.PLAYING if due < self._ends_at:
                return [self._sample(due)]
            case _Phase.SEEKING:
                resume, self._resume = self._resume, None
                events = self._stand(self._position, due)
                if resume is not None:
                    self._due = due if resume.at is None else max(due, resume.at)
                return events
            case _Phase.STANDING:
                self._play(due)
                return [Started(self._generation, self._position, due)]
            case _Phase.DELAYING:
                self._play(due)
                return []
            case _:  # the end
                self._position = self._duration
                self._enter(_Phase.ENDED)
                return [Ended(self._generation, self._position, due)]

    def _sample(self, due: float) -> Sampled:
        self._samples += 1
        uneven = self._samples * _GOLDEN % 1
        position = max(self._position, self.position(due - self._lateness * (1 - uneven)))
        self._read_at = due
        following = due + self._sample_period * (0.6 + 0.8 * uneven)
        self._due = following if following < self._ends_at else self._ends_at
        return Sampled(self._generation, position, due, self._rate)

    def _stand(self, position: float, now: float) -> list[PlayerEvent]:
        self._position = position
        self._enter(_Phase.STANDING)
        return [Settled(self._generation, position, now)]

    def _play(self, at: float) -> None:
        self._at = self._read_at = at
        self._enter(_Phase.PLAYING, at + self._sample_period / 2)
        self._reckon_end()

    def _hold(self, now: float) -> None:
        """Take the position of this moment as the one to go on from."""
        self._position, self._at = self.position(now), now

    def _reckon_end(self) -> None:
        self._ends_at = self._at + (self._duration - self._position) / (self._rate * self._pace)
        if self._due is not None:
            self._due = min(self._due, self._ends_at)

    def _enter(self, phase: _Phase, due: float | None = None) -> None:
        self._phase, self._due = phase, due

    # ---- tracks ---------------------------------------------------------------------------------------------------

    def _select(self, command: SelectTrack) -> list[PlayerEvent]:
        of_kind = [track for track in self._tracks if track.kind == command.kind]
        if command.id is not None and command.id not in [track.id for track in of_kind]:
            return [CommandFailed(self._generation, "SelectTrack", f"there is no {command.kind} track {command.id}")]
        self._tracks = tuple(
            replace(track, selected=track.id == command.id) if track.kind == command.kind else track
            for track in self._tracks
        )
        return [TracksChanged(self._generation, self._tracks)]

    def _add(self, command: AddSubtitleFile | AddAudioFile) -> list[PlayerEvent]:
        model = _SUBTITLES if isinstance(command, AddSubtitleFile) else _SOUND
        track = replace(
            model,
            id=max(track.id for track in self._tracks) + 1,
            name="added",
            selected=False,
            language=command.language,
            title=command.title,
            file=command.path,
        )
        self._tracks = (*self._tracks, track)
        if command.select:
            return self._select(SelectTrack(track.kind, track.id))
        return [TracksChanged(self._generation, self._tracks)]

    def _remove(self, command: RemoveTrack) -> list[PlayerEvent]:
        kept = [t for t in self._tracks if (t.kind, t.id) != (command.kind, command.id) or t.file is None]
        if len(kept) == len(self._tracks):
            message = f"there is no {command.kind} track {command.id} that was added to the film"
            return [CommandFailed(self._generation, "RemoveTrack", message)]
        self._tracks = tuple(kept)
        return [TracksChanged(self._generation, self._tracks)]


class SimulatedPlayer:
    """A `SimulatedMachine` behind the Player port: on the loop's clock, with files that have to exist."""

    def __init__(self, sink: EventSink, *, machine: SimulatedMachine | None = None) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._machine = machine or SimulatedMachine()
        self._timer = DeadlineTimer(self._expire)
        self._events = EventFilter()
        self._name: str | None = None
        self._loop.call_soon(self._open)

    @property
    def name(self) -> str | None:
        return self._name

    def do(self, command: PlayerCommand) -> None:
        if self._events.closed:
            return
        self._events.commanded(command)
        now = self._loop.time()
        try:
            if isinstance(command, Load | AddSubtitleFile | AddAudioFile):
                files.examine(command.path)
            events = self._machine.handle(command, now)
        except files.MediaUnusable as problem:
            if isinstance(command, Load):
                events = self._machine.refuse(command, problem)
            else:
                events = [CommandFailed(self._events.generation, type(command).__name__, str(problem))]
        self._emit(events)

    async def close(self) -> None:
        self._events.closed = True
        self._timer.arm(None)

    def _open(self) -> None:
        if not self._events.closed:
            self._name = "simulated"
            self._sink(PlayerOpened(0, self._name))

    def _expire(self, now: float) -> None:
        self._emit(self._machine.expire(now))

    def _emit(self, events: list[PlayerEvent]) -> None:
        # Not from inside ``do``: the caller has to finish its own step before it is called back.
        for event in events:
            self._loop.call_soon(self._deliver, event)
        self._timer.arm(self._machine.deadline())

    def _deliver(self, event: PlayerEvent) -> None:
        if self._events.passes(event):
            self._sink(event)
