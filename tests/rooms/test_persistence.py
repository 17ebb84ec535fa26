"""Persistence with a store that is slow, full or broken: the event loop goes on, and all rooms are written."""

import asyncio
import logging
import threading
from collections.abc import Sequence

import pytest

from hangd.rooms import persistence
from hangd.rooms.persistence import RoomPersistence
from hangd.store.base import KeptRoom, StoreFailed
from hangd.store.memory import MemoryStore
from tests.store.test_stores import kept
from tests.support.control import until


class SlowStore(MemoryStore):
    """A store that writes when the test lets it, and records how."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.writes: list[tuple[list[str], list[str]]] = []
        self.error: Exception | None = None
        self.threads: set[int] = set()
        self.closed = False

    def write(self, rooms: Sequence[KeptRoom], gone: Sequence[str]) -> None:
        self.gate.wait()
        self.threads.add(threading.get_ident())
        if self.error is not None:
            raise self.error
        self.writes.append(([room.room.room_id for room in rooms], list(gone)))
        super().write(rooms, gone)

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Rooms:
    """The rooms to be collected, each with its rev."""

    def __init__(self) -> None:
        self.store = SlowStore()
        self.revs: dict[str, int] = {}
        self.persistence = RoomPersistence(
            self.store, lambda room_id: kept(room_id, self.revs[room_id]) if room_id in self.revs else None
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
    assert rooms.store.closed


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
    assert rooms.is_kept and rooms.store.closed


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
    assert rooms.store.closed


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
