"""`StillPicture` knows which picture a paused film shows, brings it to the right one, and makes frame steps.

`Transport` uses it, and makes its seeks. Owner thread only. All of the following was measured with VLC 3.0.23.

*After a seek* VLC shows a picture up to four before the target: its preroll ends in decoding order. It even dates this
picture wrongly, so nobody can know which one it is: by a frame, by seconds if VLC's clock was not set to the target yet
(then also in films without B-frames), and by the pause's length if the pause is left meanwhile. And the picture can be
missing (`shown`): then the seek is made again.

*A walk* brings the right one. It seeks to a little before the target, leaves the pause, muted, and pauses half a frame
before the target's time: a pause stops on the picture that begins next. Pictures that VLC makes while it plays have
true dates, so a look tells whether it is the right one; if not, the walk is repeated. The pause afterwards is as any
other, and a start from it as exact. A walk takes 0.4 s, so it waits until nothing else is to be done: a start that is
commanded meanwhile is made from where the walk is.

*A frame step* leaves the pause as well, until there is another picture. Films of variable frame rate do not tell when
that will be, so looks watch for it. If VLC then stops on a later picture, a walk goes back to the one in between. Right
after a seek nobody knows which picture is shown, so that of the seek is brought first; where frames are regular, a seek
to the next one is enough. VLC's own ``next_frame`` would be exact, but at the next resume VLC then seeks by itself, to
a position that is a second off; no seek before that prevents it.

*A step back* seeks to some pictures before, and plays, muted, until the present picture comes. The one that was drawn
before it is the goal, and a walk brings it. The first picture after the seek does not count, because its date may be
wrong: if there is no other, the next seek goes further back. Where the goal is not one regular frame before, the same
is done until two in a row agree, because a busy machine may miss a picture.
"""

import enum
import time
from collections.abc import Callable
from typing import Final

from hangd.engine.player_messages import Shown
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.film import Film
from hangd.player.vlc.motion.aim import Aim, half_a_frame
from hangd.player.vlc.motion.clock import VlcClock
from hangd.player.vlc.motion.pause_control import ANSWER_SECONDS, REST_SECONDS, PauseControl
from hangd.player.vlc.motion.position import PausePoint, PositionTracker
from hangd.player.vlc.motion.way_back import SAME_SECONDS, WayBack
from hangd.player.vlc.output.shown import Date, ShownPicture

_LOOK_SECONDS: Final = 0.5
"""How long a look takes at most. The picture is drawn again every 80 ms, on a busy machine less often."""
_DECODING_SECONDS: Final = 0.6
"""Without a picture so long after a seek it is taken for lost. A heavy film needs up to two seconds on a busy machine,
so this is doubled each time that the seek is made again."""
_SEEKS_MAX: Final = 5
"""So often a seek that lost its picture is made again."""
_IDLE_SECONDS: Final = 0.3
"""From Settled to a walk: a room that has sought while it played starts within this time, if nobody is late."""
_STEP_SECONDS: Final = 5.0
"""How long a frame step waits for the next picture. Films of variable frame rate have gaps."""
_BACK_SECONDS: Final = 0.3
"""How far a step back goes back at first."""
_BACK_LATE_SECONDS: Final = 1.0
"""How much later than expected the picture from which a step back began may come."""


class _State(enum.Enum):
    IDLE = enum.auto()
    LOOKING = enum.auto()
    WAITING = enum.auto()
    """The picture is not known to be the right one. A walk begins when nothing else is commanded."""
    SEEKING = enum.auto()
    """`Transport` makes a seek: the one with which a walk begins, or once more the one whose picture was lost."""
    WALKING = enum.auto()
    WALKED = enum.auto()
    STEPPING = enum.auto()
    STEPPED = enum.auto()
    BACKING = enum.auto()
    BACKED = enum.auto()


_PAUSED: Final = {_State.WALKING: _State.WALKED, _State.STEPPING: _State.STEPPED, _State.BACKING: _State.BACKED}
"""What each state in which the film moves leads to."""
_MUTED: Final = (_State.WALKING, _State.WALKED, _State.BACKING, _State.BACKED)


