"""A room and its viewers on simulated time.

An hour of playback takes a fraction of a second, and the same seed gives the same hour. The state machines are the real
ones (Room, Follower, ClockFilter, DriftController). Network, timers and players are simulated; the players
(`hangd.player.simulated.SimulatedMachine`) behave as VLC does. True time is the server's clock. The clock of each
viewer has an offset and a skew that the viewer does not know, and stops while its machine sleeps.

The agenda is a priority queue of callbacks by true time. Each viewer has one entry in it for the earliest of its
deadlines (its *alarm*). When a deadline changes, a new entry is added; the old one is not removed but ignored when
its time comes.
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
    LinkLost,
    PauseRequested,
    Pinged,
    PlayerSaid,
    SeekRequested,
    SpeedRequested,
    TimelineReceived,
)
from hangd.engine.link.pings import PingSchedule, Ponged, SendPing, Started, Stopped
from hangd.engine.player_messages import PauseFor, PlayerEvent
from hangd.engine.room.effects import RoomEffect, SendTo
from hangd.engine.room.inputs import (
    ConnectionLost,
    ConnectionResumed,
    CreateRequested,
    JoinRequested,
    LatencyMeasured,
    MessageReceived,
    RoomInput,
)
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.engine.timeline import earliest, is_running, position_at
from hangd.player.simulated import SimulatedMachine
from hangd.protocol.films import MediaChanged
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    JoinRoom,
    LeaveRoom,
    MemberChanged,
    MembersReported,
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
"""The longest time that a busy server takes from receiving a Ping to sending its Pong, in seconds."""
_SILENCE: Final = 30.0
"""Seconds after which the server closes the connection of a sleeping viewer (in reality 24 to 45 s)."""
_REDIALED: Final = 0.5
"""Seconds from waking up until a new connection, if the server has closed the old one."""

_Args = TypeVarTuple("_Args")
_Agreement = RoomCreated | RoomJoined | RoomState | SyncBroadcast | MediaChanged
"""The messages that tell a viewer the timeline. A follower does not need the room's other messages."""


class Way(Struct, frozen=True):
    """The network between one viewer and the server: seconds of delay each way, plus or minus a uniform ``jitter``.

    ``loss`` is the share of messages whose packet is lost. As with TCP, such a message arrives ``resend`` seconds
    later. Messages never overtake one another.
    """

    out: float = 0.001
    back: float = 0.001
    jitter: float = 0.0
    loss: float = 0.0
    resend: float = 0.25


class World:
    """The server with its only room, the viewers, and true time."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.now = _BEGINNING
        self.room = Room(room_id="room", epoch="e", settings=RoomSettings(), now=self.now)
        self.viewers: dict[str, Viewer] = {}
        self._agenda: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._entries = 0
        self._room_due: float | None = None

    def at(self, moment: float, what: Callable[[*_Args], None], *args: *_Args) -> None:
        """Call ``what`` at true time ``moment``, or at once if that has passed."""
        self._entries += 1
        heapq.heappush(self._agenda, (moment if moment > self.now else self.now, self._entries, what, args))

    def run(self, seconds: float) -> None:
        """Let ``seconds`` of true time pass."""
        agenda, until = self._agenda, self.now + seconds
        while agenda and agenda[0][0] <= until:
            self.now, _, what, args = heapq.heappop(agenda)
            what(*args)
        self.now = until

    def tell_room(self, input: RoomInput) -> None:
        self._carry_out(self.room.handle(input, self.now))
        if not isinstance(input, MessageReceived) or not isinstance(input.message, Report):
            self.room.check()  # Reports are very many. The next check finds what one of them broke.

    def _carry_out(self, effects: list[RoomEffect]) -> None:
        for effect in effects:
            if not isinstance(effect, SendTo) or isinstance(effect.message, MemberChanged | MembersReported):
                continue  # most effects are of this kind
            if isinstance(effect.message, _Agreement):
                for client_id in effect.client_ids:
                    # A viewer that has left gets no more, though the room sends to it until LeaveRoom arrives.
                    if client_id in self.viewers:
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
        """Add a viewer that has the film open. It is in the room after one round trip."""
        viewer = Viewer(self, name, way, **habits)
        self.viewers[name] = viewer
        viewer.enter(creating=len(self.viewers) == 1)
        return viewer

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.now - _BEGINNING

    @property
    def timeline(self) -> Timeline:
        return self.room.timeline

    def errors(self) -> dict[str, float]:
        """Return the true error of each picture from the room's timeline, in seconds, positive ahead."""
        should = position_at(self.timeline, self.now)
        return {name: viewer.true_position() - should for name, viewer in self.viewers.items()}

    @property
    def is_running(self) -> bool:
        timeline = self.timeline
        return is_running(timeline) and self.now > timeline.at


