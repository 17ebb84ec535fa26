"""How far apart two screens are, read off their pictures.

Both screens are looked at as often as that costs little. A picture's number and when it was *first* seen there give,
for each number that both showed, the time between its two appearances: positive, the second screen was later. A look
comes every half millisecond or so where the screen's memory can be read (`framebuffer`), and every few where an X
server has to be asked (`screen`): one difference is only so exact.
"""

import contextlib
import statistics
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from tests.support.figures import percentile
from tests.support.screen import Reading

__all__ = ["Appearance", "Distance", "Eye", "Skew", "Watch", "distances", "skew_of", "summary", "watching"]

_BLINK: Final = 0.05
"""Seconds. A look that came later than this after the one before says too little of when something appeared."""
_SAME_SHOWING: Final = 2.0
"""Seconds. The same number on two screens farther apart than this was shown on two occasions."""


class Eye(Protocol):
    """What looks at a screen."""

    display: str
    pause: float
    """Seconds between two looks: what they cost, the players go without."""

    def read(self) -> Reading: ...


class Appearance(NamedTuple):
    """A picture was first seen: ``at`` is the middle between that look and the one before, which saw another."""

    number: int
    at: float


class Distance(NamedTuple):
    """By how much later (seconds; earlier where negative) the second screen showed a picture, and when."""

    at: float
    apart: float
    number: int


class Skew(NamedTuple):
    """Distances of the second screen from the first, in seconds; ``median`` is signed, the others are sizes."""

    frames: int
    median: float
    p95: float
    worst: float


class Watch:
    """What one screen showed, from now until `close`."""

    def __init__(self, eye: Eye) -> None:
        self.appearances: list[Appearance] = []
        self._eye = eye
        self._last: Reading | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"watch {eye.display}", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.is_set():
            reading, last = self._eye.read(), self._last
            if reading.number is None:
                pass  # between two pictures, or nothing to be seen: the one before is still the last
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
        """The picture's number now, as last seen."""
        return None if self._last is None else self._last.number

    def between(self, begin: float, end: float) -> list[Appearance]:
        first, last = (bisect_left(self.appearances, moment, key=lambda seen: seen.at) for moment in (begin, end))
        return self.appearances[first:last]


@contextlib.contextmanager
def watching(*eyes: Eye) -> Iterator[tuple[Watch, ...]]:
    """Watch several screens, each on a thread."""
    watches = tuple(Watch(eye) for eye in eyes)
    try:
        yield watches
    finally:
        for watch in watches:
            watch.close()


def distances(first: Watch, second: Watch, begin: float, end: float) -> list[Distance]:
    """Compare what two screens showed from ``begin`` to ``end``, picture by picture."""
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
    """Return the figures that are quoted; None where there are too few."""
    if len(found) < 3:
        return None
    apart = [distance.apart for distance in found]
    return Skew(len(apart), statistics.median(apart), percentile(apart), percentile(apart, 1.0))


def skew_of(first: Watch, second: Watch, *, seconds: float, since: float | None = None) -> Skew | None:
    """Compare what two screens showed for ``seconds`` from ``since`` on (or from now). None: too little in common."""
    begin = time.monotonic() if since is None else since
    wait = begin + seconds - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    return summary(distances(first, second, begin, begin + seconds))
