"""Messages: what is drawn for events, commands and keys, on a window that is painted without a display."""

import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.control.language.lines import text_line
from hangd.client.control.port import CommandRefused
from hangd.client.control.properties import Properties
from hangd.client.control.server.key_files import default_bindings
from hangd.client.control.subjects.keys import for_people
from hangd.client.control.subjects.room import in_step
from hangd.client.desktop import canvas
from hangd.client.desktop.canvas import Font
from hangd.client.desktop.messages.bars import Bar, progress_bar, property_bar
from hangd.client.desktop.messages.layout import Layout
from hangd.client.desktop.messages.messages import Messages
from hangd.client.settings import ClientSettings
from tests.support.daemons.recording_viewer import CLIP, RecordingViewer
from tests.support.desktop.painted_window import PaintedWindow, cairocffi

MESSAGES, BAR, DIALOG = range(3)
"""The panels."""

PAUSED = {"event": "acted", "client_id": "a", "name": "ann", "self": False, "action": "pause", "text": "ann paused"}


class Desk:
    """Messages on a painted window, in a daemon of which a test sets the properties."""

    def __init__(self) -> None:
        self.window = PaintedWindow()
        self.properties: dict[str, Any] = {"room/id": "r", "time-pos": 725.0, "duration": 6000.0, "volume": 65.0}
        self.people: dict[str, str] = {"volume": "65", "speed": "1.25", "sub-delay": "100 ms", "aid": "(2) deu"}
        self.requests: list[tuple[str, ...]] = []
        self.refusal: CommandRefused | None = None
        self.answer: Callable[[], Awaitable[None]] | None = None
        self.settings = ClientSettings()
        self.messages = Messages(self.window, self.request, self.properties.get, lambda: self.settings, self._wake)

    def _wake(self) -> None:
        self.messages.tick(time.monotonic())

    async def request(self, name: str, *arguments: str) -> Any:
        if name == "expand-text":
            return self.people[arguments[0].strip("${}")]
        self.requests.append((name, *arguments))
        if self.refusal is not None:
            raise self.refusal
        if self.answer is not None:
            await self.answer()
        return None

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages.shown_messages() or ()]

    def type(self, *keys: str) -> None:
        for key in keys:
            assert self.messages.key(key, " " if key == "SPACE" else key if len(key) == 1 else "")

    async def settle(self) -> None:
        for task in list(self.messages._tasks._tasks):
            await task


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.messages.close()


def say(name: str, text: str) -> dict[str, Any]:
    return {"event": "said", "client_id": name, "name": name, "text": text}


async def test_nothing_is_made_before_something_is_shown(desk: Desk) -> None:
    assert desk.messages.tick(0.0) is None
    desk.messages.changed(frozenset({"room", "volume"}))
    desk.messages.resized()
    assert not desk.messages.key("SPACE", " ")
    assert not desk.messages.press("MBTN_LEFT", 5, 5)
    assert desk.window.panels == []


async def test_what_others_do_and_say_is_shown_and_what_the_viewer_does_is_not(desk: Desk) -> None:
    assert desk.messages.announce(PAUSED)
    assert desk.messages.announce({**PAUSED, "self": True, "text": "you paused"})
    assert desk.messages.announce(say("bob", "hello"))
    joined = {"event": "member-joined", "member": {"client_id": "c", "name": "cy", "self": False}}
    desk.messages.announce(joined)
    desk.messages.announce({"event": "member-left", "client_id": "c", "name": "cy", "text": "cy has left"})
    desk.messages.announce({"event": "sync-corrected", "action": "resync", "error": -1.23, "reason": "drift"})
    desk.messages.announce({"event": "sync-corrected", "action": "trim", "error": 0.02, "reason": "drift"})
    desk.messages.announce({"event": "sync-corrected", "action": "hold", "error": 0.05, "reason": "drift"})
    assert desk.messages.shown_messages() == [
        {"kind": "playback", "text": "ann paused"},
        {"kind": "chat", "name": "bob", "text": "hello"},
        {"kind": "members", "text": "cy has left"},
        {"kind": "corrections", "text": "caught up 1.2 s, to where the room is"},
    ]
    box = desk.window.painted_box(MESSAGES)
    assert box is not None and box[0] < 50 and box[1] < 50 and box[3] < 0.75 * 720


async def test_only_the_kinds_of_the_settings_are_shown(desk: Desk) -> None:
    desk.settings = ClientSettings(osd=("chat",))
    desk.messages.announce(PAUSED)
    desk.messages.announce(say("bob", "hello"))
    assert desk.texts == ["hello"]


