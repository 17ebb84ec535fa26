"""Draw the controller, its lists and what it says beside the pointer. Runs on the window's thread."""

from typing import Any, Final

from hangd.client.desktop import canvas
from hangd.client.desktop.box import Box
from hangd.client.desktop.canvas import Colour, Font
from hangd.client.desktop.controller.frame import MARK_RADIUS, Frame, ListFrame, Row, Tip
from hangd.client.desktop.controller.layout import CONTROLS, HANDLE, MARKS, TIP_LINE, TIP_PADDING, Line, Part
from hangd.client.desktop.controller.state import Mood
from hangd.client.desktop.icons import Icon, draw_icon

_COLOURS: Final[dict[Mood, Colour]] = {
    "good": canvas.GOOD, "busy": canvas.WARNING, "late": canvas.BAD, "gone": canvas.FAINT,
}  # fmt: skip
_CORNER: Final = 10.0
_ICON: Final = 22.0
_TEXT: Final = 13.0
_SMALL: Final = 11.0
_RAIL: Final = 5.0


def paint_frame(context: Any, frame: Frame) -> None:
    """Draw the controller. The context's origin is the upper left corner of the panel."""
    panel, unit = frame.layout.panel, frame.layout.unit
    canvas.panel(context, panel.width, panel.height, _CORNER * unit, unit)
    context.translate(-panel.x, -panel.y)
    for part, box in frame.layout.parts.items():
        _paint_part(context, frame, part, box)


def _paint_part(context: Any, frame: Frame, part: Part, box: Box) -> None:
    unit = frame.layout.unit
    enabled = frame.may_control or part not in CONTROLS
    colour = canvas.TEXT if enabled else canvas.FAINT
    is_button = part not in ("timeline", "volume", "title", "elapsed")
    if is_button and enabled and part in (frame.hovered, frame.opened):
        _raise(context, _around_text(frame, box) if part == "total" else box, unit)
    match part:
        case "timeline":
            _timeline(context, frame, box)
        case "volume":
            y = box.y + box.height / 2
            colour = canvas.FAINT if not frame.sound else canvas.WARNING if frame.too_loud else canvas.TEXT
            _rail(context, frame, "volume", y, frame.volume, colour)
            canvas.disc(context, frame.volume, y, HANDLE * 0.8 * unit, canvas.WHITE)
        case "elapsed":
            _centred(context, box.middle, _rail_y(frame, box), frame.elapsed, Font(_TEXT * unit), colour, box.width)
        case "total":
            _centred(context, box.middle, _rail_y(frame, box), frame.total, Font(_TEXT * unit), canvas.FAINT, box.width)
        case "title":
            _title(context, frame, box)
        case "people":
            _people(context, frame, box, colour)
        case _:
            _icon(context, _icon_of(frame, part), box, unit, colour)


def _icon_of(frame: Frame, part: Part) -> Icon:
    match part:
        case "play":
            return "play" if frame.paused else "pause"
        case "mute":
            return "muted" if not frame.sound else "loud" if frame.loud else "quiet"
        case "fullscreen":
            return "window" if frame.fullscreen else "fullscreen"
        case "previous":
            return "previous"
        case "next":
            return "next"
        case "audio":
            return "audio"
        case _:
            return "subtitles"


def _raise(context: Any, box: Box, unit: float) -> None:
    canvas.box(context, box.x + unit, box.y + unit, box.width - 2 * unit, box.height - 2 * unit, 6 * unit,
        canvas.RAISED)  # fmt: skip


def _around_text(frame: Frame, box: Box) -> Box:
    """Return the part of a time's box that is around its text."""
    height = round(1.7 * _TEXT * frame.layout.unit)
    return Box(box.x, round(_rail_y(frame, box) - height / 2), box.width, height)


def _icon(context: Any, icon: Icon, box: Box, unit: float, colour: Colour) -> None:
    size = _ICON * unit
    draw_icon(context, icon, box.middle - size / 2, box.y + (box.height - size) / 2, size, colour)


def _centred(context: Any, x: float, y: float, text: str, font: Font, colour: Colour, width: float) -> None:
    """Draw one line of text around a place, cut to a width."""
    size = canvas.measure(context, text, font, width=width)
    canvas.draw_text(context, text, x - width / 2, y - size.height / 2, font, colour, width=width, align="centre")


def _rail_y(frame: Frame, box: Box) -> float:
    """Return the height of the timeline's line: in the middle of its box, below the marks if there are any."""
    marks = MARKS * frame.layout.unit if frame.layout.marks else 0.0
    return box.y + marks + (box.height - marks) / 2


def _rail(context: Any, frame: Frame, part: Line, y: float, until: float, colour: Colour) -> None:
    left, length = frame.layout.rail(part)
    height = _RAIL * frame.layout.unit
    canvas.bar(context, left, y - height / 2, length, height, (until - left) / length, colour)


def _timeline(context: Any, frame: Frame, box: Box) -> None:
    unit, y = frame.layout.unit, _rail_y(frame, box)
    left, _ = frame.layout.rail("timeline")
    colour = canvas.ACCENT if frame.may_control else canvas.FAINT
    _rail(context, frame, "timeline", y, left if frame.played is None else frame.played, colour)
    context.set_source_rgb(*canvas.BACKGROUND)
    for x in frame.chapters:
        context.rectangle(x - unit, y - _RAIL / 2 * unit, max(2.0, 2 * unit), _RAIL * unit)
    context.fill()
    if frame.played is not None and frame.may_control:
        grown = 1.25 if frame.hovered == "timeline" else 1.0
        canvas.disc(context, frame.played, y, HANDLE * unit * grown, canvas.WHITE)
    for mark in frame.marks:
        _mark(context, mark.x, box.y + MARKS / 2 * unit, y, unit, mark.text, _COLOURS[mark.mood])


