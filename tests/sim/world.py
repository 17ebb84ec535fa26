"""A room and its viewers on simulated time: an hour of playback takes a second, and the same seed gives the same hour.

The machines are the real ones (Room, Follower, ClockFilter, DriftController); only what waits is played: the network,
the timers and the players (`hangd.player.simulated.SimulatedMachine`, with VLC's habits). True time is the server's
clock. Each viewer's own clock has an offset and a skew that nobody tells it.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from hangd.engine.clock import PingSchedule
from hangd.engine.effects import (
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    JoinRequested,
    LatencyMeasured,
    MessageReceived,
    RoomEffect,
    RoomInput,
    SendTo,
)
from hangd.engine.follower import Follower
from hangd.engine.orders import AskRoom, Corrected, FollowerEffect, SeekBegan, SendReport
from hangd.engine.playback import PlayerEvent
from hangd.engine.room import Room, RoomSettings
from hangd.engine.timeline import is_running, position_at
from hangd.player.simulated import SimulatedMachine
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    JoinRoom,
    RoomCreated,
    RoomJoined,
    RoomState,
    ServerMessage,
    Stop,
    SyncBroadcast,
)
from hangd.protocol.model import FileInfo

__all__ = ["FILM_SECONDS", "Viewer", "Way", "World"]

FILM_SECONDS = 7200.0
_HASH = "f" * 64
_FILE = FileInfo(size=1, duration=FILM_SECONDS)


class Way(Struct, frozen=True):
    """The network between one viewer and the server: seconds one way, plus or minus ``jitter``, evenly spread.

    Messages never overtake one another.
    """

    out: float = 0.001
    back: float = 0.001
    jitter: float = 0.0


class World:
    """The server, its one room, and true time."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.now = 1000.0
        self.room = Room(room_id="room", epoch="e", settings=RoomSettings(), now=self.now)
        self.viewers: dict[str, Viewer] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._room_due: float | None = None

    def at(self, moment: float, what: Callable[[], None]) -> None:
        """Let something happen at true time ``moment``."""
        heapq.heappush(self._agenda, (max(moment, self.now), next(self._order), what))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        until = self.now + seconds
        while self._agenda and self._agenda[0][0] <= until:
            self.now, _, what = heapq.heappop(self._agenda)
            what()
        self.now = until

    def tell_room(self, input: RoomInput) -> None:
        self._carry_out(self.room.handle(input, self.now))

    def _carry_out(self, effects: list[RoomEffect]) -> None:
        for effect in effects:
            if isinstance(effect, SendTo):
                for client_id in effect.client_ids:
                    self.viewers[client_id].deliver(effect.message)
        self.room.check()
        due = self.room.deadline()
        if due is not None and due != self._room_due:
            self._room_due = due
            self.at(due, lambda: self._expire_room(due))

    def _expire_room(self, due: float) -> None:
        if due == self._room_due:
            self._room_due = None
            self._carry_out(self.room.expire(max(due, self.now)))

    def join(self, name: str, way: Way, **habits: float) -> "Viewer":
        """Have a viewer with the film open, in the room once a round trip has passed."""
        viewer = Viewer(self, name, way, **habits)
        self.viewers[name] = viewer
        viewer.enter(creating=len(self.viewers) == 1)
        return viewer

    def errors(self) -> dict[str, float]:
        """Return how far each picture *really* is from the room's timeline, in seconds, positive ahead."""
        timeline = self.room.snapshot().timeline
        return {name: viewer.true_position() - position_at(timeline, self.now) for name, viewer in self.viewers.items()}

    @property
    def is_running(self) -> bool:
        timeline = self.room.snapshot().timeline
        return is_running(timeline) and self.now > timeline.at


