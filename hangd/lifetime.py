"""How a process of ours ends, and how its service manager knows that it lives: alike for the daemon and the server."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from hangd import notify

__all__ = ["feed_watchdog", "reload_on_hangup", "stop_on_signals", "version"]


def version() -> str:
    """Return this distribution's version; "0" from a source tree that nobody installed."""
    try:
        return installed_version("hang-sync")
    except PackageNotFoundError:
        return "0"


def stop_on_signals(stop: asyncio.Event) -> None:
    """Let TERM and INT set ``stop``, once the calling task runs; a second one cancels that task: no more waiting."""
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
    """Let HUP call ``reload`` on the event loop, and do nothing else."""
    _on_signal("SIGHUP", reload)


def _on_signal(name: str, call: Callable[[], None]) -> None:
    # Windows has no HUP, and no handlers on a loop: Ctrl-C raises KeyboardInterrupt there instead.
    with contextlib.suppress(NotImplementedError, AttributeError):
        asyncio.get_running_loop().add_signal_handler(getattr(signal, name), call)


def feed_watchdog() -> None:
    """Tell the service manager at the pace it asked for that this event loop turns."""
    if (interval := notify.watchdog_interval()) is not None:
        notify.notify("WATCHDOG=1")
        asyncio.get_running_loop().call_later(interval, feed_watchdog)
