"""RoomPersistence: writes rooms to a store as they change, and lets nobody wait for it.

A room that changed is written at the end of the loop's turn, on a thread of the keeper's own. What changes while that
writes is written next, each room once, as it is by then: so the loop gives a moment to each writing and none to the
disk, a burst of changes costs a few writings, and what an unfriendly end of the process can lose is what changed during
the last one (docs/store.md).

A store that fails is tried again, now and then, for as long as the server runs: the rooms themselves live in memory.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Final

from hangd.store.base import KeptRoom, Store, StoreFailed

__all__ = ["RoomPersistence"]

_log = logging.getLogger(__name__)

_ROOMS_AT_ONCE: Final = 32
"""Looking at a room takes the loop some 20 microseconds, and one more for each member: so many stay under the 5 ms that
a command may take, as long as they have a few thousand members together."""

_RETRY_SECONDS: Final = 10.0


class RoomPersistence:
    """Writes what changed. ``look`` returns a room as it is now, by its id; None: it is no more.

    What it does needs a running loop. `aclose` it, and the store with it.
    """

    def __init__(self, store: Store, look: Callable[[str], KeptRoom | None]) -> None:
        self._store = store
        self._look = look
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._changed: dict[str, None] = {}
        """Ids of rooms, in the order in which they changed."""
        self._next: asyncio.Handle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._failing = False

    def changed(self, room_id: str) -> None:
        """Take in that a room is another, or is no more."""
        self._changed[room_id] = None
        if self._next is None and self._writing is None:
            self._next = asyncio.get_running_loop().call_soon(self._write)

    async def aclose(self) -> None:
        """Write what there is left to write, once, and close the store."""
        while self._writing is not None or self._changed:
            if self._next is not None:
                self._next.cancel()
            if self._writing is None:
                self._write()
            assert self._writing is not None
            await asyncio.wait([self._writing])
            if self._failing:
                break
        if self._next is not None:
            self._next.cancel()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown()

    def _write(self) -> None:
        self._next = None
        room_ids = list(islice(self._changed, _ROOMS_AT_ONCE))
        rooms, gone = [], []
        for room_id in room_ids:
            del self._changed[room_id]
            if (room := self._look(room_id)) is None:
                gone.append(room_id)
            else:
                rooms.append(room)
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, self._store.write, rooms, gone)
        self._writing.add_done_callback(partial(self._written, room_ids))

    def _written(self, room_ids: list[str], writing: asyncio.Future[None]) -> None:
        self._writing = None
        error = writing.exception()
        if error is None:
            if self._failing:
                _log.info("rooms are kept again")
                self._failing = False
            if self._changed:
                self._next = asyncio.get_running_loop().call_soon(self._write)
            return
        if not self._failing:
            self._failing = True
            trace = None if isinstance(error, StoreFailed) else error
            _log.error("rooms can not be kept for now: %s", error, exc_info=trace)
        self._changed = dict.fromkeys(room_ids) | self._changed
        self._next = asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._write)
