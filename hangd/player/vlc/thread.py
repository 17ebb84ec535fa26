"""A thread that owns an object which only one thread may touch, with a queue of items for it and a timer.

The object is driven like a state machine: items are handled one after the other (`handle`), and it is woken at its
deadline (`expire`). Deadlines are kept to some hundredths of a millisecond, because a start of playback is one: the
thread sleeps until just before, still accepting items, and spins for the rest.

A call inside the object can block for ever (libVLC's can), and such a thread cannot be ended. So nothing here waits for
it: the caller watches `busy_since`, and abandons a thread that is stuck (`OwnerThread.abandon`). It is a daemon thread:
the process can exit.
"""

import ctypes
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, Protocol, TypeVar

_SPIN_SECONDS: Final = 0.002
"""The thread spins for this long before a deadline: a timed wait can wake a millisecond late."""

_Item = TypeVar("_Item")
_Handled = TypeVar("_Handled", contravariant=True)
_Result = TypeVar("_Result")

Post = Callable[[Callable[[], object]], None]
"""Runs a function on the owner thread, after the items posted so far. May be called from any thread."""


class Owned(Protocol[_Handled]):
    """An object that lives on an owner thread. All its methods are called there."""

    def handle(self, item: _Handled) -> None: ...

    def deadline(self) -> float | None:
        """Return when `expire` is to be called (monotonic seconds), or None."""

    def expire(self, now: float) -> None: ...

    def close(self) -> None:
        """Release everything. Nothing is called afterwards."""


class _Abandoned(BaseException):
    """Nobody waits for the thread any more. Not an Exception, so that nothing on its way handles it."""


class OwnerThread(Generic[_Item]):
    """Starts the thread. ``make`` runs on it and returns the object; items can be posted at once."""

    def __init__(self, make: Callable[["OwnerThread[_Item]"], Owned[_Item]], *, name: str) -> None:
        self.busy_since: float | None = None
        """Since when the object has been at work on one item or deadline; None while it waits for the next."""
        self.made: Future[None] = Future()
        """Done when ``make`` has returned; with its exception if it raised one: then there is no object."""
        self.ended: Future[None] = Future()
        """Done when the thread has ended; with the exception that ended it, if there was one."""
        self._make = make
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def post(self, item: _Item) -> None:
        """Queue an item. Never blocks; may be called from any thread."""
        self._items.put(item)

    def end(self) -> None:
        """Close the object and end the thread, after the items posted so far."""
        self._items.put(None)

    def abandon(self) -> None:
        """Let the thread do nothing more if the call that it is stuck in returns some day: the object may be broken."""
        if self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(_Abandoned))

    def _run(self) -> None:
        try:
            self._live()
        except _Abandoned:
            threading.Event().wait()  # This keeps the object, parts of which other threads may still call.

    def _live(self) -> None:
        try:
            owned = self._make(self)
        except _Abandoned:
            raise
        except BaseException as error:  # SystemExit too: python-vlc exits if it finds no library
            self.made.set_exception(error)
            self.ended.set_result(None)
            return
        self.made.set_result(None)
        try:
            try:
                self._serve(owned)
            except Exception:
                owned.close()
                raise
            owned.close()
        except Exception as error:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)

    def _serve(self, owned: Owned[_Item]) -> None:
        while True:
            deadline = owned.deadline()
            timeout = None if deadline is None else deadline - _SPIN_SECONDS - time.monotonic()
            try:
                item = self._items.get(block=timeout is None or timeout > 0, timeout=timeout)
            except queue.Empty:
                assert deadline is not None
                while (now := time.monotonic()) < deadline:
                    pass
                self.busy_since = now
                owned.expire(now)
            else:
                if item is None:
                    return
                self.busy_since = time.monotonic()
                owned.handle(item)
            self.busy_since = None


def run_aside(work: Callable[[], _Result], then: Callable[[_Result], None], post: Post) -> threading.Thread:
    """Run ``work`` on another thread, which is returned, and afterwards ``then(result)`` on the owner thread.

    For work that can block longer than a command may. ``then`` is never called if it blocks for ever, so the caller
    needs a deadline of its own, and ``then`` must check that its result is still wanted.
    """

    def run() -> None:
        result = work()
        post(lambda: then(result))

    thread = threading.Thread(target=run, name="aside", daemon=True)
    thread.start()
    return thread
