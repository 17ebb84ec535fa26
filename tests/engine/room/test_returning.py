"""Coming back into a room after an absence that was longer than a member's place is kept."""

from typing import Any

import msgspec
import pytest

from hangd.engine.room.inputs import CreateRequested, JoinRequested
from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import (
    CreateRoom,
    JoinRoom,
    Kick,
    LeaveRoom,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    RoomCreated,
    RoomJoined,
    SetPolicy,
    SetRole,
)
from hangd.protocol.model import PolicyChange
from tests.support.rooms.stage import FILE, HASH, SECRET, Stage

AWAY = 90.0


class Returning(Stage):
    """A stage whose clients keep the secret with which they may come back."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.secrets: dict[str, str | None] = {}

    def opens(self, client_id: str, **fields: Any) -> None:
        message = CreateRoom(file_hash=HASH, file=FILE, **fields)
        self.feed(CreateRequested(client_id, client_id, True, SECRET, message, 1, f"return-secret-of-{client_id}"))
        ((created, _),) = self.answers(client_id)
        assert isinstance(created, RoomCreated)
        self.secrets[client_id] = created.return_secret

    def enters(self, client_id: str, *, name: str | None = None, full: bool = True, **fields: Any) -> RoomJoined:
        """Join, and expect to be let in."""
        if not full:
            self.basic.add(client_id)
        message = JoinRoom(room_id="room-1", file_hash=HASH, file=FILE, **fields)
        new = f"return-secret-of-{client_id}"
        self.feed(JoinRequested(client_id, name or client_id, full, message, 1, new))
        joined = next(message for message, _ in self.answers(client_id) if isinstance(message, RoomJoined))
        self.secrets[client_id] = joined.return_secret
        return joined

    def is_refused(self, client_id: str, **fields: Any) -> str:
        """Try to join, and return the code of the refusal."""
        message = JoinRoom(room_id="room-1", file_hash=HASH, file=FILE, **fields)
        self.feed(JoinRequested(client_id, client_id, True, message, 1, f"return-secret-of-{client_id}"))
        return self.error(client_id).code

    def is_away_too_long(self, client_id: str) -> None:
        self.loses(client_id)
        self.passes(AWAY + 1)
        assert client_id not in self.ids

    def roles(self) -> dict[str, str]:
        return {member.name: member.role for member in self.room.view().members}


@pytest.fixture
def locked() -> Returning:
    """Ann, the host, and bob in a room that ann has locked."""
    stage = Returning(ttl=10_000.0)
    stage.opens("ann")
    stage.enters("bob")
    stage.says("ann", SetPolicy(locked=True))
    stage.goes_on()
    return stage


def test_a_member_of_a_locked_room_comes_back_however_long_it_was_away(locked: Returning) -> None:
    locked.is_away_too_long("bob")
    locked.passes(5000.0)
    joined = locked.enters("bob-again", name="bob", return_secret=locked.secrets["bob"])
    assert joined.return_secret == locked.secrets["bob"], "an answer that is lost costs nothing"
    assert locked.roles() == {"ann": "host", "bob": "viewer"}
    locked.is_away_too_long("bob-again")
    locked.enters("bob-3", name="bob", return_secret=locked.secrets["bob"])


def test_who_left_a_locked_room_of_its_own_accord_comes_back_too(locked: Returning) -> None:
    locked.says("bob", LeaveRoom())
    locked.goes_on()
    locked.enters("bob-again", return_secret=locked.secrets["bob"])


@pytest.mark.parametrize("ban", [False, True])
def test_who_was_put_out_of_a_locked_room_stays_out(locked: Returning, ban: bool) -> None:
    locked.says("ann", Kick("bob", ban=ban))
    locked.goes_on()
    assert locked.is_refused("bob-again", return_secret=locked.secrets["bob"]) == "RoomLocked"


def test_nobody_else_comes_into_a_locked_room(locked: Returning) -> None:
    locked.is_away_too_long("bob")
    locked.goes_on()
    assert locked.is_refused("eve") == "RoomLocked"
    assert locked.is_refused("eve", return_secret="a-secret-that-was-guessed") == "RoomLocked"
    locked.enters("bob-again", return_secret=locked.secrets["bob"])
    # The same secret once more: the one whose it is is here.
    assert locked.is_refused("eve", return_secret=locked.secrets["bob"]) == "RoomLocked"


def test_who_had_gone_before_the_room_was_locked_stays_out() -> None:
    stage = Returning()
    stage.opens("ann")
    stage.enters("bob")
    stage.enters("cy")
    stage.says("bob", LeaveRoom())
    stage.loses("cy")  # away is not gone: cy is a member still
    stage.says("ann", SetPolicy(locked=True))
    stage.goes_on()
    assert stage.is_refused("bob-again", return_secret=stage.secrets["bob"]) == "RoomLocked"
    stage.passes(AWAY + 1)
    stage.goes_on()
    stage.enters("cy-again", return_secret=stage.secrets["cy"])


def test_locking_anew_forgets_who_had_gone(locked: Returning) -> None:
    locked.is_away_too_long("bob")
    locked.says("ann", SetPolicy(locked=True))
    assert len(locked.room.saved().former) == 1, "it was locked already"
    locked.says("ann", SetPolicy(locked=False))
    locked.says("ann", SetPolicy(locked=True))
    locked.goes_on()
    assert locked.is_refused("bob-again", return_secret=locked.secrets["bob"]) == "RoomLocked"


@pytest.mark.parametrize("locks", [False, True])
def test_role_and_name_come_back(locks: bool) -> None:
    stage = Returning()
    stage.opens("ann")
    stage.enters("cy")
    stage.enters("cy's second screen", name="cy")
    stage.says("ann", SetRole("cy's second screen", "controller"))
    stage.says("ann", SetPolicy(locked=locks))
    assert stage.roles() == {"ann": "host", "cy": "viewer", "cy-2": "controller"}
    stage.is_away_too_long("cy's second screen")
    stage.says("cy", LeaveRoom())
    stage.enters("x", name="cy", return_secret=stage.secrets["cy's second screen"])
    assert stage.roles() == {"ann": "host", "cy-2": "controller"}


def test_whoever_asks_for_another_name_gets_that(locked: Returning) -> None:
    locked.is_away_too_long("bob")
    locked.enters("x", name="bobby", return_secret=locked.secrets["bob"])
    assert locked.roles() == {"ann": "host", "bobby": "viewer"}


def test_a_host_that_comes_back_is_a_controller_and_the_owner_is_host(locked: Returning) -> None:
    locked.is_away_too_long("ann")
    assert locked.roles() == {"bob": "host"}
    locked.enters("ann-2", name="ann", return_secret=locked.secrets["ann"])
    assert locked.roles() == {"bob": "host", "ann": "controller"}
    locked.says("ann-2", LeaveRoom())
    assert locked.enters("ann-3", name="ann", return_secret=locked.secrets["ann"], host_secret=SECRET).is_host
    assert locked.roles() == {"bob": "controller", "ann": "host"}


def test_a_member_that_is_away_is_replaced_by_the_one_that_shows_its_secret(locked: Returning) -> None:
    """A daemon that was killed, and has lost the secret of its connection: its place is kept for some time yet."""
    locked.loses("ann")
    locked.goes_on()
    joined = locked.enters("ann-2", name="ann", return_secret=locked.secrets["ann"])
    assert joined.is_host
    assert locked.roles() == {"bob": "controller", "ann": "host"}
    told = [type(message) for message in locked.heard("bob") if not isinstance(message, MemberChanged)]
    assert told == [MemberLeft, MemberJoined]
    assert "ann" not in locked.ids and len(locked.ids) == 2


def test_a_daemon_that_crashed_before_it_could_keep_its_secret_leaves_no_second_row() -> None:
    stage = Returning(capacity=2)
    stage.opens("ann")
    for time in range(3):
        stage.enters(f"bob {time}", name="bob")
        stage.loses(f"bob {time}")
    stage.goes_on()
    stage.enters("bob again", name="bob")
    assert [member.name for member in stage.room.view().members] == ["ann", "bob"]
    assert [type(message) for message in stage.heard("ann")] == [MemberLeft, MemberJoined]


def test_nor_does_one_whose_first_crash_was_not_noticed_in_time() -> None:
    stage = Returning()
    stage.opens("ann")
    stage.enters("bob 1", name="bob")
    stage.enters("bob 2", name="bob")
    stage.loses("bob 1")
    stage.loses("bob 2")
    stage.enters("bob 3", name="bob")
    assert stage.roles() == {"ann": "host", "bob": "viewer"}


def test_a_namesake_gets_nothing_and_its_owner_comes_back_by_the_secret(locked: Returning) -> None:
    locked.says("ann", SetRole("bob", "controller"))
    locked.says("ann", SetPolicy(locked=False))
    locked.loses("bob")
    locked.enters("eve", name="bob")
    assert locked.roles() == {"ann": "host", "bob": "viewer"}
    locked.enters("bob again", name="bob", return_secret=locked.secrets["bob"])
    assert locked.roles() == {"ann": "host", "bob": "viewer", "bob-2": "controller"}


def test_the_place_of_a_host_is_not_given_up_for_a_namesake() -> None:
    stage = Returning()
    stage.opens("ann")
    stage.enters("bob")
    stage.loses("ann")
    stage.enters("eve", name="ann")
    stage.resumes("ann")
    assert stage.member("ann").role == "host"
    stage.enters("guest", name="bob-2")
    assert {"ann", "ann-2", "bob", "bob-2"} == set(stage.roles()), "who is there is nobody's namesake"


def test_a_full_room_lets_nobody_back_in_but_into_a_place_that_is_kept() -> None:
    stage = Returning(capacity=2)
    stage.opens("ann")
    stage.enters("bob")
    stage.loses("bob")
    stage.goes_on()
    stage.enters("bob-2", return_secret=stage.secrets["bob"])
    stage.is_away_too_long("bob-2")
    stage.enters("cy")
    stage.goes_on()
    assert stage.is_refused("bob-3", return_secret=stage.secrets["bob"]) == "RoomFull"


def test_a_password_is_asked_of_who_comes_back_too() -> None:
    stage = Returning()
    stage.opens("ann", policy=PolicyChange(locked=True))
    stage.is_away_too_long("ann")
    stage.room._data.set_password_hash("hash")
    stage.goes_on()
    assert stage.is_refused("ann-2", return_secret=stage.secrets["ann"]) == "WrongPassword"


def test_a_basic_member_gets_no_secret_and_cannot_use_one(locked: Returning) -> None:
    locked.says("ann", SetPolicy(locked=False))
    joined = locked.enters("guest", full=False)
    assert joined.return_secret is None
    locked.is_away_too_long("bob")
    locked.goes_on()
    joined = locked.enters("guest-2", full=False, return_secret=locked.secrets["bob"])
    assert joined.return_secret is None
    assert len(locked.room.saved().former) == 1


def test_the_secrets_outlive_the_server(locked: Returning) -> None:
    locked.enters("cy", host_secret=SECRET)
    locked.is_away_too_long("bob")
    saved = locked.room.saved()
    locked.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(ttl=10_000.0), now=locked.now)
    locked.goes_on()
    locked.enters("bob-again", return_secret=locked.secrets["bob"])
    locked.passes(AWAY + 1)  # those that the restart has made away are gone
    locked.enters("cy-again", return_secret=locked.secrets["cy"])


def test_a_room_that_was_saved_before_there_were_such_secrets_still_opens() -> None:
    saved = msgspec.json.decode(
        b'{"room_id":"room-1","host_digest":"c2VjcmV0","file_hash":"%s","file":null,"policy":{"locked":true},'
        b'"members":[{"client_id":"ann","name":"ann","role":"host"}],"timeline":{"epoch":"e","rev":1,"playing":false,'
        b'"position":3.0,"rate":1.0,"at":90.0}}' % HASH.encode(),
        type=SavedRoom,
    )
    stage = Returning()
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    stage.resumes("ann")
    assert stage.roles() == {"ann": "host"}
    assert stage.is_refused("bob", return_secret="a-secret-of-nobody") == "RoomLocked"
    stage.says("ann", LeaveRoom())
    assert stage.room.saved().former == ()


def test_no_more_are_remembered_than_a_room_may_have_members() -> None:
    stage = Returning(capacity=3)
    stage.opens("ann")
    for number in range(9):
        stage.enters(f"guest {number}")
        stage.says(f"guest {number}", LeaveRoom())
    assert [former.name for former in stage.room.saved().former] == ["guest 6", "guest 7", "guest 8"]
