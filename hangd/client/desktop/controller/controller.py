"""Controller: shows the controller when the mouse moves, hides it again, and carries out what is clicked and dragged.

Theory of operation. While it is hidden nothing happens: no time is asked for, nothing is read or drawn. A movement of
the pointer shows it until `_SHOWN_SECONDS` after the last one, and for as long as the pointer is on it, something is
dragged, or a list is open. While it is shown, everything is read and compared a few times a second, and drawn only
where it differs (`frame.py`). What the pointer changes is drawn at once, at most `_DRAWN_PER_SECOND` times a second.

A drag of the timeline is one seek: it moves the handle only, and the film when the button is let go. ESC, another
button or another film gives it up.
"""

from collections.abc import Callable
from typing import Final

from hangd.client.desktop.base import Read, Run, WindowPort
from hangd.client.desktop.controller.layout import CONTROLS, Part
from hangd.client.desktop.controller.state import State, look
from hangd.client.desktop.controller.views import Use, Views

_SHOWN_SECONDS: Final = 2.0
"""After the last movement of the pointer."""
_LIST_SECONDS: Final = 5.0
"""For so long a list stays open while the pointer is elsewhere."""
_READ_SECONDS: Final = 0.2
"""From one look at what may have changed by itself to the next: the position, and where the others are."""
_DRAWN_PER_SECOND: Final = 30.0
_JITTER: Final = 3
"""Pixels. Some mice move that far by themselves."""
_SEEK_NEAR: Final = 1.0
"""Seconds of the film: nearer to where the viewer sought, it is there."""
_SEEK_SECONDS: Final = 2.0
"""For so long the handle waits for the film where it was let go. A room may refuse a seek."""
_WHEEL_VOLUME: Final = 2
"""Per cent, as mpv's."""
_WHEEL_ROWS: Final = 3


