"""OwnerRelay: who is admitted, which inputs are applied, which batches are sent again, and who is cut."""

import pytest
from msgspec.structs import replace

from hangd.engine.cluster.effects import Admit, Apply, Drop, OwnerEffect, PostToEdge, Published
from hangd.engine.cluster.owner_relay import OwnerRelay
from hangd.engine.cluster.parcels import (
    Applied,
    Attach,
    Attached,
    Batch,
    Detached,
    Heard,
    Leave,
    NotHere,
    Parcel,
    ToEdge,
    Told,
    stray,
)
from tests.engine.cluster.waking import wake

ROOM, LINK, EDGE = "room", "link", "edge"
SESSION = "3.1.me"


def fresh(applied: dict[str, int] | None = None) -> OwnerRelay:
    return OwnerRelay(ROOM, "me", 3, 0.0, applied)


def attach(attempt: int = 1, *, link: str = LINK, low: int = 1, sent: int = 0, fence: int = 3) -> Attach:
    return Attach(ROOM, link, fence, attempt, low, sent, b"who")


def attached(applied: dict[str, int] | None = None) -> OwnerRelay:
    relay = fresh(applied)
    assert relay.received(EDGE, attach(), 0.0) == [Admit(LINK, EDGE, b"who")]
    relay.commit({LINK: [b"state"]}, 1, 0.0)
    relay.committed(1, 0.0)
    relay.received(EDGE, Heard(ROOM, LINK, SESSION, 1), 0.0)
    relay.check()
    return relay


def told(number: int, *items: bytes, low: int = 1, heard: int = 1, ask: bool = False) -> Told:
    return Told(ROOM, LINK, SESSION, number, low, heard, ask, items)


def say(relay: OwnerRelay, commit: int, item: bytes = b"said", now: float = 1.0) -> Batch:
    published = relay.commit({LINK: [item]}, commit, now)
    (parcel,) = published.parcels[EDGE]
    assert isinstance(parcel, Batch)
    relay.check()
    return parcel


def posted(effects: list[OwnerEffect]) -> list[ToEdge]:
    return [effect.parcel for effect in effects if isinstance(effect, PostToEdge)]


def test_only_a_commit_admits_and_it_keeps_the_link() -> None:
    relay = fresh()
    assert relay.received(EDGE, attach(), 0.0) == [Admit(LINK, EDGE, b"who")]
    assert relay.commit({LINK: [b"state"]}, 1, 0.0) == Published(
        {EDGE: (Attached(ROOM, LINK, 1, SESSION, 3, 0), Batch(ROOM, LINK, SESSION, 3, 1, 0, (b"state",)))}, {LINK: 0}
    )
    assert relay.links == {LINK: EDGE}
    assert relay.commit({}, 2, 0.0) == Published({}, {})


def test_an_attach_that_comes_again_is_answered_again_and_admits_nobody() -> None:
    relay = fresh()
    relay.received(EDGE, attach(), 0.0)
    assert relay.received(EDGE, attach(), 0.1) == [], "the commit is still to come"
    relay.commit({LINK: [b"state"]}, 1, 0.2)
    assert relay.received(EDGE, attach(), 0.3) == [], "and may be refused"
    relay.committed(1, 0.4)
    assert posted(relay.received(EDGE, attach(), 0.5)) == [
        Attached(ROOM, LINK, 1, SESSION, 3, 0),
        Applied(ROOM, LINK, SESSION, 0, 1),
    ]


def test_a_later_attach_begins_another_session_and_an_older_one_nothing() -> None:
    relay = attached()
    assert relay.received(EDGE, attach(2, sent=1), 1.0) == [Admit(LINK, EDGE, b"who")]
    assert relay.received(EDGE, attach(1), 1.0) == []
    published = relay.commit({LINK: [b"state"]}, 2, 1.0)
    assert published.parcels[EDGE][0] == Attached(ROOM, LINK, 2, "3.2.me", 3, 0)
    assert posted(relay.received(EDGE, told(1, b"x"), 1.0)) == [Detached(ROOM, LINK, SESSION)]


