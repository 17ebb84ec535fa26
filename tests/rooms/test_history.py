"""What rooms watched, on its way to the store: a hub, and a store that fails for a while."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from hangd.engine.room.effects import KeepWatched
from hangd.rooms.hosting import history
from hangd.rooms.hosting.history import RoomHistory, watched
from hangd.store.base import ClockMark, StoreFailed, Watched
from hangd.store.opening import open_memory
from hangd.store.thread import StoreThread
from tests.rooms.test_hub import Someone, make_hub, until


class Moody:
    """A store in memory that counts what it is asked. While ``broken``, it takes nothing."""

    def __init__(self) -> None:
        self.store = open_memory()
        self.writes = 0
        self.broken = False
        self.pause = 0.0
        self.forgotten: list[float] = []

    @property
    def rows(self) -> list[Watched]:
        return self.store.watched()

    def add_watched(self, records: Sequence[Watched]) -> None:
        self.writes += 1
        if self.broken:
            raise StoreFailed("the disk is full")
        time.sleep(self.pause)  # on the store's thread
        self.store.add_watched(records)

    def forget_watched(self, before: float, most: int) -> int:
        if self.broken:
            raise StoreFailed("the disk is full")
        left = self.store.forget_watched(before, most)
        self.forgotten.append(before)
        return left

    def close(self) -> None:
        pass


def record(seconds: float = 60.0, room: str = "room-1") -> Watched:
    return Watched(room, "Friday", "film.mkv", 90.0, time.time() + seconds, seconds, 2, 0, None, None)


class Kept:
    """A history on a store's thread."""

    def __init__(self, days: float = 30.0, most: int = history.MOST, **state: Any) -> None:
        self.store = Moody()
        for name, value in state.items():
            setattr(self.store, name, value)
        self.thread = StoreThread(self.store)  # type: ignore[arg-type]  # the part that is used
        self.history = RoomHistory(self.thread, days=days, most=most)

    async def __aenter__(self) -> "Kept":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.history.aclose()
        await self.thread.aclose()


async def test_records_are_written_in_their_order() -> None:
    async with Kept() as kept:
        for seconds in range(5):
            kept.history.keep(record(seconds))
        await until(lambda: len(kept.store.rows) == 5)
        assert [row.seconds for row in kept.store.rows] == [0, 1, 2, 3, 4]
        assert kept.store.writes <= 2, "those that come together are written together"


async def test_a_store_that_fails_gets_them_later_and_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(history, "_RETRY_SECONDS", 0.01)
    async with Kept(broken=True) as kept:
        kept.history.keep(record(1))
        await until(lambda: kept.store.writes > 3)
        kept.history.keep(record(2))
        kept.store.broken = False
        await until(lambda: len(kept.store.rows) == 2)
        await asyncio.sleep(0.05)
        assert [row.seconds for row in kept.store.rows] == [1, 2]
    assert caplog.text.count("cannot be kept for now: the disk is full") == 1, "a disk that is full says so once"


async def test_a_store_that_fails_for_long_costs_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(history, "_WAITING_MAX", 3)
    async with Kept(broken=True) as kept:
        for seconds in range(10):
            kept.history.keep(record(seconds))
        await until(lambda: kept.store.writes > 1)
        kept.store.broken = False
        await until(lambda: len(kept.store.rows) > 0)
        assert [row.seconds for row in kept.store.rows] == [7, 8, 9], "the oldest are dropped"


async def test_the_end_writes_what_is_left() -> None:
    async with Kept() as kept:
        kept.history.keep(record())
    assert len(kept.store.rows) == 1


async def test_a_write_that_is_under_way_at_the_end_is_not_repeated() -> None:
    async with Kept(pause=0.1) as kept:
        kept.history.keep(record(1))
        await until(lambda: kept.store.writes == 1)
        kept.history.keep(record(2))
    assert [row.seconds for row in kept.store.rows] == [1, 2]


