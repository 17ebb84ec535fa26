"""Draw on a cairo context: text in any script, boxes with round corners, bars. Icons are in `icons.py`.

The libraries (cairo, Pango) are loaded when they are first used: that starts processes that look for them, and fonts
are read at the first text. So call these functions on the window's thread only, within a `Paint`. What must be known
before that, such as places of buttons, is computed without the size of a text: text is cut to the place that it is
given. Of a panel only what is painted is seen, so a panel may be larger than a text that is measured when
it is painted.

Lengths are pixels. Colours are red, green, blue from 0 to 1.
"""

import functools
import logging
import math
import unicodedata
from types import SimpleNamespace
from typing import Any, Final, Literal, NamedTuple

from hangd.player.vlc.tracks import texts

_log = logging.getLogger(__name__)

Colour = tuple[float, float, float]
Align = Literal["left", "centre", "right"]
Context = Any
"""A cairocffi.Context whose unit is a pixel."""

WHITE: Final[Colour] = (1.0, 1.0, 1.0)
TEXT: Final[Colour] = (0.93, 0.94, 0.95)
"""Of text on BACKGROUND."""
FAINT: Final[Colour] = (0.62, 0.65, 0.68)
"""Of text that is less important than the text beside it."""
BACKGROUND: Final[Colour] = (0.09, 0.10, 0.12)
"""Of panels. Not quite black: it is seen on a dark picture too."""
RAISED: Final[Colour] = (0.22, 0.24, 0.27)
"""Of what lies on BACKGROUND: a button below the pointer, a bar that is empty."""
ACCENT: Final[Colour] = (0.36, 0.68, 1.0)
"""Of the part of a bar that is full."""
GOOD: Final[Colour] = (0.36, 0.80, 0.48)
WARNING: Final[Colour] = (1.0, 0.76, 0.28)
BAD: Final[Colour] = (0.98, 0.45, 0.40)

_FAMILY: Final = "sans-serif"
_UNITS: Final = 1024
"""Of Pango, in a pixel."""
_NEVER_SHOWN: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that change the direction of the text around them: a name could turn the sentence that it is part of. The
joiners are not among them: Persian, Hindi and emoji are written with these."""
_MARKS_MAX: Final = 4
"""Accents on one letter. More of them would cover the lines above and below."""


class Font(NamedTuple):
    """Size in pixels, from one line to the next about 1.4 times that, and weight."""

    size: float
    bold: bool = False


class Size(NamedTuple):
    width: float
    height: float


def clean(text: object, *, lines: bool = False) -> str:
    """Return a text that may come from anybody as it is drawn: one line, or with ``lines`` several. It may be cut.

    Nothing is left in it that a drawing library obeys, or that changes what stands beside it.
    """
    cleaned = (texts.paragraph if lines else texts.line)(str(text))
    kept: list[str] = []
    marks = 0
    for letter in cleaned:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if letter not in _NEVER_SHOWN and marks <= _MARKS_MAX:
            kept.append(letter)
    return "".join(kept)


@functools.cache
def _libraries() -> SimpleNamespace | None:
    """Return the modules that draw; None, and one line in the log, where a library is missing."""
    try:
        import cairocffi
        import pangocairocffi
        import pangocffi
    except (ImportError, OSError) as error:
        _log.warning("cannot draw on the picture: %s (on Debian, install libcairo2 and libpangocairo-1.0-0)", error)
        return None
    return SimpleNamespace(cairo=cairocffi, pangocairo=pangocairocffi, pango=pangocffi)


@functools.cache
def load_fonts() -> None:
    """Load what texts need, once. It takes half a second of a processor, which pictures need once the film plays."""
    libraries = _libraries()
    if libraries is not None:
        context = libraries.cairo.Context(libraries.cairo.ImageSurface(libraries.cairo.FORMAT_ARGB32, 200, 40))
        for bold in (False, True):
            draw_text(context, "hang 0:00", 0, 0, Font(20, bold))


def draw_text(
    context: Context,
    text: str,
    x: float,
    y: float,
    font: Font,
    colour: Colour = TEXT,
    *,
    width: float | None = None,
    lines: int = 1,
    align: Align = "left",
) -> Size:
    """Draw a text with its upper left corner at (x, y), and return the size that it takes.

    Args:
        text: as `clean` returns it; it is never markup.
        width: it is wrapped into this width, and cut with an ellipsis after so many ``lines``.
        align: where it is within ``width``, whatever the direction of its script. Without ``width``: which point of
            its upper edge (x, y) is.
    """
    layout = _layout(context, text, font, width, lines)
    if layout is None:
        return Size(0, 0)
    left, size = _extents(layout)
    room = (0.0 if width is None else width) - size.width
    shift = {"left": 0.0, "centre": room / 2, "right": room}[align]
    context.move_to(x + shift - left, y)
    context.set_source_rgb(*colour)
    _libraries().pangocairo.show_layout(context, layout)  # type: ignore[union-attr]
    context.new_path()
    return size


def measure(context: Context, text: str, font: Font, *, width: float | None = None, lines: int = 1) -> Size:
    """Return the size that `draw_text` would return."""
    layout = _layout(context, text, font, width, lines)
    return Size(0, 0) if layout is None else _extents(layout)[1]


def caret(context: Context, text: str, font: Font, index: int) -> tuple[Size, float]:
    """Return the size of one line of text, and how far from its left a caret before character ``index`` stands."""
    libraries = _libraries()
    layout = _layout(context, text, font, None, 1)
    if libraries is None or layout is None:
        return Size(0, 0), 0.0
    pango = libraries.pango
    strong = pango.ffi.new("PangoRectangle *")
    pango.pango.pango_layout_get_cursor_pos(layout.pointer, len(text[:index].encode()), strong, pango.ffi.NULL)
    left, size = _extents(layout)
    return size, strong.x / _UNITS - left


def baseline(context: Context, text: str, font: Font) -> float:
    """Return how far below its upper edge the first line of a text stands."""
    layout = _layout(context, text, font, None, 1)
    return 0.0 if layout is None else layout.get_baseline() / _UNITS


def line_height(font: Font) -> float:
    """Return what a line of this font is given. Fonts that are taken for other scripts can be a little higher."""
    return math.ceil(font.size * 1.4)


def _layout(context: Context, text: str, font: Font, width: float | None, lines: int) -> Any:
    libraries = _libraries()
    if libraries is None:
        return None
    description = libraries.pango.FontDescription()
    description.family = _FAMILY
    description.set_absolute_size(round(font.size * _UNITS))
    description.weight = libraries.pango.Weight.BOLD if font.bold else libraries.pango.Weight.NORMAL
    layout = libraries.pangocairo.create_layout(context)
    layout.font_description = description
    if width is not None:
        layout.width = max(0, round(width * _UNITS))
        layout.wrap = libraries.pango.WrapMode.WORD_CHAR
        layout.ellipsize = libraries.pango.EllipsizeMode.END
        # Negative: that many lines for each paragraph; positive would be a height.
        layout.height = -max(1, lines)
    layout.text = text
    return layout


def _extents(layout: Any) -> tuple[float, Size]:
    """Return how far from its left the layout's text begins, and how large it is."""
    _, logical = layout.get_extents()
    return logical.x / _UNITS, Size(logical.width / _UNITS, logical.height / _UNITS)


