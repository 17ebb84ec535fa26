"""Where the film's window opens."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.client.desktop.placement import Placements, Rectangle, first_place, other_film

SCREEN = Rectangle(0, 0, 1920, 1080)
SECOND = Rectangle(1920, 0, 1280, 1024)
_SIDES = st.integers(1, 5000)
_RECTANGLES = st.builds(Rectangle, st.integers(-9000, 9000), st.integers(-9000, 9000), _SIDES, _SIDES)


def test_a_film_opens_in_its_own_size_in_the_middle() -> None:
    assert first_place((640, 360), None, [SCREEN]) == (640, 360, 640, 360)


def test_a_large_film_takes_four_fifths_of_the_monitor() -> None:
    assert first_place((3840, 2160), None, [SCREEN]) == (192, 108, 1536, 864)
    assert first_place((1080, 1920), None, [SCREEN])[3] == 864


def test_it_opens_where_it_was_as_large_and_with_the_films_aspect() -> None:
    last = Rectangle(2000, 100, 800, 450)
    x, y, width, height = first_place((400, 300), last, [SCREEN, SECOND])
    assert abs(width / height - 4 / 3) < 0.01
    assert abs(width * height - 800 * 450) < 2000
    assert Rectangle(x, y, width, height).centre == last.centre


def test_a_place_that_is_on_no_monitor_any_more_is_forgotten() -> None:
    assert first_place((640, 360), Rectangle(2000, 100, 800, 450), [SCREEN]) == (640, 360, 640, 360)


@given(st.tuples(_SIDES, _SIDES), st.none() | _RECTANGLES, st.sampled_from([[SCREEN], [SCREEN, SECOND]]))
def test_it_is_always_whole_on_one_monitor(
    size: tuple[int, int], last: Rectangle | None, monitors: list[Rectangle]
) -> None:
    place = first_place(size, last, monitors)
    assert any(place.common_area(monitor) == place.width * place.height for monitor in monitors)


def test_films_of_many_shapes_leave_the_windows_area_as_it_is() -> None:
    place = Rectangle(300, 200, 800, 600)
    for size in ((1920, 800), (400, 300), (1280, 720), (800, 600)) * 5:
        place = other_film(size, place, [SCREEN])
    assert abs(place.width - 800) < 15 and abs(place.height - 600) < 15


def test_places_are_kept_for_each_arrangement_of_monitors(tmp_path: Path) -> None:
    file = tmp_path / "state" / "window.json"
    Placements(file).keep([SCREEN], Rectangle(1, 2, 3, 4))
    Placements(file).keep([SECOND, SCREEN], Rectangle(5, 6, 7, 8))
    again = Placements(file)
    assert again.last([SCREEN]) == (1, 2, 3, 4)
    assert again.last([SCREEN, SECOND]) == (5, 6, 7, 8)
    assert again.last([SECOND]) is None


@pytest.mark.parametrize("content", ["", "[]", "7", '{"a": 1}', '{"a": [1, 2, 3]}', '{"a": [0, 0, "x", 9]}', "\0"])
def test_a_damaged_file_is_done_without(tmp_path: Path, content: str) -> None:
    file = tmp_path / "window.json"
    file.write_text(content)
    places = Placements(file)
    assert places.last([SCREEN]) is None
    places.keep([SCREEN], Rectangle(1, 2, 3, 4))
    assert list(json.loads(file.read_text()).values()) == [[1, 2, 3, 4]]
