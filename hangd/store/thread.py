"""StoreThread: one thread on which a store is called, so that the event loop never waits for it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from hangd.histogram import Histogram
from hangd.store.base import Store, StoreFailed

_Result = TypeVar("_Result")

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class StoreThread:
    """Call it within a running event loop only. `aclose` closes the store as well.

    Calls are carried out in the order in which they are made.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self.seconds = Histogram(_SECONDS)
        """How long calls took, without the wait for others. The thread alone changes this and the next two."""
        self.failures = 0
        """Calls that ended with StoreFailed."""
        self.failing = False
        """Whether the last call did."""
        self.waiting = 0
        """Calls that have not ended."""

    def run(self, work: Callable[[Store], _Result]) -> asyncio.Future[_Result]:
        """Call ``work`` with the store on the thread. The future ends with its result or its exception."""
        self.waiting += 1
        called = asyncio.get_running_loop().run_in_executor(self._thread, self._timed, work)
        called.add_done_callback(self._ended)
        return called

    def hurry(self, seconds: float) -> None:
        """Let no call take longer than so many seconds from now: it fails, and so do all that are made later."""
        self._store.hurry(seconds)

    async def aclose(self) -> None:
        """Close the store, after all calls that were made before."""
        await self.run(lambda store: store.close())
        self._thread.shutdown()

    def _timed(self, work: Callable[[Store], _Result]) -> _Result:
        begun = time.perf_counter()
        failing = False
        try:
            return work(self._store)
        except StoreFailed:
            failing = True
            self.failures += 1
            raise
        finally:
            self.failing = failing
            self.seconds.observe(time.perf_counter() - begun)

    def _ended(self, _called: object) -> None:
        self.waiting -= 1
