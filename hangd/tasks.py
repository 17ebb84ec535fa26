"""Tasks, started in one place: named, kept (the loop holds only weak references), and behind a failure barrier."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["DeadlineTimer", "Tasks"]

_log = logging.getLogger(__name__)


class Tasks:
    """A set of tasks whose failures are logged and end nobody else. For infrastructure, use a TaskGroup."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, object], *, name: str) -> asyncio.Task[Any]:
        """Start a task under this name and keep it until it is done."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def cancel(self) -> None:
        """Cancel what still runs, and wait for its end."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task %s failed", task.get_name(), exc_info=error)


class DeadlineTimer:
    """One timer for one machine: armed with ``machine.deadline()``, it calls ``expire(now)``.

    ``now`` is at least the deadline: a loop that wakes a hair early must not find the machine not yet due and spin.
    """

    def __init__(self, expire: Callable[[float], None]) -> None:
        self._expire = expire
        self._handle: asyncio.TimerHandle | None = None
        self._at: float | None = None

    def arm(self, deadline: float | None) -> None:
        """Wake at ``deadline`` (loop time, seconds) instead of whatever was armed before; None: do not wake."""
        if deadline == self._at:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._at = deadline
        if deadline is not None:
            self._handle = asyncio.get_running_loop().call_at(deadline, self._fire, deadline)

    def _fire(self, deadline: float) -> None:
        self._handle = self._at = None
        self._expire(max(deadline, asyncio.get_running_loop().time()))
