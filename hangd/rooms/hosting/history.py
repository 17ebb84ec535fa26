"""What rooms watched, on its way to the store: written on the store's thread, so that nobody waits for it.

Records are written as they come, several at once where a write is still under way. If the store fails, they are kept in
memory and written again every few seconds, up to a limit. What is older than the server keeps it is removed at the
start and every few hours, and so are the oldest records as soon as there are too many.

A film counts from ten seconds on, and whoever goes from film to film all day could fill the disk. So a room, and the
rooms that were made from one network, have so many records an hour, and what is above that is not kept.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from functools import partial
from typing import Final

from hangd.engine.room.connection.buckets import Buckets
from hangd.engine.room.connection.limits import Rate
from hangd.engine.room.effects import KeepWatched
from hangd.log import FailureLog, LimitLog
from hangd.store.base import ClockMark, Store, StoreFailed, Watched
from hangd.store.thread import StoreThread
from hangd.tasks import Tasks

_log = logging.getLogger(__name__)

_WAITING_MAX: Final = 10_000
"""Records that wait while the store fails: days of a busy server, a few megabytes. The oldest are dropped then."""
_RETRY_SECONDS: Final = 10.0
_TIDY_SECONDS: Final = 6 * 3600.0
_DAY: Final = 86400.0

MOST: Final = 500_000
"""Records, of which each takes 0.3 KB of a disk as a rule, and 2 KB at most."""
_ABOVE: Final = 0.01
"""Of the most records: so many more are there before the oldest are removed, since to count them takes a while."""

_OF_ROOM: Final = Rate(1 / 60, burst=60.0)
"""A room that plays clips of half a minute, one after the other, does so for two hours."""
_OF_NETWORK: Final = Rate(1 / 6, burst=600.0)
"""Of the rooms made from one network: fifty rooms in a school, each with a film of five minutes after the other."""


def watched(effect: KeepWatched, room_id: str, mark: ClockMark) -> Watched:
    """Return the record for the store. ``mark``: what the clocks show now."""
    return Watched(
        room_id=room_id,
        room=effect.room,
        film=effect.film,
        duration=effect.duration,
        started_at=mark.wall - (mark.monotonic - effect.started_at),
        seconds=effect.seconds,
        members=effect.members,
        corrections=effect.corrections,
        skew_p50=effect.skew_p50,
        skew_p95=effect.skew_p95,
    )


class RoomHistory:
    """See the module's docstring. Make it within a running loop, and `aclose` it before the store's thread is closed.

    ``days``: for how long records are kept. ``most``: how many are, of which the newest stay.
    """

    def __init__(self, thread: StoreThread, days: float, most: int = MOST) -> None:
        self._thread = thread
        self._days = days
        self._most = most
        self._there = 0
        """How many records the store has, as far as that is known."""
        self._has_too_many = asyncio.Event()
        self._rooms = Buckets(_OF_ROOM, Rate.bucket)
        self._networks = Buckets(_OF_NETWORK, Rate.bucket)
        self._limits = LimitLog(_log)
        self._waiting: deque[Watched] = deque(maxlen=_WAITING_MAX)
        self._has_more = asyncio.Event()
        self._writing: asyncio.Future[None] | None = None
        self._log = FailureLog(_log, "what rooms watched cannot be kept for now", "what rooms watched is kept again")
        self._tasks = Tasks()
        self._tasks.start(self._write_on(), name="write the history")
        self._tasks.start(self._tidy(), name="tidy the history")

    def keep(self, record: Watched, network: str | None = None) -> None:
        """Write this record soon, unless there were too many of its room, or of this network.

        ``network``: from which the room was made, if that is known. "": no network.
        """
        now = time.monotonic()
        room = self._rooms.at(record.room_id, now)
        of_network = self._networks.at(network, now) if network else None
        if not room.has(now) or (of_network is not None and not of_network.has(now)):
            whose = "a room" if not room.has(now) else f"the rooms made from {network}"
            self._limits.warn(network or "", "the history leaves out films: %s had too many of them", whose)
            return
        room.use()
        if of_network is not None:
            of_network.use()
        self._waiting.append(record)
        self._has_more.set()

    async def aclose(self) -> None:
        """Write what waits, trying once."""
        await self._tasks.cancel()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        if not await self._write():
            _log.error("what was watched in %d rooms could not be written, and is lost", len(self._waiting))

    async def _write_on(self) -> None:
        while True:
            await self._has_more.wait()
            self._has_more.clear()
            if not await self._write():
                self._has_more.set()
                await asyncio.sleep(_RETRY_SECONDS)

    async def _write(self) -> bool:
        """Write all records that wait. Returns whether the store took them."""
        records = list(self._waiting)
        if not records:
            return True
        self._writing = writing = self._thread.run(lambda store: store.add_watched(records))
        writing.add_done_callback(partial(self._written, records))
        await asyncio.wait([writing])  # If this task is cancelled, the write is carried out all the same.
        return writing.exception() is None

    def _written(self, records: list[Watched], writing: "asyncio.Future[None]") -> None:
        self._writing, error = None, writing.exception()
        if error is not None:
            self._log.failed(error, expected=StoreFailed)
        else:
            self._log.worked()
            kept = set(map(id, records))
            self._waiting = deque((one for one in self._waiting if id(one) not in kept), maxlen=_WAITING_MAX)
            self._there += len(records)
            if self._there > self._most * (1 + _ABOVE):
                self._has_too_many.set()

    async def _tidy(self) -> None:
        while True:
            oldest = time.time() - self._days * _DAY
            self._has_too_many.clear()
            try:
                self._there = await self._thread.run(partial(_forget, before=oldest, most=self._most))
            except Exception as error:
                trace = None if isinstance(error, StoreFailed) else error
                _log.error("the history's old records cannot be removed for now: %s", error, exc_info=trace)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._has_too_many.wait(), _TIDY_SECONDS)


def _forget(store: Store, before: float, most: int) -> int:
    return store.forget_watched(before, most)
