"""`Aim` decides when a walk pauses, from where the walks to the same goal have ended. `StillPicture` uses it."""

from typing import Final

from hangd.player.vlc.film import Film
from hangd.player.vlc.motion.way_back import SAME_SECONDS

_WALK_SECONDS_MAX: Final = 1.0
_WALKS_MAX: Final = 8
"""So often a walk is made before its picture is accepted as it is. On a quiet machine one is enough."""
_SAME_WALKS: Final = 4
_SAME_WALKS_NEAR: Final = 2
"""So often a walk ends on the same picture after its goal before that is taken for the first one there is: usually, and
if it is less than a frame's average length after the goal."""
_AHEAD_MAX: Final = 0.4
_HALF_A_FRAME_MAX: Final = 0.021


def half_a_frame(film: Film) -> float:
    """Return how long before a frame's time to pause: a pause stops on the frame that begins next, with less jitter.

    Films of variable frame rate tell an average one, so it is limited.
    """
    return min(film.frame_seconds / 2, _HALF_A_FRAME_MAX)


class Aim:
    """The walks to one goal. ``goal``: the time of the frame, or a time before it."""

    def __init__(self, film: Film, goal: float) -> None:
        self._film = film
        self.goal = goal
        self.frame = film.first_frame(goal)
        """The frame's time, as far as the frame rate tells."""
        self.ahead = half_a_frame(film)
        """The next walk pauses so long before the frame."""
        self.has_arrived = False
        self._walks = 0
        self._passed_ahead: float | None = None
        """So long before the frame a walk has paused that ended after it."""
        self._ended_on: float | None = None
        """The earliest picture after the goal on which a walk has ended."""
        self._ended_there = 0
        """So many walks have ended there."""

    def begins(self) -> float:
        """Return from where the next walk is made."""
        return max(0.0, self.goal - self.ahead - self._film.walk_seconds)

    def ended(self, position: float | None, clock: float) -> bool:
        """A walk has ended on this picture, if that is known, with the film at ``clock``. Return whether to stop."""
        self._walks += 1
        self.has_arrived = position is not None and (self._film.shows(position, self.goal) or self._is_first(position))
        if self.has_arrived or self._walks >= _WALKS_MAX:
            return True
        if position is not None and position < self.goal:
            self._later(position, clock)
        elif position is not None:
            late = max(0.0, clock - (self.frame - self.ahead))  # a busy machine, and not this film
            self._passed_ahead = self.ahead
            following = self._film.frame_since(position, self.goal)
            over = position - (self.goal if following is None else following)
            self.ahead = min(self.ahead + max(over - late, half_a_frame(self._film) / 2), _AHEAD_MAX)
        return False

    def _later(self, position: float, clock: float) -> None:
        """Let the next walk pause later, or be longer if VLC decodes too slowly."""
        film, half, passed = self._film, half_a_frame(self._film), self._passed_ahead
        following = film.frame_since(position, self.goal)
        is_slow = following is None or position + film.frame_seconds < clock - half
        if passed is not None and passed < self.ahead:
            self.ahead = (self.ahead + passed) / 2
        elif following is not None and not is_slow:
            # The pause did not wait for the next picture: so come to it, and not to the goal, which may be before it.
            self.ahead = min(self.ahead - half, self.frame - following - half / 2)
        elif following is None or self.goal <= film.walk_seconds:  # a longer walk would begin before the film
            self.ahead -= half
        else:
            self.ahead /= 2
        if is_slow and self.goal > film.walk_seconds:
            film.walk_seconds = min(2 * film.walk_seconds, _WALK_SECONDS_MAX)

    def _is_first(self, position: float) -> bool:
        """Return whether so many walks have ended on this picture after the goal that there is none in between."""
        if position < self.goal:
            return False
        if self._ended_on is None or position < self._ended_on - SAME_SECONDS:
            self._ended_on, self._ended_there = position, 0
        if position > self._ended_on + SAME_SECONDS:
            return False
        self._ended_there += 1
        is_near = position < self.goal + self._film.frame_seconds
        return self._ended_there >= (_SAME_WALKS_NEAR if is_near else _SAME_WALKS)
