"""Token buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.ratelimit import TokenBucket


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
