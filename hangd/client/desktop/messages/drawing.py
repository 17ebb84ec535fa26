"""Draw messages, bars, the chat line, keys and questions. Runs on the window's thread, with data that never changes.

Each function draws a panel of which it is told the size, and uses as much of it as the text needs.
"""

import zlib
from collections.abc import Sequence
from typing import Final

from hangd.client.desktop import canvas
from hangd.client.desktop.canvas import Context, Font
from hangd.client.desktop.messages.bars import Bar
from hangd.client.desktop.messages.layout import Layout
from hangd.client.desktop.messages.queue import Message

_SPEAKERS: Final[Sequence[canvas.Colour]] = (
    (0.49, 0.78, 1.0), (0.56, 0.87, 0.60), (1.0, 0.80, 0.45), (0.98, 0.62, 0.62), (0.82, 0.70, 1.0), (0.50, 0.88, 0.85),
)  # fmt: skip
"""Colours of the names of those who say something."""
_LEFT_TO_RIGHT: Final = "\u200e"
_RADIUS: Final = 0.35
"""Of round corners, as a share of the text's size."""


def draw_messages(context: Context, layout: Layout, messages: Sequence[tuple[Message, int]]) -> None:
    """Draw messages below one another, each with as many rows as it may take."""
    y, font, padding = 0.0, Font(layout.font), layout.padding
    for message, rows in messages:
        # A sentence is English: it reads from left to right, although it may begin with an Arabic name.
        name = message.name
        text = message.text if name else f"{_LEFT_TO_RIGHT}{message.text}"
        bold = Font(font.size, bold=True)
        inner = layout.column - 2 * padding
        taken = 0.0
        if name:
            taken = canvas.measure(context, name, bold, width=0.35 * layout.column).width + 0.5 * font.size
        size = canvas.measure(context, text, font, width=inner - taken, lines=rows)
        height = size.height + 2 * padding
        canvas.box(context, 0, y, taken + size.width + 2 * padding, height, font.size * _RADIUS, canvas.BACKGROUND)
        if name:
            colour = _SPEAKERS[zlib.crc32(name.encode("utf-8", "replace")) % len(_SPEAKERS)]
            # The two may be in scripts whose fonts are not equally high. They stand on one line all the same.
            down = canvas.baseline(context, text, font) - canvas.baseline(context, name, bold)
            canvas.draw_text(context, name, padding, y + padding + down, bold, colour, width=0.35 * layout.column)
        # In the width that it needs: so a text from right to left begins at the right edge of its own box.
        canvas.draw_text(context, text, padding + taken, y + padding, font, width=size.width + 1, lines=rows)
        y += height + layout.gap


def draw_bar(context: Context, layout: Layout, bar: Bar) -> None:
    """Draw a line with a bar below it, at the right edge."""
    font, padding, place = Font(layout.font), layout.padding, layout.bar
    inner = place.width - 2 * padding
    line = bar.text.replace(" %", "\N{NO-BREAK SPACE}%")
    size = canvas.measure(context, line, font, width=inner, lines=2)
    thickness = font.size * 0.35
    width = min(inner, max(size.width, 12 * font.size if bar.share is not None else 0.0))
    height = size.height + 2 * padding + (0.0 if bar.share is None else thickness + padding)
    x = place.width - width - 2 * padding
    canvas.box(context, x, 0, width + 2 * padding, height, font.size * _RADIUS, canvas.BACKGROUND)
    canvas.draw_text(context, line, x + padding, padding, font, width=width + 1, lines=2)
    if bar.share is not None:
        colour = canvas.WARNING if bar.too_much else canvas.ACCENT
        canvas.bar(context, x + padding, size.height + 2 * padding, width, thickness, bar.share, colour)


def draw_entry(context: Context, layout: Layout, text: str, caret: int, hint: str) -> None:
    """Draw the line that is being written, moved so that the caret is seen, and a hint below it."""
    font, small, padding, place = Font(layout.font), Font(layout.font * 0.75), layout.padding, layout.entry
    inner = place.width - 2 * padding
    canvas.box(context, 0, 0, place.width, place.height, font.size * _RADIUS, canvas.BACKGROUND)
    whole, at = canvas.caret(context, text, font, caret)
    shift = max(0.0, min(at - inner * 0.8, whole.width - inner + 2))
    line = canvas.line_height(font)
    context.save()
    context.rectangle(padding, 0, inner, place.height)
    context.clip()
    canvas.draw_text(context, text, padding - shift, padding, font)
    thickness = max(1.0, round(font.size / 14))
    context.rectangle(padding + at - shift, padding, thickness, line)
    context.set_source_rgb(*canvas.ACCENT)
    context.fill()
    context.restore()
    canvas.draw_text(
        context, hint, padding, place.height - padding - canvas.line_height(small), small, canvas.FAINT, width=inner
    )


def draw_question(context: Context, layout: Layout, question: str, seconds: int) -> None:
    """Draw a question with the buttons for its two answers. ``seconds``: how long it is asked from now on."""
    font, padding, place = Font(layout.font), layout.padding, layout.question
    canvas.box(context, 0, 0, place.width, place.height, font.size * _RADIUS, canvas.BACKGROUND)
    inner = place.width - 2 * padding
    canvas.draw_text(context, question, padding, padding, font, width=inner, lines=2, align="centre")
    for button, text in zip(layout.buttons, ("Yes (Enter)", f"No (Esc, {seconds})"), strict=True):
        canvas.box(context, *button, font.size * _RADIUS, canvas.RAISED)
        canvas.draw_text(
            context, text, button.x, button.y + (button.height - canvas.line_height(font)) / 2, font,
            width=button.width, align="centre",
        )  # fmt: skip


def draw_keys(context: Context, layout: Layout, keys: Sequence[tuple[str, str]], hint: str) -> None:
    """Draw keys with what they do, in columns from top to bottom; as many as fit, and a hint below them."""
    font, bold, padding = Font(layout.key_font), Font(layout.key_font, bold=True), layout.padding
    columns, rows = layout.key_columns, layout.key_rows
    used = min(rows, -(-len(keys) // columns))
    width = layout.keys.width
    height = 2 * padding + (used + 1) * layout.key_row
    canvas.box(context, 0, 0, width, height, font.size * _RADIUS, canvas.BACKGROUND)
    column, names = layout.key_column, layout.key_names
    for index, (key, about) in enumerate(keys[: used * columns]):
        x, y = padding + (index // used) * column, padding + (index % used) * layout.key_row
        canvas.draw_text(context, key, x, y, bold, canvas.ACCENT, width=names - padding)
        canvas.draw_text(context, about, x + names, y, font, width=column - names - padding)
    canvas.draw_text(
        context, hint, padding, height - padding - layout.key_row, font, canvas.FAINT, width=width - 2 * padding
    )
