"""The icons that are drawn on the picture, as paths in a square of 24 units. They need no font and no file."""

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from hangd.client.desktop.canvas import TEXT, Colour

Icon = Literal[
    "play", "pause", "previous", "next", "muted", "quiet", "loud", "audio", "subtitles", "fullscreen", "window",
    "people",
]  # fmt: skip

_UNITS: Final = 24.0
_LINE: Final = 2.0
"""Thickness of lines."""


def draw_icon(context: Any, icon: Icon, x: float, y: float, size: float, colour: Colour = TEXT) -> None:
    """Draw an icon in a square with its upper left corner at (x, y)."""
    context.save()
    context.translate(x, y)
    context.scale(size / _UNITS, size / _UNITS)
    context.set_source_rgb(*colour)
    context.set_line_width(_LINE)
    context.set_line_join(1)  # round
    context.set_line_cap(1)
    context.new_path()
    _ICONS[icon](context)
    context.restore()


def _polygon(context: Any, *points: tuple[float, float]) -> None:
    context.move_to(*points[0])
    for point in points[1:]:
        context.line_to(*point)
    context.close_path()
    context.fill()


def _lines(context: Any, *points: tuple[float, float]) -> None:
    context.move_to(*points[0])
    for point in points[1:]:
        context.line_to(*point)
    context.stroke()


def _play(context: Any) -> None:
    _polygon(context, (7, 4), (20, 12), (7, 20))


def _pause(context: Any) -> None:
    context.rectangle(6, 4, 4, 16)
    context.rectangle(14, 4, 4, 16)
    context.fill()


def _next(context: Any) -> None:
    _polygon(context, (5, 5), (15.5, 12), (5, 19))
    context.rectangle(16.5, 5, 2.5, 14)
    context.fill()


def _previous(context: Any) -> None:
    _polygon(context, (19, 5), (8.5, 12), (19, 19))
    context.rectangle(5, 5, 2.5, 14)
    context.fill()


def _speaker(context: Any) -> None:
    _polygon(context, (3, 9), (7, 9), (12, 4.5), (12, 19.5), (7, 15), (3, 15))


def _muted(context: Any) -> None:
    _speaker(context)
    _lines(context, (15.5, 9), (21.5, 15))
    _lines(context, (21.5, 9), (15.5, 15))


def _quiet(context: Any) -> None:
    _speaker(context)
    _wave(context, 4)


def _loud(context: Any) -> None:
    _quiet(context)
    _wave(context, 8)


def _wave(context: Any, radius: float) -> None:
    context.new_path()
    context.arc(12.5, 12, radius, -math.pi / 3.4, math.pi / 3.4)
    context.stroke()


def _audio(context: Any) -> None:
    """A note."""
    context.save()
    context.translate(8.5, 18)
    context.scale(1.3, 1)
    context.arc(0, 0, 3, 0, 2 * math.pi)
    context.restore()
    context.fill()
    _lines(context, (11.5, 17.5), (11.5, 4.5), (18, 7), (18, 10))


def _subtitles(context: Any) -> None:
    """A picture with two lines of text in it."""
    context.rectangle(2.5, 5, 19, 14)
    context.stroke()
    _lines(context, (6, 12), (9, 12))
    _lines(context, (12.5, 12), (18, 12))
    _lines(context, (6, 15.5), (13, 15.5))
    _lines(context, (16.5, 15.5), (18, 15.5))


def _fullscreen(context: Any) -> None:
    for right in (False, True):
        for bottom in (False, True):
            _corner(context, right, bottom, 4, 9.5)


def _window(context: Any) -> None:
    for right in (False, True):
        for bottom in (False, True):
            _corner(context, right, bottom, 9.5, 4)


def _corner(context: Any, right: bool, bottom: bool, at: float, end: float) -> None:
    """Draw two lines that meet at (at, at) and end at ``end``, in one of the quarters."""
    points = [(end, at), (at, at), (at, end)]
    _lines(context, *((24 - x if right else x, 24 - y if bottom else y) for x, y in points))


def _people(context: Any) -> None:
    _person(context, 16.5, 8.2, 3.0, 20.5)
    _person(context, 9, 7.5, 3.6, 20.5)


def _person(context: Any, x: float, y: float, head: float, bottom: float) -> None:
    context.arc(x, y, head, 0, 2 * math.pi)
    context.fill()
    shoulders = head * 1.75
    top = y + head + 1.5
    context.move_to(x - shoulders, bottom)
    context.curve_to(x - shoulders, top, x - head, top, x, top)
    context.curve_to(x + head, top, x + shoulders, top, x + shoulders, bottom)
    context.close_path()
    context.fill()


_ICONS: Final[dict[Icon, Callable[[Any], None]]] = {
    "play": _play,
    "pause": _pause,
    "previous": _previous,
    "next": _next,
    "muted": _muted,
    "quiet": _quiet,
    "loud": _loud,
    "audio": _audio,
    "subtitles": _subtitles,
    "fullscreen": _fullscreen,
    "window": _window,
    "people": _people,
}