def test_another_session_numbers_its_batches_anew() -> None:
    relay = attached()
    say(relay, 2)
    relay.committed(2, 1.0)
    relay.received(EDGE, attach(2, sent=0), 1.1)
    relay.check()
    published = relay.commit({LINK: [b"state"]}, 3, 1.1)
    batch = published.parcels[EDGE][1]
    assert batch == Batch(ROOM, LINK, "3.2.me", 3, 1, 0, (b"state",))
    relay.committed(3, 1.2)
    assert posted(relay.received(EDGE, Heard(ROOM, LINK, "3.2.me", 0, missing=True), 1.3)) == [batch]


def test_an_input_is_applied_once() -> None:
    relay = attached()
    assert relay.received(EDGE, told(1, b"1"), 1.0) == [Apply(LINK, 1, (b"1",))]
    assert relay.received(EDGE, told(1, b"1"), 1.0) == []
    assert relay.received(EDGE, told(1, b"1", b"2", b"3"), 1.0) == [Apply(LINK, 2, (b"2", b"3"))]
    assert relay.received(EDGE, told(2, b"2"), 1.0) == []
    assert relay.applied_by_link() == {LINK: 3}
    assert relay.commit({}, 2, 1.0).applied == {LINK: 3}
    assert relay.commit({}, 3, 1.0).applied == {}


def test_inputs_that_are_missing_are_asked_for_and_not_too_often() -> None:
    relay = attached()
    asked = [Applied(ROOM, LINK, SESSION, 0, 1, missing=True)]
    assert posted(relay.received(EDGE, told(2, b"2"), 1.0)) == asked
    assert relay.received(EDGE, told(3, b"3"), 1.05) == []
    assert posted(relay.received(EDGE, told(4, b"4"), 1.11)) == asked
    assert relay.received(EDGE, told(1, b"1", b"2", b"3", b"4"), 1.2) == [Apply(LINK, 1, (b"1", b"2", b"3", b"4"))]


def test_a_question_is_answered_at_once() -> None:
    relay = attached()
    assert posted(relay.received(EDGE, told(1, ask=True), 1.0)) == [Applied(ROOM, LINK, SESSION, 0, 1)]
    assert posted(relay.received(EDGE, told(3, ask=True), 1.0)) == [Applied(ROOM, LINK, SESSION, 0, 1, missing=True)]


def test_inputs_that_the_edge_has_forgotten_are_not_waited_for() -> None:
    """They changed nothing, so they were acknowledged without a commit, and this owner has not heard of them."""
    relay = attached({LINK: 4})
    assert relay.received(EDGE, told(8, b"8", low=8), 1.0) == [Apply(LINK, 8, (b"8",))]
    other = fresh({LINK: 4})
    other.received(EDGE, attach(low=8, sent=9), 0.0)
    assert other.commit({}, 1, 0.0).parcels[EDGE] == (Attached(ROOM, LINK, 1, SESSION, 3, 7),)


def test_the_next_owner_begins_with_what_was_kept() -> None:
    relay = fresh({LINK: 4})
    assert relay.received(EDGE, attach(5, low=3, sent=6), 0.0) == [Admit(LINK, EDGE, b"who")]
    assert relay.commit({}, 1, 0.0).parcels[EDGE] == (Attached(ROOM, LINK, 5, SESSION, 3, 4),)
    assert relay.received(EDGE, told(3, b"3", b"4", b"5"), 0.1) == [Apply(LINK, 5, (b"5",))]


def test_a_link_that_nobody_knows_though_it_has_told_something_is_not_admitted() -> None:
    assert fresh().received(EDGE, attach(2, sent=1), 0.0) == [PostToEdge(EDGE, Attached(ROOM, LINK, 2, "", 3, -1))]


def test_an_edge_that_knows_a_higher_fence_is_sent_away() -> None:
    assert fresh().received(EDGE, attach(fence=4), 0.0) == [PostToEdge(EDGE, NotHere(ROOM, LINK))]


