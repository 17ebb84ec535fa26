"""revert-seek, the times in full, and the loop from A to B."""

import asyncio
from typing import Any

import pytest

from hangd.client.control.commands import Context, command_list, run
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import Properties
from hangd.client.control.subjects import ab_loop
from tests.support.recording_viewer import CLIP, RecordingViewer


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.at = 8.0
    return viewer


@pytest.fixture
def context(viewer: RecordingViewer) -> Context:
    return Context(viewer, Properties(viewer, command_list()), print)


def fails(context: Context, *words: Any) -> str:
    with pytest.raises(CommandRefused) as caught:
        run(context, words[0], words[1:])
    return caught.value.error


@pytest.fixture
def far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeks come long after one another."""
    now = iter(range(0, 10**6, 10))
    monkeypatch.setattr("hangd.client.control.subjects.seeking.time.monotonic", lambda: float(next(now)))


# ---- revert-seek ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("far_apart")
def test_back_and_forth(context: Context, viewer: RecordingViewer) -> None:
    run(context, "seek", [5])
    run(context, "revert-seek", [])
    run(context, "revert-seek", [])
    assert viewer.calls == [("seek", 13.0), ("seek", 8.0), ("seek", 13.0)]


@pytest.mark.usefixtures("far_apart")
def test_only_the_last_seek_is_undone(context: Context, viewer: RecordingViewer) -> None:
    run(context, "seek", [5])
    run(context, "seek", [2])
    run(context, "revert-seek", [])
    assert viewer.at == 13.0


def test_seeks_in_quick_succession_are_one(context: Context, viewer: RecordingViewer) -> None:
    for by in (5, 2, -1):
        run(context, "seek", [by])
    run(context, "revert-seek", [])
    assert viewer.at == 8.0


def test_nothing_to_go_back_to(context: Context, viewer: RecordingViewer) -> None:
    assert fails(context, "revert-seek") == "error running command"
    run(context, "seek", [5])
    viewer.load("/films/another.mp4")
    assert fails(context, "revert-seek") == "error running command"
    viewer.playlist.stop(keep=False)
    assert fails(context, "revert-seek", "mark") == "error running command"


def test_a_mark_is_for_once(context: Context, viewer: RecordingViewer) -> None:
    run(context, "revert-seek", ["mark"])
    viewer.at = 15.0
    run(context, "revert-seek", [])
    assert viewer.at == 8.0
    run(context, "revert-seek", [])
    assert viewer.at == 15.0


def test_a_permanent_mark_stays(context: Context, viewer: RecordingViewer) -> None:
    run(context, "revert-seek", ["mark-permanent"])
    for place in (15.0, 3.0, 19.0):
        viewer.at = place
        run(context, "revert-seek", [])
        assert viewer.at == 8.0


def test_flags_of_revert_seek(context: Context) -> None:
    assert fails(context, "revert-seek", "nope") == "invalid parameter"
    assert fails(context, "revert-seek", "mark+mark-permanent") == "invalid parameter"


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "shown"),
    [(0.0, "00:00:00.000"), (8.25, "00:00:08.250"), (3723.9996, "01:02:04.000"), (59.9994, "00:00:59.999")],
)
def test_times_in_full(context: Context, viewer: RecordingViewer, at: float, shown: str) -> None:
    viewer.at = at
    assert context.properties.read("time-pos/full") == at
    assert context.properties.read_text("time-pos/full", raw=False) == shown
    assert context.properties.read_text("time-pos/full") == f"{at:f}"


@pytest.mark.parametrize("name", ["time-pos", "playback-time", "time-remaining", "playtime-remaining"])
def test_what_moves_is_sampled_in_full_too(context: Context, name: str) -> None:
    assert context.properties.moves(name)
    assert context.properties.moves(f"{name}/full")


# ---- ab-loop --------------------------------------------------------------------------------------------------------


async def test_ends_of_a_loop(context: Context, viewer: RecordingViewer) -> None:
    properties = context.properties
    assert [properties.read("ab-loop-a"), properties.read_text("ab-loop-a"), properties.read("ab-loop-count")] == [
        "no", "no", "inf",
    ]  # fmt: skip
    properties.write("ab-loop-a", "0:05")
    properties.write("ab-loop-b", 7.5)
    assert (properties.read("ab-loop-a"), properties.read("ab-loop-b")) == (5.0, 7.5)
    assert properties.read_text("ab-loop-b", raw=False) == "00:00:07"
    properties.write("options/ab-loop-a", "no")
    assert properties.read("ab-loop-a") == "no"
    assert viewer.calls == []


async def test_the_command_goes_round(context: Context, viewer: RecordingViewer) -> None:
    seen = []
    for place in (3.0, 6.0, 9.0):
        viewer.at = place
        run(context, "ab-loop", [])
        seen.append((context.properties.read("ab-loop-a"), context.properties.read("ab-loop-b")))
    assert seen == [(3.0, "no"), (3.0, 6.0), ("no", "no")]


async def test_no_loop_in_a_room(context: Context, viewer: RecordingViewer) -> None:
    viewer.hang["room/id"] = "r"
    with pytest.raises(CommandRefused, match="room") as caught:
        context.properties.write("ab-loop-a", 5)
    assert caught.value.error == "error accessing property"
    assert fails(context, "ab-loop") == "error running command"
    context.properties.write("ab-loop-a", "no")


async def test_it_goes_back_to_a_at_b(
    context: Context, viewer: RecordingViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    sought: list[float] = []
    gone_back = asyncio.Event()

    def seek(position: float) -> None:
        sought.append(position)
        gone_back.set()

    monkeypatch.setattr(viewer, "position", lambda: 8.0 + loop.time() - began)
    monkeypatch.setattr(viewer, "seek", seek)
    context.properties.write("ab-loop-b", 6.0)
    context.properties.write("ab-loop-a", 8.1)
    viewer.set_paused(False)
    await asyncio.wait_for(gone_back.wait(), 30)
    assert sought == [6.0]


@pytest.mark.parametrize("still", ["paused", "seeking", "ended", "room", "beyond", "one end", "stopped"])
async def test_no_timer_where_nothing_runs_towards_b(context: Context, viewer: RecordingViewer, still: str) -> None:
    viewer.set_paused(False)
    context.properties.write("ab-loop-a", 2)
    context.properties.write("ab-loop-b", 12)
    timer = context.properties.keep(ab_loop._Loop)._timer
    assert timer._at is not None
    match still:
        case "paused":
            viewer.paused = True
        case "seeking":
            viewer.seeking = True
        case "ended":
            viewer.ended = True
        case "room":
            viewer.hang["room/id"] = "r"
        case "beyond":
            viewer.at = 12.5
        case "one end":
            context.properties.write("ab-loop-b", "no")
        case "stopped":
            viewer.playlist.stop(keep=False)
    viewer.tell("pause")
    assert timer._at is None
