"""Who is told what happens, and who waits for it: the control clients' side of a viewer.

Nothing is polled. Whoever waits gives a condition, which is looked at whenever something has happened; what has changed
is found by comparing what there is to see now with what there was.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from hangd.client.control.port import CommandRefused, ControlEvent

__all__ = ["Notices"]


class Notices:
    """Sinks for events, watchers of properties, and waiters."""

    def __init__(self) -> None:
        self._sinks: list[Callable[[ControlEvent], None]] = []
        self._watchers: list[Callable[[frozenset[str]], None]] = []
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._seen: Mapping[str, Any] = {}

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        """From now on, call ``sink`` with each event and ``changed`` with the names of what is new."""
        self._sinks.append(sink)
        self._watchers.append(changed)

    def emit(self, event: ControlEvent) -> None:
        for sink in self._sinks:
            sink(event)

    def announce(self, seen: Mapping[str, Any]) -> None:
        """Tell what differs from what was ``seen`` the last time, and wake whoever waited for it."""
        changed = frozenset(name for name, value in seen.items() if self._seen.get(name, self) != value)
        self._seen = seen
        if changed:
            for watcher in self._watchers:
                watcher(changed)
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds. Raises CommandRefused where `refuse` is called meanwhile."""
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (condition, future)
        self._waiters.append(waiter)
        try:
            await future
        finally:
            self._waiters.remove(waiter)

    def refuse(self, code: str, message: str) -> None:
        """Something that was asked for has been refused: whoever waits learns it."""
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(CommandRefused("error running command", code, message))