def test_only_what_was_committed_is_sent_again() -> None:
    relay = attached()
    two, three = say(relay, 2), say(relay, 3)
    assert posted(relay.received(EDGE, Heard(ROOM, LINK, SESSION, 1, missing=True), 1.0)) == []
    relay.committed(2, 1.0)
    assert posted(relay.received(EDGE, Heard(ROOM, LINK, SESSION, 1, missing=True), 1.0)) == [two]
    relay.committed(3, 1.0)
    relay.check()
    assert posted(relay.received(EDGE, Heard(ROOM, LINK, SESSION, 1, missing=True), 1.0)) == [two, three]
    assert posted(relay.received(EDGE, Heard(ROOM, LINK, SESSION, 2, missing=True), 1.0)) == [three]


def test_an_edge_may_have_heard_what_the_owner_is_not_told_of_yet() -> None:
    relay = attached()
    say(relay, 2)
    relay.received(EDGE, Heard(ROOM, LINK, SESSION, 2), 1.0)
    relay.check()
    relay.committed(2, 1.1)
    relay.check()
    assert wake(relay, 20.0) == [], "it has heard all, so it is not asked"
    relay.received(EDGE, Heard(ROOM, LINK, SESSION, 99), 20.0)
    relay.check()


def test_an_edge_that_asks_for_what_it_has_acknowledged_has_to_attach_again() -> None:
    relay = attached()
    assert posted(relay.received(EDGE, Heard(ROOM, LINK, SESSION, 0, missing=True), 1.0)) == [
        Detached(ROOM, LINK, SESSION)
    ]
    assert relay.links == {}


def test_what_is_kept_for_an_edge_is_bounded_in_number() -> None:
    relay = attached()
    for number in range(2, 2 + 1024):
        say(relay, number)
    assert relay.commit({LINK: [b"x"]}, 2000, 1.0).parcels == {EDGE: (Detached(ROOM, LINK, SESSION),)}
    relay.check()
    assert relay.commit({LINK: [b"x"]}, 2001, 1.0).parcels == {}
    relay.committed(2001, 1.0)
    assert relay.received(EDGE, attach(2, sent=0), 2.0) == [Admit(LINK, EDGE, b"who")]


def test_what_is_kept_for_an_edge_is_bounded_in_bytes_but_one_batch_may_be_large() -> None:
    relay = attached()
    say(relay, 2, b"x" * 10_000_000)
    assert relay.commit({LINK: [b"x"]}, 3, 1.0).parcels == {EDGE: (Detached(ROOM, LINK, SESSION),)}
    relay.check()


def test_an_edge_that_acknowledges_nothing_is_asked_and_then_cut() -> None:
    relay = attached()
    say(relay, 2)
    relay.committed(2, 1.0)
    asked = PostToEdge(EDGE, Applied(ROOM, LINK, SESSION, 0, 2, ask=True))
    assert wake(relay, 11.0) == [
        (2.0, asked),
        (3.0, asked),
        (5.0, asked),
        (9.0, asked),
        (11.0, PostToEdge(EDGE, Detached(ROOM, LINK, SESSION))),
    ]


def test_an_edge_that_acknowledges_is_not_asked() -> None:
    relay = attached()
    say(relay, 2)
    relay.committed(2, 1.0)
    relay.received(EDGE, told(1, ask=True, heard=2), 1.1)
    assert wake(relay, 20.0) == []


def test_an_edge_that_sends_nothing_is_cut_and_forgotten_later() -> None:
    relay = attached()
    assert wake(relay, 200.0) == [
        (30.0, PostToEdge(EDGE, Detached(ROOM, LINK, SESSION))),
        (50.0, Drop(LINK, EDGE)),
    ]
    assert relay.commit({}, 2, 200.0).applied == {LINK: None}
    assert relay.deadline() is None


