import pytest

from hangd.player.vlc.film import Film
from hangd.player.vlc.motion.way_back import WayBack


def film(rate: float) -> Film:
    film = Film("film.mp4", 1)
    film.frame_rate = rate
    return film


def goes(back: WayBack, *drawn: float) -> None:
    back.restart()
    assert [back.has_come(position) for position in drawn] == [False] * (len(drawn) - 1) + [True]


def test_one_regular_frame_before_is_the_picture_before() -> None:
    back = WayBack(8.2, 0.3)
    assert back.restart() == pytest.approx(7.9)
    goes(back, 7.9, 8.1333, 8.1667, 8.2)
    assert back.before(film(30)) == pytest.approx(8.16667, abs=0.0001)


def test_a_picture_that_was_missed_is_found_the_next_time() -> None:
    back = WayBack(4.3, 0.3)
    goes(back, 4.0, 4.0333, 4.3)
    assert back.before(film(6.2)) is None
    goes(back, 4.0, 4.0333, 4.0667, 4.3)
    assert back.before(film(6.2)) is None
    goes(back, 4.0, 4.0333, 4.3)
    assert back.before(film(6.2)) == 4.0667


def test_the_first_picture_of_a_seek_does_not_count() -> None:
    back = WayBack(5.0, 0.3)
    goes(back, 4.7, 5.0)
    assert back.before(film(6.2)) is None
    assert back.restart() == pytest.approx(4.1)


def test_before_the_second_picture_is_the_beginning() -> None:
    back = WayBack(0.2, 0.3)
    assert back.restart() == 0.0
    goes(back, 0.0, 0.2)
    assert back.before(film(6.2)) is None
    goes(back, 0.0, 0.2)
    assert back.before(film(6.2)) == 0.0


def test_a_picture_that_was_missed_at_the_beginning_is_seen_the_second_time() -> None:
    back = WayBack(0.3, 0.3)
    goes(back, 0.0, 0.3)
    assert back.before(film(6.2)) is None
    goes(back, 0.0, 0.067, 0.3)
    assert back.before(film(6.2)) is None
    goes(back, 0.0, 0.067, 0.3)
    assert back.before(film(6.2)) == pytest.approx(0.067)


def test_where_nothing_is_seen_a_frame_of_average_length_is_assumed() -> None:
    back = WayBack(60.0, 10.0)
    assert back.before(film(5.0)) == pytest.approx(59.8)


def test_a_first_picture_that_is_dated_after_the_goal_does_not_end_the_way() -> None:
    back = WayBack(8.2, 0.3)
    goes(back, 10.3, 10.3, 8.1333, 8.1667, 8.2)
    assert back.before(film(30)) == pytest.approx(8.16667, abs=0.0001)