class StillPicture:
    """See the module's docstring.

    Args:
        mute: mute for a moment that nobody is to hear, or end that.
        seek: seek, and call `settled`.
        moves: the film is about to move, and `playing`, `paused` and `expire` are to be called.
        done: the film stands on this frame, with VLC's clock at this position. Returns whether nothing else is to be
            done now.
    """

    def __init__(
        self,
        context: PlayerContext,
        pauses: PauseControl,
        clock: VlcClock,
        position: PositionTracker,
        point: PausePoint,
        shown: ShownPicture,
        *,
        mute: Callable[[bool], None],
        seek: Callable[[float], None],
        moves: Callable[[], None],
        done: Callable[[float, float], bool],
    ) -> None:
        self._context = context
        self._pauses = pauses
        self._clock = clock
        self._position = position
        self._point = point
        self._shown = shown
        self._mute = mute
        self._seek = seek
        self._moves = moves
        self._done = done

        self._state = _State.IDLE
        self.due: float | None = None
        self.is_quiet = False
        """Settled has been emitted for the picture that is being brought."""
        self.decoded = False
        """VLC has said that the last seek's picture is decoded."""
        self._seeks = 0
        """How often the seek was made again for this picture."""
        self._walks_from: float | None = None
        """Where a walk begins that has not left the pause yet."""
        self._is_new = False
        """VLC has made no picture of this track yet, and opens its output only with one: nothing can be looked at."""
        self._aim = Aim(context.film, 0.0)
        """The walks to a picture that is being brought."""
        self._walked_to: float | None = None
        """The picture that a walk has brought, which may begin later than its goal; None: ask `PausePoint`."""
        self._begin = 0.0
        """The picture from which a step began."""
        self._next: float | None = None
        """The first picture after it."""
        self._step_until = 0.0
        self._back: WayBack | None = None
        """A step back that still looks for its picture."""
        self._step_waits = False
        """A step begins when a walk has brought the picture from which it goes."""
        self._look_waits = False
        """A look is to be made when the decoder is at rest."""
        self._hurries = False
        """Any picture will do."""
        self._is_paused = False
        """VLC has paused at the end of a walk or of a step."""

    @property
    def _film(self) -> Film:
        return self._context.film

    @property
    def is_moving(self) -> bool:
        return self._state in _PAUSED

    @property
    def prepares_step(self) -> bool:
        """A step back still looks for its picture, or a step has not begun yet."""
        return self._back is not None or self._step_waits

    @property
    def is_stepping(self) -> bool:
        return self.prepares_step or self._state in (_State.STEPPING, _State.STEPPED)

    @property
    def is_idle(self) -> bool:
        """The picture is as right as it will be, or something else than this decides what is shown."""
        return self._state is _State.IDLE

    # ---- called by Transport ----------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Another command decides what is shown. The caller pauses, if the film `is_moving`."""
        if self._state in _MUTED:
            self._mute(False)
        self._shown.forget()
        self._back, self._step_waits = None, False
        self._walked_to, self._is_new = None, False
        self._seeks = 0
        self._walks_from = None
        self.is_quiet = False
        self._enter(_State.IDLE)

    def settled(self) -> None:
        """The film stands, and nothing else is to be done: see what it shows, or go on with a walk."""
        self.is_quiet = True
        self._enter(_State.LOOKING)
        if self._is_new:
            self._is_new = False
            self._walk()
        elif self._film.has_picture:
            self._look_at_rest()
        else:
            self._tell(self._point.frame)

    def show_again(self) -> None:
        """Bring the picture that belongs here: in a pause VLC makes none of a track that is newly selected."""
        self.interrupt()
        self._is_new = True
        self._bring()

    def at_rest(self) -> None:
        """The decoder is at rest: from now on a look sees the picture that stays."""
        if self._look_waits:
            self._look()

    def hurry(self) -> None:
        """Call ``done`` as soon as the film stands, on whatever picture."""
        self._hurries = True
        if self.is_moving:
            self._pause()
        elif self._is_paused:
            self._finish(self._point.frame if self.is_quiet else self._film.frame_at(self._point.clock))

    def step(self) -> bool:
        """Go to the next picture. Return False if a seek to the next frame does that, and faster."""
        if self._point.is_after_seek and self._film.has_picture and self._shown.can_look:
            if self._film.has_frame_after(self._point.frame):
                return False
            self.interrupt()
            self._step_waits = True
            self._bring()
        else:
            self._step()
        return True

    def _step(self) -> None:
        begin = self._point.frame if self._walked_to is None else self._walked_to
        self.interrupt()
        self._next = None
        self._begin = begin
        self._step_until = time.monotonic() + _STEP_SECONDS
        self._begin_step()
        self.due = self._position.since + self._step_seconds

    def step_back(self) -> bool:
        """Go to the picture before. Return False if nothing can be known of pictures."""
        self.interrupt()
        if not (self._film.has_picture and self._shown.can_look):
            return False
        self._back = WayBack(self._point.frame, max(_BACK_SECONDS, 2 * self._film.walk_seconds))
        self.is_quiet = True
        self._context.emit(Shown(self._film.generation, None))  # others than the present one are shown meanwhile
        self._begin_back(self._back)
        return True

    def playing(self, at: float) -> None:
        """VLC reports that it plays."""
        if self._state is _State.WALKING:
            begins = self._pauses.left(at, correct=False)
            goal = self._aim.frame
            begins += goal + self._film.phase - self._point.frame
            self.due = (self._clock.date_of(goal + self._film.phase, 1.0) or begins) - self._aim.ahead
        elif self._state is _State.STEPPING:
            begins = self._pauses.left(at, correct=False)
            if self.due != self._step_until:
                self.due = begins + self._step_seconds
        elif self._state is _State.BACKING:
            self.due = self._pauses.left(at, correct=False) + _BACK_LATE_SECONDS

    def paused(self, at: float) -> None:
        """VLC reports a pause."""
        if self._state in (_State.WALKING, _State.BACKING) and at > self._pauses.left_at:  # by itself, at its end
            self._enter(_PAUSED[self._state])
        if self._state not in _PAUSED.values():
            return
        self._point.clock, self._point.is_after_seek = self._position.position(at), False
        self._is_paused, self.due = True, None
        if self._state in _MUTED:
            self._mute(False)
        if self._hurries:
            self.hurry()
        elif self._state is _State.BACKED and self._back is not None:
            self._end_back(self._back)
        else:
            self._look_at_rest()

    def expire(self, now: float) -> None:
        if self.due is None or self.due > now:
            return
        self.due = None
        match self._state:
            case _ if self._look_waits:
                self._look()
            case _State.WAITING:
                self._begin_walk(self._aim)
            case _State.WALKING | _State.STEPPING | _State.BACKING:
                self._pause()
            case _State.WALKED | _State.STEPPED | _State.BACKED:
                self.paused(now)  # VLC does not answer

    # ---- looking ----------------------------------------------------------------------------------------------------

    def _look_at_rest(self) -> None:
        self._look_waits = True
        if self._pauses.is_at_rest:
            self._look()
        else:
            self.due = time.monotonic() + REST_SECONDS

    def _look(self) -> None:
        self._look_waits, self.due = False, None
        then = self._looked if self._state is _State.LOOKING else self._arrived
        if self._shown.look(_LOOK_SECONDS, then):
            return
        if self._state is _State.LOOKING:
            self._tell(None)
        else:
            self._arrived(None)

    def _looked(self, date: Date) -> None:
        point = self._point
        if date is None:
            self._find_lost()
        elif self._walks_from is not None and self._back is not None:
            self._go_back(self._back)
        elif self._walks_from is not None:
            self._walk()
        elif not point.is_after_seek and (position := self._media_at(date)) is not None:
            point.frame = self._film.nearest_frame(position)
            self._tell(point.frame)
        elif point.frame <= 0.0:
            self._tell(point.frame)  # nothing is before the first picture
        else:
            self._aim = Aim(self._film, point.frame)
            self._enter(_State.WAITING, time.monotonic() + _IDLE_SECONDS)

    def _find_lost(self) -> None:
        """VLC has no picture to show: wait for it, or seek once more."""
        waited = time.monotonic() - self._film.sought_at
        decoding = max(_DECODING_SECONDS, 3 * self._film.decode_seconds) * 2**self._seeks
        if self._point.is_after_seek and not self.decoded and waited < decoding:
            self.settled()
        elif self._seeks < _SEEKS_MAX:
            self._seeks += 1
            self._enter(_State.SEEKING)
            self._seek(self._point.frame if self._walks_from is None else self._walks_from)
        else:
            self._tell(None)

    def _tell(self, position: float | None) -> None:
        if self._back is not None:  # and nothing was seen
            self.is_quiet, self._back = False, None
            if not self._finish(self._point.frame):
                return
        if self._step_waits:
            self._step()
            return
        self._enter(_State.IDLE)
        self._context.emit(Shown(self._film.generation, position))

    # ---- walks and steps --------------------------------------------------------------------------------------------

    def _bring(self) -> None:
        """Walk to the frame that the last Settled has named."""
        self.is_quiet = True
        self._aim = Aim(self._film, self._point.frame)
        self._begin_walk(self._aim)

    def _begin_walk(self, aim: Aim) -> None:
        self._seeks = 0
        self._walks_from = aim.begins()
        self._enter(_State.SEEKING)
        self._seek(self._walks_from)

    def _walk(self) -> None:
        self._walks_from = None
        self._mute(True)
        self._leave(_State.WALKING)
        self.due = self._position.since - self._aim.ahead

    def _begin_step(self) -> None:
        self._leave(_State.STEPPING)
        self.due = self._step_until
        self._shown.look(_STEP_SECONDS, self._watch, again=True)

    def _leave(self, state: _State) -> None:
        self._hurries = self._is_paused = False
        self._moves()
        self._pauses.leave(None)
        self._enter(state)

    def _watch(self, date: Date) -> None:
        """Note the picture after the one from which the step began. VLC draws it a moment before it shows it."""
        position = self._media_at(date)
        if position is None or self._next is not None or not self._is_later(position):
            return
        self._next = position
        if self._state is _State.STEPPING and self.due == self._step_until:
            self._pause()

    def _begin_back(self, back: WayBack) -> None:
        self._seeks = 0
        self._walks_from = back.restart()
        self._enter(_State.SEEKING)
        self._seek(self._walks_from)

    def _go_back(self, back: WayBack) -> None:
        self._walks_from = None
        self._mute(True)
        self._leave(_State.BACKING)
        self.due = self._position.since + _BACK_LATE_SECONDS
        self._shown.look(back.seconds + 2 * _BACK_LATE_SECONDS, self._watch_back, again=True)

    def _watch_back(self, date: Date) -> None:
        """Note the pictures up to the one from which the step back began."""
        position = self._media_at(date)
        if position is not None and self._back is not None and self._state is _State.BACKING:
            if self._back.has_come(position):
                self._pause()

    def _end_back(self, back: WayBack) -> None:
        """The pictures before the one from which the step back began have been drawn."""
        before = back.before(self._film)
        if before is None:
            self._begin_back(back)
            return
        self._back, self.is_quiet = None, False
        if self._finish(before):
            self._bring()

    @property
    def _step_seconds(self) -> float:
        """How long the film moves for a step, until it is known how long the picture stays."""
        return (self._film.phase + half_a_frame(self._film)) / self._position.rate

    def _media_at(self, date: Date) -> float | None:
        """Return by which position a frame with this date is named, exact to a millisecond; None: not known."""
        film = self._film
        if date is None:
            return None
        position = self._clock.media_at(date, self._position.rate, film.regular_rate, film.phase)
        return None if position is None else max(0.0, position - film.phase)

    def _is_later(self, position: float) -> bool:
        return position > self._begin + SAME_SECONDS

    def _pause(self) -> None:
        self._pauses.enter()
        self._enter(_PAUSED[self._state], time.monotonic() + ANSWER_SECONDS)

    def _arrived(self, date: Date) -> None:
        """A walk or a step has ended on this picture."""
        position = self._media_at(date)
        if self._state is _State.WALKED:
            self._end_walk(self._aim, position)
        elif position is None:
            if self._finish(self._film.frame_at(self._point.clock)):
                self._bring()
        elif self._is_later(position):
            self._end_step(position)
        elif time.monotonic() < self._step_until:
            self._begin_step()
        elif self._finish(self._point.frame):
            self._tell(self._point.frame)

    def _end_step(self, position: float) -> None:
        following = position if self._next is None else self._next
        step = self._film.frame_seconds
        if following > self._begin + 1.5 * step and self._film.is_regular(self._begin, following):
            following = self._begin + step  # it may have been missed; if there is none, the walk finds that
        frame = self._film.nearest_frame(following)
        if not self._finish(frame):
            return
        if frame < position - SAME_SECONDS:
            self._bring()
        else:
            self._tell(frame)

    def _end_walk(self, aim: Aim, position: float | None) -> None:
        is_done = aim.ended(position, self._point.clock - self._film.phase)
        if not self._finish(aim.goal):
            return
        if is_done:
            self._walked_to = position
            self._tell(aim.goal if aim.has_arrived else position)
        else:
            self._begin_walk(aim)

    def _finish(self, frame: float) -> bool:
        self._is_paused = False
        return self._done(frame, self._point.clock)

    def _enter(self, state: _State, due: float | None = None) -> None:
        self._state, self.due, self._look_waits = state, due, False
