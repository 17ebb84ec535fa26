"""What telling all members of a room of a command costs each server: all in one run, in turns, several times over."""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.server.clients import Client, Clients
from tests.bench.server.processes import FLOOR, KEPT, NODE, WEBSOCKETS, Contestant, Running
from tests.bench.server.report import Row, at_most

__all__ = ["Delivery", "Sizes", "compare", "rounds"]

_GOAL: Final = 1.15


class Sizes(NamedTuple):
    """How large the run is. Seconds are of one measurement."""

    rooms: int
    members: int
    rounds: int
    seconds: float


class Delivery(NamedTuple):
    """What one delivered message cost the server, in seconds of processor time."""

    total: float
    user: float
    """The part that is not in the kernel."""
    frame: float
    """Bytes."""
    waits: float
    """The share of the clients' looks for messages that found none: near 0, they would be what is measured."""


class _Load:
    """Gives each room its next command when all members have heard of the last one, until ``stop``."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._heard_by = [clients.language.heard_by(len(members)) for members in clients.rooms]
        self._due = [0] * len(clients.rooms)
        self._number = 0
        self.stops = False
        self.delivered = 0
        self.running = 0
        clients.heard = self._heard

    def start(self) -> None:
        self.stops = False
        self.running = len(self._due)
        for room in range(self.running):
            self._command(room)

    def _command(self, room: int) -> None:
        self._number += 1
        self._due[room] = self._heard_by[room]
        members = self._clients.rooms[room]
        client = members[self._number % len(members)]
        client.send(self._clients.language.command(client, self._number))

    def _heard(self, client: Client, count: int) -> None:
        self.delivered += count
        room = client.room
        self._due[room] -= count
        if self._due[room] == 0:
            if self.stops:
                self.running -= 1
            else:
                self._command(room)


def deliver(server: Running, sizes: Sizes) -> Delivery:
    """Measure one server, whose clients never sleep."""
    with contextlib.closing(Clients(server.port, server.language)) as clients:
        clients.enter(sizes.rooms, sizes.members)
        clients.idle(0.2)
        load = _Load(clients)
        _keep_busy(clients, load, sizes.seconds / 4)
        delivered, received = load.delivered, clients.received
        before = server.cost()
        waits = _keep_busy(clients, load, sizes.seconds)
        cost, count = server.cost() - before, load.delivered - delivered
        assert not clients.lost, f"the server ended {clients.lost} connections"
        return Delivery(cost.total / count, cost.user / count, (clients.received - received) / count, waits)


def _keep_busy(clients: Clients, load: _Load, seconds: float) -> float:
    looks = empty = 0
    until = time.monotonic() + seconds
    load.start()
    while load.running:
        before = clients.received
        clients.turn(0)
        looks += 1
        empty += clients.received == before
        load.stops = time.monotonic() > until
    return empty / looks


def rounds(contestants: Sequence[Contestant], sizes: Sizes) -> dict[str, list[Delivery]]:
    """Measure each contestant that is here, in each round."""
    present = [one for one in contestants if not one.absent]
    found: dict[str, list[Delivery]] = {one.name: [] for one in present}
    for _ in range(sizes.rounds):
        for one in present:
            with tempfile.TemporaryDirectory(prefix="hang-bench-") as folder, one.run(Path(folder)) as server:
                found[one.name].append(deliver(server, sizes))
    return found


def compare(found: Mapping[str, Sequence[Delivery]]) -> Iterator[Row]:
    """Yield a row for each contestant: what a delivery costs it, and how much that is of the floor."""
    case = "a delivered message"
    for name, deliveries in found.items():
        cost, user = (1e6 * statistics.median(getattr(one, part) for one in deliveries) for part in ("total", "user"))
        ratio = _ratio(deliveries, found[FLOOR])
        frame = statistics.median(one.frame for one in deliveries)
        note = f"{cost:.1f} us, {user:.1f} of it not in the kernel; {frame:.0f} bytes"
        if name == KEPT:
            yield at_most(case, name, ratio, "x the floor", _GOAL, note)
        else:
            yield Row(case, name, ratio, "x the floor", note=note)
    for name in (NODE, WEBSOCKETS):
        if name in found:
            yield at_most(case, f"hang / {name}", _ratio(found[KEPT], found[name]), "x", 1.0)
    looks = min(one.waits for deliveries in found.values() for one in deliveries)
    yield Row(
        case, "looks of the clients that found nothing", 100 * looks, "%", note="the least of all; near 0: too slow"
    )


def _ratio(ours: Sequence[Delivery], others: Sequence[Delivery]) -> float:
    """Return the median over the rounds: a machine that is slower for a while is so for both."""
    return statistics.median(one.total / other.total for one, other in zip(ours, others, strict=True))
