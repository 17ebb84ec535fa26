"""NodeLease: when a node counts as alive, may decide, and sends its clients away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.cluster.lease import (
    LIFE,
    Beat,
    Decide,
    LeaseEffect,
    Mute,
    NodeLease,
    Reclaim,
    Renew,
    SendAway,
)


def started(at: float = 0.0) -> NodeLease:
    lease = NodeLease(spread=7.0)
    assert lease.start(at) == [Beat(1)]
    return lease


def alive(at: float = 0.0) -> NodeLease:
    lease = started(at)
    assert lease.beat_heard(1, at) == [Renew(1)]
    assert lease.renewed(1, at, kept=False) == [Decide()]
    assert lease.may_decide(at)
    return lease


def run(lease: NodeLease, until: float, *, heard: bool = True, renewed: bool = True) -> list[tuple[float, LeaseEffect]]:
    """Wake the lease at its deadlines, and answer what it orders. Return what else it orders, and when."""
    told: list[tuple[float, LeaseEffect]] = []
    while (due := lease.deadline()) is not None and due <= until:
        waiting = lease.expire(due)
        lease.check()
        while waiting:
            effect = waiting.pop(0)
            match effect:
                case Beat(number=number):
                    waiting += lease.beat_heard(number, due) if heard else []
                case Renew(number=number):
                    waiting += lease.renewed(number, due, kept=True) if renewed else lease.failed(number, due)
                case _:
                    told.append((due, effect))
            lease.check()
    return told


def test_a_node_is_alive_when_its_first_beat_has_come_back_and_its_key_is_set() -> None:
    lease = started()
    assert not lease.may_decide(0.0)
    assert lease.cut_since == 0.0
    assert lease.beat_heard(1, 0.01) == [Renew(1)]
    assert not lease.may_decide(0.01)
    assert lease.renewed(1, 0.02, kept=False) == [Decide()]
    assert lease.may_decide(0.02)


def test_it_beats_and_renews_every_three_quarters_of_a_second() -> None:
    lease = alive()
    ordered = []
    for _ in range(4):
        due = lease.deadline()
        assert due is not None
        effects = lease.expire(due)
        ordered.append((due, effects))
        lease.beat_heard(lease.number, due)
        lease.renewed(lease.number, due, kept=True)
    assert ordered == [(0.75 * n, [Beat(n + 1), Renew(n + 1)]) for n in range(1, 5)]


def test_an_hour_without_trouble_tells_nothing() -> None:
    lease = alive()
    assert run(lease, 3600.0) == []
    assert lease.may_decide(3600.0)


@pytest.mark.parametrize(("heard", "renewed"), [(True, False), (False, True), (False, False)])
def test_without_beats_or_without_renewals_it_is_cut_off(heard: bool, renewed: bool) -> None:
    lease = alive()
    run(lease, 75.0)
    told = run(lease, 100.0, heard=heard, renewed=renewed)
    assert told == [(78.0, Mute()), (93.0, SendAway(7.0))]
    assert (lease.cut_since, lease.may_decide(100.0)) == (78.0, False)


def test_a_node_that_does_not_hear_itself_stops_renewing_its_key() -> None:
    lease = alive()
    run(lease, 75.0)
    renewals = []
    while (due := lease.deadline()) is not None and due < 90.0:
        for effect in lease.expire(due):
            if isinstance(effect, Renew):
                renewals.append(due)
                lease.renewed(effect.number, due, kept=True)
    assert renewals == [75.75, 76.5], "so its key expires 4.5 s after the last beat that it heard"


def test_a_beat_that_was_late_renews_the_key_as_soon_as_it_comes_back() -> None:
    """A node that got no processor for a second is merely busy: it lost its rooms for want of one renewal."""
    lease = alive()
    run(lease, 75.0)
    assert lease.expire(77.0) == [Beat(lease.number)], "the last beat that was heard is too old to renew the key now"
    assert lease.beat_heard(lease.number, 77.4) == [Renew(lease.number)]
    assert lease.renewed(lease.number, 77.8, kept=True) == []
    assert lease.may_decide(79.9)


def test_a_node_that_stood_still_keeps_its_key_if_it_is_heard_again_before_that_expires() -> None:
    """Its inbox was lost meanwhile, and with it the beat that went out when it woke."""
    lease = alive()
    run(lease, 1.0)
    assert lease.expire(2.5) == [Beat(3)], "it was heard too long ago to renew its key"
    assert lease.connected(2.6) == []
    assert lease.deadline() == pytest.approx(2.8)
    assert lease.expire(2.8) == [Beat(4)]
    assert lease.beat_heard(4, 2.9) == [Renew(4)]
    assert lease.renewed(4, 3.0, kept=True) == []
    assert lease.may_decide(4.0)


def test_a_node_that_is_connected_anew_again_and_again_does_not_beat_more_often_for_that() -> None:
    lease = alive()
    beats = 0
    for hundredth in range(100, 400):
        now = hundredth / 100
        beats += (lease.connected(now) + lease.expire(now)).count(Beat(lease.number))
        lease.check()
    assert 5 <= beats <= 11


def test_a_node_that_has_not_begun_to_beat_does_not_when_it_is_connected() -> None:
    assert NodeLease().connected(1.0) == []


def test_back_in_time_it_goes_on() -> None:
    lease = alive()
    run(lease, 75.0)
    assert run(lease, 78.1, heard=False) == [(78.0, Mute())]
    assert run(lease, 79.0) == [(78.75, Decide())]
    assert lease.may_decide(79.0)


def test_back_after_its_key_had_expired_its_rooms_may_be_anybodys() -> None:
    lease = alive()
    assert run(lease, 10.0, renewed=False) == [(3.0, Mute())]
    due = lease.deadline()
    assert due is not None
    lease.expire(due)
    lease.beat_heard(lease.number, due)
    assert lease.renewed(lease.number, due, kept=False) == [Reclaim()]
    assert lease.may_decide(due)
    assert run(lease, 60.0) == []


def test_a_key_that_was_lost_unnoticed_is_noticed_by_the_renewal() -> None:
    """Redis was restarted, or another one took its place."""
    lease = alive()
    lease.expire(0.75)
    lease.beat_heard(2, 0.75)
    assert lease.renewed(2, 0.76, kept=False) == [Reclaim()]
    assert lease.may_decide(0.76)


def test_that_the_key_had_expired_is_not_forgotten_by_the_next_renewal() -> None:
    lease = alive()
    run(lease, 10.0, heard=False, renewed=False)
    number = lease.number
    assert lease.renewed(number, 10.1, kept=False) == [], "it does not hear itself yet"
    lease.expire(10.5)
    lease.beat_heard(lease.number, 10.5)
    assert lease.number == number + 1
    assert lease.renewed(lease.number, 10.6, kept=True) == [Reclaim()]


@pytest.mark.parametrize(("gap", "effect"), [(2.0, Decide()), (4.0, Reclaim())])
def test_if_redis_does_not_say_whether_the_key_was_there_the_time_does(gap: float, effect: LeaseEffect) -> None:
    lease = alive()
    lease.expire(3.0)
    number = lease.number
    lease.ordered[number] = gap
    lease.beat_heard(number, 4.0)
    lease.cut_since = 3.0
    assert lease.renewed(number, 4.0) == [effect]


def test_a_process_that_was_stopped_may_not_decide_before_it_has_noticed() -> None:
    lease = alive()
    assert lease.may_decide(2.9)
    assert not lease.may_decide(3.0)
    assert lease.beat_heard(1, 6.0) == [Mute()]
    assert lease.expire(6.0) == [Beat(2)], "the last beat is too old for a renewal"
    assert lease.beat_heard(2, 6.01) == [Renew(2)]
    assert lease.renewed(2, 6.02, kept=False) == [Reclaim()]


def test_answers_of_long_ago_bring_nobody_back() -> None:
    lease = alive()
    run(lease, 20.0, heard=False, renewed=False)
    assert lease.beat_heard(2, 20.0) == []
    assert lease.renewed(2, 20.0, kept=True) == []
    assert not lease.may_decide(20.0)


def test_clients_are_sent_away_once_for_each_time_that_it_is_cut_off() -> None:
    lease = alive()
    told = run(lease, 60.0, renewed=False)
    told += run(lease, 70.0)
    told += run(lease, 120.0, renewed=False)
    assert [type(effect).__name__ for _, effect in told] == ["Mute", "SendAway", "Decide", "Mute", "SendAway"]


@given(
    faults=st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.1, 20.0), st.floats(0, 2.9)), max_size=12),
    delay=st.floats(0.0, 0.5),
)
def test_two_nodes_never_decide_at_once(faults: list[tuple[bool, bool, float, float]], delay: float) -> None:
    """However Redis answers: while the node may decide, its key is there. Its process may stand still, too."""
    lease = started()
    now, expires = 0.0, 0.0
    orders: list[tuple[float, LeaseEffect]] = [(delay, Beat(1))]
    for heard, renewed, seconds, still in faults:
        end = now + seconds
        while True:
            due = lease.deadline()
            assert due is not None
            at = min([due, *(at for at, _ in orders)])
            if at > end:
                break
            now = max(now, at)
            if orders and orders[0][0] <= now:
                _, order = orders.pop(0)
                match order:
                    case Beat(number=number) if heard:
                        effects = lease.beat_heard(number, now)
                    case Renew(number=number) if renewed:
                        # Redis set it at some time between the order and its answer: at the worst, right away.
                        kept = now - delay < expires
                        expires = max(expires, now - delay + LIFE)
                        effects = lease.renewed(number, now, kept=kept)
                    case _:
                        effects = []
            else:
                effects = lease.expire(now)
            lease.check()
            orders += [(now + delay, effect) for effect in effects if isinstance(effect, Beat | Renew)]
            assert not lease.may_decide(now) or now < expires
        now = end + still
        assert not lease.may_decide(now) or now < expires
        if heard and still > 1.0:
            orders += [(now + delay, effect) for effect in lease.connected(now) if isinstance(effect, Beat | Renew)]
            lease.check()
