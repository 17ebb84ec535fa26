"""Link: the transitions, inputs that are ignored, and the delays between attempts."""

import itertools
from collections import Counter
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hangd.engine.link.link import (
    TRANSITIONS,
    Dial,
    Dialed,
    DialFailed,
    HangUp,
    Link,
    LinkInput,
    LinkState,
    Lost,
    SendHello,
    StateChanged,
    Unwanted,
    Wanted,
    Welcomed,
)

URL = "ws://127.0.0.1:3005/ws"


def link_in(state: LinkState) -> Link:
    """Return a link that inputs have brought into ``state``."""
    link = Link()
    path: dict[LinkState, list[LinkInput]] = {
        LinkState.DOWN: [],
        LinkState.DIALING: [Wanted(URL)],
        LinkState.WAITING: [Wanted(URL), DialFailed(1, "no server is running")],
        LinkState.GREETING: [Wanted(URL), Dialed(1)],
        LinkState.UP: [Wanted(URL), Dialed(1), Welcomed(1)],
    }
    for input in path[state]:
        link.handle(input, 0.0)
    assert link.state is state
    return link


def inputs(attempt: int) -> list[LinkInput]:
    return [Dialed(attempt), DialFailed(attempt, "x"), Welcomed(attempt), Lost(attempt, 1006, "x")]


def test_a_link_comes_up() -> None:
    link = Link()
    assert link.handle(Wanted(URL), 0.0) == [StateChanged(LinkState.DIALING), Dial(URL, 1)]
    assert link.handle(Dialed(1), 0.1) == [StateChanged(LinkState.GREETING), SendHello(1)]
    assert link.handle(Welcomed(1), 0.2) == [StateChanged(LinkState.UP)]
    assert link.deadline() is None


@pytest.mark.parametrize(("state", "input"), list(itertools.product(LinkState, inputs(1))))
def test_what_is_not_in_the_table_changes_nothing(state: LinkState, input: LinkInput) -> None:
    if type(input) in TRANSITIONS[state]:
        return
    link = link_in(state)
    before = (link.state, link.attempt, link.reason, link.deadline())
    assert link.handle(input, 5.0) == []
    assert (link.state, link.attempt, link.reason, link.deadline()) == before


@pytest.mark.parametrize(("state", "input"), list(itertools.product(LinkState, inputs(7))))
def test_inputs_of_an_older_attempt_are_ignored(state: LinkState, input: LinkInput) -> None:
    link = link_in(state)
    assert link.handle(input, 5.0) == []
    assert link.state is state


@pytest.mark.parametrize("state", LinkState)
def test_unwanted_leads_down_from_everywhere(state: LinkState) -> None:
    link = link_in(state)
    busy = state in (LinkState.DIALING, LinkState.GREETING, LinkState.UP)
    effects = link.handle(Unwanted(), 1.0)
    assert (HangUp(1) in effects) == busy
    assert link.state is LinkState.DOWN
    assert link.deadline() is None
    link.check()


@pytest.mark.parametrize("state", LinkState)
def test_another_server_may_be_wanted_at_any_time(state: LinkState) -> None:
    link = link_in(state)
    effects = link.handle(Wanted("wss://example.org/ws"), 1.0)
    assert effects[-1] == Dial("wss://example.org/ws", link.attempt)
    assert link.state is LinkState.DIALING


@pytest.mark.parametrize("code", [4500, 4501, 4502, 4503, 4999])
def test_final_close_codes_end_the_link(code: int) -> None:
    link = link_in(LinkState.UP)
    assert link.handle(Lost(1, code, "banned"), 1.0) == [StateChanged(LinkState.DOWN, "banned")]
    assert link.deadline() is None


@pytest.mark.parametrize("code", [1000, 1006, 1012, 4001, 4002, 4499])
def test_other_close_codes_are_retried(code: int) -> None:
    link = link_in(LinkState.UP)
    link.handle(Lost(1, code, "gone"), 10.0)
    due = link.deadline()
    assert due == 10.5
    assert link.expire(due) == [StateChanged(LinkState.DIALING, "gone"), Dial(URL, 2)]


def test_an_idle_link_stays_down_without_a_reason_until_it_is_wanted_again() -> None:
    """Otherwise every daemon that is in no room would come back as often as it is put out."""
    link = link_in(LinkState.UP)
    assert link.handle(Lost(1, 4003, "idle"), 600.0) == [StateChanged(LinkState.DOWN, None)]
    assert (link.deadline(), link.url) == (None, URL)
    assert link.handle(Wanted(URL), 999.0)[-1] == Dial(URL, 2)
    link.handle(Dialed(2), 999.0)
    link.handle(Lost(2, 4003, "the server was slow to answer Hello"), 1029.0)
    assert link.state is LinkState.WAITING


