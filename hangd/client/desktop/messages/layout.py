"""Where messages, bars, the chat line, keys and questions are in a window of a given size. Pure geometry, in pixels.

Messages have the upper left, bars the upper right. The lowest part stays free for subtitles and the controller. How
much a text needs is estimated here, since fonts are measured on the window's thread alone.
"""

import itertools
import math
import textwrap
import unicodedata
from typing import Final

from msgspec import Struct

from hangd.client.desktop.box import Box

_SHARE: Final = 0.03
"""Of the window's height: the size of text."""
_LEAST: Final = 13.0
"""The least size of text on an ordinary screen, so that it can be read in a small window."""
_LETTER: Final = 0.6
"""The width of a letter, as a share of the text's size. Few letters are wider on average."""
_ROW: Final = 1.5
"""The height of a row, as a share of the text's size. Some scripts are higher than Latin."""
_BAR: Final = 9.0
"""The width of a bar, as a multiple of the text's size, at which the longest words of bars are not broken."""
_CAPITAL: Final = 0.72
"""The width of a letter of a key's name, which is bold and mostly a capital, as a share of the text's size."""
_CONTROLLER: Final = 130.0
"""The height of the controller, about, on an ordinary screen. In low windows it is lower."""


class Layout(Struct, frozen=True):
    """Places in a window.

    Args:
        scale: pixels of this screen for one of an ordinary screen.
        percent: how large text is to be; 100: as usual.
    """

    width: int
    height: int
    scale: float
    percent: float

    @property
    def font(self) -> float:
        """Size of text."""
        size = max(_LEAST * self.scale, _SHARE * self.height) * self.percent / 100
        return max(6.0, min(size, self.height / 8, self.width / 12))

    @property
    def row(self) -> float:
        return self.font * _ROW

    @property
    def padding(self) -> float:
        return round(self.font * 0.45)

    @property
    def gap(self) -> float:
        """Between two messages."""
        return round(self.font * 0.3)

    @property
    def margin(self) -> int:
        """Between the window's edge and what is drawn."""
        return round(self.font * 0.7)

    # ---- messages ----------------------------------------------------------------------------------------------------

    @property
    def column(self) -> float:
        """Width of messages, at most."""
        beside_bar = self.width - 2 * self.margin - self.gap - _BAR * self.font
        return max(1.0, 0.4 * self.width - self.margin, min(0.6 * self.width - self.margin, beside_bar))

    def room(self, dialog: Box | None) -> float:
        """Return the height that there is for messages: somewhat more than half of the window, down to a dialog."""
        bottom = min(0.6 * self.height, self._floor)
        return (bottom if dialog is None else min(bottom, dialog.y)) - self.margin

    def rows(self, text: str, name: str, most: int) -> int:
        """Return how many rows a message takes, at most ``most``."""
        inner = max(self.font, self.column - 2 * self.padding - (self._name_width(name) if name else 0.0))
        return max(1, min(most, sum(math.ceil(self._width(line) / inner) or 1 for line in text.split("\n"))))

    def message_height(self, rows: int) -> float:
        """Return the height of a message with so many rows, and of the gap below it."""
        return rows * self.row + 2 * self.padding + self.gap

    def messages(self, height: float) -> Box:
        """Return the place of messages that are so high together."""
        return Box(
            self.margin, self.margin, math.ceil(self.column), max(1, min(math.ceil(height), self.height - self.margin))
        )

    def _name_width(self, name: str) -> float:
        return min(self._width(name), 0.35 * self.column) + self.font * 0.5

    def _width(self, text: str) -> float:
        wide = sum(unicodedata.east_asian_width(letter) in ("W", "F") for letter in text)
        return (len(text) + wide) * self.font * _LETTER

    # ---- the rest ----------------------------------------------------------------------------------------------------

    @property
    def bar(self) -> Box:
        """Where the bar is, with room for two rows of text above it."""
        left = self.margin + math.ceil(self.column) + round(self.gap)
        height = 2 * self.row + 3 * self.padding + self.font * 0.5
        return Box(left, self.margin, max(1, self.width - self.margin - left), math.ceil(height))

    @property
    def entry(self) -> Box:
        """Where chat is written."""
        return self._dialog(45 * self.font, 2 * self.row + 3 * self.padding)

    @property
    def question(self) -> Box:
        return self._dialog(30 * self.font, 3 * self.row + 3 * self.padding)

    @property
    def buttons(self) -> tuple[Box, Box]:
        """Return yes and no, within the panel of the question."""
        place, padding = self.question, int(self.padding)
        width = (place.width - 3 * padding) // 2
        height = math.ceil(self.row)
        y = place.height - padding - height
        return Box(padding, y, width, height), Box(2 * padding + width, y, width, height)

    @property
    def keys(self) -> Box:
        """Where the list of keys is, at most."""
        width = max(1, min(self.width - 2 * self.margin, round(70 * self.key_font)))
        height = max(1, self.height - 2 * self.margin)
        return Box((self.width - width) // 2, self.margin, width, height)

    @property
    def key_font(self) -> float:
        """Size of text in the list of keys, which is long. In a narrow window the names of keys have to fit."""
        return min(0.8 * self.font, self.width / 24)

    @property
    def key_row(self) -> float:
        return self.key_font * _ROW

    @property
    def key_columns(self) -> int:
        return 2 if self.keys.width >= 50 * self.key_font else 1

    @property
    def key_column(self) -> float:
        """Width of a column."""
        return (self.keys.width - 2 * self.padding) / self.key_columns

    @property
    def key_names(self) -> float:
        """Width of the names of keys in a column. The rest is for what they do."""
        return self.key_column * (0.34 if self.key_columns > 1 else 0.45)

    def key_lines(self, names: str, about: str) -> list[tuple[str, str]]:
        """Return the rows that keys take in a column: names of keys on the left, and what they do on the right."""
        whole = ", ".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in names.split(", "))
        left = _lines(whole, (self.key_names - self.padding) / (self.key_font * _CAPITAL))
        right = _lines(about, (self.key_column - self.key_names - self.padding) / (self.key_font * _LETTER))
        return [*itertools.zip_longest(left, right, fillvalue="")]

    @property
    def key_rows(self) -> int:
        """How many keys fit below one another, beside the line that says how to close the list."""
        return max(1, int((self.keys.height - 2 * self.padding) / self.key_row) - 1)

    def _dialog(self, width: float, height: float) -> Box:
        """Return a place above subtitles and controller."""
        used = max(1, min(self.width - 2 * self.margin, round(width)))
        return Box((self.width - used) // 2, max(0, round(self._floor - height)), used, math.ceil(height))

    @property
    def _floor(self) -> float:
        """What is below this is left to subtitles and to the controller."""
        return max(0.55 * self.height, min(0.75 * self.height, self.height - _CONTROLLER * self.scale))


def _lines(text: str, letters: float) -> list[str]:
    """Return a text in lines of so many letters. Longer words are left whole."""
    return textwrap.wrap(text, max(1, int(letters)), break_long_words=False, break_on_hyphens=False)
