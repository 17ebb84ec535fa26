"""LearnedStore: timings that were learned from one film are there for the next one of the same container."""

import asyncio
from pathlib import Path

from hangd.client.follower.learned_store import LearnedStore
from hangd.engine.follower.learned import LearnedTimings
from hangd.tasks import Tasks


async def recalled(path: Path, film: str) -> list[LearnedTimings]:
    """Open a film with a new store, as in a new process; return the timings that are recalled."""
    known: list[LearnedTimings] = []
    tasks = Tasks()
    LearnedStore(path, tasks, known.append).opened(film)
    await finished(tasks)
    return known


async def finished(tasks: Tasks) -> None:
    await asyncio.gather(*tasks._tasks)


async def test_timings_are_kept_by_container(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    tasks = Tasks()
    store = LearnedStore(cache, tasks, lambda _: None)
    store.opened("/films/one.MKV")
    await finished(tasks)
    store.learned(LearnedTimings(0.31, 0.004))
    await finished(tasks)
    assert await recalled(cache, "/films/other.mkv") == [LearnedTimings(0.31, 0.004)]
    assert await recalled(cache, "/films/other.mp4") == []


async def test_a_small_change_is_not_written(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    tasks = Tasks()
    store = LearnedStore(cache, tasks, lambda _: None)
    store.opened("/films/one.mkv")
    await finished(tasks)
    for cost in (0.31, 0.33, 0.30):
        store.learned(LearnedTimings(cost))
        await finished(tasks)
    assert await recalled(cache, "/films/one.mkv") == [LearnedTimings(0.31)]


async def test_impossible_values_and_a_damaged_cache_are_ignored(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    tasks = Tasks()
    store = LearnedStore(cache, tasks, lambda _: None)
    store.opened("/films/one.mkv")
    await finished(tasks)
    store.learned(LearnedTimings(1e9))
    await finished(tasks)
    assert await recalled(cache, "/films/one.mkv") == []
    cache.write_bytes(b"no database" * 100)
    assert await recalled(cache, "/films/one.mkv") == []


async def test_timings_that_were_measured_meanwhile_are_not_overwritten(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    known: list[LearnedTimings] = []
    tasks = Tasks()
    store = LearnedStore(cache, tasks, known.append)
    store.opened("/films/one.mkv")
    store.learned(LearnedTimings(0.2))
    await finished(tasks)
    assert known == []
