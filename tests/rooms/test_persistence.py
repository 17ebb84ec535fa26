"""Persistence with a store that is slow, full or broken: the event loop goes on, and all rooms are written."""

import asyncio
import logging
import threading
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from hangd.rooms.hosting import persistence
from hangd.rooms.hosting.persistence import RoomPersistence
from hangd.store.base import KeptRoom, StoreFailed
from hangd.store.migrations import migrate
from hangd.store.sql import SqlStore
from hangd.store.sqlite import SqliteDatabase
from hangd.store.thread import StoreThread
from tests.store.samples import kept
from tests.support.daemons.control import until


class SlowStore(SqlStore):
    """A store that writes when the test lets it, and records how."""

    def __init__(self) -> None:
        database = SqliteDatabase(None)
        migrate(database)
        super().__init__(database)
        self.gate = threading.Event()
        self.gate.set()
        self.writes: list[tuple[list[str], list[str]]] = []
        self.error: Exception | None = None
        self.threads: set[int] = set()

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        self.gate.wait()
        self.threads.add(threading.get_ident())
        if self.error is not None:
            raise self.error
        self.writes.append(([room.room.room_id for room in rooms], list(gone)))
        super().write(rooms, gone)


class Rooms:
    """The rooms to be collected, each with its rev."""

    def __init__(self) -> None:
        self.store = SlowStore()
        self.revs: dict[str, int] = {}
        self.thread = StoreThread(self.store)
        self.persistence = RoomPersistence(
            self.thread, lambda room_id: kept(room_id, self.revs[room_id]) if room_id in self.revs else None
        )

    def change(self, room_id: str) -> None:
        self.revs[room_id] = self.revs.get(room_id, 0) + 1
        self.persistence.changed(room_id)

    def forget(self, room_id: str) -> None:
        del self.revs[room_id]
        self.persistence.changed(room_id)

    @property
    def kept(self) -> dict[str, int]:
        return {room.room.room_id: room.room.timeline.rev for room in self.store.load()}

    @property
    def is_kept(self) -> bool:
        return self.kept == self.revs


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


async def test_a_change_is_written_soon_and_on_another_thread(rooms: Rooms) -> None:
    rooms.change("a")
    await until(lambda: rooms.is_kept)
    rooms.forget("a")
    await until(lambda: rooms.is_kept)
    assert rooms.store.writes == [(["a"], []), ([], ["a"])]
    assert threading.get_ident() not in rooms.store.threads
    await rooms.persistence.aclose()


async def test_what_a_crash_would_lose_is_counted(rooms: Rooms) -> None:
    """A room counts from its change to the end of its write, once, and also while its queue waits."""
    assert rooms.persistence.unwritten == 0
    rooms.store.gate.clear()
    rooms.change("a")
    assert rooms.persistence.unwritten == 1
    await asyncio.sleep(0)
    rooms.change("a")
    rooms.change("b")
    assert rooms.persistence.unwritten == 2
    rooms.store.gate.set()
    await until(lambda: rooms.persistence.unwritten == 0)
    assert rooms.is_kept
    rooms.store.error = StoreFailed("the disk is full")
    rooms.change("b")
    await until(lambda: rooms.persistence.failing)
    assert rooms.persistence.unwritten == 1
    await rooms.persistence.aclose()


async def test_changes_during_a_write_are_written_next_each_room_once(rooms: Rooms) -> None:
    rooms.store.gate.clear()
    rooms.change("a")
    await asyncio.sleep(0)
    for _ in range(100):
        rooms.change("a")
        rooms.change("b")
        await asyncio.sleep(0)
    rooms.forget("b")
    rooms.store.gate.set()
    await until(lambda: rooms.is_kept)
    assert rooms.store.writes == [(["a"], []), (["a"], ["b"])]
    await rooms.persistence.aclose()


async def test_many_rooms_are_collected_a_few_at_a_time(rooms: Rooms) -> None:
    for number in range(100):
        rooms.change(str(number))
    await until(lambda: rooms.is_kept)
    assert [len(written) for written, _ in rooms.store.writes] == [32, 32, 32, 4]
    await rooms.persistence.aclose()


