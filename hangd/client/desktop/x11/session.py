"""`Session`: one connection to the X server, with the film's window. On the X thread, which imports this when it needs
it: python-xlib and cairo take a while to load."""

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError, XauthError, XNoAuthError

from hangd.client.desktop.placement import Placements
from hangd.client.desktop.x11.window import MainWindow, Reports, WindowGone

_log = logging.getLogger(__name__)


class SessionEnded(Exception):
    """The connection has ended. ``destroyed``: the display is there, but somebody has closed the window by force."""

    def __init__(self, *, destroyed: bool) -> None:
        super().__init__(destroyed)
        self.destroyed = destroyed


class Session:
    """See the module's docstring. Every method may block, and raises SessionEnded.

    Raises:
        ConnectionError: the display that the environment names cannot be opened.
    """

    def __init__(self, reports: Reports, placements: Placements) -> None:
        try:
            self._display = Display()
        except (DisplayError, XauthError, XNoAuthError, ConnectionClosedError, OSError, ValueError) as error:
            _log.debug("the display cannot be opened: %s", error)
            raise ConnectionError from error
        self._display.set_error_handler(_note_error)
        try:
            self.window = MainWindow(self._display, reports, placements)
        except Exception as error:
            _log.exception("the film's window cannot be made")
            self.close()
            raise ConnectionError from error

    def fileno(self) -> int:
        return int(self._display.fileno())

    def sync(self) -> None:
        """Return when the server has answered."""
        self._guard(self._display.sync)

    def flush(self) -> None:
        self._guard(self._display.flush)

    def do(self, wish: Callable[[MainWindow], object]) -> None:
        self._guard(lambda: wish(self.window))

    def handle_events(self) -> None:
        """Take the events that are there."""
        while self.has_events():
            self._guard(lambda: self.window.handle(self._display.next_event()))
        self._guard(self.window.handled_all)

    def has_events(self) -> bool:
        """Return whether events are there. Replies may have brought some along, of which no descriptor tells."""
        return bool(self._guard(self._display.pending_events))

    def close(self) -> None:
        with contextlib.suppress(Exception):  # It had ended.
            self._display.close()

    def _guard(self, act: Callable[[], Any]) -> Any:
        """Run ``act``. What fails beside the connection is logged and ends nothing."""
        try:
            return act()
        except WindowGone:
            raise SessionEnded(destroyed=True) from None
        except (ConnectionClosedError, OSError) as error:
            _log.debug("the connection to the display has ended: %s", error)
            raise SessionEnded(destroyed=_display_is_there()) from error
        except Exception:
            _log.exception("the film's window could not do something")
            return None


def _display_is_there() -> bool:
    """Return whether the display can be opened: then somebody has let it end this connection."""
    try:
        Display().close()
    except Exception:
        return False
    return True


def _note_error(error: Any, _request: Any) -> None:
    _log.info("the X server refused a request: %s", error)
