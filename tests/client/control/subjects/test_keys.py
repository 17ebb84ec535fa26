"""Keys: how they are named, and that what they are bound to is carried out."""

import asyncio
from typing import Any

import pytest

from hangd.client.control.language.input_conf import Binding
from hangd.client.control.properties import Properties
from hangd.client.control.server.key_files import default_bindings
from hangd.client.control.server.text_commands import run_text
from hangd.client.control.subjects.keys import for_people, press, pressed
from hangd.client.control.tables.bindings import Bindings
from hangd.client.control.tables.command import Context
from hangd.engine.player_messages import StepFrame
from hangd.tasks import Tasks
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer, command_refusal, run


@pytest.fixture
async def context(viewer: RecordingViewer) -> Context:
    made: Context = Context(
        viewer,
        Properties(viewer),
        lambda event: None,
        run_text=lambda text, repeated: run_text(made, Tasks(), text, repeated),
    )
    return made


@pytest.mark.parametrize("spelled", ["", "aa", "a-b", "Alt+", "nosuchkey", "0xZZ", "0x", "0xffffffffff", "Ctrl+nope"])
async def test_names_of_no_key(context: Context, spelled: str) -> None:
    for command in (("keybind", spelled, "ignore"), ("keypress", spelled)):
        assert (await command_refusal(context, *command)).code == "NotFound"


def test_a_key_does_what_it_was_bound_to_last(context: Context, viewer: RecordingViewer) -> None:
    run(context, "keybind", ["F5", "set mute yes"])
    run(context, "keybind", ["f5", "add volume -5; set user-data/x ${volume}"])
    volume = viewer.volume
    run(context, "keypress", ["F5"])
    assert context.properties.read("volume") == volume - 5 and not viewer.mute
    assert context.properties.read("user-data/x") == str(int(volume - 5))
    run(context, "keydown", ["F5"])
    run(context, "keyup", ["F5"])
    run(context, "keyup", [])
    assert context.properties.read("volume") == volume - 10
    assert context.properties.read("input-bindings") == [
        {"section": "default", "cmd": "add volume -5; set user-data/x ${volume}", "is_weak": False, "priority": 1,
         "key": "F5"}
    ]  # fmt: skip
    assert "F5" in context.properties.read("input-key-list")


def test_keys_of_the_window_are_spelled_in_any_way_and_may_be_unknown(
    context: Context, viewer: RecordingViewer
) -> None:
    run(context, "keybind", ["Shift+Ctrl+F1", "set mute yes"])
    for name in ("Zoom In", "x", ""):
        pressed(context, name, False)
    assert not viewer.mute
    pressed(context, "Ctrl+Shift+F1", False)
    assert viewer.mute


@pytest.mark.parametrize("line", ["no-such-command", "set mute yes; 'unfinished", "seek", '{"command":["seek",1]}', ""])
def test_a_line_that_is_wrong_does_nothing(
    context: Context, viewer: RecordingViewer, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    run(context, "keybind", ["F5", line])
    run(context, "keypress", ["F5"])
    assert viewer.calls == [] and not viewer.mute


def test_a_key_presses_no_keys(context: Context, viewer: RecordingViewer) -> None:
    run(context, "keybind", ["F5", "keypress F5; keypress F6; set mute yes"])
    run(context, "keybind", ["F6", "set fullscreen yes"])
    run(context, "keypress", ["F5"])
    assert (viewer.mute, viewer.fullscreen) == (True, False)


async def test_commands_that_wait_are_waited_for(context: Context, viewer: RecordingViewer) -> None:
    went_on = asyncio.Event()

    async def room(verb: str, arguments: Any) -> None:
        await went_on.wait()

    viewer.room = room  # type: ignore[method-assign]
    run(context, "keybind", ["F5", "set mute yes; room-say hello; set fullscreen yes"])
    run(context, "keypress", ["F5"])
    await asyncio.sleep(0)
    assert (viewer.mute, viewer.fullscreen) == (True, False)
    went_on.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert viewer.fullscreen


async def test_no_more_keys_can_be_bound_than_anybody_needs(context: Context) -> None:
    for number in range(1000):
        run(context, "keybind", [chr(0x4E00 + number), "ignore"])
    assert (await command_refusal(context, "keybind", "F5", "ignore")).code == "TooLarge"
    run(context, "keybind", [chr(0x4E00), "set mute yes"])


# ---- keys that are held down -----------------------------------------------------------------------------------------


def hold(context: Context, key: str, line: str) -> None:
    """Bind a key, press it, and let it repeat twice."""
    run(context, "keybind", [key, line])
    for repeated in (False, True, True):
        pressed(context, key, repeated)


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("add volume -1", 3), ("multiply volume 0.9", 3), ("seek 1", 3), ("show-text x", 3), ("cycle volume", 3),
        ("cycle mute", 1), ("cycle pause", 1), ("add mute 1", 1), ("cycle sub", 1), ("set volume 5", 1), ("stop", 1),
        ("cycle-values volume 1 2", 1), ("repeatable cycle mute", 3), ("nonrepeatable seek 1", 1),
        ("repeatable nonrepeatable seek 1", 1), ("seek 1; set mute yes", 3), ("set mute yes; seek 1", 1),
        ("ignore", 1), ("repeatable ignore", 3),
    ],
)  # fmt: skip
def test_a_key_that_is_held_down(viewer: RecordingViewer, line: str, times: int) -> None:
    events: list[Any] = []
    made: Context = Context(
        viewer,
        Properties(viewer),
        events.append,
        run_text=lambda text, repeated: run_text(made, Tasks(), text, repeated),
    )
    hold(made, "x", f"{line}; script-message done")
    assert len(events) == times


