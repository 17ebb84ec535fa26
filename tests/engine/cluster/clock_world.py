"""Machines whose true time is known, each with a clock of its own, and who of them tells the cluster's time."""

import heapq
import itertools
from collections.abc import Callable
from random import Random

from hangd.engine.cluster.clusterclock import (
    AskTime,
    ClockEffect,
    ClockPing,
    ClockPong,
    ClusterClock,
    Jumped,
    Reference,
)

MS = 0.001
LEASE = 3.0
RESTS = 5.0
"""As in `hangd.rooms.clustered.timekeeping`."""


class Machine:
    """One node, and the clock of its machine."""

    def __init__(self, world: "World", name: str, *, offset: float, skew: float, boot: str | None = None) -> None:
        self.world, self.name, self.offset, self.skew = world, name, offset, skew
        self.clock = ClusterClock(name, boot or f"boot-{name}", f"timescale-{name}")
        self.joined = world.now
        self.up = True
        self.paused_at: float | None = None
        """Since when it stands still, and its clock with it."""
        self.asymmetry = world.random.uniform(-0.3, 0.3) * MS
        self.jumps: list[float] = []
        self.last = float("-inf")
        self._waiting: list[Callable[[], None]] = []

    def local(self, at: float) -> float:
        return at * (1 + self.skew) + self.offset

    @property
    def now(self) -> float:
        return self.local(self.world.now if self.paused_at is None else self.paused_at)

    def pause(self, seconds: float) -> None:
        """Let the machine stand still, and its clock with it, as a virtual machine that is moved to another host."""
        assert self.paused_at is None
        self.paused_at = self.world.now
        self.world.at(seconds, self._go_on)

    def _go_on(self) -> None:
        assert self.paused_at is not None
        self.offset -= (self.world.now - self.paused_at) * (1 + self.skew)
        self.paused_at = None
        waiting, self._waiting = self._waiting, []
        for do in waiting:
            do()

    def when_it_runs(self, do: Callable[[], None]) -> None:
        """Do this now, or when the machine goes on."""
        if self.paused_at is None:
            do()
        else:
            self._waiting.append(do)

    def time(self) -> float:
        """Return cluster time as this node tells it."""
        told = self.clock.to_cluster(self.now)
        assert told >= self.last, "cluster time runs backwards"
        self.last = told
        return told


class World:
    """Machines, and who of them is the reference. ``delay`` returns how long a parcel is on its way, in seconds."""

    def __init__(self, seed: int, delay: Callable[[Random], float]) -> None:
        self.random = Random(seed)
        self.delay = delay
        self.now = 1000.0
        self.machines: list[Machine] = []
        self.record: Reference | None = None
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.worst = 0.0
        self.bounds_hold = True
        self.leader: str | None = None
        """Who has the lease, and until when."""
        self.leased_until = 0.0

    def join(self, offset: float, skew: float, *, boot: str | None = None) -> Machine:
        machine = Machine(self, f"n{len(self.machines)}", offset=offset, skew=skew, boot=boot)
        self.machines.append(machine)
        self.look(machine)
        return machine

    def look(self, machine: Machine) -> None:
        """Look who is the reference, and become it if nobody is, every second."""
        if not machine.up:
            return
        self.at(1.0, lambda: machine.when_it_runs(lambda: self.look(machine)))
        if machine.clock.given_up is not None and machine.name == self.leader:
            self.record, self.leader = machine.clock.given_up, None
            self.at(RESTS, self.forget)
        machine.clock.given_up = None
        leader = next((one for one in self.machines if one.name == self.leader), None)
        if machine is leader:
            self.leased_until = self.now + LEASE
        is_free = leader is None or not leader.up or self.leased_until < self.now
        if is_free and machine.clock.may_lead(self.record, machine.now):
            self.record = machine.clock.lead(self.record, machine.now)
            self.leader, self.leased_until = machine.name, self.now + LEASE
        elif self.record is not None:
            self.obey(machine, machine.clock.reference(self.record, machine.now))
        machine.clock.check()

    def forget(self) -> None:
        """What a reference has told that stood still is not kept for long."""
        if self.record is not None and self.record.stood_still:
            self.record = None

    def obey(self, machine: Machine, effects: list[ClockEffect]) -> None:
        for effect in effects:
            match effect:
                case AskTime(node=node, ping=ping):
                    other = next(one for one in self.machines if one.name == node)
                    self.at(self.way(machine, 1), lambda other=other, ping=ping: self.asked(machine, other, ping))  # type: ignore[misc]
                case Jumped(by=by):
                    machine.jumps.append(by)
                    machine.last = float("-inf")

    def way(self, machine: Machine, sign: int) -> float:
        return max(self.delay(self.random) + sign * machine.asymmetry, 0.05 * MS)

    def asked(self, machine: Machine, other: Machine, ping: ClockPing) -> None:
        if not other.up:
            return
        if other.paused_at is not None:
            other.when_it_runs(lambda: self.asked(machine, other, ping))
            return
        pong = other.clock.answer(machine.name, ping, other.now, other.now + 0.02 * MS)
        if other.clock.given_up is not None:
            self.at(0.0, lambda: other.when_it_runs(lambda: self.look(other)))
        if pong is not None:
            self.at(0.02 * MS + self.way(machine, -1), lambda: self.answered(machine, other, pong))

    def answered(self, machine: Machine, other: Machine, pong: ClockPong) -> None:
        if machine.paused_at is not None:
            machine.when_it_runs(lambda: self.answered(machine, other, pong))
        elif machine.up:
            self.obey(machine, machine.clock.ponged(other.name, pong, machine.now))

    def at(self, delay: float, do: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.now + delay, next(self.numbers), do))

    def run(self, seconds: float, *, every: float = 0.05) -> None:
        """Let time pass, and look at all clocks now and then."""
        end, look = self.now + seconds, self.now + every
        while True:
            due = [
                (machine.clock.deadline(), machine)
                for machine in self.machines
                if machine.up and machine.paused_at is None
            ]
            timers = [((at - one.offset) / (1 + one.skew), one) for at, one in due if at is not None]
            at, machine = min(timers, key=lambda timer: timer[0], default=(float("inf"), None))
            event = self.events[0][0] if self.events else float("inf")
            step = min(at, event, look, end)
            self.now = max(self.now, step)
            if step == end:
                return
            if step == look:
                look += every
                self.compare()
            elif step == event:
                heapq.heappop(self.events)[2]()
            else:
                assert machine is not None
                due_at = machine.clock.deadline()
                assert due_at is not None
                self.obey(machine, machine.clock.expire(max(machine.now, due_at)))
                machine.clock.check()

    def compare(self) -> None:
        """Note how far the clocks are apart, and assert that none has run backwards and all bounds hold."""
        told = {one.name: one.time() for one in self.machines if one.up and one.clock.ready and one.paused_at is None}
        if told:
            self.worst = max(self.worst, max(told.values()) - min(told.values()))
        for one in self.machines:
            known = one.clock.known
            if one.name in told and known is not None and known.node in told:
                if known.timescale == one.clock.timescale and self.bounds_hold:
                    assert abs(told[one.name] - told[known.node]) <= one.clock.bound(one.now) + 1e-6


def lan(random: Random) -> float:
    """Return a delay of 0.1 ms and some, in one of twenty cases up to 5 ms."""
    return (0.1 + random.expovariate(4) + (random.uniform(0, 5) if random.random() < 0.05 else 0.0)) * MS


def busy(random: Random) -> float:
    """Return any delay of 0.1-5 ms, the short ones more often, as where processes wait for a processor."""
    return (0.1 + 4.9 * random.random() ** 2) * MS
