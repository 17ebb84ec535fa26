"""What is measured of hang's server beside the fan-out: each function is a case, and returns its rows."""

import contextlib
import random
import ssl
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.server.clients import Clients, Language
from tests.bench.server.commands import give_commands, latencies
from tests.bench.server.fanout import Sizes
from tests.bench.server.languages import FullHang, Hang
from tests.bench.server.processes import FLOOR, SYNCPLAY, Running, contestants, hang, relay
from tests.bench.server.report import Row, at_most
from tests.support.servers.certificates import Authority

__all__ = ["Scale", "coming_and_going", "halls", "idle", "joins_and_commands", "memory", "one_large_room"]

_KIB: Final = 1024
_MEMORY_GOAL: Final = 20.0
_P99_GOAL: Final = 50.0
_FLAT: Final = 1.05


class Scale(NamedTuple):
    """How large a run is."""

    sizes: Sizes
    """Of the fan-out."""
    idle_members: int
    """Members whose memory is measured."""
    idle_seconds: float
    clients: int
    """Of the idle ones, of the storm and in the large room."""
    halls: int
    """Rooms of ten that are there at the same time."""
    seconds: float
    """For which commands are given."""
    churn_seconds: float
    calm_seconds: float
    """Until clients that have just connected are as quiet as they will be."""


@contextlib.contextmanager
def _hang(*options: str, keep: bool = True) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="hang-bench-") as folder, hang(Path(folder), *options, keep=keep) as server:
        yield server


@contextlib.contextmanager
def _in_rooms(
    server: Running, rooms: int, members: int, language: Language | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Clients]:
    with contextlib.closing(Clients(server.port, language or server.language, tls)) as clients:
        clients.enter(rooms, members)
        clients.idle(1.0)
        yield clients


def memory(scale: Scale) -> Iterator[Row]:
    """Measure what a member costs that says nothing, and what TLS costs without a server behind it."""
    with tempfile.TemporaryDirectory(prefix="hang-bench-") as folder:
        pair = Authority(Path(folder), "authority").issue("localhost")
        tls = ssl.create_default_context(cafile=str(Path(folder, "authority.pem")))
        files = (str(pair.certificate), str(pair.key))
        secured = ("--tls-cert", files[0], "--tls-key", files[1])
        with relay("floor", *files) as server:
            yield Row("memory", f"{FLOOR}, TLS", _grown(server, scale, server.language, tls), "KiB")
        for what, language, options, context in (
            ("a basic member", Hang(), (), None),
            ("a full member", FullHang(), (), None),
            ("a full member, TLS", FullHang(), secured, tls),
        ):
            with _hang(*options) as server:
                yield at_most("memory", what, _grown(server, scale, language, context), "KiB", _MEMORY_GOAL)


