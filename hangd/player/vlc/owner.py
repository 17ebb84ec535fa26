"""What lives on libVLC's owner thread: commands become libVLC calls, libVLC's events become the player's.

Theory of operation::

    EMPTY --Load--> OPENING --open--> ROUSING --roused--> SEEKING --decoded--> STANDING --at--> STARTING --> PLAYING
                                                           ^                    |  ^ ^            |           | | ^
                                                           +------- SeekTo -----+  | +- PAUSING <-+-PauseNow--+ | |
                                                           |                       |                            v |
                                                           +------- SeekTo ------ ENDED                   DELAYING

STEPPING leads from STANDING to PAUSING. A new Load or SeekTo leads out of every phase.

Why each step is as it is, and what was measured, stands in ``vlc_timings``.
"""

import enum
import math
import os
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, assert_never

from hangd.engine import player_messages as playback
from hangd.engine.player_messages import FailureCode, PlayerCommand
from hangd.engine.timeline import earliest
from hangd.player import files
from hangd.player.base import EventSink
from hangd.player.vlc import timings
from hangd.player.vlc.clock import VlcClock
from hangd.player.vlc.events import Fact, hear_events, hear_log
from hangd.player.vlc.film import Film
from hangd.player.vlc.pace import Pace, Stance, whole_milliseconds
from hangd.player.vlc.pausing import Pausing
from hangd.player.vlc.pitch import Stretcher
from hangd.player.vlc.settings import NeedsMedia, NeedsNothing, VlcLocal
from hangd.player.vlc.tracks.tracks import picture_rate

