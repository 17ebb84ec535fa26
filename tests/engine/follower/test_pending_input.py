"""PendingInput: how long it holds, and which seeks are one."""

import pytest

from hangd.engine.follower.pending_input import PendingInput, PendingInputPolicy


@pytest.fixture
def hand() -> PendingInput:
    return PendingInput(PendingInputPolicy(wait=2.0, merge=0.1))


def test_it_comes_down_by_itself_when_nobody_answers(hand: PendingInput) -> None:
    hand.raise_for("paused", 7, 10.0)
    assert (hand.wants, hand.rev, hand.deadline()) == ("paused", 7, 12.0)
    assert hand.expire(11.9) is None
    assert hand.deadline() == 12.0, "still up"
    hand.expire(12.0)
    assert hand.wants is None
    assert hand.deadline() is None


def test_the_first_seek_goes_out_and_of_the_others_the_last(hand: PendingInput) -> None:
    assert not hand.holds_back(20.0, 1.0)
    assert hand.holds_back(30.0, 1.03)
    assert hand.holds_back(40.0, 1.06)
    assert hand.sought == 40.0
    assert hand.deadline() == pytest.approx(1.1)
    assert hand.expire(1.09) is None
    assert hand.expire(1.11) == 40.0
    assert (hand.held, hand.deadline()) == (None, None)


def test_a_seek_that_waited_makes_the_next_ones_wait(hand: PendingInput) -> None:
    """A key that is held down asks ten times a second, however fast it repeats."""
    hand.holds_back(20.0, 1.0)
    hand.holds_back(30.0, 1.05)
    hand.expire(1.1)
    assert hand.holds_back(40.0, 1.15)
    assert hand.expire(1.21) == 40.0
    assert not hand.holds_back(50.0, 1.32)


def test_what_was_asked_is_sought_until_something_else_is(hand: PendingInput) -> None:
    hand.asked = 20.0
    assert hand.sought == 20.0
    hand.held = 30.0
    assert hand.sought == 30.0


def test_of_two_deadlines_the_nearer_comes_first(hand: PendingInput) -> None:
    hand.holds_back(20.0, 1.0)
    hand.raise_for("paused", 1, 1.0)
    hand.holds_back(30.0, 1.05)
    assert hand.deadline() == pytest.approx(1.1)
    assert hand.expire(1.1) == 30.0
    assert hand.deadline() == 3.0
