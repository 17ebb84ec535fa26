"""EdgeRelay: finding and changing the owner, what is sent again, and when it asks, seeks and gives up."""

import pytest

from hangd.engine.cluster.edge_relay import EdgeRelay, EdgeState
from hangd.engine.cluster.effects import Close, Deliver, EdgeEffect, Find, GiveUp, PostToOwner, Reset, Vanish
from hangd.engine.cluster.parcels import (
    Applied,
    Attach,
    Attached,
    Batch,
    Detached,
    Heard,
    Leave,
    NotHere,
    ToEdge,
    Told,
    ToOwner,
)
from tests.engine.cluster.waking import wake

ROOM, LINK = "room", "link"


def seeking() -> EdgeRelay:
    relay = EdgeRelay(ROOM, LINK)
    assert relay.start(0.0) == [Find(ROOM)]
    return relay


def attaching(owner: str = "a", fence: int = 1) -> EdgeRelay:
    relay = seeking()
    relay.found(owner, fence, 0.0)
    assert relay.state is EdgeState.ATTACHING
    return relay


def attached() -> EdgeRelay:
    relay = attaching()
    assert relay.received(session(), 0.0) == []
    assert relay.state is EdgeState.ATTACHED
    return relay


def session(name: str = "s1", *, attempt: int = 1, fence: int = 1, applied: int = 0) -> Attached:
    return Attached(ROOM, LINK, attempt, name, fence, applied)


def batch(number: int, *, applied: int = 0, name: str = "s1", fence: int = 1) -> Batch:
    return Batch(ROOM, LINK, name, fence, number, applied, (b"%d" % number,))


def applied(number: int, *, sent: int = 0, ask: bool = False, missing: bool = False) -> Applied:
    return Applied(ROOM, LINK, "s1", number, sent, ask, missing)


def posted(effects: list[EdgeEffect] | None) -> list[ToOwner]:
    assert effects is not None
    return [effect.parcel for effect in effects if isinstance(effect, PostToOwner)]


def inputs(effects: list[EdgeEffect] | None) -> list[tuple[int, tuple[bytes, ...]]]:
    return [(parcel.number, parcel.items) for parcel in posted(effects) if isinstance(parcel, Told) and parcel.items]


def delivered(effects: list[EdgeEffect]) -> list[bytes]:
    return [item for effect in effects if isinstance(effect, Deliver) for item in effect.items]


def test_it_finds_the_owner_and_attaches_and_sends_what_was_told_meanwhile() -> None:
    relay = seeking()
    assert relay.tell(b"x", 0.1) == []
    assert relay.found("a", 7, 0.2) == [PostToOwner("a", Attach(ROOM, LINK, 7, 1, 1, 0))]
    assert relay.tell(b"y", 0.3) == []
    effects = relay.received(session(fence=7), 0.4)
    assert effects == [PostToOwner("a", Told(ROOM, LINK, "s1", 1, 1, 0, False, (b"x", b"y")))]
    relay.check()


def test_once_attached_inputs_are_sent_as_they_come() -> None:
    relay = attached()
    assert inputs(relay.tell(b"x", 1.0)) == [(1, (b"x",))]
    assert inputs(relay.tell(b"y", 1.0)) == [(2, (b"y",))]


def test_batches_are_delivered_once_and_in_order() -> None:
    relay = attached()
    assert delivered(relay.received(batch(1), 1.0)) == [b"1"]
    assert delivered(relay.received(batch(1), 1.0)) == []
    effects = relay.received(batch(3), 1.0)
    assert (delivered(effects), posted(effects)) == ([], [Heard(ROOM, LINK, "s1", 1, missing=True)])
    assert posted(relay.received(batch(4), 1.05)) == [], "it has asked a moment ago"
    assert posted(relay.received(batch(5), 1.11)) == [Heard(ROOM, LINK, "s1", 1, missing=True)]
    assert [delivered(relay.received(batch(number), 1.2)) for number in (2, 3, 4, 4)] == [[b"2"], [b"3"], [b"4"], []]


@pytest.mark.parametrize(
    "parcel",
    [
        batch(1, name="s0"),
        Applied(ROOM, LINK, "s0", 1, 5, True, True),
        Detached(ROOM, LINK, "s0"),
        session("s2", attempt=0),
        session("s2", attempt=1),
        session("s2", attempt=2),
        Batch(ROOM, "other", "s1", 1, 1, 1),
        Batch("other", LINK, "s1", 1, 1, 1),
    ],
    ids=lambda parcel: type(parcel).__name__,
)
def test_what_belongs_to_another_session_changes_nothing(parcel: ToEdge) -> None:
    relay = attached()
    relay.tell(b"x", 1.0)
    assert relay.received(parcel, 1.0) == []
    assert (relay.session, list(relay.inputs), relay.delivered) == ("s1", [b"x"], 0)


