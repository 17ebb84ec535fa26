"""What a follower goes by, and what it remembers, as plain data: with these two another one goes on where it is.

The memory is this implementation's own. Its fields are the machines' attributes by the same names (without a leading
underscore), so that nothing is written twice; a test holds the two to each other, and finds what one of them forgot.
"""

from typing import Literal, TypeVar

from msgspec import Struct, field

from hangd.engine.follower.clock import ClockFilter, ClockPolicy, ClockSample
from hangd.engine.follower.drift import DriftController, DriftPolicy, Trimming
from hangd.engine.follower.follower import Follower, FollowerPolicy
from hangd.engine.follower.pending_input import PendingInput, PendingInputPolicy
from hangd.engine.follower.picture import Motion, Picture, PicturePolicy
from hangd.protocol.model import ReportedState, Timeline

__all__ = ["FollowerMemory", "Policies", "recall", "remember"]

_M = TypeVar("_M", bound=Struct)


class Policies(Struct, frozen=True):
    """The constants by which a viewer's machines decide."""

    follower: FollowerPolicy = field(default_factory=FollowerPolicy)
    drift: DriftPolicy = field(default_factory=DriftPolicy)
    clock: ClockPolicy = field(default_factory=ClockPolicy)
    picture: PicturePolicy = field(default_factory=PicturePolicy)
    hand: PendingInputPolicy = field(default_factory=PendingInputPolicy)

    def make_follower(self) -> Follower:
        return Follower(
            self.follower,
            DriftController(self.drift),
            ClockFilter(self.clock),
            Picture(self.picture),
            PendingInput(self.hand),
        )


class ClockMemory(Struct):
    samples: list[ClockSample]
    flushed_at: float | None
    best: ClockSample | None
    offset: float
    offset_at: float
    skew: float
    wander: float
    unfitted: int = 0


class DriftMemory(Struct):
    trimming: Trimming | None
    errors: list[float]
    fresh_until: float
    blank_until: float
    resync_gap: float
    resynced_at: float | None


class PictureMemory(Struct):
    motion: Motion
    path: str | None
    duration: float | None
    generation: int
    stalled: bool
    seek_cost: float
    resume_at: float | None
    position: float
    at: float
    rate: float
    asked_rate: float | None
    sought: float | None
    seek_began: float | None


class StartsMemory(Struct):
    bias: float
    left: list[float]
    applied: float | None


class PendingInputMemory(Struct):
    wants: Literal["paused", "playing"] | None
    rev: int
    asked: float | None
    held: float | None
    until: float | None
    merge_until: float | None


class FollowerMemory(Struct):
    clock: ClockMemory
    drift: DriftMemory
    picture: PictureMemory
    starts: StartsMemory
    hand: PendingInputMemory
    video_offset: float
    timeline: Timeline
    in_room: bool
    error: float | None
    pending: Timeline | None
    astray: bool
    seeks: int
    reported: tuple[ReportedState, int] | None
    report_due: float | None
    commands: int


def remember(follower: Follower) -> FollowerMemory:
    """Return what the follower knows. It is not a copy: write it down before the follower is told anything more."""
    machines = {
        "clock": _remember(follower.clock, ClockMemory),
        "drift": _remember(follower._drift, DriftMemory),
        "picture": _remember(follower.picture, PictureMemory),
        "starts": _remember(follower._starts, StartsMemory),
        "hand": _remember(follower._hand, PendingInputMemory),
    }
    return _remember(follower, FollowerMemory, **machines)


def recall(follower: Follower, memory: FollowerMemory) -> None:
    """Make a new follower know this. The memory is then the follower's: use it for no other."""
    _recall(follower.clock, memory.clock)
    _recall(follower._drift, memory.drift)
    _recall(follower.picture, memory.picture)
    _recall(follower._starts, memory.starts)
    _recall(follower._hand, memory.hand)
    _recall(follower, memory, but=("clock", "drift", "picture", "starts", "hand"))


def _attribute(machine: object, name: str) -> str:
    return name if name in vars(machine) else f"_{name}"


def _remember(machine: object, kind: type[_M], **known: Struct) -> _M:
    state = vars(machine)
    names = (name for name in kind.__struct_fields__ if name not in known)
    return kind(**known, **{name: state[_attribute(machine, name)] for name in names})


def _recall(machine: object, memory: Struct, but: tuple[str, ...] = ()) -> None:
    for name in memory.__struct_fields__:
        if name not in but:
            setattr(machine, _attribute(machine, name), getattr(memory, name))
