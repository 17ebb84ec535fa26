"""What a desktop has on its buses, as far as hang and notify-send ask for it: screen saver, notifications, logind.

It notes what it is asked, in a thread of its own, so that tests may block::

    with DesktopServices(bus.address) as desktop:
        wait_for(lambda: desktop.notes, "a note")
"""

import asyncio
import itertools
import os
import threading
from typing import Annotated, Any, Final

from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusUnixFd
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from tests.support.closing import Closing
from tests.support.daemons.party import PATIENCE

__all__ = ["DesktopServices"]

_Texts = Annotated[list[str], DBusSignature("as")]


class _Saver(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.freedesktop.ScreenSaver")
        self.held: dict[int, tuple[str, str]] = {}
        self._cookies = itertools.count(7)

    @dbus_method()
    def Inhibit(self, who: DBusStr, why: DBusStr) -> DBusUInt32:
        cookie = next(self._cookies)
        self.held[cookie] = who, why
        return cookie

    @dbus_method()
    def UnInhibit(self, cookie: DBusUInt32) -> None:
        del self.held[cookie]


class _Notifications(ServiceInterface):
    def __init__(self, capabilities: list[str]) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.notes: list[dict[str, Any]] = []
        self._capabilities = capabilities
        self._numbers = itertools.count(1)

    @dbus_method()
    def GetServerInformation(self) -> Annotated[tuple[str, str, str, str], DBusSignature("ssss")]:
        return "test", "test", "1", "1.2"

    @dbus_method()
    def GetCapabilities(self) -> _Texts:
        return self._capabilities

    @dbus_method()
    def Notify(
        self,
        app: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        summary: DBusStr,
        body: DBusStr,
        actions: _Texts,
        hints: DBusDict,
        timeout: DBusInt32,
    ) -> DBusUInt32:
        number = replaces or next(self._numbers)
        self.notes.append({"number": number, "replaces": replaces, "summary": summary, "body": body})
        return number

    @dbus_signal()
    def NotificationClosed(self, number: int) -> Annotated[tuple[int, int], DBusSignature("uu")]:
        return number, 2


class _Logind(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Manager")
        self.asked: list[tuple[str, int]] = []
        """What is to be held off, and our end of the pipe that says whether it still is."""

    @dbus_method()
    def Inhibit(self, what: DBusStr, who: DBusStr, why: DBusStr, mode: DBusStr) -> DBusUnixFd:
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        self.asked.append((what, ours))
        asyncio.get_running_loop().call_later(0.5, os.close, theirs)  # once it has been sent
        return theirs


class DesktopServices(Closing):
    """See the module's docstring."""

    def __init__(self, address: str, *, capabilities: tuple[str, ...] = ("body", "body-markup")) -> None:
        self._address = address
        self._saver = _Saver()
        self._notifications = _Notifications(list(capabilities))
        self._logind = _Logind()
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    async def _run(self) -> None:
        bus = await MessageBus(bus_address=self._address, negotiate_unix_fd=True).connect()
        for path, interface, name in (
            ("/org/freedesktop/ScreenSaver", self._saver, "org.freedesktop.ScreenSaver"),
            ("/org/freedesktop/Notifications", self._notifications, "org.freedesktop.Notifications"),
            ("/org/freedesktop/login1", self._logind, "org.freedesktop.login1"),
        ):
            bus.export(path, interface)
            await bus.request_name(name)
        self._ready.set()
        await self._stop.wait()
        bus.disconnect()

    @property
    def screen_holds(self) -> list[tuple[str, str]]:
        """Who holds the screen saver off now, and why."""
        return list(self._saver.held.values())

    @property
    def sleep_holds(self) -> list[str]:
        """What is held off at logind now."""
        return [what for what, ours in self._logind.asked if not _is_closed(ours)]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """All notes so far."""
        return list(self._notifications.notes)

    def close_note(self, number: int) -> None:
        """Close a note, as a click on it does."""
        self._loop.call_soon_threadsafe(self._notifications.NotificationClosed, number)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        self._loop.close()


_END: Final = b""


def _is_closed(ours: int) -> bool:
    try:
        return os.read(ours, 1) == _END
    except BlockingIOError:
        return False