def box(context: Context, x: float, y: float, width: float, height: float, radius: float, colour: Colour) -> None:
    """Fill a box with round corners."""
    box_path(context, x, y, width, height, radius)
    context.set_source_rgb(*colour)
    context.fill()


def panel(context: Context, width: float, height: float, radius: float, rim: float) -> None:
    """Fill a panel: a box of BACKGROUND in its upper left corner, with a rim so that it is seen on a dark picture."""
    box(context, 0, 0, width, height, radius, RAISED)
    box(context, rim, rim, width - 2 * rim, height - 2 * rim, radius - rim, BACKGROUND)


def box_path(context: Context, x: float, y: float, width: float, height: float, radius: float) -> None:
    """Begin a path that is a box with round corners, to be filled or clipped to."""
    radius = max(0.0, min(radius, width / 2, height / 2))
    context.new_path()
    context.arc(x + width - radius, y + radius, radius, -math.pi / 2, 0)
    context.arc(x + width - radius, y + height - radius, radius, 0, math.pi / 2)
    context.arc(x + radius, y + height - radius, radius, math.pi / 2, math.pi)
    context.arc(x + radius, y + radius, radius, math.pi, 3 * math.pi / 2)
    context.close_path()


def disc(context: Context, x: float, y: float, radius: float, colour: Colour) -> None:
    """Fill a circle around (x, y)."""
    context.new_path()
    context.arc(x, y, max(0.0, radius), 0, 2 * math.pi)
    context.set_source_rgb(*colour)
    context.fill()


def bar(
    context: Context, x: float, y: float, width: float, height: float, share: float, colour: Colour = ACCENT
) -> None:
    """Draw a bar that is full up to ``share`` of it (0 to 1)."""
    box(context, x, y, width, height, height / 2, RAISED)
    full = max(0.0, min(1.0, share)) * width
    if full > 0:
        context.save()
        box_path(context, x, y, width, height, height / 2)
        context.clip()
        context.rectangle(x, y, full, height)
        context.set_source_rgb(*colour)
        context.fill()
        context.restore()
