"""`Transport`: pause, start and seek the open film. Owner thread only; `VlcBackend` passes it commands and events.

Theory of operation::

    IDLE --opened--> SEEKING --decoded--> STANDING --at--> STARTING --> PLAYING
                      ^                    |  ^ ^            |           | | ^
                      +------- SeekTo -----+  | +- PAUSING <-+-PauseNow--+ | |
                      |                       |                            v |
                      +------- SeekTo ------ ENDED                       DELAYING

STEPPING leads from STANDING to PAUSING. SeekTo leads out of every phase but IDLE, in which no film is open yet. All of
the following was measured with VLC 3.0.24.

*Seeking* is done paused and at rate 1: at other rates VLC misses the target. It has to wait until the picture's thread
is at rest: a seek less than 40 ms after a pause lost its picture in 9 of 10 trials, later ones never. Buffering 100
comes a few milliseconds after the seek and means "read". That the picture is decoded is told only by a line of VLC's
debug log, "end of video preroll". A seek to a key frame has no preroll and no such line, so the wait is bounded; a line
that comes later makes this film's next waits longer. VLC ends its preroll in decoding order: while paused, the frame
that is shown can be up to four before the target; from the first moving frame on it is right.

*A pause has two positions* (`PausePoint`). VLC's clock stops where it was told, the picture on the frame that begins
next: its thread is already waiting with that frame, and shows it (in 58 of 60 pauses on a quiet machine, else one
more). Settled names that frame's time. A resume leaves the pause as much earlier or later as is needed for the media to
be at the frame's time at the requested moment. After a seek VLC's clock begins 10 ms after the pause is left, after a
mere pause at once.

*Rates.* VLC applies a new rate from the moment at which it last read: up to half a second ago while it plays, right
after a seek a second and more. `VlcClock.change_rate` corrects that if VLC's clock is known to run. If it is not (VLC
has not said when it left a pause), the rate is set with the first sample, which comes just after a read.

*The end.* ``:play-and-pause`` makes VLC pause on the last frame by itself; from there it can seek as usual. A player
that is resumed there stops for good, so Resume at the end is answered without VLC.

*Frame steps* leave the pause for the time of a frame. VLC's own ``next_frame`` upsets its clock for good: the next
resume is a second off, even after a seek.
"""

import enum
import time
from collections.abc import Callable
from typing import Final, assert_never

from hangd.engine import player_messages as messages
from hangd.engine.player_messages import FailureCode
from hangd.player.audio.vlc_output import VlcAudioOutput
from hangd.player.vlc.clock import VlcClock
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.film import Film
from hangd.player.vlc.pause_control import PauseControl
from hangd.player.vlc.pitch import PitchCorrection
from hangd.player.vlc.position import PausePoint, PositionTracker, whole_milliseconds

TransportCommand = (
    messages.Resume | messages.PauseNow | messages.PauseFor | messages.SeekTo | messages.SetRate | messages.StepFrame
)

ANSWER_SECONDS: Final = 1.0
"""VLC answers a pause within 0.3 ms. If it was paused already it does not answer, and we go on after this time."""
_REST_SECONDS: Final = 0.060
"""From a pause to a seek: somewhat more than a frame's time, for which the picture's thread may be waiting."""
_UNPAUSED_SECONDS: Final = 0.100
"""A decoder can report a seek as decoded once more when it leaves a pause. Within this time that is not believed."""
_DELAY_MIN_SECONDS: Final = 0.001


class _Phase(enum.Enum):
    IDLE = enum.auto()
    SEEKING = enum.auto()
    STANDING = enum.auto()
    STARTING = enum.auto()
    PLAYING = enum.auto()
    PAUSING = enum.auto()
    DELAYING = enum.auto()
    STEPPING = enum.auto()
    ENDED = enum.auto()


_MOVING: Final = (_Phase.STARTING, _Phase.PLAYING, _Phase.STEPPING)


