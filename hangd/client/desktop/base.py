"""The ports between the film's window, what listens to it, and what is drawn above the picture."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

Run = Callable[[str], None]
"""Carries out a line of commands, as a key does."""
Request = Callable[..., Awaitable[Any]]
"""Carries out one command, given by name and arguments, and returns the data of its reply. Raises CommandRefused."""
Read = Callable[[str], Any]
"""Returns the value of a property as plain data; None: it has none now."""
Paint = Callable[[Any], None]
"""Draws on a cairocffi.Context whose unit is a pixel. Called on the window's thread, so it must use only what it was
made with: no state that the event loop changes."""


class Panel(Protocol):
    """A rectangle above the film's picture. Pixels that are not painted show the picture. Nothing is half-transparent.

    All methods return at once; the window's thread does the work. Of several calls before it gets to that only the last
    one is drawn.
    """

    def draw(self, x: int, y: int, width: int, height: int, paint: Paint) -> None:
        """Show the panel at this place of the window, in pixels, with what ``paint`` draws."""

    def hide(self) -> None:
        """Show the picture instead. A hidden panel costs nothing."""


class WindowPort(Protocol):
    """The film's window, as the parts that draw on it see it. All methods run on the event loop."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    @property
    def scale(self) -> float:
        """Pixels of this screen for one of an ordinary screen (96 dots per inch): 1.0, on a dense screen 2.0."""

    @property
    def is_shown(self) -> bool:
        """Whether there is a window that can be seen."""

    def panel(self) -> Panel:
        """Return a new panel, hidden, above those made before."""

    def show_pointer(self, shown: bool) -> None:
        """Show the mouse pointer over the window, or hide it."""

    def paste(self, take: Callable[[str], None]) -> None:
        """Call ``take`` with the text of the clipboard, a little later; never, where there is none."""


class WindowListener(Protocol):
    """What is told of the window. Called on the event loop. Places are pixels from the window's upper left corner.

    ``name`` is mpv's name of a key or button with its modifiers: "SPACE", "Ctrl+s", "MBTN_LEFT", "WHEEL_UP".
    """

    def key_pressed(self, name: str, text: str, repeated: bool) -> None:
        """A key was pressed, or is held down and repeats.

        ``text``: what it writes, "" for keys that write nothing. ``repeated`` goes on to the bindings: a key that
        pauses must not pause and play on thirty times a second. X tells it by a release and a press of one key at the
        same time.
        """

    def button_pressed(self, name: str, x: int, y: int) -> None:
        """A button was pressed, or the wheel turned. MBTN_LEFT_DBL follows the second MBTN_LEFT of a double click."""

    def button_released(self, name: str, x: int, y: int) -> None: ...
    def pointer_moved(self, x: int, y: int) -> None: ...
    def pointer_left(self) -> None: ...
    def resized(self) -> None:
        """`WindowPort.size`, ``scale`` or ``is_shown`` has changed."""

    def dropped(self, names: Sequence[str]) -> None:
        """Files (paths) or links (URLs) were dropped on the window."""

    def close_requested(self) -> None:
        """The viewer wants to close the window."""


class Overlay(Protocol):
    """Something that is drawn above the picture and may take keys and clicks before the bindings do.

    Methods return whether they took the input: then nobody else gets it.
    """

    def key(self, name: str, text: str) -> bool: ...
    def press(self, name: str, x: int, y: int) -> bool: ...
    def release(self, name: str, x: int, y: int) -> bool: ...
    def move(self, x: int, y: int) -> bool: ...
    def leave(self) -> None: ...
    def resized(self) -> None: ...
    def tick(self, now: float) -> float | None:
        """Do what is due. Return when to be called next (monotonic seconds); None: not by time.

        It is also called after each call of another method.
        """

    def changed(self, names: frozenset[str]) -> None:
        """Properties with these names may have changed."""
