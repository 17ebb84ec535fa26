"""A room's timeline and the rules of its changes: the five commands, the gate, the end of the film.

::

                     Play (at = now + lead)                 every player has settled, or time is up
       paused  --------------------------->  running  <--------------------------------------  gated
         ^   ^                                |  |  |                                          ^  |
         |   +------ Pause, Stop, the end ----+  |  +---- Seek ("seeking", <= 1 s) ------------+  |
         |                                       +------- a stall ("buffering", <= 30 s) ---------+
         +----------------------------------------------- Pause, Stop ----------------------------+

After `start_over` (another film) the room is paused, or gated: "seeking" too, but for up to 5 s, because the players
have to open the film first.

Every change makes a new Timeline with the next ``rev``. ``lead`` is how far in the future a start has to be so that all
members hear of it in time. A command of a basic client comes without a lead (None): such a client can neither start at
a given time nor report that it has settled, so its command takes effect on receipt and closes no gate.
"""

from collections.abc import Callable
from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from hangd.engine.timeline import is_running, playable_rate, position_at, rebase, time_of
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Pause, Play, Seek, Speed, Stop, SyncCommand
from hangd.protocol.model import Gate, Timeline

_GATE_SECONDS: Final[dict[Gate, float]] = {"seeking": 1.0, "buffering": 30.0}
"""Longest time that a gate stays closed. A seek takes 0.1-0.5 s; a stalled disk or network share may take long."""

_LOADING_SECONDS: Final = 5.0
"""The same if the players open another film first: that takes within a second from a disk, and a few from a network
share that slept. A member that needs longer catches up by itself."""

_PAST_END: Final = 1.0
"""Seconds. Players disagree a little about the duration of one file, so a position this far past the end is the end."""

_AT_END: Final = 0.1
"""Seconds. Play this near to the end starts again from 0, as players do. Less than two frames at 24 per second."""

_ALREADY_PLAYING: Final = 1.0
"""Seconds. Play this near to a running room's position changes nothing: two viewers pressed Play together."""


