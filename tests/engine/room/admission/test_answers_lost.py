"""A client that was let in and has not heard of it is told again, by the same owner of the room or by the next one."""

from hangd.engine.room.effects import CheckPassword, LetIn
from hangd.engine.room.inputs import AnswerLost, ConnectionLost, CreateRequested, EntryRequest, JoinRequested
from hangd.engine.room.inputs import PasswordChecked as Checked
from hangd.protocol.messages import CreateRoom, JoinRoom, MemberChanged, RoomCreated, RoomJoined
from tests.support.rooms.stage import FILE, HASH, SECRET, Stage

CREATION = CreateRequested(
    "ann", "ann", True, SECRET, CreateRoom(file_hash=HASH, file=FILE), "creation", return_secret="a secret of ann's"
)


def joining(return_secret: str = "a new secret", shown: str | None = None, password: str | None = None) -> EntryRequest:
    message = JoinRoom(room_id="room-1", file_hash=HASH, file=FILE, return_secret=shown, password=password)
    return JoinRequested("bob", "bob", True, message, "joining", return_secret=return_secret)


def created(password_hash: str | None = None) -> Stage:
    stage = Stage(password_hash=password_hash)
    stage.feed(CREATION)
    return stage


def test_a_member_is_told_again_that_it_is_in_and_nobody_else_is() -> None:
    stage = created()
    stage.feed(joining())
    (before,) = stage.answers("bob")
    stage.goes_on()
    effects = stage.room.handle(AnswerLost(joining()), stage.now)
    assert effects[0] == LetIn("bob")
    stage._take(effects)
    assert stage.answers("bob") == [before]
    stage.nobody_heard_more()


def test_who_has_made_the_room_is_told_again_with_both_secrets() -> None:
    stage = created()
    before = stage.answers("ann")
    stage.feed(AnswerLost(CREATION))
    assert stage.answers("ann") == before
    ((answer, re),) = before
    assert isinstance(answer, RoomCreated)
    assert (answer.host_secret, answer.return_secret, re) == (SECRET, "a secret of ann's", "creation")


def test_a_member_that_had_come_back_keeps_its_secret() -> None:
    stage = created()
    stage.feed(joining("the first secret"))
    stage.feed(ConnectionLost("bob"))
    again = JoinRequested(
        "bob-2",
        "bob",
        True,
        JoinRoom(room_id="room-1", file_hash=HASH, return_secret="the first secret"),
        1,
        "not used",
    )
    stage.feed(again)
    stage.goes_on()
    stage.feed(AnswerLost(again))
    (joined,) = stage.heard("bob-2")
    assert isinstance(joined, RoomJoined)
    assert joined.return_secret == "the first secret"


def test_a_member_that_the_next_owner_takes_for_away_is_there_again() -> None:
    stage = created()
    stage.feed(joining())
    stage.feed(ConnectionLost("bob"))
    stage.goes_on()
    stage.feed(AnswerLost(joining()))
    assert stage.room.is_present("bob")
    assert [type(message) for message in stage.heard("bob")] == [RoomJoined]
    assert [type(message) for message in stage.heard("ann")] == [MemberChanged]


def test_the_password_of_whoever_waits_for_that_is_compared_again_and_counts_once() -> None:
    stage = created(password_hash="hash")
    asked = joining(password="sesame")
    stage.feed(asked)
    stage.goes_on()
    stage.feed(AnswerLost(asked))
    assert stage.ordered() == [CheckPassword("bob", "sesame", "hash")]
    stage.feed(Checked("bob", True))
    stage.feed(Checked("bob", True))
    assert [type(message) for message in stage.heard("bob")] == [RoomJoined]


def test_a_client_that_has_not_been_let_in_asks_anew() -> None:
    stage = created()
    stage.feed(AnswerLost(joining()))
    assert stage.ids == ["ann", "bob"]
