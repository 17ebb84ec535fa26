"""Processes on simulated time: each has an event loop of its own, can be stopped, woken and killed.

A turn of a loop takes no time. What happens in the world (`Time.at`) happens between turns. All of it is in one order,
which the times and the order of the calls give.
"""

import asyncio
import heapq
import inspect
import itertools
import math
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

_TURNS_MOST: Final = 10_000
"""Turns at one time: a loop that has more spins."""


class Process(asyncio.BaseEventLoop):
    """The event loop of a process, which has no files, sockets and threads. `Time.process` makes it."""

    def __init__(self, time: "Time", name: str) -> None:
        super().__init__()
        self._time = time
        self.name = name
        self._ready: deque[Handle] = deque()
        self._timers: list[TimerHandle] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.ahead = 0.0
        """By how many seconds the clock of its machine is ahead of the world's."""
        self.is_stopped = False
        self.is_killed = False
        self.failures: list[str] = []
        """What went wrong in it, and nobody caught."""

    # What asyncio asks of a loop

    def time(self) -> float:
        return self._time.now + self.ahead

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return True  # There is nothing to close.

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> Handle:
        handle = Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> TimerHandle:
        timer = TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, timer)
        return timer

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        pass  # It is passed over when it is due.

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]  # of no more arguments than are used
        self, coro: Coroutine[Any, Any, _T], *, name: str | None = None, context: Any = None
    ) -> asyncio.Task[_T]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    # What the world does

    @property
    def runs(self) -> bool:
        return not self.is_stopped and not self.is_killed

    @property
    def is_ready(self) -> bool:
        return self.runs and bool(self._ready)

    @property
    def task_names(self) -> list[str]:
        """Return the names of the tasks that are under way."""
        return sorted(task.get_name() for task in self._tasks)

    def arrive(self, callback: Callable[..., object], *args: Any) -> None:
        """Let something arrive at this process, which handles it when it runs."""
        if not self.is_killed:
            self.call_soon(callback, *args)

    def turn(self) -> None:
        """Run what is ready."""
        due = list(self._ready)
        self._ready.clear()
        with self:
            for handle in due:
                if not handle.cancelled() and not self.is_killed:  # It may end in the middle of the turn.
                    handle._run()

    def wake(self, now: float) -> float:
        """Make ready what is due. Returns when it has to do something next: now, if anything is ready."""
        timers, ahead = self._timers, self.ahead
        while timers and ((first := timers[0]).cancelled() or first.when() - ahead <= now):
            heapq.heappop(timers)
            if not first.cancelled():
                self._ready.append(first)
        if self._ready:
            return now
        return timers[0].when() - ahead if timers else math.inf

    def __enter__(self) -> None:
        """Be the running loop."""
        assert asyncio._get_running_loop() is None
        asyncio._set_running_loop(self)

    def __exit__(self, *_: object) -> None:
        asyncio._set_running_loop(None)

    def kill(self) -> None:
        """Let nothing run in it any more, not even what awaits the end of a task."""
        self.is_killed = True
        self._ready.clear()
        self._timers.clear()
        for task in self._tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()  # Nothing of it has run; else Python warns that it was never awaited.


class Time:
    """The time of a world, and its processes."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.processes: list[Process] = []
        self.after_turn: Callable[[Process], None] = lambda process: None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def process(self, name: str) -> Process:
        process = Process(self, name)
        self.processes.append(process)
        return process

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Let this happen in the world at this time."""
        heapq.heappush(self._events, (max(when, self.now), next(self._count), what))

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        self.at(self.now + seconds, what)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let so many seconds pass, or fewer, if this is true before. Returns whether it is."""
        end, turns = self.now + seconds, 0
        while not until():
            due = self._wake()
            if due <= self.now:
                turns += 1
                assert turns < _TURNS_MOST, f"at {self.now} the processes spin"
                for process in list(self.processes):
                    if process.is_ready:
                        process.turn()
                        self.after_turn(process)
                continue
            if self._events:
                due = min(due, self._events[0][0])
            if due > end:
                self.now = end
                return until()
            if due > self.now:
                self.now, turns = due, 0
            if self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()
        return True

    def _wake(self) -> float:
        """Make ready what is due in all processes. Returns when one of them has to do something next, or infinity.

        A simulation spends more of its time here than anywhere else.
        """
        now, due = self.now, math.inf
        for process in self.processes:
            if not (process.is_stopped or process.is_killed) and (when := process.wake(now)) < due:
                due = when
        return due
