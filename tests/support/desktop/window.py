"""What is in hang's window on a small display: `Picture`, `shows`, which waits for one, and `opens`."""

import time
from collections.abc import Callable
from pathlib import Path

from Xlib.display import Display

from tests.support.daemons.party import Person, wait_for
from tests.support.desktop.screen import Pixel, colours

__all__ = ["BLUE", "GREEN", "HEIGHT", "RED", "WHITE", "WIDTH", "Picture", "alike", "opens", "shows"]

WIDTH, HEIGHT = 320, 240
"""Of the display."""
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


class Picture:
    """What is in the window: rows of pixels, without the black borders."""

    def __init__(self, display: Display) -> None:
        rows = colours(display, 0, 0, WIDTH, HEIGHT)
        rows = [row for row in rows if any(max(pixel) > 30 for pixel in row)]
        columns = [index for index in range(WIDTH) if any(max(row[index]) > 30 for row in rows)]
        self.rows = [[row[index] for index in columns] for row in rows]

    @property
    def corners(self) -> tuple[Pixel, ...]:
        """The colours of its four quarters: top left, top right, bottom left, bottom right."""
        if not self.rows:
            return ()
        return tuple(self.rows[len(self.rows) * y // 8][len(self.rows[0]) * x // 8] for y in (2, 6) for x in (2, 6))

    @property
    def text(self) -> tuple[float, float]:
        """Where the white text begins and ends, from 0 at the top to 1 at the bottom."""
        white = [y for y, row in enumerate(self.rows) if sum(min(pixel) > 200 for pixel in row) > 8]
        return (white[0] / len(self.rows), white[-1] / len(self.rows)) if white else (0.0, 0.0)


def alike(some: tuple[Pixel, ...], others: tuple[Pixel, ...]) -> bool:
    return len(some) == len(others) and all(
        abs(a - b) < 60 for one, other in zip(some, others, strict=True) for a, b in zip(one, other, strict=True)
    )


def opens(somebody: Person, *films: Path) -> None:
    """Open films, and wait for the first."""
    for number, film in enumerate(films):
        somebody.do("loadfile", str(film), "append" if number else "replace")
    wait_for(lambda: somebody.get("path") == str(films[0]) and somebody.get("seeking") is False, "the film")


def shows(display: Display, condition: Callable[[Picture], bool], what: str) -> None:
    def looked() -> bool:
        time.sleep(0.1)
        return condition(Picture(display))

    wait_for(looked, what)