def _mark(context: Any, x: float, y: float, rail: float, unit: float, text: str, colour: Colour) -> None:
    """Draw a disc with a letter or a number, whose point shows the place on the line below."""
    radius = MARK_RADIUS * unit
    context.move_to(x - 0.6 * radius, y + 0.7 * radius)
    context.line_to(x + 0.6 * radius, y + 0.7 * radius)
    context.line_to(x, rail - _RAIL * unit)
    context.close_path()
    context.set_source_rgb(*colour)
    context.fill()
    canvas.disc(context, x, y, radius, colour)
    context.save()
    canvas.box_path(context, x - radius, y - radius, 2 * radius, 2 * radius, radius)
    context.clip()
    _centred(context, x, y, text, Font(_SMALL * unit, bold=True), canvas.BACKGROUND, 2 * radius)
    context.restore()


def _title(context: Any, frame: Frame, box: Box) -> None:
    """Write the film's title, and below it the room's name."""
    unit, left = frame.layout.unit, box.x + 8 * frame.layout.unit
    width = box.width - 16 * unit
    font, small = Font(_TEXT * unit), Font(_SMALL * unit)
    heights = [canvas.line_height(font), canvas.line_height(small) if frame.room else 0.0]
    y = box.y + (box.height - sum(heights)) / 2
    context.save()
    context.rectangle(*box)
    context.clip()
    canvas.draw_text(context, frame.title, left, y, font, canvas.TEXT, width=width)
    if frame.room:
        canvas.draw_text(context, frame.room, left, y + heights[0], small, canvas.FAINT, width=width)
    context.restore()


def _people(context: Any, frame: Frame, box: Box, colour: Colour) -> None:
    """Draw the icon of people and their number, and a dot if somebody is not as the others."""
    unit, size = frame.layout.unit, _ICON * frame.layout.unit
    y = box.y + box.height / 2
    draw_icon(context, "people", box.x + 5 * unit, y - size / 2, size, colour)
    _centred(context, box.x + 40 * unit, y, str(frame.people), Font(_TEXT * unit, bold=True), colour, 26 * unit)
    if frame.people_mood != "good":
        canvas.disc(context, box.x + 26 * unit, y - 8 * unit, 4.5 * unit, canvas.BACKGROUND)
        canvas.disc(context, box.x + 26 * unit, y - 8 * unit, 3.5 * unit, _COLOURS[frame.people_mood])


def paint_list(context: Any, frame: ListFrame) -> None:
    """Draw an open list. The context's origin is the upper left corner of its panel."""
    panel, unit = frame.layout.panel, frame.unit
    canvas.panel(context, panel.width, panel.height, _CORNER * unit, unit)
    context.translate(-panel.x, -panel.y)
    for n, (row, box) in enumerate(zip(frame.rows, frame.layout.rows, strict=True)):
        if n == frame.hovered:
            _raise(context, box, unit)
        context.save()
        context.rectangle(*box)
        context.clip()
        _row(context, row, box, unit)
        context.restore()
    _paint_scroll(context, frame)


def _row(context: Any, row: Row, box: Box, unit: float) -> None:
    font = Font(_TEXT * unit, bold=row.chosen)
    middle, left, right = box.y + box.height / 2, box.x + 26 * unit, box.x + box.width - 8 * unit
    if row.mood is not None:
        canvas.disc(context, box.x + 14 * unit, middle, 4.5 * unit, _COLOURS[row.mood])
    elif row.chosen:
        canvas.disc(context, box.x + 14 * unit, middle, 3.5 * unit, canvas.ACCENT)
    if row.right:
        size = canvas.measure(context, row.right, font, width=right - left)
        canvas.draw_text(context, row.right, right - size.width, middle - size.height / 2, font, canvas.FAINT,
            width=size.width + 1)  # fmt: skip
        right -= size.width + 8 * unit
    width = max(0.0, right - left)
    height = canvas.measure(context, row.text, font, width=width).height
    canvas.draw_text(context, row.text, left, middle - height / 2, font, width=width)


def _paint_scroll(context: Any, frame: ListFrame) -> None:
    """Show which part of a longer list is seen."""
    seen, layout, unit = len(frame.rows), frame.layout, frame.unit
    if seen >= layout.count:
        return
    top, height = layout.rows[0].y, layout.rows[-1].y + layout.rows[-1].height - layout.rows[0].y
    x = layout.panel.x + layout.panel.width - 4 * unit
    canvas.box(context, x, top + height * layout.first / layout.count, 2.5 * unit, height * seen / layout.count,
        1.25 * unit, canvas.FAINT)  # fmt: skip


def paint_tip(context: Any, tip: Tip, box: Box) -> None:
    """Draw what is said, as near as possible to its place. The origin is the upper left corner of ``box``."""
    unit, font = tip.unit, Font(_TEXT * tip.unit)
    limit = box.width - 2 * TIP_PADDING * unit
    width = max(canvas.measure(context, line, font, width=limit).width for line in tip.lines)
    full = width + 2 * TIP_PADDING * unit
    left = min(max(0.0, tip.x - box.x - full / 2), box.width - full)
    context.translate(left, 0)
    canvas.panel(context, full, box.height, 6 * unit, unit)
    for n, line in enumerate(tip.lines):
        y = (TIP_PADDING / 2 + n * TIP_LINE) * unit
        canvas.draw_text(context, line, TIP_PADDING * unit, y, font,
            canvas.TEXT if n == 0 else canvas.FAINT, width=width + 1, align="centre")  # fmt: skip
