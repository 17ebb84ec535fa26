import ctypes

import pytest

from hangd.engine.timeline import playable_rate
from hangd.player.vlc.motion.position import PausePoint, PositionTracker


def test_between_samples_the_position_moves_at_the_rate() -> None:
    tracker = PositionTracker()
    tracker.restart(10.0, 100.0, rate=1.5)
    assert tracker.position(102.0) == pytest.approx(10 + 2 * playable_rate(1.5))


def test_the_sample_that_is_least_late_counts() -> None:
    tracker = PositionTracker()
    tracker.restart(0.0, 0.0)
    for at, late in ((1.0, 0.002), (1.4, 0.0), (1.8, 0.005)):
        tracker.add_sample(at - late, at)
    assert tracker.position(2.0) == pytest.approx(2.0)


def test_a_restart_drops_older_samples() -> None:
    tracker = PositionTracker()
    tracker.restart(0.0, 0.0)
    tracker.add_sample(50.0, 1.0)
    tracker.restart(3.0, 2.0)
    assert tracker.position(2.0) == pytest.approx(3.0)


def test_positions_are_not_negative() -> None:
    tracker = PositionTracker()
    tracker.restart(0.0, 10.0)
    assert tracker.position(9.99) == 0.0


def test_vlc_computes_the_intended_period_from_the_rate_it_is_given() -> None:
    """VLC's own arithmetic: ``int(1000 / rate)`` in single precision."""
    tracker = PositionTracker()
    for period in range(500, 4001):
        tracker.restart(0.0, 0.0, rate=1000 / period)
        asked = ctypes.c_float(tracker.vlc_rate).value
        assert int(ctypes.c_float(1000 / asked).value) == period
        assert tracker.rate == 1000 / period
        assert not tracker.differs(1000 / period)


def test_a_sample_of_the_head_start_is_recognized() -> None:
    point = PausePoint()
    point.frame, point.clock = 30.9333, 30.924
    assert not point.is_before(30.924)
    assert point.is_before(30.933)
    assert point.is_before(31.083)