@pytest.mark.parametrize(
    "parcel",
    [session(attempt=2, fence=5), session(attempt=1, fence=4), batch(1), applied(1), Detached(ROOM, LINK, "s1")],
    ids=lambda parcel: type(parcel).__name__,
)
def test_while_attaching_only_the_answer_counts(parcel: ToEdge) -> None:
    relay = attaching(fence=5)
    assert relay.received(parcel, 0.1) == []
    assert relay.state is EdgeState.ATTACHING


def test_inputs_are_kept_until_they_are_applied_and_those_after_are_sent_again() -> None:
    relay = attached()
    for item in (b"1", b"2", b"3", b"4"):
        relay.tell(item, 1.0)
    relay.received(batch(1, applied=1), 1.0)
    assert list(relay.inputs) == [b"2", b"3", b"4"]
    effects = relay.found("b", 2, 1.1)
    assert posted(effects) == [Attach(ROOM, LINK, 2, 2, 2, 4, before="s1", heard=1)]
    effects = relay.received(session("s2", attempt=2, fence=2, applied=2), 1.2)
    assert effects[0] == Reset("b", 2)
    assert inputs(effects) == [(3, (b"3", b"4"))]
    assert delivered(relay.received(batch(1, name="s2", fence=2), 1.2)) == [b"1"]
    relay.received(Applied(ROOM, LINK, "s2", 9, 1), 1.3)
    assert (list(relay.inputs), relay.low, relay.next_number) == ([], 5, 5)


def test_many_inputs_are_sent_again_in_parts() -> None:
    relay = seeking()
    for _ in range(10):
        assert relay.tell(b"x" * 30_000, 0.0) == []
    relay.found("a", 1, 0.1)
    assert [(number, len(items)) for number, items in inputs(relay.received(session(), 0.2))] == [
        (1, 2),
        (3, 2),
        (5, 2),
        (7, 2),
        (9, 2),
    ]


@pytest.mark.parametrize(("item", "most"), [(b"x", 1024), (b"x" * 2**17, 8)])
def test_it_refuses_inputs_when_too_many_wait(item: bytes, most: int) -> None:
    relay = seeking()
    for _ in range(most):
        assert relay.tell(item, 0.0) == []
    assert relay.tell(item, 0.0) is None
    assert relay.tell(item, 0.0, always=True) == []
    assert len(relay.inputs) == most + 1
    relay.found("a", 1, 0.1)
    relay.received(session(applied=2), 0.2)
    assert inputs(relay.tell(item, 0.3)) == [(most + 2, (item,))]
    relay.check()


def test_a_silent_owner_is_asked_then_sought_and_given_up_in_the_end() -> None:
    relay = attached()
    relay.tell(b"x", 100.0)
    ordered = wake(relay, 200.0)
    sought = [at for at, effect in ordered if isinstance(effect, Find)]
    assert sought[:9] == [101.0, 101.5, 102.0, 102.5, 103.0, 103.5, 104.0, 104.5, 105.0]
    assert sought[9:] == [106.5, 108.0, 109.5, 111.0, 112.5, 114.0]
    asked = [at for at, effect in ordered if isinstance(effect, PostToOwner)]
    assert asked == [100.4, 100.8, 101.6, 103.2, 105.2, 107.2, 109.2, 111.2, 113.2]
    assert ordered[-1] == (115.0, GiveUp())
    assert all(
        not told.items and told.ask and told.number == 2
        for told in posted([effect for _, effect in ordered])
        if isinstance(told, Told)
    )
    assert (relay.state, relay.deadline()) == (EdgeState.ENDED, None)


def test_an_owner_that_cannot_be_found_is_given_up() -> None:
    relay = seeking()
    assert wake(relay, 100.0)[-1] == (15.0, GiveUp())


def test_each_relay_has_its_own_patience() -> None:
    relay = EdgeRelay(ROOM, LINK, 17.5)
    relay.start(0.0)
    assert wake(relay, 100.0)[-1] == (17.5, GiveUp())


def test_an_attach_without_an_answer_is_sent_again_as_the_same() -> None:
    relay = attaching()
    again = [(at, effect) for at, effect in wake(relay, 2.0) if isinstance(effect, PostToOwner)]
    assert again == [(at, PostToOwner("a", Attach(ROOM, LINK, 1, 1, 1, 0))) for at in (0.4, 1.2)]
    assert relay.found("a", 1, 2.0) == [], "it is being asked"


