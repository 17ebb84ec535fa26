"""`AudioPlacement`: write blocks of samples into a stream that runs all the time, so that each is heard when it is due.

`VlcAudioOutput` calls it with what libVLC delivers. Times are seconds. Each block comes with its *due time*.

*The stream's clock* is known from the sound server's readings: which second of the stream was heard when. Most are good
to 0.3 ms, and to some milliseconds where the machine is busy, so the median of the last seconds' readings is used. The
sound card's clock runs tens of ppm off ours. What the median moves by is corrected over a second or two, by single
frames, once it exceeds 2 ms.

*VLC's due times* follow one another to the microsecond, except for two things:

- After a change of rate VLC computes the due times of what follows as if what it has read ahead had been played at the
  new rate. That shift is known to the frame, and is followed as fast as is not heard.
- If the film began late, all due times are late by as much until VLC's clock is corrected; from some block on they jump
  back. The sound does not wait for that (`set_lateness`). The lateness may be known before the first block, or when
  some blocks are written already: those that are not heard yet are then written again.
"""

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple, Protocol

_log = logging.getLogger(__name__)

_READINGS: Final = 64
_READING_SECONDS: Final = 0.050
"""From one reading to the next, at least: readings of one moment have the same error."""
_QUIET_SECONDS: Final = 2.0
"""How long nothing is written into a stream that takes another one's place. Measured: where the samples of a second are
written into a new stream at once, PulseAudio plays it up to 0.6 s too fast within its first two seconds."""
_JUMP_SECONDS: Final = 0.020
"""A larger error is corrected at once, a smaller one frame by frame."""
_TOLERANCE_SECONDS: Final = 0.002
"""Average error that is left alone, because at times the stream's clock is known no better than this."""
_CORRECTED_SECONDS: Final = 0.0003
"""A correction goes on until the error is this small. Otherwise the error would stay at the tolerance for ever."""
_AVERAGE_SECONDS: Final = 0.7
"""Time constant of the average error."""
_CORRECTION_SECONDS: Final = 1.0
"""Time in which an average error is corrected."""
_SHIFT_MIN_SECONDS: Final = 0.0011
"""A smaller shift of the due times is not followed: a file may round its own to milliseconds."""
_STRETCH_MAX: Final = 1 / 40
"""Largest share of a block's frames that is added or left out, spread over the block. A trim takes a little less."""
_REWRITE_SECONDS: Final = 0.050
"""A block is not written again when it is heard sooner than this: it may be on its way already."""
_HISTORY_SECONDS: Final = 0.5
"""How long blocks are kept after they were heard: a pause is reported a little after it began."""


class AudioStream(Protocol):
    """A stream of frames (a sample for each channel) that runs all the time, silent where nothing was written."""

    rate: int
    """Frames per second."""
    frame: int
    """Bytes per frame."""

    def reading(self) -> tuple[float, float] | None:
        """Return which second of the stream was heard lately, and when; None while that is not known."""

    def write(self, at: int, samples: bytes) -> None:
        """Write from frame number ``at`` on, over what is there. What lies in the past is dropped."""

    def flush(self) -> None:
        """Drop what was written and not heard yet."""


class _Block(NamedTuple):
    """A block that was written, and may have to be written again."""

    due: float
    samples: bytes
    frame: int | None
    """The stream's frame at which it begins; None: it could not be written."""


