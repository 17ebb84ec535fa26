"""What is measured of several servers, each figure beside that of one server.

All servers and Redis are on one core, and the clients on another one. So the processor time of each says what it costs,
and delays say what a command waits for when nothing else does: where the servers' core is full, they say nothing.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.server.clients import Client, Clients, Refused
from tests.bench.server.commands import anybody, give_commands, latencies
from tests.bench.server.languages import Hang
from tests.bench.server.processes import PIN, cost_of, hang, memory_of
from tests.bench.server.report import Row, at_most
from tests.support.servers.cluster_processes import Service, built
from tests.support.servers.redis_server import RedisServer, running_redis

__all__ = ["Scale", "halls", "one_command"]

_ONE: Final = "one server"
_COMMAND: Final = "a command to three"
_GAP: Final = 0.005
"""Seconds between two commands."""
_MEDIAN_MORE: Final = 1.3
"""Milliseconds that a hop may cost."""
_P99_GOAL: Final = 5.0
_NODE_GOAL: Final = 15.0
_REDIS_GOAL: Final = 10.0


_AT_ONCE: Final = 16
"""Clients that come in at the same time: all servers share a core, and each join is work for two of them and Redis."""
_NOT_NOW: Final = b"HTTP/1.1 503"
"""How a node answers that does not count as alive."""


class _Hang(Hang):
    """Basic clients, of whose messages only those count that tell them of another position: commands, or where the room
    stands when it has another owner."""

    def __init__(self) -> None:
        self._at: dict[str, bytes] = {}
        """Where each client has the film, by its name."""

    def take(self, client: Client, data: bytes) -> tuple[int, int]:
        if not client.is_in and data.startswith(_NOT_NOW):
            raise Refused
        return super().take(client, data)

    def text(self, client: Client, payload: bytes) -> bool:
        if not client.is_in:
            return True
        if payload.startswith(b'{"type":"RoomLeft"'):
            raise Refused
        if not payload.startswith(b'{"type":"SyncBroadcast"'):
            return False
        position = payload.partition(b'"position":')[2].partition(b",")[0]
        before, self._at[client.name] = self._at.get(client.name, b"0.0"), position
        return position != before

    def command(self, client: Client, number: int) -> bytes:
        self._at[client.name] = b"%.1f" % number
        return super().command(client, number)


class Scale(NamedTuple):
    """How large a run is."""

    pairs: int
    """Rooms in which the time of a command is measured."""
    seconds: float
    """For which commands are given, in each round."""
    rounds: int
    """One server and several take turns."""
    nodes: int
    halls: int
    """Rooms of ten."""


class _Part(NamedTuple):
    """A process that is measured."""

    name: str
    pid: int


class _Whole(NamedTuple):
    """What clients can be connected to: its ports, and the processes that it consists of."""

    ports: Sequence[int]
    parts: Sequence[_Part]
    logs: Callable[[], str] = str
    """Returns what its nodes have logged."""

    def costs(self) -> list[float]:
        return [cost_of(part.pid).total for part in self.parts]


@contextlib.contextmanager
def _one(folder: Path) -> Iterator[_Whole]:
    with hang(folder) as server:
        yield _Whole([server.port], [_Part(_ONE, server.pid)])


@contextlib.contextmanager
def _several(folder: Path, nodes: int) -> Iterator[_Whole]:
    with running_redis(keeps=True) as redis:
        _keep_within_a_second(redis)
        with built(folder, nodes=nodes, redis=redis, redis_url=redis.socket_url, prefix=PIN) as cluster:
            asyncio.run(cluster.start())
            logs = lambda: "".join(node.log() for node in cluster.nodes)  # noqa: E731
            yield _Whole([node.port for node in cluster.nodes], _parts(cluster), logs)


def _keep_within_a_second(redis: RedisServer) -> None:
    """Let it write as docs/cluster.md says, on the servers' core."""
    redis.ask("CONFIG", "SET", "appendfsync", "everysec")
    redis.use_core(int(PIN[-1]))


def _parts(cluster: Service) -> list[_Part]:
    nodes = [_Part(node.name, node.process.pid) for node in cluster.nodes if node.process is not None]
    return [*nodes, _Part("Redis", cluster.redis.pid)]


def one_command(scale: Scale) -> Iterator[Row]:
    """Measure how long it takes until all three of a room have heard of a command: of one server; with all three at the
    node that owns the room; and of two who are at another node than the third, which owns it."""
    together, edge = "all at the owner", "through an edge"
    given: dict[str, list[float]] = {_ONE: [], together: [], edge: []}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-bench-")))
        one, several = stack.enter_context(_one(folder)), stack.enter_context(_several(folder, 2))
        first, second = several.ports
        crowds = {
            _ONE: (lambda room, place: one.ports[0], anybody),
            together: (lambda room, place: (first, second)[room % 2], anybody),
            edge: (lambda room, place: (first, second)[(room + (place > 0)) % 2], _at_the_edge),
        }
        clients = {
            what: stack.enter_context(_in_rooms(scale.pairs, 3, port, name=f"room-{number}"))
            for number, (what, (port, _)) in enumerate(crowds.items())
        }
        for number in range(scale.rounds):
            for what, (_, speakers) in crowds.items():
                given[what] += give_commands(clients[what], scale.seconds, _GAP, seed=number, speakers=speakers)
        assert not any(one.lost for one in clients.values()), "a server ended connections"
    floor = latencies(given[_ONE])
    for what, taken in given.items():
        median, p99 = latencies(taken)
        notes = [f"{value / least:.1f} x" for value, least in zip((median, p99), floor, strict=True)]
        if what == _ONE:
            yield Row(_COMMAND, f"{what}, p50", median, "ms")
            yield Row(_COMMAND, f"{what}, p99", p99, "ms")
            continue
        yield at_most(_COMMAND, f"{what}, p50", median, "ms", round(floor[0] + _MEDIAN_MORE, 2), notes[0])
        yield at_most(_COMMAND, f"{what}, p99", p99, "ms", _P99_GOAL, notes[1])


