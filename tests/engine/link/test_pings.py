"""When pings are sent, and when the connection is given up."""

import itertools

import pytest

from hangd.engine.link.pings import GiveUp, PingSchedule, Ponged, SendPing, Started, Stopped


def sent(schedule: PingSchedule, until: float, *, answered: bool) -> list[float]:
    """Wake the schedule at its deadlines. Return the times of its pings."""
    times: list[float] = []
    while (due := schedule.deadline()) is not None and due < until:
        assert schedule.expire(due - 0.001) == []
        if schedule.expire(due) == [GiveUp()]:
            break
        schedule.check()
        times.append(due)
        if answered:
            schedule.handle(Ponged(), due)
            schedule.check()
    return times


def started(at: float) -> PingSchedule:
    schedule = PingSchedule()
    assert schedule.handle(Started(), at) == []
    return schedule


def test_a_burst_then_often_then_seldom() -> None:
    schedule = started(100.0)
    gaps = [round(b - a, 3) for a, b in itertools.pairwise(sent(schedule, 160.0, answered=True))]
    assert gaps[:31] == [0.05] * 31
    assert set(gaps[31:41]) == {2.0}
    assert set(gaps[42:]) == {8.0}
    schedule.handle(Stopped(), 160.0)
    assert schedule.deadline() is None


@pytest.mark.parametrize("cut", [110.0, 200.0])
def test_a_server_that_does_not_answer_is_given_up_within_fifteen_seconds(cut: float) -> None:
    schedule = started(100.0)
    sent(schedule, cut, answered=True)
    asked = sent(schedule, cut + 8.0 + 6.0, answered=False)
    assert [round(b - a, 3) for a, b in itertools.pairwise(asked)] == [2.0, 2.0]
    assert (schedule.deadline(), schedule.unanswered) == (None, 3), "given up, and no ping follows"
    schedule.handle(Ponged(), 1000.0)
    assert schedule.deadline() is None


def test_an_answer_to_any_ping_keeps_the_connection() -> None:
    schedule = started(100.0)
    sent(schedule, 200.0, answered=True)
    last = sent(schedule, 207.0, answered=False)[-1]
    schedule.handle(Ponged(), last)
    assert schedule.deadline() == last + 8.0
    assert schedule.expire(last + 100.0) == [SendPing()]


def test_a_burst_without_an_answer_yet_proves_nothing() -> None:
    """A round trip may take four seconds."""
    schedule = started(100.0)
    sent(schedule, 104.0, answered=False)
    assert schedule.deadline() is not None


def test_a_process_that_was_suspended_does_not_give_up() -> None:
    """The server's Pong waits in the socket while the timer fires first."""
    schedule = started(100.0)
    sent(schedule, 200.0, answered=True)
    due = schedule.deadline()
    assert due is not None
    assert schedule.expire(due) == [SendPing()]
    assert schedule.expire(due + 60.0) == [SendPing()]