def test_a_link_of_the_last_owner_that_does_not_attach_is_forgotten() -> None:
    relay = fresh({LINK: 4})
    assert wake(relay, 200.0) == [(20.0, Drop(LINK, ""))]
    assert relay.commit({}, 1, 200.0).applied == {LINK: None}


def test_a_link_of_the_last_owner_is_dropped_when_its_edge_does_not_live() -> None:
    relay = OwnerRelay(
        ROOM, "me", 3, 0.0, {LINK: 4, "late": 2, "lives": 1, "unknown": 1}, {LINK: EDGE, "late": "other"}
    )
    assert relay.edges == {LINK: EDGE, "late": "other"}
    relay.received("third", attach(link="lives", sent=1), 1.0)
    assert relay.edges_alive({"other"}) == [Drop(LINK, EDGE)], "who has attached lives, whoever says otherwise"
    assert relay.edges_alive({"other"}) == []
    assert relay.edge_died("other", 2.0) == [Drop("late", "other")]
    relay.check()
    assert relay.received(EDGE, attach(sent=4), 3.0) == [Admit(LINK, EDGE, b"who")], "it was only cut off"


def test_inputs_that_made_no_commit_are_acknowledged_after_a_moment() -> None:
    relay = attached()
    relay.received(EDGE, told(1, b"1", b"2"), 1.0)
    assert wake(relay, 2.0) == [(1.2, PostToEdge(EDGE, Applied(ROOM, LINK, SESSION, 2, 1)))]


def test_inputs_are_not_acknowledged_while_a_commit_may_be_refused() -> None:
    relay = attached()
    relay.received(EDGE, told(1, b"1"), 1.0)
    relay.commit({"other": [b"said"]}, 2, 1.0)
    relay.received(EDGE, told(2, b"2"), 1.1)
    assert wake(relay, 2.0) == []
    assert posted(relay.received(EDGE, told(3, ask=True), 2.0)) == [Applied(ROOM, LINK, SESSION, 0, 1)]
    relay.committed(2, 2.0)
    assert posted(relay.received(EDGE, told(3, ask=True), 2.0)) == [Applied(ROOM, LINK, SESSION, 1, 1)]
    assert wake(relay, 3.0) == [(2.2, PostToEdge(EDGE, Applied(ROOM, LINK, SESSION, 2, 1)))]


def test_a_batch_acknowledges_inputs() -> None:
    relay = attached()
    relay.received(EDGE, told(1, b"1"), 1.0)
    assert say(relay, 2).applied == 1
    relay.committed(2, 1.0)
    relay.received(EDGE, Heard(ROOM, LINK, SESSION, 2), 1.1)
    assert wake(relay, 20.0) == []


def test_an_edge_that_leaves_is_dropped_and_forgotten() -> None:
    relay = attached()
    assert relay.received(EDGE, Leave(ROOM, LINK), 1.0) == [Drop(LINK, EDGE)]
    assert relay.received(EDGE, Leave(ROOM, LINK), 1.0) == []
    assert relay.commit({LINK: [b"said"]}, 2, 1.0) == Published({}, {LINK: None})
    assert posted(relay.received(EDGE, told(1, b"x"), 1.0)) == [Detached(ROOM, LINK, SESSION)]


def test_the_links_of_a_dead_edge_are_dropped() -> None:
    relay = attached()
    relay.received("other", attach(link="other"), 1.0)
    assert relay.edge_died(EDGE, 2.0) == [Drop(LINK, EDGE)]
    assert relay.edge_died(EDGE, 3.0) == []
    relay.check()
    assert relay.links == {"other": "other"}
    relay.received("other", Leave(ROOM, "other"), 4.0)
    assert wake(relay, 200.0) == []
    assert relay.commit({}, 2, 200.0).applied == {LINK: None, "other": None}


