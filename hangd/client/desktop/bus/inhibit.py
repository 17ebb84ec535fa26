"""Inhibit: holds off the screen saver while a film plays, and suspend while anything plays.

The session bus knows the screen saver (org.freedesktop.ScreenSaver), the computer's bus suspend (logind). Both take it
back by themselves when the daemon is gone. `Awake` says what is wanted.
"""

import asyncio
import logging
import os
from typing import Any, Final

from dbus_fast.aio import MessageBus

from hangd.client.desktop.bus.awake import Awake, Held
from hangd.client.desktop.bus.session import ANSWER_ERRORS, BUS_ERRORS, call, in_words, watch_service

_log = logging.getLogger(__name__)

_SAVER: Final = ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver")
_LOGIND: Final = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_WHO: Final = "hang"
_WHAT: Final[dict[Held, str]] = {"sleep": "sleep", "screen": "idle:sleep"}
_WHY: Final[dict[Held, str]] = {"sleep": "music is playing", "screen": "a film is playing"}


class Inhibit:
    """See the module's docstring. `hold_screen` and `hold_sleep` are for a `BusConnection` each."""

    def __init__(self, awake: Awake) -> None:
        self._awake = awake
        self._wake_screen, self._wake_sleep = asyncio.Event(), asyncio.Event()
        awake.subscribe(self._wake_screen.set)
        awake.subscribe(self._wake_sleep.set)

    async def hold_screen(self, bus: MessageBus) -> None:
        """Ask the screen saver on the session bus, until cancelled."""
        wake = self._wake_screen
        is_asked = False
        cookie: int | None = None

        def replaced() -> None:
            nonlocal is_asked, cookie
            is_asked, cookie = False, None  # What the service before had promised is gone with it.
            wake.set()

        try:
            await watch_service(bus, _SAVER[0], replaced)
            while True:
                try:
                    if (self._awake.wanted() == "screen") != is_asked:
                        is_asked, given, cookie = not is_asked, cookie, None
                        if is_asked:
                            reply = await call(bus, *_SAVER, "Inhibit", "ss", [_WHO, _WHY["screen"]])
                            cookie = int(reply.body[0])
                        elif given is not None:
                            await call(bus, *_SAVER, "UnInhibit", "u", [given])
                except ANSWER_ERRORS as error:
                    _log.debug("no screen saver on the session bus: %s", in_words(error))
                self._awake.bus_holds_screen(cookie is not None)
                await wake.wait()
                wake.clear()
        finally:
            self._awake.bus_holds_screen(False)

    async def hold_sleep(self, bus: MessageBus) -> None:
        """Ask logind on the computer's bus, until cancelled. What it gives is a file: open as long as it holds."""
        wake = self._wake_sleep
        held: Held = "nothing"
        files: list[int] = []
        try:
            while True:
                if (wanted := self._awake.wanted()) != held:
                    held, before, files = wanted, files, []
                    try:
                        if held != "nothing":
                            body: list[Any] = [_WHAT[held], _WHO, _WHY[held], "block"]
                            files = (await call(bus, *_LOGIND, "Inhibit", "ssss", body)).unix_fds
                    except BUS_ERRORS as error:
                        _log.debug("logind holds nothing off: %s", in_words(error))
                    finally:
                        _close(before)
                await wake.wait()
                wake.clear()
        finally:
            _close(files)


def _close(files: list[int]) -> None:
    for file in files:
        os.close(file)
