"""The window's icon, drawn in the sizes that window managers take."""

import math
import struct
from typing import Any, Final

from hangd.client.desktop.x11.cairo import cairo

_SIZES: Final = (16, 32, 48, 64, 128)

_Colour = tuple[float, float, float]
_HALL: Final[_Colour] = (0.17, 0.21, 0.44)
_SCREEN: Final[_Colour] = (1.0, 0.95, 0.83)
_PLAY: Final[_Colour] = (0.89, 0.31, 0.18)
_FRIEND: Final[_Colour] = (0.42, 0.48, 0.84)
_VIEWER: Final[_Colour] = (0.17, 0.70, 0.64)
_LINE: Final[_Colour] = (0.07, 0.09, 0.23)


def icon() -> list[int]:
    """Return the content of the window's property _NET_WM_ICON: for each size its width, its height and its pixels."""
    words: list[int] = []
    library = cairo()
    for size in _SIZES if library is not None else ():
        surface = library.ImageSurface(library.FORMAT_ARGB32, size, size)
        context = library.Context(surface)
        context.scale(size / 256, size / 256)
        _draw(context)
        surface.flush()
        pixels = struct.unpack(f"={size * size}I", bytes(surface.get_data()))
        words += [size, size, *map(_plain, pixels)]
    return words


def _draw(context: Any) -> None:
    """Draw contrib/desktop/hang.svg, in a square of 256 units: a screen with the sign for playing, and viewers."""
    _rounded(context, 4, 4, 248, 248, 52)
    context.clip()
    context.set_source_rgb(*_HALL)
    context.paint()
    _rounded(context, 36, 36, 184, 124, 14)
    context.set_source_rgb(*_SCREEN)
    context.fill()
    context.set_line_join(1)  # round
    for x, y in ((107, 53), (169, 94), (107, 135)):
        context.line_to(x, y)
    context.close_path()
    context.set_source_rgb(*_PLAY)
    context.set_line_width(14)
    context.fill_preserve()
    context.stroke()
    context.set_line_width(6)
    for x, y, radius, colour in ((60, 184, 27, _FRIEND), (196, 184, 27, _FRIEND), (128, 188, 30, _VIEWER)):
        for part_y, part_radius in ((y + 26 + 1.6 * radius, 1.6 * radius), (y, radius)):
            context.arc(x, part_y, part_radius, 0, 2 * math.pi)
            context.set_source_rgb(*colour)
            context.fill_preserve()
            context.set_source_rgb(*_LINE)
            context.stroke()


def _rounded(context: Any, x: float, y: float, width: float, height: float, radius: float) -> None:
    """Begin a path that is a rectangle with round corners."""
    corners = ((x + width, y), (x + width, y + height), (x, y + height), (x, y))
    inwards = ((-1, 1), (-1, -1), (1, -1), (1, 1))
    context.new_path()
    for number, ((corner_x, corner_y), (to_x, to_y)) in enumerate(zip(corners, inwards, strict=True)):
        start = (number - 1) * math.pi / 2
        context.arc(corner_x + to_x * radius, corner_y + to_y * radius, radius, start, start + math.pi / 2)
    context.close_path()


def _plain(pixel: int) -> int:
    """Return a pixel whose colours are not multiplied by its opacity, as the property has them."""
    alpha = pixel >> 24
    if alpha in (0, 255):
        return pixel
    red, green, blue = (min(255, (pixel >> shift & 255) * 255 // alpha) for shift in (16, 8, 0))
    return alpha << 24 | red << 16 | green << 8 | blue
