"""RoomPersistence: write rooms to the store as they change, without making anybody wait.

A room that changed is written at the end of the event loop's turn, on a thread for the store, but a tenth of a second
after the last write at the earliest. All rooms that change meanwhile are written then, each once, as it is by then, and
many of them in one transaction. So the event loop never waits for the disk, any number of changes costs ten
transactions a second, and if the process is killed, the changes of that tenth are lost (docs/store.md).

A queue is written as a whole. Where one changes all the time, its room keeps the one that was written before for a
while, the longer the more entries it has: otherwise 60 bytes from a member would cost half a megabyte of the disk.

If the store fails, writing is tried again every few seconds for as long as the server runs: the rooms are in memory.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Final

from msgspec.structs import replace

from hangd.engine.room.queue import current_of
from hangd.log import FailureLog
from hangd.protocol.model import Queue
from hangd.rooms.counters import Counters
from hangd.store.base import KeptRoom, StoreFailed
from hangd.store.thread import StoreThread

_log = logging.getLogger(__name__)

_ROOMS_AT_ONCE: Final = 32
"""Rooms in one write. To collect a room takes the event loop 20 microseconds, and one more for each member, so this
many stay below 5 ms (the limit for a command) if they have no more than a few thousand members together."""

_GAP_SECONDS: Final = 0.1
"""From the begin of one round of writes to that of the next. A transaction costs as much processor time as a hundred
messages to members; who comes back after a crash does not notice whether 5 or 100 ms are lost."""

_RETRY_SECONDS: Final = 10.0

_SECONDS_PER_ENTRY: Final = 0.02
"""From the write of a queue to the next one of the same room, for each entry. An entry has 0.3 KB as a rule, and 1.7 KB
at most, so the queue of a room costs at most 85 KB a second of the disk."""


class RoomPersistence:
    """Call it within a running event loop only. Call `aclose` before the store is closed.

    ``store``: None if rooms are not kept. ``collect`` returns what the store keeps of the room with this id. None: the
    room is gone.
    """

    def __init__(
        self,
        store: StoreThread | None,
        collect: Callable[[str], KeptRoom | None],
        counters: Counters | None = None,
    ) -> None:
        self._store = store
        self._counters = counters or Counters()
        self._collect = collect
        self._changed: dict[str, None] = {}
        """Ids of rooms that have changed, oldest change first."""
        self._left = 0
        """How many of them the present round of writes has still to write."""
        self._round_at = float("-inf")
        """Loop time at which it began."""
        self._queues: dict[str, tuple[Queue, float]] = {}
        """The queue of each room that was written last, and the loop time before which no other one is."""
        self._held: dict[str, asyncio.TimerHandle] = {}
        """The rooms whose new queues wait."""
        self._closing = False
        self._next: asyncio.Handle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._in_write: tuple[str, ...] = ()
        """Ids of the rooms that are being written."""
        self._log = FailureLog(_log, "rooms cannot be kept for now", "rooms are kept again")

    @property
    def failing(self) -> bool:
        """Whether the last write has failed."""
        return self._log.failing

    @property
    def unwritten(self) -> int:
        """How many rooms a crash would bring back other than they are now."""
        return len({*self._changed, *self._in_write, *self._held})

    def changed(self, room_id: str) -> None:
        """Write this room soon: it has changed, or is gone."""
        if self._store is None:
            return
        self._changed[room_id] = None
        if self._next is None and self._writing is None:
            self._write_next()

    async def aclose(self) -> None:
        """Write what is left, trying once. What cannot be written is logged."""
        self._closing = True
        for room_id in tuple(self._held):
            self._release(room_id)
        while self._writing is not None or self._changed:
            if self._next is not None:
                self._next.cancel()
            if self._writing is None:
                self._write()
            assert self._writing is not None
            await asyncio.wait([self._writing])
            if self.failing:
                break
        if self._next is not None:
            self._next.cancel()
        if self._changed:
            _log.error("what has changed in %d rooms could not be written, and is lost", len(self._changed))

    def _write_next(self) -> None:
        """Go on with this round of writes, or begin the next one when it is time."""
        loop = asyncio.get_running_loop()
        wait = 0.0 if self._left else self._round_at + _GAP_SECONDS - loop.time()
        self._next = loop.call_soon(self._write) if wait <= 0 else loop.call_later(wait, self._write)

    def _write(self) -> None:
        assert self._store is not None
        self._next = None
        if not self._left:
            self._left, self._round_at = len(self._changed), asyncio.get_running_loop().time()
        room_ids = list(islice(self._changed, min(self._left, _ROOMS_AT_ONCE)))
        self._left -= len(room_ids)
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
                    self._queues.pop(room_id, None)
                elif (paced := self._paced(room_id, room)) is not None:
                    rooms.append(paced)
        self._in_write = tuple(room_ids)
        self._writing = self._store.run(lambda store: store.write(rooms, gone))
        self._writing.add_done_callback(partial(self._written, room_ids))

    def _paced(self, room_id: str, kept: KeptRoom) -> KeptRoom | None:
        """Return what is written of this room now. Its queue waits, if one was written just before; where it shows
        another film by now, the rest of the room waits with it (None), since the two belong together."""
        loop, queue = asyncio.get_running_loop(), kept.room.queue
        written, earliest = self._queues.get(room_id, (None, 0.0))
        if queue is written:
            return kept
        if written is None or self._closing or loop.time() >= earliest:
            self._queues[room_id] = queue, loop.time() + _SECONDS_PER_ENTRY * len(queue.entries)
            return kept
        if room_id not in self._held:
            self._held[room_id] = loop.call_at(earliest, self._release, room_id)
        if current_of(queue) != current_of(written):
            return None
        return replace(kept, room=replace(kept.room, queue=written))

    def _release(self, room_id: str) -> None:
        self._held.pop(room_id).cancel()
        self.changed(room_id)

    def _written(self, room_ids: list[str], writing: asyncio.Future[None]) -> None:
        self._writing, self._in_write = None, ()
        error = writing.exception()
        if error is None:
            self._counters.rooms_written += len(room_ids)
            self._log.worked()
            if self._changed:
                self._write_next()
            return
        self._log.failed(error, expected=StoreFailed)
        self._changed, self._left = dict.fromkeys(room_ids) | self._changed, 0
        self._next = asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._write)
