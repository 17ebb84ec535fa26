"""`Aim`: how many walks it takes to a goal, with VLC as it was seen to behave."""

import math

import pytest

from hangd.player.vlc.film import Film
from hangd.player.vlc.motion.aim import Aim


def walks(rate: float, goal: float, *, phase: float = 0.0, waits: bool, late: float = 0.0) -> int | None:
    """Return how many walks it takes; None: none arrives. Frames begin at ``phase`` and are regular.

    ``waits``: VLC's pause waits for the next frame, and shows it. ``late``: the pause comes so late each time.
    """
    film = Film("/film", 1)
    film.frame_rate = rate
    aim = Aim(film, goal)
    for count in range(1, 20):
        paused = aim.frame - aim.ahead + late
        frame = (math.floor((paused - phase) * rate) + (1 if waits else 0)) / rate + phase
        if aim.ended(frame, paused):
            return count if aim.has_arrived else None
    return None


@pytest.mark.parametrize("rate", [10.0, 24000 / 1001, 25.0, 30.0, 60.0])
def test_one_walk_is_enough_where_the_pause_waits_for_the_next_frame(rate: float) -> None:
    assert walks(rate, 300 / rate, waits=True) == 1


@pytest.mark.parametrize("rate", [10.0, 24000 / 1001, 25.0, 30.0, 60.0])
@pytest.mark.parametrize("phase", [0.0, 0.003, 0.021, 0.031])
@pytest.mark.parametrize("beside", [0.0, 0.35, 0.7])
@pytest.mark.parametrize("late", [0.0, 0.012])
@pytest.mark.parametrize("waits", [False, True])
def test_a_few_walks_are_enough_wherever_frames_begin(
    rate: float, phase: float, beside: float, late: float, *, waits: bool
) -> None:
    count = walks(rate, (300 + beside) / rate, phase=phase, waits=waits, late=late)
    assert count is not None
    assert count <= 4


def test_walks_become_longer_only_where_vlc_decodes_too_slowly() -> None:
    film = Film("/film", 1)
    film.frame_rate = 10.0
    before = film.walk_seconds
    assert not Aim(film, 5.0).ended(4.9, clock=4.98)
    assert film.walk_seconds == before
    assert not Aim(film, 5.0).ended(4.7, clock=4.98)
    assert film.walk_seconds == 2 * before


def test_a_film_whose_picture_never_comes_is_given_up() -> None:
    film = Film("/film", 1)
    aim = Aim(film, 5.0)
    assert [aim.ended(None, clock=4.98) for _ in range(8)] == [False] * 7 + [True]
    assert not aim.has_arrived
