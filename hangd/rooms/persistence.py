"""RoomPersistence: write rooms to the store as they change, without making anybody wait.

A room that changed is written at the end of the event loop's turn, on a thread for the store. Rooms that change during
a write are written next, each once, as it is by then. So the event loop never waits for the disk, a burst of changes
costs few writes, and if the process is killed, the changes since the last write are lost (docs/store.md).

If the store fails, writing is tried again every few seconds for as long as the server runs: the rooms are in memory.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Final

from hangd.store.base import KeptRoom, Store, StoreFailed

_log = logging.getLogger(__name__)

_ROOMS_AT_ONCE: Final = 32
"""Rooms in one write. To collect a room takes the event loop 20 microseconds, and one more for each member, so this
many stay below 5 ms (the limit for a command) if they have no more than a few thousand members together."""

_RETRY_SECONDS: Final = 10.0


class RoomPersistence:
    """Call it within a running event loop only. `aclose` closes the store as well.

    ``collect`` returns what the store keeps of the room with this id. None: the room is gone.
    """

    def __init__(self, store: Store, collect: Callable[[str], KeptRoom | None]) -> None:
        self._store = store
        self._collect = collect
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._changed: dict[str, None] = {}
        """Ids of rooms that have changed, oldest change first."""
        self._next: asyncio.Handle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._failing = False

    def changed(self, room_id: str) -> None:
        """Write this room soon: it has changed, or is gone."""
        self._changed[room_id] = None
        if self._next is None and self._writing is None:
            self._next = asyncio.get_running_loop().call_soon(self._write)

    async def aclose(self) -> None:
        """Write what is left, trying once, and close the store."""
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
            try:
                room = self._collect(room_id)
            except Exception:
                _log.exception("room %s cannot be collected, and is not written", room_id)
            else:
                if room is None:
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
            _log.error("rooms cannot be kept for now: %s", error, exc_info=trace)
        self._changed = dict.fromkeys(room_ids) | self._changed
        self._next = asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._write)