__all__ = ["VlcOwner"]


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
        self, vlc: ModuleType, instance: Any, post: Callable[[Fact], None], emit: EventSink, *, own_sound: bool
    ) -> None:
        self._vlc = vlc
        self._instance = instance
        self._emit = emit
        self._player: Any = instance.media_player_new()
        self._media: Any = None
        self._local = VlcLocal(vlc, self._player, emit, own_sound=own_sound)
        self._stretcher = Stretcher(self._player)
        self._keep_alive = hear_log(vlc, instance, lambda: self._load_number, post)
        hear_events(vlc, self._player, lambda: self._load_number, post)

        self._phase = _Phase.EMPTY
        self._due: float | None = None
        """When the phase gives up waiting, or does what it waits for."""
        self._load_number = 0
        self._generation = 0
        self._film = Film("")

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
        self._runs_dry = False
        """The last seek found nothing to read: the next one's frame is not shown unless it is made twice."""

        self._stance = Stance()
        self._pace = Pace()
        self._clock = VlcClock(self._player)
        self._pausing = Pausing(self._player, self._clock, self._local, self._pace, self._stance)
        self._wanted_rate = 1.0
        self._turned_at = 0.0
        """When the rate was last changed: samples of before are of the old one."""
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
        return earliest(self._due, self._local.due)

    def expire(self, now: float) -> None:
        self._local.expire(now)
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
                self._pausing.enter()
                self._local.roused()
                self._seek(self._target)
            case _Phase.SEEKING if not self._target_asked:
                self._ask_target()
            case _Phase.SEEKING:
                self._runs_dry = not self._buffered
                self._settle(self._target, whole_milliseconds(self._target))
            case _Phase.STANDING:
                self._unpause()
            case _Phase.STARTING:
                self._started(now)
            case _Phase.PAUSING:
                self._paused(now)
            case _Phase.STEPPING:
                self._pausing.enter()
                self._enter(_Phase.PAUSING, now + timings.ANSWER_SECONDS)
            case _Phase.DELAYING:
                self._pausing.end_hold(now)
                self._phase = _Phase.PLAYING

    def close(self) -> None:
        self._load_number += 1
        self._player.stop()
        self._local.picture.wait()
        self._player.release()
        self._local.close()
        if self._media is not None:
            self._media.release()
        self._instance.log_unset()
        self._instance.release()

    # ---- commands -------------------------------------------------------------------------------------------------

    def _do(self, command: PlayerCommand) -> None:
        if self._phase is _Phase.EMPTY and not isinstance(command, playback.Load | NeedsNothing):
            self._emit(playback.CommandFailed(self._generation, type(command).__name__, "nothing is loaded"))
            return
        if isinstance(command, NeedsNothing | NeedsMedia):
            self._local.do(command)
            return
        match command:
            case playback.Load():
                self._load(command)
            case playback.Unload():
                self._unload()
            case playback.Resume(at=at):
                self._do_resume(at)
            case playback.PauseNow():
                self._pause_now()
            case playback.PauseFor(seconds=seconds):
                self._pause_for(seconds)
            case playback.SeekTo(position=position):
                self._seek_to(position)
            case playback.SetRate(rate=rate):
                self._wanted_rate = rate
                self._stretcher.follow(rate)
                if self._phase is _Phase.PLAYING and self._pausing.clock_runs:
                    self._apply_rate(time.monotonic())
            case playback.StepFrame():
                self._step()
            case _:
                assert_never(command)

    def _load(self, command: playback.Load) -> None:
        self._generation = self._local.generation = command.generation
        self._wanted_rate = 1.0
        self._stretcher.load()
        self._film = Film(command.path)
        try:
            self._film.examine()
        except files.MediaUnusable as problem:
            self._unload()
            self._emit(playback.LoadFailed(self._generation, problem.code, str(problem)))
            return
        self._open(max(0.0, command.start))

    def _open(self, start: float) -> None:
        if self._media is not None:
            self._media.release()
        self._media = self._instance.media_new_path(os.fsencode(self._film.path))
        self._media.add_option(":start-paused")
        self._media.add_option(":play-and-pause")
        self._local.opening(self._media, self._film)
        self._player.set_media(self._media)  # ends what was playing; its last events are numbered with the old load
        self._load_number += 1
        self._target, self._resume = start, None
        self._pace.begin(start, 0.0, rate=1.0)
        self._target_asked = self._buffered = self._has_output = self._stalled = self._runs_dry = False
        self._enter(_Phase.OPENING, time.monotonic() + timings.OPEN_SECONDS)
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
                self._emit(playback.Started(self._generation, self._position(now), now))
            case _Phase.ENDED:
                self._emit(playback.Started(self._generation, self._stance.stand, now))
                self._emit(playback.Ended(self._generation, self._stance.stand, now))
            case _:
                self._resume = (at,)

    def _pause_now(self) -> None:
        self._resume = None
        now = time.monotonic()
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.STEPPING:
                self._pausing.enter()
                self._enter(_Phase.PAUSING, now + timings.ANSWER_SECONDS)
            case _Phase.DELAYING:
                self._settle(self._film.frame_at(self._stance.clock), self._stance.clock)
            case _Phase.STANDING | _Phase.ENDED:
                self._settle(self._stance.stand, self._stance.clock, ended=self._phase is _Phase.ENDED)
            case _:
                pass  # on its way to stand: the Settled that comes answers this too

    def _pause_for(self, seconds: float) -> None:
        now = time.monotonic()
        if self._phase is not _Phase.PLAYING or seconds < 0.001:
            return
        self._pausing.enter()
        self._stance.clock = self._position(now)
        self._stance.fresh = False
        self._enter(_Phase.DELAYING, now + seconds)

    def _seek_to(self, position: float) -> None:
        position = max(0.0, position)
        self._resume = None
        if self._phase in _LOADING:
            self._target = position
            return
        if self._phase in _MOVING:
            self._pausing.enter()
        if self._player.get_state() in (self._vlc.State.Ended, self._vlc.State.Stopped):
            self._open(position)  # VLC has let go of the file at its end
            return
        self._seek(position)

    def _step(self) -> None:
        if self._phase is not _Phase.STANDING:
            self._pause_now()
            return
        # Stop half a frame before the next one's time: it is shown then, whatever a pause's jitter.
        seconds = self._stance.head_start(self._pace.rate) + self._film.frame_seconds / 2 / self._pace.rate
        self._unpause()
        self._enter(_Phase.STEPPING, self._pausing.left_at + seconds)

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
                duration = fact.value / 1000
                if self._film.learn_duration(duration) and self._film.announced:
                    self._emit(playback.DurationChanged(self._generation, duration))
            case "ESAdded" | "ESSelected" if self._film.announced:
                self._local.tracks_changed()
            case "EndReached":
                self._on_end_reached(fact.at)
            case "EncounteredError":
                self._fail(self._film.reason("unrecognized"))

    def _sampled(self, position: float, at: float) -> None:
        # A seek raises one as well, with what was asked for; and one may have been under way when a pause was asked.
        if self._phase is not _Phase.PLAYING or not self._stance.precedes(position):
            return
        if at < max(self._pausing.left_at, self._turned_at):
            return
        self._pace.sample(position, at)
        self._stance.fresh = False
        self._pausing.clock_runs = True
        self._emit(playback.Sampled(self._generation, position, at, self._pace.rate))
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
                self._due = at if self._decoded else at + self._film.decode_seconds
            case _Phase.PLAYING if self._stalled == full and at >= self._pausing.left_at:
                self._stalled = not full
                self._pace.begin(self._pace.position(at), at)
                self._emit(playback.Stalled(self._generation, self._stalled, at))

    def _on_decoded(self, at: float) -> None:
        if at < self._sought_at:
            return
        if self._phase is _Phase.SEEKING and self._target_asked:
            self._decoded = True
            if self._buffered:
                self._due = at
        elif self._stance.fresh and at > self._pausing.left_at + timings.UNPAUSED_SECONDS:  # later than we waited
            self._film.learn_decoding(at - self._sought_at)

    def _on_paused(self, at: float) -> None:
        self._pausing.entered(at)
        match self._phase:
            case _Phase.OPENING if not self._target_asked:
                # Open, and standing before the first frame. Near the end there is nothing to make a picture of.
                self._sought_at = time.monotonic()
                self._player.set_time(math.floor(self._film.before_end(self._target) * 1000))
                self._target_asked = True
                self._due = time.monotonic() + timings.ROUSE_SECONDS
            case _Phase.PAUSING:
                self._paused(at)
            case _Phase.PLAYING if at > self._pausing.left_at:
                self._on_end(at)
            case _Phase.STARTING if at > self._pausing.left_at:
                self._started(at)
                self._on_end(at)

    def _on_playing(self, at: float) -> None:
        match self._phase:
            case _Phase.ROUSING:
                self._due = at + timings.ROUSED_SECONDS
            case _Phase.STARTING:
                self._started(at)

    def _on_end_reached(self, at: float) -> None:
        match self._phase:
            case _Phase.EMPTY | _Phase.ENDED:
                pass
            case _Phase.OPENING | _Phase.ROUSING:
                self._fail(self._film.reason("unrecognized"))
            case _:
                self._on_end(at)

    def _on_first_buffered(self) -> None:
        kinds = {track.kind for track in self._local.tracks()}
        if "video" not in kinds:
            self._fail("no-video" if "audio" in kinds else "unrecognized")
            return
        self._buffered = True
        self._film.frame_rate = picture_rate(self._vlc, self._media)
        self._local.opened(self._film)
        if self._has_output:
            self._rouse()
        else:
            self._due = time.monotonic() + timings.ROUSE_SECONDS

    def _rouse(self) -> None:
        self._enter(_Phase.ROUSING, time.monotonic() + timings.ANSWER_SECONDS)
        self._local.hush(True)
        self._player.set_pause(0)

    # ---- standing, starting, stopping -----------------------------------------------------------------------------

    def _seek(self, position: float) -> None:
        self._target = position
        self._target_asked = self._buffered = self._decoded = self._stalled = False
        self._enter(_Phase.SEEKING, self._pausing.entered_at + timings.REST_SECONDS)

    def _ask_target(self) -> None:
        if self._pace.differs(1.0):
            self._pace.begin(self._target, 0.0, rate=1.0)
            self._player.set_rate(self._pace.asked)
        self._sought_at = time.monotonic()
        self._target_asked = self._stance.fresh = True
        self._due = self._sought_at + self._film.buffering_seconds(self._target)
        self._player.set_time(round(whole_milliseconds(self._target) * 1000))

    def _settle(self, stand: float, clock: float, *, ended: bool = False) -> None:
        self._stance.stand, self._stance.clock = stand, clock
        self._pausing.rests()
        self._enter(_Phase.ENDED if ended else _Phase.STANDING)
        self._emit(playback.Settled(self._generation, stand, time.monotonic()))
        if self._resume is not None:
            self._schedule()

    def _paused(self, at: float) -> None:
        """VLC's clock stopped at ``at``."""
        clock = self._pace.position(at)
        self._stance.fresh = False
        self._settle(self._film.frame_at(clock), clock)

    def _schedule(self) -> None:
        """Decide when to leave the pause, so that the media is where it stood when the resume is due."""
        assert self._resume is not None
        now = time.monotonic()
        (at,) = self._resume
        self._due = now if at is None else max(now, at - self._stance.head_start(self._pace.rate))

    def _unpause(self) -> None:
        (at,), self._resume = self._resume or (None,), None
        self._pausing.leave(at)
        self._enter(_Phase.STARTING, self._pausing.left_at + timings.ANSWER_SECONDS)

    def _started(self, told: float) -> None:
        self._enter(_Phase.PLAYING)
        self._local.started()
        begins = self._pausing.left(told)
        if self._pausing.clock_runs:
            self._apply_rate(begins)
        self._emit(playback.Started(self._generation, self._stance.stand, begins))

    def _on_end(self, at: float) -> None:
        """VLC has paused, or stopped, because there is no more to play."""
        position = self._position(at)
        if self._film.is_cut_short_at(position):
            self._fail(self._film.reason("truncated"))
            return
        position = self._film.clamped(position)
        self._stance.stand = self._stance.clock = position
        self._resume = None
        self._enter(_Phase.ENDED)
        self._emit(playback.Ended(self._generation, position, at))

    def _fail(self, code: FailureCode) -> None:
        # Told first: closing what would not open may take its time, or hang.
        self._emit(playback.LoadFailed(self._generation, code, str(files.problem(code, self._film.path))))
        self._unload()

    def _enter(self, phase: _Phase, due: float | None = None) -> None:
        self._phase, self._due = phase, due

    def _position(self, at: float) -> float:
        """Where the media is (or was) at this time."""
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.PAUSING | _Phase.STEPPING:
                return self._pace.position(at)
            case _Phase.DELAYING:
                return self._stance.clock
            case _:
                return self._stance.stand

    def _apply_rate(self, at: float) -> None:
        if not self._pace.differs(self._wanted_rate):
            return
        before = self._pace.rate
        self._pace.begin(self._pace.position(at), at, rate=self._wanted_rate)
        self._clock.turn(at, self._pace.rate / before, lambda: self._player.set_rate(self._pace.asked))
        self._turned_at = time.monotonic()
