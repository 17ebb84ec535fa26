"""Replay of a trace: pass the recorded inputs to a new follower and compare its effects with the recorded ones."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from hangd.engine.follower.effects import AnnounceCorrection
from hangd.engine.follower.follower import Follower
from hangd.engine.follower.inputs import FollowerInput
from hangd.engine.trace.trace import Header, Snapshot, Step, read

_TOLERANCE: Final = 1e-6
"""Seconds. No player can show a difference that small, and another order of the same additions makes a smaller one."""


class Difference(Struct, frozen=True):
    """The first step with another result. ``recorded_raised``, ``raised``: the exception that the follower raised."""

    line: int
    now: float
    input: FollowerInput
    recorded: list[Any]
    effects: list[Any] = field(name="came")  # as ``hangd replay --json`` prints it
    recorded_raised: str | None = None
    raised: str | None = field(name="came_raised", default=None)


class Replayed(Struct, frozen=True):
    """The result of a replay. ``corrections`` and ``span`` (seconds) describe the trace as it was recorded."""

    header: Header
    steps: int
    span: float
    corrections: dict[str, int]
    difference: Difference | None

    @property
    def is_same(self) -> bool:
        return self.difference is None


def replay(lines: Iterable[bytes]) -> Replayed:
    """Replay a trace up to the first difference, and read it to its end. Raises NotATrace: a line is wrong."""
    trace = read(lines)
    _, header = next(trace)
    assert isinstance(header, Header)
    follower = Follower(header.policies)
    corrections: Counter[str] = Counter()
    steps, first, last = 0, 0.0, 0.0
    difference: Difference | None = None
    for number, line in trace:
        match line:
            case Snapshot(state=state):
                follower = Follower(header.policies, state)
            case Step(now=now, effects=effects):
                first, last, steps = (first if steps else now), now, steps + 1
                corrections.update(
                    type(effect.correction).__name__.lower()
                    for effect in effects
                    if isinstance(effect, AnnounceCorrection)
                )
                if difference is None:
                    difference = _difference(number, line, follower)
    return Replayed(header, steps, last - first, dict(corrections), difference)


def _difference(number: int, step: Step, follower: Follower) -> Difference | None:
    effects: Any = []
    raised = None
    try:
        effects = msgspec.to_builtins(follower.handle(step.input, step.now))
    except Exception as error:
        raised = type(error).__name__
    recorded = msgspec.to_builtins(step.effects)
    if raised == step.raised and same(recorded, effects):
        return None
    return Difference(number, step.now, step.input, recorded, effects, step.raised, raised)


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal, numbers to a microsecond."""
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