class Controller:
    """See the module's docstring. Implements Overlay.

    Args:
        raise_subtitles: makes room for the controller below the subtitles: a share of the picture's height.
    """

    def __init__(self, window: WindowPort, run: Run, read: Read, raise_subtitles: Callable[[float], None]) -> None:
        self._window = window
        self._run = run
        self._read = read
        self._views = Views(window, raise_subtitles)
        self._state = State()
        self._use = Use()
        self._shown = False
        self._was_used = False
        """Whether the pointer has moved, or a button was pressed, since the last tick."""
        self._shown_until = self._list_until = 0.0
        self._took_click = False
        """Whether the last click was on the controller."""
        self._drag_film: object = None
        self._list_film: object = None
        """The film that was open when the list was opened."""
        self._sought_at: float | None = None
        """When it was looked first whether the film is where the viewer sought."""
        self._drawn_at = 0.0
        self._read_at = 0.0
        self._must_read = False
        self._must_draw = False

    # ---- what the mouse does -----------------------------------------------------------------------------------------

    def key(self, name: str, text: str) -> bool:
        """Take ESC while something is dragged or a list is open."""
        if name != "ESC" or not self._shown or (self._use.dragged is None and self._use.opened is None):
            return False
        self._use.dragged = self._use.opened = None
        self._must_draw = True
        return True

    def move(self, x: int, y: int) -> bool:
        """Show the controller, and what is below the pointer. While something is dragged, move that."""
        before, self._use.pointer = self._use.pointer, (x, y)
        if not self._shown and before is not None and max(abs(x - before[0]), abs(y - before[1])) < _JITTER:
            self._use.pointer = before
            return False
        self._show()
        if self._use.dragged is not None:
            self._drag_to(x)
        self._must_draw = True
        return self._use.dragged is not None or self._views.are_at(x, y)

    def press(self, name: str, x: int, y: int) -> bool:
        """Take what is pressed on the controller, and on its list; a press beside an open list closes that."""
        if name == "MBTN_LEFT_DBL":
            return self._took_click  # It follows the click, after which a list may be closed already.
        is_taken = self._press(name, x, y)
        if name == "MBTN_LEFT":
            self._took_click = is_taken
        return is_taken

    def _press(self, name: str, x: int, y: int) -> bool:
        if not self._shown or self._views.layout is None:
            return False
        self._use.pointer = (x, y)
        self._show()
        self._must_draw = True
        if self._use.dragged is not None:
            self._use.dragged = None if name != "MBTN_LEFT" else self._use.dragged
            return True
        if self._views.list is not None and self._views.list.panel.contains(x, y):
            self._press_list(name, x, y)
            return True
        if not self._views.layout.panel.contains(x, y):
            closed, self._use.opened = self._use.opened is not None, None
            return closed
        part = self._views.layout.part_at(x, y)
        if name in ("WHEEL_UP", "WHEEL_DOWN"):
            return self._turn_wheel(part, up=name == "WHEEL_UP")
        if name == "MBTN_LEFT" and part is not None:
            self._press_part(part, x)
        return True

    def release(self, name: str, x: int, y: int) -> bool:
        """Seek, if the timeline was dragged."""
        if not self._shown or self._views.layout is None:
            return False
        dragged = self._use.dragged
        if name == "MBTN_LEFT" and dragged is not None:
            self._drag_to(x)
            self._use.dragged = None
            if dragged == "timeline" and self._state.duration is not None and self._film() == self._drag_film:
                seconds = self._use.share * self._state.duration
                self._run(f"no-osd seek {seconds:.3f} absolute exact")
                self._use.sought, self._sought_at = seconds, None
            self._must_read = self._must_draw = True
            return True
        return self._views.are_at(x, y)

    def leave(self) -> None:
        """Hide the controller: the pointer has left the window. A drag goes on outside of it."""
        self._use.pointer = None
        if self._shown and self._use.dragged is None:
            self._hide()

    def resized(self) -> None:
        """Take the window's new size. A list closes: its button is elsewhere now."""
        self._use.opened = None
        if not self._window.is_shown:
            self._hide()
        self._must_draw = self._shown

    # ---- time --------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> float | None:
        """Read and draw what is due; hide the controller when its time is over."""
        if not self._shown:
            return None
        self._close_list(now)
        if self._was_used or self._stays():
            self._was_used = False
            self._shown_until = now + _SHOWN_SECONDS
        elif now >= self._shown_until:
            self._hide()
            return None
        if self._must_read or now - self._read_at >= _READ_SECONDS:
            self._read_all(now)
        next_draw = self._drawn_at + 1 / _DRAWN_PER_SECOND
        if self._must_draw and now >= next_draw:
            self._draw(now)
        due = min(self._read_at + _READ_SECONDS, self._shown_until)
        return min(due, next_draw) if self._must_draw else due

    def changed(self, names: frozenset[str]) -> None:
        """Read again with the next tick, while there is something to see."""
        self._must_read = self._shown

    @property
    def _is_pointed_at(self) -> bool:
        return self._use.pointer is not None and self._views.are_at(*self._use.pointer)

    def _stays(self) -> bool:
        return self._is_pointed_at or self._use.dragged is not None or self._use.opened is not None

    def _close_list(self, now: float) -> None:
        """Close an open list if the pointer was elsewhere for too long."""
        if self._use.opened is None or self._is_pointed_at:
            self._list_until = now + _LIST_SECONDS
        elif now >= self._list_until:
            self._use.opened = None
            self._must_draw = True

    def _show(self) -> None:
        """Show the controller with the next tick, or longer."""
        self._was_used = True
        if not self._shown and self._window.is_shown:
            self._shown = self._must_read = self._must_draw = True

    def _hide(self) -> None:
        self._shown = False
        self._use.dragged = self._use.opened = self._use.sought = None
        self._views.hide()

    # ---- what is clicked ---------------------------------------------------------------------------------------------

    def _press_part(self, part: Part, x: int) -> None:
        opened, self._use.opened = self._use.opened, None
        if part in CONTROLS and not self._state.may_control:
            return
        match part:
            case "timeline" if self._state.duration is not None:
                self._use.dragged, self._drag_film = "timeline", self._film()
                self._drag_to(x)
            case "volume":
                self._use.dragged = "volume"
                self._drag_to(x)
            case "total":
                self._use.remaining = not self._use.remaining
            case "play":
                self._run("no-osd hang-play toggle")
            case "previous":
                self._run("no-osd playlist-prev")
            case "next":
                self._run("no-osd playlist-next")
            case "mute":
                self._run("no-osd cycle mute")
            case "fullscreen":
                self._run("no-osd cycle fullscreen")
            case "people" | "audio" | "subtitles":
                self._use.opened = None if opened == part else part
                self._use.first_row, self._list_film = 0, self._film()

    def _press_list(self, name: str, x: int, y: int) -> None:
        assert self._views.list is not None
        if name in ("WHEEL_UP", "WHEEL_DOWN"):
            rows_by = -_WHEEL_ROWS if name == "WHEEL_UP" else _WHEEL_ROWS
            self._use.first_row = self._views.list.first + rows_by
            return
        number = self._views.list.row_at(x, y)
        if name != "MBTN_LEFT" or number is None or self._use.opened not in ("audio", "subtitles"):
            return
        choices = self._state.audio if self._use.opened == "audio" else self._state.subtitles
        if number < len(choices):
            track = choices[number].number
            self._run(f"no-osd set {'aid' if self._use.opened == 'audio' else 'sid'} {track or 'no'}")
            self._must_read = True
        self._use.opened = None

    def _turn_wheel(self, part: Part | None, *, up: bool) -> bool:
        if part not in ("volume", "mute"):
            return False
        self._run(f"no-osd add volume {_WHEEL_VOLUME if up else -_WHEEL_VOLUME}")
        self._must_read = True
        return True

    def _drag_to(self, x: int) -> None:
        assert self._use.dragged is not None and self._views.layout is not None
        if self._use.dragged not in self._views.layout.parts:
            self._use.dragged = None  # The window has become too narrow for it.
            return
        share = self._views.layout.share_at(self._use.dragged, x)
        if self._use.dragged == "volume":
            volume = round(share * self._state.volume_max)
            if volume != round(self._state.volume):
                self._run(f"no-osd set volume {volume}")
                self._must_read = True
        self._use.share = share

    def _film(self) -> object:
        """Return something that differs from film to film."""
        return self._read("playlist-pos"), self._read("path")

    # ---- reading and drawing -----------------------------------------------------------------------------------------

    def _read_all(self, now: float) -> None:
        self._must_read = False
        self._read_at = now
        self._state = look(self._read)
        if self._use.dragged == "timeline" and (self._state.duration is None or self._film() != self._drag_film):
            self._use.dragged = None
        if self._use.opened is not None and self._film() != self._list_film:
            self._use.opened = None
        if self._use.sought is not None:
            self._sought_at = now if self._sought_at is None else self._sought_at
            is_there = abs((self._state.position or 0.0) - self._use.sought) < _SEEK_NEAR
            if is_there or now - self._sought_at >= _SEEK_SECONDS:
                self._use.sought = None
        self._must_draw = True

    def _draw(self, now: float) -> None:
        self._must_draw = False
        self._drawn_at = now
        self._views.draw(self._state, self._use)
