"""Requests whose answers were lost with the owner of the room are those that it had heard and not answered."""

from hangd.rooms.clustered.edge.unanswered import Unanswered


def test_what_was_heard_and_not_answered_is_taken_once() -> None:
    waiting = Unanswered()
    for client_id, re, number in (("ann", "r1", 1), ("bob", 1, 2), ("ann", "r2", 3), ("bob", 2, 4), ("eve", "r1", 5)):
        waiting.asked(client_id, re, number)
    waiting.answered("ann", "r1")
    waiting.answered("nobody", "r1")
    waiting.answered("ann", "never asked")
    waiting.drop("eve")
    assert sorted(waiting.take(3)) == [("ann", "r2"), ("bob", 1)]
    assert waiting.take(3) == []
    assert waiting.take(9) == [("bob", 2)]