class Schedule(Struct, kw_only=True):
    """The timeline of one room, and the gate."""

    timeline: Timeline
    duration: float | None = None
    """The film's, in seconds, if it is known."""
    just_measured: bool = False
    """Whether the duration became known in this turn, while the film was shown."""
    loading: bool = False
    """Whether the gate is closed because the players open another film. On the wire it is a gate for seeking."""
    gate_rev: int = 0
    """The rev that closed the gate. Reports on this rev or a later one are about this gate."""
    gate_until: float | None = None
    """When the gate opens at the latest. None: it is not closed."""

    def learn_duration(self, duration: float | None) -> None:
        """Take in how long the film that is shown lasts. `overran` tells afterwards whether that came too late."""
        if self.duration is None and duration is not None:
            self.just_measured = True
        self.duration = duration

    def overran(self, now: float) -> bool:
        """Tell, once, whether the duration that became known in this turn was over long before ``now``."""
        if not self.just_measured:
            return False
        self.just_measured = False
        return self.duration is not None and position_at(self.timeline, now) > self.duration + _PAST_END

    def restore(self, timeline: Timeline, now: float) -> None:
        """Continue a timeline from before a restart. A gate that was closed gets its full time again."""
        self.timeline = timeline
        if timeline.gate is not None:
            # Earlier reports are lost: members that come back report again, on this rev.
            self.gate_rev = timeline.rev
            self.gate_until = now + _GATE_SECONDS[timeline.gate]

    @property
    def running(self) -> bool:
        """Whether the position moves: it plays and no gate is closed."""
        return is_running(self.timeline)

    @property
    def gate(self) -> Gate | None:
        return self.timeline.gate

    @property
    def ends_at(self) -> float | None:
        """Server time at which the film reaches its end if nothing changes before. None: it does not, or is unknown."""
        if self.duration is None or not self.running:
            return None
        return time_of(self.timeline, self.duration)

    def apply(self, command: SyncCommand, now: float, lead: Callable[[], float] | None) -> SyncCommand | None:
        """Carry out a command. Returns the command with the timestamp or rate that took effect; None: nothing changed.

        ``lead``: returns for how many seconds a start is put off. It looks at all members, so it is called only where
        something starts. None: it starts at once.

        Raises:
            RequestRefused: InvalidMessage, the timestamp is past the end of the film.
        """
        line = self.timeline
        match command:
            case Play(timestamp=timestamp):
                position = self._within(timestamp)
                if self.running and abs(position - position_at(line, now)) <= _ALREADY_PLAYING:
                    return None
                if not line.playing and self.duration is not None and position >= self.duration - _AT_END:
                    position = 0.0
                self._change(playing=True, position=position, at=_start(now, lead))
                return Play(timestamp=position)
            case Pause(timestamp=timestamp):
                position = self._within(timestamp)
                self._change(playing=False, position=position, at=now)
                return Pause(timestamp=position)
            case Seek(timestamp=timestamp):
                position = self._within(timestamp)
                if line.playing and lead is not None:
                    # If the players are still opening the film, the gate keeps that longer time for the new target.
                    self._close("seeking", position, now, loading=self.loading)
                else:
                    self._change(playing=line.playing, position=position, at=now)
                return Seek(timestamp=position)
            case Speed(rate=rate):
                rate = playable_rate(rate)
                # If the position does not move, it stays, and so does a closed gate.
                moved = rebase(line, _start(now, lead)) if self.running else line
                position = moved.position if self.duration is None else min(moved.position, self.duration)
                self.timeline = replace(moved, rev=line.rev + 1, position=position, rate=rate)
                return Speed(rate=rate)
            case Stop():
                self._change(playing=False, position=0.0, at=now)
                return Stop()
        assert_never(command)

    def close_gate_for_stall(self, now: float) -> Pause:
        """Close the gate at the current position, because a member's player waits for data."""
        position = self._position(now)
        self._close("buffering", position, now)
        return Pause(timestamp=position)

    def open_gate(self, now: float, lead: float) -> Play:
        """Open the gate: everybody starts ``lead`` seconds from now."""
        position = self.timeline.position
        self._change(playing=True, position=position, at=now + lead)
        return Play(timestamp=position)

    def pause(self, now: float, *, at: float | None = None) -> Pause:
        """Pause at a position (None: the current one): nobody is left to watch, or the room's policy says so."""
        position = self._position(now) if at is None else at
        if self.duration is not None:
            position = min(position, self.duration)
        self._change(playing=False, position=position, at=now)
        return Pause(timestamp=position)

    def end(self, now: float) -> Pause:
        """Pause at the end of the film. The caller has seen that `ends_at` is not later than ``now``."""
        assert self.duration is not None
        self._change(playing=False, position=self.duration, at=now)
        return Pause(timestamp=self.duration)

    def start_over(self, duration: float | None, start: float, now: float, *, play: bool) -> None:
        """Change to another film, at ``start``: paused, or with ``play`` gated until the players have opened it.

        Raises:
            RequestRefused: InvalidMessage, ``start`` is past the new film's end.
        """
        position = _within(start, duration, "$.payload.start")
        self.duration = duration
        if play:
            self._close("seeking", position, now, loading=True)
        else:
            self._change(playing=False, position=position, at=now)

    def check(self) -> None:
        """Assert the invariants."""
        line = self.timeline
        assert line.gate is None or line.playing, "a gate is closed only while the room plays"
        assert (line.gate is None) == (self.gate_until is None)
        assert line.gate is None or self.gate_rev <= line.rev
        assert not self.loading or line.gate == "seeking"
        assert line.position >= 0.0
        assert line.rate == playable_rate(line.rate)

    def _change(self, *, playing: bool, position: float, at: float, gate: Gate | None = None) -> None:
        line = self.timeline
        self.timeline = replace(line, rev=line.rev + 1, playing=playing, position=position, at=at, gate=gate)
        self.loading, self.gate_until = False, None

    def _close(self, gate: Gate, position: float, now: float, *, loading: bool = False) -> None:
        self._change(playing=True, position=position, at=now, gate=gate)
        self.loading = loading
        self.gate_rev = self.timeline.rev
        self.gate_until = now + (_LOADING_SECONDS if loading else _GATE_SECONDS[gate])

    def _position(self, now: float) -> float:
        position = position_at(self.timeline, now)
        return position if self.duration is None else min(position, self.duration)

    def _within(self, timestamp: float) -> float:
        return _within(timestamp, self.duration, "$.payload.timestamp")


def _start(now: float, lead: Callable[[], float] | None) -> float:
    return now if lead is None else now + lead()


def _within(timestamp: float, duration: float | None, path: str) -> float:
    if duration is None or timestamp <= duration:
        return timestamp
    if timestamp <= duration + _PAST_END:
        return duration
    raise RequestRefused(
        "InvalidMessage", f"{timestamp:.3f} s is past the end of the film, {duration:.3f} s", details={"path": path}
    )
