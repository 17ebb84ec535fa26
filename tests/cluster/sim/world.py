"""Three servers of one cluster, whole, on simulated time: real hubs, the model of Redis, scripted clients, faults.

Everything is real except time, chance, the network and Redis. The same seed makes the same story.
"""

import asyncio
import logging
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from random import Random
from typing import Any, Final
from unittest import mock

from hangd.cluster.base import ClusterFailed, NodeInfo
from hangd.cluster.memory import Memory
from hangd.engine.room.connection.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import ServerMessage
from hangd.rooms.clock import ServerClock
from hangd.rooms.clustered.hub import ClusterHub
from hangd.rooms.clustered.limits import ClusterLimits
from hangd.rooms.clustered.owning.owned_room import OwnedRoom
from hangd.rooms.clustered.rooms import ClusterRooms
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from tests.cluster.sim.people import Line, Person
from tests.cluster.sim.processes import Process, Time
from tests.cluster.sim.redis import SimulatedNode, SimulatedRedis
from tests.support.network.memory_transport import MemoryClient
from tests.support.servers.limits import UNLIMITED_RATES, UNLIMITED_SHARES

TTL: Final = 60.0
AWAY: Final = 30.0
SETTLES_WITHIN: Final = 30.0
"""Seconds after the last fault until all is as if there had been none: clients are sent away after 15 s, over 5 s."""
_ORPHANED: Final = 130.0 + 2 * 30.0
"""Seconds after which a room without owner is taken, though nobody comes, and though whoever did that has died."""
_FROZEN_PATIENCE: Final = 8.0
"""Clients leave a server that has answered no ping for so long."""
_AT_RISK: Final = 8.0
"""Redis that has lost something has it again after so long, if the owners of the rooms live meanwhile."""
TASKS: Final = [
    "keep the cluster's time",
    "look which servers live",
    "renew where clients are",
    "share what networks have",
    "take rooms without owner",
]
"""Of a server at rest."""
_TRIED_WITHIN: Final = 3.0
"""Seconds within which what is done at rest is over. The slowest Redis takes 0.3 s for a message on each way."""
HASH_SECONDS: Final = 0.05
_BOOT: Final = "simulated"


class SimulatedPasswords:
    """Passwords that are not hashed, which takes time as if they were."""

    async def hash(self, password: str, network: str = "") -> str:
        await asyncio.sleep(HASH_SECONDS)
        return f"hash of {password}"

    async def matches(self, password: str, password_hash: str, network: str = "") -> bool:
        await asyncio.sleep(HASH_SECONDS)
        return password_hash == f"hash of {password}"


