"""LineEditor: one line that the viewer writes, and the keys that edit it. Pure.

What a viewer sees as one character may be several of Unicode's: a letter with its accents, an emoji with a colour of
skin, a flag. The caret never stands within one.
"""

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_FLAGS: Final = ("\U0001f1e6", "\U0001f1ff")
_SKINS: Final = ("\U0001f3fb", "\U0001f3ff")


class LineEditor:
    """See the module's docstring. ``limit``: the most characters (code points) that the line may have."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.text = ""
        self.caret = 0
        """Index of the character before which the caret stands."""

    def key(self, name: str, text: str) -> None:
        """Take a key: its name as mpv's, and what it writes. Keys that edit nothing do nothing."""
        match name:
            case "BS" | "Ctrl+h" | "Shift+BS":
                self._delete(self._before(), self.caret)
            case "DEL" | "KP_DEL" | "Ctrl+d":
                self._delete(self.caret, self._after())
            case "Ctrl+w" | "Ctrl+BS" | "Alt+BS":
                self._delete(self._word_before(), self.caret)
            case "Ctrl+u":
                self._delete(0, self.caret)
            case "Ctrl+k":
                self._delete(self.caret, len(self.text))
            case "LEFT" | "Ctrl+b":
                self.caret = self._before()
            case "RIGHT" | "Ctrl+f":
                self.caret = self._after()
            case "Ctrl+LEFT":
                self.caret = self._word_before()
            case "Ctrl+RIGHT":
                self.caret = self._word_after()
            case "HOME" | "UP" | "Ctrl+a":
                self.caret = 0
            case "END" | "DOWN" | "Ctrl+e":
                self.caret = len(self.text)
            case _ if not name.startswith(("Ctrl+", "Meta+", "Alt+Ctrl+")):
                self.write(text)

    def write(self, text: str) -> None:
        """Write a text at the caret, as far as it fits. Line breaks and tabs in it become spaces."""
        line = text.replace("\n", " ").replace("\t", " ").replace("\r", "")
        kept = "".join(letter for letter in line if unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn"))
        kept = kept[: self._limit - len(self.text)]
        self.text = self.text[: self.caret] + kept + self.text[self.caret :]
        self.caret += len(kept)

    def _delete(self, begin: int, end: int) -> None:
        self.text = self.text[:begin] + self.text[end:]
        self.caret = begin

    def _before(self) -> int:
        """Return the index of the character before the caret."""
        at = max(0, self.caret - 1)
        while at > 0 and _belongs_together(self.text, at):
            at -= 1
        return at

    def _after(self) -> int:
        at = min(len(self.text), self.caret + 1)
        while at < len(self.text) and _belongs_together(self.text, at):
            at += 1
        return at

    def _word_before(self) -> int:
        at = self.caret
        while at > 0 and self.text[at - 1].isspace():
            at -= 1
        while at > 0 and not self.text[at - 1].isspace():
            at -= 1
        return at

    def _word_after(self) -> int:
        at = self.caret
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        while at < len(self.text) and not self.text[at].isspace():
            at += 1
        return at


def _belongs_together(text: str, at: int) -> bool:
    """Return whether the characters before and after this place are seen as one."""
    before, after = text[at - 1], text[at]
    if after == _JOINER or before == _JOINER or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if _SKINS[0] <= after <= _SKINS[1]:
        return True
    if not _is_flag_letter(before) or not _is_flag_letter(after):
        return False
    begin = at
    while begin > 0 and _is_flag_letter(text[begin - 1]):
        begin -= 1
    return (at - begin) % 2 == 1  # two letters make a flag


def _is_flag_letter(letter: str) -> bool:
    return _FLAGS[0] <= letter <= _FLAGS[1]