def test_steps_are_repeated_when_the_picture_is_the_rooms(context: Context, viewer: RecordingViewer) -> None:
    viewer.load(CLIP)
    viewer.hang["sync/state"] = "alone"
    viewer.calls.clear()
    hold(context, "x", "frame-step")
    assert viewer.calls == [(StepFrame(),)] * 3
    viewer.hang["sync/state"] = "busy"
    viewer.calls.clear()
    hold(context, "x", "frame-step")
    assert viewer.calls == [(StepFrame(),)]


def test_only_the_key_that_was_pressed_last_repeats(context: Context, viewer: RecordingViewer) -> None:
    run(context, "keybind", ["x", "add volume -1"])
    volume = viewer.volume
    pressed(context, "x", True)
    assert viewer.volume == volume, "it was held down before the window had the keyboard"
    pressed(context, "x", False)
    pressed(context, "y", False)
    pressed(context, "x", True)
    assert viewer.volume == volume - 1


# ---- what the picture shows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("add volume -1", [("property", "volume")]),
        ("set mute yes; cycle sub", [("property", "mute"), ("property", "sid")]),
        ("multiply speed 1.1", [("property", "speed")]),
        ("cycle-values !reverse volume 1 2", [("property", "volume")]),
        ("no-osd add volume -1", []),
        ("osd-msg-bar add volume -1", [("property", "volume")]),
        ("osd-bar no-osd add volume -1", []),
        ("cycle pause; cycle fs", []),
        ("seek 1", [("progress",)]),
        ("set time-pos 1", [("progress",)]),
        ("ab-loop", [("property", "ab-loop-a")]),
        ("show-progress", [("progress",)]),
        ("no-osd show-text hello", [("text", "hello")]),
        ("window-open-chat", [("chat",)]),
        ("add nosuchproperty 1", []),
        ("screenshot", [("message", "Screenshot: shot.png")]),
        ("no-osd screenshot", []),
        ("screenshot video", [("message", "VLC's screenshots always have the subtitles in them")]),
    ],
)
async def test_the_picture_shows_what_a_key_has_done(
    context: Context, viewer: RecordingViewer, line: str, shown: list[Any]
) -> None:
    viewer.desktop.is_there = True
    run(context, "keybind", ["F5", line])
    run(context, "keypress", ["F5"])
    await asyncio.sleep(0)
    assert viewer.desktop.shown == shown


async def test_what_takes_time_is_shown_when_it_is_done(context: Context, viewer: RecordingViewer) -> None:
    run(context, "keybind", ["F5", "room-say hello; add volume -1"])
    run(context, "keypress", ["F5"])
    assert viewer.desktop.shown == []
    viewer.gate.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert viewer.desktop.shown == [("property", "volume")]


def test_the_keys_that_count_are_shown(context: Context, viewer: RecordingViewer) -> None:
    viewer.desktop.is_there = True
    bindings = context.properties.state(Bindings)
    bindings.set_defaults([Binding("a", "seek 5", "forward", is_weak=True), Binding("m", "cycle mute", is_weak=True)])
    run(context, "keybind", ["m", "ignore"])
    run(context, "keybind", ["F5", "seek 1"])
    run(context, "window-show-keys", [])
    assert viewer.desktop.shown == [("keys", ("a", "forward"), ("F5", "seek 1"))]


def test_keys_that_do_the_same_stand_together_as_people_call_them() -> None:
    keys = dict((about, names) for names, about in for_people(default_bindings(Properties(RecordingViewer()))))
    assert keys["pause or play"] == "SPACE, p, right click, media key"
    assert keys["next film"] == ">, forward button, media key"
    assert keys["more volume"] == "0, *, wheel up, wheel right, media key"
    assert keys["next audio track"] == "#"
    assert keys["full screen, or not"] == "f, double click"
    assert keys["close the window; in a room you stay"] == "q, Ctrl+w, close button"
    assert for_people([Binding("Ctrl+MBTN_LEFT-PLAY", "seek 1"), Binding("x", "ignore")]) == [
        ("Ctrl+click-media key", "seek 1")
    ]


async def test_a_room_is_left_after_a_question(context: Context, viewer: RecordingViewer) -> None:
    viewer.hang |= {"room/id": "r", "room/name": "friday"}
    assert (await command_refusal(context, "window-leave-room")).code == "NotSupported"
    viewer.desktop.is_there = True
    run(context, "window-leave-room", [])
    asked, question, agree = viewer.desktop.shown[-1]
    assert (asked, question, viewer.calls) == ("ask", "Leave friday?", [])
    viewer.gate.set()
    agree()
    await asyncio.sleep(0)
    assert viewer.calls == [("room-leave", {})]


# ---- defaults --------------------------------------------------------------------------------------------------------


async def test_every_default_binding_is_carried_out(
    context: Context, viewer: RecordingViewer, caplog: pytest.LogCaptureFixture
) -> None:
    """What each of them does is seen in tests/integration/test_keys_in_window.py."""
    caplog.set_level("INFO")
    viewer.desktop.is_there = True
    viewer.gate.set()
    bindings = context.properties.state(Bindings)
    bindings.set_defaults(default_bindings(context.properties))
    refused = []
    for each in bindings.effective():
        caplog.clear()
        press(context, each.key)
        await asyncio.sleep(0)
        refused += [each.key for record in caplog.records]
    # There are no chapters, no next film and no sought position.
    assert set(refused) <= {*"@!<>t", "PGUP", "PGDWN", "NEXT", "PREV", "MBTN_BACK", "MBTN_FORWARD", "Shift+BS"}
    context.properties.write("input-default-bindings", False)
    calls = len(viewer.calls)
    press(context, "SPACE")
    assert len(viewer.calls) == calls
    assert {each["priority"] for each in context.properties.read("input-bindings")} == {-1}
