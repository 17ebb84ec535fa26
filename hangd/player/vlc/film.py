"""Film: the file that VLC has open, and what has been learned of it since."""

import math

from hangd.engine.player_messages import FailureCode
from hangd.player import files
from hangd.player.vlc.timings import (
    BUFFER_SECONDS,
    DECODE_SECONDS,
    DECODE_SECONDS_MAX,
    END_BUFFER_SECONDS,
    END_SECONDS,
    FRAME_SECONDS,
    RENDER_LEAD,
    SHORT_OF_END,
)

__all__ = ["Film"]

_LAST_PICTURE: float = 2.0
"""Seconds before the end at which there still is something to make a picture of."""


class Film:
    """One file, from its Load to the next. Positions are seconds."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.duration: float | None = None
        self.frame_rate: float | None = None
        """Pictures a second, where the file tells."""
        self.announced = False
        """Loaded has been said."""
        self.decode_seconds = DECODE_SECONDS
        """How long after Buffering 100 a seek's picture is taken to stand."""
        self._identity: files.FileIdentity | None = None

    def examine(self) -> None:
        """Look at the file. Raises files.MediaUnusable."""
        self._identity = files.examine(self.path)

    def reason(self, code: FailureCode) -> FailureCode:
        """Return ``code``, or the reason behind it: the file is not what it was."""
        return "vanished" if self._identity is not None and files.has_changed(self.path, self._identity) else code

    def learn_duration(self, duration: float) -> bool:
        """Take what VLC says. Returns whether that is news."""
        if duration <= 0 or duration == self.duration:
            return False
        self.duration = duration
        return True

    def learn_decoding(self, seconds: float) -> None:
        """A seek's picture stood only so long after the seek: later than was waited for."""
        self.decode_seconds = min(max(self.decode_seconds, 1.2 * seconds), DECODE_SECONDS_MAX)

    @property
    def frame_seconds(self) -> float:
        return 1 / self.frame_rate if self.frame_rate else FRAME_SECONDS

    def frame_at(self, clock: float) -> float:
        """Return the time of the frame on which a picture stands whose clock was stopped at ``clock``."""
        if not self.frame_rate:
            return clock
        frame = math.ceil((clock + RENDER_LEAD) * self.frame_rate)
        if self.duration is not None:
            frame = min(frame, math.ceil(self.duration * self.frame_rate) - 1)
        return frame / self.frame_rate

    def clamped(self, position: float) -> float:
        return position if self.duration is None else min(position, self.duration)

    def before_end(self, position: float) -> float:
        """Return the same, or a place short of the end at which there is a picture to be made."""
        return position if self.duration is None else min(position, max(0.0, self.duration - _LAST_PICTURE))

    def buffering_seconds(self, position: float) -> float:
        """Return how long to wait for Buffering 100 after a seek to ``position``: near the end it may not come."""
        at_end = self.duration is not None and position > self.duration - END_SECONDS
        return END_BUFFER_SECONDS if at_end else BUFFER_SECONDS

    def is_cut_short_at(self, position: float) -> bool:
        """Whether a film that ends here has lost its end."""
        return self.duration is not None and position < self.duration - SHORT_OF_END
