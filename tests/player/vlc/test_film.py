"""`Film`: which frame was measured."""

import pytest

from hangd.player.extent.extent import Extent
from hangd.player.vlc.film import Film


def film(frame_rate: float | None) -> Film:
    film = Film("/film", 1)
    film.frame_rate = frame_rate
    return film


@pytest.mark.parametrize("rate", [24.0, 25.0, 30000 / 1001, 24000 / 1001, 60.0])
def test_a_measured_frame_is_named_by_its_exact_time(rate: float) -> None:
    assert film(rate).nearest_frame(1001 / rate + 0.0013) == pytest.approx(1001 / rate, abs=1e-9)


@pytest.mark.parametrize("rate", [None, 6.338, 24.4])
def test_without_a_usual_frame_rate_the_measured_time_is_the_best_that_is_known(rate: float | None) -> None:
    assert film(rate).nearest_frame(5.0013) == 5.0013


def test_the_first_frame_at_or_after_a_target_is_the_right_one() -> None:
    regular = film(25.0)
    assert regular.shows(10.0403, 10.04)
    assert regular.shows(10.0403, 10.011)  # the target lies between two frames
    assert not regular.shows(10.0803, 10.04)
    assert not regular.shows(10.0003, 10.04)


def test_frames_need_not_begin_at_whole_multiples_of_their_length() -> None:
    regular = film(25.0)  # where the sound begins first, as by ffmpeg's AAC
    assert regular.shows(5.023, 5.0)
    assert not regular.shows(5.063, 5.0)
    assert regular.frame_since(4.943, 5.0) == pytest.approx(5.023)
    assert regular.frame_since(4.983, 4.983) == pytest.approx(4.983)
    assert film(6.338).frame_since(4.943, 5.0) is None


@pytest.mark.parametrize("rate", [24.0, 25.0, 30.0, 60.0, 30000 / 1001, 24000 / 1001, 60000 / 1001])
def test_a_frame_rate_that_vlc_tells_with_whole_microseconds_is_taken_for_the_exact_one(rate: float) -> None:
    """Of an hour it would else be a frame off."""
    assert film(1e6 / int(1e6 / rate)).regular_rate == pytest.approx(rate, rel=1e-12)


def test_frames_beside_the_multiples_of_their_length_are_named_by_these() -> None:
    beside = film(25.0)
    beside.extent = Extent(first_picture=0.103)
    assert beside.phase == pytest.approx(0.023)
    for clock in (10.0, 10.02):  # the next frame begins at 10.023
        assert beside.frame_at(clock) == pytest.approx(10.0)
    assert beside.frame_at(10.0235) == pytest.approx(10.04)


@pytest.mark.parametrize(("rate", "first"), [(25.0, 0.08), (25.0, 0.0), (24000 / 1001, 0.042), (25.0, 0.0399)])
def test_a_film_that_begins_some_whole_frames_late_has_no_phase(rate: float, first: float) -> None:
    whole = film(rate)
    whole.extent = Extent(first_picture=first)
    assert whole.phase == pytest.approx(0.0, abs=0.0005)


def test_without_a_usual_frame_rate_there_is_no_phase() -> None:
    slides = film(6.338)
    slides.extent = Extent(first_picture=0.103)
    assert slides.phase == 0.0


def test_a_film_of_variable_frame_rate_may_have_its_next_frame_anywhere() -> None:
    assert film(6.338).shows(10.012, 10.011)
    assert not film(6.338).shows(10.07, 10.011)
    assert not film(6.338).shows(10.0, 10.011)
