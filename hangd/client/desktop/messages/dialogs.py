"""Dialogs: what the viewer answers on the picture. The line for chat, a question, and the list of keys.

A dialog takes all keys while it is there. Each tells where it is and how it is drawn, and is closed by ``is_closed``.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from hangd.client.desktop.box import Box
from hangd.client.desktop.messages import drawing
from hangd.client.desktop.messages.layout import Layout
from hangd.client.desktop.messages.line_editor import LineEditor
from hangd.protocol.model import TEXT_MAX

_QUESTION_SECONDS: Final = 15.0
"""How long a question is asked. Nobody may be there to answer it."""
_ENTER: Final = ("ENTER", "KP_ENTER")
_PASTE: Final = ("Ctrl+v", "Ctrl+V", "Shift+INS")
_CLOSE: Final = ("ESC", "Ctrl+c", "Ctrl+g")

Drawn = tuple[Box, partial[None]]
"""Where a dialog is, and what draws it on a cairo context."""


class Dialog(Protocol):
    """See the module's docstring."""

    is_closed: bool

    def key(self, name: str, text: str) -> None: ...
    def press(self, name: str, x: int, y: int, layout: Layout) -> bool:
        """Take a button at this place of the window, if it is meant for the dialog."""

    def tick(self, now: float) -> float | None:
        """Do what is due, and return when something is next."""

    def drawn(self, layout: Layout) -> Drawn:
        """Return where the dialog is now, and what draws it."""


class ChatLine:
    """A line that is written, and sent by ENTER.

    Args:
        send: sends a line.
        paste: calls a function with what is to be pasted.
    """

    def __init__(self, send: Callable[[str], object], paste: Callable[[Callable[[str], None]], None]) -> None:
        self.is_closed = False
        self._send = send
        self._paste = paste
        self._editor = LineEditor(TEXT_MAX)

    def key(self, name: str, text: str) -> None:
        if name in _ENTER:
            self.is_closed = True
            if line := self._editor.text.strip():
                self._send(line)
        elif name in _CLOSE:
            self.is_closed = True
        elif name in _PASTE:
            self._paste(self._editor.write)
        else:
            self._editor.key(name, text)

    def press(self, name: str, x: int, y: int, layout: Layout) -> bool:
        return layout.entry.contains(x, y)

    def tick(self, now: float) -> float | None:
        return None

    def drawn(self, layout: Layout) -> Drawn:
        text, left = self._editor.text, TEXT_MAX - len(self._editor.text)
        hint = "Enter: say it to the room    Esc: do not"
        hint = f"{hint}    {left} characters left" if left <= TEXT_MAX / 10 else hint
        return layout.entry, partial(
            drawing.draw_entry, layout=layout, text=text, caret=self._editor.caret, hint=hint
        )  # fmt: skip


class Question:
    """A question that ENTER or y agrees to. ESC, n, or no answer for a while does not."""

    def __init__(self, question: str, then: Callable[[], None]) -> None:
        self.is_closed = False
        self._question = question
        self._then = then
        self._until = math.inf
        self._left = round(_QUESTION_SECONDS)

    def key(self, name: str, text: str) -> None:
        if name in _ENTER or name in ("y", "Y"):
            self._agree()
        elif name in _CLOSE or name in ("n", "N"):
            self.is_closed = True

    def press(self, name: str, x: int, y: int, layout: Layout) -> bool:
        place = layout.question
        yes, no = layout.buttons
        if name == "MBTN_LEFT" and yes.contains(x - place.x, y - place.y):
            self._agree()
        elif name == "MBTN_LEFT" and no.contains(x - place.x, y - place.y):
            self.is_closed = True
        return place.contains(x, y)

    def tick(self, now: float) -> float | None:
        """The time runs from the first call on: that is when the question is seen."""
        if self._until == math.inf:
            self._until = now + _QUESTION_SECONDS
        self._left = math.ceil(self._until - now)
        self.is_closed = self.is_closed or self._left <= 0
        return None if self.is_closed else self._until - self._left + 1

    def drawn(self, layout: Layout) -> Drawn:
        paint = partial(drawing.draw_question, layout=layout, question=self._question, seconds=self._left)
        return layout.question, paint

    def _agree(self) -> None:
        self.is_closed = True
        self._then()


class KeyList:
    """What keys do. Arrows and the wheel move it where it does not fit; any other key closes it."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self.is_closed = False
        self._keys = tuple(keys)
        self._layout: Layout | None = None
        self._rows: list[tuple[str, str]] = [*self._keys]
        """What each row shows in this layout: those of a narrow window hold less."""
        self._first = 0
        self._shown = len(self._rows)
        """How many rows fitted when the list was drawn last."""

    def key(self, name: str, text: str) -> None:
        page = max(1, self._shown - 1)
        moves = {
            "UP": -1, "WHEEL_UP": -3, "PGUP": -page, "HOME": -len(self._rows),
            "DOWN": 1, "WHEEL_DOWN": 3, "PGDWN": page, "END": len(self._rows),
        }  # fmt: skip
        if name in moves and self._shown < len(self._rows):
            self._first = max(0, min(self._first + moves[name], len(self._rows) - self._shown))
        else:
            self.is_closed = True

    def press(self, name: str, x: int, y: int, layout: Layout) -> bool:
        self.key(name, "")
        return True

    def tick(self, now: float) -> float | None:
        return None

    def drawn(self, layout: Layout) -> Drawn:
        if layout != self._layout:  # It takes some milliseconds, and this is called whenever the mouse moves.
            self._layout = layout
            self._rows = [row for names, about in self._keys for row in layout.key_lines(names, about)]
        self._shown = layout.key_rows * layout.key_columns
        self._first = max(0, min(self._first, len(self._rows) - self._shown))
        keys = tuple(self._rows[self._first : self._first + self._shown])
        fits = self._shown >= len(self._rows)
        hint = "any key closes this" if fits else "up and down: more keys; any other key closes this"
        return layout.keys, partial(drawing.draw_keys, layout=layout, keys=keys, hint=hint)
