"""`FilmWindow`: the film's window, as the event loop and the player see it. The X thread does the work."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from hangd.client.desktop.base import Paint, Panel, WindowListener
from hangd.client.desktop.canvas import load_fonts
from hangd.client.desktop.placement import Placements
from hangd.client.desktop.x11.thread import XThread
from hangd.player.base import Drawable

_UNKNOWN_SIZE = (0, 0)
_AWAKE_SECONDS = 30.0
"""A screen saver that comes after less than a minute is rare."""


class FilmWindow:
    """Implements `hangd.client.desktop.base.WindowPort` and `hangd.player.base.PictureWindow`.

    Make it inside a running loop. Nothing is opened before the player first looks for the window.

    Args:
        places: the file in which the window's place is kept.
    """

    def __init__(self, places: Path) -> None:
        self.listener: WindowListener | None = None
        self.changed_fullscreen: Callable[[bool], None] = lambda fullscreen: None
        """Called on the loop when the window manager has made the window fill the screen, or not any more."""
        self.stays_open = False
        """The window is not hidden when no film is open: in a room, where messages tell why there is none."""
        self._loop = asyncio.get_running_loop()
        self._player_lost: Callable[[bool], None] = lambda destroyed: None
        self._size, self._scale, self._shown = _UNKNOWN_SIZE, 1.0, False
        self._focused = False
        self._panels = 0
        self._pointer_shown = True
        self._take_pasted: Callable[[str], None] = lambda text: None
        self._awake_timer: asyncio.TimerHandle | None = None
        self._thread = XThread(self, Placements(places), self._lost)

    # ---- WindowPort: on the event loop ----------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    @property
    def scale(self) -> float:
        return self._scale

    @property
    def is_shown(self) -> bool:
        return self._shown

    @property
    def is_focused(self) -> bool:
        """Whether the window is shown and has the keyboard."""
        return self._shown and self._focused

    def panel(self) -> Panel:
        number = self._panels
        self._panels += 1
        return _Panel(self._thread, number)

    def show_pointer(self, shown: bool) -> None:
        if shown != self._pointer_shown:
            self._pointer_shown = shown
            self._thread.want("pointer", lambda window: window.show_pointer(shown))

    def paste(self, take: Callable[[str], None]) -> None:
        self._take_pasted = take
        self._thread.want("paste", lambda window: window.paste())

    def set_title(self, title: str) -> None:
        """Name the window so, where window managers show names."""
        self._thread.want("title", lambda window: window.set_title(title))

    def activate(self) -> None:
        """Bring the window before others, and let it have the keyboard."""
        self._thread.want("active", lambda window: window.activate())

    def keep_awake(self, awake: bool) -> None:
        """Let the X server start no screen saver, or let it again."""
        if self._awake_timer is not None:
            self._awake_timer.cancel()
            self._awake_timer = None
        if awake:
            self._thread.want("awake", lambda window: window.stay_awake())
            self._awake_timer = self._loop.call_later(_AWAKE_SECONDS, self.keep_awake, True)

    def close(self) -> None:
        """End the connection to the display. Blocks for a second at most; call it when no player draws any more."""
        self.keep_awake(False)
        self._thread.close()

    # ---- PictureWindow: on any thread -----------------------------------------------------------------------------

    def find(self) -> Drawable:
        return self._thread.find()

    def attach(self, lost: Callable[[bool], None]) -> None:
        self._player_lost = lost

    def show(self, film_size: tuple[int, int] | None) -> None:
        self._thread.want("shown", lambda window: window.show(film_size))
        self._thread.want("fonts", lambda _: load_fonts())

    def hide(self) -> None:
        self._thread.want("shown", lambda window: window.hide())

    def film_closed(self) -> None:
        if not self.stays_open:
            self.hide()

    def show_picture(self, shown: bool) -> None:
        self._thread.want("picture", lambda window: window.show_picture(shown))

    def set_fullscreen(self, fullscreen: bool) -> None:
        self._thread.want("fullscreen", lambda window: window.set_fullscreen(fullscreen))

    # ---- Reports: on the X thread ---------------------------------------------------------------------------------

    def resized(self, width: int, height: int, scale: float, shown: bool) -> None:
        def resized() -> None:
            new = (width, height), scale, shown
            if new != (self._size, self._scale, self._shown):
                self._size, self._scale, self._shown = new
                if self.listener is not None:
                    self.listener.resized()

        self._post(resized)

    def key(self, name: str, text: str, repeated: bool) -> None:
        self._tell(lambda listener: listener.key_pressed(name, text, repeated))

    def pressed(self, name: str, x: int, y: int) -> None:
        self._tell(lambda listener: listener.button_pressed(name, x, y))

    def released(self, name: str, x: int, y: int) -> None:
        self._tell(lambda listener: listener.button_released(name, x, y))

    def moved(self, x: int, y: int) -> None:
        self._tell(lambda listener: listener.pointer_moved(x, y))

    def left(self) -> None:
        self._tell(lambda listener: listener.pointer_left())

    def dropped(self, names: Sequence[str]) -> None:
        self._tell(lambda listener: listener.dropped(names))

    def pasted(self, text: str) -> None:
        def take() -> None:
            # Only once: a new window would ask again.
            taking, self._take_pasted = self._take_pasted, lambda text: None
            taking(text)

        self._post(take)

    def close_requested(self) -> None:
        self._tell(lambda listener: listener.close_requested())

    def focused(self, focused: bool) -> None:
        def tell() -> None:
            self._focused = focused

        self._post(tell)

    def fullscreen(self, fullscreen: bool) -> None:
        self._post(lambda: self.changed_fullscreen(fullscreen))

    def _lost(self, destroyed: bool) -> None:
        self.hide()  # a new window waits until the player has a picture for it
        self.resized(*_UNKNOWN_SIZE, 1.0, False)
        self._player_lost(destroyed)

    def _tell(self, tell: Callable[[WindowListener], None]) -> None:
        self._post(lambda: None if self.listener is None else tell(self.listener))

    def _post(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody is left to tell.
            self._loop.call_soon_threadsafe(function)


class _Panel:
    """A panel by its number, see `hangd.client.desktop.base.Panel`."""

    def __init__(self, thread: XThread, number: int) -> None:
        self._thread = thread
        self._number = number

    def draw(self, x: int, y: int, width: int, height: int, paint: Paint) -> None:
        number = self._number
        self._thread.want(("panel", number), lambda window: window.panel(number).draw(x, y, width, height, paint))

    def hide(self) -> None:
        number = self._number
        self._thread.want(("panel", number), lambda window: window.panel(number).hide())