async def test_without_a_window_nothing_is_taken(desk: Desk) -> None:
    desk.window.is_shown = False
    port = desk.messages
    taken = (
        port.announce(PAUSED), port.show_message("x", 1.0), port.show_text("x", 1.0), port.show_property("volume"),
        port.show_progress(), port.show_keys([("a", "b")]), port.open_chat(), port.ask("?", lambda: None),
    )  # fmt: skip
    assert (taken, port.shown_messages(), desk.window.panels) == ((False,) * 8, None, [])


async def test_many_acts_of_one_member_are_one_line(desk: Desk) -> None:
    for number in range(5):
        desk.messages.announce({**PAUSED, "text": f"ann paused at 0:0{number}"})
    assert desk.texts == ["ann paused at 0:04"]


async def test_a_film_that_is_not_here_is_told_for_as_long_as_the_room_shows_it(desk: Desk) -> None:
    desk.properties["media/missing"] = {"name": "two.mkv"}
    desk.messages.changed(frozenset({"media/missing"}))
    desk.messages.tick(1e9)
    assert desk.texts == ["you have not got two.mkv"]
    del desk.properties["media/missing"]
    desk.messages.changed(frozenset({"media/missing"}))
    assert desk.texts == []


async def test_what_a_start_waits_for_stays_and_the_countdown_counts_in_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    desk.properties["room/start"] = {"missing": 1, "text": "waiting for bob to be ready"}
    act = {**PAUSED, "action": "wait", "text": "ann wants to start: waiting for bob to be ready"}
    desk.messages.announce(act)
    desk.messages.changed(frozenset({"room"}))
    assert desk.texts == [act["text"]]
    desk.messages.tick(now + 1000)
    assert desk.texts == [act["text"]]
    desk.properties["room/start"] = {"missing": 0, "at": 5003.0, "text": "starting in a moment"}
    desk.properties["server/clock-offset"] = 4000.0
    desk.messages.announce({**PAUSED, "action": "countdown", "text": "everybody is ready: starting in 3 s"})
    assert desk.texts == ["starting in 3 s"]
    due = desk.messages.tick(now)
    assert due == 1001.0
    now = due
    desk.messages.tick(now)
    assert desk.texts == ["starting in 2 s"]
    desk.properties["room/start"] = None
    desk.messages.changed(frozenset({"room/timeline"}))
    assert desk.texts == []
    assert desk.window.panels[MESSAGES].place is None


async def test_a_room_that_waits_for_a_player_says_so_until_it_goes_on(desk: Desk) -> None:
    desk.properties["room/state"] = "buffering"
    desk.messages.announce({**PAUSED, "reason": "stall", "text": "waiting: ann's player stalls"})
    desk.messages.tick(1e9)
    assert desk.texts == ["waiting: ann's player stalls"]
    desk.properties["room/state"] = "playing"
    desk.messages.changed(frozenset({"room/timeline"}))
    assert desk.texts == []


async def test_after_a_seek_that_takes_long_it_is_told_who_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    desk.properties["room/state"] = "seeking"
    desk.properties["room/members"] = [
        {"name": "ann", "state": "seeking", "self": False}, {"name": "me", "state": "paused", "self": True},
    ]  # fmt: skip
    desk.messages.changed(frozenset({"room/timeline"}))
    assert (desk.texts, desk.messages.tick(now)) == ([], 101.5)
    now = 101.5
    desk.messages.tick(now)
    desk.messages.changed(frozenset({"room"}))
    assert desk.texts == ["waiting for ann"]
    desk.properties["room/state"] = "playing"
    desk.messages.changed(frozenset({"room/timeline"}))
    assert (desk.texts, desk.messages.tick(now)) == ([], None)


async def test_that_the_room_is_out_of_reach_is_told_once_and_that_it_is_back(desk: Desk) -> None:
    for state, texts in (
        ("away", ["the room cannot be reached: trying again"]), ("away", ["the room cannot be reached: trying again"]),
        ("synced", ["the room cannot be reached: trying again", "the room is reached again"]),
    ):  # fmt: skip
        desk.properties["sync/state"] = state
        desk.messages.changed(frozenset({"sync/state"}))
        assert desk.texts == texts


