"""`Watch` and `course`: what is said of the pictures on a screen, seen in looks that are given here."""

from collections.abc import Iterable
from contextlib import closing
from typing import Final

import pytest

from tests.support.daemons.party import wait_for
from tests.support.desktop.screen import Reading
from tests.support.desktop.skew import Course, Watch, course

FRAME: Final = 0.03
LOOK: Final = 0.01
BEGIN: Final = 100.0


class Looks:
    """A screen that shows these pictures (None: none that can be read), one for each look."""

    display = "looks"
    pause = 0.0

    def __init__(self, looks: Iterable[tuple[float, int | None]]) -> None:
        self._looks = [Reading(number, at, 0.0) for at, number in looks]
        self._next = 0

    def read(self) -> Reading:
        reading = self._looks[min(self._next, len(self._looks) - 1)]
        self._next += 1
        return reading

    def done(self) -> bool:
        return self._next > len(self._looks)


def film(*, first: int = 0, pictures: int = 40, since: float = BEGIN) -> list[tuple[float, int | None]]:
    """Return the looks at a film that plays: three at each picture."""
    return [(since + look * LOOK, first + look // 3) for look in range(3 * pictures)]


def seen(looks: list[tuple[float, int | None]]) -> Course:
    eye = Looks(looks)
    with closing(Watch(eye)) as watch:
        wait_for(eye.done, "all looks")
        return course(watch, looks[0][0], looks[-1][0] + LOOK, frame=FRAME)


def test_one_picture_after_the_other() -> None:
    found = seen(film())
    assert found.pictures == 39, "the first one was there before"
    assert found.longest == pytest.approx(FRAME, abs=LOOK)
    assert found.off == pytest.approx(0.0, abs=1e-6)
    assert found.back == []
    assert found.line == pytest.approx(BEGIN - LOOK / 2, abs=1e-6)


@pytest.mark.parametrize("number", [39, None], ids=["a picture stands", "nothing can be read"])
def test_the_film_stands(number: int | None) -> None:
    stands = [(BEGIN + 40 * FRAME + look * LOOK, number) for look in range(50)]
    found = seen([*film(), *stands, *film(first=40, since=BEGIN + 40 * FRAME + 50 * LOOK)])
    # When the first picture after a time without one appeared is not known so well that it counts.
    assert 0.5 <= found.longest <= 0.5 + 2 * FRAME + LOOK


def test_nobody_looks() -> None:
    """The film goes on meanwhile, or does not: nobody knows."""
    found = seen([*film(), *film(first=56, since=BEGIN + 56 * FRAME)])
    assert found.longest <= 2 * FRAME
    assert found.off == pytest.approx(0.0, abs=1e-6)


def test_the_film_jumps() -> None:
    found = seen([*film(pictures=80), *film(first=90, since=BEGIN + 80 * FRAME)])
    assert found.off == pytest.approx(10 * FRAME, abs=1e-6)
    assert found.back == []
    assert found.line == pytest.approx(BEGIN - LOOK / 2, abs=1e-6), "most pictures are those before"


def test_the_film_goes_back() -> None:
    found = seen([*film(), *film(first=35, since=BEGIN + 40 * FRAME)])
    assert found.back == [35]
