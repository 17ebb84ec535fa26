"""The controller: what it shows of a film and a room, what the mouse does, and that it costs nothing while hidden."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hangd.client.clock import clock
from hangd.client.desktop import canvas
from hangd.client.desktop.controller.controller import Controller
from hangd.client.desktop.controller.frame import Frame, initial, part_tip
from hangd.client.desktop.controller.layout import Layout, Part, arrange
from hangd.client.desktop.controller.state import look
from tests.client.desktop.painting import colour_at, covered
from tests.support.desktop.painted_window import PaintedWindow

FAR: tuple[int, int] = (100, 100)
"""A place in the window that is not on the controller."""


def member(name: str, **fields: Any) -> dict[str, Any]:
    usual = {"state": "playing", "position": 30.0, "self": False, "may_control": True, "ready": False, "film": True}
    return {"name": name, **usual, "silent": False, "apart": False, "verifying": False, **fields}


FILM: dict[str, Any] = {
    "time-pos": 30.0, "duration": 120.0, "pause": False, "media-title": "The film", "volume": 65.0, "volume-max": 130.0,
    "mute": False, "fullscreen": False, "playlist-count": 2, "playlist-pos": 0, "path": "/f.mkv",
    "chapter-list": [{"title": "One", "time": 0.0}, {"title": "Two", "time": 60.0}],
    "track-list": [
        {"type": "audio", "id": 1, "lang": "de", "selected": True}, {"type": "audio", "id": 2, "selected": False},
        {"type": "sub", "id": 1, "title": "Signs", "lang": "en", "selected": True},
    ],
    "sub-visibility": True, "dwidth": 1280, "dheight": 720,
}  # fmt: skip
ROOM: dict[str, Any] = {
    "room/id": "r", "room/name": "friday", "room/policy": {},
    "room/members": [member("Ann", self=True), member("Bob"), member("Cem", position=90.0, state="buffering")],
}  # fmt: skip


class Stage:
    """A controller in a window in memory, over properties that a test sets."""

    def __init__(
        self, properties: dict[str, Any] | None = None, size: tuple[int, int] = (1280, 720), scale: float = 1.0
    ) -> None:
        self.window = PaintedWindow(*size, scale)
        self.properties: dict[str, Any] = {**FILM, **ROOM, **(properties or {})}
        self.lines: list[str] = []
        self.raised: list[float] = []
        self.reads = 0
        self.now = 1000.0
        self.controller = Controller(self.window, self.lines.append, self.read, self.raised.append)
        self.panel, self.list, self.tip = self.window.panels

    def read(self, name: str) -> Any:
        self.reads += 1
        return self.properties.get(name)

    def appear(self) -> Layout:
        self.controller.move(*FAR)
        self.settle()
        assert self.panel.place is not None
        return self.layout

    @property
    def layout(self) -> Layout:
        layout = self.controller._views.layout
        assert layout is not None
        return layout

    def has_list(self) -> bool:
        return self.list.place is not None

    @property
    def frame(self) -> Frame:
        frame = self.controller._views._drawn[0]
        assert frame is not None
        return frame

    @property
    def draws(self) -> int:
        return sum(panel.draws for panel in self.window.panels)

    def settle(self) -> None:
        """Let the time pass after which everything that has changed is drawn."""
        self.pass_time(1.0)

    def pass_time(self, seconds: float) -> float | None:
        self.now += seconds
        return self.controller.tick(self.now)

    def at(self, part: Part, share: float = 0.5, height: float = 0.5) -> tuple[int, int]:
        box = self.layout.parts[part]
        return int(box.x + share * (box.width - 1)), int(box.y + height * (box.height - 1))

    def click(self, part: Part) -> None:
        place = self.at(part)
        self.controller.move(*place)
        assert self.controller.press("MBTN_LEFT", *place)
        assert self.controller.release("MBTN_LEFT", *place)
        self.settle()

    def seeks(self) -> list[float]:
        words = [line.removeprefix("no-osd ").split() for line in self.lines]
        return [float(line[1]) for line in words if line[0] == "seek"]


# ---- when it is shown -----------------------------------------------------------------------------------------------


def test_it_appears_when_the_pointer_moves_and_goes_two_seconds_later() -> None:
    stage = Stage()
    assert not stage.controller.move(*FAR), "the movement is free for others"
    due = stage.pass_time(0)
    assert due is not None and due <= stage.now + 0.2
    assert stage.panel.place is not None
    stage.pass_time(1.9)
    assert stage.panel.place is not None
    assert stage.pass_time(0.2) is None
    assert stage.panel.place is None


def test_it_costs_nothing_while_it_is_hidden() -> None:
    stage = Stage()
    reads, draws = stage.reads, stage.draws
    stage.controller.changed(frozenset({"pause", "room"}))
    stage.controller.resized()
    assert stage.pass_time(1) is None
    assert not stage.controller.key("ESC", "")
    assert not stage.controller.press("MBTN_LEFT", 640, 700)
    assert not stage.controller.release("MBTN_LEFT", 640, 700)
    stage.controller.leave()
    assert (stage.reads, stage.draws) == (reads, draws) == (0, 0)


def test_it_stays_while_the_pointer_is_on_it() -> None:
    stage = Stage()
    stage.appear()
    stage.controller.move(*stage.at("title"))
    for _ in range(10):
        assert stage.pass_time(1) is not None
    stage.controller.leave()
    assert stage.panel.place is None


def test_what_has_not_changed_is_not_drawn_again() -> None:
    stage = Stage()
    stage.appear()
    draws = stage.draws
    for _ in range(7):
        stage.pass_time(0.1)
    assert stage.draws == draws
    stage.properties["time-pos"] = 31.0
    stage.pass_time(0.2)
    assert stage.draws == draws + 1


def test_movements_are_drawn_thirty_times_a_second_at_most() -> None:
    stage = Stage()
    stage.appear()
    draws = stage.tip.draws
    left, right = stage.at("timeline", 0.1)[0], stage.at("timeline", 0.9)[0]
    for number in range(1000):
        stage.controller.move(left + (right - left) * number // 1000, stage.at("timeline")[1])
        stage.pass_time(0.001)
    assert 20 <= stage.tip.draws - draws <= 31


def test_a_trembling_mouse_shows_nothing() -> None:
    stage = Stage()
    stage.appear()
    stage.pass_time(3)
    for x in (101, 102, 101, 99, 100):
        stage.controller.move(x, 100)
        stage.pass_time(0.1)
        assert stage.panel.place is None
    stage.controller.move(104, 100)
    stage.pass_time(0.1)
    assert stage.panel.place is not None


def test_it_goes_with_the_window() -> None:
    stage = Stage()
    stage.appear()
    stage.window.is_shown = False
    stage.controller.resized()
    assert stage.panel.place is None
    stage.controller.move(200, 200)
    stage.pass_time(0.1)
    assert stage.panel.place is None


# ---- the timeline ---------------------------------------------------------------------------------------------------


def test_a_drag_is_one_seek_to_where_it_was_let_go() -> None:
    stage = Stage()
    stage.appear()
    assert stage.controller.press("MBTN_LEFT", *stage.at("timeline", 0.1))
    for share in range(10, 90):
        assert stage.controller.move(*stage.at("timeline", share / 100))
        stage.settle()
    assert not stage.seeks()
    x = round(stage.layout.x_of("timeline", 0.5))
    stage.controller.move(x, 10)  # The pointer may be anywhere meanwhile.
    assert stage.controller.release("MBTN_LEFT", x, 10)
    assert stage.seeks() == [pytest.approx(60.0, abs=0.1)]
    assert stage.lines == [f"no-osd seek {stage.seeks()[0]:.3f} absolute exact"]


@pytest.mark.parametrize("answered", [True, False])
def test_the_handle_stays_where_it_was_let_go_until_the_room_has_answered(answered: bool) -> None:
    stage = Stage()
    stage.appear()
    stage.controller.press("MBTN_LEFT", *stage.at("timeline", 0.5))
    x = round(stage.layout.x_of("timeline", 0.75))
    stage.controller.release("MBTN_LEFT", x, stage.at("timeline")[1])

    for _ in range(5):
        stage.pass_time(0.2)
        assert stage.frame.played == x
    if answered:
        stage.properties["time-pos"] = 90.2
        stage.pass_time(0.3)
        stage.properties["time-pos"] = 95.0
        stage.pass_time(0.3)
        assert stage.frame.played == round(stage.layout.x_of("timeline", 95 / 120))
    else:
        stage.pass_time(1.0)
        stage.pass_time(0.3)
        assert stage.frame.played == round(stage.layout.x_of("timeline", 30 / 120))


@pytest.mark.parametrize("how", ["key", "button", "film"])
def test_a_drag_can_be_given_up(how: str) -> None:
    stage = Stage()
    stage.appear()
    stage.controller.press("MBTN_LEFT", *stage.at("timeline", 0.1))
    stage.controller.move(*stage.at("timeline", 0.7))
    if how == "key":
        assert stage.controller.key("ESC", "")
    elif how == "button":
        assert stage.controller.press("MBTN_RIGHT", *stage.at("timeline", 0.7))
    else:
        stage.properties["path"] = "/next.mkv"
    stage.controller.release("MBTN_LEFT", *stage.at("timeline", 0.7))
    assert stage.lines == []


def test_a_drag_goes_on_outside_of_the_window() -> None:
    stage = Stage()
    stage.appear()
    stage.controller.press("MBTN_LEFT", *stage.at("timeline", 0.1))
    stage.controller.leave()
    stage.controller.move(5000, -30)
    stage.settle()
    stage.controller.release("MBTN_LEFT", 5000, -30)
    assert stage.seeks() == [120.0]


def test_who_may_not_control_the_room_moves_nothing_and_is_told() -> None:
    stage = Stage({"room/members": [member("Ann", self=True, may_control=False), member("Bob")]})
    stage.appear()
    for part in ("timeline", "play", "next", "previous"):
        stage.click(part)
        assert stage.tip.place is not None
    assert stage.lines == []
    stage.click("mute")
    assert stage.lines == ["no-osd cycle mute"]


def test_a_film_without_a_known_duration_cannot_be_dragged() -> None:
    stage = Stage({"duration": None})
    stage.appear()
    stage.click("timeline")
    assert stage.lines == []


# ---- buttons and lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("play", "hang-play toggle"),
        ("previous", "playlist-prev"),
        ("next", "playlist-next"),
        ("mute", "cycle mute"),
        ("fullscreen", "cycle fullscreen"),
    ],
)
def test_a_button_does_once_what_it_says(part: Part, line: str) -> None:
    stage = Stage()
    stage.appear()
    stage.click(part)
    # The second click of a double click is reported as a click too, and then as a double click.
    assert stage.controller.press("MBTN_LEFT_DBL", *stage.at(part))
    assert stage.lines == [f"no-osd {line}"]


def test_clicks_beside_it_are_not_taken() -> None:
    stage = Stage()
    stage.appear()
    assert not stage.controller.press("MBTN_LEFT", *FAR)
    assert not stage.controller.release("MBTN_LEFT", *FAR)
    assert not stage.controller.press("WHEEL_UP", *FAR)


def test_the_volume_follows_the_drag() -> None:
    stage = Stage()
    stage.appear()
    stage.controller.press("MBTN_LEFT", *stage.at("volume", 0.5))
    stage.controller.move(stage.at("volume", 1.0)[0] + 50, 10)
    stage.controller.release("MBTN_LEFT", stage.at("volume", 0.0)[0] - 50, 10)
    assert [line.removeprefix("no-osd set volume ") for line in stage.lines][-2:] == ["100", "0"]


def test_the_wheel_over_the_volume_changes_it_and_elsewhere_is_free() -> None:
    stage = Stage()
    stage.appear()
    assert stage.controller.press("WHEEL_UP", *stage.at("volume"))
    assert stage.controller.press("WHEEL_DOWN", *stage.at("mute"))
    assert not stage.controller.press("WHEEL_DOWN", *stage.at("timeline"))
    assert stage.lines == ["no-osd add volume 2", "no-osd add volume -2"]


@pytest.mark.parametrize(("part", "row", "line"), [("audio", 2, "set aid 2"), ("subtitles", 0, "set sid no")])
def test_a_track_is_chosen_from_a_list(part: Part, row: int, line: str) -> None:
    stage = Stage()
    stage.appear()
    stage.click(part)
    assert stage.list.place is not None
    box = stage.controller._views.list
    assert box is not None
    assert stage.controller.press("MBTN_LEFT", box.rows[row].x + 5, box.rows[row].y + 5)
    stage.settle()
    assert stage.lines == [f"no-osd {line}"]
    assert stage.controller.press("MBTN_LEFT_DBL", *stage.at(part)), "a quick second click is no double click beside it"
    assert not stage.controller.press("MBTN_LEFT", *FAR)
    assert not stage.controller.press("MBTN_LEFT_DBL", *FAR)
    assert stage.list.place is None


def test_a_list_is_closed_by_its_button_by_escape_and_by_a_click_beside_it() -> None:
    stage = Stage()
    stage.appear()
    for way in ("button", "escape", "beside"):
        stage.click("people")
        assert stage.list.place is not None
        if way == "button":
            stage.click("people")
        elif way == "escape":
            assert stage.controller.key("ESC", "")
        else:
            assert stage.controller.press("MBTN_LEFT", *FAR)
        stage.settle()
        assert stage.list.place is None
    assert stage.lines == []


def test_a_list_closes_when_it_is_no_longer_of_use() -> None:
    stage = Stage()
    stage.appear()
    stage.click("people")
    stage.click("fullscreen")
    assert not stage.has_list(), "the button for the full screen was clicked"
    assert stage.lines == ["no-osd cycle fullscreen"]

    stage.click("people")
    stage.window.size = (1920, 1080)
    stage.controller.resized()
    stage.settle()
    assert not stage.has_list(), "the window has another size"

    stage.click("audio")
    stage.properties |= {"path": "/g.mkv", "playlist-pos": 1}
    stage.settle()
    assert not stage.has_list(), "another film"

    stage.click("people")
    stage.pass_time(60)
    assert stage.has_list(), "the pointer is on its button"
    stage.controller.move(*FAR)
    stage.pass_time(4.9)
    assert stage.has_list()
    stage.pass_time(0.2)
    stage.settle()
    assert not stage.has_list(), "the pointer is elsewhere"


def test_the_line_of_the_volume_is_full_at_100() -> None:
    stage = Stage({"volume": 100.0})
    layout = stage.appear()
    left, length = layout.rail("volume")
    drawn = stage.frame
    assert (drawn.volume, drawn.too_loud) == (round(left + length), False)
    stage.properties["volume"] = 120.0
    stage.settle()
    assert (stage.frame.volume, stage.frame.too_loud) == (drawn.volume, True)


def test_a_long_list_is_scrolled() -> None:
    stage = Stage({"room/members": [member(f"m{n}", self=n == 0) for n in range(60)]}, (640, 360))
    stage.appear()
    stage.click("people")
    placed = stage.controller._views.list
    assert placed is not None and placed.count == 61 and placed.first == 0
    for _ in range(60):
        assert stage.controller.press("WHEEL_DOWN", placed.rows[0].x, placed.rows[0].y)
        stage.settle()
    placed = stage.controller._views.list
    assert placed is not None and placed.first + len(placed.rows) == 61


def test_the_total_time_becomes_the_remaining_time() -> None:
    stage = Stage()
    stage.appear()
    shown = []
    for _ in range(3):
        shown.append(stage.frame.total)
        stage.click("total")
    assert shown == ["2:00", "-1:30", "2:00"]


# ---- subtitles ------------------------------------------------------------------------------------------------------


def test_subtitles_make_room_while_it_is_shown() -> None:
    stage = Stage()
    layout = stage.appear()
    assert stage.raised == [pytest.approx((720 - layout.panel.y) / 720)]
    stage.controller.leave()
    assert stage.raised[-1] == 0


def test_subtitles_stand_above_lists_and_tips_too() -> None:
    stage = Stage()
    stage.appear()
    for part in ("timeline", "play", "people"):
        stage.click(part)
        panel = stage.list if part == "people" else stage.tip
        assert panel.place is not None
        assert 720 * (1 - stage.raised[-1]) <= panel.place[1] + 0.01
    stage.click("people")
    raised = len(stage.raised)
    buttons: tuple[Part, ...] = ("next", "play", "mute", "volume", "timeline", "fullscreen")
    for part in buttons:
        stage.controller.move(*stage.at(part))
        stage.settle()
    assert len(stage.raised) == raised, "they do not jump with each button"


def test_subtitles_need_no_more_room_than_the_picture_is_covered() -> None:
    stage = Stage(size=(1280, 1280))
    layout = stage.appear()
    assert 1280 - layout.panel.y < 280
    assert stage.raised == []


def test_without_subtitles_nothing_is_raised() -> None:
    for name, value in (("sub-visibility", False), ("track-list", [])):
        stage = Stage({name: value})
        stage.appear()
        stage.controller.leave()
        assert stage.raised == []


# ---- what is shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "playing"),
        ({"state": "away"}, "away"),
        ({"silent": True}, "not heard of"),
        ({"film": False}, "has not got the film"),
        ({"verifying": True}, "file not yet checked"),
        ({"apart": True}, "on its own"),
        ({"state": "buffering"}, "waiting"),
        ({"error": -1.25}, "1.2 s late"),
        ({"error": 2.0}, "2.0 s ahead"),
        ({"error": 0.05}, "playing"),
        ({"state": "paused", "ready": True}, "ready"),
        ({"state": "paused"}, "paused"),
        ({"state": "idle"}, "nothing open"),
    ],
)
def test_how_a_member_is(fields: dict[str, Any], word: str) -> None:
    properties = {**FILM, **ROOM, "room/members": [member("Bob", **fields)]}
    assert look(properties.get).people[0].word == word


def test_where_a_start_waits_for_all_it_shows_who_is_not_ready() -> None:
    properties = {**FILM, **ROOM, "pause": True, "room/policy": {"start": "ready"}}
    properties["room/members"] = [member("Bob", state="paused"), member("Cem", state="paused", ready=True)]
    assert [person.word for person in look(properties.get).people] == ["not ready", "ready"]


def test_what_another_told_a_moment_ago_is_where_it_was_then() -> None:
    properties = {**FILM, **ROOM, "room/members": [member("Bob", age=1.5), member("Cem", age=1.5, state="paused")]}
    assert [person.position for person in look(properties.get).people] == [31.5, 30.0]


def test_marks_show_where_the_others_are() -> None:
    stage = Stage()
    stage.appear()
    frame = stage.frame
    assert [(mark.text, mark.mood) for mark in frame.marks] == [("B", "good"), ("C", "busy")]
    assert frame.marks[0].x == frame.played
    image = stage.panel.painted()
    box = stage.layout.panel
    for mark, colour in zip(frame.marks, (canvas.GOOD, canvas.WARNING), strict=True):
        y = stage.layout.parts["timeline"].y - box.y + 4
        assert colour_at(image, mark.x - box.x - 5, y + 4) == pytest.approx(colour, abs=0.01)


def test_a_members_name_is_shown_over_its_mark() -> None:
    stage = Stage()
    stage.appear()
    frame = stage.frame
    stage.controller.move(frame.marks[1].x, stage.layout.parts["timeline"].y + 8)
    stage.settle()
    tip = stage.controller._views._drawn[2]
    assert tip is not None and "Cem" in tip.lines[0] and "waiting" in tip.lines[0]


def test_the_time_and_chapter_below_the_pointer_are_shown() -> None:
    stage = Stage()
    stage.appear()
    stage.controller.move(round(stage.layout.x_of("timeline", 0.75)), stage.at("timeline", height=0.9)[1])
    stage.settle()
    tip = stage.controller._views._drawn[2]
    assert tip is not None and tip.lines == ("1:30", "Two")
    assert 0 < covered(stage.tip.painted())


def test_without_a_film_it_says_so_and_offers_to_play() -> None:
    stage = Stage({"time-pos": None, "duration": None, "media-title": None, "pause": False})
    stage.appear()
    frame = stage.frame
    assert (frame.title, frame.paused, frame.played) == ("No film is open", True, None)


def test_clock_and_initials() -> None:
    assert clock(3725.9, hours=True) == "1:02:05"
    assert clock(65, hours=False) == "1:05"
    assert (clock(3725.9), clock(65.0), clock(0.0)) == ("1:02:05", "1:05", "0:00")
    assert (initial("ann"), initial("नि"), initial("ß"), initial("")) == ("A", "नि", "S", "")


@pytest.mark.parametrize("size", [(300, 170), (480, 270), (1280, 720), (3840, 2160), (60, 4000), (5000, 50)])
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_it_can_be_drawn_in_every_window(size: tuple[int, int], scale: float) -> None:
    stage = Stage(size=size, scale=scale)
    stage.controller.move(0, 0)
    stage.settle()
    image = stage.panel.painted()
    assert covered(image) > 0.9, "no hole in it"
    assert image.get_width() == stage.layout.panel.width
    for part in stage.layout.parts:
        stage.controller.move(*stage.at(part))
        stage.settle()
        assert (part_tip(look(stage.read), stage.layout, part) is None) or stage.tip.place is not None
        for panel in (stage.panel, stage.tip):
            if panel.place is not None:
                assert 0 < covered(panel.painted())


HOSTILE = [
    "\x1b[31m\x00",
    "<b>&</b>",
    "x" * 10_000,
    "\u202eevil\u2066",
    "\ud800",
    "",
    "\u0301" * 500,
    "عربي \u202d abc",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_drawn_within_their_places(text: str) -> None:
    others = [member(text), member(text, position=100.0)]
    stage = Stage(
        {
            "media-title": text,
            "chapter-list": [{"title": text, "time": 0.0}],
            "track-list": [
                {"type": kind, "id": n, "title": text, "selected": False} for kind in ("audio", "sub") for n in (1, 2)
            ],
            "room/members": [member(text, self=True), *others],
            "room/name": text,
        }
    )
    stage.appear()
    for part in ("people", "audio", "subtitles"):
        stage.click(part)
        assert 0 < covered(stage.list.painted())
        stage.click(part)
    stage.controller.move(*stage.at("timeline", 0.3, 0.9))
    stage.settle()
    for panel in (stage.panel, stage.tip):
        assert 0 < covered(panel.painted())


odd = st.none() | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9)


@settings(deadline=None, max_examples=60)
@given(odd, odd, st.lists(st.builds(member, st.text(max_size=40), position=odd, error=odd), max_size=20), st.integers())
def test_no_position_breaks_it(
    position: float | None, duration: float | None, members: list[dict[str, Any]], count: int
) -> None:
    stage = Stage({"time-pos": position, "duration": duration, "playlist-count": count, "room/members": members})
    stage.appear()
    stage.panel.painted()


def test_a_box_contains_its_first_pixel_and_not_the_one_after_its_last() -> None:
    layout = arrange((640, 360), 1.0, ["timeline"], marks=False)
    box = layout.panel
    assert box.contains(box.x, box.y) and not box.contains(box.x + box.width, box.y)