async def test_a_text_replaces_the_one_before_and_an_empty_one_removes_it(desk: Desk) -> None:
    desk.messages.show_text("one\ntwo\nthree", 5.0)
    desk.messages.show_message("beside it", 5.0)
    desk.messages.show_text("four", 5.0)
    assert desk.texts == ["four", "beside it"]
    desk.messages.show_text("", 5.0)
    assert desk.texts == ["beside it"]


async def test_an_equal_message_takes_the_place_of_the_one_before(desk: Desk) -> None:
    for text in ("no loop here", "not ready", "no loop here"):
        desk.messages.show_message(text, 5.0)
    assert desk.texts == ["no loop here", "not ready"]
    for _ in range(2):
        desk.messages.announce(say("bob", "ha"))
    assert desk.texts.count("ha") == 2, "what somebody says twice is said twice"


HOSTILE = (
    "\x1b[31mred\x07\r\nline", "a\u202ereversed\u2066", "<b>&amp;</b>", "\ud800\udfff", "x" * 10_000, "\u0301" * 500,
    "\0", "%s%d${path}", "a\u2028b\u0085c",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_drawn_within_its_place_and_obeyed_by_nothing(desk: Desk, text: str) -> None:
    for name in ("eve", text):
        desk.messages.announce(say(name, text))
    desk.messages.announce({**PAUSED, "text": text})
    desk.messages.ask(text, lambda: None)
    for number in (MESSAGES, DIALOG):
        box = desk.window.painted_box(number)
        assert box is not None and 0 <= box[0] and box[3] <= 0.76 * 720
    for message in desk.messages.shown_messages() or ():
        assert not set("\x1b\x07\n\r\0\u202e\u2066\ud800") & set(message["text"] + message.get("name", ""))


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(200, 100, 1.0), (480, 270, 1.0), (3840, 2160, 2.0), (1, 1, 1.0)]
)
async def test_nothing_covers_another_in_windows_of_any_size(desk: Desk, width: int, height: int, scale: float) -> None:
    desk.window.size, desk.window.scale = (width, height), scale
    for number in range(12):
        desk.messages.announce(say("नमस्ते", f"{number} مرحبا こんにちは " * (1 + number % 4)))
    await desk.messages._show_value("volume")
    desk.messages.ask("Really?", lambda: None)
    boxes = [box for number in range(3) if (box := desk.window.painted_box(number)) is not None]
    if width > 200:
        assert len(boxes) == 3 and all(box[2] <= width and box[3] <= height for box in boxes)
        for one, other in itertools.combinations(boxes, 2):
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


async def test_text_grows_with_the_window_and_by_the_setting(desk: Desk) -> None:
    def height() -> int:
        desk.messages.resized()
        box = desk.window.painted_box(MESSAGES)
        assert box is not None
        return box[3] - box[1]

    desk.messages.announce(PAUSED)
    ordinary = height()
    desk.settings = ClientSettings(osd_size=200.0)
    assert 1.8 < height() / ordinary < 2.2
    desk.settings, desk.window.size = ClientSettings(), (2560, 1440)
    assert 1.8 < height() / ordinary < 2.2


async def test_a_message_is_not_drawn_again_while_it_stays_the_same(desk: Desk) -> None:
    desk.messages.announce(PAUSED)
    draws = desk.window.panels[MESSAGES].draws
    for now in range(3):
        desk.messages.tick(float(now))
    assert desk.window.panels[MESSAGES].draws == draws


async def test_what_has_gone_while_the_window_changed_is_not_left_on_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.messages.announce(PAUSED)
    now = time.monotonic() + 60.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    desk.messages.resized()
    assert (desk.window.panels[MESSAGES].place, desk.texts) == (None, [])


async def test_a_window_that_is_gone_is_not_drawn_on_and_one_that_is_back_shows_what_is_left(desk: Desk) -> None:
    desk.messages.announce(PAUSED)
    panel = desk.window.panels[MESSAGES]
    draws, size = panel.draws, desk.window.size
    desk.window.size, desk.window.is_shown = (0, 0), False
    desk.messages.resized()
    assert (panel.draws, panel.place, desk.messages.shown_messages()) == (draws, None, None)
    desk.window.size, desk.window.is_shown = size, True
    desk.messages.resized()
    assert (panel.draws, desk.texts) == (draws + 1, ["ann paused"])


