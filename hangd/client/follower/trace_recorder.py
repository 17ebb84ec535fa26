"""Recorder: the follower's door, and the book at it. Whatever is told through it can be played again.

The book has a bounded length. It is kept in chapters of about a minute, each of which begins with what the follower
knew then (`hangd.engine.follower.memory`), and the oldest chapter is torn out as a whole: so what is left always has a
beginning from which it can be played. Lines are written as they are to be read, disguise on, when they happen: what is
kept is bytes, their number is known, and nothing that happens later can change them.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import FollowerInput, apply
from hangd.engine.follower.memory import remember
from hangd.engine.trace.trace import Disguise, Memory, Step, encode

__all__ = ["Recorder"]

_LINE_COST: Final = 41
"""Bytes that a line takes beside its own: a bytes object's head (33), and its place in a list (8)."""


class _Chapter:
    def __init__(self, began: float, memory: bytes) -> None:
        self.began = began
        self.memory = memory
        self.steps: list[bytes] = []
        self.size = len(memory) + _LINE_COST


class Recorder:
    """Keeps the last ``span`` seconds, or as much of them as goes into ``size`` bytes of memory.

    In a room a viewer's machine takes three or four steps a second, of some 270 bytes each: half an hour is 1.7 MB. A
    step costs 5 us to write down, a chapter's beginning 60 us.
    """

    def __init__(
        self, follower: Follower, *, span: float = 1800.0, size: int = 4 * 2**20, chapter: float = 60.0
    ) -> None:
        self._follower = follower
        self._disguise = Disguise()
        self._span = span
        self._size_limit = size
        self._chapter_span = chapter
        self._chapters: deque[_Chapter] = deque()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of memory that the book takes."""
        return self._size

    def tell(self, input: FollowerInput, now: float) -> list[FollowerEffect]:
        """Tell the follower, write it down, and return what it orders."""
        chapter = self._chapter(now)
        try:
            effects = apply(self._follower, input, now)
        except Exception as error:
            self._write(chapter, Step(now, self._disguise.input(input), [], type(error).__name__))
            raise
        self._write(chapter, Step(now, self._disguise.input(input), self._disguise.effects(effects)))
        return effects

    def lines(self) -> Iterator[bytes]:
        """Yield the book's lines: the memory with which it begins, then the steps."""
        for index, chapter in enumerate(self._chapters):
            if index == 0:
                yield chapter.memory
            yield from chapter.steps

    def _chapter(self, now: float) -> _Chapter:
        """Return the chapter to write in: a new one, where the last one is full."""
        chapters = self._chapters
        if chapters:
            last = chapters[-1]
            if now - last.began < self._chapter_span and last.size < self._size_limit // 8:
                return last
        memory = self._disguise.memory(remember(self._follower))
        chapter = _Chapter(now, encode(Memory(memory)))
        chapters.append(chapter)
        self._size += chapter.size
        return chapter

    def _write(self, chapter: _Chapter, step: Step) -> None:
        line = encode(step)
        cost = len(line) + _LINE_COST
        chapter.steps.append(line)
        chapter.size += cost
        self._size += cost
        chapters = self._chapters
        while len(chapters) > 1 and (self._size > self._size_limit or step.now - chapters[1].began > self._span):
            self._size -= chapters.popleft().size
