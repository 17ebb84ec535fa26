"""StartBias: the error that starts leave, learned over several starts."""

import pytest

from hangd.engine.follower.learned import StartBias


def start(bias: StartBias, leaves: float) -> float:
    """Make a start that leaves this error without a bias; return the error that is observed."""
    bias.begin()
    error = leaves - bias.bias
    bias.observe(error)
    bias.observe(7.0)  # Only the first error counts.
    return error


def test_a_constant_error_is_compensated() -> None:
    bias = StartBias()
    errors = [start(bias, 0.004) for _ in range(12)]
    assert errors[:5] == [0.004] * 5
    assert errors[-1] == pytest.approx(0.0)


def test_single_late_starts_do_not_count() -> None:
    bias = StartBias()
    for leaves in (0.0002, -0.012, 0.0004, 0.0, -0.3, -0.009, 0.0003, 0.0001, -0.0005):
        start(bias, leaves)
    assert bias.bias == 0.0


def test_a_restored_bias_is_used_and_replaced_by_a_new_one() -> None:
    bias = StartBias()
    bias.restore(0.006)
    assert start(bias, 0.006) == pytest.approx(0.0)
    for _ in range(9):
        start(bias, 0.002)
    assert bias.bias == pytest.approx(0.002), "as after an update of VLC"


def test_a_restored_bias_is_limited() -> None:
    bias = StartBias()
    bias.restore(1e9)
    assert bias.bias == pytest.approx(0.020)


def test_starts_that_were_not_on_time_do_not_count() -> None:
    bias = StartBias()
    for _ in range(9):
        bias.begin()
        bias.discard()
        bias.observe(0.008)
    assert bias.bias == 0.0
