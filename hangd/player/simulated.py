"""A player that shows nothing and computes where its picture would be. For tests, and for machines without VLC.

`SimulatedMachine` is a state machine with libVLC's behaviour: loads and seeks take time, a seek the more the farther
back its key frame is; samples come two to four times a second, at uneven intervals and a little late; rates are 1000/n
and count from the last block read; the media's clock differs from the local one by some ppm; and the file ends by
itself. `SimulatedPlayer` puts it on the event loop, behind the Player port.

::

    EMPTY --Load--> SEEKING --due--> STANDING --Resume, its time--> PLAYING --end--> ENDED
                       ^                |  ^                          |  | ^
                       +---- SeekTo ----+  +-------- PauseNow --------+  v |
                       (from every phase but EMPTY)                    DELAYING

A phase ends exactly at its due time, however late `SimulatedMachine.expire` is called.
"""

import asyncio
import enum
import math
from dataclasses import KW_ONLY, dataclass
from pathlib import PurePath
from typing import Final, assert_never

from msgspec.structs import replace

from hangd.engine import player_messages as messages
from hangd.engine.player_facts import Chapter, Description, Track
from hangd.engine.player_messages import PlayerCommand, PlayerEvent
from hangd.engine.timeline import rate_period
from hangd.player import files
from hangd.player.base import EventSink
from hangd.player.container import MATROSKA, QUICKTIME, TRANSPORT_STREAM
from hangd.player.ordering import EventFilter
from hangd.tasks import DeadlineTimer

_FRAME_SECONDS: Final = 1 / 30
_GOLDEN: Final = (math.sqrt(5) - 1) / 2
"""Its multiples, modulo 1, are spread evenly but in no simple order: repeatable, and as uneven as VLC's samples."""

_PICTURE: Final = Track(
    "video", 0, "Track 1", True, codec="h264", width=1920, height=1080, pixel_aspect=1.0, frame_rate=1 / _FRAME_SECONDS
)
_SOUND: Final = Track("audio", 1, "Track 1", True, language="eng", codec="aac", channels=2, sample_rate=48000)
_SUBTITLES: Final = Track("subtitle", 3, "Track 1", False, language="eng", codec="subrip")
_TRACKS: Final = (
    _PICTURE,
    _SOUND,
    replace(_SOUND, id=2, name="Track 2", selected=False, language="deu"),
    _SUBTITLES,
    replace(_SUBTITLES, id=4, name="Track 2", language="deu"),
)

_FORMATS: Final = {".mkv": MATROSKA, ".webm": MATROSKA, ".mp4": QUICKTIME, ".avi": "avi", ".ts": TRANSPORT_STREAM}
"""The container by the file name's suffix: nothing is read here."""


class _Phase(enum.Enum):
    EMPTY = enum.auto()
    SEEKING = enum.auto()
    STANDING = enum.auto()
    PLAYING = enum.auto()
    DELAYING = enum.auto()
    ENDED = enum.auto()


