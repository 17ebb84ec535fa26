"""`FilmEnd` decides what it means that VLC has ended, and lets a film go on whose file has grown.

`Transport` uses it. Owner thread only. All of the following was measured with VLC 3.0.24.

*Without a picture* VLC pauses once it has delivered the last of the sound, more than a second before that is heard,
unless there is a picture to wait for. So such a film goes on (`goes_on_for`) until its duration has passed.

*Pictures far apart* (slides, in Matroska). VLC dates each picture but the key frames one frame's time after the one
before, so it reads the whole film at once, throws away what is due in more than nine seconds, and pauses. Such a film
goes on to its duration as well, on the picture that it shows; a seek brings the right one. VLC's demuxer "avformat"
would read in time, but its positions jump by seconds at the first picture after a seek.

*A file that grows* (a download, a recording). VLC plays on in some containers, and in others ends where the file ended
when it was opened. Then the file is opened again at that position, and plays on by itself: to others this is a stall.
Near the end of what is known, the file is measured again.
"""

import functools
import math
from collections.abc import Callable
from typing import Final

from hangd.engine import player_messages as messages
from hangd.player.files import MediaUnusable
from hangd.player.vlc.context import PlayerContext
from hangd.player.vlc.film import Film, Measured
from hangd.player.vlc.motion.position import PausePoint
from hangd.player.vlc.thread import run_aside

_UNHEARD_SECONDS: Final = 2.0
"""VLC delivers the sound no longer than this before it is heard. Measured: 1.1 s, and 1.2 s for FLAC."""
_LAST_SECONDS: Final = 0.1
"""So long before its duration has passed a film without a picture has ended: about as early as one with a picture does.
The sound is heard to its end all the same. A room ends the film just then, and pauses whoever still plays it."""
_GO_ON_SECONDS: Final = 0.5
"""Where VLC ends again before it has played so much more, it has caught up with whoever writes the file."""


class FilmEnd:
    """See the module's docstring.

    Args:
        reopen: opens the same film once more, at a position, because VLC has closed it at its end.
        refuse: ends the film with a failure.
    """

    def __init__(
        self,
        context: PlayerContext,
        point: PausePoint,
        *,
        reopen: Callable[[float], None],
        refuse: Callable[[MediaUnusable], None],
    ) -> None:
        self._context = context
        self._point = point
        self._reopen = reopen
        self._refuse = refuse
        self.goes_on = False
        """VLC has ended where the file once ended, and opens it again to go on there."""
        self._went_on_at = -math.inf
        """Where that was done last."""

    def load(self) -> None:
        """A film will be opened."""
        self._went_on_at = -math.inf

    def sampled(self, position: float) -> None:
        """Take in that the film has played up to here; near its end, look whether its file has grown."""
        film = self._context.film
        if film.learn_played(position):
            self._tell_duration(film)
        if film.is_near_end(position):
            run_aside(film.measure_again, functools.partial(self._measured, film), self._context.post)

    def go_on(self, position: float, at: float) -> bool:
        """Open the film again where VLC has ended, if its file has more by now and VLC has found more the last time.

        Returns whether that is so.
        """
        film = self._context.film
        if position <= self._went_on_at + _GO_ON_SECONDS or not film.has_grown():
            return False
        self._context.emit(messages.Stalled(film.generation, True, at))
        self._reopen(position)
        self.goes_on, self._went_on_at = True, position
        return True

    def refuse(self, position: float) -> bool:
        """End the film with a failure if here is not its real end. Return whether that is so."""
        if (cut := self._context.film.end(position)) is None:
            return False
        self._refuse(cut)
        return True

    def goes_on_for(self, position: float, rate: float) -> float | None:
        """Return how many seconds the film goes on from here after VLC has ended; None: it has ended as well."""
        film = self._context.film
        left = 0.0 if film.duration is None else (film.duration - position) / rate
        is_early = film.extent.sparse or (not film.has_picture and left <= _UNHEARD_SECONDS)
        return max(0.0, left - _LAST_SECONDS) if is_early and left > 0 else None

    def reached(self, position: float) -> float:
        """Take in that the film has ended here. Return its end, where it stands now."""
        film, point = self._context.film, self._point
        if film.duration is not None:
            position = min(position, film.duration)
        elif not point.is_after_seek or point.frame == 0.0:
            # What was played ends here. A seek may have led behind the end.
            position = film.duration = max(position, film.frame_seconds)
            self._tell_duration(film)
        point.frame = point.clock = position
        return position

    def _measured(self, film: Film, measured: Measured | None) -> None:
        """The film's file was measured again, and may have grown."""
        if film is self._context.film and measured is not None and film.take(measured):
            self._tell_duration(film)

    def _tell_duration(self, film: Film) -> None:
        if film.duration is not None:
            self._context.emit(messages.DurationChanged(film.generation, film.duration))