async def test_any_number_of_changes_costs_a_few_transactions(rooms: Rooms) -> None:
    """Two rooms that change in every turn of the event loop are written together, a tenth of a second apart."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    changes = 0
    while loop.time() < began + 0.35:
        rooms.change("a")
        rooms.change("b")
        changes += 1
        await asyncio.sleep(0)
    await until(lambda: rooms.is_kept)
    assert len(rooms.store.writes) <= 2 + (loop.time() - began) / 0.1 < changes
    assert all(set(written) == {"a", "b"} for written, _ in rooms.store.writes)
    await rooms.persistence.aclose()


async def test_a_queue_that_changes_all_the_time_is_written_seldom_and_its_room_as_ever() -> None:
    """Of 500 entries: a member that moves one of them to and fro would cost megabytes of the disk each second."""
    line, queue = 0, kept("a", queue=500).room.queue
    seen: list[tuple[int, int]] = []

    def collect(room_id: str) -> KeptRoom:
        one = kept(room_id, line)
        return replace(one, room=replace(one.room, queue=queue))

    class Noting(SlowStore):
        def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
            seen.extend((room.room.timeline.rev, room.room.queue.rev) for room in rooms)
            super().write(rooms, gone)

    store = Noting()
    keeping = RoomPersistence(StoreThread(store), collect)
    loop = asyncio.get_running_loop()
    until_then = loop.time() + 0.5
    while loop.time() < until_then or len(seen) < 4:
        line += 1
        queue = replace(queue, rev=queue.rev + 1, entries=(*queue.entries[1:], queue.entries[0]))
        keeping.changed("a")
        await asyncio.sleep(0.01)
    assert len({rev for rev, _ in seen}) >= 3 and {rev for _, rev in seen} == {501}
    # Another film is shown, and its entry is in the queue: the two are written together.
    queue = replace(queue, current=queue.entries[0].id)
    keeping.changed("a")
    await asyncio.sleep(0.3)
    assert {rev for _, rev in seen} == {501}
    assert keeping.unwritten == 1, "its queue waits"
    await keeping.aclose()
    assert keeping.unwritten == 0
    assert store.load()[0].room.queue == queue


async def test_a_change_after_a_quiet_time_does_not_wait(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "_GAP_SECONDS", 3600.0)
    rooms.change("a")
    await until(lambda: rooms.is_kept)
    rooms.change("a")
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert rooms.kept == {"a": 1}, "the next round of writes is an hour away"
    await rooms.persistence.aclose()
    assert rooms.is_kept, "what waits is written at the end, whatever the time"


async def test_who_changes_often_does_not_keep_others_from_the_store(rooms: Rooms) -> None:
    """A room that changed during a round is not written again before those that have waited for that round."""
    rooms.store.gate.clear()
    for number in range(40):
        rooms.change(str(number))
    await asyncio.sleep(0)
    for _ in range(10):
        rooms.change("0")
        await asyncio.sleep(0)
    rooms.store.gate.set()
    await until(lambda: rooms.is_kept)
    assert [len(written) for written, _ in rooms.store.writes] == [32, 8, 1]
    await rooms.persistence.aclose()


async def test_aclose_writes_what_is_left(rooms: Rooms) -> None:
    rooms.store.gate.clear()
    rooms.change("a")
    await asyncio.sleep(0)
    for number in range(50):
        rooms.change(str(number))
    closing = asyncio.get_running_loop().create_task(rooms.persistence.aclose())
    await asyncio.sleep(0)
    rooms.store.gate.set()
    await closing
    assert rooms.is_kept


async def test_what_cannot_be_written_at_the_end_is_said(rooms: Rooms, caplog: pytest.LogCaptureFixture) -> None:
    rooms.store.error = StoreFailed("the disk is full")
    for name in ("a", "b"):
        rooms.change(name)
    await rooms.persistence.aclose()
    assert [record.getMessage() for record in caplog.records] == [
        "rooms cannot be kept for now: the disk is full",
        "what has changed in 2 rooms could not be written, and is lost",
    ]


@pytest.mark.parametrize("error", [StoreFailed("the disk is full"), ZeroDivisionError("a bug")])
async def test_a_failing_store_is_logged_once_and_tried_again(
    rooms: Rooms, error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(persistence, "_RETRY_SECONDS", 0.01)
    rooms.store.error = error
    rooms.change("a")
    await until(lambda: caplog.records)
    rooms.change("b")
    for _ in range(20):
        await asyncio.sleep(0.01)
    rooms.forget("a")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and str(error) in record.getMessage()
    assert (record.exc_info is None) == isinstance(error, StoreFailed)
    rooms.store.error = None
    await until(lambda: rooms.is_kept)
    assert rooms.kept == {"b": 1}
    await until(lambda: len(caplog.records) == 2)
    assert caplog.records[1].getMessage() == "rooms are kept again"
    await rooms.persistence.aclose()


async def test_a_failing_store_does_not_prevent_the_shutdown(rooms: Rooms) -> None:
    rooms.store.error = StoreFailed("the disk is full")
    rooms.change("a")
    async with asyncio.timeout(30):
        await rooms.persistence.aclose()


async def test_a_room_that_cannot_be_collected_does_not_prevent_the_others(
    rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    collect = rooms.persistence._collect

    def failing(room_id: str) -> KeptRoom | None:
        if room_id == "broken":
            raise ZeroDivisionError
        return collect(room_id)

    rooms.persistence._collect = failing
    rooms.change("broken")
    rooms.change("whole")
    await until(lambda: bool(rooms.kept))
    assert list(rooms.kept) == ["whole"]
    assert "room broken cannot be collected" in caplog.text
    await rooms.persistence.aclose()


async def test_without_a_store_nothing_is_collected() -> None:
    asked: list[str] = []
    nowhere = RoomPersistence(None, lambda room_id: asked.append(room_id))
    nowhere.changed("a")
    await asyncio.sleep(0.01)
    await nowhere.aclose()
    assert asked == []
