"""Where clients of MPRIS believe the film to be."""

import pytest

from hangd.client.desktop.bus.mpris import Expected


def test_clients_calculate_from_the_last_position_and_speed() -> None:
    expected = Expected()
    expected.told(10_000_000, now=100.0)
    assert expected.position(now=105.0) == 10_000_000, "the film stands until it is said to play"
    expected.moves(1.0, now=105.0)
    assert expected.position(now=107.0) == pytest.approx(12_000_000)
    expected.moves(2.0, now=107.0)
    assert expected.position(now=108.0) == pytest.approx(14_000_000)
    expected.moves(0.0, now=108.0)
    assert expected.position(now=200.0) == pytest.approx(14_000_000)
    expected.told(0, now=200.0)
    assert expected.position(now=201.0) == 0
