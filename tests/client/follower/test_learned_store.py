"""LearnedStore: what one film taught, the next of its kind begins with."""

import asyncio
from pathlib import Path

from hangd.client.follower.learned_store import LearnedStore
from hangd.engine.follower.learned import LearnedTimings
from hangd.tasks import Tasks


async def recalled(path: Path, film: str) -> list[LearnedTimings]:
    """Open a film in a new process's place; return what is known of its kind."""
    known: list[LearnedTimings] = []
    tasks = Tasks()
    LearnedStore(path, tasks, known.append).opened(film)
    await finished(tasks)
    return known


async def finished(tasks: Tasks) -> None:
    await asyncio.gather(*tasks._tasks)


async def test_habits_are_kept_by_container(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    tasks = Tasks()
    keeper = LearnedStore(cache, tasks, lambda _: None)
    keeper.opened("/films/one.MKV")
    await finished(tasks)
    keeper.learned(LearnedTimings(0.31, 0.004))
    await finished(tasks)
    assert await recalled(cache, "/films/other.mkv") == [LearnedTimings(0.31, 0.004)]
    assert await recalled(cache, "/films/other.mp4") == []


async def test_what_is_hardly_news_is_not_written(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    tasks = Tasks()
    keeper = LearnedStore(cache, tasks, lambda _: None)
    keeper.opened("/films/one.mkv")
    await finished(tasks)
    for cost in (0.31, 0.33, 0.30):
        keeper.learned(LearnedTimings(cost))
        await finished(tasks)
    assert await recalled(cache, "/films/one.mkv") == [LearnedTimings(0.31)]


async def test_nonsense_in_the_cache_is_not_believed(tmp_path: Path) -> None:
    cache = tmp_path / "media.sqlite3"
    tasks = Tasks()
    keeper = LearnedStore(cache, tasks, lambda _: None)
    keeper.opened("/films/one.mkv")
    await finished(tasks)
    keeper.learned(LearnedTimings(1e9))
    await finished(tasks)
    assert await recalled(cache, "/films/one.mkv") == []
    cache.write_bytes(b"no database" * 100)
    assert await recalled(cache, "/films/one.mkv") == []


async def test_what_is_recalled_too_late_is_not_told(tmp_path: Path) -> None:
    """The file has taught better meanwhile."""
    cache = tmp_path / "media.sqlite3"
    known: list[LearnedTimings] = []
    tasks = Tasks()
    keeper = LearnedStore(cache, tasks, known.append)
    keeper.opened("/films/one.mkv")
    keeper.learned(LearnedTimings(0.2))
    await finished(tasks)
    assert known == []
