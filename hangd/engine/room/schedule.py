"""A room's timeline and what changes it: the five commands, the gate, the end of the film.

::

                     Play (at = now + lead)                 every player stands there, or time is up
       paused  --------------------------->  running  <--------------------------------------  gated
         ^   ^                                |  |  |                                          ^  |
         |   +------ Pause, Stop, the end ----+  |  +---- Seek ("seeking", <= 1 s) ------------+  |
         |                                       +------- a stall ("buffering", <= 30 s) ---------+
         +----------------------------------------------- Pause, Stop ----------------------------+

Another film (`start_over`) is paused, or gated: "seeking" as well, but for up to 5 s, because it has to be opened.

Every change makes a new Timeline, one rev up. ``lead`` is how far ahead a start must lie for everyone to hear of it in
time; a command of a basic client comes without one (None): it can neither wait for a moment nor report that it stands
somewhere, so what it says is true on receipt, and closes no gate.
"""

from typing import Final, assert_never

from msgspec.structs import replace

from hangd.engine.timeline import is_running, playable_rate, position_at, rebase, time_of
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import Pause, Play, Seek, Speed, Stop, SyncCommand
from hangd.protocol.model import Gate, Timeline

__all__ = ["Schedule"]

_GATE_SECONDS: Final[dict[Gate, float]] = {"seeking": 1.0, "buffering": 30.0}
"""How long a gate stays closed at most. A seek costs 0.1-0.5 s; a stalled disk or share may need long."""

_LOADING_SECONDS: Final = 5.0
"""The same where the players open another film first: found, opened and sought within a second from a disk, and from a
share that slept within a few. Whoever needs longer catches up."""

_PAST_END: Final = 1.0
"""Seconds: durations of one file differ by a little from player to player, so that much past the end is the end."""

_AT_END: Final = 0.1
"""Seconds: Play this near to the end starts over, as players do. Less than two frames of the slowest film rate."""

_ALREADY_PLAYING: Final = 1.0
"""Seconds: Play within this of where a running room is says nothing new (two viewers pressed Play together)."""


