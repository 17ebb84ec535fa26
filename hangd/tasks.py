"""Tasks, threads and timers on asyncio. The client and the server use them; this module imports nothing of hang.

Work that can block (a file on a network share, a FIFO, the start of a library) runs on a thread: see `in_thread`.
"""

import asyncio
import concurrent.futures
import contextlib
import ctypes
import logging
import os
import platform
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_NICENESS: Final = 15
_IOPRIO_SET: Final = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "armv7l": 314, "i686": 289}
"""The number of the system call by the machine (linux/ioprio.h)."""
_IOPRIO_WHO_PROCESS: Final = 1
_IOPRIO_IDLE: Final = 3 << 13
"""The class of those that get the disk only when nobody else wants it."""


async def in_thread(work: Callable[..., _T], *arguments: object, deadline: float | None, doing: str) -> _T:
    """Run ``work(*arguments)`` on a thread of its own and return its result, or raise what it raised.

    The thread is a daemon thread and not one of asyncio's executor: a call that never returns (a FIFO without a writer,
    a network share that is gone) then holds up neither the other calls nor the end of the process. Its result, should
    it come after all, is dropped.

    Args:
        deadline: seconds to wait. None: as long as it takes (for work that reports its progress and can be cancelled).
        doing: what the work does, as the beginning of a sentence: "reading film.mkv".

    Raises:
        TimeoutError: the deadline passed. ``str()`` is a sentence for a user. It is an OSError, as errors of files are.
    """
    future: concurrent.futures.Future[_T] = concurrent.futures.Future()
    future.set_running_or_notify_cancel()  # From now on it cannot be cancelled, so that setting its result never fails.

    def run() -> None:
        try:
            future.set_result(work(*arguments))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=doing, daemon=True).start()
    result = asyncio.wrap_future(future)
    try:
        async with asyncio.timeout(deadline):
            return await result
    except TimeoutError:
        if not result.cancelled():
            raise  # the work's own
        raise TimeoutError(f"{doing} took longer than {deadline:g} seconds") from None


def lower_priority() -> None:
    """Let this thread wait for all others, for the processor and for the disk. Elsewhere than on Linux: do nothing."""
    if not sys.platform.startswith("linux"):
        return
    thread = threading.get_native_id()
    with contextlib.suppress(OSError):
        # On Linux the niceness belongs to the thread, in spite of POSIX. A daemon that is nicer than this stays so.
        os.setpriority(os.PRIO_PROCESS, thread, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        # The C library has no function for it. A kernel that refuses changes nothing.
        ctypes.CDLL(None).syscall(number, _IOPRIO_WHO_PROCESS, thread, _IOPRIO_IDLE)


class Tasks:
    """Tasks that do not depend on each other. A failure is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, object], *, name: str) -> asyncio.Task[Any]:
        """Start a task, and keep a reference to it until it is done: the event loop itself keeps only a weak one."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def cancel(self) -> None:
        """Cancel all tasks, and wait until they are done."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task %s failed", task.get_name(), exc_info=error)


async def all_of(*steps: Callable[[], Awaitable[None] | None]) -> None:
    """Run all of these steps, one after the other. A failure is logged and ends that step only."""
    for step in steps:
        try:
            awaitable = step()
            if awaitable is not None:
                await awaitable
        except Exception:
            _log.exception("ending: %s failed", getattr(step, "__qualname__", step))


class DeadlineTimer:
    """The timer of one state machine: armed with ``machine.deadline()``, it calls ``expire(now)``.

    ``now`` is at least the deadline. The event loop may wake slightly early, and a machine that is not due yet would
    ask for the same deadline again, in an endless loop.
    """

    def __init__(self, expire: Callable[[float], None]) -> None:
        self._expire = expire
        self._handle: asyncio.TimerHandle | None = None
        self._at: float | None = None

    def arm(self, deadline: float | None) -> None:
        """Call ``expire`` at ``deadline`` (loop time, seconds) and at no other. None: never."""
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