def test_an_owner_that_answers_is_not_sought() -> None:
    """It may have been asked for something that takes it long."""
    relay = attached()
    relay.tell(b"x", 0.0)
    for second in range(1, 60):
        relay.received(applied(0), second - 0.1)
        assert not any(isinstance(effect, Find | GiveUp) for _, effect in wake(relay, second))


def test_when_a_node_says_that_it_is_not_the_owner_another_is_sought_but_not_at_once_again() -> None:
    relay = attached()
    assert relay.received(NotHere(ROOM, LINK), 1.0) == [Find(ROOM)]
    assert relay.received(NotHere(ROOM, LINK), 1.01) == []
    relay.check()
    assert [effect for at, effect in wake(relay, 1.26)] == [Find(ROOM)]
    assert relay.found("a", 1, 1.3) == [], "the session lives, and the word was an old one"
    assert relay.session == "s1"
    assert posted(relay.found("b", 2, 1.4)) == [Attach(ROOM, LINK, 2, 2, 1, 0)]


def test_the_owner_that_redis_knows_is_believed_only_if_ours_is_silent_or_older() -> None:
    relay = attaching("b", 5)
    relay.received(session(fence=5), 0.0)
    relay.tell(b"x", 10.0)
    assert relay.found("a", 4, 10.1) == []
    assert posted(relay.found("a", 4, 13.1)) == [Attach(ROOM, LINK, 4, 2, 1, 1)]
    relay.received(session("s2", attempt=2, fence=4), 13.2)
    assert relay.session == "s2"
    assert posted(relay.found("b", 6, 13.3)) == [Attach(ROOM, LINK, 6, 3, 1, 1)]


def test_the_same_owner_under_a_higher_fence_is_attached_to_anew() -> None:
    relay = attached()
    assert posted(relay.found("a", 2, 1.0)) == [Attach(ROOM, LINK, 2, 2, 1, 0)]


def test_a_session_outlives_a_higher_fence_of_its_owner() -> None:
    relay = attached()
    assert delivered(relay.received(batch(1, fence=2), 1.0)) == [b"1"]
    assert (relay.fence, relay.session) == (2, "s1")
    assert relay.found("a", 2, 1.1) == []


def test_the_death_of_the_owner_is_acted_on_at_once_and_that_of_others_not() -> None:
    relay = attached()
    relay.tell(b"x", 1.0)
    assert relay.node_died("b", 1.5) == []
    assert relay.node_died("a", 1.5) == [Find(ROOM)]
    assert relay.node_died("a", 1.6) == []
    relay.check()
    assert posted(relay.found("b", 2, 1.7)) == [Attach(ROOM, LINK, 2, 2, 1, 1)]


def test_a_session_that_the_owner_ended_is_followed_by_another() -> None:
    relay = attached()
    assert posted(relay.received(Detached(ROOM, LINK, "s1"), 1.0)) == [Attach(ROOM, LINK, 1, 2, 1, 0)]
    assert relay.received(Detached(ROOM, LINK, "s1"), 1.0) == []
    assert relay.received(session("s2", attempt=2), 1.1) == [Reset("a", 1)]


def test_an_owner_that_has_forgotten_the_link_ends_it() -> None:
    """Nobody knows which of the inputs were applied."""
    relay = attached()
    relay.tell(b"x", 1.0)
    relay.received(Detached(ROOM, LINK, "s1"), 1.0)
    assert relay.received(Attached(ROOM, LINK, 2, "", 1, -1), 1.1) == [GiveUp()]
    relay.check()


def test_leaving_waits_until_all_inputs_are_applied() -> None:
    relay = attached()
    relay.tell(b"x", 1.0)
    assert relay.leave(1.1) == []
    effects = relay.received(applied(1), 1.2)
    assert effects == [PostToOwner("a", Leave(ROOM, LINK)), Close()]
    assert (relay.state, relay.deadline()) == (EdgeState.ENDED, None)


def test_leaving_with_nothing_on_its_way_is_done_at_once() -> None:
    assert attached().leave(1.0) == [PostToOwner("a", Leave(ROOM, LINK)), Close()]
    assert seeking().leave(1.0) == [Close()]


def test_who_tells_something_stays() -> None:
    relay = attached()
    relay.tell(b"x", 1.0)
    relay.leave(1.1)
    relay.tell(b"y", 1.2)
    assert relay.received(applied(2), 1.3) == []
    assert relay.state is EdgeState.ATTACHED


def test_leaving_in_the_middle_of_a_change_of_the_owner() -> None:
    relay = attached()
    relay.tell(b"x", 1.0)
    relay.leave(1.0)
    relay.found("b", 2, 1.1)
    effects = relay.received(session("s2", attempt=2, fence=2, applied=1), 1.2)
    assert effects == [Reset("b", 2), PostToOwner("b", Leave(ROOM, LINK)), Close()]


