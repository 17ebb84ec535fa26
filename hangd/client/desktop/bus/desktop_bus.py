"""DesktopBus: what the daemon does on D-Bus, joined. `hangd.client.daemon` makes one.

dbus-fast may be missing. Then this holds off the screen saver by the film's window, and does nothing else.
"""

import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hangd.client.control.port import ViewerPort
from hangd.client.desktop.base import Read, Request
from hangd.client.desktop.bus.art import Art, Take
from hangd.client.desktop.bus.awake import Awake
from hangd.client.desktop.bus.controls import Controls
from hangd.client.settings import ClientSettings
from hangd.tasks import Tasks

if TYPE_CHECKING:
    from hangd.client.desktop.bus.session import BusConnection, Use

_log = logging.getLogger(__name__)


def has_library() -> bool:
    """Return whether dbus-fast is installed."""
    return importlib.util.find_spec("dbus_fast") is not None


class DesktopBus:
    """See the module's docstring. Await `close` before the loop ends.

    Args:
        settings: returns those of now; whether there is MPRIS is asked once.
        art: the folder for pictures of films, which ``take`` makes.
        activate: brings the film's window before others, if there is one.
        keep_awake: called with whether the film's window has to keep the screen saver off, because no bus does.
        is_seen: returns whether the viewer uses the film's window.
    """

    def __init__(
        self,
        viewer: ViewerPort,
        request: Request,
        read: Read,
        settings: Callable[[], ClientSettings],
        art: Path,
        take: Take,
        activate: Callable[[], None],
        keep_awake: Callable[[bool], None],
        is_seen: Callable[[], bool],
    ) -> None:
        self._tasks = Tasks()
        pictures = Art(art, read, take, self._tasks)
        self._controls = controls = Controls(viewer, request, read, settings, pictures.url, activate)
        awake = Awake(viewer, controls, settings, keep_awake)
        viewer.subscribe(lambda event: None, awake.changed)
        if not has_library():
            _log.debug("no D-Bus: dbus-fast is not installed")
            return
        from hangd.client.desktop.bus.inhibit import Inhibit
        from hangd.client.desktop.bus.mpris import Mpris
        from hangd.client.desktop.bus.notifications import Notifications
        from hangd.client.desktop.bus.session import BusConnection, session_address, system_address

        inhibit, notifications = Inhibit(awake), Notifications(read, settings, is_seen)
        viewer.subscribe(notifications.heard, lambda names: None)
        session: list[Use] = [inhibit.hold_screen, notifications.serve]
        if settings().mpris != "no":
            mpris = Mpris(controls)
            pictures.found = mpris.wake
            viewer.subscribe(mpris.heard, mpris.changed)
            session.append(mpris.serve)
        self._keep(BusConnection("session bus", session_address, session))
        self._keep(BusConnection("system bus", system_address, [inhibit.hold_sleep], passes_files=True))

    def _keep(self, connection: "BusConnection") -> None:
        self._tasks.start(connection.keep(), name="bus")

    async def close(self) -> None:
        """Leave the buses. They see that, and take back what was asked of them."""
        await self._tasks.cancel()
        await self._controls.close()
