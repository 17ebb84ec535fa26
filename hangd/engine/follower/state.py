"""The constants and the state of a `Follower`, as data. A trace contains both, so that it can be replayed."""

from msgspec import Struct, field

from hangd.engine.follower import local_timeline
from hangd.engine.follower.clock import ClockPolicy, ClockState
from hangd.engine.follower.drift import DriftPolicy, DriftState
from hangd.engine.follower.learned import StartBias
from hangd.engine.follower.on_own import OnOwnState
from hangd.engine.follower.pending_input import PendingInputPolicy, PendingInputState
from hangd.engine.follower.picture import PicturePolicy, PictureState
from hangd.protocol.model import ReportedState, Timeline


class FollowerPolicy(Struct, frozen=True):
    """Constants of the follower itself, in seconds if not stated otherwise."""

    late_start_max: float = 0.040
    """A start that is late by less is made at once and left to the drift controller; otherwise the player seeks first.

    Chosen well below `DriftPolicy.trim_behind`, so that a trim can correct it.
    """
    wait_max: float = 2.0
    """A paused player that is ahead of a running room by less waits for it; otherwise it seeks back.

    The same as `DriftPolicy.hold_max`, which limits the pause of a running player that is ahead.
    """
    seek_threshold: float = 0.5
    """A running picture that is further from a new timeline than this seeks at once, because that is no drift."""
    late_seeks_max: int = 2
    """After this many seeks that took too long a start is made however late it is, because the file seeks slowly."""
    seek_margin: float = 0.05
    """Added to the expected duration of a seek: to wait a little is better than to seek again."""
    end_tolerance: float = 1.0
    """A picture may end this much before the duration of its file. Durations in files are not exact."""
    report_interval: float = 2.0
    """The room gets a report at least this often, while the film plays."""
    rest_interval: float = 30.0
    """The room gets a report at least this often, while nothing moves: neither the film, nor the picture."""


class Policies(Struct, frozen=True):
    """The constants of a follower and its parts."""

    follower: FollowerPolicy = field(default_factory=FollowerPolicy)
    drift: DriftPolicy = field(default_factory=DriftPolicy)
    clock: ClockPolicy = field(default_factory=ClockPolicy)
    picture: PicturePolicy = field(default_factory=PicturePolicy)
    pending_input: PendingInputPolicy = field(default_factory=PendingInputPolicy)


class FollowerState(Struct):
    """What a follower knows. Times are local times, but for those in timelines, which are server times in a room."""

    timeline: Timeline = field(default_factory=lambda: local_timeline.initial(0.0))
    """Where the media has to be: the room's timeline, or the player's own in no room and on its own."""
    scheduled: Timeline | None = None
    """The room's next timeline, which replaces ``timeline`` when its ``at`` has come. Only for changes of speed."""
    in_room: bool = False
    on_own: OnOwnState = field(default_factory=OnOwnState)
    video_offset: float = 0.0
    """Seconds by which the screen shows later than the player believes. The player is kept ahead by as much."""
    error: float | None = None
    """The newest error in seconds, positive ahead; None since the last start."""
    seeks: int = 0
    """Seeks since the last start or new timeline."""
    absence_unchecked: bool = False
    """An absence ended, and the picture has not been compared with the timeline since."""
    reported: tuple[ReportedState, int] | None = None
    """What the room was told last, and at which rev of the timeline."""
    reported_at: float = 0.0
    reported_position: float = 0.0
    report_due: float | None = None
    requests: int = 0
    """Number of requests so far. It makes the next request's id."""
    clock: ClockState = field(default_factory=ClockState)
    drift: DriftState = field(default_factory=DriftState)
    picture: PictureState = field(default_factory=PictureState)
    start_bias: StartBias = field(default_factory=StartBias)
    pending_input: PendingInputState = field(default_factory=PendingInputState)

    @property
    def follows(self) -> bool:
        """Whether ``timeline`` is the room's."""
        return self.in_room and self.on_own.room is None
