"""Where samples go in a stream that runs all the time, so that each is heard when it is due. Times are seconds.

A stream's time is known by asking the sound server what it has played: good to 0.3 ms mostly, and for seconds on end
to 3 where the machine is busy. The stream runs by the sound card's clock, tens of ppm off ours. So the middle of the
readings of the last seconds is believed, and what that moves by is made good a frame at a time. So is what the dates
move by when VLC's rate changes: it dates what is to come as if what it has read ahead had been played by the new one.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Final, Protocol

__all__ = ["Line", "Placing"]

_log = logging.getLogger(__name__)

_READINGS: Final = 64
_READ_EVERY: Final = 0.050
"""Seconds from reading to reading, at least: what is read in one moment has one error."""
_JUMP: Final = 0.020
"""Seconds. What is farther off is put right at once, what is nearer a frame at a time, and in a second or two."""
_TOLERANCE: Final = 0.002
"""Seconds that the sound may be off on average: as much as is not known now and then."""
_EXACT: Final = 0.0003
"""Seconds: so near it is brought where it was farther off than that. Else it would stay at the edge for ever."""
_AVERAGE: Final = 32
"""Blocks over which that is taken: some 0.7 s."""
_BLOCKS: Final = 48
"""Blocks in which what is off is to be made good: one second."""
_MOST: Final = 8
"""Frames that a block may have more or fewer, each in another place: 0.8 %, as a trim."""
_REMEMBERED: Final = 0.5
"""Seconds for which what was heard is kept: a pause is told of a little after it began."""


class Line(Protocol):
    """A stream of frames (a sample for each channel) that runs, silent where nothing was written."""

    @property
    def rate(self) -> int:
        """Frames a second."""

    @property
    def frame(self) -> int:
        """Bytes of a frame."""

    def heard(self) -> float | None:
        """Return which second of the stream is heard just now; None while that is not known."""

    def write(self, at: int, samples: bytes) -> None:
        """Write from frame number ``at`` on; over what is there, and not what is past."""

    def flush(self) -> None:
        """Let nothing more be heard of what was written."""


class Placing:
    """Puts blocks of samples where they belong. ``clock`` is the one that blocks are due by."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._readings: deque[float] = deque(maxlen=_READINGS)
        """The stream's time less the clock's."""
        self._offset: float | None = None
        """What is believed of that; None: nothing is known yet."""
        self._read_at = 0.0
        self._end: int | None = None
        """The frame after the last one written; None after a gap."""
        self._off: deque[int] = deque(maxlen=_AVERAGE)
        """By how many frames the newest blocks were written too early."""
        self._nudging = False
        self._blocks: deque[tuple[float, bytes]] = deque()
        """What was written, and may have to be written again after a pause."""
        self._paused: float | None = None

    def look(self) -> None:
        """Read the stream's time. To be called ever again, also while nothing is played."""
        before = self._clock()
        heard = self._line.heard()
        if heard is not None:
            self._read_at = self._clock()
            self._readings.append(heard - (before + self._read_at) / 2)
            self._offset = median(self._readings)

    def play(self, at: float, samples: bytes) -> None:
        """Let these be heard from ``at`` on."""
        if self._paused is not None:
            self.resume(self._clock())  # libVLC may be a little ahead of itself.
        past = self._clock() - _REMEMBERED
        while self._blocks and self._until(*self._blocks[0]) < past:
            self._blocks.popleft()
        self._blocks.append((at, samples))
        self._put(at, samples)

    def pause(self, at: float) -> None:
        if self._paused is None:
            self._paused = at
            self._cut()

    def resume(self, at: float) -> None:
        """Go on with what was not heard before the pause."""
        if self._paused is None:
            return
        begun, self._paused = self._paused, None
        blocks, self._blocks = self._blocks, deque()
        for due, samples in blocks:
            past = max(0, round((begun - due) * self._line.rate))
            if rest := samples[past * self._line.frame :]:
                due += past / self._line.rate + at - begun
                self._blocks.append((due, rest))
                self._put(due, rest)

    def flush(self) -> None:
        """Forget what was not heard yet."""
        self._blocks.clear()
        self._cut()

    def _cut(self) -> None:
        self._line.flush()
        self._end = None
        self._off.clear()

    def _until(self, at: float, samples: bytes) -> float:
        return at + len(samples) / self._line.frame / self._line.rate

    def _put(self, at: float, samples: bytes) -> None:
        if self._clock() >= self._read_at + _READ_EVERY:
            self.look()
        if self._offset is None:
            return
        rate, frame = self._line.rate, self._line.frame
        place = round((at + self._offset) * rate)
        if self._end is None or abs(place - self._end) > _JUMP * rate:
            if self._end is not None:
                _log.debug("the sound was %.1f ms off", (self._end - place) / rate * 1000)
            self._off.clear()
            self._end = max(place, 0)
            samples = samples[(self._end - place) * frame :]
        else:
            samples = self._nudged(place - self._end, samples)
        self._line.write(self._end, samples)
        self._end += len(samples) // frame

    def _nudged(self, early: int, samples: bytes) -> bytes:
        """Return the samples with a few frames more, or fewer, where all are too early, or too late, of late."""
        self._off.append(early)
        off, frame = sum(self._off) / _AVERAGE, self._line.frame
        self._nudging = abs(off) > (_EXACT if self._nudging else _TOLERANCE) * self._line.rate
        count = len(samples) // frame
        if not self._nudging or len(self._off) < _AVERAGE or not count:
            return samples
        pieces = min(math.ceil(abs(off) / _BLOCKS), _MOST, count)
        bounds = [piece * count // pieces * frame for piece in range(pieces + 1)]
        parts = (samples[begin:end] for begin, end in pairwise(bounds))
        return b"".join(part[:frame] + part if off > 0 else part[frame:] for part in parts)