class Viewer:
    """One follower with its simulated player and its network to the server."""

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
        """Seconds that it takes to find another film; None: it does not have it."""
        self.follower = Follower()
        self.handle = self.make_handle()
        self.player = SimulatedMachine(duration=FILM_SECONDS, **habits)
        self.commands: list[FollowerEffect] = []
        self.corrections: list[AnnounceCorrection] = []
        self.log: list[tuple[float, FollowerEffect]] = []
        """All effects of the follower except its reports, with their true times."""
        self._pings = PingSchedule()
        self._follower_due: float | None = None
        """The follower's deadline after its last step with effects. A step without effects never makes it earlier."""
        self._alarm: float | None = None
        self._held: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        """Messages that arrived while the machine slept. They are delivered when it wakes up."""
        self._last_out = self._last_back = 0.0
        self._unanswered: set[str | None] = set()
        self._tell(FileOpened("/film"))

    # ---- clocks ---------------------------------------------------------------------------------------------------

    @property
    def local(self) -> float:
        return self.world.now * (1 + self.skew) + self.offset

    def true_position(self) -> float:
        """Return the true position of the picture, which nothing in the system knows."""
        return self.player.position(self.local)

    def clock_error(self, local: float) -> float:
        """Return the error of its estimate of server time, in seconds, positive ahead. ``local`` is its time now."""
        return self.follower.clock.to_server(local) - self.world.now

    def sleep(self, seconds: float) -> None:
        """Suspend the machine: nothing happens on it, and its clock stops, as CLOCK_MONOTONIC does."""
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
        self._pings.handle(Started(), self.local)
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
        """Call ``what`` after the delay of the way to the server."""
        self._last_out = max(self.world.now + self._delay(self.way.out), self._last_out)
        self.world.at(self._last_out, what, *args)

    def _come(self, what: Callable[[*_Args], None], *args: *_Args) -> None:
        """Call ``what`` at the viewer after the delay of the way back."""
        self._last_back = max(self.world.now + self._delay(self.way.back), self._last_back)
        self.world.at(self._last_back, self._arrive, what, args)

    def _arrive(self, what: Callable[..., None], args: tuple[Any, ...]) -> None:
        if self.asleep:
            self._held.append((what, args))
        else:
            what(*args)

    def deliver(self, message: _Agreement) -> None:
        """Send a message from the server to this viewer."""
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
        self._pings.handle(Stopped(), self.local)
        self._do([*self.handle(LeftRoom(), self.local), *self.handle(FileClosed(), self.local)])

    def cut(self, seconds: float) -> None:
        """Cut the connection for so many seconds, then resume the session."""
        self.connected = False
        self._unanswered.clear()
        self.world.tell_room(ConnectionLost(self.name))
        self.world.at(self.world.now + seconds, self._resume)
        if not self.asleep:
            self._tell(LinkLost())

    def stall(self, seconds: float) -> None:
        """Let no message arrive in either direction for so many seconds. All arrive afterwards, in order."""
        until = self.world.now + seconds
        self._last_out, self._last_back = max(until, self._last_out), max(until, self._last_back)

    def _resume(self) -> None:
        self.connected = True
        self.world.tell_room(ConnectionResumed(self.name))
        self.deliver(RoomState(self.world.room.view()))
        self._begin_pings()

    # ---- pings ----------------------------------------------------------------------------------------------------

    def _begin_pings(self) -> None:
        self._pings.handle(Started(), self.local)
        self._arm()
        for count in range(3):  # the WebSocket pings, from which the server learns the round trip time
            round_trip = self._delay(self.way.out) + self._delay(self.way.back)
            measured = LatencyMeasured(self.name, round_trip)
            self.world.at(self.world.now + 0.3 * (count + 1), self.world.tell_room, measured)

    def _ping(self, due: float) -> None:
        for effect in self._pings.expire(max(due, self.local)):
            if self.connected and isinstance(effect, SendPing):
                self._go(self._answer_ping, self.local)

    def _answer_ping(self, t0: float) -> None:
        t1 = self.world.now
        self.world.at(t1 + self.world.random.uniform(0.0, _SERVER_HOLDS), self._send_pong, t0, t1)

    def _send_pong(self, t0: float, t1: float) -> None:
        self._come(self._pong, t0, t1, self.world.now)

    def _pong(self, t0: float, t1: float, t2: float) -> None:
        if self.connected:
            self._pings.handle(Ponged(), self.local)
            self._tell(Pinged(t0, t1, t2, self.local))

    # ---- the viewer's input ----------------------------------------------------------------------------------------

    def play(self) -> None:
        self._tell(PauseRequested(False))

    def pause(self) -> None:
        self._tell(PauseRequested(True))

    def seek(self, position: float) -> None:
        self._tell(SeekRequested(position))

    def speed(self, rate: float) -> None:
        self._tell(SpeedRequested(rate))

    def freeze(self, seconds: float) -> None:
        """Freeze the picture for so many seconds without telling anybody, as when the player's process is stopped."""
        self.player.handle(PauseFor(seconds), self.local)
        self._arm()

    # ---- the follower ---------------------------------------------------------------------------------------------

    def _receive(self, message: _Agreement) -> None:
        match message:
            case RoomCreated(room=room) | RoomJoined(room=room) | RoomState(room=room):
                self._tell(TimelineReceived(room.timeline, entering=True))
            case SyncBroadcast(from_client=sender, command=command, command_id=command_id, timeline=timeline):
                answer = sender == self.name and command_id in self._unanswered
                self._unanswered.discard(command_id)
                answer = answer and not self._unanswered
                self._tell(TimelineReceived(timeline, stop=isinstance(command, Stop), answer=answer))
            case MediaChanged(file_hash=file_hash, file=file, timeline=timeline, change=change):
                self._tell(TimelineReceived(timeline))
                self._tell(FileClosed())
                if self.finds is not None:
                    self.world.at(self.world.now + self.finds, self._open, file_hash, file, change.current)

    def _open(self, file_hash: str | None, file: FileInfo, entry: str | None) -> None:
        """Open the room's new film, and only then send SetFile, because earlier reports are about the old film."""
        self._tell(FileOpened(f"/{file.name}"))
        self.send(SetFile(file=file, file_hash=file_hash, entry=entry))

    def make_handle(self) -> Callable[[FollowerInput, float], list[FollowerEffect]]:
        """Return the function that takes the follower's inputs."""
        return self.follower.handle

    def _tell(self, input: FollowerInput) -> None:
        self._do(self.handle(input, self.local))

    def _do(self, effects: list[FollowerEffect]) -> None:
        """Interpret the follower's effects, as the daemon does."""
        self.follower.check()
        self._follower_due = self.follower.deadline()
        heard: list[PlayerEvent] = []
        for effect in effects:
            match effect:
                case SendReport(report=report):
                    self.send(report)
                    continue
                case SendRequest(command=command):
                    self._unanswered.add(command.command_id)
                    self.send(command)
                case AnnounceCorrection():
                    self.corrections.append(effect)
                case AnnounceSeek():
                    pass
                case _:
                    self.commands.append(effect)
                    heard += self.player.handle(effect, self.local)
            self.log.append((self.world.now, effect))
        self._hear(heard)  # only now, because a step must end before its consequences begin

    def _hear(self, events: list[PlayerEvent]) -> None:
        for event in events:
            # Samples are very many, and few have effects. The next check finds what one of them broke.
            if effects := self.handle(PlayerSaid(event), self.local):
                self._do(effects)
        self._arm()

    # ---- its deadlines --------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        due = earliest(self.player.deadline(), self._follower_due, self._pings.deadline())
        if due != self._alarm:
            self._alarm = due
            if due is not None:
                self.world.at((due - self.offset) / (1 + self.skew), self._ring, due)

    def _ring(self, due: float) -> None:
        """Handle one deadline at the local time ``due``. If more are due, the alarm rings again at once."""
        if due != self._alarm:
            return
        self._alarm = None
        if due == self.player.deadline():
            self._hear(self.player.expire(due))
        elif due == self._pings.deadline():
            self._ping(due)
        else:
            self._do(self.handle(DeadlineReached(), due))
        if self._alarm is None:
            self._arm()
