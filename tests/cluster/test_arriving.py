"""Parcels are handled a few milliseconds at a time, in order."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import pytest

from hangd.rooms.clustered.arriving import SLICE, WAITING_MAX, Arriving
from tests.cluster.listening import Recorder, running_node, until
from tests.support.servers.redis_server import RedisServer

_TAKES = 0.001
"""Seconds that each parcel takes."""


class Turns:
    """An event loop whose time passes only while parcels are handled."""

    def __init__(self) -> None:
        self.now = 100.0
        self.handled: list[tuple[bytes, float]] = []
        self.ready: deque[Callable[[], None]] = deque()
        self.arriving = Arriving(self.handle, lambda: self.now, self.ready.append)

    def handle(self, parcel: bytes, at: float) -> None:
        self.now += _TAKES
        self.handled.append((parcel, at))
        if parcel == b"bad":
            raise ValueError(parcel)

    def turn(self) -> int:
        """Run what is ready. Returns how many parcels that has handled."""
        before = len(self.handled)
        for _ in range(len(self.ready)):
            self.ready.popleft()()
        return len(self.handled) - before


def test_what_arrives_at_a_quiet_node_is_handled_at_once() -> None:
    turns = Turns()
    for number in range(100):
        turns.now += 0.01
        turns.arriving.take(b"%d" % number, turns.now)
        assert len(turns.handled) == number + 1
    assert not turns.ready


def test_what_arrives_together_is_handled_a_slice_in_each_turn_and_in_order() -> None:
    turns = Turns()
    sent = [(b"%d" % number, float(number)) for number in range(100)]
    for parcel, at in sent:
        turns.arriving.take(parcel, at)
    counts = [len(turns.handled)]
    while turns.ready:
        counts.append(turns.turn())
        if len(counts) == 3:
            turns.arriving.take(b"later", 0.0)
    assert turns.handled == [*sent, (b"later", 0.0)]
    assert max(counts) <= SLICE / _TAKES + 1
    turns.now += 1.0
    turns.arriving.take(b"last", 0.0)
    assert turns.handled[-1] == (b"last", 0.0)


def test_no_more_waits_than_there_is_space_for() -> None:
    turns = Turns()
    large = bytes(WAITING_MAX // 8)
    for number in range(100):
        turns.arriving.take(large, float(number))
    assert len(turns.handled) >= 100 - 8
    while turns.ready:
        turns.turn()
    assert [at for _, at in turns.handled] == list(range(100))


def test_one_that_cannot_be_handled_keeps_back_no_other() -> None:
    turns = Turns()
    for parcel in [*[b"first"] * 20, b"bad", *[b"last"] * 20]:
        turns.arriving.take(parcel, 0.0)
    failures = 0
    while turns.ready:
        try:
            turns.turn()
        except ValueError:
            failures += 1
    assert failures == 1
    assert len(turns.handled) == 41


def test_what_waits_when_the_node_ends_is_forgotten() -> None:
    turns = Turns()
    for number in range(100):
        turns.arriving.take(b"", float(number))
    turns.arriving.stop()
    before = len(turns.handled)
    while turns.ready:
        turns.turn()
    assert len(turns.handled) == before


class _Busy(Recorder):
    """Works at each parcel for a millisecond of processor time."""

    def __init__(self) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        self.arriving = Arriving(self._work, time.monotonic, loop.call_soon)
        self.done = 0
        self.done_at_beats: list[int] = []

    def received(self, parcel: bytes, at: float) -> None:
        self.arriving.take(parcel, at)

    def beat_heard(self, number: int, at: float) -> None:
        self.done_at_beats.append(self.done)

    def _work(self, parcel: bytes, at: float) -> None:
        until = time.thread_time() + _TAKES
        while time.thread_time() < until:
            pass
        self.done += 1


@pytest.mark.real
async def test_a_beat_does_not_wait_behind_parcels(redis_server: RedisServer) -> None:
    """Through a real Redis: counted is how much of the work was done when each beat was heard."""
    parcels, beats = 2000, 10
    async with running_node(redis_server.url, "one") as one, running_node(redis_server.url, "two") as two:
        busy = _Busy()
        two.cluster._listener = busy  # type: ignore[attr-defined]
        for _ in range(parcels):
            one.cluster.post(two.name, b"x" * 100)
        await until(lambda: busy.done > 0, "the first parcel")
        for number in range(beats):
            two.cluster.beat(number)
        await until(lambda: len(busy.done_at_beats) == beats, "the beats")
        assert busy.done_at_beats[-1] < parcels / 2, "they were heard while most of the work was still to be done"
        await until(lambda: busy.done == parcels, "all parcels")