class AudioPlacement:
    """Writes blocks of samples into ``stream``. ``clock`` is the clock of their due times."""

    def __init__(self, stream: AudioStream, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        # The stream's clock.
        self._readings: deque[float] = deque(maxlen=_READINGS)
        """The stream's time minus the clock's."""
        self._offset: float | None = None
        """Their median; None: nothing is known yet."""
        self._last_reading: tuple[float, float] | None = None
        self._read_at = 0.0
        # What was written.
        self._end: int | None = None
        """The frame after the last one that was written; None after a gap."""
        self._last: tuple[float, float] | None = None
        """The due time and the length of the last block that was written; None after a gap."""
        # What is known of errors, and is yet to be corrected.
        self._reports: deque[float | None] = deque()
        """Calls of `set_lateness` (a number) and `clock_corrected` (None) that have had no effect yet."""
        self._lateness = 0.0
        """Seconds by which due times are late. Blocks are written earlier by this."""
        self._shift = 0.0
        """Frames by which the due times have shifted and the blocks have not yet."""
        self._is_following = False
        self._error = 0.0
        """Average number of frames by which blocks were written too early, the shift left out."""
        self._is_correcting = False
        self._blocks: deque[_Block] = deque()
        self._paused_at: float | None = None
        # After a change of the device.
        self._is_moved = False
        """The blocks are to be written again as soon as something is known of its clock."""
        self._quiet_until = 0.0
        """The clock of a new stream is not known before."""

    def move(self, stream: AudioStream | None = None) -> None:
        """Another device plays the stream, or (``stream``) another stream of the same format is used from now on."""
        self._readings.clear()
        self._is_moved = True
        if stream is not None:
            self._stream, self._offset = stream, None
            self._quiet_until = self._clock() + _QUIET_SECONDS

    def read_clock(self) -> None:
        """Read the stream's clock. Call it about ten times a second, also while nothing is played."""
        reading = self._stream.reading()
        if reading is None:
            return
        self._read_at = self._clock()
        if self._read_at < self._quiet_until:
            return
        if reading != self._last_reading:
            self._last_reading = reading
            second, at = reading
            self._readings.append(second - at)
            self._offset = median(self._readings)
            if self._is_moved:
                self._is_moved = False
                self._write_again()

    # These two may be called from any thread, and never block. They take effect with the next block.

    def set_lateness(self, seconds: float) -> None:
        """Block due times are late by this many seconds until VLC's clock is corrected."""
        self._reports.append(seconds)

    def clock_corrected(self) -> None:
        """VLC's clock was shifted by the lateness: from some block on due times are right."""
        self._reports.append(None)

    def play(self, due: float, samples: bytes) -> None:
        """Write a block that is to be heard from ``due`` on."""
        if self._paused_at is not None:
            self.resume(self._clock())  # libVLC can deliver a block before it reports the resume
        past = self._clock() - _HISTORY_SECONDS
        while self._blocks and self._blocks[0].due + self._seconds(self._blocks[0].samples) < past:
            self._blocks.popleft()
        self._take_reports()
        self._put(due, samples)

    def pause(self, at: float) -> None:
        if self._paused_at is None:
            self._paused_at = at
            self._cut()

    def resume(self, at: float) -> None:
        """Write again what was not heard before the pause, later by the pause's length."""
        if self._paused_at is None:
            return
        paused_at, self._paused_at = self._paused_at, None
        self._take_reports()
        blocks, self._blocks = self._blocks, deque()
        for block in blocks:
            past = max(0, round((paused_at - block.due) * self._stream.rate))
            if rest := block.samples[past * self._stream.frame :]:
                self._put(block.due + past / self._stream.rate + at - paused_at, rest)

    def _write_again(self) -> None:
        """Write what was not heard yet where it belongs by the clock of another device."""
        if self._paused_at is None:
            now = self._clock()
            self.pause(now)
            self.resume(now)

    def flush(self) -> None:
        """Drop what was not heard yet."""
        self._blocks.clear()
        self._cut()

    def _cut(self) -> None:
        self._stream.flush()
        self._end = self._last = None

    def _seconds(self, samples: bytes) -> float:
        return len(samples) / self._stream.frame / self._stream.rate

    def _take_reports(self) -> None:
        while self._reports:
            report = self._reports.popleft()
            if report is not None:
                self._change_lateness(report)
            elif self._last is None:
                self._lateness = 0.0  # no block had a late due time, so there will be no jump back

    def _change_lateness(self, lateness: float) -> None:
        """Write again what is written for another lateness. What is heard soon is moved gradually instead."""
        change, self._lateness = lateness - self._lateness, lateness
        if not change or self._last is None:
            return
        self._shift -= change * self._stream.rate
        # What is due later than this is written again where it belongs; what is due sooner is left to the shift.
        reach = self._clock() + _REWRITE_SECONDS + lateness
        again = [block for block in self._blocks if block.due >= reach]
        if not again or again[0].frame is None:
            return
        for _ in again:
            self._blocks.pop()
        self._end, self._error = again[0].frame, 0.0
        self._last = (self._blocks[-1].due, self._seconds(self._blocks[-1].samples)) if self._blocks else None
        self._shift = self._frame_at(again[0].due) - again[0].frame
        for block in again:
            self._put(block.due, block.samples)

    def _put(self, due: float, samples: bytes) -> None:
        """Write a block, and remember it."""
        self._blocks.append(_Block(due, samples, self._write(due, samples)))

    def _frame_at(self, due: float) -> int:
        """Return the stream's frame that is heard at this due time."""
        assert self._offset is not None
        return round((due - self._lateness + self._offset) * self._stream.rate)

    def _write(self, due: float, samples: bytes) -> int | None:
        """Write a block where it belongs. Return its first frame; None if the stream's clock is not known."""
        if self._clock() >= self._read_at + _READING_SECONDS:
            self.read_clock()
        if self._offset is None:
            return None
        rate, frame = self._stream.rate, self._stream.frame
        if self._last is not None:
            self._follow(due, *self._last)
        self._last = due, self._seconds(samples)
        wanted = self._frame_at(due)
        if self._end is None or abs(wanted - self._end) > _JUMP_SECONDS * rate:
            # The first block, or one after a gap or a jump: write it where it belongs, and cut off what is too late.
            if self._end is not None:
                _log.debug("the sound was %.1f ms off", (self._end - wanted) / rate * 1000)
            self._shift = self._error = 0.0
            self._end = max(wanted, 0)
            samples = samples[(self._end - wanted) * frame :]
        else:
            # A block that follows the last one: join it without a seam, and correct errors by single frames.
            samples = self._stretched(samples, self._extra_frames(wanted - self._end, len(samples) // frame))
        begin = self._end
        self._stream.write(begin, samples)
        self._end += len(samples) // frame
        return begin

    def _follow(self, due: float, last: float, seconds: float) -> None:
        """Add to the shift what the due times have shifted by since the last block, which was of so many seconds."""
        shift = due - last - seconds
        if self._lateness and shift < -self._lateness / 2:
            # VLC's clock was corrected. From here on due times are right, and the blocks before were written right.
            shift, self._lateness = shift + self._lateness, 0.0
        self._shift += shift * self._stream.rate

    def _extra_frames(self, early: int, count: int) -> int:
        """Return how many frames to add to a block of ``count`` that would be heard ``early`` frames too early."""
        rate = self._stream.rate
        most = math.ceil(count * _STRETCH_MAX)
        # A shift is followed to the frame once it has begun; before, it has to be more than rounding.
        self._is_following = abs(self._shift) > (0.5 if self._is_following else _SHIFT_MIN_SECONDS * rate)
        shift = max(-most, min(round(self._shift), most)) if self._is_following else 0
        # Readings scatter, so what is left of the error is averaged, and corrected only when it is large on average.
        self._error += (early - self._shift - self._error) * min(count / rate / _AVERAGE_SECONDS, 1.0)
        self._shift -= shift
        limit = _CORRECTED_SECONDS if self._is_correcting else _TOLERANCE_SECONDS
        self._is_correcting = abs(self._error) > limit * rate
        if not self._is_correcting:
            return shift
        off = math.copysign(math.ceil(abs(self._error) * min(count / rate / _CORRECTION_SECONDS, 1.0)), self._error)
        extra = max(-most, min(shift + int(off), most))
        self._error -= extra - shift
        return extra

    def _stretched(self, samples: bytes, extra: int) -> bytes:
        """Return the samples with so many frames doubled (negative: left out), spread over the block."""
        if not extra:
            return samples
        frame, pieces = self._stream.frame, abs(extra)
        count = len(samples) // frame
        bounds = [piece * count // pieces * frame for piece in range(pieces + 1)]
        parts = (samples[begin:end] for begin, end in pairwise(bounds))
        return b"".join(part[:frame] + part if extra > 0 else part[frame:] for part in parts)