class Schedule:
    """The timeline of one room. ``duration`` is the film's, in seconds, where it is known."""

    def __init__(self, *, epoch: str, now: float) -> None:
        self.timeline = Timeline(epoch=epoch, rev=0, playing=False, position=0.0, rate=1.0, at=now)
        self.duration: float | None = None
        self._loading = False
        self._gate_rev = 0
        self._gate_until = now

    def go_on(self, timeline: Timeline, now: float) -> None:
        """Take up a timeline of before a restart. A gate that was closed is given its whole time once more."""
        self.timeline = timeline
        if timeline.gate is not None:
            # Who comes back reports anew, on this rev: what was reported on the gate's own is forgotten.
            self._gate_rev = timeline.rev
            self._gate_until = now + _GATE_SECONDS[timeline.gate]

    # ---- what it says -----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return is_running(self.timeline)

    @property
    def gate(self) -> Gate | None:
        return self.timeline.gate

    @property
    def loading(self) -> bool:
        """Whether a gate is closed because the players open another film. On the wire it is one for seeking."""
        return self._loading and self.gate == "seeking"

    @property
    def gate_rev(self) -> int:
        """The rev that closed the gate: reports on it, or on a later one, are about this gate."""
        return self._gate_rev

    @property
    def gate_until(self) -> float | None:
        return self._gate_until if self.gate is not None else None

    @property
    def ends_at(self) -> float | None:
        """Server time at which the film will have run to its end, if nothing happens before."""
        if self.duration is None or not is_running(self.timeline):
            return None
        return time_of(self.timeline, self.duration)

    # ---- what changes it --------------------------------------------------------------------------------------------

    def apply(self, command: SyncCommand, now: float, lead: float | None) -> SyncCommand | None:
        """Carry out a command. Returns what it came to, with its times and rate as they are now; None: no change.

        Raises:
            RequestRefused: InvalidMessage, the timestamp lies past the end.
        """
        line = self.timeline
        start = now if lead is None else now + lead
        match command:
            case Play(timestamp=timestamp):
                position = self._within(timestamp)
                if self.running and abs(position - position_at(line, now)) <= _ALREADY_PLAYING:
                    return None
                if not line.playing and self.duration is not None and position >= self.duration - _AT_END:
                    position = 0.0
                self._change(playing=True, position=position, at=start)
                return Play(timestamp=position)
            case Pause(timestamp=timestamp):
                position = self._within(timestamp)
                self._change(playing=False, position=position, at=now)
                return Pause(timestamp=position)
            case Seek(timestamp=timestamp):
                position = self._within(timestamp)
                if line.playing and lead is not None:
                    # Who still opens the film is given that time, wherever in it the room is to start.
                    self._close("seeking", position, now, loading=self.loading)
                else:
                    self._change(playing=line.playing, position=position, at=now)
                return Seek(timestamp=position)
            case Speed(rate=rate):
                rate = playable_rate(rate)
                # Where nothing moves there is nothing to write anew, and a gate stays as it is.
                moved = rebase(line, start) if self.running else line
                position = moved.position if self.duration is None else min(moved.position, self.duration)
                self.timeline = replace(moved, rev=line.rev + 1, position=position, rate=rate)
                return Speed(rate=rate)
            case Stop():
                self._change(playing=False, position=0.0, at=now)
                return Stop()
        assert_never(command)

    def stall(self, now: float) -> Pause:
        """Close the gate where the film is now, because somebody's player waits for data."""
        position = self._position(now)
        self._close("buffering", position, now)
        return Pause(timestamp=position)

    def open(self, now: float, lead: float) -> Play:
        """Open the gate: everyone starts ``lead`` from now."""
        position = self.timeline.position
        self._change(playing=True, position=position, at=now + lead)
        return Play(timestamp=position)

    def hold(self, now: float) -> Pause:
        """Pause where the film is now: nobody is left to watch."""
        position = self._position(now)
        self._change(playing=False, position=position, at=now)
        return Pause(timestamp=position)

    def end(self, now: float) -> Pause:
        """Pause at the end, which the film has reached (`ends_at` is not later than ``now``)."""
        assert self.duration is not None
        self._change(playing=False, position=self.duration, at=now)
        return Pause(timestamp=self.duration)

    def start_over(self, duration: float | None, start: float, now: float, *, play: bool) -> None:
        """Stand at ``start`` of another film: paused, or until it can be played (`loading`).

        Raises:
            RequestRefused: InvalidMessage, ``start`` lies past the new film's end.
        """
        position = _within(start, duration, "$.payload.start")
        self.duration = duration
        if play:
            self._close("seeking", position, now, loading=True)
        else:
            self._change(playing=False, position=position, at=now)

    def check(self) -> None:
        line = self.timeline
        assert line.gate is None or line.playing, "only what plays is held at a gate"
        assert line.gate is None or self._gate_rev <= line.rev
        assert line.position >= 0.0
        assert line.rate == playable_rate(line.rate)

    # ---- within -----------------------------------------------------------------------------------------------------

    def _change(self, *, playing: bool, position: float, at: float, gate: Gate | None = None) -> None:
        line = self.timeline
        self.timeline = replace(line, rev=line.rev + 1, playing=playing, position=position, at=at, gate=gate)

    def _close(self, gate: Gate, position: float, now: float, *, loading: bool = False) -> None:
        self._change(playing=True, position=position, at=now, gate=gate)
        self._loading = loading
        self._gate_rev = self.timeline.rev
        self._gate_until = now + (_LOADING_SECONDS if loading else _GATE_SECONDS[gate])

    def _position(self, now: float) -> float:
        position = position_at(self.timeline, now)
        return position if self.duration is None else min(position, self.duration)

    def _within(self, timestamp: float) -> float:
        return _within(timestamp, self.duration, "$.payload.timestamp")


def _within(timestamp: float, duration: float | None, path: str) -> float:
    if duration is None or timestamp <= duration:
        return timestamp
    if timestamp <= duration + _PAST_END:
        return duration
    raise RequestRefused(
        "InvalidMessage", f"{timestamp:.3f} s is past the end of the film, {duration:.3f} s", details={"path": path}
    )
