"""`MainWindow`: the film's window on one connection to the X server. On the X thread.

The window has a child that the player draws in, and the panels above that. A child that the player makes of its own is
inside the first one, so it never covers a panel.
"""

import os
import socket
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from Xlib import X, Xatom, Xutil
from Xlib.display import Display
from Xlib.error import XError
from Xlib.protocol import event

from hangd.client.desktop.placement import (
    MIN_HEIGHT,
    MIN_WIDTH,
    Placements,
    Rectangle,
    first_place,
    monitor_of,
    onto,
    other_film,
)
from hangd.client.desktop.x11.clipboard import Clipboard
from hangd.client.desktop.x11.drop import DropTarget
from hangd.client.desktop.x11.icon import icon
from hangd.client.desktop.x11.keys import button_name, is_wheel, key_name, symbol_of
from hangd.client.desktop.x11.monitors import find_monitors, find_scale
from hangd.client.desktop.x11.panel import PanelWindow
from hangd.player.base import Drawable

_CLASS: Final = "hang"
_INPUT: Final = (
    X.KeyPressMask | X.KeyReleaseMask | X.ButtonPressMask | X.ButtonReleaseMask | X.PointerMotionMask
)  # fmt: skip
_EVENTS: Final = _INPUT | X.LeaveWindowMask | X.FocusChangeMask | X.StructureNotifyMask | X.PropertyChangeMask
_BY_THE_VIEWER: Final = 2
"""Who asks to activate a window: not the program by itself, which window managers may refuse."""
_HARDWARE: Final = ("DRI3", "DRI2", "NV-GLX")
"""Extensions of X servers by which programs use the graphics hardware. Xvfb and displays over a network have none."""
_DOUBLE_CLICK_MS: Final = 300
"""mpv's default."""
_DOUBLE_CLICK_PIXELS: Final = 5
"""At a scale of 1. A hand does not hold still."""
_KEEP_SECONDS: Final = 1.0
"""The place of the window is written down when it has stayed there for so long."""


class WindowGone(Exception):
    """Somebody else has destroyed the window."""


class Reports(Protocol):
    """What is told of the window. Called on the X thread."""

    def resized(self, width: int, height: int, scale: float, shown: bool) -> None: ...
    def key(self, name: str, text: str, repeated: bool) -> None: ...
    def pressed(self, name: str, x: int, y: int) -> None: ...
    def released(self, name: str, x: int, y: int) -> None: ...
    def moved(self, x: int, y: int) -> None: ...
    def left(self) -> None: ...
    def dropped(self, names: Sequence[str]) -> None: ...
    def pasted(self, text: str) -> None: ...
    def close_requested(self) -> None: ...
    def focused(self, focused: bool) -> None:
        """The window has got the keyboard, or not any more."""

    def fullscreen(self, fullscreen: bool) -> None:
        """The window manager has made the window fill the screen, or not any more."""