async def test_what_the_room_no_longer_waits_for_when_the_window_comes_back_is_not_shown(desk: Desk) -> None:
    desk.properties["room/start"] = {"missing": 1, "text": "waiting for bob to be ready"}
    desk.properties["media/missing"] = {"name": "two.mkv"}
    desk.messages.changed(frozenset({"room"}))
    assert desk.texts == ["waiting for bob to be ready", "you have not got two.mkv"]
    desk.window.is_shown = False
    desk.messages.resized()
    del desk.properties["room/start"]
    desk.properties["media/missing"] = {"name": "three.mkv"}
    desk.messages.changed(frozenset({"room"}))
    desk.window.is_shown = True
    desk.messages.resized()
    assert desk.texts == ["you have not got three.mkv"]


# ---- bars -----------------------------------------------------------------------------------------------------------


async def test_a_bar_follows_what_keys_change_and_goes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 50.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    assert desk.messages.show_property("volume")
    await desk.settle()
    assert desk.messages.shown_messages() == [{"kind": "bar", "text": "Volume: 65 %"}]
    assert desk.window.painted_box(BAR) is not None
    assert desk.messages.show_progress()
    assert desk.texts == ["0:12:05 / 1:40:00 (12 %)"]
    desk.properties["time-pos"] = 1000.0
    due = desk.messages.tick(now)
    assert due == now + 0.25, "it follows the film while it is there"
    assert desk.texts == ["0:16:40 / 1:40:00 (16 %)"]
    assert desk.messages.tick(now + 10.0) is None
    assert desk.window.panels[BAR].place is None


async def test_what_the_room_decides_is_shown_when_the_room_has_answered(desk: Desk) -> None:
    async def answer() -> None:
        desk.people["speed"] = "1.38"

    desk.answer = answer
    desk.messages.show_property("speed")
    await desk.settle()
    assert (desk.requests, desk.texts) == ([("hang-wait", "done")], ["Speed: 1.38"])
    desk.refusal = CommandRefused.failed("Forbidden", "only the host may")
    desk.messages.show_property("speed")
    await desk.settle()
    assert "only the host may" in desk.texts


async def test_a_dialog_has_the_pointer(desk: Desk) -> None:
    taken = [desk.messages.move(5, 5)]
    desk.messages.open_chat()
    taken.append(desk.messages.move(5, 5))
    desk.type("ESC")
    assert [*taken, desk.messages.move(5, 5)] == [False, True, False]


@pytest.mark.parametrize(
    ("name", "for_people", "value", "bar"),
    [
        ("volume", "130", 130.0, Bar("Volume: 130 %", 1.0, too_much=True)),
        ("speed", "1.25", 1.25, Bar("Speed: 1.25")),
        ("sub-delay", "100 ms", 0.1, Bar("Subtitle delay: 100 ms")),
        ("audio-delay", "-50 ms", -0.05, Bar("Audio delay: -50 ms")),
        ("aid", '(2) deu ("Deutsch")', 2, Bar('Audio: (2) deu ("Deutsch")')),
        ("sid", "no", False, Bar("Subtitles: no")),
        ("fullscreen", "yes", True, Bar("Full screen: yes")),
        ("loop-file", "inf", "inf", Bar("Repeat film: yes")),
        ("loop-file", "no", False, Bar("Repeat film: no")),
        ("loop-playlist", "3", 3, Bar("Repeat playlist: 3 times")),
        ("sub-scale", "1.100", 1.1, Bar("Subtitle size: 110 %")),
        ("sub-pos", "99/100", 99, Bar("Subtitle position: 99 %")),
        ("video-aspect-override", "1.778", 16 / 9, Bar("Aspect: 16:9")),
        ("video-aspect-override", "2.390", 2.39, Bar("Aspect: 2.39:1")),
        ("video-aspect-override", "-1.000", -1.0, Bar("Aspect: as the film")),
        ("brightness", "-50", -50, Bar("Brightness: -50", 0.25)),
        ("chapter", "(unavailable)", None, Bar("Chapter: (unavailable)")),
    ],
)
def test_properties_are_called_as_people_call_them(name: str, for_people: str, value: Any, bar: Bar) -> None:
    assert property_bar(name, for_people, value) == bar