async def test_what_is_too_old_is_removed_at_the_start_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_TIDY_SECONDS", 0.01)
    async with Kept() as kept:
        kept.store.store.add_watched([replace(record(2), started_at=time.time() - 31 * 86400), record(1)])
        await until(lambda: len(kept.store.forgotten) > 2)
        assert kept.store.forgotten[0] == pytest.approx(time.time() - 30 * 86400, abs=10)
        assert [row.seconds for row in kept.store.rows] == [1]


async def test_no_days_are_no_history_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_TIDY_SECONDS", 0.01)
    async with Kept(days=0.0) as kept:
        kept.store.store.add_watched([record(-10)])
        await until(lambda: not kept.store.rows)


async def test_a_store_that_cannot_remove_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_TIDY_SECONDS", 0.01)
    async with Kept(broken=True) as kept:
        await asyncio.sleep(0.05)
        kept.store.broken = False
        await until(lambda: bool(kept.store.forgotten))


async def test_a_room_that_goes_from_film_to_film_keeps_so_many_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    async with Kept() as kept:
        for _ in range(300):
            kept.history.keep(record(1), "net:192.0.2.0/24")
        kept.history.keep(record(2, "another room"), "net:192.0.2.0/24")
    assert len(kept.store.rows) in (61, 62), "and one more a minute"
    assert [row.room_id for row in kept.store.rows].count("another room") == 1
    assert [text for text in caplog.messages if "leaves out" in text] == [
        "the history leaves out films: a room had too many of them"
    ]


async def test_the_rooms_of_a_network_have_so_many_together_and_others_are_not_concerned() -> None:
    async with Kept() as kept:
        for number in range(1000):
            kept.history.keep(record(1, f"room {number}"), "net:192.0.2.0/24")
        for number in range(100):
            kept.history.keep(record(2, f"other {number}"), "net:198.51.100.0/24")
            kept.history.keep(record(3, f"from before {number}"), None)
    seconds = [row.seconds for row in kept.store.rows]
    assert 600 <= seconds.count(1) <= 602, "and one more each six seconds"
    assert (seconds.count(2), seconds.count(3)) == (100, 100)


async def test_the_oldest_records_go_as_soon_as_there_are_too_many() -> None:
    async with Kept(most=50) as kept:
        await until(lambda: len(kept.store.forgotten) == 1)
        for number in range(200):
            kept.history.keep(record(number, f"room {number}"))
            await until(lambda: any(row.seconds == number for row in kept.store.rows))  # noqa: B023
            assert len(kept.store.rows) <= 52
        await until(lambda: len(kept.store.rows) <= 50)
        assert kept.store.rows[-1].seconds == 199
        assert len(kept.store.forgotten) > 20, "long before the next hour"


def test_the_store_gets_wall_clock_time() -> None:
    """The server's clock showed 500 when the film began, which was a hundred seconds ago."""
    effect = KeepWatched(None, None, None, 500.0, 60.0, 2, 0, None, None)
    mark = ClockMark("clock", monotonic=600.0, wall=1_700_000_000.0)
    assert watched(effect, "room-1", mark).started_at == 1_700_000_000.0 - 100.0


async def test_the_hub_hands_on_what_was_watched() -> None:
    records: list[tuple[Watched, str | None]] = []
    hub = make_hub(keep_watched=lambda *told: records.append(told))
    ann = Someone(hub)
    ann.hello("Ann")
    room = ann.create(name="Friday", file={"size": 1000, "duration": 5400.0, "name": "film.mkv"})
    ann.say("SyncCommand", action="Play", timestamp=0.0)
    ann.wire.say(json.dumps({"type": "LeaveRoom", "payload": {}}), time.monotonic() + 600.0)
    ((kept, network),) = records
    assert network == "192.0.2.1"
    assert (kept.room_id, kept.room, kept.film, kept.duration) == (room["room_id"], "Friday", "film.mkv", 5400.0)
    assert kept.started_at == pytest.approx(time.time(), abs=5.0)
    assert kept.seconds == pytest.approx(600.0, abs=1.0)
    assert kept.members == 1
