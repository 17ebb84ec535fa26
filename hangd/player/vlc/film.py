"""`Film`: the file that VLC has open, or is opening, and what has been learned of it since. Owner thread only."""

import math
import os
from typing import Final

from hangd.engine.player_messages import FailureCode
from hangd.player import files
from hangd.player.container import container_of

_BUFFER_SECONDS: Final = 1.5
"""How long to wait for Buffering 100 after a seek."""
_DECODE_SECONDS: Final = 0.15
_DECODE_SECONDS_MAX: Final = 1.5
"""How long to wait for a seek's picture after Buffering 100: at first, and at most. Measured: 8-20 ms for a small clip,
up to 800 ms for a 1080p film whose key frames are 8 s apart."""
_END_SECONDS: Final = 1.0
_END_BUFFER_SECONDS: Final = 0.3
"""Within the last second Buffering 100 may not come, so it is waited for less long there."""
_LAST_PICTURE_SECONDS: Final = 2.0
"""Nearer to the end than this there may be nothing to make the first picture of."""
_FRAME_SECONDS: Final = 0.040
"""The length of a frame step if the file does not tell its frame rate."""
_RENDER_SECONDS: Final = 0.002
"""The picture's thread takes up the next frame this long before its time, and shows it even if a pause comes."""
_CUT_SECONDS: Final = 5.0
"""A file that ends so long before its duration is cut short. Less can be rounding, or a track that is shorter."""


class Film:
    """One file, from its Load to the next. Positions are seconds of media."""

    def __init__(self, path: str, generation: int) -> None:
        self.path = path
        self.generation = generation
        self.container: str | None = None
        self.duration: float | None = None
        self.frame_rate: float | None = None
        """Frames per second, if the file tells."""
        self.is_announced = False
        """Loaded has been emitted."""
        self.sought_at = math.inf
        """When VLC was last given a position (monotonic). Events from before belong to an older seek."""
        self.decode_seconds = _DECODE_SECONDS
        """How long after Buffering 100 a seek's picture is assumed to be decoded."""
        self._status: os.stat_result | None = None

    def check(self) -> files.MediaUnusable | None:
        """Return why the file cannot be opened; None if it can be. May block: call it on a thread of its own."""
        try:
            self._status = files.examine(self.path)
        except files.MediaUnusable as refused:
            return refused
        self.container = container_of(self.path)
        return None

    def cause(self, code: FailureCode) -> FailureCode:
        """Return ``code``, or "vanished" if the file is not what it was when it was opened."""
        return "vanished" if self._status is not None and files.has_changed(self.path, self._status) else code

    def learn_decoding(self, seconds: float) -> None:
        """A seek's picture was decoded so long after the seek, and that was later than was waited for."""
        self.decode_seconds = min(max(self.decode_seconds, 1.2 * seconds), _DECODE_SECONDS_MAX)

    @property
    def frame_seconds(self) -> float:
        return 1 / self.frame_rate if self.frame_rate else _FRAME_SECONDS

    def frame_at(self, clock: float) -> float:
        """Return the time of the frame that is shown if VLC's clock was stopped at ``clock``: the next one's."""
        if not self.frame_rate:
            return clock
        frame = math.ceil((clock + _RENDER_SECONDS) * self.frame_rate)
        if self.duration is not None:
            frame = min(frame, math.ceil(self.duration * self.frame_rate) - 1)
        return frame / self.frame_rate

    def before_end(self, position: float) -> float:
        """Return ``position``, or an earlier one from which a first picture can be made."""
        return position if self.duration is None else min(position, max(0.0, self.duration - _LAST_PICTURE_SECONDS))

    def buffering_seconds(self, position: float) -> float:
        """Return how long to wait for Buffering 100 after a seek to ``position``."""
        at_end = self.duration is not None and position > self.duration - _END_SECONDS
        return _END_BUFFER_SECONDS if at_end else _BUFFER_SECONDS

    def is_cut_short_at(self, position: float) -> bool:
        """Return whether a film that ends at ``position`` has lost its end."""
        return self.duration is not None and position < self.duration - _CUT_SECONDS
