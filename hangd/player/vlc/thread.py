"""A thread that owns something which only one thread may touch, with that something's queue and clock.

The owned thing is a small machine: items go in one after the other (`handle`), and it is woken at its deadline
(`expire`). Deadlines are kept to some hundredths of a millisecond: the thread sleeps until just before, listening for
newer items all the while, and spins for the rest. A start of playback is such a deadline.

A call inside the owned thing may hang for good (libVLC's can). Nothing here waits for that: whoever posts looks at
`busy_since`, and abandons a thread that is stuck. It is a daemon thread, so it does not hold up the exit.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, Protocol, TypeVar

__all__ = ["Owned", "OwnerThread"]

_SPIN: Final = 0.002
"""Seconds before a deadline from which on the thread spins: a timed wait may wake a millisecond late."""

_Item = TypeVar("_Item")
_Taken = TypeVar("_Taken", contravariant=True)


class Owned(Protocol[_Taken]):
    """What lives on the thread. Every method runs there."""

    def handle(self, item: _Taken) -> None:
        """Take one item."""

    def deadline(self) -> float | None:
        """Return when `expire` wants to be called (monotonic seconds), or None."""

    def expire(self, now: float) -> None:
        """The deadline has come."""

    def close(self) -> None:
        """Let go of everything. Nothing is called after this."""


class OwnerThread(Generic[_Item]):
    """See the module's docstring. ``make`` runs on the new thread and makes the owned thing."""

    def __init__(self, make: Callable[["OwnerThread[_Item]"], Owned[_Item]], *, name: str) -> None:
        self.busy_since: float | None = None
        """Since when the owned thing has been at work on one item or deadline; None while it waits for the next."""
        self.made: Future[None] = Future()
        """Done when ``make`` has returned, or raised: then with its exception, and nothing is owned."""
        self.ended: Future[None] = Future()
        """Done when the thread has let go of everything, or with the exception that ended it."""
        self._make = make
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def post(self, item: _Item) -> None:
        """Hand an item over. From any thread; never blocks."""
        self._items.put(item)

    def end(self) -> None:
        """Let the thread close what it owns and end, after the items posted so far."""
        self._items.put(None)

    def _run(self) -> None:
        try:
            owned = self._make(self)
        except BaseException as error:  # SystemExit too: python-vlc exits where it finds no library
            self.made.set_exception(error)
            self.ended.set_result(None)
            return
        self.made.set_result(None)
        try:
            try:
                self._serve(owned)
            finally:
                owned.close()
        except Exception as error:
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)

    def _serve(self, owned: Owned[_Item]) -> None:
        while True:
            deadline = owned.deadline()
            timeout = None if deadline is None else deadline - _SPIN - time.monotonic()
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
