"""When a node connects again, on simulated time."""

import logging
from collections.abc import Callable

import pytest

from hangd.cluster.base import ClusterFailed
from hangd.cluster.redis.connection import Connection
from hangd.cluster.redis.dialing import Dialed
from hangd.cluster.redis.wire import Request, Wire, pack
from tests.cluster.sim.processes import Process, Time


class _Transport:
    """The end of a connection to nowhere."""

    def __init__(self, wire: Wire, process: Process) -> None:
        self._wire, self._process = wire, process

    def write(self, data: bytes) -> None:
        pass

    def abort(self) -> None:
        self._process.call_soon(self._wire.connection_lost, None)


class _Dialer:
    """Makes connections that last as long as ``lasts`` says, or cannot be made where that is None."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.lasts: Callable[[], float | None] = lambda: 1e9
        self.refusal = ""
        """How a connection ends: Redis says this. "": it closes it."""
        self.dialed_at: list[float] = []
        self.tried: list[bool] = []
        """Of each attempt, whether it was to try whether Redis takes changes."""
        self.ended_at: list[float] = []

    async def dial(self, *, changes: bool) -> Dialed:
        self.dialed_at.append(self._process.time())
        self.tried.append(changes)
        lasts = self.lasts()
        if lasts is None:
            raise ClusterFailed("it cannot be reached")
        dialed = Dialed(Wire(), Wire())
        for wire in (dialed.commands, dialed.inbox):
            wire.connection_made(_Transport(wire, self._process))  # type: ignore[arg-type]
            self._process.call_later(0.0, self._answer_all, wire)
        self._process.call_later(lasts, self._end, dialed.commands)
        return dialed

    def _answer_all(self, wire: Wire) -> None:
        """Answer what keeps the connection alive."""
        if wire.is_open:
            while wire.unanswered:
                wire.unanswered.popleft().answered(b"PONG")
            self._process.call_later(0.2, self._answer_all, wire)

    def _end(self, wire: Wire) -> None:
        self.ended_at.append(self._process.time())
        if self.refusal:
            wire.send(Request(pack("SET", "k", "v"), lambda _: None))
            wire.data_received(f"-{self.refusal}\r\n".encode())
        else:
            wire.close()


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.process = self.time.process("one")
        self.dialer = _Dialer(self.process)
        self.told: list[bool] = []
        with self.process:
            self.connection = Connection(
                self.dialer,
                connected=lambda: self.told.append(True),
                disconnected=lambda: self.told.append(False),
                random=lambda: 1.0,
            )
            self.process.create_task(self.connection.open())
        self.time.run(0.001)

    def gaps(self) -> list[float]:
        """Return the seconds from the end of each connection to the next attempt."""
        return [
            next(at for at in self.dialer.dialed_at if at >= ended) - ended
            for ended in self.dialer.ended_at
            if any(at >= ended for at in self.dialer.dialed_at)
        ]


@pytest.mark.parametrize("lasts", [0.001, 0.3, 0.9])
@pytest.mark.parametrize("refusal", ["", "OOM command not allowed", "NOSCRIPT No matching script", "BUSY"])
def test_connections_that_end_soon_are_made_less_and_less_often(
    lasts: float, refusal: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    world.dialer.refusal, world.dialer.lasts = refusal, lambda: lasts
    world.connection.reconnect("a test")
    world.time.run(60.0)
    assert len(world.dialer.dialed_at) <= 60.0 / (1.0 + lasts) + 7
    assert world.gaps()[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0], abs=1e-6)
    assert [record.getMessage() for record in caplog.records] == ["the connection to Redis has ended: a test"]
    # Whoever reads the log is told that it is over when it is.
    world.dialer.lasts = lambda: 1e9
    world.time.run(5.0)
    assert world.connection.is_connected
    assert caplog.records[-1].getMessage() == "Redis can be reached again" and len(caplog.records) == 2


def test_after_one_that_has_lasted_the_first_attempt_is_made_at_once_and_the_end_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.dialer.lasts = lambda: 1.5
    world.connection.reconnect("a test")
    world.time.run(60.0)
    assert len(world.gaps()) > 30
    assert world.gaps() == pytest.approx([0.05] * len(world.gaps()), abs=1e-6)
    assert caplog.text.count("the connection to Redis has ended") == len(world.dialer.ended_at) + 1


def test_attempts_that_fail_are_made_less_and_less_often_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.dialer.lasts = lambda: None
    world.connection.reconnect("a test")
    world.time.run(60.0)
    assert len(world.dialer.dialed_at) <= 67
    assert [record.getMessage() for record in caplog.records] == [
        "the connection to Redis has ended: a test",
        "it cannot be reached",
    ]
    world.dialer.lasts = lambda: 1e9
    world.time.run(1.0)
    assert world.told == [True, False, True]


@pytest.mark.parametrize(("refusal", "tries"), [("", False), ("OOM", True), ("NOREPLICAS", True), ("READONLY", True)])
def test_whether_changes_are_taken_is_tried_after_one_was_refused(refusal: str, tries: bool) -> None:
    world = World()
    world.dialer.refusal = refusal
    ends = iter([2.0, None, None])
    world.dialer.lasts = lambda: next(ends, 1e9)
    world.connection.reconnect("a test")
    world.time.run(10.0)
    assert world.dialer.tried == [False, False, tries, tries, tries]
    world.connection.reconnect("a test")
    world.time.run(10.0)
    assert world.dialer.tried[5:] == [False]
