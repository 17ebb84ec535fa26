"""Replay: tell a new follower what a trace says one was told, and see whether it orders the same.

The comparison is of what is written: names and words are the same or not, and so are numbers, but for a microsecond,
which is less than anything that plays films can tell, and more than what another order of the same additions makes.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from hangd.engine.follower.effects import AnnounceCorrection
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import FollowerInput, apply
from hangd.engine.follower.memory import recall
from hangd.engine.trace.trace import Header, Memory, Step, read

__all__ = ["Difference", "Replayed", "replay", "same"]

_TOLERANCE: Final = 1e-6


class Difference(Struct, frozen=True):
    """The first step that came out otherwise. ``raised``: the follower failed, and with what."""

    line: int
    now: float
    input: FollowerInput
    recorded: list[Any]
    came: list[Any]
    recorded_raised: str | None = None
    came_raised: str | None = None


class Replayed(Struct, frozen=True):
    """What came of it. ``corrections`` and ``span`` (seconds) are of the trace as it was recorded."""

    header: Header
    steps: int
    span: float
    corrections: dict[str, int]
    difference: Difference | None

    @property
    def is_same(self) -> bool:
        return self.difference is None


def replay(lines: Iterable[bytes]) -> Replayed:
    """Play a trace again as far as it comes out the same, and read it to its end.

    Raises:
        NotATrace: a line is none of a trace's.
    """
    trace = read(lines)
    _, header = next(trace)
    assert isinstance(header, Header)
    follower = header.policies.make_follower()
    corrections: Counter[str] = Counter()
    steps, first, last = 0, 0.0, 0.0
    difference: Difference | None = None
    for number, line in trace:
        match line:
            case Memory(memory=memory):
                recall(follower, memory)
            case Step(now=now, input=input, effects=effects):
                first, last, steps = (first if steps else now), now, steps + 1
                corrections.update(
                    type(effect.correction).__name__.lower()
                    for effect in effects
                    if isinstance(effect, AnnounceCorrection)
                )
                if difference is None:
                    came = _again(follower, line)
                    if not _agree(line, came):
                        difference = Difference(
                            line=number,
                            now=now,
                            input=input,
                            recorded=msgspec.to_builtins(effects),
                            came=msgspec.to_builtins(came.effects),
                            recorded_raised=line.raised,
                            came_raised=came.raised,
                        )
    return Replayed(header, steps, last - first, dict(corrections), difference)


def _again(follower: Follower, step: Step) -> Step:
    """Return the step as this follower takes it."""
    try:
        return Step(step.now, step.input, apply(follower, step.input, step.now))
    except Exception as error:
        return Step(step.now, step.input, [], type(error).__name__)


def _agree(recorded: Step, came: Step) -> bool:
    return recorded.raised == came.raised and same(
        msgspec.to_builtins(recorded.effects), msgspec.to_builtins(came.effects)
    )


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values say the same."""
    match one, other:
        case bool() | None, _:
            return one is other
        case int() | float(), int() | float() if not isinstance(other, bool):
            return math.isclose(one, other, rel_tol=0.0, abs_tol=_TOLERANCE)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
        case _:
            return type(one) is type(other) and one == other