class MainWindow:
    """See the module's docstring. It is made hidden."""

    def __init__(self, display: Display, reports: Reports, placements: Placements) -> None:
        self._display = display
        self._reports = reports
        self._placements = placements
        self._root = root = display.screen().root
        self._scale = find_scale(display)
        self._size = (640, 360)
        black = display.screen().black_pixel
        self._main = main = root.create_window(
            0, 0, *self._size, 0, X.CopyFromParent, background_pixel=black, event_mask=_EVENTS
        )
        # VLC asks for the movements of the pointer there, and they would not come to the window above it any more.
        self._video = main.create_window(
            0, 0, *self._size, 0, X.CopyFromParent, background_pixel=black, event_mask=_INPUT
        )
        self._video.map()
        self._panels: dict[int, PanelWindow] = {}
        self._drop = DropTarget(display, main, reports.dropped)
        self._clipboard = Clipboard(display, main, reports.pasted)
        self._film_size: tuple[int, int] | None = None
        self._mapped = False
        self._fullscreen = False
        """It is wanted to fill the screen."""
        self._is_full = False
        """The window manager has made it do so."""
        self._maximized = False
        self._before: Rectangle | None = None
        """The place to come back to from the full screen, where no window manager knows it."""
        self._keep_at: float | None = None
        self._motion: tuple[int, int] | None = None
        self._click: tuple[str, int, tuple[int, int]] = ("", 0, (0, 0))
        """The last click, its time and its place on the screen; "" if it cannot be the first one of a double click."""
        self._released: tuple[int, int] = (0, 0)
        """The key that was released last, and when."""
        self._title: str | None = None
        self._blank = self._make_blank_cursor()
        self._describe()

    def _describe(self) -> None:
        """Set what window managers want to know."""
        main = self._main
        main.set_wm_class(_CLASS, _CLASS)
        main.set_wm_protocols([self._atom("WM_DELETE_WINDOW"), self._atom("_NET_WM_PING")])
        main.set_wm_hints(flags=Xutil.InputHint | Xutil.StateHint, input=1, initial_state=Xutil.NormalState)
        main.set_wm_client_machine(socket.gethostname().encode("ascii", "replace").decode())
        self._set("_NET_WM_PID", Xatom.CARDINAL, [os.getpid()])
        self._set("_NET_WM_WINDOW_TYPE", Xatom.ATOM, [self._atom("_NET_WM_WINDOW_TYPE_NORMAL")])
        self._set("_NET_WM_ICON", Xatom.CARDINAL, icon())
        self.set_title(_CLASS)

    @property
    def drawable(self) -> Drawable:
        """The window that the player draws in."""
        return Drawable(int(self._video.id), any(map(self._display.has_extension, _HARDWARE)))

    @property
    def due(self) -> float | None:
        """When to call `expire`."""
        return self._keep_at

    # ---- what is wanted -------------------------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self._main.set_wm_name(title.encode("latin-1", "replace").decode("latin-1"))
            text = title.encode("utf-8", "replace")
            for name in ("_NET_WM_NAME", "_NET_WM_ICON_NAME"):
                self._main.change_property(self._atom(name), self._atom("UTF8_STRING"), 8, text)

    def show(self, film_size: tuple[int, int] | None) -> None:
        """Show the window for a film of this size. It opens where it was last, or changes to the film's aspect."""
        monitors = find_monitors(self._display)
        managed = self._is_managed()
        if not self._mapped:
            last = self._placements.last(monitors)
            # Without a window manager the film's window is the only one, and nothing else wants a place.
            place = first_place(film_size, last, monitors, **({} if managed else {"share": 1.0}))
            self._place(place)
            if self._fullscreen:
                self._before = place
                if managed:
                    self._set("_NET_WM_STATE", Xatom.ATOM, [self._atom("_NET_WM_STATE_FULLSCREEN")])
                else:
                    self._configure(monitor_of(monitors, place))
            self._mapped = True
            self._main.map()
        elif film_size is not None and film_size != self._film_size and not (self._fullscreen or self._maximized):
            self._place(other_film(film_size, self._where(), monitors))
        self._film_size = film_size or self._film_size
        self._report_size()

    def hide(self) -> None:
        if self._mapped:
            self._keep()
            self._mapped = self._is_full = False
            # As a window manager wants it (ICCCM 4.1.4): it may have put the window into a frame.
            self._main.unmap()
            self._root.send_event(
                event.UnmapNotify(event=self._root, window=self._main, from_configure=0),
                event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask,
            )
            self._report_size()

    def show_picture(self, shown: bool) -> None:
        """Show what the player has drawn, or black: it leaves its last picture there when it has no more."""
        if shown:
            self._video.map()
        else:
            self._video.unmap()

    def set_fullscreen(self, fullscreen: bool) -> None:
        if fullscreen == self._fullscreen:
            return
        self._fullscreen = fullscreen
        if not self._mapped:
            return
        if self._is_managed():
            self._ask_manager(fullscreen)
        elif fullscreen:
            self._before = self._where()
            self._configure(monitor_of(find_monitors(self._display), self._before))
        elif self._before is not None:
            monitors = find_monitors(self._display)
            self._place(onto(self._before, monitor_of(monitors, self._before)))

    def show_pointer(self, shown: bool) -> None:
        self._main.change_attributes(cursor=X.NONE if shown else self._blank)

    def paste(self) -> None:
        """Ask for the text of the clipboard; `Reports.pasted` is called with it."""
        self._clipboard.ask()

    def activate(self) -> None:
        """Come before other windows and take the keyboard, because the viewer wants it. Windows that open do so."""
        if self._mapped:
            self._main.configure(stack_mode=X.Above)
            self._ask("_NET_ACTIVE_WINDOW", [_BY_THE_VIEWER, X.CurrentTime, 0, 0, 0])

    def stay_awake(self) -> None:
        """Let the screen saver count the time without input from now on."""
        self._display.force_screen_saver(X.ScreenSaverReset)

    def panel(self, number: int) -> PanelWindow:
        """Return the panel with this number. Those with higher numbers are above it."""
        for new in range(len(self._panels), number + 1):
            self._panels[new] = PanelWindow(self._display, self._main, self._video)
        return self._panels[number]

    # ---- events ---------------------------------------------------------------------------------------------------

    def handle(self, happened: Any) -> None:
        """Take an event. Raises WindowGone."""
        match happened.type:
            case X.KeyPress:
                symbol = symbol_of(
                    lambda column: int(self._display.keycode_to_keysym(happened.detail, column)), happened.state
                )
                name, text = key_name(symbol, happened.state)
                if name:
                    # A key that is held down is released and pressed again at one time.
                    self._reports.key(name, text, (happened.detail, happened.time) == self._released)
            case X.KeyRelease:
                self._released = (happened.detail, happened.time)
            case X.ButtonPress:
                self._button_pressed(happened)
            case X.ButtonRelease if not is_wheel(happened.detail):
                if name := button_name(happened.detail, happened.state):
                    self._reports.released(name, happened.event_x, happened.event_y)
            case X.MotionNotify:
                self._motion = (happened.event_x, happened.event_y)
            case X.LeaveNotify if happened.mode == X.NotifyNormal and happened.detail != X.NotifyInferior:
                self._motion = None
                self._reports.left()
            case X.FocusIn | X.FocusOut if happened.mode in (X.NotifyNormal, X.NotifyWhileGrabbed):
                # Keys go to the window of the pointer, where no window has the keyboard.
                if happened.detail not in (X.NotifyPointer, X.NotifyPointerRoot, X.NotifyInferior):
                    self._reports.focused(happened.type == X.FocusIn)
            case X.ConfigureNotify if happened.window == self._main:
                self._configured(happened.width, happened.height)
            case X.DestroyNotify if happened.window == self._main:
                raise WindowGone
            case X.PropertyNotify if happened.atom == self._atom("_NET_WM_STATE"):
                self._state_changed()
            case X.MappingNotify:
                self._display.refresh_keyboard_mapping(happened)
            case _ if self._clipboard.handle(happened) or self._drop.handle(happened):
                pass
            case X.ClientMessage if happened.client_type == self._atom("WM_PROTOCOLS"):
                self._protocol(happened)

    def handled_all(self) -> None:
        """No more events are there now. Of several moves of the pointer only the last one is told."""
        if self._motion is not None:
            motion, self._motion = self._motion, None
            self._reports.moved(*motion)

    def expire(self, now: float) -> None:
        if self._keep_at is not None and self._keep_at <= now:
            self._keep()

    def _button_pressed(self, happened: Any) -> None:
        name = button_name(happened.detail, happened.state)
        if not name:
            return
        self.handled_all()
        place = (happened.event_x, happened.event_y)
        self._reports.pressed(name, *place)
        if is_wheel(happened.detail):
            return
        last, at, (x, y) = self._click
        distance = max(abs(happened.root_x - x), abs(happened.root_y - y))
        is_near = distance <= _DOUBLE_CLICK_PIXELS * self._scale
        if last == name and is_near and (happened.time - at) & 0xFFFFFFFF <= _DOUBLE_CLICK_MS:
            self._click = ("", 0, (0, 0))
            self._reports.pressed(f"{name}_DBL", *place)
        else:
            self._click = (name, happened.time, (happened.root_x, happened.root_y))

    def _protocol(self, happened: Any) -> None:
        words = list(happened.data[1])
        if words[0] == self._atom("WM_DELETE_WINDOW"):
            self._reports.close_requested()
        elif words[0] == self._atom("_NET_WM_PING"):
            pong = event.ClientMessage(window=self._root, client_type=self._atom("WM_PROTOCOLS"), data=(32, words))
            self._root.send_event(pong, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)

    def _configured(self, width: int, height: int) -> None:
        self._keep_at = time.monotonic() + _KEEP_SECONDS
        if (width, height) != self._size:
            self._size = (width, height)
            self._video.configure(width=width, height=height)
            self._report_size()

    def _state_changed(self) -> None:
        if not self._mapped:
            return  # Window managers take the states of a window that is hidden away.
        found = self._main.get_full_property(self._atom("_NET_WM_STATE"), Xatom.ATOM)
        states = () if found is None else list(found.value)
        self._maximized = any(
            self._atom(f"_NET_WM_STATE_MAXIMIZED_{direction}") in states for direction in ("HORZ", "VERT")
        )
        full = self._atom("_NET_WM_STATE_FULLSCREEN") in states
        if full != self._is_full:
            self._is_full = full
            self._fullscreen = full
            self._reports.fullscreen(full)

    def _report_size(self) -> None:
        self._reports.resized(*self._size, self._scale, self._mapped)

    # ---- where it is ----------------------------------------------------------------------------------------------

    def _where(self) -> Rectangle:
        place = self._root.translate_coords(self._main, 0, 0)
        return Rectangle(place.x, place.y, *self._size)

    def _place(self, place: Rectangle) -> None:
        """Put the window there, and let a window manager know that it is meant."""
        scale = self._scale
        self._main.set_wm_normal_hints(
            flags=Xutil.USPosition | Xutil.USSize | Xutil.PMinSize | Xutil.PWinGravity,
            min_width=min(round(MIN_WIDTH * scale), place.width),
            min_height=min(round(MIN_HEIGHT * scale), place.height),
            win_gravity=X.StaticGravity,
        )
        self._configure(place)

    def _configure(self, place: Rectangle) -> None:
        self._main.configure(x=place.x, y=place.y, width=place.width, height=place.height)
        if not self._mapped:
            self._size = (place.width, place.height)
            self._video.configure(width=place.width, height=place.height)

    def _keep(self) -> None:
        self._keep_at = None
        if self._mapped and not (self._fullscreen or self._is_full or self._maximized):
            self._placements.keep(find_monitors(self._display), self._where())

    # ---- window managers ------------------------------------------------------------------------------------------

    def _is_managed(self) -> bool:
        """Return whether there is a window manager that can fill the screen with a window."""
        check = self._root.get_full_property(self._atom("_NET_SUPPORTING_WM_CHECK"), Xatom.WINDOW)
        if check is None or not len(check.value):
            return False
        try:
            self._display.create_resource_object("window", check.value[0]).get_geometry()
        except XError:
            return False  # That of one that has ended.
        supported = self._root.get_full_property(self._atom("_NET_SUPPORTED"), Xatom.ATOM)
        return supported is not None and self._atom("_NET_WM_STATE_FULLSCREEN") in list(supported.value)

    def _ask_manager(self, fullscreen: bool) -> None:
        self._ask("_NET_WM_STATE", [int(fullscreen), self._atom("_NET_WM_STATE_FULLSCREEN"), 0, 1, 0])

    def _ask(self, what: str, words: list[int]) -> None:
        """Ask the window manager for something about the window."""
        message = event.ClientMessage(window=self._main, client_type=self._atom(what), data=(32, words))
        self._root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)

    # ---- small things ---------------------------------------------------------------------------------------------

    def _atom(self, name: str) -> int:
        return int(self._display.get_atom(name))

    def _set(self, name: str, kind: int, words: list[int]) -> None:
        self._main.change_property(self._atom(name), kind, 32, words)

    def _make_blank_cursor(self) -> Any:
        pixmap = self._main.create_pixmap(1, 1, 1)
        gc = pixmap.create_gc(foreground=0)
        pixmap.fill_rectangle(gc, 0, 0, 1, 1)
        cursor = pixmap.create_cursor(pixmap, (0, 0, 0), (0, 0, 0), 0, 0)
        gc.free()
        pixmap.free()
        return cursor
