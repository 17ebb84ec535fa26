"""Signals, watchdog and version of a process. The daemon and the server use it."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Final

from hangd import notify

EXIT_WRONG_SETTING: Final = 2
"""Exit code for a setting that cannot be used. Starting again would not help, so the units name it in
RestartPreventExitStatus=."""


def version() -> str:
    """Return the version of the installed distribution; "0" in a source tree that is not installed."""
    try:
        return installed_version("hang-sync")
    except PackageNotFoundError:
        return "0"


def stop_on_signals(stop: asyncio.Event) -> None:
    """Let SIGTERM and SIGINT set ``stop``. A second signal cancels the calling task, so that it does not wait."""
    main = asyncio.current_task()
    assert main is not None

    def leave() -> None:
        if stop.is_set():
            main.cancel()
        notify.notify("STOPPING=1")
        stop.set()

    for name in ("SIGTERM", "SIGINT"):
        _on_signal(name, leave)


def reload_on_hangup(reload: Callable[[], None]) -> None:
    """Let SIGHUP call ``reload`` on the event loop."""
    _on_signal("SIGHUP", reload)


def _on_signal(name: str, call: Callable[[], None]) -> None:
    # Windows has no SIGHUP and no signal handlers on an event loop. There, Ctrl-C raises KeyboardInterrupt.
    with contextlib.suppress(NotImplementedError, AttributeError):
        asyncio.get_running_loop().add_signal_handler(getattr(signal, name), call)


def feed_watchdog() -> None:
    """Tell the service manager, as often as it asks for, that the event loop runs."""
    if (interval := notify.watchdog_interval()) is not None:
        notify.notify("WATCHDOG=1")
        asyncio.get_running_loop().call_later(interval, feed_watchdog)
