"""What lives on libVLC's owner thread: commands become libVLC calls, libVLC's events become the player's.

Theory of operation::

    EMPTY --Load--> OPENING --open--> ROUSING --roused--> SEEKING --decoded--> STANDING --at--> STARTING --> PLAYING
                                                           ^                    |  ^ ^            |           | | ^
                                                           +------- SeekTo -----+  | +- PAUSING <-+-PauseNow--+ | |
                                                           |                       |                            v |
                                                           +------- SeekTo ------ ENDED                   DELAYING

STEPPING leads from STANDING to PAUSING. A new Load or SeekTo leads out of every phase.

*Loading* opens the file paused and seeks once, for only then does VLC make its picture. It has to be roused from its
pause for a moment and paused again, though: a picture that was made during a pause does not know of the pause, takes
the frames of later seeks for late ones, and drops them (measured, 3.0.24).

*Seeking* is done paused and at rate 1 (at other rates VLC misses the target), and not before the picture's thread has
come to rest: a seek less than 40 ms after a pause lost its picture in 9 of 10 trials, later ones never. Buffering 100
comes a few milliseconds after it, and means "read". "Decoded" is said by nothing but a line of VLC's debug log, "end of
video preroll": measured 8-20 ms after the seek with a small clip, up to 800 ms with a 1080p one whose key frames lie
8 s apart. A seek that hits a key frame has no preroll and no such line, so the wait is bounded; a line that comes late
makes this file's later waits longer. VLC counts preroll in decoding order: while paused, the frame shown may be up to
four before the target; from the first moving frame on it is right.

*Two positions* belong to a pause. VLC's clock stops where it was told (``_clock``), the picture on the frame which
begins next: its thread is waiting with that one already, and shows it (58 of 60 pauses on a quiet machine, else one
more). That frame's time is the position that Settled names (``_stand``). A resume then leaves the pause just so much
earlier (or later) that the media is where the line through (``_stand``, ``at``) wants it. After a seek VLC's clock
begins 10 ms after the unpause (``i_wakeup_delay``), after a mere pause at once.

*Rates.* VLC applies a new rate as from the last block read. Right after a seek a second and more has been read ahead:
the picture would jump by (rate - 1) x 1.1 s. A sample is raised just after a read. So a rate is set at once while
playing, but after a seek or a pause only with the first sample (at most 0.5 s later); the jump is then below
(rate - 1) x 25 ms.

*The end.* ``:play-and-pause`` makes VLC pause on the last frame, unasked; from there it seeks as ever. Only a player
that was resumed there stops for good, so Resume at the end is answered without asking VLC.

*Frame steps* leave the pause for a frame's time. VLC's own ``next_frame`` upsets its clock for good: the next resume is
a second off, even after a seek.
"""

import enum
import math
import os
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, assert_never

from hangd.engine.playback import (
    AddSubtitleFile,
    CommandFailed,
    DurationChanged,
    Ended,
    FailureCode,
    Load,
    Loaded,
    LoadFailed,
    PauseFor,
    PauseNow,
    PlayerCommand,
    PlayerEvent,
    Resume,
    Sampled,
    SeekTo,
    SelectTrack,
    SetDelay,
    SetFullscreen,
    SetMute,
    SetRate,
    Settled,
    SetVolume,
    ShowText,
    Stalled,
    Started,
    StepFrame,
    Unload,
)
from hangd.player import files
from hangd.player.vlc_facts import Fact, hear_events, hear_log
from hangd.player.vlc_local import VlcLocal
from hangd.player.vlc_pace import Pace
from hangd.player.vlc_tracks import picture_rate

__all__ = ["VlcOwner"]

