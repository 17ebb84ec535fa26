"""The contract of all stores: what was written is loaded again, until it is deleted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hangd.engine.room.saved import SavedRoom
from hangd.protocol.model import Policy, Timeline
from hangd.store.base import ClockMark, KeptRoom, Store
from hangd.store.memory import MemoryStore
from hangd.store.sql import SqlStore
from tests.support.strategies import values

_T = TypeVar("_T")

FEW_IDS = ("a", "b", "c")


def kept(room_id: str, rev: int = 0) -> KeptRoom:
    room = SavedRoom(
        room_id=room_id,
        host_digest=b"digest",
        file_hash="ab" * 32,
        file=None,
        policy=Policy(),
        members=(),
        timeline=Timeline("epoch", rev, False, 0.0, 1.0, 0.0),
    )
    return KeptRoom(room, {"ann": b"proof"}, ClockMark("clock", 1.0, 2.0, "boot"))


@pytest.fixture(params=["memory", "sql"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Return a function that closes the store and opens it again. At first the store is empty."""
    memory, opened = MemoryStore(), list[Store]()

    def reopen() -> Store:
        while opened:
            opened.pop().close()
        opened.append(memory if request.param == "memory" else SqlStore(tmp_path / "data" / "rooms.db"))
        return opened[0]

    yield reopen
    while opened:
        opened.pop().close()


def test_a_new_store_is_empty(reopened: Callable[[], Store]) -> None:
    assert reopened().load() == []


def test_written_rooms_are_loaded_again(reopened: Callable[[], Store]) -> None:
    store = reopened()
    store.write([kept("b"), kept("a", 1)], [])
    store.write([kept("a", 2), kept("c")], ["b", "never was"])
    assert store.load() == reopened().load() == [kept("a", 2), kept("c")]


def test_an_empty_write_is_valid(reopened: Callable[[], Store]) -> None:
    store = reopened()
    store.write([], [])
    assert store.load() == []


@pytest.mark.parametrize("kind", ["memory", "sql"])
@given(
    batches=st.lists(
        st.tuples(st.lists(values(KeptRoom), max_size=3), st.lists(st.sampled_from(FEW_IDS), max_size=2)),
        max_size=4,
    ),
    data=st.data(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_room_is_loaded_as_it_was_written(
    kind: str,
    batches: list[tuple[list[KeptRoom], list[str]]],
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("store") / "rooms.db"
    memory = MemoryStore()
    store: Store = memory if kind == "memory" else SqlStore(path)
    expected: dict[str, KeptRoom] = {}
    for rooms, gone in batches:
        named = [replace(one, room=replace(one.room, room_id=data.draw(st.sampled_from(FEW_IDS)))) for one in rooms]
        store.write(named, gone)
        expected |= {one.room.room_id: one for one in named}
        for room_id in gone:
            expected.pop(room_id, None)
    store.close()
    again: Store = memory if kind == "memory" else SqlStore(path)
    assert again.load() == [one for _, one in sorted(expected.items())]
    again.close()