def test_all_properties_that_keys_change_read_as_plain_words() -> None:
    properties = Properties(RecordingViewer(CLIP))
    told: dict[str, str] = {}
    for binding in default_bindings(properties):
        for request in text_line(binding.command.encode()).requests:
            if request.name in ("add", "cycle", "cycle-values", "multiply", "set"):
                assert isinstance(request.arguments, list | tuple)
                name = properties.one_name(request.arguments[0])
                if name != "chapter":  # The clip has none.
                    shown = property_bar(name, properties.read_text(name, raw=False), properties.read(name))
                    told[name] = shown.text
    assert told == {
        "pause": "Pause: yes", "fullscreen": "Full screen: no", "speed": "Speed: 1.00",
        "loop-file": "Repeat film: no", "volume": "Volume: 100 %", "mute": "Mute: no",
        "aid": "Audio: (1) unknown", "sid": "Subtitles: no", "vid": "Video: (1) unknown",
        "audio-delay": "Audio delay: 0 ms", "sub-delay": "Subtitle delay: 0 ms",
        "sub-visibility": "Subtitles shown: yes", "sub-pos": "Subtitle position: 100 %",
        "sub-scale": "Subtitle size: 100 %", "video-aspect-override": "Aspect: as the film",
        "deinterlace": "Deinterlace: no", "contrast": "Contrast: 0", "brightness": "Brightness: 0", "gamma": "Gamma: 0",
        "saturation": "Saturation: 0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "words"),
    [(-0.001, "in step"), (0.0099, "in step"), (-0.12, "0.12 s behind"), (1.5, "1.50 s ahead")],
)
def test_how_far_a_picture_is_from_the_rooms_is_told_in_words(error: float, words: str) -> None:
    assert in_step(error) == words


def test_the_volume_of_a_sound_that_is_off_is_told_with_it() -> None:
    assert property_bar("volume", "65", 65.0, mute=True) == Bar("Volume: 65 % (mute)", 0.0)


@given(st.floats(-1e6, 1e7), st.one_of(st.none(), st.floats(-10.0, 1e6)))
def test_progress_is_told_of_any_film(position: float, duration: float | None) -> None:
    bar = progress_bar(position, duration)
    assert bar.share is None or 0 <= bar.share <= 1


# ---- dialogs --------------------------------------------------------------------------------------------------------


async def test_a_chat_line_takes_all_keys_and_is_sent_as_it_was_written(desk: Desk) -> None:
    assert desk.messages.open_chat() and desk.messages.open_chat()
    desk.type(*'"; quit; ${path} \\ #', "q", "f", "SPACE", "BS", "ENTER")
    await desk.settle()
    assert desk.requests == [("room-say", '"; quit; ${path} \\ #qf')]
    assert not desk.messages.key("q", "q")
    assert desk.window.panels[DIALOG].place is None


async def test_the_clipboard_is_pasted_as_one_line(desk: Desk) -> None:
    desk.window.clipboard = "https://example.org\nsecond\x1b line" + "x" * 1000
    desk.messages.open_chat()
    desk.type("a", "Ctrl+v", "ENTER")
    await desk.settle()
    ((_, said),) = desk.requests
    assert said.startswith("ahttps://example.org second linexx") and len(said) == 500


async def test_a_key_that_follows_at_once_does_not_send_the_line_again(desk: Desk) -> None:
    desk.messages.open_chat()
    desk.messages._wake = lambda: None  # the tick comes only after the next key
    desk.type("a", "ENTER")
    assert not desk.messages.key("ENTER", "")
    await desk.settle()
    assert desk.requests == [("room-say", "a")]


@pytest.mark.parametrize("keys", [["a", "ESC"], ["ENTER"], [" ", " ", "ENTER"]])
async def test_an_empty_chat_line_and_one_that_is_given_up_are_not_sent(desk: Desk, keys: list[str]) -> None:
    desk.messages.open_chat()
    desk.type(*keys)
    await desk.settle()
    assert (desk.requests, desk.messages.key("x", "x")) == ([], False)


async def test_that_a_chat_line_was_not_said_is_told(desk: Desk) -> None:
    desk.refusal = CommandRefused.failed("TooOften", "you say too much")
    desk.messages.open_chat()
    desk.type("a", "ENTER")
    await desk.settle()
    assert desk.texts == ["not said: you say too much"]


async def test_outside_rooms_there_is_nobody_to_write_to(desk: Desk) -> None:
    del desk.properties["room/id"]
    assert desk.messages.open_chat()
    assert not desk.messages.key("a", "a")
    assert len(desk.texts) == 1


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [
        (lambda m: m.key("ENTER", "\r"), True),
        (lambda m: m.key("y", "y"), True),
        (lambda m: m.key("n", "n"), False),
        (lambda m: m.key("ESC", ""), False),
        (lambda m: m.tick(time.monotonic() + 16.0), False),
        (lambda m: m.press("MBTN_LEFT", 640 - 100, 520), True),
        (lambda m: m.press("MBTN_LEFT", 640 + 100, 520), False),
    ],
)
async def test_a_question_is_answered_by_keys_by_the_mouse_or_by_nobody(
    desk: Desk, answer: Callable[[Messages], Any], agreed: bool
) -> None:
    answers: list[bool] = []
    desk.messages.ask("Play it for all?", lambda: answers.append(True))
    assert desk.messages.key("x", "x"), "other keys do nothing meanwhile"
    assert desk.window.painted_box(DIALOG) is not None
    answer(desk.messages)
    assert answers == [True] * agreed
    assert not desk.messages.key("x", "x")


