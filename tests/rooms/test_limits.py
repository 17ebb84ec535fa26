"""What one client, its network and everybody may ask for, and what the server sends for them, on simulated time."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.connection.limits import Allowance, Limits, Rate, class_of, cost, retry_after
from hangd.engine.room.connection.session import Session, SessionSettings
from hangd.engine.room.effects import Close, ForwardToRoom, ListRoomsTo, OpenRoom, Reply, SessionEffect
from hangd.engine.room.inputs import FrameReceived, Greeted, Identified, RoomEntered
from hangd.protocol.accounts import Login
from hangd.protocol.errors import CLOSE_RATE_LIMITED
from hangd.protocol.invites import GetBans, GetInvites
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    Error,
    GetRoom,
    Goodbye,
    Hello,
    JoinRoom,
    Kick,
    LeaveRoom,
    ListRooms,
    Ping,
    Report,
    Say,
    Seek,
    SetFile,
    SetPolicy,
)
from hangd.protocol.model import FileInfo
from hangd.rooms.edge.budgets import Budgets, RoomBudget, SharedSettings
from tests.support.rooms.stage import HASH

SEEK = Seek(timestamp=1.0)
SAY = Say(text="a")
FILE = SetFile(FileInfo(size=1), HASH)
"""A member can do without it: it has no share for that."""
REPORT = Report(state="paused", position=0.0, at=0.0)
LOGIN = Login("ann", "a password")


def in_room(settings: SessionSettings = SessionSettings(), *, limits: Limits | None = None, at: float = 0.0) -> Session:  # noqa: B008
    """Return the session of a full client that is in a room."""
    session = Session(client_id="1a2b3c4d", settings=settings, now=at, limits=limits)
    session.handle(FrameReceived(Hello(protocol=1, name="ann", client="test")), at)
    session.handle(Greeted("ann", None, "room-1"), at)
    assert session.room_id == "room-1"
    return session


class SomePlace:
    """A room that has so many members."""

    def __init__(self, members: int) -> None:
        self.sent: RoomBudget | None = None
        self.member_count = members


def budgets_of(
    session: SessionSettings, shared: SharedSettings, members: int = 100, places: dict[str, SomePlace] | None = None
) -> Budgets:
    """Return the budgets of a server whose rooms, room-1 and room-2, have so many members."""
    places = {} if places is None else places
    for room_id in ("room-1", "room-2"):
        places[room_id] = SomePlace(members)
    return Budgets(session, shared, places.get)


def left(budgets: Budgets) -> float:
    """Return what the members of room-1 have left."""
    budget = budgets.rooms.at("room-1", 0.0)
    assert budget is not None
    return budget.left


def refusal(effects: list[SessionEffect]) -> Error | None:
    """Return the Error with RateLimited that is the only effect. None: the message was granted."""
    for effect in effects:
        if isinstance(effect, Reply) and isinstance(effect.message, Error) and effect.message.code == "RateLimited":
            return effect.message
    return None


def wait_of(effects: list[SessionEffect]) -> float:
    error = refusal(effects)
    assert error is not None
    assert error.details is not None
    return float(error.details["retry_after"])


# ---- classes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (SEEK, "messages"),
        (REPORT, "reports"),
        (LeaveRoom(), "messages"),
        (SAY, "chat"),
        (CreateRoom(file_hash=HASH), "rooms"),
        (SetPolicy(password="new"), "rooms"),
        (SetPolicy(password=""), "messages"),
        (SetPolicy(locked=True), "messages"),
        (JoinRoom(room_id="x"), "joins"),
        (GetRoom(), "lists"),
        (ListRooms(), "lists"),
        (GetInvites(), "lists"),
        (GetBans(), "lists"),
        (LOGIN, "accounts"),
    ],
)
def test_each_message_has_a_class(message: ClientMessage, kind: str) -> None:
    assert class_of(message) == kind


@pytest.mark.parametrize(
    ("message", "name"), [(SAY, "chat"), (SetPolicy(password="x"), "rooms"), (GetRoom(), "lists"), (LOGIN, "accounts")]
)
def test_a_class_has_a_limit_of_its_own(message: ClientMessage, name: str) -> None:
    session = in_room(SessionSettings(**{f"{name}_per_minute": 6.0}))

    def granted(now: float) -> bool:
        session.handle(Identified(False), now)  # the answer to a login
        return refusal(session.handle(FrameReceived(message, 1), now)) is None

    assert [granted(0.0) for _ in range(8)] == [True] * 6 + [False] * 2
    assert wait_of(session.handle(FrameReceived(message, 1), 0.0)) == 10.0
    assert session.handle(FrameReceived(SEEK, 1), 0.0) == [ForwardToRoom(SEEK, 1)], "others are not touched"
    assert not granted(9.9)
    assert granted(10.0)
    assert session.limited == {name: 4}


def test_sixty_lines_of_chat_a_minute_and_a_slider_that_is_dragged_touch_no_limit() -> None:
    """20 messages a second for a minute, with a report every 2 s and a line of chat each second."""
    session = in_room()
    asked: list[tuple[float, ClientMessage]] = []
    asked += [(number / 20, SEEK) for number in range(1200)]
    asked += [(float(second), SAY) for second in range(60)]
    for now, message in sorted(asked, key=lambda one: one[0]):
        assert session.handle(FrameReceived(message), now) == [ForwardToRoom(message, None)]


def test_a_network_shares_what_a_quarter_of_its_connections_may() -> None:
    settings = SessionSettings()
    budgets = budgets_of(settings, SharedSettings())
    sessions = [in_room(settings, limits=budgets.limits("net", 0.0)) for _ in range(100)]
    said = sum(refusal(session.handle(FrameReceived(SAY, 1), 0.0)) is None for session in sessions for _ in range(60))
    assert said == 25 * 60
    other = in_room(settings, limits=budgets.limits("another", 0.0))
    assert other.handle(FrameReceived(SAY, 1), 0.0) == [ForwardToRoom(SAY, 1)]
    # A refusal because of the others took nothing of its own.
    own = [session.limits.own.bucket("chat", 0.0) for session in sessions]
    assert sum(bucket.tokens for bucket in own if bucket is not None) == 100 * 60 - said


def test_a_school_behind_one_address_watches_and_comes_back_together() -> None:
    """A hundred come in at once, report every 2 s, and two of them drag a slider for a minute."""
    settings = SessionSettings()
    budgets = budgets_of(settings, SharedSettings())

    def steps() -> Iterator[tuple[float, int, ClientMessage]]:
        for number in range(100):
            first: list[ClientMessage] = [REPORT, GetRoom(), REPORT, SEEK, REPORT]
            for step, message in enumerate(first):
                yield 0.1 * step, number, message
            for turn in range(30):
                yield 1.0 + 2.0 * turn + number / 50, number, REPORT
        for turn in range(1200):
            yield 1.0 + turn / 20, turn % 2, SEEK

    sessions = [in_room(settings, limits=budgets.limits("school", 0.0)) for _ in range(100)]
    for now, number, message in sorted(steps(), key=lambda one: one[0]):
        effects = sessions[number].handle(FrameReceived(message), now)
        assert effects == [ForwardToRoom(message, None)], (now, number)


def test_a_thousand_from_everywhere_come_in_after_a_restart() -> None:
    settings = SessionSettings()
    budgets = budgets_of(settings, SharedSettings())
    for number in range(1000):
        limits = budgets.limits(f"net {number}", 0.0)
        session = Session(client_id="1a2b3c4d", settings=settings, now=0.0, limits=limits)
        assert refusal(session.handle(FrameReceived(JoinRoom(room_id="x", file_hash=HASH), 1), 0.0)) is None


def test_many_networks_together_make_no_more_rooms_than_the_server_takes() -> None:
    settings = SessionSettings(rooms_per_minute=2.0)
    budgets = budgets_of(settings, SharedSettings(max_per_address=4))
    made = 0
    for number in range(100):
        session = Session(client_id="x", settings=settings, now=0.0, limits=budgets.limits(f"net {number}", 0.0))
        made += isinstance(session.handle(FrameReceived(CreateRoom(file_hash=HASH)), 0.0)[0], OpenRoom)
    assert made == 2 * 20


def test_clients_of_a_unix_socket_are_no_network() -> None:
    settings = SessionSettings(lists_per_minute=2.0)
    budgets = budgets_of(settings, SharedSettings(max_per_address=1))
    for _ in range(10):
        session = in_room(settings, limits=budgets.limits("", 0.0))
        assert session.handle(FrameReceived(ListRooms(), 1), 0.0) == [ListRoomsTo(None, 1)]


# ---- what is sent ---------------------------------------------------------------------------------------------------


def test_a_delivery_costs_more_the_longer_it_is() -> None:
    assert [cost(length) for length in (1, 1023, 1024, 10_240)] == [1, 1, 2, 11]


def debtor(limits: Limits, session: Session, amount: float, now: float = 0.0) -> None:
    """Let a message of this session be delivered at this cost."""
    session.handle(FrameReceived(FILE), now)
    limits.charge(amount, session.room_id)


def test_who_owes_is_told_when_to_ask_again_and_may_leave_and_ping() -> None:
    budgets = budgets_of(SessionSettings(), SharedSettings())
    limits = budgets.limits("net", 0.0)
    session = in_room(limits=limits)
    debtor(limits, session, 15_000 + 5_000)
    assert wait_of(session.handle(FrameReceived(SEEK, 1), 0.0)) == 2.0, "2,500 a second are paid back"
    assert session.handle(FrameReceived(REPORT), 0.1) == [], "told once a second"
    assert len(session.handle(FrameReceived(Ping(t0=1.0)), 0.1)) == 1
    assert wait_of(session.handle(FrameReceived(GetRoom(), 1), 1.0)) == 1.0
    assert session.handle(FrameReceived(LeaveRoom(), 1), 1.0) == [ForwardToRoom(LeaveRoom(), 1)]
    assert session.handle(FrameReceived(SEEK, 1), 2.0) == [ForwardToRoom(SEEK, 1)]
    assert session.limited == {"deliveries": 3}


def test_a_network_owes_together_and_others_do_not() -> None:
    places: dict[str, SomePlace] = {}
    budgets = budgets_of(SessionSettings(), SharedSettings(), places=places)
    all_limits = [budgets.limits("net", 0.0) for _ in range(100)]
    sessions = [in_room(limits=limits) for limits in all_limits]
    for limits, session in zip(all_limits, sessions, strict=True):
        debtor(limits, session, 700.0)
    assert wait_of(sessions[0].handle(FrameReceived(FILE, 1), 0.0)) == 1.0, "60,000 at once, and 10,000 a second"
    assert budgets.debtors(places.values(), 0.0).networks == 1
    other = in_room(limits=budgets.limits("another", 0.0))
    other.handle(FrameReceived(LeaveRoom()), 0.0)
    assert budgets.debtors(places.values(), 0.0).rooms == 1
    elsewhere = Session(client_id="y", settings=SessionSettings(), now=0.0, limits=budgets.limits("another", 0.0))
    elsewhere.handle(FrameReceived(JoinRoom(room_id="z", file_hash=HASH)), 0.0)
    elsewhere.handle(RoomEntered("room-2"), 0.0)
    assert elsewhere.handle(FrameReceived(SEEK, 1), 0.0) == [ForwardToRoom(SEEK, 1)]


def test_what_a_member_cannot_do_without_is_granted_though_others_have_used_up_all() -> None:
    budgets = budgets_of(SessionSettings(), SharedSettings())
    for _ in range(100):
        limits = budgets.limits("net", 0.0)
        session = in_room(limits=limits)
        debtor(limits, session, 10_000.0)
        for _ in range(100):
            session.handle(FrameReceived(FILE), 0.0)
    limits = budgets.limits("net", 0.0)
    session = in_room(limits=limits)
    assert wait_of(session.handle(FrameReceived(FILE, 1), 0.0)) > 0.0, "its network has no tokens left, and owes"
    for message in (SEEK, REPORT, SetPolicy(locked=True), Kick(client_id="x")):
        assert session.handle(FrameReceived(message), 0.0) == [ForwardToRoom(message, None)]
        limits.charge(100.0, session.room_id)
    owed = left(budgets), limits.debt(0.0)
    assert session.handle(FrameReceived(SEEK), 0.0) == [ForwardToRoom(SEEK, None)]
    limits.charge(1000.0, session.room_id)
    assert (left(budgets), limits.debt(0.0)) == owed, "nobody waits longer for that"
    assert wait_of(session.handle(FrameReceived(SEEK, 1), 0.0)) > 0.0, "the share of a connection is a hundredth"
    assert session.handle(FrameReceived(SEEK), 8.0) == [ForwardToRoom(SEEK, None)], "600 at once, and 100 a second"


def test_members_of_a_room_that_owes_wait_but_are_not_closed_and_the_host_may_kick() -> None:
    budgets = budgets_of(SessionSettings(), SharedSettings())
    for number in range(100):
        limits = budgets.limits(f"net {number}", 0.0)
        debtor(limits, in_room(limits=limits), 10_000.0)
    session = in_room(limits=budgets.limits("an honest one", 0.0))
    assert wait_of(session.handle(FrameReceived(FILE, 1), 0.0)) == 94.0
    assert session.handle(FrameReceived(Kick(client_id="x"), 1), 0.0) == [ForwardToRoom(Kick(client_id="x"), 1)]
    for number in range(1800):
        effects = session.handle(FrameReceived(FILE), number / 20)
        assert not any(isinstance(effect, Close) for effect in effects)
    assert session.handle(FrameReceived(FILE, 1), 94.0) == [ForwardToRoom(FILE, 1)]


@pytest.mark.parametrize(
    ("members", "at_once", "per_second"), [(1, 6_000, 1_000), (10, 6_000, 1_000), (50, 30_000, 5_000)]
)
def test_a_room_has_the_more_the_more_members_it_has(members: int, at_once: int, per_second: int) -> None:
    budgets = budgets_of(SessionSettings(), SharedSettings(), members)
    sessions = []
    for number in range(20):
        limits = budgets.limits(f"net {number}", 0.0)
        sessions.append(in_room(limits=limits))
        debtor(limits, sessions[-1], at_once / 20)
    assert sessions[0].handle(FrameReceived(FILE, 1), 0.0) == [ForwardToRoom(FILE, 1)]
    sessions[0].limits.charge(2.0 * per_second, "room-1")
    assert wait_of(sessions[1].handle(FrameReceived(FILE, 1), 0.0)) == 2.0


def test_a_room_gets_nothing_at_once_by_members_that_come_and_go() -> None:
    places: dict[str, SomePlace] = {}
    rooms = budgets_of(SessionSettings(), SharedSettings(), 10, places).rooms
    here = places["room-1"]

    def at(members: int, now: float) -> float:
        here.member_count = members
        budget = rooms.at("room-1", now)
        assert budget is not None
        assert budget.wait(now) == 0.0
        return budget.left

    assert at(10, 0.0) == 6_000.0
    budget = rooms.get("room-1")
    assert budget is not None
    budget.spend(5_000.0)
    for _ in range(10):
        assert at(100, 0.0) == 1_000.0
        assert at(10, 0.0) == 1_000.0
    assert at(100, 1.0) == 2_000.0, "the second in which it had ten members"
    assert at(100, 2.0) == 12_000.0
    assert at(10, 3.0) == 6_000.0
    assert at(100, 4.0) == 6_000.0


def test_who_owes_and_goes_on_for_long_is_closed() -> None:
    budgets = budgets_of(SessionSettings(), SharedSettings())
    limits = budgets.limits("net", 0.0)
    session = in_room(limits=limits)
    debtor(limits, session, 1e6)
    number = 0
    effects: list[SessionEffect] = []
    while not any(isinstance(effect, Close) for effect in effects):
        number += 1
        effects = session.handle(FrameReceived(SEEK), number / 20)
    assert effects == [
        Reply(Goodbye(reason="rate-limited")),
        Close(CLOSE_RATE_LIMITED, "too much was sent because of this client"),
    ]
    assert 600 < number < 700


def test_a_player_that_reports_is_not_closed_for_what_others_of_its_network_owe() -> None:
    budgets = budgets_of(SessionSettings(), SharedSettings())
    guilty = budgets.limits("net", 0.0)
    debtor(guilty, in_room(limits=guilty), 1e9)
    session = in_room(limits=budgets.limits("net", 0.0))
    for number in range(3000):
        effects = session.handle(FrameReceived(REPORT), number * 2.0)
        assert not any(isinstance(effect, Close) for effect in effects)


# ---- what is forgotten ----------------------------------------------------------------------------------------------


def test_coming_back_from_the_same_network_gives_nothing_anew() -> None:
    budgets = budgets_of(SessionSettings(rooms_per_minute=1.0), SharedSettings(max_per_address=4))

    def made(now: float) -> bool:
        session = Session(client_id="x", settings=SessionSettings(), now=now, limits=budgets.limits("net", now))
        return isinstance(session.handle(FrameReceived(CreateRoom(file_hash=HASH)), now)[0], OpenRoom)

    assert [made(0.0), made(1.0), made(59.0), made(60.0)] == [True, False, False, True]


def test_the_networks_that_are_kept_are_bounded_and_many_of_them_share_what_some_may() -> None:
    budgets = budgets_of(SessionSettings(chat_per_minute=1.0), SharedSettings(max_per_address=4))

    def may(network: str, now: float) -> bool:
        return budgets.limits(network, now).take("chat", now) == 0.0

    assert sum(may(f"net {number}", 0.0) for number in range(10_100)) == 10_000 + 20
    assert len(budgets._networks._recent) == 10_000
    assert may("somebody new", 3600.0)
    assert len(budgets._networks._recent) < 10, "what is full again is forgotten"


# ---- all at random --------------------------------------------------------------------------------------------------

PART = SharedSettings().part(Rate(20.0, 60.0))
rates = st.builds(Rate, st.floats(0.1, 100), st.floats(1, 50))


@given(rates, rates, st.lists(st.tuples(st.floats(0, 3), st.integers(0, 3)), max_size=150))
def test_nobody_takes_more_than_its_rate_alone_or_with_its_network(
    own: Rate, shared: Rate, steps: list[tuple[float, int]]
) -> None:
    network = Allowance({"chat": shared})
    server, budgets_of_rooms = Allowance({}), budgets_of(SessionSettings(), SharedSettings()).rooms
    members = [Limits(Allowance({"chat": own})) for _ in range(4)]
    for member in members:
        member.share(network, server, budgets_of_rooms, PART)
    now, taken = 0.0, [0, 0, 0, 0]
    for gap, number in steps:
        now += gap
        wait = members[number].take("chat", now)
        taken[number] += wait == 0.0
        assert all(count <= own.burst + own.per_second * now + 1e-3 for count in taken)
        assert sum(taken) <= shared.burst + shared.per_second * now + 1e-3
        if wait > 0.0:
            assert members[number].take("chat", now + retry_after(wait)) == 0.0, "what is told is right"
            now += retry_after(wait)
            taken[number] += 1
        members[number].own.check()
        network.check()
