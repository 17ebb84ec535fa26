import ctypes

import pytest

from hangd.engine.timeline import playable_rate
from hangd.player.vlc.pace import Pace, Stance


def test_between_samples_it_goes_on_at_its_rate() -> None:
    pace = Pace()
    pace.begin(10.0, 100.0, rate=1.5)
    assert pace.position(102.0) == pytest.approx(10 + 2 * playable_rate(1.5))


def test_the_sample_that_came_least_late_is_believed() -> None:
    pace = Pace()
    pace.begin(0.0, 0.0)
    for at, late in ((1.0, 0.002), (1.4, 0.0), (1.8, 0.005)):
        pace.sample(at - late, at)
    assert pace.position(2.0) == pytest.approx(2.0)


def test_a_new_stretch_forgets_the_samples_of_the_old() -> None:
    pace = Pace()
    pace.begin(0.0, 0.0)
    pace.sample(50.0, 1.0)
    pace.begin(3.0, 2.0)
    assert pace.position(2.0) == pytest.approx(3.0)


def test_nothing_is_before_the_beginning() -> None:
    pace = Pace()
    pace.begin(0.0, 10.0)
    assert pace.position(9.99) == 0.0


def test_vlc_makes_the_period_that_is_meant_of_what_it_is_asked() -> None:
    """VLC's own arithmetic: ``int(1000 / rate)`` in single precision."""
    pace = Pace()
    for period in range(500, 4001):
        pace.begin(0.0, 0.0, rate=1000 / period)
        asked = ctypes.c_float(pace.asked).value
        assert int(ctypes.c_float(1000 / asked).value) == period
        assert pace.rate == 1000 / period
        assert not pace.differs(1000 / period)


def test_a_sample_of_the_head_start_is_told_apart() -> None:
    stance = Stance()
    stance.stand, stance.clock = 30.9333, 30.924
    assert not stance.precedes(30.924)
    assert stance.precedes(30.933)
    assert stance.precedes(31.083)
