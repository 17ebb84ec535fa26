"""PingSchedule: how often, and when nobody is there any more."""

import itertools

import pytest

from hangd.engine.link.pings import PingSchedule


def sent(schedule: PingSchedule, until: float, *, answered: bool) -> list[float]:
    """Ping as the schedule says; return when."""
    times: list[float] = []
    while schedule.due is not None and schedule.due < until and not schedule.is_dead(schedule.due):
        times.append(schedule.due)
        schedule.sent(schedule.due)
        if answered:
            schedule.answered()
    return times


def started(at: float) -> PingSchedule:
    schedule = PingSchedule()
    schedule.start(at)
    return schedule


def test_it_is_a_burst_then_often_then_seldom() -> None:
    schedule = started(100.0)
    gaps = [round(b - a, 3) for a, b in itertools.pairwise(sent(schedule, 160.0, answered=True))]
    assert gaps[:31] == [0.05] * 31
    assert set(gaps[31:41]) == {2.0}
    assert set(gaps[42:]) == {8.0}
    schedule.stop()
    assert schedule.due is None


@pytest.mark.parametrize("cut", [110.0, 200.0])
def test_whoever_does_not_answer_is_given_up_within_fifteen_seconds(cut: float) -> None:
    schedule = started(100.0)
    sent(schedule, cut, answered=True)
    asked = sent(schedule, 1000.0, answered=False)
    assert [round(b - a, 3) for a, b in itertools.pairwise(asked)] == [2.0, 2.0]
    assert schedule.due is not None and schedule.is_dead(schedule.due)
    assert schedule.due <= cut + 8.0 + 6.0


def test_an_answer_of_any_ping_is_a_sign_of_life() -> None:
    schedule = started(100.0)
    sent(schedule, 200.0, answered=True)
    last = sent(schedule, 208.0, answered=False)[-1]
    schedule.answered()
    assert not schedule.is_dead(last + 100.0)
    assert schedule.due == last + 8.0


def test_a_burst_without_an_answer_yet_proves_nothing() -> None:
    """A way there and back may take four seconds."""
    schedule = started(100.0)
    sent(schedule, 104.0, answered=False)
    assert not schedule.is_dead(104.0)


def test_a_process_that_stood_still_does_not_blame_the_server() -> None:
    """Its Pong waits in the socket while the timer goes first."""
    schedule = started(100.0)
    sent(schedule, 200.0, answered=True)
    assert schedule.due is not None
    schedule.sent(schedule.due)
    assert not schedule.is_dead(schedule.due + 60.0)
