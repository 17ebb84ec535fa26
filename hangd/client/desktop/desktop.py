"""`Desktop`: joins the film's window with what is drawn on it, with the keys' bindings, and with the commands.

Made by `hangd.client.daemon`. It is a control client within the process (`Run`, `Request`, `Read`). An input goes to
the overlays in their order; what none of them takes goes to the bindings.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from hangd.client.control.port import DesktopPort
from hangd.client.desktop.base import Overlay, Read, Request, Run
from hangd.client.desktop.controller.controller import Controller
from hangd.client.desktop.messages.messages import Messages
from hangd.client.desktop.opening import Opening
from hangd.client.desktop.window import FilmWindow
from hangd.client.settings import ClientSettings
from hangd.engine.player_messages import PlayerCommand, RaiseSubtitles, SetWindowSize
from hangd.log import escape

_POINTER_SECONDS: Final = 1.0
"""The pointer is hidden when it has not moved for so long."""
_TITLE_PROPERTIES: Final = frozenset({"path", "metadata", "room", "playlist"})
"""What the window's title is made of, by the names under which changes are announced."""
_TITLE_MAX: Final = 200


class Desktop:
    """Implements `hangd.client.desktop.base.WindowListener`.

    Args:
        run: carries out a line of commands.
        request: carries out a command, and returns its data.
        read: returns the value of a property.
        press: carries out what a key is bound to, by its name; and whether the key repeats.
        tell: gives the player a command.
        settings: returns the settings of now.
    """

    def __init__(
        self,
        window: FilmWindow,
        run: Run,
        request: Request,
        read: Read,
        press: Callable[[str, bool], None],
        tell: Callable[[PlayerCommand], None],
        settings: Callable[[], ClientSettings],
    ) -> None:
        self._window = window
        self._run = run
        self._read = read
        self._press = press
        self._tell = tell
        # Panels that are made later are above those that were made before.
        self._controller = Controller(window, run, read, lambda share: tell(RaiseSubtitles(share)))
        self._messages = Messages(window, request, read, settings, self._wake)
        self._overlays: tuple[Overlay, ...] = (self._messages, self._controller)
        """In the order in which they are asked whether they take an input."""
        self._opening = Opening(request, read, lambda: self._messages)
        self._timer: asyncio.TimerHandle | None = None
        self._pointer_timer: asyncio.TimerHandle | None = None
        self._is_due = False
        """`_tick` is about to be called."""
        self._closed = False
        window.listener = self
        window.changed_fullscreen = lambda full: run(f"set fullscreen {'yes' if full else 'no'}")
        self._name_window()

    # ---- WindowListener -------------------------------------------------------------------------------------------

    def key_pressed(self, name: str, text: str, repeated: bool) -> None:
        if not any(overlay.key(name, text) for overlay in self._overlays):
            self._press(name, repeated)
        self._wake()

    def button_pressed(self, name: str, x: int, y: int) -> None:
        is_taken = any(overlay.press(name, x, y) for overlay in self._overlays)
        self._pointer_used(is_taken=is_taken)
        if not is_taken:
            self._press(name, False)
        self._wake()

    def button_released(self, name: str, x: int, y: int) -> None:
        any(overlay.release(name, x, y) for overlay in self._overlays)
        self._wake()

    def pointer_moved(self, x: int, y: int) -> None:
        self._pointer_used(is_taken=any(overlay.move(x, y) for overlay in self._overlays))
        self._wake()

    def pointer_left(self) -> None:
        for overlay in self._overlays:
            overlay.leave()
        self._wake()

    def resized(self) -> None:
        if self._window.is_shown:
            self._tell(SetWindowSize(*self._window.size))
        for overlay in self._overlays:
            overlay.resized()
        self._wake()

    def dropped(self, names: Sequence[str]) -> None:
        self._opening.dropped(names)

    def close_requested(self) -> None:
        self._run("window-close")

    # ---- changes --------------------------------------------------------------------------------------------------

    def changed(self, names: frozenset[str]) -> None:
        """Properties with these names may have changed."""
        if not _TITLE_PROPERTIES.isdisjoint(names):
            self._name_window()
            self._keep_open()
        for overlay in self._overlays:
            overlay.changed(names)
        self._wake()

    @property
    def port(self) -> DesktopPort:
        """What commands ask to be drawn."""
        return self._messages

    async def close(self) -> None:
        """Do nothing any more."""
        self._closed = True
        for timer in (self._timer, self._pointer_timer):
            if timer is not None:
                timer.cancel()
        await self._messages.close()
        await self._opening.close()

    # ---- inside ---------------------------------------------------------------------------------------------------

    def _name_window(self) -> None:
        film = self._read("media-title") if self._read("path") is not None else None
        room = self._read("room/name") or ("in a room" if self._read("room/id") is not None else None)
        parts = [str(part) for part in (film, room) if part]
        self._window.set_title(" - ".join([*(escape(part)[:_TITLE_MAX] for part in parts), "hang"]))

    def _keep_open(self) -> None:
        """In a room the window stays while no film is open: it says why."""
        stays = self._read("room/id") is not None
        if self._window.stays_open and not stays and self._read("time-pos") is None:
            self._window.hide()
        self._window.stays_open = stays

    def _pointer_used(self, *, is_taken: bool) -> None:
        """Show the pointer, and hide it after a moment, unless an overlay has taken the movement: it is in use then."""
        self._window.show_pointer(True)
        if self._pointer_timer is not None:
            self._pointer_timer.cancel()
            self._pointer_timer = None
        if not (is_taken or self._closed):
            loop = asyncio.get_running_loop()
            self._pointer_timer = loop.call_later(_POINTER_SECONDS, self._window.show_pointer, False)

    def _wake(self) -> None:
        """Call `_tick` when what happens now is over: it is drawn once, then."""
        if not (self._is_due or self._closed):
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._tick)

    def _tick(self) -> None:
        """Let the overlays do what is due, and plan the next time."""
        self._is_due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._messages.has_dialog:
            self._controller.leave()
        now = time.monotonic()
        due = [at for overlay in self._overlays if (at := overlay.tick(now)) is not None]
        if due and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, min(due) - now), self._tick)