_OPEN_SECONDS: Final = 10.0
_ROUSE_SECONDS: Final = 3.0
"""An output that has not shown itself by now will not; the film goes on without (sound, time and samples are there)."""
_ROUSED_SECONDS: Final = 0.120
"""The picture's thread looks up every 100 ms, and has to find a picture in time. Of 7 loads each 6 failed at 60 ms, and
none from 100 ms on, on an idle machine as on a busy one."""
_ANSWER_SECONDS: Final = 1.0
"""VLC answers a pause within 0.3 ms; where it has nothing to say (it was paused already) we go on after this."""
_BUFFER_SECONDS: Final = 1.5
_DECODE_SECONDS: Final = 0.15
_DECODE_SECONDS_MAX: Final = 1.5
_REST_SECONDS: Final = 0.060
"""From a pause to a seek: a frame's time (the picture's thread may be waiting for it) and some."""
_END_SECONDS: Final = 1.0
_END_BUFFER_SECONDS: Final = 0.3
"""So long is waited for Buffering 100 within the last second, where it may not come."""
_WAKE_SECONDS: Final = 0.010
_RENDER_LEAD: Final = 0.002
"""The picture's thread takes up the next frame this long before its time, and shows it even if a pause comes."""
_FRAME_SECONDS: Final = 0.040
"""A frame step where the file does not tell its rate."""
_SHORT_OF_END: Final = 5.0
"""A file that ends so long before its duration is cut short. Less may be the container's rounding, or odd tracks."""


class _Phase(enum.Enum):
    EMPTY = enum.auto()
    OPENING = enum.auto()
    ROUSING = enum.auto()
    SEEKING = enum.auto()
    STANDING = enum.auto()
    STARTING = enum.auto()
    PLAYING = enum.auto()
    PAUSING = enum.auto()
    DELAYING = enum.auto()
    STEPPING = enum.auto()
    ENDED = enum.auto()


_LOADING: Final = (_Phase.OPENING, _Phase.ROUSING)
_MOVING: Final = (_Phase.STARTING, _Phase.PLAYING, _Phase.STEPPING)


