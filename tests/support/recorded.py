"""The simulated world (`tests.sim.world`), its viewers' followers behind a recorder, as the daemon's are."""

from collections.abc import Callable
from typing import Any

from hangd.client.follower.trace_recorder import Recorder
from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import (
    AbsenceEnded,
    DeadlineReached,
    FileClosed,
    FileOpened,
    FollowerInput,
    LeftRoom,
    OffsetSet,
    PauseRequested,
    Pinged,
    PlayerSaid,
    SeekRequested,
    SpeedRequested,
    StopRequested,
    TimelineReceived,
)
from hangd.engine.player_messages import PlayerEvent
from hangd.protocol.model import Timeline
from tests.sim.world import Viewer, Way, World

__all__ = ["RecordedViewer", "RecordedWorld"]


class _Clock:
    """A follower's clock: what a ping tells it waits for ``clock_changed``, the two of which are one input."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self.ping: Pinged | None = None

    def add(self, t0: float, t1: float, t2: float, t3: float) -> None:
        self.ping = Pinged(t0, t1, t2, t3)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._follower.clock, name)


class _Doorkeeper:
    """Looks like a follower, and tells the real one through a recorder."""

    def __init__(self, follower: Follower, recorder: Recorder) -> None:
        self._follower = follower
        self._recorder = recorder
        self.clock = _Clock(follower)

    def _tell(self, input: FollowerInput, now: float) -> list[FollowerEffect]:
        return self._recorder.tell(input, now)

    def load(self, path: str, now: float, start: float = 0.0) -> list[FollowerEffect]:
        return self._tell(FileOpened(path, start), now)

    def unload(self, now: float) -> list[FollowerEffect]:
        return self._tell(FileClosed(), now)

    def follow(
        self, timeline: Timeline, now: float, *, entering: bool = False, stop: bool = False
    ) -> list[FollowerEffect]:
        return self._tell(TimelineReceived(timeline, entering, stop), now)

    def leave(self, now: float) -> list[FollowerEffect]:
        return self._tell(LeftRoom(), now)

    def clock_changed(self, now: float) -> list[FollowerEffect]:
        assert self.clock.ping is not None
        return self._tell(self.clock.ping, now)

    def woke(self, now: float) -> list[FollowerEffect]:
        return self._tell(AbsenceEnded(), now)

    def ask_paused(self, paused: bool, now: float) -> list[FollowerEffect]:
        return self._tell(PauseRequested(paused), now)

    def ask_seek(self, position: float, now: float) -> list[FollowerEffect]:
        return self._tell(SeekRequested(position), now)

    def ask_speed(self, rate: float, now: float) -> list[FollowerEffect]:
        return self._tell(SpeedRequested(rate), now)

    def ask_stop(self, now: float) -> list[FollowerEffect]:
        return self._tell(StopRequested(), now)

    def handle(self, event: PlayerEvent, now: float) -> list[FollowerEffect]:
        return self._tell(PlayerSaid(event), now)

    def expire(self, now: float) -> list[FollowerEffect]:
        return self._tell(DeadlineReached(), now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._follower, name)


class RecordedViewer(Viewer):
    """``recorder`` has the whole book; ``inner`` is the follower itself."""

    recorder: Recorder
    inner: Follower

    @property
    def follower(self) -> Any:
        return self._doorkeeper

    @follower.setter
    def follower(self, follower: Follower) -> None:
        self.inner = follower
        assert isinstance(self.world, RecordedWorld)
        self.recorder = self.world.recorder(follower)
        self._doorkeeper = _Doorkeeper(follower, self.recorder)

    def shows_later(self, seconds: float) -> None:
        """Set by how much this screen shows later than the player thinks."""
        self._do(self.recorder.tell(OffsetSet(seconds), self.local))


class RecordedWorld(World):
    """``recorder`` makes each viewer's recorder."""

    def __init__(self, seed: int = 1, recorder: Callable[[Follower], Recorder] = Recorder) -> None:
        super().__init__(seed)
        self.recorder = recorder

    def join(self, name: str, way: Way, **habits: float) -> RecordedViewer:
        viewer = RecordedViewer(self, name, way, **habits)
        self.viewers[name] = viewer
        viewer.enter(creating=len(self.viewers) == 1)
        return viewer
