"""The golden traces (tests/golden/make_traces.py): each comes out the same, and contains what its name says."""

from typing import get_args

import msgspec
import pytest

from hangd.engine.follower.drift import Correction
from hangd.engine.follower.effects import AnnounceCorrection
from hangd.engine.follower.inputs import FollowerInput
from hangd.engine.trace.replay import replay
from hangd.engine.trace.trace import Step, read
from tests.golden.make_traces import BY_HAND, NAMES, RARE, STORIES, TRACES, make, path

CONTENTS: dict[str, tuple[set[str], set[str]]] = {
    "start": ({"TimelineReceived", "Pinged", "Started"}, {"Resume", "SendReport"}),
    "own-start": ({"PauseRequested"}, {"SendRequest", "Resume"}),
    "gate": ({"TimelineReceived"}, {"AnnounceSeek", "SeekTo", "Resume"}),
    "seeks-merged": ({"SeekRequested", "DeadlineReached"}, {"SendRequest", "SeekTo"}),
    "pause": ({"PauseRequested", "Settled"}, {"PauseNow", "SendRequest"}),
    "others-pause": ({"TimelineReceived", "Settled"}, {"SeekTo"}),
    "rest": ({"TimelineReceived", "DeadlineReached"}, {"SendReport", "Resume"}),
    "trim": ({"Sampled"}, {"AnnounceCorrection", "SetRate"}),
    "hold": ({"OffsetSet"}, {"AnnounceCorrection", "PauseFor"}),
    "resync": ({"Sampled"}, {"AnnounceCorrection", "SeekTo", "Resume"}),
    "joiner": ({"TimelineReceived"}, {"SeekTo", "Resume"}),
    "speed": ({"TimelineReceived"}, {"SetRate"}),
    "link-lost": ({"LinkLost", "TimelineReceived"}, {"SeekTo"}),
    "on-own": ({"LinkLost", "PauseRequested"}, {"PauseNow", "SeekTo", "Resume"}),
    "silent": ({"PauseRequested", "SeekRequested", "DeadlineReached"}, {"PauseNow", "SendRequest", "SeekTo"}),
    "asleep": ({"AbsenceEnded"}, {"SeekTo"}),
    "alone": (
        {"PauseRequested", "SeekRequested", "SpeedRequested", "Ended"},
        {"Load", "PauseNow", "SeekTo", "SetRate", "Resume"},
    ),
}


def lines(name: str) -> list[bytes]:
    return path(name).read_bytes().splitlines(keepends=True)


def tag(struct: msgspec.Struct) -> str:
    return type(struct).__name__


def test_there_is_a_trace_of_each_story_and_no_other() -> None:
    assert {path.stem for path in TRACES.iterdir()} == STORIES.keys() == CONTENTS.keys()
    assert {path.stem for path in RARE.iterdir()} == BY_HAND.keys()
    assert STORIES.keys().isdisjoint(BY_HAND)


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_trace_comes_out_the_same(name: str) -> None:
    difference = replay(lines(name)).difference
    assert difference is None, f"if intended, run python -m tests.golden.make_traces. {difference}"


@pytest.mark.parametrize("name", STORIES)
def test_a_golden_trace_contains_what_its_name_says(name: str) -> None:
    inputs: set[str] = set()
    effects: set[str] = set()
    for _, line in read(lines(name)):
        if isinstance(line, Step):
            inputs |= {tag(line.input), tag(getattr(line.input, "event", line.input))}
            effects |= set(map(tag, line.effects))
    expected_inputs, expected_effects = CONTENTS[name]
    assert (expected_inputs - inputs, expected_effects - effects) == (set(), set())


@pytest.mark.parametrize("name", ("trim", "hold", "resync"))
def test_the_only_correction_is_the_one_in_the_name(name: str) -> None:
    assert replay(lines(name)).corrections == {name: 1}


@pytest.mark.parametrize("name", STORIES)
def test_making_a_trace_twice_gives_the_same(name: str) -> None:
    assert make(name) == make(name)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_trace_told_by_hand_is_the_one_that_is_kept(name: str) -> None:
    """Also what can be read of the follower after each step, which a replay does not compare."""
    assert make(name) == lines(name), "if intended, run python -m tests.golden.make_traces"


def test_the_traces_told_by_hand_contain_every_input_and_effect_of_a_follower() -> None:
    steps = [line for name in NAMES for _, line in read(lines(name)) if isinstance(line, Step)]
    effects = [effect for step in steps for effect in step.effects]
    corrections = {tag(effect.correction) for effect in effects if isinstance(effect, AnnounceCorrection)}
    assert {tag(step.input) for step in steps} == {kind.__name__ for kind in get_args(FollowerInput)}
    assert corrections == {kind.__name__ for kind in get_args(Correction)}
