"""`Transport`: pause, start and seek the open film. Owner thread only; `VlcBackend` passes it commands and events.

Theory of operation::

    IDLE --opened--> SEEKING --decoded--> STANDING --at--> STARTING --> PLAYING
                      ^                    |  ^ ^            |           | | ^
                      +------- SeekTo -----+  | +- PAUSING <-+-PauseNow--+ | |
                      |                       |                            v |
                      +------- SeekTo ------ ENDED                       DELAYING

ARRANGING leads from STANDING back to it: the film moves for a moment, to show the right picture or the next one
(`still`). ENDING leads from PLAYING to ENDED. SeekTo leads out of every phase but IDLE, in which no film is open yet.
All of the following was measured with VLC 3.0.24.

*Seeking* is done paused and at rate 1: at other rates VLC misses the target. It has to wait until the decoder is at
rest: a seek less than 40 ms after a pause lost its picture in 9 of 10 trials (`output.shown`). Buffering 100 comes a
few milliseconds after the seek and means "read". That the picture is decoded is told only by a line of VLC's debug log,
"end of video preroll". A seek to a key frame has no preroll and no such line, so the wait is bounded; a line that comes
later makes this film's next waits longer. The frame that is shown while paused can be up to four before
the target, until `still` has brought the right one; from the first moving frame on it is right.

*A pause has two positions* (`PausePoint`). VLC's clock stops where it was told, the picture on the frame that begins
next: its thread is already waiting with that frame, and shows it (in 58 of 60 pauses on a quiet machine, else one
more). Settled names that frame's time. A resume leaves the pause as much earlier or later as is needed for the media to
be at the frame's time at the requested moment. After a seek VLC's clock begins 10 ms after the pause is left, after a
mere pause at once.

*Rates.* VLC applies a new rate from the moment at which it last read: up to half a second ago while it plays, right
after a seek a second and more. `VlcClock.change_rate` corrects that if VLC's clock is known to run. If it is not (VLC
has not said when it left a pause), the rate is set with the first sample, which comes just after a read.

*The end* (`film_end`). ``:play-and-pause`` makes VLC pause on the last frame by itself. From there it can seek as
usual. A player that is resumed there stops for good, so Resume at the end is answered without VLC. A film that
VLC has ended before its time is ENDING; if it is paused meanwhile, it seeks to there.
"""

import enum
import functools
import time
from collections import deque
from collections.abc import Callable
from typing import Final, assert_never

from hangd.engine import player_messages as messages
from hangd.engine.timeline import earliest
from hangd.player.audio.vlc_output import VlcAudioOutput
from hangd.player.files import MediaUnusable
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.film import Film
from hangd.player.vlc.motion.clock import VlcClock
from hangd.player.vlc.motion.film_end import FilmEnd
from hangd.player.vlc.motion.pause_control import ANSWER_SECONDS, REST_SECONDS, PauseControl
from hangd.player.vlc.motion.position import PausePoint, PositionTracker, whole_milliseconds
from hangd.player.vlc.motion.rate import RateControl
from hangd.player.vlc.motion.still import StillPicture
from hangd.player.vlc.output.shown import ShownPicture

TransportCommand = (
    messages.Resume | messages.PauseNow | messages.PauseFor | messages.SeekTo | messages.SetRate | messages.StepFrame
)

_UNPAUSED_SECONDS: Final = 0.100
"""A decoder can report a seek as decoded once more when it leaves a pause. Within this time that is not believed."""
_DELAY_MIN_SECONDS: Final = 0.001
_SAME_SECONDS: Final = 0.001
_STEPS_MAX: Final = 4
"""So many frame steps wait at most. Each takes a second, and a key that is held makes thirty a second."""


class _Phase(enum.Enum):
    IDLE = enum.auto()
    SEEKING = enum.auto()
    STANDING = enum.auto()
    STARTING = enum.auto()
    PLAYING = enum.auto()
    PAUSING = enum.auto()
    DELAYING = enum.auto()
    ARRANGING = enum.auto()
    ENDING = enum.auto()
    ENDED = enum.auto()


_MOVING: Final = (_Phase.STARTING, _Phase.PLAYING)
_BLANK: Final = (_Phase.IDLE, _Phase.SEEKING, _Phase.ARRANGING)
"""VLC has no picture, or one that nobody has sought."""


