"""DriftController: which errors lead to which corrections, and how often."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.follower.drift import Correction, DriftController, DriftPolicy, Hold, Resync, Trim

SETTLED = 100.0
"""A time long after the start, when the state is not fresh any more."""


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


READ_AHEAD = DriftPolicy().read_ahead


def play_on(controller: DriftController, error: float, start: float, rate: float = 1.0) -> list[tuple[float, float]]:
    """Play with a sample each 0.4 s, as VLC does, until the trim is over, but for at most 60 s.

    Returns for each sample the error and the position of the picture relative to the room's: a change of the rate
    also moves what VLC has read ahead.
    """
    trail = []
    now = start
    while controller.rate is not None and now < start + 60:
        playing = controller.rate
        trail.append((error, error + (playing - rate) * READ_AHEAD))
        error += (playing - rate) * 0.4
        now += 0.4
        assert controller.observe(error, now, rate) is None
    trail.append((error, error))
    return trail


@pytest.mark.parametrize("error", [0.011, 0.039, -0.011, -0.060, -0.149])
def test_moderate_errors_are_trimmed_away(error: float) -> None:
    controller = DriftController()
    trim = feed(controller, error, SETTLED)
    assert isinstance(trim, Trim) and trim.rate == controller.rate
    assert (trim.rate > 1) == (error < 0)
    assert abs(trim.rate - 1.0) <= 0.0205
    assert (1000 / trim.rate) == pytest.approx(round(1000 / trim.rate)), "a rate that VLC can play"
    trail = play_on(controller, error, SETTLED + 1.2)
    assert controller.deadline() is None, "the trim is over"
    assert abs(trail[-1][0]) <= 0.002, "the error that is left"
    assert len(trail) * 0.4 <= trim.seconds + 1, "about as long as the trim said"


@pytest.mark.parametrize(("found", "kind"), [(-1.0, Resync), (-0.2, Resync), (0.1, Hold), (3.0, Resync)], ids=str)
def test_a_trim_is_replaced_when_the_error_grows_beyond_its_reach(found: float, kind: type[Correction]) -> None:
    """Found by the simulation: a player that was stopped as a trim began was back on time only after 14 s."""
    controller = DriftController()
    assert isinstance(feed(controller, -0.011, SETTLED), Trim)
    correction = feed(controller, found, SETTLED + 1.6, count=2)
    assert isinstance(correction, kind)
    assert correction.error == pytest.approx(found, abs=0.01)
    assert controller.rate is None


def test_a_trim_continues_after_one_very_late_sample() -> None:
    controller = DriftController()
    assert isinstance(feed(controller, -0.011, SETTLED), Trim)
    assert controller.observe(-0.5, SETTLED + 1.6, 1.0) is None
    assert controller.observe(-0.007, SETTLED + 2.0, 1.0) is None
    assert controller.rate is not None


@pytest.mark.parametrize("rate", [0.25, 0.5, 1000 / 667, 2.0])
def test_trims_work_at_every_rate(rate: float) -> None:
    controller = DriftController()
    trim = feed(controller, -0.02, SETTLED, rate=rate)
    assert isinstance(trim, Trim)
    trail = play_on(controller, -0.02, SETTLED + 1.2, rate)
    assert abs(trail[-1][0]) <= 0.003 and len(trail) * 0.4 < 30


@pytest.mark.parametrize("error", [0.005, -0.005, -0.010, 0.030, -0.030])
def test_after_a_start_the_picture_is_on_time_from_the_first_change_of_rate_on(error: float) -> None:
    """The part that a trim takes back at its end and the part that remains add up to the error all the time."""
    controller = DriftController()
    controller.restart(SETTLED)
    assert isinstance(controller.observe(error, SETTLED + 0.4, 1.0), Trim)
    trail = play_on(controller, error, SETTLED + 0.4)
    assert all(abs(picture) <= 0.21 * abs(error) + 0.0015 for _, picture in trail)
    assert len(trail) <= 14


def test_a_late_sample_does_not_make_a_trim_faster() -> None:
    controller = DriftController()
    controller.restart(SETTLED)
    controller.observe(-0.010, SETTLED + 0.4, 1.0)
    before = controller.rate
    controller.observe(-0.050, SETTLED + 0.8, 1.0)
    assert before is not None and controller.rate is not None
    assert 1 < controller.rate < before


def test_a_trim_takes_over_a_larger_error_that_two_samples_confirm() -> None:
    """Measured: hangd's thread was 6.9 ms late, which is known at once, and VLC's thread another 4.3 ms."""
    controller = DriftController()
    controller.restart(SETTLED)
    trim = controller.observe(-0.0069, SETTLED, 1.0)
    assert isinstance(trim, Trim)
    assert controller.observe(-0.0112, SETTLED + 0.1, 1.0) is None
    trail = play_on(controller, -0.0112, SETTLED + 0.1)
    assert abs(trail[-1][0]) < 0.0025


def test_a_trim_ends_without_samples_too() -> None:
    controller = DriftController()
    feed(controller, -0.02, SETTLED)
    due = controller.deadline()
    assert due is not None and due < SETTLED + 20
    controller.expire(due)
    assert controller.rate is None and controller.deadline() is None


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.5])
def test_far_ahead_the_picture_is_held_until_the_room_has_caught_up(rate: float) -> None:
    hold = feed(DriftController(), 0.3, SETTLED, rate=rate)
    assert hold == Hold(seconds=0.3 / rate, error=0.3)


@pytest.mark.parametrize("error", [-0.2, -30.0, 2.5, 600.0])
def test_larger_errors_are_resynced(error: float) -> None:
    assert feed(DriftController(), error, SETTLED) == Resync(error=error)


def test_single_samples_lead_to_no_correction() -> None:
    controller = DriftController()
    for index, error in enumerate([0.0, -0.08, 0.001, 0.0, -0.12, 0.0, 0.001, 0.0]):
        assert controller.observe(error, SETTLED + index * 0.4, 1.0) is None


def test_late_samples_lead_to_no_correction() -> None:
    """A callback that had to wait makes the picture look behind. Two of four may do so."""
    controller = DriftController()
    for index in range(200):
        error = -0.030 if index % 4 in (1, 2) else -0.001
        assert controller.observe(error, SETTLED + index * 0.4, 1.0) is None


def test_just_after_a_start_one_sample_with_a_smaller_error_is_enough() -> None:
    controller = DriftController()
    controller.restart(SETTLED)
    assert isinstance(controller.observe(-0.006, SETTLED + 0.4, 1.0), Trim)


def test_after_a_correction_samples_are_ignored_for_a_while() -> None:
    controller = DriftController()
    hold = feed(controller, 0.2, SETTLED)
    assert isinstance(hold, Hold)
    began = SETTLED + 1.2
    ignore_until = began + hold.seconds + DriftPolicy().ignore_after
    moment = began
    while moment < ignore_until:
        assert controller.observe(-0.5, moment, 1.0) is None
        moment += 0.1
    assert isinstance(feed(controller, -0.5, ignore_until), Resync)


def test_the_interval_between_resyncs_grows() -> None:
    """A file that cannot be played in time is resynced once in 5 s at most, then once in 10, 20, ... s."""
    controller = DriftController()
    times = []
    for index in range(3000):
        now = SETTLED + index * 0.1
        if isinstance(controller.observe(-10.0, now, 1.0), Resync):
            times.append(now)
            controller.restart(now)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert all(gap >= 4.99 for gap in gaps)
    assert len(times) <= 9, "in 300 s"
    assert gaps == sorted(gaps)


def test_the_interval_between_resyncs_is_short_again_after_a_calm_time() -> None:
    controller = DriftController()
    assert isinstance(feed(controller, -10.0, SETTLED), Resync)
    assert isinstance(feed(controller, -10.0, SETTLED + 1000), Resync)
    assert isinstance(feed(controller, -10.0, SETTLED + 1007), Resync)


@given(errors=st.lists(st.floats(-100, 100), max_size=60), rate=st.sampled_from([0.5, 1.0, 2.0]))
def test_corrections_are_limited_for_any_errors(errors: list[float], rate: float) -> None:
    controller = DriftController(DriftPolicy())
    for index, error in enumerate(errors):
        match controller.observe(error, SETTLED + index * 0.5, rate):
            case Trim(rate=trimmed, seconds=seconds):
                assert 0 < seconds < 120 and abs(trimmed / rate - 1) < 0.05
                controller.cancel()
            case Hold(seconds=seconds):
                assert 0 < seconds <= 2.0 / rate
            case Resync() | None:
                pass
