"""StartBias: what starts leave over, time after time."""

import pytest

from hangd.engine.follower.learned import StartBias


def start(bias: StartBias, leaves: float) -> float:
    """Make a start that leaves the picture so far ahead, if nothing is done; return the error that is seen."""
    bias.started()
    error = leaves - bias.bias
    bias.observe(error)
    bias.observe(7.0)  # only the first error counts
    return error


def test_a_constant_leftover_is_taken_off() -> None:
    bias = StartBias()
    errors = [start(bias, 0.004) for _ in range(12)]
    assert errors[:5] == [0.004] * 5
    assert errors[-1] == pytest.approx(0.0)


def test_a_busy_moment_is_no_habit() -> None:
    bias = StartBias()
    for leaves in (0.0002, -0.012, 0.0004, 0.0, -0.3, -0.009, 0.0003, 0.0001, -0.0005):
        start(bias, leaves)
    assert bias.bias == 0.0


def test_what_was_learned_another_time_is_gone_on_from() -> None:
    bias = StartBias()
    bias.know(0.006)
    assert start(bias, 0.006) == pytest.approx(0.0)
    for _ in range(9):
        start(bias, 0.002)
    assert bias.bias == pytest.approx(0.002), "another VLC, another habit"


def test_nonsense_is_kept_within_bounds() -> None:
    bias = StartBias()
    bias.know(1e9)
    assert bias.bias == pytest.approx(0.020)


def test_a_start_that_was_not_on_time_tells_nothing() -> None:
    bias = StartBias()
    for _ in range(9):
        bias.started()
        bias.forget_start()
        bias.observe(0.008)
    assert bias.bias == 0.0
