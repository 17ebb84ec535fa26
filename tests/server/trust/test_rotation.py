"""Refresh tokens: what a lost answer costs (nothing), and what a copied token costs (the login)."""

import hashlib
import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hangd.server.trust.rotation import (
    DELAY_SECONDS,
    STOLEN,
    Ended,
    Granted,
    Late,
    Stolen,
    is_good,
    lost,
    mark_of,
    refresh,
    revoke,
    use_access,
)
from hangd.store.base import LoginSession

EARLY = 720.0
"""Seconds before which a client does not renew tokens that it has received: 80 % of an access token's life."""

Answer = str | Late | Ended | Stolen


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def login() -> LoginSession:
    return LoginSession("s", "a", "test", 0.0, 0.0, digest("R1"))


@dataclass
class Server:
    """One login at a server. Tokens are names; an access token has the name of the refresh token that came with it."""

    session: LoginSession = field(default_factory=login)
    now: float = 0.0
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(2))

    def refresh(self, token: str) -> Answer:
        """Return the successor, or why there is none."""
        successor = f"R{next(self.numbers)}"
        outcome = refresh(self.session, digest(token), digest(successor), self.now)
        if isinstance(outcome, Granted | Stolen):
            self.session = outcome.session
        return successor if isinstance(outcome, Granted) else outcome

    def use(self, token: str) -> bool:
        """Use the access token that came with this refresh token. Returns whether it is good."""
        mark = mark_of(digest(token))
        if not is_good(self.session, mark):
            return False
        self.session = use_access(self.session, mark, self.now)
        return True


def granted(answer: Answer) -> str:
    assert isinstance(answer, str), answer
    return answer


# ---- stories, told one by one ---------------------------------------------------------------------------------------


def test_each_use_makes_a_successor() -> None:
    server = Server()
    token = "R1"
    for _ in range(100):
        server.now += EARLY
        token = granted(server.refresh(token))
        assert server.use(token)
    assert len(server.session.spent_digests) == 64


def test_a_lost_answer_costs_nothing() -> None:
    server = Server()
    for _ in range(3):
        server.refresh("R1")
    token = granted(server.refresh("R1"))
    assert server.use(token)
    assert isinstance(server.refresh(token), str)


@pytest.mark.parametrize("arrived", range(3))
def test_any_of_several_answers_may_be_the_one_that_arrived(arrived: int) -> None:
    server = Server()
    answers = [granted(server.refresh("R1")) for _ in range(3)]
    assert server.use(answers[arrived])
    server.now += EARLY
    assert isinstance(server.refresh(answers[arrived]), str)


@pytest.mark.parametrize("proof", ["access", "refresh"])
def test_a_token_that_was_replaced_proves_theft(proof: str) -> None:
    server = Server()
    token = granted(server.refresh("R1"))
    if proof == "access":
        assert server.use(token)
    else:
        token = granted(server.refresh(token))
    server.now += DELAY_SECONDS + 1
    answer = server.refresh("R1")
    assert isinstance(answer, Stolen) and answer.session.revoked == STOLEN
    assert not server.use(token)
    assert server.refresh(token) == Ended(STOLEN)
    assert server.refresh("R1") == Ended(STOLEN)


def test_a_request_that_was_delayed_by_the_network_proves_nothing() -> None:
    """The client gave it up, and has used the answer to another one before it arrived."""
    server = Server()
    token = granted(server.refresh("R1"))
    assert server.use(token)
    server.now += DELAY_SECONDS - 1
    assert server.refresh("R1") == Late(1.0)
    assert server.use(token)
    server.now += 1
    assert isinstance(server.refresh("R1"), Stolen)


def test_a_clock_that_was_set_back_makes_nobody_wait_for_longer() -> None:
    server = Server(now=10_000.0)
    assert server.use(granted(server.refresh("R1")))
    server.now = 0.0
    assert server.refresh("R1") == Late(DELAY_SECONDS)


def test_a_thief_who_comes_first_is_found_when_the_owner_comes() -> None:
    server = Server()
    thiefs = granted(server.refresh("R1"))
    assert server.use(thiefs)
    answer = server.refresh("R1")
    assert isinstance(answer, Late)
    server.now += answer.seconds
    assert isinstance(server.refresh("R1"), Stolen)
    assert not server.use(thiefs)


