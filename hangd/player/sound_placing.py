"""Where samples go in a stream that runs all the time, so that each is heard when it is due. Times are seconds.

A stream's time is known by asking the sound server what it has played: good to 0.3 ms mostly, and for seconds on end
to 3 where the machine is busy. The stream runs by the sound card's clock, tens of ppm off ours. So the middle of the
readings of the last seconds is believed, and what that moves by is made good over a second or two, from 2 ms on.

VLC's dates follow one another to the microsecond, but for changes of rate: with each it dates what is to come as if
what it has read ahead had been played by the new one. That is known to the frame, and followed as fast as is not heard.
Where the film began late VLC dates all of it late, and its rate is changed to make that good; the sound need not wait.
That it began late may be known before the first block, or be seen when a second of sound is written: then what is not
heard yet of it is written again.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple, Protocol

from hangd.player.vlc_pace import is_speed

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
_IN_LIP_SYNC: Final = 0.040
"""Seconds. A film that begins later than this takes its sound with it. (Sound that is 45 ms early is noticed:
ITU-R BT.1359.)"""
_WORD: Final = 1.0
"""Seconds after a start, or a change of rate, in which another change of rate makes good the same late start."""
_LET_BE: Final = 0.004
"""Seconds of which nobody's picture is rid after a start: nor need the sound join it."""
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

    def heard(self) -> float | None:
        """Return which second of the stream is heard just now; None while that is not known."""

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
    late: float
    """What was taken off its date, and the rate when it came."""
    rate: float


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
        self._last: tuple[float, float] | None = None
        """The date of the last block that was written, and its seconds; None after a gap."""
        self._late = 0.0
        """Seconds by which blocks are dated late, and therefore put earlier."""
        self._made_good = True
        """VLC's rate changes no more for that; the next change is about something else."""
        self._rate = 1.0
        self._rate_since = 0.0
        self._started_at = -math.inf
        self._later = 0.0
        """What has come to light of the start since it was told, and was not acted upon yet."""
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
        before = self._clock()
        heard = self._line.heard()
        if heard is not None:
            self._read_at = self._clock()
            self._readings.append(heard - (before + self._read_at) / 2)
            self._offset = median(self._readings)

    def start(self, late: float, rate: float) -> None:
        """The film goes on at ``rate``, so late. At speed 1 all is put where it would belong had it been in time."""
        in_reach = 0 < late <= _IN_LIP_SYNC and not is_speed(rate)
        self._late, self._made_good = (late, False) if in_reach else (0.0, True)
        self._later = 0.0
        self.change_rate(rate)
        self._started_at = self._clock()

    def change_rate(self, rate: float, later: float = 0.0) -> None:
        """The film is played at ``rate`` from now on. It was so much later than was thought (or earlier, below 0)."""
        if abs(later) > _LET_BE and not is_speed(rate) and self._clock() < self._started_at + _WORD:
            self._later += later
        self._rate, self._rate_since = rate, self._clock()

    def play(self, at: float, samples: bytes) -> None:
        """Let these be heard from ``at`` on."""
        if self._paused is not None:
            self.resume(self._clock())  # libVLC may be a little ahead of itself.
        past = self._clock() - _REMEMBERED
        while self._blocks and self._blocks[0].at + self._seconds(self._blocks[0].samples) < past:
            self._blocks.popleft()
        if self._later:
            later, self._later = self._later, 0.0
            self._put_again(later)
        self._put(at, samples, self._rate)

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
        for block in blocks:
            past = max(0, round((begun - block.at) * self._line.rate))
            if rest := block.samples[past * self._line.frame :]:
                self._put(block.at + past / self._line.rate + at - begun, rest, self._rate)

    def flush(self) -> None:
        """Forget what was not heard yet."""
        self._blocks.clear()
        self._cut()

    def _cut(self) -> None:
        self._line.flush()
        self._end = self._last = None

    def _seconds(self, samples: bytes) -> float:
        return len(samples) / self._line.frame / self._line.rate

    def _put_again(self, later: float) -> None:
        """Put what is not heard yet so much earlier than it was: not at once, but as fast as is not heard."""
        if abs(later + self._late) > _IN_LIP_SYNC:
            return
        self._made_good = False
        self._late += later
        reach = self._clock() + _OUT_OF_REACH + _IN_LIP_SYNC
        again = [block for block in self._blocks if block.at >= reach]
        if not again or again[0].place is None:
            return  # and what comes from now on is put where it belongs
        for _ in again:
            self._blocks.pop()
        first = again[0]
        assert first.place is not None
        self._end, self._late, self._off = first.place, first.late + later, 0.0
        self._last = (self._blocks[-1].at, self._seconds(self._blocks[-1].samples)) if self._blocks else None
        self._moved = self._place(first.at) - first.place
        for block in again:
            self._put(block.at, block.samples, block.rate)

    def _put(self, at: float, samples: bytes, vlc_rate: float) -> None:
        """Write a block that came while VLC played at this rate, and remember it."""
        late, place = self._late, self._write(at, samples, vlc_rate)
        self._blocks.append(_Block(at, samples, place, late, vlc_rate))

    def _place(self, at: float) -> int:
        assert self._offset is not None
        return round((at - self._late + self._offset) * self._line.rate)

    def _write(self, at: float, samples: bytes, vlc_rate: float) -> int | None:
        """Write samples where they belong; return the frame from which on they are, None where nothing is known."""
        if self._clock() >= self._read_at + _READ_EVERY:
            self.look()
        if self._offset is None:
            return None
        rate, frame = self._line.rate, self._line.frame
        if self._last is not None:
            self._follow(at, *self._last, vlc_rate)
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

    def _follow(self, at: float, last: float, seconds: float, rate: float) -> None:
        """Take notice of what the dates have moved by since the last block, which was of so many seconds."""
        moved = at - last - seconds
        if not self._made_good:
            trim = rate - 1
            if is_speed(rate) or (not trim and self._clock() > self._rate_since + _WORD):
                # It has been, or nothing will. From here on the dates are right.
                self._made_good = True
                if abs(self._late) > _LET_BE:
                    moved += self._late
                    self._late = 0.0
            else:
                # What would make it good has been made good here: what VLC squeezes is given its time again.
                self._late += moved - trim * seconds
                moved = trim * seconds
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