class Server:
    """One server process."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.process: Process = world.time.process(name)
        self.cluster = SimulatedNode(world.redis, self.process, f"{name}-{world.random.getrandbits(32):08x}")
        with self.process:
            self.hub = ClusterHub(
                HubSettings(
                    server="hangd test",
                    room=RoomSettings(ttl=TTL, away=AWAY),
                    session=SessionSettings(**UNLIMITED_RATES, pings_per_second=10_000),
                    shared=UNLIMITED_SHARES,
                    **world.limits,
                ),
                passwords=SimulatedPasswords(),
                clock=ServerClock(monotonic=self.process.time, wall=self.process.time, boot=_BOOT),
                store=None,
                cluster=self.cluster,
                limits=ClusterLimits(self.cluster, lambda: b"secret", self.process.time),
                info=self._info,
            )
            self.process.create_task(self._join(), name="join")
        self.is_going = False
        """Whether it ends, after TERM."""
        self.woken_at = 0.0
        self.was_apart = False
        """Whether the others may have believed it dead, though it was not."""

    async def _join(self) -> None:
        try:
            await self.hub.join()
        except ClusterFailed:  # The program ends then, and is started again.
            self.process.call_soon(self._ended)
            self.world.time.after(1.0, lambda: self.world.start_again(self))

    @property
    def node(self) -> str:
        return self.cluster.node

    @property
    def rooms(self) -> ClusterRooms:
        rooms = self.hub._hosting
        assert isinstance(rooms, ClusterRooms)
        return rooms

    @property
    def accepts(self) -> bool:
        """Whether a client can connect."""
        return self.process.runs and not self.is_going

    def owned(self, room_id: str) -> OwnedRoom | None:
        return self.rooms.owned.get(room_id)

    def attach(self, wire: MemoryClient) -> None:
        if self.is_going:
            wire.closed = (1006, "")
            return
        wire.listener = self.hub.attach(wire.transport, self.process.time(), address="192.0.2.1")

    def _info(self, hub: Hub) -> NodeInfo:
        return NodeInfo(
            node=self.node,
            name=self.name,
            since=0.0,
            version="test",
            boot=_BOOT,
            clients=hub.client_count,
            rooms=hub.room_count,
            draining=hub.administration.draining,
        )

    # ---- faults -----------------------------------------------------------------------------------------------------

    def kill(self) -> None:
        self.process.kill()
        self.cluster.cut()
        self.world.note_fault()
        self.world.gone(self)

    def freeze(self) -> None:
        """Stop the process. Its connections stay."""
        self.was_apart = True
        self.process.is_stopped = True
        self.world.note_fault()
        self.world.time.after(_FROZEN_PATIENCE, partial(self._still_frozen, self.world.time.now))
        self._frozen_at = self.world.time.now

    def _still_frozen(self, since: float) -> None:
        if self.process.is_stopped and self._frozen_at == since:
            for person in self.world.at(self):
                person.drop()

    def wake(self) -> None:
        if self.process.is_stopped:
            self.process.is_stopped, self.woken_at = False, self.world.time.now

    def cut(self) -> None:
        """Cut it off from Redis."""
        self.was_apart = True
        self.world.note_fault()
        self.cluster.cut()

    def slow_down(self, seconds: float) -> None:
        """Let each thing between it and Redis take so much longer."""
        self.was_apart = True
        self.cluster.slowness = seconds

    def mend(self) -> None:
        self.cluster.mend()

    def terminate(self) -> None:
        """Stop as a server does that is told to (TERM)."""
        self.is_going = True
        self.process.arrive(self._terminate)

    def _terminate(self) -> None:
        self.hub.go_down(0.5)
        self.process.create_task(self._end(), name="end")

    async def _end(self) -> None:
        await self.hub.aclose()
        self.process.call_soon(self._ended)

    def _ended(self) -> None:
        self.process.kill()
        self.world.gone(self)


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(logging.Formatter().format(record))


class World:
    """Use `world` to make one.

    Args:
        delay: returns how long a thing takes between a server and Redis, in seconds.
        limits: for the settings of the servers.
    """

    def __init__(
        self, seed: int, delay: Callable[[Random], float], errors: "_Errors", limits: Mapping[str, Any]
    ) -> None:
        self.limits = limits
        self.random = Random(seed)
        self.time = Time()
        self.time.after_turn = lambda process: self._read()
        self.redis = SimulatedRedis(self.time, lambda: delay(self.random))
        self.errors = errors
        self.servers: list[Server] = []
        self.people: list[Person] = []
        self.lines: dict[str, Line] = {}
        self.entries: dict[str, Line] = {}
        self.told: list[tuple[float, str, str]] = []
        """When, who and what: the story, for whoever looks for a fault."""
        self.may_lose = False
        """Whether Redis and the owner of a room may have been lost at once, so that what was answered may be lost."""
        self.had_faults = False
        self._at_risk_until = 0.0
        self._faulty: Callable[[], bool] = lambda: any(
            not server.process.runs or not server.cluster.is_connected for server in self.servers
        )
        for name in ("one", "two", "three"):
            self.start(name)
        assert self.time.run(10.0, lambda: all(not server.hub.why_apart for server in self.servers))
        self.time.after(1.0, self._look)

    def start(self, name: str) -> Server:
        server = Server(self, name)
        self.servers.append(server)
        return server

    def start_again(self, server: Server) -> None:
        self.start(f"{server.name}'")

    def gone(self, server: Server) -> None:
        """A process has ended. Its clients notice."""
        if server in self.servers:
            self.servers.remove(server)
            for person in self.at(server):
                person.drop(after=0.1 + 0.5 * self.random.random())

    def person(self, name: str, server: Server | None = None, *, full: bool = True) -> Person:
        person = Person(self, name, full=full)
        self.people.append(person)
        person.connect(server)
        return person

    def at(self, server: Server) -> list[Person]:
        return [person for person in self.people if person.server is server]

    def any_server(self) -> Server | None:
        there = [server for server in self.servers if server.accepts]
        return self.random.choice(there) if there else None

    def note(self, person: Person, message: ServerMessage) -> None:
        self.told.append((self.time.now, person.name, repr(message)[:200]))

    # ---- Redis ------------------------------------------------------------------------------------------------------

    def redis_down(self) -> None:
        self.had_faults = True
        self.redis.is_up = False
        for server in self.servers:
            server.was_apart = True
            server.cluster.cut()

    def redis_up(self, kept: "object | None" = None) -> None:
        self.redis.is_up = True
        for server in self.servers:
            server.cluster.mend()

    def empty_redis(self) -> None:
        """Redis is started again, and has lost everything."""
        self.redis_down()
        self.redis.memory.clear()
        self._lost()
        self.time.after(0.2, self.redis_up)

    def fail_over(self, seconds: float = 0.05) -> None:
        """Let another Redis take over, which has not got what was written in this time."""
        before = self.redis.snapshot()
        self.time.run(seconds)
        self.lose_since(before)

    def lose_since(self, before: Memory) -> None:
        """Let another Redis take over, which has what there was then."""
        self.redis_down()
        self.redis.memory = before
        self._lost()
        self.time.after(0.5, self.redis_up)

    def _lost(self) -> None:
        self.had_faults = True
        self._at_risk_until = self.time.now + _AT_RISK
        if self._faulty():
            self.may_lose = True

    def note_fault(self) -> None:
        self.had_faults = True
        if self.time.now < self._at_risk_until:
            self.may_lose = True

    # ---- time -------------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        self.time.run(seconds)
        self.check_failures()

    def until(self, condition: Callable[[], object], within: float) -> float:
        """Let time pass until this is true. Returns how many seconds that took."""
        began = self.time.now
        assert self.time.run(within, lambda: bool(condition())), f"not within {within} s"
        self.check_failures()
        return self.time.now - began

    def _read(self) -> None:
        for person in self.people:
            person.read()

    def _look(self) -> None:
        for person in self.people:
            if person.server is not None and person.server.process.runs:
                person.check_patience()
        self.time.after(1.0, self._look)

    # ---- what must hold ---------------------------------------------------------------------------------------------

    def check_failures(self) -> None:
        """Assert that no server has failed."""
        assert not self.errors.records, self.errors.records[0]
        for process in self.time.processes:
            assert not process.failures, process.failures
        for server in self.servers:
            for place in server.rooms._places.values():
                place.relay.check()
            for hosted in server.rooms.owned:
                hosted.relay.check()

    def heal(self) -> None:
        """End all faults."""
        self.redis.is_up = True
        for server in self.servers:
            server.cluster.slowness = 0.0
            server.wake()
            server.mend()
            if server.hub.administration.draining:
                server.process.arrive(server.hub.administration.cancel_drain)
        while len(self.servers) < 3:
            self.start(f"new{len(self.time.processes)}")

    def settle(self) -> None:
        """End all faults, let everything come to rest, and assert all that must hold then."""
        self.heal()
        self.run(SETTLES_WITHIN)
        self.run(AWAY + 10.0)
        self.check()

    def owner(self, room_id: str) -> Server:
        """Return the server that owns a room. Nobody else may believe to."""
        owners = [server for server in self.servers if server.owned(room_id) is not None]
        assert len(owners) == 1, f"room {room_id} is owned by {[server.name for server in owners]}"
        kept = self.redis.memory.room(room_id)
        assert kept is not None and kept.owner == owners[0].node, f"room {room_id} runs at {owners[0].name}: {kept}"
        return owners[0]

    def room(self, room_id: str) -> OwnedRoom:
        hosted = self.owner(room_id).owned(room_id)
        assert hosted is not None
        return hosted

    def check(self) -> None:
        """Assert what holds when there has been no fault for some time."""
        # At rest, too, a relay tries its session now and then, and seeks the owner if the answer takes a second.
        self.time.run(_TRIED_WITHIN, lambda: all(server.process.task_names == TASKS for server in self.servers))
        self.check_failures()
        for person in self.people:
            assert not person.pending, f"{person} has no answer to {person.pending}"
            # Whoever has nothing to do here is sent away after a while.
            assert person.wanted is None or person.wire is not None, f"{person} is not connected"
            if person.online:
                assert (person.wanted is None) == (person.view is None), f"{person} wants to be in {person.wanted}"
        inside: dict[str, list[Person]] = {}
        for person in self.people:
            if person.room_id is not None:
                inside.setdefault(person.room_id, []).append(person)
        for room_id, people in inside.items():
            self._check_room(room_id, people)
        for server in self.servers:
            assert server.process.task_names == TASKS, server.process.task_names
            assert not server.rooms.owned.ending
            here = {person.room_id for person in self.at(server) if person.room_id is not None}
            assert set(server.rooms._places) == here, f"{server.name} has places of nobody, or too few"
            assert not server.rooms.claims._creations
            assert set(server.hub._clients) == {
                client_id for client_id, client in server.hub._clients.items() if client.peer is not None
            }, f"{server.name} keeps clients that are not there"
            for place in server.rooms._places.values():
                assert not place.asking
                assert not any(place.unanswered._numbers.values()), f"{server.name}: {place.unanswered._numbers}"
            for hosted in server.rooms.owned:
                self._check_waiting(hosted)
        self._check_lines()

    def _check_room(self, room_id: str, people: list[Person]) -> None:
        room = self.room(room_id).room
        room.check()
        view = room.view()
        members = {member.client_id: member for member in view.members}
        assert set(members) == {person.client_id for person in people}, (
            f"members of {room_id}: {[member.name for member in view.members]}, and inside are {people}"
        )
        for person in people:
            assert room.is_present(person.client_id), f"{person} counts as away"
            assert person.server is not None
            place = person.server.rooms._places[room_id]
            assert place._members.get(person.client_id) == person.full, f"{person.server.name} has lost {person}"
            if person.full:
                seen = person.view
                assert seen is not None
                assert {one.client_id: (one.name, one.role) for one in seen.members.values()} == {
                    one.client_id: (one.name, one.role) for one in members.values()
                }, f"{person} sees other members"
                assert seen.timeline == view.timeline, f"{person} sees another timeline"
                assert seen.queue == view.queue, f"{person} sees another queue"
                assert seen.policy == view.policy
        names = {entry.file.name for entry in view.queue.entries}
        answered = {name for name, one in self.entries.items() if one.room == room_id and one.answered_at is not None}
        assert answered <= names or self.may_lose, f"answered, and not in the queue: {answered - names}"

    def _check_waiting(self, hosted: OwnedRoom) -> None:
        """Assert that a room waits for nobody, and that its owner keeps nothing of those who are not there."""
        data = hosted.room._data
        assert not data.comparing, f"a room waits for passwords to be compared: {data.comparing}"
        assert data.hashing is None, f"a room waits for a password to be hashed: {data.hashing}"
        assert not data.pending
        members = {member.client_id for member in data.roster}
        for kept in (hosted.where, hosted.since, hosted.let_in):
            assert members.issuperset(kept), f"{kept} of {members}"

    def _check_lines(self) -> None:
        for text, line in self.lines.items():
            heard = any(person.heard[text] for person in self.people)
            if line.answered_at is None and not heard:
                continue
            for person in self.people:
                since = person.inside_since
                if person.full and person.room_id == line.room and since is not None and since < line.since:
                    assert person.heard[text] or self.may_lose, f"{person} has not heard {text!r}"

    def end(self) -> None:
        """Let everybody leave, and assert that nothing is left."""
        for person in self.people:
            person.quit()
        memory = self.redis.memory
        latest = self.time.now + _ORPHANED + TTL + AWAY
        while self.time.now < latest and (
            any(list(server.rooms.owned) for server in self.servers)
            or any(memory.room(room_id) is not None for room_id in memory.rooms)
        ):
            self.run(10.0)
        self.run(20.0)
        self.check()
        for server in self.servers:
            assert not list(server.rooms.owned), f"{server.name} still runs a room"
        assert not [room_id for room_id in memory.rooms if memory.room(room_id) is not None], "a room is left in Redis"
        assert not list(memory.aliases), "an alias is left"
        # A server that was stopped or cut off may keep where a client was when that is over.
        assert self.had_faults or not list(memory.clients), "a client is left"


def quick(random: Random) -> float:
    """Return how long things take usually, in seconds."""
    return 0.0002 + 0.001 * random.random()


@contextmanager
def world(seed: int = 0, delay: Callable[[Random], float] = quick, **limits: Any) -> Iterator[World]:
    """A world in which chance has this seed."""
    errors = _Errors()
    chance = Random(seed)
    logger = logging.getLogger("hangd")
    with ExitStack() as stack:
        for patched, name, value in (
            (secrets, "token_hex", lambda size=8: f"{chance.getrandbits(8 * size):0{2 * size}x}"),
            (secrets, "token_urlsafe", lambda size=8: f"{chance.getrandbits(8 * size):0{2 * size}x}"),
            (uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)),
        ):
            stack.enter_context(mock.patch.object(patched, name, value))
        stack.enter_context(mock.patch("random.uniform", chance.uniform))
        logger.addHandler(errors)
        stack.callback(logger.removeHandler, errors)
        yield World(seed, delay, errors, limits)
