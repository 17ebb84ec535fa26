"""The simulated world (`tests.sim.world`) with viewers whose followers are recorded, as in the daemon."""

from collections.abc import Callable

from hangd.client.follower.trace_recorder import Recorder
from hangd.engine.follower.effects import FollowerEffect
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import FollowerInput, OffsetSet
from tests.sim.world import Viewer, Way, World

__all__ = ["RecordedViewer", "RecordedWorld"]


class RecordedViewer(Viewer):
    """A viewer whose ``recorder`` has recorded everything since the viewer was created."""

    recorder: Recorder

    def make_handle(self) -> Callable[[FollowerInput, float], list[FollowerEffect]]:
        assert isinstance(self.world, RecordedWorld)
        self.recorder = self.world.make_recorder(self.follower)
        return self.recorder.handle

    def set_video_offset(self, seconds: float) -> None:
        """Set by how many seconds this screen shows a picture later than the player assumes."""
        self._tell(OffsetSet(seconds))


class RecordedWorld(World):
    """A world that calls ``make_recorder`` for each new viewer."""

    def __init__(self, seed: int = 1, make_recorder: Callable[[Follower], Recorder] = Recorder) -> None:
        super().__init__(seed)
        self.make_recorder = make_recorder

    def join(self, name: str, way: Way, **habits: float) -> RecordedViewer:
        viewer = RecordedViewer(self, name, way, **habits)
        self.viewers[name] = viewer
        viewer.enter(creating=len(self.viewers) == 1)
        return viewer
