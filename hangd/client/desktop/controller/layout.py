"""Where the parts of the controller are. Pure geometry: no text is measured, so it costs next to nothing.

All lengths here are pixels of the window, made of units: a unit is a pixel of an ordinary screen. What there is no room
for is left out, the least important part first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from hangd.client.desktop.box import Box

Part = Literal[
    "timeline", "elapsed", "total", "previous", "play", "next", "mute", "volume", "title", "people", "audio",
    "subtitles", "fullscreen",
]  # fmt: skip

Line = Literal["timeline", "volume"]
"""A part with a line that can be dragged along."""

CONTROLS: Final[frozenset[Part]] = frozenset({"timeline", "previous", "play", "next"})
"""Parts that change what the room plays: they are of no use to who may not control it."""

_ORDER: Final[tuple[Part, ...]] = (
    "previous", "play", "next", "mute", "volume", "title", "people", "audio", "subtitles", "fullscreen",
)  # fmt: skip
"""Of the lower row, from left to right."""
_PRIORITY: Final[tuple[tuple[Part, ...], ...]] = (
    ("play",), ("fullscreen",), ("people",), ("mute",), ("subtitles",), ("audio",), ("previous", "next"), ("volume",),
    ("title",),
)  # fmt: skip
"""The most important first. What stands together comes and goes together."""
_BUTTON: Final = 36.0
_WIDTHS: Final[dict[Part, float]] = {"play": 42.0, "people": 54.0, "volume": 84.0, "title": 90.0}
"""Units, where a part is no ordinary button. The title's is its smallest width: it gets all that is left."""
_ELASTIC: Final = "title"

_MARGIN: Final = 12.0
"""Around the controller."""
_PADDING: Final = 8.0
"""Within it, around its parts."""
MARKS: Final = 20.0
"""Height of the row of members' marks above the timeline."""
_TIMELINE: Final = 24.0
_ROW: Final = 36.0
_TIME: Final = 58.0
"""Width of a time. "-12:34:56" fits."""
_SHORTEST: Final = 150.0
"""Of the timeline: if it would be shorter, the total time is left out."""
_WIDEST: Final = 1400.0
"""On a very wide window, the controller is in its middle."""
_NARROWEST: Final = 300.0
"""A window that is narrower in units gets smaller units."""
_HIGHEST: Final = 0.4
"""The largest part of the window's height that the controller may cover."""
_ORDINARY_HEIGHT: Final = 1080.0
"""In a window that is higher, units grow: it is probably watched from further away."""
HANDLE: Final = 7.0
"""Radius of the handle on the timeline and on the volume."""
_LIST_ROW: Final = 28.0
_LIST_WIDTH: Final = 300.0
_TIP_WIDTH: Final = 360.0
TIP_LINE: Final = 19.0
TIP_PADDING: Final = 8.0
_GAP: Final = 6.0
"""Between the controller and what stands above it: a list, or a tip."""


@dataclass(frozen=True)
class Layout:
    """Where everything is. Places are pixels of the window."""

    unit: float
    """Pixels of the window for one unit."""
    window: tuple[int, int]
    panel: Box
    parts: dict[Part, Box] = field(default_factory=dict)
    marks: bool = False
    """Whether there is a row for marks at the upper edge of the timeline's box."""

    def part_at(self, x: float, y: float) -> Part | None:
        """Return the part that is here."""
        return next((part for part, box in self.parts.items() if box.contains(x, y)), None)

    def rail(self, part: Line) -> tuple[float, float]:
        """Return where the line begins, and its length, from left to right."""
        box, margin = self.parts[part], HANDLE * self.unit
        return box.x + margin, max(1.0, box.width - 2 * margin)

    def share_at(self, part: Line, x: float) -> float:
        """Return how far along its line a place is, from 0 to 1."""
        left, length = self.rail(part)
        return min(1.0, max(0.0, (x - left) / length))

    def x_of(self, part: Line, share: float) -> float:
        """Return the place that is so far along. The inverse of `share_at`."""
        left, length = self.rail(part)
        return left + min(1.0, max(0.0, share)) * length


