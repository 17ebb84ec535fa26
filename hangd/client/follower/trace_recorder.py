"""Record every input and effect of a follower in a bounded ring buffer, from which the command ``debug dump`` reads.

The buffer consists of segments of about a minute. Each begins with a snapshot of the follower's state, and the oldest
segment is dropped as a whole, so what is left can always be replayed from its beginning. Lines are anonymized and
encoded when they are recorded: bytes have a known size, and nothing that happens later can change them.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import FollowerInput
from hangd.engine.trace.trace import Anonymizer, Snapshot, Step, encode

_LINE_OVERHEAD: Final = 41
"""Bytes of memory that a line takes beside its text: the header of a bytes object (33) and a place in a list (8)."""


class _Segment(Struct):
    began: float
    snapshot: bytes
    steps: list[bytes] = field(default_factory=list)
    size: int = 0


class Recorder:
    """A follower's recorder. Pass every input to `handle`, and none to the follower itself.

    Keeps the last ``span`` seconds, but at most ``size_max`` bytes of memory. Measured: a follower in a room takes
    three or four steps a second of some 270 bytes each, so half an hour is 1.7 MB. A step costs 5 us, a segment 130 us.
    """

    def __init__(
        self, follower: Follower, *, span: float = 1800.0, size_max: int = 4 * 2**20, segment_span: float = 60.0
    ) -> None:
        self._follower = follower
        self._anonymizer = Anonymizer()
        self._span = span
        self._size_max = size_max
        self._segment_span = segment_span
        self._segments: deque[_Segment] = deque()
        self.size = 0
        """Bytes of memory that the buffer takes."""

    def handle(self, input: FollowerInput, now: float) -> list[FollowerEffect]:
        """Pass an input to the follower, record the step, and return the effects. Raises what the follower raises."""
        segment = self._current_segment(now)
        try:
            effects = self._follower.handle(input, now)
        except Exception as error:
            self._append(segment, Step(now, self._anonymizer.input(input), [], type(error).__name__))
            raise
        self._append(segment, Step(now, self._anonymizer.input(input), self._anonymizer.effects(effects)))
        return effects

    def lines(self) -> Iterator[bytes]:
        """Yield the recorded lines: the snapshot of the oldest segment, then all steps."""
        if self._segments:
            yield self._segments[0].snapshot
        for segment in self._segments:
            yield from segment.steps

    def _current_segment(self, now: float) -> _Segment:
        """Return the segment to append to: a new one if the newest is full."""
        if self._segments:
            newest = self._segments[-1]
            # At an eighth of the whole size a segment is full, so that dropping the oldest one loses little.
            if now - newest.began < self._segment_span and newest.size < self._size_max // 8:
                return newest
        segment = _Segment(now, encode(Snapshot(self._anonymizer.state(self._follower.snapshot()))))
        self._segments.append(segment)
        self._count(segment, segment.snapshot)
        return segment

    def _append(self, segment: _Segment, step: Step) -> None:
        line = encode(step)
        segment.steps.append(line)
        self._count(segment, line)
        segments = self._segments
        while len(segments) > 1 and (self.size > self._size_max or step.now - segments[1].began > self._span):
            self.size -= segments.popleft().size

    def _count(self, segment: _Segment, line: bytes) -> None:
        segment.size += len(line) + _LINE_OVERHEAD
        self.size += len(line) + _LINE_OVERHEAD
