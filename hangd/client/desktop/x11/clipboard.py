"""`Clipboard`: the text that another program has put into the clipboard. On the X thread."""

from collections.abc import Callable
from typing import Any, Final

from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window

_WORDS_MAX: Final = 1 << 14
"""Text is read up to 64 KiB. What is pasted here is a line of chat."""


class Clipboard:
    """Asks for the text; ``pasted`` is called with it when the other program has sent it, if it does."""

    def __init__(self, display: Display, window: Window, pasted: Callable[[str], None]) -> None:
        self._display = display
        self._window = window
        self._pasted = pasted

    def ask(self) -> None:
        atom = self._display.get_atom
        self._window.convert_selection(atom("CLIPBOARD"), atom("UTF8_STRING"), atom("_HANG_PASTE"), X.CurrentTime)

    def handle(self, happened: Any) -> bool:
        """Take an event. Returns whether it is the answer."""
        if happened.type != X.SelectionNotify or happened.selection != self._display.get_atom("CLIPBOARD"):
            return False
        if happened.property != X.NONE:
            found = self._window.get_property(happened.property, X.AnyPropertyType, 0, _WORDS_MAX, delete=True)
            if found is not None and found.format == 8:
                value = found.value
                self._pasted(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
        return True