def test_an_edge_that_was_only_cut_off_is_back_and_nothing_is_applied_twice() -> None:
    relay = attached()
    relay.received(EDGE, told(1, b"1", b"2"), 1.0)
    relay.edge_died(EDGE, 4.0)
    assert posted(relay.received(EDGE, told(1, b"1", b"2"), 9.0)) == [Detached(ROOM, LINK, SESSION)]
    assert relay.received(EDGE, attach(2, sent=2), 9.0) == [Admit(LINK, EDGE, b"who")]
    published = relay.commit({}, 2, 9.0)
    assert published.parcels[EDGE] == (Attached(ROOM, LINK, 2, "3.2.me", 3, 2),)
    relay.check()
    assert relay.edge_died(EDGE, 20.0) == [Drop(LINK, EDGE)]


def test_a_room_that_is_given_up_sends_its_edges_to_the_next_owner() -> None:
    relay = attached()
    assert relay.release() == [PostToEdge(EDGE, NotHere(ROOM, LINK))]
    assert (relay.links, relay.deadline()) == ({}, None)


def test_a_higher_fence_of_the_same_owner_ends_no_session() -> None:
    relay = attached()
    relay.received(EDGE, told(1, b"1"), 1.0)
    relay.refence(4)
    assert relay.received(EDGE, told(2, b"2"), 1.0) == [Apply(LINK, 2, (b"2",))]
    parcel = say(relay, 2)
    assert (parcel.session, parcel.fence, parcel.number, parcel.applied) == (SESSION, 4, 2, 2)


@pytest.mark.parametrize(
    ("parcel", "answer"),
    [
        (attach(), NotHere(ROOM, LINK)),
        (told(1), NotHere(ROOM, LINK)),
        (Heard(ROOM, LINK, SESSION, 1), None),
        (Leave(ROOM, LINK), None),
        (Attached(ROOM, LINK, 1, SESSION, 1, 0), Leave(ROOM, LINK)),
        (Batch(ROOM, LINK, SESSION, 1, 1, 0), Leave(ROOM, LINK)),
        (Applied(ROOM, LINK, SESSION, 1, 1), Leave(ROOM, LINK)),
        (Detached(ROOM, LINK, SESSION), None),
        (NotHere(ROOM, LINK), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_answered_by_who_does_not_have_the_room_or_the_link(parcel: Parcel, answer: Parcel | None) -> None:
    assert stray(parcel) == answer
    assert answer is None or stray(answer) is None, "two nodes would answer each other for ever"


# ---- what is in no state ---------------------------------------------------------------------------------------------


def unheard(effects: list[OwnerEffect]) -> tuple[bytes, ...]:
    (admitted,) = (effect for effect in effects if isinstance(effect, Admit))
    return admitted.unheard


def test_a_link_without_a_session_gets_what_lasts_when_it_attaches() -> None:
    relay = fresh({LINK: 4})
    relay.commit({}, 1, 0.0, [b"chat"])
    relay.commit({}, 2, 0.0)
    assert unheard(relay.received(EDGE, attach(sent=4, low=5), 0.5)) == (b"chat",)


def test_what_lasts_and_was_not_delivered_is_said_again_in_the_next_session_and_the_one_after() -> None:
    relay = attached()
    relay.commit({LINK: [b"heard"]}, 2, 1.0, [b"heard"])
    relay.commit({LINK: [b"not heard", b"state"]}, 3, 1.0, [b"not heard"])
    again = replace(attach(2), before=SESSION, heard=2)
    assert unheard(relay.received(EDGE, again, 1.1)) == (b"not heard",)
    relay.commit({LINK: [b"state", b"not heard"]}, 4, 1.1)
    third = replace(attach(3), before=SESSION, heard=2)
    assert unheard(relay.received(EDGE, third, 1.2)) == (b"not heard",)


def test_what_is_kept_for_an_edge_that_does_not_come_is_bounded() -> None:
    relay = fresh({LINK: 0})
    for number in range(1, 1000):
        relay.commit({}, number, 0.0, [b"%d" % number])
    kept = unheard(relay.received(EDGE, attach(), 1.0))
    assert len(kept) == 200
    assert kept[-1] == b"999"
