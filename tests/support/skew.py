"""How far apart two screens are, read off their pictures.

Both screens are looked at in turn, as often as they let themselves be. A picture's number and when it was *first* seen
there give, for each number that both showed, the time between its two appearances: positive, the second screen was
later. A look takes a few milliseconds and comes every few, so one difference is only so exact; what is quoted is the
median and the 95th percentile of many.
"""

import contextlib
import itertools
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.support.screen import Reading, Screen

__all__ = ["Skew", "Watch", "skew_of", "watching"]


class Skew(NamedTuple):
    """Distances of the second screen from the first, in seconds; ``median`` is signed, the others are sizes."""

    frames: int
    median: float
    p95: float
    worst: float


class Watch:
    """What one screen showed, look by look."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.readings: list[Reading] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"watch {screen.display}", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.is_set():
            self.readings.append(self.screen.read())
            # Two hundred looks a second are enough for a few milliseconds, and leave the players their processor.
            self._stop.wait(0.002)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def number(self) -> int | None:
        """The picture's number now, as last seen."""
        return next((reading.number for reading in self.readings[:-50:-1] if reading.number is not None), None)

    def since(self, moment: float) -> list[Reading]:
        return [reading for reading in self.readings if reading.at >= moment]


@contextlib.contextmanager
def watching(*screens: Screen) -> Iterator[tuple[Watch, ...]]:
    """Watch several screens, each on a thread."""
    watches = tuple(Watch(screen) for screen in screens)
    try:
        yield watches
    finally:
        for watch in watches:
            watch.close()


def _appearances(readings: Sequence[Reading]) -> dict[int, float]:
    """Return when each number was first seen, where the look before saw another one: so the moment is a known one.

    The appearance lies between two looks; the middle of them is what it is taken for.
    """
    found: dict[int, float] = {}
    for before, reading in itertools.pairwise(readings):
        number = reading.number
        if number is None or number in found or before.number is None or number == before.number:
            continue
        if reading.at - before.at < 0.05:
            found[number] = (before.at + reading.at) / 2
    return found


def skew_of(first: Watch, second: Watch, *, seconds: float, since: float | None = None) -> Skew | None:
    """Compare what two screens showed for ``seconds`` from ``since`` on (or from now). None: too little in common."""
    begin = time.monotonic() if since is None else since
    wait = begin + seconds - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    one, other = (
        _appearances([reading for reading in watch.since(begin) if reading.at <= begin + seconds])
        for watch in (first, second)
    )
    differences = [other[number] - moment for number, moment in one.items() if number in other]
    if len(differences) < 3:
        return None
    sizes = sorted(abs(difference) for difference in differences)
    return Skew(
        frames=len(sizes),
        median=statistics.median(differences),
        p95=sizes[int(len(sizes) * 0.95)],
        worst=sizes[-1],
    )