def test_waits_grow_to_a_second_for_two_minutes_and_to_fifteen_after() -> None:
    """A server that restarts is found again within a second and a half of its return."""
    link, now = Link(), 0.0
    link.handle(Wanted(URL), now)
    waits = []
    while now < 300:
        link.handle(DialFailed(link.attempt, "refused"), now)
        due = link.deadline()
        assert due is not None
        waits.append((now, due - now))
        now = due
        link.expire(now)
    assert [round(wait, 2) for _, wait in waits[:4]] == [0.5, 0.5, 1.0, 1.0]
    assert all(wait <= 1.0 for at, wait in waits if at < 119)
    assert waits[-1][1] == pytest.approx(15.0)


@pytest.mark.parametrize(("jitter", "first", "second"), [(0.0, 0.0, 0.25), (0.5, 0.25, 0.375), (1.0, 0.5, 0.5)])
def test_waits_are_random(jitter: float, first: float, second: float) -> None:
    link = link_in(LinkState.DIALING)
    for wait in (first, second):
        link.handle(DialFailed(link.attempt, "refused"), 100.0, jitter)
        assert link.deadline() == pytest.approx(100.0 + wait)
        link.expire(200.0)


@pytest.mark.parametrize(("jitter", "wait"), [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0)])
def test_a_goodbye_that_names_a_time_is_honoured_and_spread_over_its_own_length(jitter: float, wait: float) -> None:
    link = link_in(LinkState.UP)
    link.handle(Lost(1, 4001, "going down", retry_after=2.0), 100.0, jitter)
    assert link.deadline() == pytest.approx(100.0 + wait)


@pytest.mark.parametrize(("jitter", "wait"), [(0.0, 60.0), (0.5, 90.0), (1.0, 120.0)])
def test_a_failure_that_does_not_pass_quickly_is_retried_later_unless_the_viewer_asks(
    jitter: float, wait: float
) -> None:
    link = link_in(LinkState.DIALING)
    link.handle(DialFailed(1, "the certificate has expired", 60.0), 100.0, jitter)
    assert link.deadline() == pytest.approx(100.0 + wait)
    assert link.handle(Wanted(URL), 101.0)[-1] == Dial(URL, 2)
    link.handle(DialFailed(2, "refused"), 101.0)
    assert link.deadline() == pytest.approx(101.5)


def test_a_success_forgets_the_failures() -> None:
    link = link_in(LinkState.DIALING)
    for _ in range(6):
        link.handle(DialFailed(link.attempt, "refused"), 0.0)
        link.expire(100.0)
    link.handle(Dialed(link.attempt), 100.0)
    link.handle(Welcomed(link.attempt), 100.0)
    link.handle(Lost(link.attempt, 1006, "gone"), 500.0)
    assert link.deadline() == pytest.approx(500.5)


def returns(clients: int, lost: Lost, absent: float, random: Random) -> list[float]:
    """Return when each of so many clients reaches a server that loses them all at 0 and is away for a time."""
    times = []
    for _ in range(clients):
        link, now = link_in(LinkState.UP), 0.0
        link.handle(lost, now, random.random())
        while True:
            due = link.deadline()
            assert due is not None
            now = due
            link.expire(now)
            if now >= absent:
                break
            link.handle(DialFailed(link.attempt, "refused"), now, random.random())
        times.append(now)
    return times


@given(
    lost=st.one_of(
        st.builds(Lost, st.just(1), st.just(4001), st.just("going down"), st.floats(0.5, 30.0)),
        st.just(Lost(1, 1006, "the connection broke off")),
    ),
    absent=st.one_of(st.just(0.0), st.floats(0.0, 300.0)),
    seed=st.integers(0, 2**32),
)
@example(Lost(1, 1006, "the connection broke off"), 0.25, 0)
@settings(max_examples=50)
def test_two_hundred_clients_do_not_return_in_one_instant(lost: Lost, absent: float, seed: int) -> None:
    """The server was stopped and started, was killed, or only its network broke, for however long."""
    times = returns(200, lost, absent, Random(seed))
    bins = Counter(int(time / 0.1) for time in times)
    assert max(bins.values()) < 200 / 2, "half of them within a tenth of a second"


@given(
    st.lists(
        st.one_of(
            st.builds(Wanted, st.just(URL)),
            st.builds(Unwanted),
            st.builds(Dialed, st.integers(0, 5)),
            st.builds(DialFailed, st.integers(0, 5), st.just("x")),
            st.builds(Welcomed, st.integers(0, 5)),
            st.builds(Lost, st.integers(0, 5), st.sampled_from([1006, 4001, 4500]), st.just("x")),
            st.just(None),
        ),
        max_size=60,
    )
)
def test_random_inputs_keep_the_invariants(story: list[LinkInput | None]) -> None:
    link = Link()
    for now, input in enumerate(story):
        effects = link.expire(float(now)) if input is None else link.handle(input, float(now))
        link.check()
        assert sum(isinstance(effect, Dial) for effect in effects) <= 1
