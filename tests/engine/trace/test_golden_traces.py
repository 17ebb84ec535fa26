"""The golden traces (tests/golden/make_traces.py): each comes out the same, and tells what its name says."""

import msgspec
import pytest

from hangd.engine.trace.replay import replay
from hangd.engine.trace.trace import Step, read
from tests.golden.make_traces import STORIES, TRACES, make

TOLD: dict[str, tuple[set[str], set[str]]] = {
    "start": ({"TimelineReceived", "Pinged", "Started"}, {"Resume", "SendReport"}),
    "own-start": ({"PauseRequested"}, {"SendRequest", "Resume"}),
    "gate": ({"TimelineReceived"}, {"AnnounceSeek", "SeekTo", "Resume"}),
    "seeks-merged": ({"SeekRequested", "DeadlineReached"}, {"SendRequest", "SeekTo"}),
    "pause": ({"PauseRequested", "Settled"}, {"PauseNow", "SendRequest"}),
    "others-pause": ({"TimelineReceived", "Settled"}, {"SeekTo"}),
    "trim": ({"Sampled"}, {"AnnounceCorrection", "SetRate"}),
    "hold": ({"OffsetSet"}, {"AnnounceCorrection", "PauseFor"}),
    "resync": ({"Sampled"}, {"AnnounceCorrection", "SeekTo", "Resume"}),
    "joiner": ({"TimelineReceived"}, {"SeekTo", "Resume"}),
    "speed": ({"TimelineReceived"}, {"SetRate"}),
    "link-lost": ({"TimelineReceived"}, {"SeekTo"}),
    "asleep": ({"AbsenceEnded"}, {"SeekTo"}),
    "alone": (
        {"PauseRequested", "SeekRequested", "SpeedRequested", "Ended"},
        {"Load", "PauseNow", "SeekTo", "SetRate", "Resume"},
    ),
}


def lines(name: str) -> list[bytes]:
    return (TRACES / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def tag(struct: msgspec.Struct) -> str:
    return type(struct).__name__


def test_there_is_a_trace_of_each_story_and_no_other() -> None:
    assert {path.stem for path in TRACES.iterdir()} == STORIES.keys() == TOLD.keys()


@pytest.mark.parametrize("name", STORIES)
def test_a_golden_trace_comes_out_the_same(name: str) -> None:
    difference = replay(lines(name)).difference
    assert difference is None, f"if that is meant: python -m tests.golden.make_traces. {difference}"


@pytest.mark.parametrize("name", STORIES)
def test_a_golden_trace_tells_what_its_name_says(name: str) -> None:
    told: set[str] = set()
    ordered: set[str] = set()
    for _, line in read(lines(name)):
        if isinstance(line, Step):
            told |= {tag(line.input), tag(getattr(line.input, "event", line.input))}
            ordered |= set(map(tag, line.effects))
    wanted, orders = TOLD[name]
    assert (wanted - told, orders - ordered) == (set(), set())


@pytest.mark.parametrize("name", ("trim", "hold", "resync"))
def test_the_one_correction_is_the_one_that_is_named(name: str) -> None:
    assert replay(lines(name)).corrections == {name: 1}


@pytest.mark.parametrize("name", STORIES)
def test_making_them_anew_makes_the_same_each_time(name: str) -> None:
    assert make(name) == make(name)
