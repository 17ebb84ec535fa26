"""Requests whose answers were lost with the owner of the room are those that it had heard and not answered."""

from hypothesis import given
from hypothesis import strategies as st

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


@given(
    asked=st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(0, 2**32), st.booleans()), max_size=600),
    more=st.integers(0, 1000),
)
def test_of_each_client_the_newest_are_kept(asked: list[tuple[str, int, bool]], more: int) -> None:
    waiting = Unanswered()
    expected: dict[str, dict[int, None]] = {"ann": {}, "bob": {}}
    many = [("ann", -re, False) for re in range(1, more)]
    for number, (client_id, re, is_answered) in enumerate(asked + many):
        waiting.asked(client_id, re, number)
        expected[client_id].pop(re, None)
        expected[client_id][re] = None
        if is_answered:
            waiting.answered(client_id, re)
            del expected[client_id][re]
        for kept in expected.values():
            while len(kept) > 256:
                del kept[next(iter(kept))]
    assert sorted(waiting.take(10_000)) == sorted((of, re) for of, kept in expected.items() for re in kept)
