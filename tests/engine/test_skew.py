"""How large errors were: percentiles of counts in classes."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.skew import Skew
from hangd.protocol.messages import Report


def of(*errors: float) -> Skew:
    skew = Skew()
    for error in errors:
        skew.add(error)
    return skew


@given(st.lists(st.floats(-70.0, 70.0), min_size=10, max_size=300), st.floats(0.01, 1.0))
def test_a_percentile_is_right_to_five_percent(errors: list[float], part: float) -> None:
    sizes = sorted(min(max(abs(error), 0.001), 60.0) for error in errors)
    exact = next(size for index, size in enumerate(sizes, 1) if index >= part * len(sizes) - 1e-9)
    found = of(*errors).percentile(part)
    assert found == pytest.approx(exact, rel=0.05)


def test_few_errors_have_no_percentile() -> None:
    assert of(*[0.01] * 9).percentile(0.5) is None
    assert of(*[0.01] * 10).percentile(0.5) == pytest.approx(0.01, rel=0.05)


def test_a_long_film_takes_no_more_memory_than_a_short_one() -> None:
    skew, dice = Skew(), random.Random(1)
    for _ in range(20_000):
        skew.add(dice.expovariate(1.0) * 10 ** dice.uniform(-6, 3))
    assert len(skew.counts) <= 118


@pytest.mark.parametrize(
    "fields",
    [{"state": "paused"}, {"error": None}, {"clock_error": 0.2}, {"state": "seeking"}],
)
def test_only_errors_of_pictures_that_play_are_counted(fields: dict[str, object]) -> None:
    skew = Skew()
    report = Report(state="playing", position=1.0, at=5.0, error=-0.02, clock_error=0.003)
    skew.learn(msgspec.structs.replace(report, **fields))
    assert skew.counts == {}
    skew.learn(report)
    assert sum(skew.counts.values()) == 1


def test_it_is_the_same_after_json() -> None:
    skew = of(0.02, 0.5, 0.5, -3.0)
    assert msgspec.json.decode(msgspec.json.encode(skew), type=Skew) == skew
