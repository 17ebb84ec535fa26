"""`WindowClosing`: what comes of closing the film's window. It takes the viewer out of nothing."""

import logging
from typing import Protocol

from hangd.client.control.port import CommandRefused, ControlEvent, Refusal
from hangd.client.server.room_view import RoomView
from hangd.client.settings import ClientSettings
from hangd.engine.player_messages import PlayerCommand, SetWindow

_log = logging.getLogger(__name__)


class _Viewer(Protocol):
    @property
    def settings(self) -> ClientSettings: ...
    @property
    def room_view(self) -> RoomView | None: ...
    def check_control(self, refusal: Refusal) -> None: ...
    def set_paused(self, paused: bool) -> None: ...
    def play_command(self, command: PlayerCommand) -> None: ...


class WindowClosing:
    """Hides the window, and pauses where the setting ``window_close`` says so; brings it back with another film."""

    def __init__(self, viewer: _Viewer) -> None:
        self._viewer = viewer
        self.is_closed = False
        """The window is hidden because it was closed. Any SetWindow ends that."""

    def close(self) -> None:
        viewer, closing = self._viewer, self._viewer.settings.window_close
        if closing == "pause" or (closing == "auto" and viewer.room_view is None):
            try:
                viewer.check_control("error running command")
                viewer.set_paused(True)
            except CommandRefused as refused:
                _log.info("the window was closed, and the film is not paused: %s", refused.message)
        viewer.play_command(SetWindow(False))
        self.is_closed = True

    def heard(self, event: ControlEvent) -> None:
        """Take one event. Out of rooms, whoever opens another film wants to see it."""
        if event["event"] == "start-file" and self.is_closed and self._viewer.room_view is None:
            self._viewer.play_command(SetWindow(True))