def test_a_room_that_was_never_there_is_missing_at_once() -> None:
    assert seeking().missing(0.1) == [Vanish()]


def test_a_room_that_was_there_may_be_brought_back_by_its_owner() -> None:
    """Redis has lost its memory, and the owner writes it back."""
    relay = attached()
    relay.tell(b"x", 1.0)
    assert [relay.missing(at) for at in (2.0, 4.0, 6.9)] == [[], [], []]
    relay.received(batch(1, fence=2), 6.95)
    assert relay.missing(8.0) == []
    assert relay.missing(12.9) == []
    assert relay.missing(13.0) == [Vanish()]


def test_batches_are_acknowledged_after_a_moment() -> None:
    relay = attached()
    relay.received(batch(1), 1.0)
    relay.received(batch(2), 1.1)
    assert wake(relay, 1.5) == [(1.2, PostToOwner("a", Heard(ROOM, LINK, "s1", 2)))]


def test_batches_are_acknowledged_when_there_are_many() -> None:
    relay = attached()
    heard = [posted(relay.received(batch(number), 1.0)) for number in range(1, 33)]
    assert [number for number, parcels in enumerate(heard, 1) if parcels] == [16, 32]
    assert heard[15] == [Heard(ROOM, LINK, "s1", 16)]


def test_batches_are_acknowledged_by_inputs() -> None:
    relay = attached()
    relay.received(batch(1), 1.0)
    assert posted(relay.tell(b"x", 1.1)) == [Told(ROOM, LINK, "s1", 1, 1, 1, False, (b"x",))]
    relay.received(applied(1, sent=1), 1.15)
    assert wake(relay, 5.0) == []


def test_a_batch_that_comes_again_is_acknowledged_again() -> None:
    relay = attached()
    relay.received(batch(1), 1.0)
    wake(relay, 1.5)
    relay.received(batch(1), 2.0)
    assert wake(relay, 2.5) == [(2.2, PostToOwner("a", Heard(ROOM, LINK, "s1", 1)))]


def test_a_last_batch_that_was_lost_is_asked_for_when_the_owner_says_its_number() -> None:
    relay = attached()
    relay.received(batch(1), 1.0)
    assert posted(relay.received(applied(0, sent=2), 1.1)) == [Heard(ROOM, LINK, "s1", 1, missing=True)]


def test_the_owners_question_is_answered_at_once() -> None:
    relay = attached()
    relay.received(batch(1), 1.0)
    assert posted(relay.received(applied(0, sent=1, ask=True), 1.1)) == [Heard(ROOM, LINK, "s1", 1)]


def test_inputs_that_the_owner_misses_are_sent_again() -> None:
    relay = attached()
    for item in (b"1", b"2", b"3"):
        relay.tell(item, 1.0)
    assert inputs(relay.received(applied(1, missing=True), 1.1)) == [(2, (b"2", b"3"))]


def test_a_broken_inbox_makes_it_ask() -> None:
    relay = attached()
    assert posted(relay.inbox_broke(5.0)) == [Told(ROOM, LINK, "s1", 1, 1, 0, True)]
    relay.check()
    assert relay.received(applied(0, sent=0), 5.1) == []
    assert relay.waiting_since is None
    assert posted(attaching().inbox_broke(0.1)) == [Attach(ROOM, LINK, 1, 1, 1, 0)]
    assert seeking().inbox_broke(0.1) == []


def test_a_session_in_which_nothing_happens_is_tried_now_and_then() -> None:
    relay = attached()
    for _ in range(3):
        due = relay.deadline()
        assert due is not None
        assert posted(relay.expire(due)) == [Told(ROOM, LINK, "s1", 1, 1, 0, True)]
        relay.received(applied(0), due)
    assert due == 30.0


@pytest.mark.parametrize("end", ["give up", "vanish", "close"])
def test_after_the_end_nothing_happens(end: str) -> None:
    relay = seeking()
    match end:
        case "give up":
            wake(relay, 100.0)
        case "vanish":
            relay.missing(1.0)
        case _:
            relay.leave(1.0)
    assert relay.state is EdgeState.ENDED
    assert relay.tell(b"x", 200.0, always=True) is None
    assert relay.found("a", 1, 200.0) == relay.missing(200.0) == relay.leave(200.0) == relay.expire(200.0) == []
    assert relay.received(session(), 200.0) == relay.node_died("a", 200.0) == relay.inbox_broke(200.0) == []
    relay.check()