async def test_a_second_question_and_one_during_a_chat_line_wait(desk: Desk) -> None:
    answers: list[str] = []
    desk.messages.ask("one", lambda: answers.append("one"))
    desk.messages.ask("two", lambda: answers.append("two"))
    desk.messages.open_chat()
    desk.type("y", "ENTER", "y", "y")
    await desk.settle()
    assert (desk.requests, answers) == ([("room-say", "y")], ["one", "two"])


async def test_the_list_of_keys_moves_where_it_does_not_fit_and_any_other_key_closes_it(desk: Desk) -> None:
    desk.messages.announce(PAUSED)
    desk.messages.show_keys([(f"KEY{number}", f"does {number}") for number in range(200)])
    assert desk.window.panels[MESSAGES].place is None, "it is below the list, and comes back"
    first = desk.window.panels[DIALOG].draws
    desk.type("DOWN", "PGDWN", "END", "END", "UP", "HOME")
    assert desk.window.panels[DIALOG].draws > first
    assert desk.messages.press("WHEEL_DOWN", 5, 5)
    desk.type("SPACE")
    assert desk.window.panels[DIALOG].place is None
    assert desk.window.panels[MESSAGES].place is not None
    desk.messages.show_keys([("a", "b")])
    assert desk.window.panels[DIALOG].place is not None
    desk.messages.show_keys([("a", "b")])
    assert desk.window.panels[DIALOG].place is None


async def test_the_list_of_keys_is_brought_into_rows_once_for_a_window(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    rows = Layout.key_lines

    def counted(layout: Layout, names: str, about: str) -> list[tuple[str, str]]:
        made.append(names)
        return rows(layout, names, about)

    monkeypatch.setattr(Layout, "key_lines", counted)
    desk.messages.announce(PAUSED)
    desk.messages.show_keys([("a", "b")])
    for _ in range(5):
        desk.messages.tick(time.monotonic())
    assert made == ["a"]
    desk.window.size = (300, 200)
    desk.messages.resized()
    assert made == ["a", "a"]


@pytest.mark.parametrize(("width", "height"), [(250, 140), (250, 600), (480, 270), (800, 450), (1920, 1080)])
def test_words_of_bars_and_names_of_keys_are_whole_in_windows_of_any_size(width: int, height: int) -> None:
    context = cairocffi.Context(cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, 1, 1))
    layout = Layout(width, height, 1.0, 100.0)
    inner = layout.bar.width - 2 * layout.padding
    for word in ("Volume:", "46\N{NO-BREAK SPACE}%", "Subtitles:", "Brightness:", "position:", "Deinterlace:"):
        assert canvas.measure(context, word, Font(layout.font)).width <= inner
    bold = Font(layout.key_font, bold=True)
    rows = [layout.key_lines(*key) for key in for_people(default_bindings(Properties(RecordingViewer())))]
    for names, _ in itertools.chain(*rows):
        assert canvas.measure(context, names, bold).width <= layout.key_names - layout.padding, names
    assert all(any(names for names, _ in row) and any(about for _, about in row) for row in rows)


# ---- places ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 8000), st.integers(1, 5000), st.sampled_from([0.5, 1.0, 2.0, 3.0]), st.floats(25, 400))
def test_places_are_within_the_window_and_apart(width: int, height: int, scale: float, percent: float) -> None:
    layout = Layout(width, height, scale, percent)
    for box in (layout.bar, layout.entry, layout.question, layout.keys, layout.messages(layout.room(None))):
        assert box.width > 0 and box.height > 0
    messages, bar = layout.messages(layout.room(None)), layout.bar
    if min(width, height) >= 100:
        assert messages.x + messages.width <= bar.x
        for box in (layout.entry, layout.question):
            assert 0 <= box.x and box.x + box.width <= width
            assert box.y + box.height <= max(0.75 * height + 2, box.height)
        yes, no = layout.buttons
        assert yes.x + yes.width <= no.x and yes.y >= 0
