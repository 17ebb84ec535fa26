"""Where samples go in a stream that runs all the time, so that each is heard when it is due. Times are seconds.

A stream's time is known by asking the sound server what it has played, and when: good to 0.3 ms mostly, and to
some milliseconds where the machine is busy. The stream runs by the sound card's clock, tens of ppm off ours. So the
middle of the readings of the last seconds is believed, and what that moves by is made good over a second or two, from
2 ms on.

VLC's dates follow one another to the microsecond, but for changes of rate: with each it dates what is to come as if
what it has read ahead had been played by the new one. That is known to the frame, and followed as fast as is not heard.
Where the film began late VLC dates all of it late until its clock is moved, and from some block on its dates jump back;
the sound need not wait. That it began late may be known before the first block, or when some are written already: then
what is not heard yet of them is written again.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple, Protocol

__all__ = ["Line", "Placing"]

_log = logging.getLogger(__name__)

_READINGS: Final = 64
_READ_EVERY: Final = 0.050
"""Seconds from reading to reading, at least: what is read in one moment has one error."""
_JUMP: Final = 0.020
"""Seconds. What is farther off is put right at once, what is nearer a frame at a time."""
_TOLERANCE: Final = 0.002
"""Seconds that the sound may be off on average: as much as is not known now and then."""
_EXACT: Final = 0.0003
"""Seconds: so near it is brought where it was farther off than that. Else it would stay at the edge for ever."""
_AVERAGE: Final = 0.7
"""Seconds over which that is taken, with weights that fall off."""
_LEISURE: Final = 1.0
"""Seconds in which it is made good."""
_MOVED: Final = 0.0011
"""Seconds by which VLC's dates may move and not be followed: a file may round its own to milliseconds."""
_MOST: Final = 1 / 40
"""What share of a block's frames it may have more or fewer, each in another place: what a trim takes, and some."""
_OUT_OF_REACH: Final = 0.050
"""Seconds before a block is heard in which it is not written again: it may be on its way."""
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

    def heard(self) -> tuple[float, float] | None:
        """Return which second of the stream was heard lately, and when; None while that is not known."""

    def write(self, at: int, samples: bytes) -> None:
        """Write from frame number ``at`` on; over what is there, and not what is past."""

    def flush(self) -> None:
        """Let nothing more be heard of what was written."""


class _Block(NamedTuple):
    """What was written, and may have to be written again."""

    at: float
    """VLC's date."""
    samples: bytes
    place: int | None
    """The frame of the stream that it was written from; None: it could not be."""


