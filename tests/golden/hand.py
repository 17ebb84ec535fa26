"""A follower that is told by hand what happens, for golden traces of what the simulated world never does."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hangd.client.follower.trace_recorder import Recorder
from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import (
    DeadlineReached,
    FileOpened,
    FollowerInput,
    PauseRequested,
    Pinged,
    PlayerSaid,
    SeekRequested,
    SpeedRequested,
    TimelineReceived,
)
from hangd.engine.follower.picture import Motion
from hangd.engine.follower.state import Policies
from hangd.engine.player_messages import (
    Ended,
    Load,
    Loaded,
    PlayerEvent,
    Resume,
    Sampled,
    Settled,
    Shown,
    Stalled,
    Started,
)
from hangd.protocol.model import Timeline

__all__ = ["DURATION", "SERVER", "Hand"]

DURATION: Final = 100.0
"""Of the film, in seconds."""

_STATE_EVERY: Final = 25
"""After so many steps, and after the last one, the whole state is a part of what can be read of a follower."""

SERVER: Final = 1000.0
"""Seconds by which the server's clock is ahead of the local one."""


class Hand:
    """A recorded follower, and the time. Each input comes ``after`` seconds after the one before it."""

    def __init__(self, policies: Policies | None = None) -> None:
        self.now = 500.0
        self.follower = Follower(policies)
        # One segment that is never discarded, as for the other golden traces.
        self.recorder = Recorder(self.follower, span=1e9, size_max=10**9, segment_span=1e9)
        self.rev = 0
        self.load: Load | None = None
        self._readings: list[dict[str, Any]] = []

    def tell(self, *inputs: FollowerInput, after: float = 0.1) -> list[FollowerEffect]:
        """Give the follower inputs. Return the effects of the last one."""
        effects: list[FollowerEffect] = []
        for input in inputs:
            self.now += after
            effects = self.recorder.handle(input, self.now)
            self.load = next((effect for effect in effects if isinstance(effect, Load)), self.load)
            self.follower.check()
            self._readings.append(self._read())
            if len(self._readings) % _STATE_EVERY == 0:
                self._add_state()
        return effects

    def _read(self) -> dict[str, Any]:
        """Return what can be read of the follower."""
        follower, own = self.follower, self.follower.on_own
        return {
            "deadline": follower.deadline(),
            "position": follower.position(self.now),
            "requested_position": follower.requested_position(self.now),
            "error": follower.error,
            "rate": follower.rate,
            "paused": follower.paused,
            "has_unsent_request": follower.has_unsent_request,
            "round_trip": follower.clock.round_trip,
            "is_open": follower.picture.open_path is not None,
            "reaches_room": own.reaches_room,
            "obeys_viewer": own.obeys_viewer,
        }

    def _add_state(self) -> None:
        """Add all that the follower knows to the newest reading, but for the path, which is another one in a trace."""
        state: dict[str, Any] = msgspec.to_builtins(self.follower.snapshot())
        del state["picture"]["path"]
        self._readings[-1]["state"] = state

    def lines(self) -> Iterator[bytes]:
        """Yield the recorded steps. Each has what can be read of the follower afterwards as ``after``."""
        self._add_state()
        # The first line is the snapshot of a new follower, and is left out.
        for line, after in zip(list(self.recorder.lines())[1:], self._readings, strict=True):
            yield msgspec.json.encode(msgspec.json.decode(line) | {"after": after}) + b"\n"

    def due(self) -> None:
        """Wait until the follower's deadline."""
        deadline = self.follower.deadline()
        assert deadline is not None
        self.now = max(deadline, self.now)
        self.tell(DeadlineReached(), after=0.0)

    def wait(self, seconds: float) -> None:
        """Wait so long, with the deadlines that come meanwhile."""
        until = self.now + seconds
        while (deadline := self.follower.deadline()) is not None and deadline < until:
            self.due()
        self.now = until

    # ---- the player

    @property
    def generation(self) -> int:
        return 0 if self.load is None else self.load.generation

    def says(self, event: PlayerEvent, after: float = 0.1) -> list[FollowerEffect]:
        return self.tell(PlayerSaid(event), after=after)

    def opens(
        self, path: str = "/film", *, duration: float | None = DURATION, entry: int = 0, start: float = 0.0
    ) -> None:
        """Open a film, and settle where it was loaded."""
        self.tell(FileOpened(path, start, entry))
        self.says(Loaded(self.generation, duration))
        self.settles(self.follower.state.picture.position)

    def settles(self, position: float | None = None, after: float = 0.1) -> list[FollowerEffect]:
        """Settle at ``position``; None: where the follower expects it."""
        position = self.follower.state.picture.position if position is None else position
        return self.says(Settled(self.generation, position, self.now + after), after)

    def shows(self, position: float | None) -> list[FollowerEffect]:
        return self.says(Shown(self.generation, position))

    def starts(self, position: float | None = None, *, late: float = 0.0) -> list[FollowerEffect]:
        """Start at the time that was commanded, or so many seconds ``late``."""
        state = self.follower.state.picture
        self.now = max(state.resume_at or self.now, self.now) + late
        position = state.position if position is None else position
        return self.says(Started(self.generation, position, self.now), after=0.0)

    def catches_up(self) -> None:
        """Settle where that was commanded, and then start if that is commanded."""
        picture = self.follower.state.picture
        while picture.motion in (Motion.LOADING, Motion.SEEKING, Motion.PAUSING):
            self.settles()
        if picture.motion is Motion.STARTING:
            self.starts()

    def samples(self, error: float = 0.0, *, count: int = 1, after: float = 0.4, at: float | None = None) -> None:
        """Say ``count`` times that the picture is ``error`` seconds ahead of the room; or is ``at`` this position."""
        for _ in range(count):
            moment = self.now + after
            position = self.expected(moment) + error if at is None else at
            rate = self.follower.state.picture.commanded_rate or 1.0
            self.says(Sampled(self.generation, max(position, 0.0), moment, rate), after)

    def expected(self, now: float) -> float:
        """Where the timeline is at a local time."""
        timeline = self.follower.state.timeline
        at = self.follower.clock.to_server(now) if self.follower.state.follows else now
        moved = max(at - timeline.at, 0.0) * timeline.rate if timeline.playing and timeline.gate is None else 0.0
        return timeline.position + moved

    def stalls(self, stalled: bool) -> None:
        self.says(Stalled(self.generation, stalled, self.now + 0.1))

    def ends(self, position: float = DURATION) -> list[FollowerEffect]:
        return self.says(Ended(self.generation, position, self.now + 0.1))

    # ---- the room

    def pings(
        self, count: int = 1, *, out: float = 0.0, back: float = 0.0, every: float = 0.1, server: float = SERVER
    ) -> None:
        """Answer so many pings, whose ways took so long."""
        for _ in range(count):
            t0, t3 = self.now + every, self.now + every + out + back
            self.tell(Pinged(t0, t0 + server + out, t0 + server + out, t3), after=every + out + back)

    def timeline(self, position: float = 0.0, *, playing: bool = False, soon: float = 0.0, **changes: Any) -> Timeline:
        """Return the room's next timeline, valid from ``soon`` seconds on."""
        self.rev += 1
        fields: dict[str, Any] = {"epoch": "e", "rev": self.rev, "rate": 1.0, "gate": None} | changes
        return Timeline(playing=playing, position=position, at=self.now + SERVER + soon, **fields)

    def receives(self, timeline: Timeline, **how: bool) -> list[FollowerEffect]:
        return self.tell(TimelineReceived(timeline, **how))

    def enters(self, position: float = 0.0, **timeline: Any) -> list[FollowerEffect]:
        """Enter the room, or return to it."""
        return self.receives(self.timeline(position, **timeline), entering=True)

    def in_step(self, position: float = 0.0) -> None:
        """Be in a room that plays, and play with it."""
        self.opens()
        self.pings()
        self.enters(position)
        if position:
            self.settles(position)
        self.shows(position)
        effects = self.receives(self.timeline(position, playing=True, soon=0.5))
        assert any(isinstance(effect, Resume) for effect in effects)
        self.starts()
        self.samples(count=2)

    # ---- the viewer

    def pauses(self, after: float = 0.1) -> list[FollowerEffect]:
        return self.tell(PauseRequested(True), after=after)

    def plays(self, after: float = 0.1) -> list[FollowerEffect]:
        return self.tell(PauseRequested(False), after=after)

    def seeks(self, position: float, after: float = 0.2) -> list[FollowerEffect]:
        return self.tell(SeekRequested(position), after=after)

    def speeds(self, rate: float) -> list[FollowerEffect]:
        return self.tell(SpeedRequested(rate))