class Transport:
    """Moves the film that libVLC has open, and emits where it is.

    Args:
        sound: hangd's own sound output; None if VLC plays the sound itself.
        started: called when the film plays, before Started is emitted.
        reopen: opens the same film once more, at a position, because VLC has closed it at its end.
        refuse: ends the film with a failure.
        shown: tells which picture is shown.
        mute: mutes for a moment that nobody is to hear, and ends that.
    """

    def __init__(
        self,
        context: PlayerContext,
        sound: VlcAudioOutput | None,
        *,
        started: Callable[[], None],
        reopen: Callable[[float], None],
        refuse: Callable[[MediaUnusable], None],
        shown: ShownPicture,
        mute: Callable[[bool], None],
    ) -> None:
        self._context = context
        self._player = context.player
        self._emit = context.emit
        self._report_start = started
        self._reopen = reopen
        self.clock = VlcClock(self._player)
        self._position = PositionTracker()
        self._rate = RateControl(self._player, self.clock, self._position)
        self._point = PausePoint()
        self.pauses = PauseControl(self._player, self.clock, sound, self._position, self._point)

        self._film_end = FilmEnd(context, self._point, reopen=reopen, refuse=refuse)
        parts = (context, self.pauses, self.clock, self._position, self._point, shown)
        moves = functools.partial(self._enter, _Phase.ARRANGING)
        self._still = StillPicture(*parts, mute=mute, seek=self._begin_seek, moves=moves, done=self._stand)

        self._phase = _Phase.IDLE
        self._due: float | None = None
        """When the phase gives up waiting, or does what it waited to do."""
        self.target = 0.0
        """Where a seek goes; while the film is being opened, where it is to begin."""
        self._resume: tuple[float | None] | None = None
        """The time of a resume that waits: for the picture to stand, or for that time to come."""
        self._steps: deque[messages.StepFrame] = deque(maxlen=_STEPS_MAX)
        """Frame steps that wait for the picture to stand."""
        self._target_requested = False
        """VLC was given the target."""
        self._buffered = False
        self._ran_dry = False
        """The last seek found nothing to read. VLC then shows the frame of the next seek only if that is made twice."""
        self._stalled = False

    @property
    def due(self) -> float | None:
        """When to call `expire`."""
        return earliest(self._due, self._still.due)

    @property
    def _film(self) -> Film:
        return self._context.film

    @property
    def has_picture(self) -> bool:
        """Return whether what VLC shows is the picture that belongs to the position."""
        return self._phase not in _BLANK and self._still.is_idle

    # ---- the film's life --------------------------------------------------------------------------------------------

    def load(self) -> None:
        """A film will be opened, at rate 1."""
        self._film_end.load()
        self._rate.reset()
        self.stop()

    def opening(self, start: float) -> None:
        """VLC is about to open the film, which is to begin at ``start``."""
        self.stop()
        self.target = start
        self._position.restart(start, 0.0, rate=1.0)
        self._target_requested = self._buffered = self._stalled = self._ran_dry = False

    def stop(self) -> None:
        """No film is open."""
        self._forget_waiting()
        self._enter(_Phase.IDLE)

    def seek(self, position: float) -> None:
        """Go to ``position``. The film must be open, and paused."""
        self._still.interrupt()
        self._begin_seek(position)

    def show_again(self) -> None:
        """The picture's track was selected."""
        if self._phase is _Phase.STANDING and self._resume is None and self._film.has_picture:
            self._still.show_again()

    def _begin_seek(self, position: float) -> None:
        self.target = position
        self._target_requested = self._buffered = self._still.decoded = self._stalled = False
        # A picture that the decoder was making when the pause came would be taken for the one of this seek (`shown`).
        waits = self._film.has_picture and not self.pauses.is_at_rest
        self._enter(_Phase.SEEKING, self.pauses.entered_at + (REST_SECONDS if waits else 0.0))

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
                self._rate.command(rate)
                if self._phase is _Phase.PLAYING and self.pauses.clock_runs:
                    self._rate.apply(time.monotonic())
                elif self._phase is _Phase.ENDING:
                    now = time.monotonic()
                    self._rate.apply(now)
                    self._go_on_to_end(self._position_at(now), now)
            case messages.StepFrame():
                self._step(command)
            case _:
                assert_never(command)

    def _resume_at(self, at: float | None) -> None:
        now = time.monotonic()
        match self._phase:
            case _Phase.STANDING:
                self._resume = (at,)
                self._schedule()
            case _Phase.ARRANGING:
                self._resume = (at,)
                self._still.hurry()
            case _Phase.STARTING:
                pass  # Started will be emitted
            case _Phase.PLAYING | _Phase.DELAYING | _Phase.ENDING:
                self._emit(messages.Started(self._film.generation, self._position_at(now), now))
            case _Phase.ENDED:  # without VLC, which would stop for good
                self._emit(messages.Started(self._film.generation, self._point.frame, now))
                self._emit(messages.Ended(self._film.generation, self._point.frame, now))
            case _:
                self._resume = (at,)

    def _pause(self) -> None:
        self._forget_waiting()
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING:
                self._begin_pause()
            case _Phase.DELAYING:
                self._settle(self._film.frame_at(self._point.clock), self._point.clock)
            case _Phase.ENDING:
                self.seek(self._position_at(time.monotonic()))
            case _Phase.STANDING | _Phase.ENDED:
                self._still.interrupt()
                self._settle(self._point.frame, self._point.clock, ended=self._phase is _Phase.ENDED)
            case _Phase.SEEKING | _Phase.ARRANGING if self._still.is_quiet:
                self._emit(messages.Settled(self._film.generation, self._point.frame, time.monotonic()))
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
        if self._still.is_stepping and abs(position - self._point.frame) < _SAME_SECONDS:
            # The room takes a step to all, and this player makes the next one already.
            self._emit(messages.Settled(self._film.generation, self._point.frame, time.monotonic()))
            return
        self._forget_waiting()
        if self._phase is _Phase.IDLE:
            self.target = position
            return
        if self._phase in _MOVING or self._still.is_moving:
            self.pauses.enter()
        state = self._context.vlc.State
        if self._player.get_state() in (state.Ended, state.Stopped):
            self._reopen(position)  # VLC has closed the file at its end
        else:
            self.seek(position)

    def _step(self, command: messages.StepFrame) -> None:
        match self._phase:
            case _Phase.STANDING if command.back and self._point.frame <= 0.0:
                self._pause()  # nothing is before the first picture
            case _Phase.STANDING:
                self._forget_resume()
                if not (self._still.step_back() if command.back else self._still.step()):
                    step = self._film.frame_seconds
                    self.seek(max(0.0, self._point.frame + (-step if command.back else step)))
            case _Phase.SEEKING | _Phase.ARRANGING:
                self._forget_resume()
                self._steps.append(command)
            case _:
                self._pause()

    def _forget_resume(self) -> None:
        self._resume, self._film_end.goes_on = None, False

    def _forget_waiting(self) -> None:
        self._forget_resume()
        self._steps.clear()

    # ---- VLC's events ---------------------------------------------------------------------------------------------

    def sampled(self, position: float, at: float) -> None:
        # A seek raises this event too, with the position that was asked for, and one may come after a pause.
        if self._phase is not _Phase.PLAYING or not self._point.is_before(position):
            return
        if at < max(self.pauses.left_at, self._rate.changed_at):
            return
        self._position.add_sample(position, at)
        self._point.is_after_seek = False
        self.pauses.clock_runs = True
        self._emit(messages.Sampled(self._film.generation, position, at, self._position.rate))
        self._rate.apply(at)
        self._film_end.sampled(position)

    def buffering(self, *, full: bool, at: float) -> None:
        match self._phase:
            case _Phase.SEEKING if not self._target_requested or at < self._film.sought_at:
                pass  # of an older seek
            case _Phase.SEEKING if full and self._ran_dry:
                self._ran_dry = False
                self._begin_seek(self.target)
            case _Phase.SEEKING if full:
                self._buffered = True
                is_ready = self._still.decoded or not self._film.has_picture
                self._due = at if is_ready else at + self._film.decode_seconds
            case _Phase.PLAYING if self._stalled == full and at >= self.pauses.left_at:
                self._stalled = not full
                # VLC's clock stops while it waits for data: positions are counted anew from the wait's begin and end.
                self._position.restart(self._position.position(at), at)
                self._emit(messages.Stalled(self._film.generation, self._stalled, at))

    def toggled(self, at: float, *, paused: bool) -> None:
        """The decoder of the picture has heard of a pause, or of its end."""
        self.pauses.toggled(paused=paused)
        if self.pauses.is_at_rest:
            if self._phase is _Phase.SEEKING and not self._target_requested:
                self._due = at
            self._still.at_rest()

    def decoded(self, at: float) -> None:
        if at < self._film.sought_at:
            return
        self._still.decoded = self._target_requested
        if self._phase is _Phase.SEEKING:
            if self._target_requested and self._buffered:
                self._due = at
        # The picture had been assumed to be decoded, and is only now: this film needs longer.
        elif self._point.is_after_seek and at > self.pauses.left_at + _UNPAUSED_SECONDS:
            self._film.learn_decoding(at - self._film.sought_at)

    def paused(self, at: float) -> None:
        match self._phase:
            case _Phase.PAUSING:
                self._settle_at(at)
            case _Phase.ARRANGING if not self._still.is_moving or self._still.is_quiet:
                self._still.paused(at)
            case _Phase.ARRANGING | _Phase.PLAYING if at > self.pauses.left_at:
                self.ended(at)
            case _Phase.STARTING if at > self.pauses.left_at:
                # VLC has reached the end before it reported that it plays.
                self._started(at)
                self.ended(at)

    def playing(self, at: float) -> None:
        if self._phase is _Phase.STARTING:
            self._started(at)
        elif self._phase is _Phase.ARRANGING:
            self._still.playing(at)

    def ended(self, at: float) -> None:
        """VLC has paused or stopped by itself, because nothing is left to play."""
        if self._phase in (_Phase.ENDING, _Phase.ENDED):
            return
        position = self._position_at(at)
        if self._film_end.go_on(position, at):
            self._resume = (None,)
        elif not self._film_end.refuse(position):
            self._go_on_to_end(position, at)

    def _go_on_to_end(self, position: float, at: float) -> None:
        """VLC has ended, and the film has come to ``position``: let it go on as far as it should, or end it."""
        left = self._film_end.goes_on_for(position, self._position.rate)
        if left is None:
            self._end(position, at)
        elif self._phase is _Phase.ARRANGING:
            self._still.interrupt()
            self._settle_at(at)
        else:
            self._enter(_Phase.ENDING, at + left)

    def _end(self, position: float, at: float) -> None:
        position = self._film_end.reached(position)
        self._forget_waiting()
        self._still.interrupt()
        self._enter(_Phase.ENDED)
        self._emit(messages.Ended(self._film.generation, position, at))

    # ---- phases ---------------------------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        self._still.expire(now)
        if self._due is None or self._due > now:
            return
        self._due = None
        match self._phase:
            case _Phase.SEEKING if not self._target_requested:
                self._request_target()
            case _Phase.SEEKING:
                self._ran_dry = not self._buffered
                frame = self._point.frame if self._still.is_quiet else self.target
                self._settle(frame, whole_milliseconds(self.target))
            case _Phase.STANDING:
                self._unpause()
            case _Phase.STARTING:
                self._started(now)
            case _Phase.PAUSING:
                self._settle_at(now)
            case _Phase.DELAYING:
                self.pauses.end_delay(now)
                self._phase = _Phase.PLAYING
            case _Phase.ENDING:
                self._end(self._film.duration or self._position_at(now), now)

    def _request_target(self) -> None:
        self._rate.prepare_seek(self.target)
        self._film.sought_at = time.monotonic()
        self._target_requested = self._point.is_after_seek = True
        self._due = self._film.sought_at + self._film.buffering_seconds(self.target)
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
        if self._stand(frame, clock, ended=ended) and not ended:
            self._still.settled()

    def _stand(self, frame: float, clock: float, *, ended: bool = False) -> bool:
        """The film stands. Do what waited for that; return False if there was something."""
        self._point.frame, self._point.clock = frame, clock
        self.clock.pause_complete()
        self._enter(_Phase.ENDED if ended else _Phase.STANDING)
        if not self._still.is_quiet and not self._film_end.goes_on:
            self._emit(messages.Settled(self._film.generation, frame, time.monotonic()))
        if self._resume is not None:
            self._schedule()
        elif self._steps and not self._still.prepares_step:
            self._step(self._steps.popleft())
        else:
            return True
        return False

    def _schedule(self) -> None:
        """Decide when to leave the pause, so that the film is at the pause point when the resume is due."""
        assert self._resume is not None
        self._still.interrupt()
        now = time.monotonic()
        (at,) = self._resume
        self._due = now if at is None else max(now, at - self._point.head_start(self._position.rate))

    def _unpause(self) -> None:
        assert self._resume is not None
        (at,), self._resume = self._resume, None
        self.pauses.leave(at)
        self._enter(_Phase.STARTING, self.pauses.left_at + ANSWER_SECONDS)

    def _started(self, confirmed: float) -> None:
        self._enter(_Phase.PLAYING)
        self._report_start()
        begins = self.pauses.left(confirmed)
        if self.pauses.clock_runs:  # else the first sample does it
            self._rate.apply(begins)
        if self._film_end.goes_on:
            self._film_end.goes_on = False
            self._emit(messages.Stalled(self._film.generation, False, begins))
        else:
            self._emit(messages.Started(self._film.generation, self._point.frame, begins))

    def _enter(self, phase: _Phase, due: float | None = None) -> None:
        self._phase, self._due = phase, due

    def _position_at(self, at: float) -> float:
        match self._phase:
            case _Phase.STARTING | _Phase.PLAYING | _Phase.PAUSING | _Phase.ARRANGING | _Phase.ENDING:
                return self._position.position(at)
            case _Phase.DELAYING:
                return self._point.clock
            case _:
                return self._point.frame
