"""A room and its viewers on simulated time: an hour of playback takes a fraction of a second, and the same seed gives
the same hour.

The machines are the real ones (Room, Follower, ClockFilter, DriftController); only what waits is played: the network,
the timers and the players (`hangd.player.simulated.SimulatedMachine`, with VLC's habits). True time is the server's
clock. Each viewer's own clock has an offset and a skew that nobody tells it, and stands still while its machine sleeps.

There is one agenda of what happens when. A viewer has one entry in it for the earliest of its deadlines (its *alarm*);
an entry that another one has replaced is not searched for but passed over when its time comes.
"""

import heapq
import random
from collections.abc import Callable
from typing import Any, Final, TypeVarTuple

from msgspec import Struct

from hangd.engine.follower.effects import AnnounceCorrection, AnnounceSeek, FollowerEffect, SendReport, SendRequest
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import (
    AbsenceEnded,
    DeadlineReached,
    FileClosed,
    FileOpened,
    FollowerInput,
    LeftRoom,
    PauseRequested,
    Pinged,
    PlayerSaid,
    SeekRequested,
    SpeedRequested,
    TimelineReceived,
)
from hangd.engine.link.pings import PingSchedule
from hangd.engine.player_messages import PauseFor, PlayerEvent
from hangd.engine.room.effects import (
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
from hangd.engine.room.room import Room, RoomSettings
from hangd.engine.timeline import earliest, is_running, position_at
from hangd.player.simulated import SimulatedMachine
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    JoinRoom,
    LeaveRoom,
    MediaChanged,
    MemberChanged,
    Report,
    RoomCreated,
    RoomJoined,
    RoomState,
    SetFile,
    Stop,
    SyncBroadcast,
)
from hangd.protocol.model import FileInfo, Timeline

__all__ = ["FILM_SECONDS", "Viewer", "Way", "World"]

FILM_SECONDS: Final = 7200.0
_HASH: Final = "f" * 64
_FILE: Final = FileInfo(size=1, duration=FILM_SECONDS)

_BEGINNING: Final = 1000.0
_LEAST_DELAY: Final = 0.0002
_SERVER_HOLDS: Final = 0.002
"""The most that a busy server takes from a Ping's bytes to its Pong's."""
_SILENCE: Final = 30.0
"""Seconds of a sleeper's silence after which the server gives its connection up (it does so 24 to 45 s into it)."""
_REDIALED: Final = 0.5
"""Seconds from waking up to a connection of its own again, where the old one is gone."""

_Args = TypeVarTuple("_Args")
_Agreement = RoomCreated | RoomJoined | RoomState | SyncBroadcast | MediaChanged
"""What tells a viewer the timeline. The rest of what a room says (how the others do) is nothing to a follower."""


class Way(Struct, frozen=True):
    """The network between one viewer and the server: seconds one way, plus or minus ``jitter``, evenly spread.

    ``loss``: the share of messages whose packet is lost. They come after all, as with TCP, ``resend`` later.
    Messages never overtake one another.
    """

    out: float = 0.001
    back: float = 0.001
    jitter: float = 0.0
    loss: float = 0.0
    resend: float = 0.25


class World:
    """The server, its one room, and true time."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.now = _BEGINNING
        self.room = Room(room_id="room", epoch="e", settings=RoomSettings(), now=self.now)
        self.viewers: dict[str, Viewer] = {}
        self._agenda: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._entries = 0
        self._room_due: float | None = None

    def at(self, moment: float, what: Callable[[*_Args], None], *args: *_Args) -> None:
        """Let something happen at true time ``moment``; at once, where that has passed."""
        self._entries += 1
        heapq.heappush(self._agenda, (moment if moment > self.now else self.now, self._entries, what, args))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        agenda, until = self._agenda, self.now + seconds
        while agenda and agenda[0][0] <= until:
            self.now, _, what, args = heapq.heappop(agenda)
            what(*args)
        self.now = until

    def tell_room(self, input: RoomInput) -> None:
        self._carry_out(self.room.handle(input, self.now))
        if not isinstance(input, MessageReceived) or not isinstance(input.message, Report):
            self.room.check()  # Reports come by the thousand; what one of them broke is seen by the next check.

    def _carry_out(self, effects: list[RoomEffect]) -> None:
        for effect in effects:
            if not isinstance(effect, SendTo) or isinstance(effect.message, MemberChanged):
                continue  # as nearly all are
            if isinstance(effect.message, _Agreement):
                for client_id in effect.client_ids:
                    self.viewers[client_id].deliver(effect.message)
        due = self.room.deadline()
        if due != self._room_due:
            self._room_due = due
            if due is not None:
                self.at(due, self._expire_room, due)

    def _expire_room(self, due: float) -> None:
        if due == self._room_due:
            self._room_due = None
            self._carry_out(self.room.expire(max(due, self.now)))
            self.room.check()

    def join(self, name: str, way: Way, **habits: Any) -> "Viewer":
        """Have a viewer with the film open, in the room once a round trip has passed."""
        viewer = Viewer(self, name, way, **habits)
        self.viewers[name] = viewer
        viewer.enter(creating=len(self.viewers) == 1)
        return viewer

    @property
    def elapsed(self) -> float:
        """Seconds since the world began."""
        return self.now - _BEGINNING

    @property
    def timeline(self) -> Timeline:
        return self.room.timeline

    def errors(self) -> dict[str, float]:
        """Return how far each picture *really* is from the room's timeline, in seconds, positive ahead."""
        should = position_at(self.timeline, self.now)
        return {name: viewer.true_position() - should for name, viewer in self.viewers.items()}

    @property
    def is_running(self) -> bool:
        timeline = self.timeline
        return is_running(timeline) and self.now > timeline.at


