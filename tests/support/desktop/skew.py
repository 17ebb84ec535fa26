"""Measure how far apart in time two screens show the same pictures.

Both screens are read as often as that is cheap. For each picture number that both showed, the times at which it was
*first* seen give the time between its two appearances: positive if the second screen was later. The resolution of one
difference is the time between looks: half a millisecond if the screen's memory can be read (`framebuffer`), and a few
milliseconds if an X server has to be asked (`screen`).
"""

import contextlib
import itertools
import statistics
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from tests.support.desktop.screen import Reading
from tests.support.figures import percentile

__all__ = ["Appearance", "Course", "Distance", "Eye", "Skew", "Watch", "course", "distances", "summary", "watching"]

_BLINK: Final = 0.05
"""Longest time between two looks, in seconds, whose appearance is used: after a longer gap it is too uncertain."""
_SAME_SHOWING: Final = 2.0
"""Seconds. The same number farther apart than this was shown on two occasions, and is not compared."""


class Eye(Protocol):
    """A reader of a screen."""

    display: str
    pause: float
    """Seconds between two looks. Looks take processor time away from the players."""

    def read(self) -> Reading: ...


class Appearance(NamedTuple):
    """First sight of a picture: ``at`` is the middle between that look and the look before, which saw another one."""

    number: int
    at: float


class Distance(NamedTuple):
    """By how many seconds the second screen showed a picture later (negative: earlier), and when."""

    at: float
    apart: float
    number: int


class Skew(NamedTuple):
    """Distances of the second screen from the first, in seconds; ``median`` is signed, the others are sizes."""

    frames: int
    median: float
    p95: float
    worst: float


class Course(NamedTuple):
    """How the pictures on one screen followed each other."""

    pictures: int
    longest: float
    """Seconds for which one picture stood, without those for which nobody looked."""
    off: float
    """Seconds of the picture that was farthest from its time, which is where the line says."""
    line: float
    """Local time at which picture 0 would have been shown, as most of the pictures say."""
    back: list[int]
    """The pictures that came after a later one."""


class Watch:
    """The appearances on one screen, from now until `close`, recorded by a thread."""

    def __init__(self, eye: Eye) -> None:
        self.appearances: list[Appearance] = []
        self._blind: list[tuple[float, float]] = []
        """The times without a look that were so long that the pictures in them are not known."""
        self._eye = eye
        self._last: Reading | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"watch {eye.display}", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        looked_at: float | None = None
        while not self._stop.is_set():
            reading, last = self._eye.read(), self._last
            if looked_at is not None and reading.at - looked_at >= _BLINK:
                self._blind.append((looked_at, reading.at))
            looked_at = reading.at
            if reading.number is None:
                pass  # between two pictures, or no picture: the picture before is still the last one
            elif last is None or last.number == reading.number:
                self._last = reading
            else:
                if reading.at - last.at < _BLINK:
                    self.appearances.append(Appearance(reading.number, (last.at + reading.at) / 2))
                self._last = reading
            time.sleep(self._eye.pause)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def number(self) -> int | None:
        """The number that was seen last."""
        return None if self._last is None else self._last.number

    def blind(self, begin: float, end: float) -> float:
        """Return for how many seconds between these times nobody looked at the screen: the computer was too busy."""
        return sum(max(min(to, end) - max(since, begin), 0.0) for since, to in self._blind)

    def between(self, begin: float, end: float) -> list[Appearance]:
        first, last = (bisect_left(self.appearances, moment, key=lambda seen: seen.at) for moment in (begin, end))
        return self.appearances[first:last]


@contextlib.contextmanager
def watching(*eyes: Eye) -> Iterator[tuple[Watch, ...]]:
    """Watch several screens, each on its own thread."""
    watches = tuple(Watch(eye) for eye in eyes)
    try:
        yield watches
    finally:
        for watch in watches:
            watch.close()


def distances(first: Watch, second: Watch, begin: float, end: float) -> list[Distance]:
    """Compare two screens from ``begin`` to ``end``, picture by picture."""
    shown: defaultdict[int, list[float]] = defaultdict(list)
    for appearance in second.between(begin - _SAME_SHOWING, end + _SAME_SHOWING):
        shown[appearance.number].append(appearance.at)
    found = []
    for number, at in first.between(begin, end):
        if moments := shown.get(number):
            apart = min((moment - at for moment in moments), key=abs)
            if abs(apart) < _SAME_SHOWING:
                found.append(Distance(at, apart, number))
    return found


def summary(found: Sequence[Distance]) -> Skew | None:
    """Return the statistics of the distances; None if there are fewer than three."""
    if len(found) < 3:
        return None
    apart = [distance.apart for distance in found]
    return Skew(len(apart), statistics.median(apart), percentile(apart), percentile(apart, 1.0))


def course(watch: Watch, begin: float, end: float, *, frame: float) -> Course:
    """Return how the pictures of a film with ``frame`` seconds for each went on from ``begin`` to ``end``."""
    seen = watch.between(begin, end)
    moments = [begin, *(one.at for one in seen), end]
    lines = [one.at - one.number * frame for one in seen]
    middle = statistics.median(lines) if lines else 0.0
    return Course(
        len(seen),
        max(later - earlier - watch.blind(earlier, later) for earlier, later in itertools.pairwise(moments)),
        max((abs(line - middle) for line in lines), default=0.0),
        middle,
        [later.number for earlier, later in itertools.pairwise(seen) if later.number <= earlier.number],
    )
