"""Full collections of a running server: seldom, but cycles do not stay for good."""

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from hangd.server import garbage
from hangd.server.garbage import collect_seldom
from hangd.tasks import Tasks
from tests.rooms.test_hub import until


@pytest.fixture
def full() -> Iterator[list[int]]:
    """What has become of each full collection so far: how many objects it has freed."""
    collections: list[int] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        if phase == "stop" and info["generation"] == 2:
            collections.append(info["collected"])

    gc.callbacks.append(note)
    yield collections
    gc.callbacks.remove(note)


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[None]:
    tasks = Tasks()
    tasks.start(collect_seldom(), name="collect")
    await asyncio.sleep(0)
    try:
        yield
    finally:
        await tasks.cancel()


class Node:
    def __init__(self) -> None:
        self.itself = self


def grow(collections: int) -> list[list[int]]:
    """Make so many objects that younger ones are collected so often."""
    return [[number] for number in range(collections * 7700)]


async def test_many_new_objects_cause_no_full_collection(full: list[int]) -> None:
    before = gc.get_threshold()
    async with collecting():
        assert len(full) == 1, "at the start"
        kept = grow(50)
        assert gc.get_count()[2] >= 40
        assert len(full) == 1, "Python would have made some by now"
    assert len(kept) and gc.get_threshold() == before and gc.get_freeze_count() == 0


async def test_cycles_are_freed_within_a_minute(full: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(garbage, "_SECONDS", 0.5)
    async with collecting():
        node = Node()
        gone = weakref.ref(node)
        kept = grow(20)
        del node
        assert gone() is not None, "it was old when it became garbage"
        await until(lambda: gone() is None)
        assert len(full) == 2
    assert kept


async def test_much_is_not_put_off(full: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_POLL_SECONDS", 0.02)
    async with collecting():
        kept = grow(110)
        await until(lambda: len(full) == 2)
        del kept


async def test_a_server_that_does_nothing_collects_nothing(full: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(garbage, "_SECONDS", 0.05)
    async with collecting():
        await asyncio.sleep(0.5)
        assert len(full) == 1