@dataclass(eq=False)
class SimulatedMachine:
    """A player as a state machine. Times are the caller's clock, in seconds."""

    _: KW_ONLY
    duration: float = 3600.0
    """Of every file."""
    load_cost: float = 0.2
    """From Load to its Settled."""
    seek_cost: float = 0.08
    """From SeekTo to its Settled, for a target that is a key frame."""
    key_frames: float = 0.0
    """From one key frame to the next. What lies between the key frame and the target has to be decoded first."""
    preroll_speed: float = 10.0
    """Media seconds that are decoded in a second. VLC 3 takes up to 0.8 s for 8 s of a 1080p film."""
    sample_period: float = 0.41
    """Between samples, on average; they come 0.6 to 1.4 of it apart."""
    lateness: float = 0.0015
    """The most by which a sample's ``at`` is late. It is never early."""
    skew_ppm: float = 0.0
    """By how much the media runs faster than the clock."""
    about: Description | None = None
    """What every file says of itself; None: what follows from its name."""

    def __post_init__(self) -> None:
        self._skew = 1 + self.skew_ppm * 1e-6
        self._phase = _Phase.EMPTY
        self._generation = 0
        self._due: float | None = None
        """When the phase ends, or the next sample is due."""
        self._ends_at = 0.0
        self._read_at = 0.0
        """When the last block was read: just before the last sample."""
        self._samples = 0
        self._resume: messages.Resume | None = None
        """A resume that waits for the seek to end."""
        self._position = 0.0
        self._at = 0.0
        self._rate = 1.0
        self._tracks: tuple[Track, ...] = ()
        self._percent = 100.0
        self._mute = False

    # ---- the machine ----------------------------------------------------------------------------------------------

    def handle(self, command: PlayerCommand, now: float) -> list[PlayerEvent]:
        """Carry out a command. Return the events that it causes at once."""
        match command:
            case messages.Load():
                return self._load(command, now)
            case messages.SetVolume(percent=percent):
                self._percent = min(max(percent, 0.0), 130.0)
                return [messages.VolumeChanged(self._generation, self._percent, self._mute)]
            case messages.SetMute(mute=mute):
                self._mute = mute
                return [messages.VolumeChanged(self._generation, self._percent, self._mute)]
            case _ if isinstance(command, messages.PlayerSetting):
                return []
            case _ if self._phase is _Phase.EMPTY:
                return self._refuse(type(command).__name__, "nothing is loaded")
            case messages.Unload():
                self._resume = None
                self._enter(_Phase.EMPTY)
                return []
            case messages.Resume():
                return self._resume_at(command, now)
            case messages.PauseNow():
                return self._pause(now)
            case messages.PauseFor(seconds=seconds):
                if self._phase is _Phase.PLAYING and seconds > 0:
                    self._anchor(now)
                    self._enter(_Phase.DELAYING, now + seconds)
                return []
            case messages.SeekTo(position=position):
                preroll = position % self.key_frames / self.preroll_speed if self.key_frames > 0 else 0.0
                self._seek(position, now + self.seek_cost + preroll)
                return []
            case messages.SetRate(rate=rate):
                self._set_rate(1000 / rate_period(rate))
                return []
            case messages.StepFrame(back=back):
                if self._phase is not _Phase.STANDING:
                    return self._pause(now)
                self._resume = self._due = None
                stepped = self._position + (-_FRAME_SECONDS if back else _FRAME_SECONDS)
                return self._stand(max(0.0, min(stepped, self.duration)), now)
            case messages.SelectTrack():
                return self._select(command)
            case messages.AddSubtitleFile() | messages.AddAudioFile():
                return self._add(command)
            case messages.RemoveTrack():
                return self._remove(command)
            case messages.ShowText():
                return []
            case messages.TakePicture():
                return self._refuse("TakePicture", "the simulated player shows no pictures")
            case _:
                assert_never(command)

    def refuse_load(self, command: messages.Load, reason: files.MediaUnusable) -> list[PlayerEvent]:
        """Answer a Load whose file cannot be played."""
        self._generation = command.generation
        self._resume = None
        self._enter(_Phase.EMPTY)
        return [messages.LoadFailed(self._generation, reason.code, str(reason), reason.films)]

    def deadline(self) -> float | None:
        return self._due

    def expire(self, now: float) -> list[PlayerEvent]:
        """Do everything that is due by ``now``: more than one thing if it is called late."""
        events: list[PlayerEvent] = []
        while (due := self._due) is not None and due <= now:
            events += self._expire_one(due)
        return events

    def position(self, now: float) -> float:
        """Return where the picture is. Events never say it so exactly."""
        if self._phase is not _Phase.PLAYING:
            return self._position
        position = self._position + (now - self._at) * self._rate * self._skew
        return position if position < self.duration else self.duration

    # ---- phases ---------------------------------------------------------------------------------------------------

    def _load(self, command: messages.Load, now: float) -> list[PlayerEvent]:
        self._generation = command.generation
        self._rate = 1.0
        self._tracks = _TRACKS
        self._seek(command.start, now + self.load_cost)
        return [messages.Loaded(self._generation, self.duration, self._tracks, self._describe(command.path))]

    def _describe(self, path: str) -> Description:
        if self.about is not None:
            return self.about
        name = PurePath(path)
        return Description(
            chapters=tuple(Chapter(f"Part {n + 1}", self.duration * n / 3) for n in range(3)),
            metadata={"title": name.stem},
            file_format=_FORMATS.get(name.suffix.lower()),
        )

    def _seek(self, position: float, due: float) -> None:
        self._position = min(max(position, 0.0), self.duration)
        self._resume = None
        self._enter(_Phase.SEEKING, due)

    def _set_rate(self, rate: float) -> None:
        playing = self._phase is _Phase.PLAYING
        if playing:
            # As VLC (input_clock_ChangeRate): the new rate counts from the last block read, so the picture jumps.
            self._anchor(self._read_at)
        self._rate = rate
        if playing:
            self._compute_end()

    def _resume_at(self, command: messages.Resume, now: float) -> list[PlayerEvent]:
        match self._phase:
            case _Phase.STANDING:
                self._due = now if command.at is None else max(now, command.at)
                return []
            case _Phase.SEEKING:
                self._resume = command
                return []
            case _Phase.ENDED:
                return [
                    messages.Started(self._generation, self._position, now),
                    messages.Ended(self._generation, self._position, now),
                ]
            case _:
                return [messages.Started(self._generation, self.position(now), now)]

    def _pause(self, now: float) -> list[PlayerEvent]:
        self._resume = None
        match self._phase:
            case _Phase.SEEKING:
                return []  # the Settled to come answers this too
            case _Phase.ENDED:
                return [messages.Settled(self._generation, self._position, now)]
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
                return [messages.Started(self._generation, self._position, due)]
            case _Phase.DELAYING:
                self._play(due)
                return []
            case _:  # the end
                self._position = self.duration
                self._enter(_Phase.ENDED)
                return [messages.Ended(self._generation, self._position, due)]

    def _sample(self, due: float) -> messages.Sampled:
        self._samples += 1
        uneven = self._samples * _GOLDEN % 1
        position = max(self._position, self.position(due - self.lateness * (1 - uneven)))
        self._read_at = due
        following = due + self.sample_period * (0.6 + 0.8 * uneven)
        self._due = following if following < self._ends_at else self._ends_at
        return messages.Sampled(self._generation, position, due, self._rate)

    def _stand(self, position: float, now: float) -> list[PlayerEvent]:
        self._position = position
        self._enter(_Phase.STANDING)
        return [messages.Settled(self._generation, position, now), messages.Shown(self._generation, position)]

    def _play(self, at: float) -> None:
        self._at = self._read_at = at
        self._enter(_Phase.PLAYING, at + self.sample_period / 2)
        self._compute_end()

    def _anchor(self, at: float) -> None:
        """Make the position at this time the one from which positions are computed."""
        self._position, self._at = self.position(at), at

    def _compute_end(self) -> None:
        self._ends_at = self._at + (self.duration - self._position) / (self._rate * self._skew)
        if self._due is not None:
            self._due = min(self._due, self._ends_at)

    def _enter(self, phase: _Phase, due: float | None = None) -> None:
        self._phase, self._due = phase, due

    def _refuse(self, command: str, message: str) -> list[PlayerEvent]:
        return [messages.CommandFailed(self._generation, command, message)]

    # ---- tracks ---------------------------------------------------------------------------------------------------

    def _select(self, command: messages.SelectTrack) -> list[PlayerEvent]:
        ids = [track.id for track in self._tracks if track.kind == command.kind]
        if command.id is not None and command.id not in ids:
            return self._refuse("SelectTrack", f"there is no {command.kind} track {command.id}")
        self._tracks = tuple(
            replace(track, selected=track.id == command.id) if track.kind == command.kind else track
            for track in self._tracks
        )
        return [messages.TracksChanged(self._generation, self._tracks)]

    def _add(self, command: messages.AddFile) -> list[PlayerEvent]:
        track = replace(
            _SUBTITLES if isinstance(command, messages.AddSubtitleFile) else _SOUND,
            id=max(track.id for track in self._tracks) + 1,
            name="added",
            selected=False,
            language=command.language,
            title=command.title,
            file=command.path,
        )
        self._tracks = (*self._tracks, track)
        if command.select:
            return self._select(messages.SelectTrack(track.kind, track.id))
        return [messages.TracksChanged(self._generation, self._tracks)]

    def _remove(self, command: messages.RemoveTrack) -> list[PlayerEvent]:
        kept = [t for t in self._tracks if (t.kind, t.id) != (command.kind, command.id) or t.file is None]
        if len(kept) == len(self._tracks):
            message = f"there is no {command.kind} track {command.id} that was added to the film"
            return self._refuse("RemoveTrack", message)
        self._tracks = tuple(kept)
        return [messages.TracksChanged(self._generation, self._tracks)]