def _at_the_edge(members: Sequence[Client]) -> Sequence[Client]:
    return members[1:]


@contextlib.contextmanager
def _in_rooms(rooms: int, members: int, port: Callable[[int, int], int], *, name: str) -> Iterator[Clients]:
    with contextlib.closing(Clients(port, _Hang(), name=name)) as clients:
        clients.enter(rooms, members)
        clients.idle(1.0)
        yield clients


def halls(scale: Scale) -> Iterator[Row]:
    """Measure commands in many rooms of ten, whose members are spread over all servers: what one takes, and what it
    costs each process. Each room has one about every two seconds."""
    members = scale.halls * 10
    case = f"{members:,} clients in {scale.halls} rooms"
    floor = 0.0
    for nodes in (1, scale.nodes):
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-bench-")))
            whole = stack.enter_context(_one(folder) if nodes == 1 else _several(folder, nodes))
            ports = whole.ports
            crowd = Clients(_spread(ports), _Hang(), at_once=_AT_ONCE, return_=nodes > 1)
            clients = stack.enter_context(contextlib.closing(crowd))
            what = _ONE if nodes == 1 else f"{nodes} servers"
            before = whole.costs()
            taken = clients.enter(scale.halls, 10)
            joins = sum(whole.costs()) - sum(before)
            yield Row(case, f"{what}: joins", members / taken, "a second")
            yield Row(case, f"{what}: processor for a join", 1e6 * joins / members, "us")
            clients.idle(2.0)
            idle, began = whole.costs(), time.monotonic()
            clients.idle(scale.seconds)
            yield Row(
                case, f"{what}: all processes while nobody says anything", _percent(whole.costs(), idle, began), "%"
            )
            before, began = whole.costs(), time.monotonic()
            given = give_commands(clients, scale.rounds * scale.seconds, 2.0 / scale.halls)
            after, seconds = whole.costs(), time.monotonic() - began
            assert not clients.lost, "a server ended connections"
            yield from _disturbances(case, what, whole.logs(), clients)
            median, p99 = latencies(given)
            yield Row(case, f"{what}: p50 of a command to all", median, "ms")
            yield Row(case, f"{what}: p99 of a command to all", p99, "ms")
            used = [100 * (late - early) / seconds for late, early in zip(after, before, strict=True)]
            each = 1e6 * (sum(after) - sum(before)) / len(given)
            yield Row(case, f"{what}: processor for a command", each, "us", note=_times(each, floor))
            if nodes == 1:
                yield Row(case, f"{what}: its core", used[0], "%")
                yield Row(case, f"{what}: memory", memory_of(whole.parts[0].pid) / 2**20, "MiB")
                floor = each
                continue
            yield at_most(case, f"{what}: a core, the busiest of them", max(used[:-1]), "%", _NODE_GOAL)
            yield at_most(case, f"{what}: a core, Redis", used[-1], "%", _REDIS_GOAL)
            yield Row(case, f"{what}: memory of all of them", _memory(whole.parts[:-1]), "MiB")
            yield Row(case, f"{what}: memory of Redis", _memory(whole.parts[-1:]), "MiB")


def _disturbances(case: str, what: str, logs: str, clients: Clients) -> Iterator[Row]:
    """Tell how often a node did not get the processor in time to count as alive, and what has come of it."""
    for name, count in (
        ("nodes that were cut off", logs.count("this node is cut off")),
        ("rooms that changed their owner", logs.count(" runs here now ")),
        ("clients that had to come in again", clients.returned),
    ):
        if count:
            yield Row(case, f"{what}: {name}", count, "", note="this machine had too much else to do")


def _spread(ports: Sequence[int]) -> Callable[[int, int], int]:
    """Return a function that spreads the members of each room over all servers, and so the owners of rooms."""
    return lambda room, place: ports[(room + place) % len(ports)]


def _percent(costs: Sequence[float], before: Sequence[float], began: float) -> float:
    return 100 * (sum(costs) - sum(before)) / (time.monotonic() - began)


def _memory(parts: Sequence[_Part]) -> float:
    return sum(memory_of(part.pid) for part in parts) / 2**20


def _times(value: float, floor: float) -> str:
    return f"{value / floor:.1f} x that of one server" if floor else ""