class Placing:
    """Puts blocks of samples where they belong. ``clock`` is the one that blocks are due by."""

    def __init__(self, line: Line, clock: Callable[[], float] = time.monotonic) -> None:
        self._line = line
        self._clock = clock
        self._readings: deque[float] = deque(maxlen=_READINGS)
        """The stream's time less the clock's."""
        self._offset: float | None = None
        """What is believed of that; None: nothing is known yet."""
        self._heard: tuple[float, float] | None = None
        self._looked_at = 0.0
        self._end: int | None = None
        """The frame after the last one written; None after a gap."""
        self._last: tuple[float, float] | None = None
        """The date of the last block that was written, and its seconds; None after a gap."""
        self._told: deque[float | None] = deque()
        """What `late` (a number) and `moved` (None) have told, and was not acted upon yet."""
        self._late = 0.0
        """Seconds by which blocks are dated late, and therefore put earlier."""
        self._moved = 0.0
        """Frames by which the dates have moved, and the blocks not yet."""
        self._following = False
        self._off = 0.0
        """By how many frames the blocks were written too early on average, apart from that."""
        self._nudging = False
        self._blocks: deque[_Block] = deque()
        self._paused: float | None = None

    def look(self) -> None:
        """Read the stream's time. To be called ever again, also while nothing is played."""
        heard = self._line.heard()
        if heard is None:
            return
        self._looked_at = self._clock()
        if heard != self._heard:
            self._heard = heard
            second, at = heard
            self._readings.append(second - at)
            self._offset = median(self._readings)

    # The two that any thread may call, and that wait for nothing.

    def late(self, seconds: float) -> None:
        """The film goes on, or is about to, and is dated so much too late until VLC's clock is moved."""
        self._told.append(seconds)

    def moved(self) -> None:
        """VLC's clock has been moved by that: from some block on the dates are right."""
        self._told.append(None)

    def play(self, at: float, samples: bytes) -> None:
        """Let these be heard from ``at`` on."""
        if self._paused is not None:
            self.resume(self._clock())  # libVLC may be a little ahead of itself.
        past = self._clock() - _REMEMBERED
        while self._blocks and self._blocks[0].at + self._seconds(self._blocks[0].samples) < past:
            self._blocks.popleft()
        self._take_told()
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
        self._take_told()
        blocks, self._blocks = self._blocks, deque()
        for block in blocks:
            past = max(0, round((begun - block.at) * self._line.rate))
            if rest := block.samples[past * self._line.frame :]:
                self._put(block.at + past / self._line.rate + at - begun, rest)

    def flush(self) -> None:
        """Forget what was not heard yet."""
        self._blocks.clear()
        self._cut()

    def _cut(self) -> None:
        self._line.flush()
        self._end = self._last = None

    def _seconds(self, samples: bytes) -> float:
        return len(samples) / self._line.frame / self._line.rate

    def _take_told(self) -> None:
        while self._told:
            told = self._told.popleft()
            if told is not None:
                self._put_again(told)
            elif self._last is None:
                self._late = 0.0  # nothing was dated late: there will be no jump

    def _put_again(self, late: float) -> None:
        """Put what is dated so late where it belongs: what is heard soon not at once, but as fast as is not heard."""
        change, self._late = late - self._late, late
        if not change or self._last is None:
            return
        self._moved -= change * self._line.rate
        reach = self._clock() + _OUT_OF_REACH + late
        again = [block for block in self._blocks if block.at >= reach]
        if not again or again[0].place is None:
            return
        for _ in again:
            self._blocks.pop()
        self._end, self._off = again[0].place, 0.0
        self._last = (self._blocks[-1].at, self._seconds(self._blocks[-1].samples)) if self._blocks else None
        self._moved = self._place(again[0].at) - again[0].place
        for block in again:
            self._put(block.at, block.samples)

    def _put(self, at: float, samples: bytes) -> None:
        """Write a block, and remember it."""
        self._blocks.append(_Block(at, samples, self._write(at, samples)))

    def _place(self, at: float) -> int:
        assert self._offset is not None
        return round((at - self._late + self._offset) * self._line.rate)

    def _write(self, at: float, samples: bytes) -> int | None:
        """Write samples where they belong; return the frame from which on they are, None where nothing is known."""
        if self._clock() >= self._looked_at + _READ_EVERY:
            self.look()
        if self._offset is None:
            return None
        rate, frame = self._line.rate, self._line.frame
        if self._last is not None:
            self._follow(at, *self._last)
        self._last = at, self._seconds(samples)
        place = self._place(at)
        if self._end is None or abs(place - self._end) > _JUMP * rate:
            if self._end is not None:
                _log.debug("the sound was %.1f ms off", (self._end - place) / rate * 1000)
            self._moved = self._off = 0.0
            self._end = max(place, 0)
            samples = samples[(self._end - place) * frame :]
        else:
            samples = self._changed(samples, self._more(place - self._end, len(samples) // frame))
        begin = self._end
        self._line.write(begin, samples)
        self._end += len(samples) // frame
        return begin

    def _follow(self, at: float, last: float, seconds: float) -> None:
        """Take notice of what the dates have moved by since the last block, which was of so many seconds."""
        moved = at - last - seconds
        if self._late and moved < -self._late / 2:
            # VLC's clock was moved. From here on the dates are right, and what was put earlier is followed by its like.
            moved, self._late = moved + self._late, 0.0
        self._moved += moved * self._line.rate

    def _more(self, early: int, count: int) -> int:
        """Return how many frames a block of ``count`` that would be heard so many frames too early is to have more."""
        rate = self._line.rate
        most = math.ceil(count * _MOST)
        self._following = abs(self._moved) > (0.5 if self._following else _MOVED * rate)
        moved = max(-most, min(round(self._moved), most)) if self._following else 0
        self._off += (early - self._moved - self._off) * min(count / rate / _AVERAGE, 1.0)
        self._moved -= moved
        self._nudging = abs(self._off) > (_EXACT if self._nudging else _TOLERANCE) * rate
        if not self._nudging:
            return moved
        off = math.copysign(math.ceil(abs(self._off) * min(count / rate / _LEISURE, 1.0)), self._off)
        more = max(-most, min(moved + int(off), most))
        self._off -= more - moved
        return more

    def _changed(self, samples: bytes, more: int) -> bytes:
        """Return the samples with so many frames more, or fewer, each in another place."""
        if not more:
            return samples
        frame, pieces = self._line.frame, abs(more)
        count = len(samples) // frame
        bounds = [piece * count // pieces * frame for piece in range(pieces + 1)]
        parts = (samples[begin:end] for begin, end in pairwise(bounds))
        return b"".join(part[:frame] + part if more > 0 else part[frame:] for part in parts)
