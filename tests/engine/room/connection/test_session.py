"""What a client may send when, and how much of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.connection.session import Session, SessionSettings, State
from hangd.engine.room.effects import (
    AnswerPing,
    AskAccounts,
    AskPush,
    Close,
    EnterRoom,
    ForwardToRoom,
    Greet,
    ListRoomsTo,
    OpenRoom,
    Reply,
    SessionEffect,
)
from hangd.engine.room.inputs import (
    FrameReceived,
    FrameRejected,
    Greeted,
    Identified,
    RoomEntered,
    RoomExited,
    SessionInput,
)
from hangd.protocol.accounts import (
    AccountRequest,
    Authenticate,
    CreatePairCode,
    Login,
    LoginByCode,
    Logout,
    Refresh,
    Register,
)
from hangd.protocol.errors import CLOSE_PROTOCOL, CLOSE_RATE_LIMITED, RemoteProtocolError
from hangd.protocol.invites import CreateInvite, GetBans, GetInvites, RevokeInvites, Unban
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
    Pause,
    Ping,
    Play,
    QueueInsert,
    QueueMove,
    QueueRemove,
    Report,
    Say,
    Seek,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    Speed,
    Stop,
)
from hangd.protocol.push import PushInvite, PushKeys, PushRequest, PushSubscribe, PushUnsubscribe
from tests.support.rooms.stage import FILE, HASH

HELLO = Hello(protocol=1, name="ann", client="test 1")
CREATE = CreateRoom(file_hash=HASH)
JOIN = JoinRoom(room_id="friday", file_hash=HASH)
PING = Ping(t0=1.0)
SUBSCRIBE = PushSubscribe("ann", "https://push.example/a", PushKeys("x" * 87, "x" * 22), "s" * 32)
UNSUBSCRIBE = PushUnsubscribe("ann", "s" * 32)
INVITE = PushInvite("bob")
FOR_A_ROOM: list[ClientMessage] = [
    LeaveRoom(),
    Play(timestamp=1.0),
    Pause(timestamp=1.0),
    Seek(timestamp=1.0),
    Speed(rate=1.0),
    Stop(),
    Report(state="paused", position=0.0, at=0.0),
    SetReady(ready=True),
    SetFile(file=FILE),
    SetMedia(file_hash=HASH, file=FILE),
    QueueInsert(after=None, entries=()),
    QueueRemove(ids=()),
    QueueMove(ids=(), after=None),
    SetEntry(id="1-0", file_hash="ab" * 32),
    Say(text="x"),
    SetPolicy(locked=True),
    SetRole(client_id="x", role="viewer"),
    GetRoom(),
    Kick(client_id="x"),
]


class Line:
    """A Session. Each step checks the invariants."""

    def __init__(self, *, needs_account: bool = False, needs_password: bool = False, **settings: Any) -> None:
        self.now = 10.0
        self.session = Session(
            client_id="1a2b3c4d-0000",
            settings=SessionSettings(**settings),
            now=self.now,
            needs_account=needs_account,
            needs_password=needs_password,
        )

    @property
    def known(self) -> tuple[object, ...]:
        """Who the client is and what it may do."""
        session = self.session
        return session.client_id, session.name, session.full, session.state, session.room_id

    def feed(self, input: SessionInput) -> list[SessionEffect]:
        effects = self.session.handle(input, self.now)
        self.session.check()
        assert not any(isinstance(effect, Close) for effect in effects[:-1]), "nothing follows Close"
        return effects

    def says(self, message: ClientMessage, re: str | int | None = None) -> list[SessionEffect]:
        return self.feed(FrameReceived(message, re))

    def at(self, state: State, *, full: bool = False) -> "Line":
        """Bring a new session into this state by the usual inputs."""
        if full or state is State.GREETING:
            self.says(HELLO)
        if full:
            self.feed(Greeted("ann"))
        elif state is State.IDLE:
            self.says(ListRooms())
        if state in (State.ENTERING, State.IN_ROOM):
            self.says(JOIN)
        if state is State.IN_ROOM:
            self.feed(RoomEntered("room-1"))
        if state is State.CLOSING:
            self.says(Hello(protocol=2, name="ann", client="x"))
        assert self.session.state is state
        return self


def code_of(effects: list[SessionEffect], re: str | int | None = None) -> str:
    """Return the code of the Error that is the only effect."""
    (effect,) = effects
    assert isinstance(effect, Reply)
    assert isinstance(effect.message, Error)
    assert effect.re == re
    return effect.message.code


# ---- the ways through -----------------------------------------------------------------------------------------------


def test_a_full_client_says_hello_and_enters() -> None:
    line = Line()
    assert line.says(HELLO, 1) == [Greet(HELLO, 1)]
    assert line.feed(Greeted("ann")) == []
    assert (line.session.full, line.session.name, line.session.state) == (True, "ann", State.IDLE)
    assert line.says(CREATE, 2) == [OpenRoom(CREATE, "ann", True, 2)]
    assert line.feed(RoomEntered("room-1")) == []
    assert line.session.room_id == "room-1"
    assert line.says(Play(timestamp=3.0), 3) == [ForwardToRoom(Play(timestamp=3.0), 3)]
    assert line.says(LeaveRoom(), 4) == [ForwardToRoom(LeaveRoom(), 4)]
    assert line.feed(RoomExited()) == []
    assert line.known == ("1a2b3c4d-0000", "ann", True, State.IDLE, None)
    assert line.says(JOIN, 5) == [EnterRoom(JOIN, "ann", True, 5)]


def test_a_basic_client_enters_without_hello_and_gets_a_name() -> None:
    line = Line()
    assert line.says(JOIN) == [EnterRoom(JOIN, "guest-1a2b", False, None)]
    line.feed(RoomEntered("room-1"))
    assert not line.session.full
    line.feed(RoomExited())
    assert line.says(CREATE) == [OpenRoom(CREATE, "guest-1a2b", False, None)]


def test_a_resumed_member_is_in_its_room_at_once() -> None:
    line = Line()
    line.says(HELLO)
    line.feed(Greeted("ann", "old-id", "room-1"))
    assert line.known == ("old-id", "ann", True, State.IN_ROOM, "room-1")
    assert line.says(GetRoom()) == [ForwardToRoom(GetRoom(), None)]


def test_a_client_that_was_refused_may_try_again() -> None:
    line = Line().at(State.ENTERING)
    assert line.feed(RoomExited()) == []
    assert line.says(JOIN) == [EnterRoom(JOIN, "guest-1a2b", False, None)]


def test_a_client_that_was_removed_is_in_no_room() -> None:
    line = Line().at(State.IN_ROOM)
    line.feed(RoomExited())
    assert code_of(line.says(Play(timestamp=0.0))) == "NotInRoom"


def test_pings_before_hello_do_not_make_a_client_basic() -> None:
    line = Line()
    assert line.says(PING, 1) == [AnswerPing(t0=1.0, t1=10.0, re=1)]
    assert line.says(HELLO) == [Greet(HELLO, None)]


def test_a_client_that_lists_rooms_first_stays_basic() -> None:
    line = Line()
    assert line.says(ListRooms(), 1) == [ListRoomsTo(None, 1)]
    assert code_of(line.says(HELLO)) == "InvalidMessage"


@pytest.mark.parametrize("message", [SUBSCRIBE, UNSUBSCRIBE, INVITE], ids=lambda message: type(message).__name__)
def test_a_member_may_ask_for_push(message: PushRequest) -> None:
    assert Line().at(State.IN_ROOM, full=True).says(message, 1) == [AskPush(message, "ann", 1)]


def test_a_client_in_no_room_may_subscribe_and_invites_nobody() -> None:
    line = Line().at(State.IDLE, full=True)
    assert line.says(SUBSCRIBE, 1) == [AskPush(SUBSCRIBE, "ann", 1)]
    assert line.says(UNSUBSCRIBE, 2) == [AskPush(UNSUBSCRIBE, "ann", 2)]
    assert code_of(line.says(INVITE, 3), 3) == "NotInRoom"


def test_invitations_of_one_connection_are_few() -> None:
    line = Line().at(State.IN_ROOM, full=True)
    assert all(isinstance(line.says(INVITE)[0], AskPush) for _ in range(5))
    assert code_of(line.says(INVITE)) == "RateLimited"
    assert line.says(Say(text="x")) == [ForwardToRoom(Say(text="x"), None)]
    line.now += 20.0
    assert isinstance(line.says(INVITE)[0], AskPush)


# ---- what is legal where --------------------------------------------------------------------------------------------

EVERYWHERE = (State.NEW, State.GREETING, State.IDLE, State.ENTERING, State.IN_ROOM)


@pytest.mark.parametrize("state", EVERYWHERE)
def test_pings_are_answered_in_every_state(state: State) -> None:
    line = Line().at(state)
    before = line.known
    assert line.says(PING) == [AnswerPing(t0=1.0, t1=10.0, re=None)]
    assert line.known == before


@pytest.mark.parametrize("message", FOR_A_ROOM, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("full", [False, True])
def test_messages_for_a_room_are_forwarded(message: ClientMessage, full: bool) -> None:
    assert Line().at(State.IN_ROOM, full=full).says(message, "m") == [ForwardToRoom(message, "m")]


def illegal() -> list[Any]:
    cases: list[tuple[State, ClientMessage, str]] = []
    for state in EVERYWHERE[1:]:
        cases.append((state, HELLO, "InvalidMessage"))
    for state in (State.GREETING, State.ENTERING):
        cases += [(state, message, "RateLimited") for message in (CREATE, JOIN, ListRooms(), *FOR_A_ROOM)]
    for state in (State.NEW, State.IDLE):
        cases += [(state, message, "NotInRoom") for message in FOR_A_ROOM]
    cases += [(state, SUBSCRIBE, "Forbidden") for state in (State.NEW, State.IDLE, State.IN_ROOM)]
    cases += [(State.IN_ROOM, message, "AlreadyInRoom") for message in (CREATE, JOIN)]
    return [
        pytest.param(state, message, code, id=f"{state.name}-{type(message).__name__}")
        for state, message, code in cases
    ]


@pytest.mark.parametrize(("state", "message", "code"), illegal())
def test_a_message_that_is_not_allowed_is_refused_and_changes_nothing(
    state: State, message: ClientMessage, code: str
) -> None:
    line = Line().at(state)
    before = line.known
    assert code_of(line.says(message, "m"), "m") == code
    assert line.known == before


@pytest.mark.parametrize("input", [Greeted("x"), Greeted("x", "y", "room-2"), RoomEntered("room-2"), RoomExited()])
@pytest.mark.parametrize("state", EVERYWHERE)
def test_a_result_that_the_session_does_not_wait_for_changes_nothing(state: State, input: SessionInput) -> None:
    awaited = {State.GREETING: (Greeted,), State.ENTERING: (RoomEntered, RoomExited), State.IN_ROOM: (RoomExited,)}
    if isinstance(input, awaited.get(state, ())):
        return
    line = Line().at(state)
    before = line.known
    assert line.feed(input) == []
    assert line.known == before


def test_a_closing_session_ignores_all_inputs() -> None:
    line = Line().at(State.CLOSING)
    for input in (FrameReceived(HELLO), FrameReceived(PING), Greeted("x"), RoomEntered("r"), RoomExited(), rejected()):
        assert line.feed(input) == []
    assert line.session.state is State.CLOSING


def test_another_version_of_the_protocol_ends_the_connection() -> None:
    line = Line()
    error, close = line.says(Hello(protocol=2, name="ann", client="x"), 1)
    assert isinstance(error, Reply)
    assert isinstance(error.message, Error)
    assert (error.message.code, error.re) == ("UnsupportedProtocol", 1)
    assert isinstance(close, Close)
    assert close.code == CLOSE_PROTOCOL
    assert line.session.state is State.CLOSING


# ---- frames that are none -------------------------------------------------------------------------------------------


def rejected(request_id: str | None = None) -> FrameRejected:
    return FrameRejected(RemoteProtocolError("InvalidMessage", "bad", path="$.payload.x", request_id=request_id))


@pytest.mark.parametrize("state", EVERYWHERE)
def test_an_invalid_frame_is_answered_and_changes_nothing(state: State) -> None:
    line = Line().at(state)
    before = line.known
    error = Error(code="InvalidMessage", message="bad", retry=False, details={"path": "$.payload.x"})
    assert line.feed(rejected("r")) == [Reply(error, "r")]
    assert line.known == before


def test_twenty_invalid_frames_within_a_minute_end_the_connection() -> None:
    line = Line().at(State.IN_ROOM, full=True)
    for _ in range(19):
        assert len(line.feed(rejected())) == 1
        line.now += 3.0
    _, goodbye, close = line.feed(rejected())
    assert goodbye == Reply(Goodbye(reason="protocol"))
    assert isinstance(close, Close)
    assert close.code == CLOSE_PROTOCOL


def test_twenty_invalid_frames_in_a_longer_time_do_not() -> None:
    line = Line()
    for _ in range(100):
        assert len(line.feed(rejected())) == 1
        line.now += 3.2


# ---- too much -------------------------------------------------------------------------------------------------------


def test_messages_above_the_limit_are_dropped_and_refused_once_a_second() -> None:
    line = Line(messages_per_second=10.0, burst=5.0).at(State.IN_ROOM)
    line.now += 10.0
    play = Play(timestamp=1.0)
    assert [line.says(play) for _ in range(5)] == [[ForwardToRoom(play, None)]] * 5
    assert code_of(line.says(play, "m"), "m") == "RateLimited"
    assert line.says(play) == []
    line.now += 0.1
    assert line.says(play) == [ForwardToRoom(play, None)]
    assert line.says(play) == []
    line.now += 1.0
    for _ in range(5):
        line.says(play)
    (complaint,) = line.says(play)
    assert isinstance(complaint, Reply)
    assert isinstance(complaint.message, Error)
    assert (complaint.message.retry, complaint.message.details) == (True, {"retry_after": 0.1, "limit": "messages"})
    assert complaint.message.message == "too many messages: try again in 1 s"


def test_requests_above_the_limit_are_each_answered() -> None:
    line = Line(messages_per_second=10.0, burst=5.0).at(State.IN_ROOM)
    play = Play(timestamp=1.0)
    while line.says(play) == [ForwardToRoom(play, None)]:
        pass
    assert [code_of(line.says(play, mark), mark) for mark in ("a", "b", "c")] == ["RateLimited"] * 3
    assert line.says(play) == []


def test_pings_are_limited_separately() -> None:
    line = Line(burst=1.0, ping_burst=3.0)
    assert [len(line.says(PING)) for _ in range(3)] == [1, 1, 1]
    assert code_of(line.says(PING)) == "RateLimited"
    assert line.says(HELLO) == [Greet(HELLO, None)]


@pytest.mark.parametrize("full", [False, True])
def test_a_flood_ends_the_connection(full: bool) -> None:
    line = Line().at(State.IN_ROOM, full=full)
    effects: list[SessionEffect] = []
    sent = 0
    while not any(isinstance(effect, Close) for effect in effects):
        effects = line.says(Play(timestamp=1.0))
        sent += 1
        assert sent < 1000
    assert sent > 600
    goodbye = [Reply(Goodbye(reason="rate-limited"))] if full else []  # a basic client would not understand
    assert effects == [*goodbye, Close(CLOSE_RATE_LIMITED, "far too many messages")]
    assert line.says(PING) == []


def test_a_client_slightly_above_the_limit_stays_connected() -> None:
    line = Line().at(State.IN_ROOM)
    for _ in range(20_000):
        line.now += 1 / 35  # 20 a second are allowed
        assert not any(isinstance(effect, Close) for effect in line.says(Play(timestamp=1.0)))


# ---- all at random --------------------------------------------------------------------------------------------------

inputs = st.one_of(
    st.sampled_from([HELLO, Hello(protocol=9, name="x", client="x"), CREATE, JOIN, PING, ListRooms(), *FOR_A_ROOM]).map(
        FrameReceived
    ),
    st.sampled_from([Greeted("ann"), Greeted("ann", "old", "room-1"), RoomEntered("room-1"), RoomExited()]),
    st.just(rejected()),
)


@given(st.lists(st.tuples(inputs, st.floats(-1.0, 5.0)), max_size=60))
def test_random_inputs_keep_the_invariants(steps: list[tuple[SessionInput, float]]) -> None:
    """Only pings are answered while the session waits for a result, and no effect follows Close."""
    line = Line(burst=20.0)
    closed = False
    for input, gap in steps:
        line.now += gap
        awaiting = line.session.state in (State.GREETING, State.ENTERING)
        effects = line.feed(input)
        assert not (closed and effects)
        closed = closed or any(isinstance(effect, Close) for effect in effects)
        if awaiting:
            assert not any(isinstance(effect, Greet | OpenRoom | EnterRoom | ForwardToRoom) for effect in effects)


# ---- accounts, and servers that not everybody may use ---------------------------------------------------------------

LOGIN = Login("ann", "a password")
ABOUT_ACCOUNTS: list[AccountRequest] = [
    Register("ann", "a password"),
    LOGIN,
    LoginByCode("BCDF-GHJK"),
    Refresh("r" * 16),
    Authenticate("token"),
    Logout(),
    CreatePairCode(),
]
ABOUT_TRUST: list[ClientMessage] = [CreateInvite(), GetInvites(), RevokeInvites(), GetBans(), Unban("b1")]


@pytest.mark.parametrize("message", ABOUT_ACCOUNTS)
def test_a_full_client_asks_about_accounts_in_and_out_of_rooms(message: AccountRequest) -> None:
    for state in (State.IDLE, State.IN_ROOM):
        assert Line().at(state, full=True).says(message, 3) == [AskAccounts(message, 3)]
        assert code_of(Line().at(state).says(message)) == "Forbidden"
    assert code_of(Line().at(State.ENTERING, full=True).says(message)) == "RateLimited"


@pytest.mark.parametrize("message", ABOUT_TRUST)
def test_requests_about_who_is_let_in_are_for_a_room_and_of_full_clients(message: ClientMessage) -> None:
    assert Line().at(State.IN_ROOM, full=True).says(message, 3) == [ForwardToRoom(message, 3)]
    assert code_of(Line().at(State.IDLE, full=True).says(message)) == "NotInRoom"
    assert code_of(Line().at(State.IN_ROOM).says(message)) == "Forbidden"


def test_one_request_about_accounts_at_a_time() -> None:
    line = Line().at(State.IDLE, full=True)
    line.says(LOGIN, 1)
    assert code_of(line.says(LOGIN, 2), 2) == "RateLimited"
    assert line.says(CREATE, 3) == [OpenRoom(CREATE, "ann", True, 3)], "other requests do not wait for it"
    line.feed(RoomEntered("room-1"))
    line.feed(Identified(has_account=True))
    assert line.says(Logout(), 4) == [AskAccounts(Logout(), 4)]


EVERYTHING: list[ClientMessage] = [CREATE, JOIN, ListRooms(), SUBSCRIBE, UNSUBSCRIBE, INVITE, *FOR_A_ROOM, *ABOUT_TRUST]


@pytest.mark.parametrize("message", EVERYTHING)
def test_where_an_account_is_needed_nothing_is_granted_before_the_login(message: ClientMessage) -> None:
    line = Line(needs_account=True).at(State.IDLE, full=True)
    before = line.known
    (effect,) = line.says(message)
    assert isinstance(effect, Reply) and isinstance(effect.message, Error)
    assert (effect.message.code, effect.message.details) == ("Unauthorized", {"need": "account"})
    assert line.known == before
    line.says(LOGIN)
    line.feed(Identified(has_account=True))
    answer = line.says(message)
    assert not (isinstance(answer[0], Reply) and getattr(answer[0].message, "code", "") == "Unauthorized")
    line.feed(Identified(has_account=False))
    if line.session.state is not State.ENTERING:
        assert code_of(line.says(message)) == "Unauthorized", "who has logged out is nobody again"


def test_where_an_account_is_needed_a_token_in_hello_is_enough() -> None:
    line = Line(needs_account=True)
    line.says(HELLO)
    line.feed(Greeted("ann", has_account=True))
    assert line.says(CREATE) == [OpenRoom(CREATE, "ann", True, None)]


def test_a_member_that_has_resumed_without_its_account_is_silent_until_it_has_logged_in() -> None:
    line = Line(needs_account=True)
    line.says(HELLO)
    line.feed(Greeted("ann", "old-id", "room-1"))
    assert code_of(line.says(Say(text="x"))) == "Unauthorized"
    assert line.says(PING) == [AnswerPing(1.0, line.now)]
    line.says(LOGIN)
    line.feed(Identified(has_account=True))
    assert line.says(Say(text="x")) == [ForwardToRoom(Say(text="x"))]


@pytest.mark.parametrize("wants", ["needs_account", "needs_password"])
@pytest.mark.parametrize("message", [*EVERYTHING, *ABOUT_ACCOUNTS])
def test_a_basic_client_is_granted_nothing_where_hello_has_to_say_more(wants: str, message: ClientMessage) -> None:
    line = Line(**{wants: True})
    assert code_of(line.says(message)) == "Unauthorized"
    assert line.session.state is State.NEW, "it may still say Hello"
    assert line.says(HELLO) == [Greet(HELLO)]


def test_who_was_greeted_where_there_is_a_password_has_given_it() -> None:
    line = Line(needs_password=True).at(State.IDLE, full=True)
    assert line.says(JOIN) == [EnterRoom(JOIN, "ann", True)]
