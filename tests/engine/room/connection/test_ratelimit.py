"""Token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.connection.ratelimit import Budget, TokenBucket


def test_a_full_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket.full(rate=10.0, burst=3.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait(0.0) == pytest.approx(0.1)
    assert not bucket.take(0.05)
    assert bucket.take(0.1)
    assert not bucket.take(0.1)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket.full(rate=10.0, burst=2.0, now=0.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


def test_time_that_runs_backwards_changes_nothing() -> None:
    bucket = TokenBucket.full(rate=10.0, burst=1.0, now=50.0)
    assert bucket.take(50.0)
    assert not bucket.take(49.0)
    assert not bucket.take(50.05)
    assert bucket.take(50.1)


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 5.0), (-1.0, 5.0), (1.0, 0.5)])
def test_a_bucket_that_could_never_give_a_token_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="bucket"):
        TokenBucket.full(rate=rate, burst=burst, now=0.0)


@given(
    rate=st.floats(0.1, 1000),
    burst=st.floats(1, 1000),
    gaps=st.lists(st.floats(0, 10), max_size=200),
)
def test_no_more_is_taken_than_burst_and_rate_allow_and_waiting_helps(
    rate: float, burst: float, gaps: list[float]
) -> None:
    bucket = TokenBucket.full(rate=rate, burst=burst, now=0.0)
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
        bucket.check()
    assert taken <= burst + rate * now + 1e-3
    wait = bucket.wait(now)
    assert bucket.take(now) == (wait < 1e-5 / rate)
    assert bucket.take(now + bucket.wait(now))


def test_a_budget_may_be_overdrawn_and_is_paid_back() -> None:
    budget = Budget.full(rate=10.0, burst=20.0, now=0.0)
    budget.spend(20.0)
    assert budget.wait(0.0) == 0.0, "nothing is owed yet"
    budget.spend(30.0)
    assert budget.wait(0.0) == pytest.approx(3.0)
    assert budget.wait(1.0) == pytest.approx(2.0)
    assert budget.wait(3.0) == 0.0
    assert not budget.is_full(4.9)
    assert budget.is_full(5.1)


@given(
    rate=st.floats(0.1, 10_000),
    burst=st.floats(1, 10_000),
    steps=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1000)), max_size=100),
)
def test_who_asks_whether_he_owes_spends_no_more_than_burst_and_rate_and_his_last(
    rate: float, burst: float, steps: list[tuple[float, float]]
) -> None:
    budget = Budget.full(rate=rate, burst=burst, now=0.0)
    now, spent, last = 0.0, 0.0, 0.0
    for gap, cost in steps:
        now += gap
        if budget.wait(now) == 0.0:
            budget.spend(cost)
            spent, last = spent + cost, cost
        budget.check()
        assert spent - last <= burst + rate * now + 1e-3
    now += budget.wait(now)
    assert budget.wait(now + 1e-9 * max(1.0, now)) <= 1e-6


@given(rate=st.floats(0.1, 1000), burst=st.floats(1, 1000), gaps=st.lists(st.floats(0, 10), max_size=100))
def test_who_stays_below_the_rate_is_never_refused(rate: float, burst: float, gaps: list[float]) -> None:
    bucket = TokenBucket.full(rate=rate, burst=burst, now=0.0)
    budget = Budget.full(rate=rate, burst=burst, now=0.0)
    now = 0.0
    for gap in gaps:
        now += gap + 1 / rate
        assert budget.wait(now) == 0.0
        assert bucket.take(now)
        budget.spend(1.0)