def _grown(server: Running, scale: Scale, language: Language, tls: ssl.SSLContext | None) -> float:
    """Return by how many KiB the server has grown for each member, from a hundred members on, in rooms of ten."""
    with _in_rooms(server, 10, 10, language, tls) as clients:
        before = server.memory()
        clients.enter(scale.idle_members // 10, 10)
        clients.idle(1.0)
        return (server.memory() - before) / scale.idle_members / _KIB


def idle(scale: Scale) -> Iterator[Row]:
    """Measure what clients cost that say nothing: hang's and Syncplay's side by side, in rooms of fifty."""
    syncplay = next(one for one in contestants() if one.name == SYNCPLAY)
    rooms = scale.clients // 50
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hang-bench-")))
        servers = [stack.enter_context(hang(folder))]
        if not syncplay.absent:
            servers.append(stack.enter_context(syncplay.run(folder)))
        crowds = [stack.enter_context(_in_rooms(server, rooms, 50)) for server in servers]
        before = [server.cost() for server in servers]
        began = time.monotonic()
        while (taken := time.monotonic() - began) < scale.idle_seconds:
            for clients in crowds:
                clients.turn(0.01)
        costs = [60 / taken * (server.cost() - cost).total for server, cost in zip(servers, before, strict=True)]
    what = f"{rooms * 50} clients, hang"
    if len(costs) == 1:
        yield Row("idle", what, costs[0], "s a minute", note=syncplay.absent)
        return
    yield Row("idle", f"{rooms * 50} clients, {SYNCPLAY}", costs[1], "s a minute")
    yield at_most("idle", what, costs[0], "s a minute", costs[1] / 10)


def joins_and_commands(scale: Scale) -> Iterator[Row]:
    """Measure coming in, and commands at a rate that leaves the server time."""
    with _hang() as server, contextlib.closing(Clients(server.port, Hang())) as clients:
        before = server.cost()
        rooms = scale.clients // 50
        taken = clients.enter(rooms, 50)
        cost = (server.cost() - before).total
        yield Row("joins", f"{rooms * 50} into {rooms} rooms", rooms * 50 / taken, "a second")
        yield Row("joins", "the server's time for one", 1e6 * cost / (rooms * 50), "us")
        clients.idle(1.0)
        median, p99 = latencies(give_commands(clients, scale.seconds, 0.02))
        yield Row("a command to all 50", "p50", median, "ms")
        yield Row("a command to all 50", "p99", p99, "ms")


def halls(scale: Scale) -> Iterator[Row]:
    """Measure commands in many rooms of ten: each room has one about every two seconds."""
    members = scale.halls * 10
    with _hang() as server, contextlib.closing(Clients(server.port, Hang())) as clients:
        taken = clients.enter(scale.halls, 10)
        what = f"{members:,} clients in {scale.halls} rooms"
        yield Row(what, "joins", members / taken, "a second")
        clients.idle(1.0)
        before, began = server.cost(), time.monotonic()
        median, p99 = latencies(give_commands(clients, scale.seconds, 2.0 / scale.halls))
        busy = (server.cost() - before).total / (time.monotonic() - began)
        yield Row(what, "p50 of a command to all", median, "ms")
        yield at_most(what, "p99 of a command to all", p99, "ms", _P99_GOAL)
        yield Row(what, "the server's core", 100 * busy, "%")
        yield Row(what, "memory", server.memory() / _KIB / _KIB, "MiB")


def one_large_room(scale: Scale) -> Iterator[Row]:
    """Measure a room of a thousand: coming in, and a command to all."""
    members = 2 * scale.clients
    what = f"one room of {members:,}"
    with (
        _hang("--room-capacity", str(members)) as server,
        contextlib.closing(Clients(server.port, Hang())) as clients,
    ):
        before = server.cost()
        taken = clients.enter(1, members)
        yield Row(what, "joins", members / taken, "a second")
        yield Row(what, "the server's time for a join", 1e6 * (server.cost() - before).total / members, "us")
        clients.idle(1.0)
        before = server.cost()
        given = give_commands(clients, scale.seconds, 0.5)
        median, p99 = latencies(given)
        each = (server.cost() - before).total / (len(given) * (members - 1))
        yield Row(what, "p50 of a command to all", median, "ms")
        yield Row(what, "p99 of a command to all", p99, "ms")
        yield Row(what, "the server's time for one delivery", 1e6 * each, "us")


def coming_and_going(scale: Scale) -> Iterator[Row]:
    """Let members of both kinds come and go, and make rooms that are forgotten again, and watch the memory."""
    draw = random.Random(1)
    sizes: list[tuple[float, int]] = []
    comings = 0
    with (
        _hang("--away", "2", "--room-ttl", "2") as server,
        _in_rooms(server, 10, 10) as basic,
        contextlib.closing(Clients(server.port, FullHang(), name="full")) as full,
    ):
        full.enter(10, 10)
        began = time.monotonic()
        while (now := time.monotonic()) < began + scale.churn_seconds:
            for clients in (basic, full):
                room = draw.randrange(10)
                clients.leave(draw.choice(clients.rooms[room]))
                clients.add(room)
                if draw.random() < 0.1:
                    clients.enter(1, 2)
                    for client in [*clients.rooms[-1]]:
                        clients.leave(client)
                comings += 1
            basic.turn(0.01)
            full.turn(0.01)
            sizes.append(((now - began) / scale.churn_seconds, server.memory()))
        assert not basic.lost and not full.lost, "the server ended connections"
    # The first fifth is growth to the size that is needed.
    early, late = (max(size for at, size in sizes if begin <= at < begin + 0.2) for begin in (0.2, 0.8))
    note = f"{comings:,} came and went in {scale.churn_seconds:g} s; {late / _KIB / _KIB:.1f} MiB in the end"
    yield at_most("coming and going", "memory, last fifth / second", late / early, "x", _FLAT, note)
