"""Notices: tell control clients of events and of changed properties, and wake those that wait for a condition.

Nothing is polled. Every part of the client calls `announce` after something has happened; what has changed is found by
comparing a snapshot of all readings with the one before.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from hangd.client.control.port import CommandRefused, ControlEvent


class Notices:
    """See the module's docstring.

    Args:
        look: returns all readings that are announced when they change, by the property's name.
    """

    def __init__(self, look: Callable[[], Mapping[str, Any]]) -> None:
        self._look = look
        self._sinks: list[Callable[[ControlEvent], None]] = []
        self._watchers: list[Callable[[frozenset[str]], None]] = []
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._seen: Mapping[str, Any] = {}

    def subscribe(self, sink: Callable[[ControlEvent], None], changed: Callable[[frozenset[str]], None]) -> None:
        """Call ``sink`` with each event, and ``changed`` with the names of properties that changed, from now on."""
        self._sinks.append(sink)
        self._watchers.append(changed)

    def emit(self, event: ControlEvent) -> None:
        """Give an event to every control client."""
        for sink in self._sinks:
            sink(event)

    def announce(self) -> None:
        """Tell which properties have changed since the last call, and wake those whose condition holds now."""
        seen = self._look()
        changed = frozenset(name for name, value in seen.items() if self._seen.get(name, self) != value)
        self._seen = seen
        if changed:
            for watcher in self._watchers:
                watcher(changed)
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds. Raises CommandRefused if `refuse` is called meanwhile."""
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
        """End every wait: what this viewer asked for has been refused."""
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(CommandRefused.failed(code, message))