class Viewer:
    """One follower and its simulated player, at the end of a network."""

    def __init__(
        self, world: World, name: str, way: Way, *, offset: float = 0.0, skew: float = 0.0, **habits: float
    ) -> None:
        self.world = world
        self.name = name
        self.way = way
        self.offset = offset
        self.skew = skew
        self.connected = True
        self.follower = Follower()
        self.player = SimulatedMachine(duration=FILM_SECONDS, **habits)
        self.commands: list[FollowerEffect] = []
        self.corrections: list[Corrected] = []
        self._pings = PingSchedule()
        self._due: dict[str, float | None] = {}
        self._last_arrival = {"out": 0.0, "back": 0.0}
        self._do(self.follower.load("/film", self.local))

    # ---- clocks ---------------------------------------------------------------------------------------------------

    @property
    def local(self) -> float:
        return self.world.now * (1 + self.skew) + self.offset

    def _true(self, local: float) -> float:
        return (local - self.offset) / (1 + self.skew)

    def true_position(self) -> float:
        """Return where the picture really is, which nobody in the system is told."""
        return self.player.position(self.local)

    # ---- the network ----------------------------------------------------------------------------------------------

    def _arrives(self, way: str, base: float) -> float:
        delay = max(0.0002, base + self.world.random.uniform(-1, 1) * self.way.jitter)
        arrival = max(self.world.now + delay, self._last_arrival[way])
        self._last_arrival[way] = arrival
        return arrival

    def deliver(self, message: ServerMessage) -> None:
        """The server sends this viewer something."""
        if self.connected:
            self.world.at(self._arrives("back", self.way.back), lambda: self._receive(message))

    def send(self, message: ClientMessage) -> None:
        if self.connected:
            self.world.at(
                self._arrives("out", self.way.out),
                lambda: self.world.tell_room(MessageReceived(self.name, message)),
            )

    def enter(self, *, creating: bool) -> None:
        world = self.world
        arrival = self._arrives("out", self.way.out)
        if creating:
            create = CreateRequested(self.name, self.name, True, "s" * 32, CreateRoom(file_hash=_HASH, file=_FILE))
            world.at(arrival, lambda: world.tell_room(create))
        else:
            join = JoinRequested(self.name, self.name, True, JoinRoom(room_id="room", file_hash=_HASH, file=_FILE))
            world.at(arrival, lambda: world.tell_room(join))
        self._begin_pings()

    def _begin_pings(self) -> None:
        self._pings.start(self.local)
        self._schedule("ping", self._pings.due, self._ping)
        for count in range(3):
            rtt = max(0.0, self.way.out + self.way.back + self.world.random.uniform(-2, 2) * self.way.jitter)
            measured = LatencyMeasured(self.name, rtt)
            self.world.at(self.world.now + 0.3 * (count + 1), partial(self.world.tell_room, measured))

    def _ping(self) -> None:
        world, t0 = self.world, self.local
        if self.connected:

            def answer() -> None:
                t1 = world.now
                world.at(self._arrives("back", self.way.back), lambda: self._pong(t0, t1))

            world.at(self._arrives("out", self.way.out), answer)
        self._pings.sent(self.local)
        self._schedule("ping", self._pings.due, self._ping)

    def _pong(self, t0: float, t1: float) -> None:
        if self.connected:
            self.follower.clock.add(t0, t1, t1, self.local)
            self._do(self.follower.clock_changed(self.local))

    def cut(self, seconds: float) -> None:
        """Lose the connection for a while; then resume."""
        self.connected = False
        self.world.tell_room(ConnectionLost(self.name))

        def back() -> None:
            self.connected = True
            self.world.tell_room(ConnectionResumed(self.name))
            self.deliver(RoomState(self.world.room.snapshot()))
            self._begin_pings()

        self.world.at(self.world.now + seconds, back)

    # ---- the follower ---------------------------------------------------------------------------------------------

    def _receive(self, message: ServerMessage) -> None:
        now = self.local
        match message:
            case RoomCreated(room=room) | RoomJoined(room=room):
                self._do(self.follower.follow(room.timeline, now, entering=True))
            case RoomState(room=room):
                self._do(self.follower.follow(room.timeline, now, entering=True))
            case SyncBroadcast(command=command, timeline=timeline):
                self._do(self.follower.follow(timeline, now, stop=isinstance(command, Stop)))

    def play(self) -> None:
        self._do(self.follower.ask_paused(False, self.local))

    def pause(self) -> None:
        self._do(self.follower.ask_paused(True, self.local))

    def seek(self, position: float) -> None:
        self._do(self.follower.ask_seek(position, self.local))

    def speed(self, rate: float) -> None:
        self._do(self.follower.ask_speed(rate, self.local))

    def _do(self, effects: list[FollowerEffect]) -> None:
        self.follower.check()
        for effect in effects:
            match effect:
                case AskRoom(command=command):
                    self.send(command)
                case SendReport(report=report):
                    self.send(report)
                case Corrected():
                    self.corrections.append(effect)
                case SeekBegan():
                    pass
                case _:
                    self.commands.append(effect)
                    self._hear(self.player.handle(effect, self.local))
        self._schedule("follower", self.follower.deadline(), self._expire_follower)
        self._schedule("player", self.player.deadline(), self._expire_player)

    def _hear(self, events: list[PlayerEvent]) -> None:
        for event in events:
            self.world.at(self.world.now, partial(self._told, event))

    def _told(self, event: PlayerEvent) -> None:
        self._do(self.follower.handle(event, self.local))

    def _expire_follower(self) -> None:
        due = self._due["follower_fired"]
        self._do(self.follower.expire(max(self.local, due or 0.0)))

    def _expire_player(self) -> None:
        due = self._due["player_fired"]
        self._hear(self.player.expire(max(self.local, due or 0.0)))
        self._schedule("player", self.player.deadline(), self._expire_player)

    def _schedule(self, what: str, due: float | None, then: Callable[[], None]) -> None:
        if self._due.get(what) == due:
            return
        self._due[what] = due
        if due is None:
            return

        def fire() -> None:
            if self._due.get(what) == due:
                self._due[what] = None
                self._due[f"{what}_fired"] = due
                then()

        self.world.at(self._true(due), fire)