def arrange(window: tuple[int, int], scale: float, wanted: Sequence[Part], *, marks: bool) -> Layout:
    """Return a layout for a window of this size.

    Args:
        scale: pixels of this screen for one of an ordinary screen.
        wanted: the parts that would have something to show.
        marks: whether members' marks are shown.
    """
    width, height = max(1, window[0]), max(1, window[1])
    timeline = _TIMELINE + (MARKS if marks else 0.0)
    content = timeline + _ROW + 1.5 * _PADDING
    unit = min(max(scale, height / _ORDINARY_HEIGHT), width / _NARROWEST, _HIGHEST * height / content)
    margin, padding = _MARGIN * unit, _PADDING * unit
    panel_width = min(width - 2 * margin, _WIDEST * unit)
    panel_height = content * unit
    left, top = (width - panel_width) / 2, height - margin - panel_height
    parts: dict[Part, Box] = {}

    # The row of the timeline, with the times beside it.
    timeline_height = timeline * unit
    x, y, right = left + padding, top + padding / 2, left + panel_width - padding
    times = [part for part in ("elapsed", "total") if part in wanted]
    if (right - x) / unit - len(times) * _TIME < _SHORTEST:
        times = times[:1]
    if "elapsed" in times:
        parts["elapsed"] = _box(x, y, x + _TIME * unit, y + timeline_height)
        x += _TIME * unit
    if "total" in times:
        parts["total"] = _box(right - _TIME * unit, y, right, y + timeline_height)
        right -= _TIME * unit
    parts["timeline"] = _box(x, y, right, y + timeline_height)

    # The row of buttons.
    x, right = left + padding, left + panel_width - padding
    y += timeline_height
    room = (right - x) / unit
    chosen: set[Part] = set()
    for group in _PRIORITY:
        present = [part for part in group if part in wanted]
        taken = sum(_WIDTHS.get(part, _BUTTON) for part in present)
        if taken <= room:
            chosen.update(present)
            room -= taken
    for part in _ORDER:
        units = _WIDTHS.get(part, _BUTTON) if part in chosen else 0.0
        if part == _ELASTIC:
            units += room  # Also without a title: what stands right of it is at the right edge.
        end = x + units * unit
        if part in chosen:
            parts[part] = _box(x, y, end, y + _ROW * unit)
        x = end
    return Layout(unit, (width, height), _box(left, top, left + panel_width, top + panel_height), parts, marks)


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    """Return a box between these lines. Boxes that share a line do not overlap."""
    x, y = round(left), round(top)
    return Box(x, y, max(1, round(right) - x), max(1, round(bottom) - y))


@dataclass(frozen=True)
class ListLayout:
    """Where an open list and its rows are. ``first``: the number of the uppermost row that is seen."""

    panel: Box
    rows: tuple[Box, ...]
    first: int
    count: int

    def row_at(self, x: float, y: float) -> int | None:
        """Return the number of the row that is here."""
        return next((self.first + n for n, row in enumerate(self.rows) if row.contains(x, y)), None)


def arrange_list(layout: Layout, part: Part, count: int, first: int) -> ListLayout:
    """Return where a list of so many rows is that belongs to a part. ``first``: the row that should be uppermost."""
    unit, width = layout.unit, layout.window[0]
    gap, margin, padding = _GAP * unit, _MARGIN * unit, _PADDING * unit / 2
    row = _LIST_ROW * unit
    free = layout.panel.y - gap - margin
    seen = max(1, min(count, int((free - 2 * padding) / row)))
    first = max(0, min(first, count - seen))
    panel_width = min(_LIST_WIDTH * unit, width - 2 * margin)
    panel_height = seen * row + 2 * padding
    right = layout.panel.x + layout.panel.width
    left = max(margin, min(layout.parts[part].middle - panel_width / 2, right - panel_width))
    top = layout.panel.y - gap - panel_height
    rows = tuple(
        _box(left + padding, top + padding + n * row, left + panel_width - padding, top + padding + (n + 1) * row)
        for n in range(seen)
    )
    return ListLayout(_box(left, top, left + panel_width, top + panel_height), rows, first, count)


def arrange_tip(layout: Layout, x: int, lines: int) -> Box:
    """Return the place of what is said of a place on the controller. Less of its width may be taken."""
    unit, panel = layout.unit, layout.panel
    width = min(round(_TIP_WIDTH * unit), panel.width)
    height = round((lines * TIP_LINE + TIP_PADDING) * unit)
    left = min(max(panel.x, x - width // 2), panel.x + panel.width - width)
    return Box(left, panel.y - round(_GAP * unit) - height, width, height)


def share_covered(window: tuple[int, int], picture: tuple[int, int], top: int) -> float:
    """Return how much of a picture's height is covered where everything below the line ``top`` of the window is.

    The picture is in the middle of the window, as large as it can be there.
    """
    height = picture[1] * min(window[0] / picture[0], window[1] / picture[1])
    below = (window[1] - height) / 2
    return min(1.0, max(0.0, window[1] - top - below) / height)


class Mark(NamedTuple):
    """Members at one place of the timeline, as numbers in the list of people."""

    x: float
    people: tuple[int, ...]


def place_marks(layout: Layout, shares: Sequence[float | None], radius: float) -> tuple[Mark, ...]:
    """Return the members' marks. Those that would cover each other become one. ``shares``: where each member is."""
    marks: list[Mark] = []
    places = sorted((layout.x_of("timeline", share), n) for n, share in enumerate(shares) if share is not None)
    for x, number in places:
        if marks and x - marks[-1].x < 2 * radius:
            marks[-1] = Mark(marks[-1].x, (*marks[-1].people, number))
        else:
            marks.append(Mark(x, (number,)))
    return tuple(marks)
