"""`WayBack` decides from the pictures that were drawn which one comes before another. `StillPicture` uses it."""

from typing import Final

from hangd.player.vlc.film import Film

_SECONDS_MAX: Final = 10.0
"""How far to go back at most. Each time that is too little it is three times as far."""
SAME_SECONDS: Final = 0.003
"""Pictures that are closer than this are the same one: dates are converted, and positions measured."""


class WayBack:
    """What was drawn before the picture at ``begin``, each time from ``seconds`` before it on."""

    def __init__(self, begin: float, seconds: float) -> None:
        self.begin = begin
        self.seconds = seconds
        self._first: float | None = None
        """The first picture of this time. It does not count, because its date may be wrong."""
        self._before: float | None = None
        """The last picture of all times."""
        self._agreed: float | None = None
        """The same when the time before had ended."""

    def restart(self) -> float:
        """Return from where to play."""
        self._first = None
        return max(0.0, self.begin - self.seconds)

    def has_come(self, position: float) -> bool:
        """Note a picture that was drawn. Return whether it is the one at ``begin``, or a later one."""
        if self._first is None:
            self._first = position
        if abs(position - self._first) <= SAME_SECONDS:
            return False
        if position >= self.begin - SAME_SECONDS:
            return True
        self._before = position if self._before is None else max(position, self._before)
        return False

    def before(self, film: Film) -> float | None:
        """Return the picture before ``begin``; None: play there once more."""
        begin, before, step = self.begin, self._before, film.frame_seconds
        if before is None and self.seconds < min(begin, _SECONDS_MAX):
            self.seconds = min(3 * self.seconds, _SECONDS_MAX)
            return None
        if before is None and self.seconds < begin:
            return begin - step
        if before is None:
            before = 0.0  # it was drawn first, or nothing was seen
        if not film.is_step(before, begin) and (self._agreed is None or before > self._agreed + SAME_SECONDS):
            self._agreed = before  # on a busy machine a picture may not have been drawn, or not been seen
            return None
        if before < begin - 1.5 * step and film.is_regular(before, begin):
            before = begin - step  # if there is none, the walk finds that
        return film.nearest_frame(before)