class Transport:
    """Moves the film that libVLC has open, and emits where it is.

    Args:
        sound: hangd's own sound output; None if VLC plays the sound itself.
        started: called when the film plays, before Started is emitted.
        reopen: opens the same film once more, at a position, because VLC has closed it at its end.
        fail: ends the film with a failure.
    """

    def __init__(
        self,
        context: PlayerContext,
        sound: VlcAudioOutput | None,
        *,
        started: Callable[[], None],
        reopen: Callable[[float], None],
        fail: Callable[[FailureCode], None],
    ) -> None:
        self._context = context
        self._player = context.player
        self._emit = context.emit
        self._report_start = started
        self._reopen = reopen
        self._fail = fail
        self._pitch = PitchCorrection(self._player)
        self.clock = VlcClock(self._player)
        self._position = PositionTracker()
        self._point = PausePoint()
        self.pauses = PauseControl(self._player, self.clock, sound, self._position, self._point)

        self._phase = _Phase.IDLE
        self.due: float | None = None
        """When to call `expire`: the phase then gives up waiting, or does what it waited to do."""
        self.target = 0.0
        """Where a seek goes; while the film is being opened, where it is to begin."""
        self._resume: tuple[float | None] | None = None
        """The time of a resume that waits: for the picture to stand, or for that time to come."""
        self._target_requested = False
        """VLC was given the target."""
        self._buffered = False
        self._decoded = False
        self._ran_dry = False
        """The last seek found nothing to read. VLC then shows the frame of the next seek only if that is made twice."""
        self._rate = 1.0
        """The rate that was commanded; VLC may not play it yet."""
        self._rate_changed_at = 0.0
        """When the rate was last changed. Samples from before are of the old rate."""
        self._stalled = False

    @property
    def _film(self) -> Film:
        return self._context.film

    # ---- the film's life --------------------------------------------------------------------------------------------

    def load(self) -> None:
        """A film will be opened, at rate 1."""
        self._rate = 1.0
        self._pitch.reset()
        self.stop()

    def opening(self, start: float) -> None:
        """VLC is about to open the film, which is to begin at ``start``."""
        self.stop()
        self.target = start
        self._position.restart(start, 0.0, rate=1.0)
        self._target_requested = self._buffered = self._stalled = self._ran_dry = False

    def stop(self) -> None:
        """No film is open."""
        self._resume = None
        self._enter(_Phase.IDLE)

    def seek(self, position: float) -> None:
        """Go to ``position``. The film must be open, and paused."""
        self.target = position
        self._target_requested = self._buffered = self._decoded = self._stalled = False
        self._enter(_Phase.SEEKING, self.pauses.entered_at + _REST_SECONDS)

    # ---- commands -------------------------------------------------------------------------------------------------

    def do(self, command: TransportCommand) -> None:
        match command:
            case messages.Resume(at=at):
                self._resume_at(at)
            case messages.PauseNow():
                self._pause()
            case messages.PauseFor(seconds=seconds):
                self._pause_for(seconds)
            case messages.SeekTo(position=position):
                self._seek_to(max(0.0, position))
            case messages.SetRate(rate=rate):
                self._rate = rate
                self._pitch.follow(rate)
                if self._phase is _Phase.PLAYING and self.pauses.clock_runs:
                    self._apply_rate(time.monotonic())
            case messages.StepFrame():
                self._step()
            case _:
                assert_never(command)

    def _resume_at(self, at: float | None) -> None:
        now = time.monotonic()
        match self._phase:
            case _Phase.STANDING:
                self._resume = (at,)
                self._schedule()
            case _Phase.STARTING:
                pass  # Started will be emitted
            case _Phase.PLAYING | _Phase.DELAYING:
                self._emit(messages.Started(self._film.generation, self._position_at(now), now))
            case _Phase.ENDED:  # without VLC, which would stop for good
                self._emit(messages.Started(self._film.generation, self._point.frame, now))
                self._emit(messages.Ended(self._film.generation, self._point.frame, now))
            case _:
                self._resume = (at,)

    def _pause(self) -> None:
        self._resume = None
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.STEPPING:
                self._begin_pause()
            case _Phase.DELAYING:
                self._settle(self._film.frame_at(self._point.clock), self._point.clock)
            case _Phase.STANDING | _Phase.ENDED:
                self._settle(self._point.frame, self._point.clock, ended=self._phase is _Phase.ENDED)
            case _:
                pass  # the Settled that will be emitted answers this too

    def _pause_for(self, seconds: float) -> None:
        now = time.monotonic()
        if self._phase is not _Phase.PLAYING or seconds < _DELAY_MIN_SECONDS:
            return
        self.pauses.enter()
        self._point.clock = self._position_at(now)
        self._point.is_after_seek = False
        self._enter(_Phase.DELAYING, now + seconds)

    def _seek_to(self, position: float) -> None:
        self._resume = None
        if self._phase is _Phase.IDLE:
            self.target = position
            return
        if self._phase in _MOVING:
            self.pauses.enter()
        state = self._context.vlc.State
        if self._player.get_state() in (state.Ended, state.Stopped):
            self._reopen(position)  # VLC has closed the file at its end
        else:
            self.seek(position)

    def _step(self) -> None:
        if self._phase is not _Phase.STANDING:
            self._pause()
            return
        # Pause half a frame before the next frame's time: the next frame is shown then, and a pause's jitter is less.
        seconds = self._point.head_start(self._position.rate) + self._film.frame_seconds / 2 / self._position.rate
        self._unpause()
        self._enter(_Phase.STEPPING, self.pauses.left_at + seconds)

    # ---- VLC's events ---------------------------------------------------------------------------------------------

    def sampled(self, position: float, at: float) -> None:
        # A seek raises this event too, with the position that was asked for, and one may come after a pause.
        if self._phase is not _Phase.PLAYING or not self._point.is_before(position):
            return
        if at < max(self.pauses.left_at, self._rate_changed_at):
            return
        self._position.add_sample(position, at)
        self._point.is_after_seek = False
        self.pauses.clock_runs = True
        self._emit(messages.Sampled(self._film.generation, position, at, self._position.rate))
        self._apply_rate(at)

    def buffering(self, *, full: bool, at: float) -> None:
        match self._phase:
            case _Phase.SEEKING if not self._target_requested or at < self._film.sought_at:
                pass  # of an older seek
            case _Phase.SEEKING if full and self._ran_dry:
                self._ran_dry = False
                self.seek(self.target)
            case _Phase.SEEKING if full:
                self._buffered = True
                self.due = at if self._decoded else at + self._film.decode_seconds
            case _Phase.PLAYING if self._stalled == full and at >= self.pauses.left_at:
                self._stalled = not full
                # VLC's clock stops while it waits for data: positions are counted anew from the wait's begin and end.
                self._position.restart(self._position.position(at), at)
                self._emit(messages.Stalled(self._film.generation, self._stalled, at))

    def decoded(self, at: float) -> None:
        if at < self._film.sought_at:
            return
        if self._phase is _Phase.SEEKING and self._target_requested:
            self._decoded = True
            if self._buffered:
                self.due = at
        # The picture had been assumed to be decoded, and is only now: this film needs longer.
        elif self._point.is_after_seek and at > self.pauses.left_at + _UNPAUSED_SECONDS:
            self._film.learn_decoding(at - self._film.sought_at)

    def paused(self, at: float) -> None:
        match self._phase:
            case _Phase.PAUSING:
                self._settle_at(at)
            case _Phase.PLAYING if at > self.pauses.left_at:
                self.ended(at)
            case _Phase.STARTING if at > self.pauses.left_at:
                # VLC has reached the end before it reported that it plays.
                self._started(at)
                self.ended(at)

    def playing(self, at: float) -> None:
        if self._phase is _Phase.STARTING:
            self._started(at)

    def ended(self, at: float) -> None:
        """VLC has paused or stopped by itself, because nothing is left to play."""
        if self._phase is _Phase.ENDED:
            return
        position = self._position_at(at)
        if self._film.is_cut_short_at(position):
            self._fail(self._film.cause("truncated"))
            return
        if self._film.duration is not None:
            position = min(position, self._film.duration)
        self._point.frame = self._point.clock = position
        self._resume = None
        self._enter(_Phase.ENDED)
        self._emit(messages.Ended(self._film.generation, position, at))

    # ---- phases ---------------------------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        if self.due is None or self.due > now:
            return
        self.due = None
        match self._phase:
            case _Phase.SEEKING if not self._target_requested:
                self._request_target()
            case _Phase.SEEKING:
                self._ran_dry = not self._buffered
                self._settle(self.target, whole_milliseconds(self.target))
            case _Phase.STANDING:
                self._unpause()
            case _Phase.STARTING:
                self._started(now)
            case _Phase.PAUSING:
                self._settle_at(now)
            case _Phase.STEPPING:
                self._begin_pause()
            case _Phase.DELAYING:
                self.pauses.end_delay(now)
                self._phase = _Phase.PLAYING

    def _request_target(self) -> None:
        if self._position.differs(1.0):
            # At other rates VLC misses the target. The commanded rate is applied again at the next start.
            self._position.restart(self.target, 0.0, rate=1.0)
            self._player.set_rate(self._position.vlc_rate)
        self._film.sought_at = time.monotonic()
        self._target_requested = self._point.is_after_seek = True
        self.due = self._film.sought_at + self._film.buffering_seconds(self.target)
        self._player.set_time(round(whole_milliseconds(self.target) * 1000))

    def _begin_pause(self) -> None:
        self.pauses.enter()
        self._enter(_Phase.PAUSING, time.monotonic() + ANSWER_SECONDS)

    def _settle_at(self, at: float) -> None:
        """VLC's clock stopped at this time."""
        clock = self._position.position(at)
        self._point.is_after_seek = False
        self._settle(self._film.frame_at(clock), clock)

    def _settle(self, frame: float, clock: float, *, ended: bool = False) -> None:
        self._point.frame, self._point.clock = frame, clock
        self.clock.pause_complete()
        self._enter(_Phase.ENDED if ended else _Phase.STANDING)
        self._emit(messages.Settled(self._film.generation, frame, time.monotonic()))
        if self._resume is not None:
            self._schedule()

    def _schedule(self) -> None:
        """Decide when to leave the pause, so that the film is at the pause point when the resume is due."""
        assert self._resume is not None
        now = time.monotonic()
        (at,) = self._resume
        self.due = now if at is None else max(now, at - self._point.head_start(self._position.rate))

    def _unpause(self) -> None:
        (at,), self._resume = self._resume or (None,), None  # a frame step has no resume
        self.pauses.leave(at)
        self._enter(_Phase.STARTING, self.pauses.left_at + ANSWER_SECONDS)

    def _started(self, confirmed: float) -> None:
        self._enter(_Phase.PLAYING)
        self._report_start()
        begins = self.pauses.left(confirmed)
        if self.pauses.clock_runs:  # else the first sample does it
            self._apply_rate(begins)
        self._emit(messages.Started(self._film.generation, self._point.frame, begins))

    def _apply_rate(self, at: float) -> None:
        if not self._position.differs(self._rate):
            return
        before = self._position.rate
        self._position.restart(self._position.position(at), at, rate=self._rate)
        rate = self._position.vlc_rate
        self.clock.change_rate(at, self._position.rate / before, lambda: self._player.set_rate(rate))
        self._rate_changed_at = time.monotonic()

    def _enter(self, phase: _Phase, due: float | None = None) -> None:
        self._phase, self.due = phase, due

    def _position_at(self, at: float) -> float:
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.PAUSING | _Phase.STEPPING:
                return self._position.position(at)
            case _Phase.DELAYING:
                return self._point.clock
            case _:
                return self._point.frame
