"""PendingInput: how long it overrides the timeline, and which seeks are merged."""

import pytest

from hangd.engine.follower.pending_input import PendingInput, PendingInputPolicy
from hangd.protocol.messages import Pause, Seek


@pytest.fixture
def pending() -> PendingInput:
    return PendingInput(PendingInputPolicy(answer_timeout=2.0, merge_interval=0.1))


def test_without_an_answer_it_is_overdue(pending: PendingInput) -> None:
    pending.want("paused", 7, 10.0)
    assert (pending.state.wanted, pending.state.wanted_at_rev, pending.deadline()) == ("paused", 7, 12.0)
    pending.asked(Pause(13.0), 10.5)
    assert pending.deadline() == 12.0
    assert not pending.is_overdue(11.9)
    assert pending.is_overdue(12.0)
    pending.answered()
    assert pending.state.wanted is None
    assert pending.deadline() is None


def test_a_request_is_expected_to_be_answered_until_it_is(pending: PendingInput) -> None:
    """A key that is held down in front of a silent server does not put the end of the wait off."""
    for step in range(30):
        pending.asked(Seek(step), 10.0 + step / 10)
    pending.clear_wanted()
    assert pending.deadline() == 12.0
    pending.clear()
    assert (pending.deadline(), pending.state.unanswered) == (None, [])


def test_the_first_seek_is_sent_at_once_and_then_only_the_last(pending: PendingInput) -> None:
    assert not pending.merge(20.0, 1.0)
    assert pending.merge(30.0, 1.03)
    assert pending.merge(40.0, 1.06)
    assert pending.seek_position == 40.0
    assert pending.deadline() == pytest.approx(1.1)
    assert pending.expire(1.09) is None
    assert pending.expire(1.11) == 40.0
    assert (pending.state.merged, pending.deadline()) == (None, None)


def test_a_merged_seek_begins_another_interval(pending: PendingInput) -> None:
    """A key that is held down requests ten seeks a second, whatever its repeat rate."""
    pending.merge(20.0, 1.0)
    pending.merge(30.0, 1.05)
    pending.expire(1.1)
    assert pending.merge(40.0, 1.15)
    assert pending.expire(1.21) == 40.0
    assert not pending.merge(50.0, 1.32)


def test_a_merged_seek_replaces_the_requested_one(pending: PendingInput) -> None:
    pending.state.requested = 20.0
    assert pending.seek_position == 20.0
    pending.state.merged = 30.0
    assert pending.seek_position == 30.0


def test_the_earlier_of_two_deadlines_comes_first(pending: PendingInput) -> None:
    pending.merge(20.0, 1.0)
    pending.want("paused", 1, 1.0)
    pending.merge(30.0, 1.05)
    assert pending.deadline() == pytest.approx(1.1)
    assert pending.expire(1.1) == 30.0
    assert pending.deadline() == 3.0