class SimulatedPlayer:
    """A `SimulatedMachine` behind the Player port, on the loop's clock. Files have to exist: ``do`` checks them.

    Checking a file blocks the loop if the file is on a network share that is gone. A player that shows nothing has no
    use for films there.
    """

    def __init__(self, sink: EventSink, *, machine: SimulatedMachine | None = None) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._machine = machine or SimulatedMachine()
        self._timer = DeadlineTimer(self._expire)
        self._events = EventFilter()
        self.name: str | None = None
        self._loop.call_soon(self._open)

    def do(self, command: PlayerCommand) -> None:
        if self._events.closed:
            return
        self._events.commanded(command)
        try:
            if isinstance(command, messages.Load | messages.AddFile):
                files.examine_film(command.path)
            events = self._machine.handle(command, self._loop.time())
        except files.MediaUnusable as reason:
            if isinstance(command, messages.Load):
                events = self._machine.refuse_load(command, reason)
            else:
                events = [messages.CommandFailed(self._events.generation, type(command).__name__, str(reason))]
        self._emit(events)

    async def close(self) -> None:
        self._events.closed = True
        self._timer.arm(None)

    def _open(self) -> None:
        if not self._events.closed:
            self.name = "simulated"
            self._sink(messages.PlayerOpened(0, self.name))

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
