"""The commands about what was watched here."""

from typing import Any

import pytest

from hangd.client.control.properties import Properties
from hangd.client.control.tables.command import Context
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, command_refusal, do


@pytest.fixture
def viewer() -> RecordingViewer:
    return RecordingViewer(CLIP)


@pytest.fixture
def context(viewer: RecordingViewer) -> Context:
    return Context(viewer, Properties(viewer), print)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], (0.0, 100)),
        ([1_780_000_000], (1_780_000_000.0, 100)),
        ([0, 5], (0.0, 5)),
        (["1780000000.5", "7"], (1_780_000_000.5, 7)),
    ],
)
async def test_history(
    context: Context, viewer: RecordingViewer, arguments: list[Any], asked: tuple[float, int]
) -> None:
    assert await do(context, "history", *arguments) == [{"film": "clip one.mp4", "path": CLIP}]
    assert viewer.calls == [("history", *asked)]


@pytest.mark.parametrize("arguments", [[-1], [0, 0], [0, 10_001], ["yesterday"], [float("nan")], [0, 1, 2], [None]])
async def test_what_makes_no_sense_is_refused(context: Context, viewer: RecordingViewer, arguments: list[Any]) -> None:
    assert (await command_refusal(context, "history", *arguments)).error == "invalid parameter"
    assert viewer.calls == []


async def test_clear(context: Context, viewer: RecordingViewer) -> None:
    assert await do(context, "history-clear") == 1
    assert viewer.calls == [("history-clear",)]
