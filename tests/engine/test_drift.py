"""DriftController: which error gets which correction, and how seldom."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.drift import Correction, DriftController, DriftPolicy, Hold, Resync, Trim

SETTLED = 100.0
"""A time long after the start, so that nothing is fresh any more."""


def feed(
    controller: DriftController, error: float, start: float, count: int = 4, rate: float = 1.0
) -> Correction | None:
    """Feed the same error ``count`` times, 0.4 s apart; return the first correction."""
    for index in range(count):
        correction = controller.observe(error, start + 0.4 * index, rate)
        if correction is not None:
            return correction
    return None


@pytest.mark.parametrize("error", [0.0, 0.005, -0.005, 0.0099, -0.0099])
def test_small_errors_are_left_alone(error: float) -> None:
    assert feed(DriftController(), error, SETTLED, count=50) is None


@pytest.mark.parametrize("error", [0.011, 0.039, -0.011, -0.060, -0.149])
def test_moderate_errors_are_trimmed_away(error: float) -> None:
    trim = feed(DriftController(), error, SETTLED)
    assert isinstance(trim, Trim)
    assert trim.seconds * (trim.rate - 1.0) == pytest.approx(-error), "the trim takes back just the error"
    assert abs(trim.rate - 1.0) <= 0.0205
    assert (1000 / trim.rate) == pytest.approx(round(1000 / trim.rate)), "a rate that VLC can play"


@pytest.mark.parametrize("rate", [0.25, 0.5, 1000 / 667, 2.0])
def test_trims_work_at_every_rate(rate: float) -> None:
    trim = feed(DriftController(), -0.02, SETTLED, rate=rate)
    assert isinstance(trim, Trim)
    assert trim.seconds * (trim.rate - rate) == pytest.approx(0.02)
    assert trim.seconds < 60


def test_far_ahead_is_held() -> None:
    hold = feed(DriftController(), 0.3, SETTLED)
    assert hold == Hold(seconds=0.3, error=0.3)


@pytest.mark.parametrize("error", [-0.2, -30.0, 2.5, 600.0])
def test_what_neither_reaches_is_resynced(error: float) -> None:
    assert feed(DriftController(), error, SETTLED) == Resync(error=error)


def test_one_sample_proves_nothing() -> None:
    controller = DriftController()
    for index, error in enumerate([0.0, -0.08, 0.001, 0.0, -0.12, 0.0, 0.001, 0.0]):
        assert controller.observe(error, SETTLED + index * 0.4, 1.0) is None


def test_late_samples_are_not_taken_for_drift() -> None:
    """A callback that waited makes the picture look behind: of four, up to two may have."""
    controller = DriftController()
    for index in range(200):
        error = -0.030 if index % 4 in (1, 2) else -0.001
        assert controller.observe(error, SETTLED + index * 0.4, 1.0) is None


def test_just_after_a_start_one_sample_is_enough_and_less_is_too_much() -> None:
    controller = DriftController()
    controller.started(SETTLED)
    assert isinstance(controller.observe(-0.006, SETTLED + 0.4, 1.0), Trim)


def test_after_a_correction_nothing_is_believed_for_a_while() -> None:
    controller = DriftController()
    trim = feed(controller, -0.02, SETTLED)
    assert isinstance(trim, Trim)
    began = SETTLED + 1.2
    blank_until = began + trim.seconds + controller.policy.blank
    moment = began
    while moment < blank_until:
        assert controller.observe(-0.5, moment, 1.0) is None
        moment += 0.1
    assert feed(controller, 0.3, blank_until) == Hold(seconds=0.3, error=0.3)


def test_resyncs_are_rationed_ever_more_strictly() -> None:
    """A file that can not keep up is sought at most once in 5 s, then 10, 20, ... and never in a loop."""
    controller = DriftController()
    times = []
    for index in range(3000):
        now = SETTLED + index * 0.1
        if isinstance(controller.observe(-10.0, now, 1.0), Resync):
            times.append(now)
            controller.started(now)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert all(gap >= 4.99 for gap in gaps)
    assert len(times) <= 9, "300 s of trouble"
    assert gaps == sorted(gaps)


def test_the_ration_is_forgiven_after_a_calm_time() -> None:
    controller = DriftController()
    assert isinstance(feed(controller, -10.0, SETTLED), Resync)
    assert isinstance(feed(controller, -10.0, SETTLED + 1000), Resync)
    assert isinstance(feed(controller, -10.0, SETTLED + 1007), Resync)


@given(errors=st.lists(st.floats(-100, 100), max_size=60), rate=st.sampled_from([0.5, 1.0, 2.0]))
def test_any_errors_give_sane_corrections(errors: list[float], rate: float) -> None:
    controller = DriftController(DriftPolicy())
    for index, error in enumerate(errors):
        match controller.observe(error, SETTLED + index * 0.5, rate):
            case Trim(rate=trimmed, seconds=seconds):
                assert 0 < seconds < 120 and abs(trimmed / rate - 1) < 0.05
            case Hold(seconds=seconds):
                assert 0 < seconds <= 2.0
            case Resync() | None:
                pass
