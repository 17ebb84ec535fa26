"""Where the controller's parts are: nothing overlaps, everything can be reached, and a place is a time and back."""

from itertools import combinations, pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.desktop.box import Box
from hangd.client.desktop.controller.layout import (
    Layout,
    Part,
    arrange,
    arrange_list,
    arrange_tip,
    place_marks,
    share_covered,
)

PARTS: tuple[Part, ...] = get_args(Part)
windows = st.tuples(st.integers(40, 7680), st.integers(40, 4320))
scales = st.sampled_from([0.75, 1.0, 1.5, 2.0, 3.0])
layouts = st.builds(
    arrange,
    windows,
    scales,
    st.sets(st.sampled_from(PARTS)).map(lambda parts: [*parts, "timeline", "play"]),
    marks=st.booleans(),
)


def within(inner: Box, outer: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


@given(layouts)
def test_parts_are_in_the_panel_the_panel_in_the_window_and_none_covers_another(layout: Layout) -> None:
    assert within(layout.panel, Box(0, 0, *layout.window))
    assert all(within(box, layout.panel) for box in layout.parts.values())
    assert not any(overlap(one, other) for one, other in combinations(layout.parts.values(), 2))


@given(layouts)
def test_every_part_is_found_where_it_is(layout: Layout) -> None:
    for part, box in layout.parts.items():
        assert layout.part_at(box.x, box.y) == part
        assert layout.part_at(box.x + box.width - 1, box.y + box.height - 1) == part
    assert layout.part_at(-1, -1) is None


@given(layouts, st.floats(0, 1))
def test_a_place_on_the_timeline_is_a_time_and_back(layout: Layout, share: float) -> None:
    assert layout.share_at("timeline", layout.x_of("timeline", share)) == pytest.approx(share, abs=1e-6)
    box = layout.parts["timeline"]
    assert layout.share_at("timeline", box.x) == 0
    assert layout.share_at("timeline", box.x + box.width) == 1


@given(windows, scales, st.booleans())
def test_it_covers_less_than_half_of_the_window(window: tuple[int, int], scale: float, marks: bool) -> None:
    layout = arrange(window, scale, PARTS, marks=marks)
    assert window[1] - layout.panel.y <= 0.5 * window[1] + 1


@given(st.integers(300, 7680))
def test_what_matters_most_is_there_in_every_window_from_300_pixels(width: int) -> None:
    parts = arrange((width, width), 1.0, PARTS, marks=True).parts
    assert {"play", "timeline", "elapsed", "fullscreen", "people", "mute", "subtitles", "audio"} <= parts.keys()


def test_a_wide_window_has_room_for_all() -> None:
    assert arrange((1280, 720), 1.0, PARTS, marks=True).parts.keys() == set(PARTS)


def test_what_is_left_out_comes_back_as_the_window_grows() -> None:
    before: set[Part] = set()
    for width in range(300, 1300):
        parts = set(arrange((width, 900), 1.0, PARTS, marks=True).parts)
        assert before <= parts
        before = parts


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_buttons_are_as_large_on_a_dense_screen(scale: float) -> None:
    layout = arrange((round(1000 * scale), round(600 * scale)), scale, PARTS, marks=False)
    assert layout.parts["play"].height == round(36 * scale)


def test_it_grows_with_a_very_high_window() -> None:
    small = arrange((1920, 1080), 1.0, PARTS, marks=True)
    large = arrange((3840, 2160), 1.0, PARTS, marks=True)
    assert large.panel.height == pytest.approx(2 * small.panel.height, abs=2)


@given(layouts, st.integers(1, 300), st.integers(-5, 400))
def test_a_list_shows_rows_that_exist_and_can_be_reached(layout: Layout, count: int, first: int) -> None:
    placed = arrange_list(layout, "play", count, first)
    assert 1 <= len(placed.rows) <= count
    assert 0 <= placed.first <= count - len(placed.rows)
    for n, row in enumerate(placed.rows):
        assert within(row, placed.panel)
        assert placed.row_at(row.x, row.y) == placed.first + n
    assert not any(overlap(one, other) for one, other in combinations(placed.rows, 2))
    assert not overlap(placed.panel, layout.panel)


def test_a_picture_with_bars_above_and_below_is_covered_by_less() -> None:
    assert share_covered((1600, 900), (1600, 900), 810) == pytest.approx(0.1)
    assert share_covered((1600, 900), (320, 180), 810) == pytest.approx(0.1), "it is enlarged"
    assert share_covered((1600, 1100), (1600, 900), 910) == pytest.approx(0.1)
    assert share_covered((1600, 1100), (1600, 900), 1050) == 0
    assert share_covered((1600, 900), (1600, 900), -50) == 1


@given(layouts, st.integers(0, 8000), st.integers(1, 6))
def test_a_tip_stands_above_the_controller(layout: Layout, x: int, lines: int) -> None:
    box = arrange_tip(layout, x, lines)
    assert layout.panel.x <= box.x and box.x + box.width <= layout.panel.x + layout.panel.width
    assert box.y + box.height <= layout.panel.y


def test_a_list_in_an_ordinary_window_is_within_it() -> None:
    layout = arrange((640, 480), 1.0, PARTS, marks=True)
    for part in ("people", "audio", "subtitles"):
        assert within(arrange_list(layout, part, 100, 50).panel, Box(0, 0, 640, 480))


@given(layouts, st.lists(st.none() | st.floats(-1, 2), max_size=40))
def test_every_member_with_a_position_has_one_mark_and_marks_keep_apart(
    layout: Layout, shares: list[float | None]
) -> None:
    marks = place_marks(layout, shares, 8.0)
    shown = sorted(n for mark in marks for n in mark.people)
    assert shown == [n for n, share in enumerate(shares) if share is not None]
    assert all(right.x - left.x >= 16 for left, right in pairwise(marks))
    box = layout.parts["timeline"]
    assert all(box.x <= mark.x <= box.x + box.width for mark in marks)