class Viewer:
    """One follower and its simulated player, at the end of a network."""

    def __init__(
        self, world: World, name: str, way: Way, *, offset: float = 0.0, skew: float = 0.0, **habits: Any
    ) -> None:
        self.world = world
        self.name = name
        self.way = way
        self.offset = offset
        self.skew = skew
        self.connected = True
        self.asleep = False
        self.finds: float | None = 0.02
        """Seconds that it takes to look another film up; None: it has not got it."""
        self.follower = Follower()
        self.handle = self.make_handle()
        self.player = SimulatedMachine(duration=FILM_SECONDS, **habits)
        self.commands: list[FollowerEffect] = []
        self.corrections: list[AnnounceCorrection] = []
        self.log: list[tuple[float, FollowerEffect]] = []
        """All that the follower ever ordered, but for its reports, and when (true time)."""
        self._pings = PingSchedule()
        self._follower_due: float | None = None
        """Its deadline at its last step that had orders: one that has none, as nearly all, never brings it nearer."""
        self._alarm: float | None = None
        self._held: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        """What arrived while the machine slept: its kernel hands it out upon waking."""
        self._last_out = self._last_back = 0.0
        self._tell(FileOpened("/film"))

    # ---- clocks ---------------------------------------------------------------------------------------------------

    @property
    def local(self) -> float:
        return self.world.now * (1 + self.skew) + self.offset

    def true_position(self) -> float:
        """Return where the picture really is, which nobody in the system is told."""
        return self.player.position(self.local)

    def clock_error(self, local: float) -> float:
        """Return how far what it takes at its ``local`` time, which is now, for the server's clock is from the true
        one, in seconds, positive ahead."""
        return self.follower.clock.to_server(local) - self.world.now

    def sleep(self, seconds: float) -> None:
        """Suspend the machine: nothing happens on it, and its clock stands still (as CLOCK_MONOTONIC does)."""
        self.asleep, self._alarm = True, None
        if seconds > _SILENCE and self.connected:
            self.world.at(self.world.now + _SILENCE, self.cut, seconds - _SILENCE + _REDIALED)
        self._stood, self._skew_awake = self.local, self.skew
        self.skew, self.offset = -1.0, self._stood
        self.world.at(self.world.now + seconds, self._wake)

    def _wake(self) -> None:
        self.skew = self._skew_awake
        self.offset = self._stood - self.world.now * (1 + self.skew)
        self.asleep = False
        self._pings.start(self.local)
        self._tell(AbsenceEnded())
        held, self._held = self._held, []
        for what, args in held:
            what(*args)

    # ---- the network ----------------------------------------------------------------------------------------------

    def _delay(self, base: float) -> float:
        way, chance = self.way, self.world.random
        delay = max(_LEAST_DELAY, base + chance.uniform(-1, 1) * way.jitter)
        return delay + way.resend if way.loss and chance.random() < way.loss else delay

    def _go(self, what: Callable[[*_Args], None], *args: *_Args) -> None:
        """Let this happen at the server, once it got there."""
        self._last_out = max(self.world.now + self._delay(self.way.out), self._last_out)
        self.world.at(self._last_out, what, *args)

    def _come(self, what: Callable[[*_Args], None], *args: *_Args) -> None:
        """Let this happen here, once it got back."""
        self._last_back = max(self.world.now + self._delay(self.way.back), self._last_back)
        self.world.at(self._last_back, self._arrive, what, args)

    def _arrive(self, what: Callable[..., None], args: tuple[Any, ...]) -> None:
        if self.asleep:
            self._held.append((what, args))
        else:
            what(*args)

    def deliver(self, message: _Agreement) -> None:
        """The server sends this viewer something."""
        if self.connected:
            self._come(self._receive, message)

    def send(self, message: ClientMessage) -> None:
        if self.connected:
            self._go(self.world.tell_room, MessageReceived(self.name, message))

    def enter(self, *, creating: bool) -> None:
        request: RoomInput
        if creating:
            create = CreateRoom(file_hash=_HASH, file=_FILE)
            request = CreateRequested(self.name, self.name, True, "s" * 32, create)
        else:
            join = JoinRoom(room_id="room", file_hash=_HASH, file=_FILE)
            request = JoinRequested(self.name, self.name, True, join)
        self._go(self.world.tell_room, request)
        self._begin_pings()

    def leave(self) -> None:
        """Leave the room and close the film, for good."""
        self.send(LeaveRoom())
        self.connected = False
        del self.world.viewers[self.name]
        self._pings.stop()
        self._do([*self.handle(LeftRoom(), self.local), *self.handle(FileClosed(), self.local)])

    def cut(self, seconds: float) -> None:
        """Lose the connection for a while; then resume."""
        self.connected = False
        self.world.tell_room(ConnectionLost(self.name))
        self.world.at(self.world.now + seconds, self._resume)

    def _resume(self) -> None:
        self.connected = True
        self.world.tell_room(ConnectionResumed(self.name))
        self.deliver(RoomState(self.world.room.snapshot()))
        self._begin_pings()

    # ---- pings ----------------------------------------------------------------------------------------------------

    def _begin_pings(self) -> None:
        self._pings.start(self.local)
        self._arm()
        for count in range(3):  # the transport's own, by which the server learns how far away we are
            round_trip = self._delay(self.way.out) + self._delay(self.way.back)
            measured = LatencyMeasured(self.name, round_trip)
            self.world.at(self.world.now + 0.3 * (count + 1), self.world.tell_room, measured)

    def _ping(self) -> None:
        self._pings.sent(self.local)
        if self.connected:
            self._go(self._answer_ping, self.local)

    def _answer_ping(self, t0: float) -> None:
        t1 = self.world.now
        self.world.at(t1 + self.world.random.uniform(0.0, _SERVER_HOLDS), self._send_pong, t0, t1)

    def _send_pong(self, t0: float, t1: float) -> None:
        self._come(self._pong, t0, t1, self.world.now)

    def _pong(self, t0: float, t1: float, t2: float) -> None:
        if self.connected:
            self._pings.answered()
            self._tell(Pinged(t0, t1, t2, self.local))

    # ---- the viewer's hand ----------------------------------------------------------------------------------------

    def play(self) -> None:
        self._tell(PauseRequested(False))

    def pause(self) -> None:
        self._tell(PauseRequested(True))

    def seek(self, position: float) -> None:
        self._tell(SeekRequested(position))

    def speed(self, rate: float) -> None:
        self._tell(SpeedRequested(rate))

    def freeze(self, seconds: float) -> None:
        """Let the picture stand still for so long without anybody's being told, as when the player is stopped."""
        self.player.handle(PauseFor(seconds), self.local)
        self._arm()

    # ---- the follower ---------------------------------------------------------------------------------------------

    def _receive(self, message: _Agreement) -> None:
        match message:
            case RoomCreated(room=room) | RoomJoined(room=room) | RoomState(room=room):
                self._tell(TimelineReceived(room.timeline, entering=True))
            case SyncBroadcast(command=command, timeline=timeline):
                self._tell(TimelineReceived(timeline, stop=isinstance(command, Stop)))
            case MediaChanged(file_hash=file_hash, file=file, timeline=timeline):
                self._tell(TimelineReceived(timeline))
                self._tell(FileClosed())
                if self.finds is not None:
                    self.world.at(self.world.now + self.finds, self._open, file_hash, file)

    def _open(self, file_hash: str, file: FileInfo) -> None:
        """Open the film that the room moved on to, and only then say so: what was reported before is of another."""
        self._tell(FileOpened(f"/{file.name}"))
        self.send(SetFile(file=file, file_hash=file_hash))

    def make_handle(self) -> Callable[[FollowerInput, float], list[FollowerEffect]]:
        """Return the function that takes the follower's inputs."""
        return self.follower.handle

    def _tell(self, input: FollowerInput) -> None:
        self._do(self.handle(input, self.local))

    def _do(self, effects: list[FollowerEffect]) -> None:
        """Carry out what the follower orders, as the daemon does."""
        self.follower.check()
        self._follower_due = self.follower.deadline()
        heard: list[PlayerEvent] = []
        for effect in effects:
            match effect:
                case SendReport(report=report):
                    self.send(report)
                    continue
                case SendRequest(command=command):
                    self.send(command)
                case AnnounceCorrection():
                    self.corrections.append(effect)
                case AnnounceSeek():
                    pass
                case _:
                    self.commands.append(effect)
                    heard += self.player.handle(effect, self.local)
            self.log.append((self.world.now, effect))
        self._hear(heard)  # only now: nobody is called back before it has finished its own step

    def _hear(self, events: list[PlayerEvent]) -> None:
        for event in events:
            # Samples come by the ten thousand, and few lead to anything: what one broke is seen by the next check.
            if effects := self.handle(PlayerSaid(event), self.local):
                self._do(effects)
        self._arm()

    # ---- its deadlines --------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        due = earliest(self.player.deadline(), self._follower_due, self._pings.due)
        if due != self._alarm:
            self._alarm = due
            if due is not None:
                self.world.at((due - self.offset) / (1 + self.skew), self._ring, due)

    def _ring(self, due: float) -> None:
        """Do one thing that is due at the local time ``due``. If there are more, the alarm rings again at once."""
        if due != self._alarm:
            return
        self._alarm = None
        if due == self.player.deadline():
            self._hear(self.player.expire(due))
        elif due == self._pings.due:
            self._ping()
        else:
            self._do(self.handle(DeadlineReached(), due))
        if self._alarm is None:
            self._arm()
