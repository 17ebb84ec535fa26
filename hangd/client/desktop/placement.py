"""Where the film's window opens, how large, and the file in which its last place is kept. Used on the X thread.

The place is kept for each arrangement of monitors, so that a laptop at its desk and on the way has one for each.
"""

import json
import logging
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

_log = logging.getLogger(__name__)

_SHARE: Final = 0.8
"""Of the monitor's width and height that a window opens with at most."""
_ARRANGEMENTS_MAX: Final = 50
_FILE_MAX: Final = 100_000
MIN_WIDTH: Final = 240
MIN_HEIGHT: Final = 135
DEFAULT: Final = (960, 540)
"""The size of a window without a picture."""


class Rectangle(NamedTuple):
    """A place on the display, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2

    def common_area(self, other: "Rectangle") -> int:
        """Return how many pixels are in both."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0, width) * max(0, height)


class Placements:
    """Keeps places in the file at ``path``. What cannot be read or written is done without."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, Rectangle] | None = None

    def last(self, monitors: Sequence[Rectangle]) -> Rectangle | None:
        """Return where the window was last, with these monitors."""
        return self._read().get(_key(monitors))

    def keep(self, monitors: Sequence[Rectangle], place: Rectangle) -> None:
        """Write down where the window is."""
        places = self._read()
        if places.get(_key(monitors)) == place:
            return
        places.pop(_key(monitors), None)
        places[_key(monitors)] = place
        while len(places) > _ARRANGEMENTS_MAX:
            del places[next(iter(places))]
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_text(json.dumps(places), encoding="utf-8")
            os.replace(new, self._path)
        except OSError as error:
            _log.info("the window's place cannot be kept: %s", error)

    def _read(self) -> dict[str, Rectangle]:
        if self._places is None:
            self._places = {}
            try:
                with open(self._path, encoding="utf-8") as file:
                    read = json.loads(file.read(_FILE_MAX))
                for key, numbers in read.items():
                    x, y, width, height = (int(number) for number in numbers)
                    if 0 < width < 1 << 15 and 0 < height < 1 << 15 and abs(x) < 1 << 15 and abs(y) < 1 << 15:
                        self._places[key] = Rectangle(x, y, width, height)
            except (OSError, ValueError, TypeError, AttributeError):
                pass  # There is none, or it is damaged: the next one replaces it.
        return self._places


def _key(monitors: Sequence[Rectangle]) -> str:
    return " ".join(f"{m.width}x{m.height}+{m.x}+{m.y}" for m in sorted(monitors))


def first_place(
    size: tuple[int, int] | None, last: Rectangle | None, monitors: list[Rectangle], *, share: float = _SHARE
) -> Rectangle:
    """Return where the window opens.

    Args:
        size: the film's width and height; None: there is none, or they are not known.
        last: where the window was last.
        share: of the monitor that it may cover, in width and in height.
    """
    if last is not None and last.common_area(monitor_of(monitors, last)) == 0:
        last = None
    if last is None:
        monitor = monitors[0]
        width, height = _fitting(size or DEFAULT, monitor, share)
        x, y = monitor.centre
    elif size is None:
        return onto(last, monitor_of(monitors, last))
    else:
        monitor = monitor_of(monitors, last)
        width, height = _fitting(_same_area(size, last.width * last.height), monitor, 1.0)
        x, y = last.centre
    return onto(Rectangle(x - width // 2, y - height // 2, width, height), monitor)


def other_film(size: tuple[int, int], now: Rectangle, monitors: list[Rectangle]) -> Rectangle:
    """Return the place of an open window for a film of another size: as large as now, with that film's aspect."""
    return first_place(size, now, monitors)


def onto(place: Rectangle, monitor: Rectangle) -> Rectangle:
    """Return the place moved and shrunk so that it is on the monitor."""
    width, height = min(place.width, monitor.width), min(place.height, monitor.height)
    x = min(max(place.x, monitor.x), monitor.x + monitor.width - width)
    y = min(max(place.y, monitor.y), monitor.y + monitor.height - height)
    return Rectangle(x, y, width, height)


def _same_area(size: tuple[int, int], area: int) -> tuple[int, int]:
    factor = math.sqrt(area / (size[0] * size[1]))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _fitting(size: tuple[int, int], monitor: Rectangle, share: float) -> tuple[int, int]:
    """Return the size shrunk to its share of the monitor, or enlarged to the smallest that is of use."""
    width, height = size
    factor = min(1.0, monitor.width * share / width, monitor.height * share / height)
    if (smallest := max(MIN_WIDTH / (width * factor), MIN_HEIGHT / (height * factor))) > 1:
        factor *= smallest
    return max(1, round(width * factor)), max(1, round(height * factor))


def monitor_of(monitors: list[Rectangle], window: Rectangle) -> Rectangle:
    """Return the monitor that most of a window is on; the first one where it is on none."""
    return max(monitors, key=window.common_area)
