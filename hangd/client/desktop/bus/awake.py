"""Awake: decides what is held off, the screen saver or suspend, and whether the film's window has to do it.

Nothing here is D-Bus: where that is missing, or no screen saver is on the bus, the window asks the X server.
"""

from collections.abc import Callable
from typing import Literal

from hangd.client.control.port import ViewerPort
from hangd.client.desktop.bus.controls import RELEVANT, Controls
from hangd.client.settings import ClientSettings

Held = Literal["nothing", "sleep", "screen"]
"""What is held off: "screen" is the screen saver and suspend."""


class Awake:
    """See the module's docstring.

    Args:
        by_window: called with whether the window has to keep the screen saver off.
    """

    def __init__(
        self,
        viewer: ViewerPort,
        controls: Controls,
        settings: Callable[[], ClientSettings],
        by_window: Callable[[bool], None],
    ) -> None:
        self._viewer = viewer
        self._controls = controls
        self._settings = settings
        self._by_window = by_window
        self._window_was_told = False
        self._bus_holds_screen = False
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when `wanted` may have changed."""
        self._listeners.append(listener)

    def changed(self, names: frozenset[str]) -> None:
        """Properties with these names may have changed."""
        if not RELEVANT.isdisjoint(names):
            self._tell_window()
            for listener in self._listeners:
                listener()

    def wanted(self) -> Held:
        if not self._settings().inhibit or self._controls.status() != "Playing":
            return "nothing"
        shows = self._viewer.hang_property("player/picture")
        return "screen" if shows and self._controls.film_has_picture else "sleep"

    def bus_holds_screen(self, holds: bool) -> None:
        """A service on the bus keeps the screen saver off, or not any more."""
        self._bus_holds_screen = holds
        self._tell_window()

    def _tell_window(self) -> None:
        by_window = self.wanted() == "screen" and not self._bus_holds_screen
        if by_window != self._window_was_told:
            self._window_was_told = by_window
            self._by_window(by_window)
