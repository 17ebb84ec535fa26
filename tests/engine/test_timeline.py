"""Arithmetic on timelines."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hangd.engine.timeline import is_newer, is_running, playable_rate, position_at, rate_period, rebase, time_of
from hangd.protocol.model import RATE_MAX, RATE_MIN, SECONDS_MAX, Gate, Timeline

RUNNING = Timeline(epoch="e", rev=7, playing=True, position=10.0, rate=1.25, at=100.0)

rates = st.floats(RATE_MIN, RATE_MAX).map(playable_rate)
timelines = st.builds(
    Timeline,
    epoch=st.just("e"),
    rev=st.integers(0, 1000),
    playing=st.booleans(),
    position=st.floats(0, 1e5),
    rate=rates,
    at=st.floats(0, 1e6),
    gate=st.none(),
)
running = timelines.map(lambda timeline: replace(timeline, playing=True))


def test_a_running_timeline_moves_at_its_rate_from_its_time_on() -> None:
    assert position_at(RUNNING, 104.0) == 15.0
    assert position_at(RUNNING, 100.0) == 10.0
    assert position_at(RUNNING, 99.0) == 10.0, "before its time it does not move"


@pytest.mark.parametrize("gate", ["seeking", "buffering"])
def test_a_timeline_with_a_gate_does_not_move(gate: Gate) -> None:
    gated = replace(RUNNING, gate=gate)
    assert not is_running(gated)
    assert position_at(gated, 200.0) == 10.0
    with pytest.raises(ValueError, match="does not run"):
        time_of(gated, 11.0)


def test_a_timeline_never_runs_beyond_the_last_position_that_messages_can_name() -> None:
    late = replace(RUNNING, position=SECONDS_MAX - 1.0)
    assert position_at(late, 100.5) == SECONDS_MAX - 0.375
    for at in (100.8, 102.0, 1e12):
        assert position_at(late, at) == rebase(late, at).position == SECONDS_MAX


def test_a_paused_timeline_does_not_move() -> None:
    paused = replace(RUNNING, playing=False)
    assert position_at(paused, 200.0) == 10.0
    with pytest.raises(ValueError, match="does not run"):
        time_of(paused, 10.0)


@pytest.mark.parametrize(
    ("rate", "period"),
    [(1.0, 1000), (2.0, 500), (0.25, 4000), (1.5, 667), (1.02, 980), (1.05, 952), (0.5, 2000)],
)
def test_rates_are_rounded_to_playable_ones(rate: float, period: int) -> None:
    assert rate_period(rate) == period
    assert playable_rate(rate) == 1000 / period


@pytest.mark.parametrize(("rate", "room", "player"), [(9.0, 500, 476), (0.0, 4000, 4200), (2.04, 500, 490)])
def test_players_may_go_five_per_cent_beyond_the_rates_of_rooms(rate: float, room: int, player: int) -> None:
    assert playable_rate(rate) == 1000 / room
    assert rate_period(rate) == player


@given(st.floats(RATE_MIN, RATE_MAX))
def test_no_other_playable_rate_is_nearer(rate: float) -> None:
    period = rate_period(rate)
    exact = Fraction(rate)
    distance = abs(Fraction(1000, period) - exact)
    for other in (period - 1, period + 1):
        if 500 <= other <= 4000:
            # Two rates that are equally near, up to rounding, are both right.
            assert distance <= abs(Fraction(1000, other) - exact) + Fraction(1, 10**12)
    assert 500 <= period <= 4000
    assert playable_rate(playable_rate(rate)) == playable_rate(rate)


@given(running, st.floats(0, 1e5))
def test_time_of_is_the_inverse_of_position_at(timeline: Timeline, ahead: float) -> None:
    position = timeline.position + ahead
    at = time_of(timeline, position)
    assert at >= timeline.at
    assert position_at(timeline, at) == pytest.approx(position, abs=1e-4)


@given(timelines, st.floats(0, 2e6), st.floats(0, 2e6))
def test_a_rebased_timeline_is_the_same_motion(timeline: Timeline, at: float, later: float) -> None:
    rebased = rebase(timeline, at)
    assert rebased.at == max(at, timeline.at)
    assert (rebased.rev, rebased.playing, rebased.rate) == (timeline.rev, timeline.playing, timeline.rate)
    moment = max(later, rebased.at)
    assert position_at(rebased, moment) == pytest.approx(position_at(timeline, moment), rel=1e-9, abs=1e-6)


def test_a_timeline_is_newer_by_its_rev_or_by_another_epoch() -> None:
    assert is_newer(RUNNING, None)
    assert is_newer(replace(RUNNING, rev=8), RUNNING)
    assert not is_newer(RUNNING, RUNNING)
    assert not is_newer(replace(RUNNING, rev=6), RUNNING)
    assert is_newer(replace(RUNNING, epoch="f", rev=0), RUNNING)