def test_a_thief_who_only_waits_is_found_when_he_moves() -> None:
    server = Server()
    thiefs = granted(server.refresh("R1"))
    owners = granted(server.refresh("R1"))
    before = server.session
    assert server.use(owners)
    assert lost(before, server.session) == {mark_of(digest(thiefs))}, "whose connections end"
    assert not server.use(thiefs)
    assert isinstance(server.refresh(thiefs), Stolen)


def test_the_access_token_from_before_is_good_beside_the_new_one() -> None:
    """Another tab of the same browser has it still."""
    server = Server()
    token = granted(server.refresh("R1"))
    assert server.use(token) and server.use("R1")
    granted(server.refresh(token))
    assert server.use(token)
    assert not server.use("R1"), "the one before that has expired, or is renewed"


def test_a_login_that_ended_stays_ended() -> None:
    session = revoke(login(), "you have logged out")
    assert revoke(session, "something else") is session
    assert refresh(session, digest("R1"), digest("R2"), 0.0) == Ended("you have logged out")


# ---- stories of one honest client on a bad network ------------------------------------------------------------------


class HonestClient(RuleBasedStateMachine):
    """It has one request under way at a time, gives up those that take long, and is never logged out."""

    def __init__(self) -> None:
        super().__init__()
        self.server = Server()
        self.token = "R1"
        self.received_at = -EARLY
        self.delayed: list[tuple[float, str]] = []
        """Requests that the network still holds, and when they were sent."""

    def due(self) -> bool:
        return self.server.now - self.received_at >= EARLY

    @precondition(due)
    @rule(lost=st.booleans())
    def ask(self, lost: bool) -> None:
        answer = self.server.refresh(self.token)
        if isinstance(answer, Late):
            return  # It comes again later.
        assert isinstance(answer, str), "an honest client is logged out"
        if not lost:
            self.token, self.received_at = answer, self.server.now

    @precondition(lambda self: self.due() and len(self.delayed) < 7)
    @rule()
    def ask_on_a_bad_network(self) -> None:
        self.delayed.append((self.server.now, self.token))

    @precondition(lambda self: self.delayed)
    @rule(data=st.data())
    def a_delayed_request_arrives(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.delayed) - 1))
        _, token = self.delayed.pop(number)
        assert not isinstance(self.server.refresh(token), Ended | Stolen)

    @rule()
    def use(self) -> None:
        self.server.use(self.token)

    @rule(seconds=st.sampled_from([0.5, 30.0, 119.0, 721.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.server.now += seconds
        self.delayed = [(sent, token) for sent, token in self.delayed if self.server.now - sent < DELAY_SECONDS]

    @invariant()
    def it_is_logged_in(self) -> None:
        assert self.server.session.revoked is None
        assert is_good(self.server.session, mark_of(digest(self.token)))


TestHonestClient = HonestClient.TestCase


# ---- stories of an owner and a thief --------------------------------------------------------------------------------


@dataclass
class Party:
    """Somebody who has the tokens. ``went_on``: new ones of its own were accepted."""

    token: str
    has_own: bool = False
    went_on: bool = False


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["owner", "thief"]), st.sampled_from(["refresh", "refresh, lost", "use", "wait", "wait long"])
    ),
    max_size=40,
)


@given(before=st.integers(0, 3), steps=STEPS)
def test_no_story_lets_an_owner_and_a_thief_both_go_on(before: int, steps: list[tuple[str, str]]) -> None:
    server, token = Server(), "R1"
    for _ in range(before):
        server.now += EARLY
        token = granted(server.refresh(token))
        server.use(token)
    parties = {"owner": Party(token), "thief": Party(token)}
    for name, step in steps:
        party = parties[name]
        match step:
            case "refresh" | "refresh, lost":
                answer = server.refresh(party.token)
                if isinstance(answer, str):
                    party.went_on |= party.has_own
                    if step == "refresh":
                        party.token, party.has_own = answer, True
            case "use":
                if server.use(party.token):
                    party.went_on |= party.has_own
            case "wait":
                server.now += 10
            case "wait long":
                server.now += EARLY
        assert not (parties["owner"].went_on and parties["thief"].went_on)
    if parties["owner"].went_on or parties["thief"].went_on:
        # Whoever is left behind ends it, as soon as they ask for new tokens.
        server.now += EARLY
        behind = parties["owner" if parties["thief"].went_on else "thief"]
        assert isinstance(server.refresh(behind.token), Stolen | Ended)
        assert server.session.revoked is not None
