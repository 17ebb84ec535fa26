"""What is seen of the controller: its panel, an open list and a tip, and the room that subtitles make for these."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from hangd.client.desktop.base import WindowPort
from hangd.client.desktop.controller import drawing
from hangd.client.desktop.controller.frame import (
    Frame,
    ListFrame,
    Tip,
    frame,
    has_marks,
    part_tip,
    rows,
    time_tip,
    timeline_tip,
    wanted_parts,
)
from hangd.client.desktop.controller.layout import (
    Layout,
    Line,
    ListLayout,
    Part,
    arrange,
    arrange_list,
    arrange_tip,
    share_covered,
)
from hangd.client.desktop.controller.state import State

_TIP_LINES: Final = 2
"""Of an ordinary tip."""


@dataclass
class Use:
    """What the viewer does with the controller now."""

    pointer: tuple[int, int] | None = None
    """Where the mouse is; None: not in the window."""
    dragged: Line | None = None
    share: float = 0.0
    """How far along its line it is dragged to."""
    sought: float | None = None
    """Where the viewer has let the timeline go, in seconds, until the film is there: a room answers a moment later."""
    opened: Part | None = None
    """The part whose list is open."""
    first_row: int = 0
    """Of that list: the uppermost row that is seen."""
    remaining: bool = False
    """Whether the time that is left is shown in place of the film's duration."""


class Views:
    """Draws the controller on panels of the window, and only what differs from what they show.

    Args:
        raise_subtitles: keeps the subtitles above this share of the picture's height.
    """

    def __init__(self, window: WindowPort, raise_subtitles: Callable[[float], None]) -> None:
        self.layout: Layout | None = None
        """Of what is shown; None: it is hidden."""
        self.list: ListLayout | None = None
        """Of the open list."""
        self._window = window
        self._raise_subtitles = raise_subtitles
        self._panel, self._list_panel, self._tip_panel = window.panel(), window.panel(), window.panel()
        self._drawn: tuple[Frame | None, ListFrame | None, Tip | None] = (None, None, None)
        self._raised = 0.0

    def are_at(self, x: int, y: int) -> bool:
        """Return whether the controller or its list is at this place."""
        boxes = [each.panel for each in (self.layout, self.list) if each is not None]
        return any(box.contains(x, y) for box in boxes)

    def hide(self) -> None:
        self.layout = self.list = None
        for panel in (self._panel, self._list_panel, self._tip_panel):
            panel.hide()
        self._drawn = (None, None, None)
        self._make_room(0.0)

    def draw(self, state: State, use: Use) -> None:
        """Show this. Where there is no room for what is used, that ends."""
        layout = self.layout = arrange(
            self._window.size, self._window.scale, wanted_parts(state), marks=has_marks(state)
        )
        if use.opened is not None and use.opened not in layout.parts:
            use.opened = None
        hovered: Part | None = use.dragged
        if use.pointer is not None and use.dragged is None:
            hovered = layout.part_at(*use.pointer)
        at = use.share * (state.duration or 0.0) if use.dragged == "timeline" else use.sought
        new = frame(state, layout, at=at, remaining=use.remaining, hovered=hovered, opened=use.opened)
        new_list = self._list_frame(state, layout, use)
        tip = _tip(state, layout, use, hovered)
        self._make_room_above(state, layout, use, tip)
        old, old_list, old_tip = self._drawn
        self._drawn = (new, new_list, tip)
        if new != old:
            self._panel.draw(*layout.panel, partial(drawing.paint_frame, frame=new))
        if new_list is None and old_list is not None:
            self._list_panel.hide()
        elif new_list is not None and new_list != old_list:
            self._list_panel.draw(*new_list.layout.panel, partial(drawing.paint_list, frame=new_list))
        if tip is None and old_tip is not None:
            self._tip_panel.hide()
        elif tip is not None and (tip != old_tip or old is None or old.layout != layout):
            box = arrange_tip(layout, tip.x, len(tip.lines))
            self._tip_panel.draw(*box, partial(drawing.paint_tip, tip=tip, box=box))

    def _list_frame(self, state: State, layout: Layout, use: Use) -> ListFrame | None:
        if use.opened is None:
            self.list = None
            return None
        all_rows = rows(state, use.opened)
        placed = self.list = arrange_list(layout, use.opened, len(all_rows), use.first_row)
        use.first_row = placed.first
        seen = all_rows[placed.first : placed.first + len(placed.rows)]
        hovered = None
        if use.pointer is not None and use.opened != "people":
            number = placed.row_at(*use.pointer)
            hovered = None if number is None else number - placed.first
        return ListFrame(placed, layout.unit, seen, hovered)

    def _make_room_above(self, state: State, layout: Layout, use: Use, tip: Tip | None) -> None:
        """Raise the subtitles above all that is shown. A tip gets room before it is there, so that they do not jump."""
        top = layout.panel.y if self.list is None else self.list.panel.y
        if tip is not None or (use.pointer is not None and layout.panel.contains(*use.pointer)):
            lines = max(_TIP_LINES, 0 if tip is None else len(tip.lines))
            top = min(top, arrange_tip(layout, 0, lines).y)
        picture = state.picture if state.subtitles_shown else None
        self._make_room(0.0 if picture is None else share_covered(layout.window, picture, top))

    def _make_room(self, share: float) -> None:
        if share != self._raised:
            self._raised = share
            self._raise_subtitles(share)


def _tip(state: State, layout: Layout, use: Use, hovered: Part | None) -> Tip | None:
    if use.dragged == "timeline":
        return time_tip(state, layout, use.share * (state.duration or 0.0))
    if hovered is None or use.pointer is None or use.opened is not None:
        return None
    if hovered == "timeline":
        return timeline_tip(state, layout, *use.pointer)
    return part_tip(state, layout, hovered)
