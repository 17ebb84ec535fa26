"""Playback: frame-back-step, revert-seek, times to the millisecond, and the A-B loop."""

import asyncio
from typing import Any

import pytest

from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import Properties
from hangd.client.control.subjects import ab_loop
from hangd.client.control.tables.command import Context
from hangd.client.control.tables.property import MOVING
from hangd.engine.player_facts import Track
from hangd.engine.player_messages import StepFrame
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, command_refusal, run


@pytest.fixture
def viewer() -> RecordingViewer:
    viewer = RecordingViewer(CLIP)
    viewer.at = 8.0
    return viewer


@pytest.fixture
def context(viewer: RecordingViewer) -> Context:
    return Context(viewer, Properties(viewer), print)


@pytest.fixture
def far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ten seconds pass between readings of the clock."""
    now = iter(range(0, 10**6, 10))
    monkeypatch.setattr("hangd.client.control.subjects.playback.time.monotonic", lambda: float(next(now)))


def test_frame_back_step(context: Context, viewer: RecordingViewer) -> None:
    viewer.paused = True
    run(context, "frame-back-step", [])
    assert viewer.calls == [(StepFrame(back=True),)]


def test_frame_back_step_while_it_plays(context: Context, viewer: RecordingViewer) -> None:
    viewer.paused = False
    viewer.tracks = (Track("video", 0, "", True, frame_rate=25.0),)
    run(context, "frame-back-step", [])
    assert viewer.calls == [("set_paused", True), ("seek", pytest.approx(7.96))]
    viewer.paused = False
    viewer.tracks = (Track("video", 0, "", True),)
    with pytest.raises(CommandRefused, match="not known"):
        run(context, "frame-back-step", [])


@pytest.mark.parametrize(("name", "arguments"), [("seek", [5]), ("frame-step", [])])
async def test_in_a_room_without_the_film_the_refusal_names_it(
    context: Context, viewer: RecordingViewer, name: str, arguments: list[Any]
) -> None:
    viewer.path = None
    assert (await command_refusal(context, name, *arguments)).code == "NoMedia"
    viewer.hang["media/missing"] = {"name": "next.mkv"}
    refused = await command_refusal(context, name, *arguments)
    assert (refused.code, refused.message) == (
        "FilmMissing",
        "there is no copy of the room's film 'next.mkv' here; `hangctl media FILE` opens yours",
    )


@pytest.mark.parametrize(("name", "arguments"), [("seek", [5]), ("frame-step", [])])
async def test_in_a_room_whose_film_broke_the_refusal_says_why(
    context: Context, viewer: RecordingViewer, name: str, arguments: list[Any]
) -> None:
    viewer.path = None
    viewer.hang["media/error"] = {"code": "truncated", "message": "'a.mkv' is cut short"}
    viewer.hang["room/id"] = None
    assert (await command_refusal(context, name, *arguments)).code == "NoMedia"
    viewer.hang["room/id"] = "r"
    refused = await command_refusal(context, name, *arguments)
    assert (refused.code, refused.message) == (
        "FilmBroken",
        "'a.mkv' is cut short; `hangctl media FILE` opens another copy",
    )


# ---- revert-seek ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("far_apart")
def test_revert_seek_goes_back_and_forth(context: Context, viewer: RecordingViewer) -> None:
    run(context, "seek", [5])
    run(context, "revert-seek", [])
    run(context, "revert-seek", [])
    assert viewer.calls == [("seek", 13.0), ("seek", 8.0), ("seek", 13.0)]


@pytest.mark.usefixtures("far_apart")
def test_revert_seek_undoes_only_the_last_seek(context: Context, viewer: RecordingViewer) -> None:
    run(context, "seek", [5])
    run(context, "seek", [2])
    run(context, "revert-seek", [])
    assert viewer.at == 13.0


def test_seeks_in_quick_succession_are_reverted_together(context: Context, viewer: RecordingViewer) -> None:
    for by in (5, 2, -1):
        run(context, "seek", [by])
    run(context, "revert-seek", [])
    assert viewer.at == 8.0


async def test_revert_seek_without_a_seek(context: Context, viewer: RecordingViewer) -> None:
    assert (await command_refusal(context, "revert-seek")).error == "error running command"
    run(context, "seek", [5])
    viewer.load("/films/another.mp4")
    assert (await command_refusal(context, "revert-seek")).error == "error running command"
    viewer.playlist.stop(keep=False)
    assert (await command_refusal(context, "revert-seek", "mark")).error == "error running command"


def test_a_mark_is_used_once(context: Context, viewer: RecordingViewer) -> None:
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


async def test_flags_of_revert_seek(context: Context) -> None:
    assert (await command_refusal(context, "revert-seek", "nope")).error == "invalid parameter"
    assert (await command_refusal(context, "revert-seek", "mark+mark-permanent")).error == "invalid parameter"


# ---- times ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "shown"),
    [(0.0, "00:00:00.000"), (8.25, "00:00:08.250"), (3723.9996, "01:02:04.000"), (59.9994, "00:00:59.999")],
)
def test_times_to_the_millisecond(context: Context, viewer: RecordingViewer, at: float, shown: str) -> None:
    viewer.at = at
    assert context.properties.read("time-pos/full") == at
    assert context.properties.read_text("time-pos/full", raw=False) == shown
    assert context.properties.read_text("time-pos/full") == f"{at:f}"


@pytest.mark.parametrize("name", ["time-pos", "playback-time", "time-remaining", "playtime-remaining"])
def test_full_times_are_sampled(context: Context, name: str) -> None:
    assert MOVING in context.properties.topics(name)
    assert MOVING in context.properties.topics(f"{name}/full")


# ---- ab-loop --------------------------------------------------------------------------------------------------------


async def test_loop_points(context: Context, viewer: RecordingViewer) -> None:
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


async def test_ab_loop_sets_both_points_and_removes_them(context: Context, viewer: RecordingViewer) -> None:
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
    assert (await command_refusal(context, "ab-loop")).error == "error running command"
    context.properties.write("ab-loop-a", "no")


async def test_playback_goes_back_at_the_end_of_the_loop(
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
async def test_timer_runs_only_while_the_loop_plays(context: Context, viewer: RecordingViewer, still: str) -> None:
    viewer.set_paused(False)
    context.properties.write("ab-loop-a", 2)
    context.properties.write("ab-loop-b", 12)
    timer = context.properties.state(ab_loop._Loop)._timer
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