class VlcOwner:
    """See the module's docstring. ``post`` hands a fact to the owner thread, ``emit`` an event to the event loop."""

    def __init__(
        self, vlc: ModuleType, instance: Any, post: Callable[[Fact], None], emit: Callable[[PlayerEvent], None]
    ) -> None:
        self._vlc = vlc
        self._instance = instance
        self._emit = emit
        self._player: Any = instance.media_player_new()
        self._media: Any = None
        self._local = VlcLocal(vlc, self._player, emit)
        self._keep_alive = hear_log(vlc, instance, lambda: self._load_number, post)
        hear_events(vlc, self._player, lambda: self._load_number, post)

        self._phase = _Phase.EMPTY
        self._due: float | None = None
        """When the phase gives up waiting, or does what it waits for."""
        self._load_number = 0
        self._generation = 0
        self._path = ""
        self._identity: files.Identity | None = None
        self._duration: float | None = None
        self._frame_rate: float | None = None
        self._announced = False

        self._target = 0.0
        """Where a seek goes; where the first one goes while loading."""
        self._resume: tuple[float | None] | None = None
        """A resume that waits: for the picture to stand, or for its time."""
        self._buffered = False
        self._decoded = False
        self._has_output = False
        self._target_asked = False
        """VLC was told of the target, if only in order to make a picture."""
        self._sought_at = 0.0
        self._decode_seconds = _DECODE_SECONDS
        self._runs_dry = False
        """The last seek found nothing to read: the next one's frame is not shown unless it is made twice."""

        self._stand = 0.0
        self._clock = 0.0
        self._fresh = False
        """Nothing was played since the last seek: the clock begins with a delay."""
        self._unpaused_at = 0.0
        self._paused_at = 0.0
        self._pace = Pace()
        self._wanted_rate = 1.0
        self._rate_may_change = False
        """A sample has come since the last unpause."""
        self._stalled = False

    # ---- what the thread calls ------------------------------------------------------------------------------------

    def handle(self, item: PlayerCommand | Fact | Callable[[], object]) -> None:
        if isinstance(item, Fact):
            if item.load == self._load_number:
                self._learn(item)
        elif callable(item):
            item()
        else:
            self._do(item)

    def deadline(self) -> float | None:
        return min((due for due in (self._due, self._local.subtitles_due) if due is not None), default=None)

    def expire(self, now: float) -> None:
        if self._local.subtitles_due is not None and self._local.subtitles_due <= now:
            self._local.subtitles_failed()
        if self._due is None or self._due > now:
            return
        self._due = None
        match self._phase:
            case _Phase.OPENING if self._buffered:
                self._rouse()
            case _Phase.OPENING if self._target_asked:
                self._on_first_buffered()
            case _Phase.OPENING:
                self._fail("hung")
            case _Phase.ROUSING:
                self._pause()
                self._local.hush(False)
                self._seek(self._target)
            case _Phase.SEEKING if not self._target_asked:
                self._ask_target()
            case _Phase.SEEKING:
                self._runs_dry = not self._buffered
                self._settle(self._target, self._target_clock())
            case _Phase.STANDING:
                self._unpause()
            case _Phase.STARTING:
                self._started(now)
            case _Phase.PAUSING:
                self._paused(now)
            case _Phase.STEPPING:
                self._pause()
                self._enter(_Phase.PAUSING, now + _ANSWER_SECONDS)
            case _Phase.DELAYING:
                self._player.set_pause(0)
                self._unpaused_at = now
                self._pace.begin(self._clock, now)
                self._phase = _Phase.PLAYING
            case _:
                pass

    def close(self) -> None:
        self._load_number += 1
        self._player.stop()
        self._player.release()
        if self._media is not None:
            self._media.release()
        self._instance.log_unset()
        self._instance.release()

    # ---- commands -------------------------------------------------------------------------------------------------

    def _do(self, command: PlayerCommand) -> None:
        match command:
            case Load():
                self._load(command)
            case SetVolume() | SetMute() | SetFullscreen() | SetDelay():
                self._local.do(command)
            case _ if self._phase is _Phase.EMPTY:
                self._emit(CommandFailed(self._generation, type(command).__name__, "nothing is loaded"))
            case Unload():
                self._unload()
            case Resume(at=at):
                self._do_resume(at)
            case PauseNow():
                self._pause_now()
            case PauseFor(seconds=seconds):
                self._pause_for(seconds)
            case SeekTo(position=position):
                self._seek_to(position)
            case SetRate(rate=rate):
                self._wanted_rate = rate
                if self._phase is _Phase.PLAYING and self._rate_may_change:
                    self._apply_rate(time.monotonic())
            case StepFrame():
                self._step()
            case SelectTrack() | AddSubtitleFile() | ShowText():
                self._local.do(command)
            case _:
                assert_never(command)

    def _load(self, command: Load) -> None:
        self._generation = self._local.generation = command.generation
        self._path = command.path
        self._wanted_rate = 1.0
        self._decode_seconds = _DECODE_SECONDS
        self._announced = False
        self._duration = None
        try:
            self._identity = files.examine(command.path)
        except files.MediaProblem as problem:
            self._unload()
            self._emit(LoadFailed(self._generation, problem.code, str(problem)))
            return
        self._open(max(0.0, command.start))

    def _open(self, start: float) -> None:
        if self._media is not None:
            self._media.release()
        self._media = self._instance.media_new_path(os.fsencode(self._path))
        self._media.add_option(":start-paused")
        self._media.add_option(":play-and-pause")
        self._local.opening(self._media)
        self._player.set_media(self._media)  # ends what was playing; its last events are numbered with the old load
        self._load_number += 1
        self._target, self._resume = start, None
        self._pace.begin(start, 0.0, rate=1.0)
        self._target_asked = self._buffered = self._has_output = self._stalled = self._runs_dry = False
        self._enter(_Phase.OPENING, time.monotonic() + _OPEN_SECONDS)
        self._player.play()

    def _unload(self) -> None:
        self._load_number += 1
        self._local.closed()
        self._enter(_Phase.EMPTY)
        self._resume = None
        self._player.stop()

    def _do_resume(self, at: float | None) -> None:
        now = time.monotonic()
        match self._phase:
            case _Phase.STANDING:
                self._resume = (at,)
                self._schedule()
            case _Phase.STARTING:
                pass  # Started is on its way
            case _Phase.PLAYING | _Phase.DELAYING:
                self._emit(Started(self._generation, self._position(now), now))
            case _Phase.ENDED:
                self._emit(Started(self._generation, self._stand, now))
                self._emit(Ended(self._generation, self._stand, now))
            case _:
                self._resume = (at,)

    def _pause_now(self) -> None:
        self._resume = None
        now = time.monotonic()
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.STEPPING:
                self._pause()
                self._enter(_Phase.PAUSING, now + _ANSWER_SECONDS)
            case _Phase.DELAYING:
                self._settle(self._frame_at(self._clock), self._clock)
            case _Phase.STANDING | _Phase.ENDED:
                self._settle(self._stand, self._clock, ended=self._phase is _Phase.ENDED)
            case _:
                pass  # on its way to stand: the Settled that comes answers this too

    def _pause_for(self, seconds: float) -> None:
        now = time.monotonic()
        if self._phase is not _Phase.PLAYING or seconds < 0.001:
            return
        self._pause()
        self._clock = self._position(now)
        self._fresh = False
        self._enter(_Phase.DELAYING, now + seconds)

    def _seek_to(self, position: float) -> None:
        position = max(0.0, position)
        self._resume = None
        if self._phase in _LOADING:
            self._target = position
            return
        if self._phase in _MOVING:
            self._pause()
        if self._player.get_state() in (self._vlc.State.Ended, self._vlc.State.Stopped):
            self._open(position)  # VLC has let go of the file at its end
            return
        self._seek(position)

    def _step(self) -> None:
        if self._phase is not _Phase.STANDING:
            self._pause_now()
            return
        frame = 1 / self._frame_rate if self._frame_rate else _FRAME_SECONDS
        # Stop half a frame before the next one's time: it is shown then, whatever a pause's jitter.
        seconds = (self._stand + frame / 2 - self._clock) / self._pace.rate + (_WAKE_SECONDS if self._fresh else 0.0)
        self._unpause()
        self._enter(_Phase.STEPPING, self._unpaused_at + seconds)

    # ---- VLC's facts ----------------------------------------------------------------------------------------------

    def _learn(self, fact: Fact) -> None:
        match fact.kind:
            case "TimeChanged":
                self._sampled(fact.value / 1000, fact.at)
            case "Buffering":
                self._on_buffering(full=fact.value >= 100, at=fact.at)
            case "Decoded":
                self._on_decoded(fact.at)
            case "Paused":
                self._on_paused(fact.at)
            case "Playing":
                self._on_playing(fact.at)
            case "Vout":
                self._has_output = fact.value > 0
                if self._phase is _Phase.OPENING and self._buffered and self._has_output:
                    self._rouse()
            case "LengthChanged":
                self._on_length(fact.value / 1000)
            case "ESAdded":
                self._on_track_added()
            case "EndReached":
                self._on_end_reached(fact.at)
            case "EncounteredError":
                self._fail(self._reason("unrecognized"))

    def _sampled(self, position: float, at: float) -> None:
        # A seek raises one as well, with what was asked for; and one may have been under way when a pause was asked.
        if self._phase is not _Phase.PLAYING or at < self._unpaused_at:
            return
        self._pace.sample(position, at)
        self._fresh = False
        self._rate_may_change = True
        self._emit(Sampled(self._generation, position, at, self._pace.rate))
        self._apply_rate(at)

    def _on_buffering(self, *, full: bool, at: float) -> None:
        match self._phase:
            case _Phase.OPENING | _Phase.SEEKING if not self._target_asked or at < self._sought_at:
                pass  # of an older seek, or of opening
            case _Phase.OPENING if full:
                self._on_first_buffered()
            case _Phase.SEEKING if full and self._runs_dry:
                self._runs_dry = False
                self._seek(self._target)
            case _Phase.SEEKING if full:
                self._buffered = True
                self._due = at if self._decoded else at + self._decode_seconds
            case _Phase.PLAYING if self._stalled == full and at >= self._unpaused_at:
                self._stalled = not full
                self._pace.begin(self._pace.position(at), at)
                self._emit(Stalled(self._generation, self._stalled, at))
            case _:
                pass

    def _on_decoded(self, at: float) -> None:
        if at < self._sought_at:
            return
        if self._phase is _Phase.SEEKING and self._target_asked:
            self._decoded = True
            if self._buffered:
                self._due = at
        elif self._fresh:  # later than we waited
            self._decode_seconds = min(max(self._decode_seconds, 1.2 * (at - self._sought_at)), _DECODE_SECONDS_MAX)

    def _on_paused(self, at: float) -> None:
        match self._phase:
            case _Phase.OPENING if not self._target_asked:
                # Open, and standing before the first frame. Near the end there is nothing to make a picture of.
                known = max(0.0, self._duration - 2.0) if self._duration is not None else self._target
                self._sought_at = time.monotonic()
                self._player.set_time(math.floor(min(self._target, known) * 1000))
                self._target_asked = True
                self._due = time.monotonic() + _ROUSE_SECONDS
            case _Phase.PAUSING:
                self._paused(at)
            case _Phase.PLAYING if at > self._unpaused_at:
                self._on_end(at)
            case _Phase.STARTING if at > self._unpaused_at:
                self._started(at)
                self._on_end(at)
            case _:
                pass

    def _on_playing(self, at: float) -> None:
        match self._phase:
            case _Phase.ROUSING:
                self._due = at + _ROUSED_SECONDS
            case _Phase.STARTING:
                self._started(at)
            case _:
                pass

    def _on_length(self, duration: float) -> None:
        if duration > 0 and duration != self._duration:
            self._duration = duration
            if self._announced:
                self._emit(DurationChanged(self._generation, duration))

    def _on_track_added(self) -> None:
        if self._announced:
            self._local.track_added()

    def _on_end_reached(self, at: float) -> None:
        match self._phase:
            case _Phase.EMPTY | _Phase.ENDED:
                pass
            case _Phase.OPENING | _Phase.ROUSING:
                self._fail(self._reason("unrecognized"))
            case _:
                self._on_end(at)

    def _on_first_buffered(self) -> None:
        tracks = self._local.tracks()
        kinds = {track.kind for track in tracks}
        if "video" not in kinds:
            self._fail("no-video" if "audio" in kinds else "unrecognized")
            return
        self._buffered = True
        self._frame_rate = picture_rate(self._vlc, self._media)
        self._local.opened()
        if not self._announced:  # a file that is opened again after its end is no news
            self._announced = True
            self._emit(Loaded(self._generation, self._duration, tracks))
        if self._has_output:
            self._rouse()
        else:
            self._due = time.monotonic() + _ROUSE_SECONDS

    def _rouse(self) -> None:
        self._enter(_Phase.ROUSING, time.monotonic() + _ANSWER_SECONDS)
        self._local.hush(True)
        self._player.set_pause(0)

    # ---- standing, starting, stopping -----------------------------------------------------------------------------

    def _seek(self, position: float) -> None:
        self._target = position
        self._target_asked = self._buffered = self._decoded = self._stalled = False
        self._enter(_Phase.SEEKING, self._paused_at + _REST_SECONDS)
        if self._due is not None and self._due <= time.monotonic():
            self._ask_target()

    def _ask_target(self) -> None:
        if self._pace.differs(1.0):
            self._pace.begin(self._target, 0.0, rate=1.0)
            self._player.set_rate(self._pace.asked)
        self._sought_at = time.monotonic()
        self._target_asked = self._fresh = True
        at_end = self._duration is not None and self._target > self._duration - _END_SECONDS
        self._due = self._sought_at + (_END_BUFFER_SECONDS if at_end else _BUFFER_SECONDS)
        self._player.set_time(round(self._target_clock() * 1000))

    def _pause(self) -> None:
        self._player.set_pause(1)
        self._paused_at = time.monotonic()

    def _target_clock(self) -> float:
        """Where VLC's clock will stand: whole milliseconds, and never past a frame that begins at the target."""
        return math.floor(self._target * 1000 + 0.001) / 1000

    def _settle(self, stand: float, clock: float, *, ended: bool = False) -> None:
        self._stand, self._clock = stand, clock
        self._enter(_Phase.ENDED if ended else _Phase.STANDING)
        self._emit(Settled(self._generation, stand, time.monotonic()))
        if self._resume is not None:
            self._schedule()

    def _paused(self, at: float) -> None:
        """VLC's clock stopped at ``at``."""
        clock = self._pace.position(at)
        self._fresh = False
        self._settle(self._frame_at(clock), clock)

    def _frame_at(self, clock: float) -> float:
        """Return the time of the frame on which a picture stands whose clock was stopped at ``clock``."""
        if not self._frame_rate:
            return clock
        frame = math.ceil((clock + _RENDER_LEAD) * self._frame_rate)
        if self._duration is not None:
            frame = min(frame, math.ceil(self._duration * self._frame_rate) - 1)
        return frame / self._frame_rate

    def _schedule(self) -> None:
        """Decide when to leave the pause, so that the media is at ``_stand`` when the resume is due."""
        assert self._resume is not None
        now = time.monotonic()
        (at,) = self._resume
        self._due = now if at is None else max(now, at - self._head_start())

    def _head_start(self) -> float:
        """How long before the resume's time the pause has to be left: later than it, where this is negative."""
        return (_WAKE_SECONDS if self._fresh else 0.0) + (self._stand - self._clock) / self._pace.rate

    def _unpause(self) -> None:
        self._resume = None
        self._unpaused_at = time.monotonic()
        self._player.set_pause(0)
        self._rate_may_change = False
        self._pace.begin(self._stand, self._unpaused_at + self._head_start())
        self._enter(_Phase.STARTING, self._unpaused_at + _ANSWER_SECONDS)

    def _started(self, at: float) -> None:
        at += self._head_start()
        self._pace.begin(self._stand, at)
        self._enter(_Phase.PLAYING)
        self._local.started()
        self._emit(Started(self._generation, self._stand, at))

    def _on_end(self, at: float) -> None:
        """VLC has paused, or stopped, because there is no more to play."""
        position = self._position(at)
        if self._duration is not None:
            if position < self._duration - _SHORT_OF_END:
                self._fail(self._reason("truncated"))
                return
            position = min(position, self._duration)
        self._stand = self._clock = position
        self._resume = None
        self._enter(_Phase.ENDED)
        self._emit(Ended(self._generation, position, at))

    def _fail(self, code: FailureCode) -> None:
        # Told first: closing what would not open may take its time, or hang.
        self._emit(LoadFailed(self._generation, code, str(files.problem(code, self._path))))
        self._unload()

    def _reason(self, code: FailureCode) -> FailureCode:
        """The same, or the reason behind it: the file is not what it was."""
        return "vanished" if self._identity is not None and files.was_changed(self._path, self._identity) else code

    def _enter(self, phase: _Phase, due: float | None = None) -> None:
        self._phase, self._due = phase, due

    def _position(self, at: float) -> float:
        """Where the media is (or was) at this time."""
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.PAUSING | _Phase.STEPPING:
                return self._pace.position(at)
            case _Phase.DELAYING:
                return self._clock
            case _:
                return self._stand

    def _apply_rate(self, at: float) -> None:
        if self._pace.differs(self._wanted_rate):
            self._pace.begin(self._pace.position(at), at, rate=self._wanted_rate)
            self._player.set_rate(self._pace.asked)
