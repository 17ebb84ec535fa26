"""Entering and leaving a room: who is let in, who is refused and why."""

from typing import Any

import pytest

from hangd.engine.room.effects import (
    CheckPassword,
    CountGuess,
    ForgetMember,
    ForgetRoom,
    HashPassword,
)
from hangd.engine.room.inputs import (
    CheckLost,
    ConnectionLost,
    CreateRequested,
    HashLost,
    PasswordChecked,
    PasswordHashed,
)
from hangd.protocol.errors import ErrorCode, RequestRefused
from hangd.protocol.messages import (
    CreateRoom,
    Error,
    Kick,
    LeaveRoom,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    Play,
    RoomCreated,
    RoomJoined,
    RoomLeft,
    SetFile,
    SetPolicy,
)
from hangd.protocol.model import FileInfo, Policy, PolicyChange, RoomSummary, Timeline
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, QUICK, SECRET, Stage, file_info

WRONG_SECRET = "the-secret-of-another"


def refusal(stage: Stage, client_id: str) -> Error:
    """Return the Error that this client got. It is forgotten, and nobody else was told."""
    error = stage.error(client_id)
    assert [order for order in stage.ordered() if not isinstance(order, CountGuess)] == [
        ForgetMember(client_id, "refused")
    ]
    assert client_id not in stage.ids
    stage.nobody_heard_more()
    return error


def ready(password_hash: str | None = None, **policy: Any) -> Stage:
    """A room that ann created. All messages so far are taken."""
    stage = Stage(password_hash=password_hash)
    stage.create("ann", policy=PolicyChange(**policy))
    stage.goes_on()
    return stage


# ---- creating -------------------------------------------------------------------------------------------------------


def test_the_creator_is_host_and_only_it_gets_the_secret() -> None:
    stage = Stage()
    stage.create("ann", name="friday", re=5)
    ((message, re),) = stage.answers("ann")
    assert isinstance(message, RoomCreated)
    assert re == 5
    assert (message.room_id, message.client_id, message.host_secret) == ("room-1", "ann", SECRET)
    room = message.room
    assert (room.name, room.file_hash, room.file, room.policy) == ("friday", HASH, FILE, Policy())
    assert [(member.client_id, member.role, member.state) for member in room.members] == [("ann", "host", "idle")]
    assert room.timeline == Timeline(epoch="epoch-1", rev=0, playing=False, position=0.0, rate=1.0, at=100.0)
    assert (stage.room.room_id, stage.room.timeline.epoch, stage.room.timeline.rev) == ("room-1", "epoch-1", 0)


def test_the_creator_may_set_rules_within_the_servers_limits() -> None:
    stage = Stage(capacity=10)
    stage.create("ann", policy=PolicyChange(control="host", match="none", wait="everyone", capacity=500, locked=True))
    assert stage.room.view().policy == Policy(
        control="host", match="none", wait="everyone", capacity=10, locked=True, has_password=False
    )


def test_a_password_in_the_policy_of_a_new_room_is_hashed() -> None:
    stage = Stage()
    stage.create("ann", policy=PolicyChange(password="sesame"))
    assert stage.ordered() == [HashPassword("ann", "sesame")]
    stage.feed(PasswordHashed("ann", "hash-of-sesame"))
    assert stage.room.view().policy.has_password


def test_a_room_is_created_once() -> None:
    stage = ready()
    stage.feed(CreateRequested("bob", "bob", True, WRONG_SECRET, CreateRoom(file_hash=OTHER_HASH), 9))
    assert refusal(stage, "bob").code == "AlreadyInRoom"
    assert stage.room.view().file_hash == HASH


def test_nobody_may_join_a_room_that_was_not_created() -> None:
    stage = Stage()
    stage.join("bob")
    assert refusal(stage, "bob").code == "RoomNotFound"


def test_the_public_list_shows_only_what_outsiders_may_know() -> None:
    stage = Stage(password_hash="hash")
    stage.create("ann", name="friday", policy=PolicyChange(locked=True))
    assert stage.room.summary() == RoomSummary("room-1", members=1, locked=True, has_password=True, name="friday")


@pytest.mark.parametrize("rule", [{"locked": True}, {"password": "sesame"}, {"access": "invited"}])
def test_the_public_list_names_the_film_of_a_room_that_anybody_may_enter_alone(rule: dict[str, Any]) -> None:
    stage = Stage(invites=True)
    stage.create("ann")
    assert stage.room.summary().media == "film.mkv"
    stage.says("ann", SetPolicy(**rule))
    if "password" in rule:
        stage.feed(PasswordHashed("ann", "hash"))
    assert stage.room.summary().media is None


# ---- joining --------------------------------------------------------------------------------------------------------


def test_a_new_member_gets_the_room_and_full_members_get_the_new_member() -> None:
    stage = ready()
    stage.join("bob", full=False)
    stage.goes_on()
    stage.join("cy", re="j")
    ((joined, re),) = stage.answers("cy")
    assert isinstance(joined, RoomJoined)
    assert re == "j"
    assert (joined.room_id, joined.client_id, joined.is_host) == ("room-1", "cy", False)
    assert joined.room == stage.room.view()
    assert [member.client_id for member in joined.room.members] == ["ann", "bob", "cy"]
    assert stage.heard("ann") == [MemberJoined(stage.member("cy"))]
    stage.nobody_heard_more()


def test_joining_does_not_change_the_timeline() -> None:
    stage = ready()
    stage.says("ann", Play(timestamp=3.0))
    before = stage.timeline
    stage.join("bob")
    assert stage.timeline == before


def test_a_member_cannot_join_again() -> None:
    """It stays a member."""
    stage = ready()
    stage.join("ann")
    assert stage.error("ann").code == "AlreadyInRoom"
    assert stage.ordered() == []
    assert stage.ids == ["ann"]


def test_a_banned_client_is_refused() -> None:
    stage = ready()
    stage.join("bob")
    stage.says("ann", Kick("bob", ban=True))
    stage.goes_on()
    stage.join("bob")
    error = refusal(stage, "bob")
    assert (error.code, error.retry) == ("Banned", False)
    stage.join("bob", host_secret=SECRET)
    assert "bob" in stage.ids, "nothing keeps out the owner"


def test_only_the_owner_may_join_a_locked_room() -> None:
    stage = ready(locked=True)
    stage.join("bob", host_secret=WRONG_SECRET)
    error = refusal(stage, "bob")
    assert (error.code, error.retry) == ("RoomLocked", True)
    stage.join("bob", host_secret=SECRET)
    assert "bob" in stage.ids


def test_a_full_room_refuses() -> None:
    stage = ready(capacity=2)
    stage.join("bob")
    stage.goes_on()
    stage.join("cy")
    error = refusal(stage, "cy")
    assert (error.code, error.retry) == ("RoomFull", True)
    stage.says("bob", LeaveRoom())
    stage.goes_on()
    stage.join("cy")
    assert stage.ids == ["ann", "cy"]


def test_a_second_member_of_the_same_name_gets_a_number() -> None:
    """Two screens in one room may belong to one person: both daemons use the login name."""
    stage = ready()
    stage.join("c1", name="ANN")
    stage.join("c2", name="ann")
    stage.join("c3", name="n" * 32)
    stage.join("c4", name="n" * 32)
    names = [member.name for member in stage.room.view().members]
    assert names == ["ann", "ANN-2", "ann-3", "n" * 32, "n" * 30 + "-2"]


@pytest.mark.parametrize(
    ("first", "second", "becomes"),
    [
        ("ada", "ada\u200d", "ada-2"),
        ("ada", "a\xadd\u2060a", "ada-2"),
        ("ada", "\uff41\uff44\uff41", "\uff41\uff44\uff41-2"),
        ("Straße", "STRASSE", "STRASSE-2"),
        ("José", "jose\u0301", "jos\xe9-2"),
        ("José", "jose\u200b\u0301", "jos\xe9-2"),
        ("host", "\u200b host", "host-2"),
        ("host", "host \u200b", "host-2"),
        ("ada", "áda", "áda"),
    ],
)
def test_a_member_whose_name_looks_like_another_ones_gets_a_number(first: str, second: str, becomes: str) -> None:
    stage = ready()
    stage.join("c1", name=first)
    stage.join("c2", name=second)
    assert [member.name for member in stage.room.view().members][1:] == [first, becomes]


def test_the_name_of_an_away_member_is_free() -> None:
    stage = ready()
    stage.loses("ann")
    stage.goes_on()
    stage.join("c1", name="ann")  # after a crash, say: the same person as a new client
    assert [member.name for member in stage.room.view().members] == ["ann", "ann"]


@pytest.mark.parametrize("name", ["ann", "Ann", "\uff41nn"])
def test_who_took_the_name_of_an_away_member_gets_a_number_when_that_is_back(name: str) -> None:
    """Else one could pass for a member whose connection has just broken."""
    stage = ready()
    stage.join("bob")
    stage.loses("ann")
    stage.join("eve", name=name)
    changes = stage.room.changes
    stage.goes_on()
    stage.resumes("ann")
    assert [member.name for member in stage.room.view().members] == ["ann", "bob", f"{name}-2"]
    assert MemberChanged(stage.member("eve")) in stage.heard("bob")
    assert MemberChanged(stage.member("eve")) in stage.heard("eve")
    assert stage.room.changes > changes


def test_guest_names_are_unique() -> None:
    stage = ready()
    stage.join("1a2b3c4d", name="guest-1a2b", full=False)
    stage.join("1a2b3c99", name="guest-1a2b", full=False)
    stage.join("1a2b3c98", name="guest-1a2b", full=False)
    names = [member.name for member in stage.room.view().members]
    assert names == ["ann", "guest-1a2b", "guest-1a2b3", "guest-1a2b3c"]


@pytest.mark.parametrize("full", [True, False])
def test_the_owners_secret_takes_the_host_role_back(full: bool) -> None:
    stage = ready()
    stage.join("bob", full=full, host_secret=SECRET)
    joined = stage.heard("bob")[0]
    assert isinstance(joined, RoomJoined)
    assert joined.is_host
    assert (stage.member("bob").role, stage.member("ann").role) == ("host", "controller")
    assert stage.heard("ann") == [MemberJoined(stage.member("bob")), MemberChanged(stage.member("ann"))]
    stage.nobody_heard_more()


def test_a_wrong_secret_makes_an_ordinary_member() -> None:
    stage = ready()
    stage.join("bob", host_secret=WRONG_SECRET)
    joined = stage.heard("bob")[0]
    assert isinstance(joined, RoomJoined)
    assert not joined.is_host


# ---- passwords ------------------------------------------------------------------------------------------------------


def test_a_password_is_checked_before_a_client_enters() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", password="sesame", re=3)
    assert stage.ordered() == [CheckPassword("bob", "sesame", "hash-1")]
    stage.nobody_heard_more()
    assert stage.ids == ["ann"]
    stage.feed(PasswordChecked("bob", True))
    ((joined, re),) = stage.answers("bob")
    assert isinstance(joined, RoomJoined)
    assert re == 3
    assert joined.room.policy.has_password


def test_a_wrong_password_is_refused() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", password="simsim")
    stage.ordered()
    stage.feed(PasswordChecked("bob", False))
    assert refusal(stage, "bob").code == "WrongPassword"


def test_wrong_passwords_are_rate_limited() -> None:
    stage = ready(password_hash="hash-1")
    for number in range(10):
        stage.join(f"eve-{number}", password=f"guess-{number}")
        stage.ordered()
        stage.feed(PasswordChecked(f"eve-{number}", False))
        assert refusal(stage, f"eve-{number}").code == "WrongPassword"
    stage.join("eve", password="guess")
    error = refusal(stage, "eve")
    assert (error.code, error.retry) == ("RateLimited", True)
    assert "try again in 5 s" in error.message
    stage.passes(5.0)
    stage.goes_on()
    stage.join("bob", password="simsim")
    stage.feed(PasswordChecked("bob", True))
    assert "bob" in stage.ids


def test_a_missing_password_is_refused() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", host_secret=WRONG_SECRET)
    error = refusal(stage, "bob")
    assert (error.code, error.message) == (
        "WrongPassword",
        "this room has a password: ask a member for it, or for an invite",
    )


def test_the_owner_needs_no_password() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", host_secret=SECRET)
    assert stage.ids == ["ann", "bob"]


def test_a_password_for_a_room_without_one_is_ignored() -> None:
    stage = ready()
    stage.join("bob", password="whatever")
    assert stage.ids == ["ann", "bob"]


def test_all_rules_are_applied_again_after_the_password_check() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", password="sesame")
    stage.says("ann", SetPolicy(locked=True))
    stage.goes_on()
    stage.feed(PasswordChecked("bob", True))
    assert refusal(stage, "bob").code == "RoomLocked"


def test_a_password_that_changed_meanwhile_is_checked_again() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", password="sesame")
    stage.says("ann", SetPolicy(password="new"))
    stage.feed(PasswordHashed("ann", "hash-2"))
    stage.ordered()
    stage.feed(PasswordChecked("bob", True))
    assert stage.ordered() == [CheckPassword("bob", "sesame", "hash-2")]
    assert stage.ids == ["ann"]


def test_a_client_that_disconnects_during_the_check_does_not_enter() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", password="sesame")
    stage.feed(ConnectionLost("bob"))
    stage.feed(PasswordChecked("bob", True))
    assert stage.ids == ["ann"]


def test_checks_that_are_lost_count_as_guesses_and_make_place_for_others() -> None:
    stage = ready(password_hash="hash-1")
    for number in range(11):
        stage.join(f"eve-{number}", password="guess")
    assert len(stage.ordered()) == 10
    stage.nobody_heard_more()
    for number in range(10):
        stage.feed(ConnectionLost(f"eve-{number}"))
        stage.feed(CheckLost(f"eve-{number}"))
    assert refusal(stage, "eve-10").code == "RateLimited"
    stage.feed(CheckLost("ann"))
    stage.passes(5.0)
    stage.goes_on()
    stage.join("bob", password="sesame")
    assert stage.ordered() == [CheckPassword("bob", "sesame", "hash-1")]


def test_a_hash_that_is_lost_leaves_the_password_as_it_was() -> None:
    stage = ready(password_hash="hash-1")
    stage.says("ann", SetPolicy(password="new"))
    stage.feed(HashLost("bob"))
    stage.says("ann", SetPolicy(password="newer"))
    assert stage.error("ann").code == "RateLimited"
    stage.feed(HashLost("ann"))
    stage.feed(PasswordHashed("ann", "hash-2"))
    stage.join("bob", password="sesame")
    assert CheckPassword("bob", "sesame", "hash-1") in stage.ordered()
    stage.says("ann", SetPolicy(password="newest"))
    assert HashPassword("ann", "newest") in stage.ordered()


def test_one_join_at_a_time() -> None:
    stage = ready(password_hash="hash-1")
    stage.join("bob", password="sesame")
    stage.goes_on()
    stage.join("bob", password="sesame")
    assert stage.error("bob").code == "AlreadyInRoom"
    assert stage.ordered() == []


# ---- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "verifying"),
    [
        pytest.param({"file_hash": HASH, "file": None}, False, id="the whole hash alone"),
        pytest.param({"file_hash": HASH, "file": file_info(size=1)}, False, id="the whole hash, whatever else is said"),
        pytest.param({"file_hash": None, "file": FILE}, True, id="the quick hash"),
        pytest.param({"file_hash": None, "file": file_info(duration=None)}, True, id="the quick hash, no duration"),
    ],
)
def test_a_matching_file_is_accepted(fields: dict[str, Any], verifying: bool) -> None:
    stage = ready()
    stage.join("bob", **fields)
    assert stage.member("bob").verifying is verifying


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"file_hash": OTHER_HASH}, "content", id="content"),
        pytest.param({"file_hash": OTHER_HASH, "file": file_info(size=999)}, "not as many bytes", id="size"),
        pytest.param({"file_hash": OTHER_HASH, "file": None}, "not the one", id="nothing but another hash"),
        pytest.param({"file_hash": None, "file": file_info(quick_hash=OTHER_HASH)}, "content", id="quick content"),
        pytest.param(
            {"file_hash": None, "file": file_info(size=1001)}, "not as many bytes", id="size, same quick hash"
        ),
        pytest.param({"file_hash": None, "file": file_info(quick_hash=None)}, "hash", id="no hash at all"),
    ],
)
def test_another_file_is_refused_with_what_differs(fields: dict[str, Any], message: str) -> None:
    stage = ready()
    stage.join("bob", **fields)
    error = refusal(stage, "bob")
    assert (error.code, error.retry) == ("FileHashMismatch", False)
    assert message in error.message
    told = f"{error.message} {error.details}"
    assert not any(known in told for known in ("1000", "60.0")), "what the film is like is told to nobody outside"


def test_a_member_is_told_what_differs() -> None:
    stage = ready()
    stage.join("bob")
    stage.goes_on()
    stage.says("bob", SetFile(file=file_info(size=999), file_hash=OTHER_HASH))
    error = stage.heard("bob")[0]
    assert isinstance(error, Error)
    assert "999 bytes long, the room's 1000" in error.message
    assert error.details == {"differs": "size", "room_size": 1000, "your_size": 999}


def test_a_basic_client_without_a_hash_is_refused() -> None:
    """A full one is a member without the film."""
    stage = ready()
    stage.join("bob", file_hash=None, file=None, full=False)
    assert "hash" in refusal(stage, "bob").message


@pytest.mark.parametrize(
    ("known", "told", "comes_in"),
    [
        (FileInfo(size=1000), FILE, True),
        (FileInfo(size=1000), file_info(size=1001), False),
        (None, FILE, True),
    ],
)
def test_a_quick_hash_that_the_room_cannot_compare_is_accepted_for_now(
    known: FileInfo | None, told: FileInfo, comes_in: bool
) -> None:
    stage = Stage()
    stage.create("ann", file=known)
    stage.join("bob", file_hash=None, file=told)
    assert ("bob" in stage.ids) is comes_in
    if comes_in:
        assert stage.member("bob").verifying


def test_the_room_learns_about_its_film_from_a_verified_member() -> None:
    stage = Stage()
    stage.create("ann", file=FileInfo(size=1000), full=False)
    stage.join("liar", file_hash=None, file=file_info(duration=1.0))
    assert stage.room.view().file == FileInfo(size=1000)
    stage.join("bob")
    assert stage.room.view().file == FileInfo(size=1000, duration=60.0, quick_hash=QUICK)
    stage.says("liar", SetFile(file=file_info(duration=2.0), file_hash=HASH))
    assert stage.room.view().file == FileInfo(size=1000, duration=60.0, quick_hash=QUICK)


@pytest.mark.parametrize(
    ("duration", "code"), [(61.9, None), (58.1, None), (62.1, "FileHashMismatch"), (None, "FileHashMismatch")]
)
def test_a_room_may_compare_durations_only(duration: float | None, code: ErrorCode | None) -> None:
    stage = ready(match="duration")
    stage.join("bob", file_hash=OTHER_HASH, file=FileInfo(size=5, duration=duration))
    if code is None:
        assert not stage.member("bob").verifying
    else:
        assert refusal(stage, "bob").code == code


def test_durations_are_compared_once_the_room_knows_its_own() -> None:
    """A member with the right hash tells the room the duration."""
    stage = Stage()
    stage.create("ann", file=None, policy=PolicyChange(match="duration"))
    stage.join("bob", file_hash=OTHER_HASH)
    stage.join("dee", file_hash=OTHER_HASH, file=file_info(duration=90.0))
    assert stage.member("bob").verifying and stage.member("dee").verifying
    stage.join("cy", file_hash=HASH)
    assert stage.ids == ["ann", "bob", "cy"]
    assert not stage.member("bob").verifying
    assert stage.heard("dee")[-1] == RoomLeft("room-1", "mismatch", "your file is 90.0 s long, the room's 60.0 s")


def test_a_room_may_take_any_file() -> None:
    stage = ready(match="none")
    stage.join("bob", file_hash=None, file=None)
    assert not stage.member("bob").verifying


# ---- going ----------------------------------------------------------------------------------------------------------


def test_leaving_is_answered_and_told() -> None:
    stage = ready()
    stage.join("bob")
    stage.join("cy", full=False)
    stage.goes_on()
    stage.says("bob", LeaveRoom(), re=7)
    assert stage.answers("bob") == [(RoomLeft("room-1", "left"), 7)]
    assert stage.heard("ann") == [MemberLeft("bob", "left")]
    assert stage.ordered() == [ForgetMember("bob", "left")]
    stage.nobody_heard_more()


def test_an_empty_room_is_kept_for_a_while() -> None:
    stage = Stage(ttl=600.0)
    stage.create("ann")
    stage.says("ann", LeaveRoom())
    stage.goes_on()
    stage.passes(599.0)
    assert stage.ordered() == []
    stage.join("bob")
    assert stage.member("bob").role == "host", "somebody must be"
    stage.says("bob", LeaveRoom())
    stage.goes_on()
    stage.passes(600.0)
    assert stage.ordered() == [ForgetRoom()]
    assert stage.room.deadline() is None
    stage.join("cy")
    assert refusal(stage, "cy").code == "RoomNotFound"


def test_a_join_at_the_time_when_an_empty_room_expires_succeeds() -> None:
    """The timer was late: the new member stays."""
    stage = Stage(ttl=600.0)
    stage.create("ann")
    stage.says("ann", LeaveRoom())
    stage.now += 601.0
    stage.join("bob")
    stage.goes_on()
    stage.passes(1000.0)
    assert stage.ordered() == []
    assert stage.ids == ["bob"]


def test_a_room_that_was_never_created_is_forgotten_too() -> None:
    stage = Stage(ttl=600.0)
    stage.passes(600.0)
    assert stage.ordered() == [ForgetRoom()]
    stage.create("ann")
    assert refusal(stage, "ann").code == "RoomNotFound"


def test_a_room_pauses_when_the_last_member_leaves() -> None:
    stage = ready()
    stage.says("ann", Play(timestamp=3.0))
    stage.passes(2.08)  # 80 ms of them are lead
    stage.says("ann", LeaveRoom())
    assert not stage.timeline.playing
    assert stage.timeline.position == pytest.approx(5.0)
    assert stage.timeline.rev == 2


# ---- guessing the password ------------------------------------------------------------------------------------------


def guesses_in_a_minute(at_once: int) -> int:
    """Let attackers join as often as they can with wrong passwords, and return how many of these were compared."""
    stage = ready("hash-of-sesame")
    compared = tried = 0
    for _ in range(60):
        for _ in range(at_once):
            tried += 1
            stage.join(f"eve-{tried}", password="guess")
        while orders := [order for order in stage.ordered() if isinstance(order, CheckPassword)]:
            compared += len(orders)
            for order in orders:
                stage.feed(PasswordChecked(order.client_id, False))
        stage.goes_on()
        stage.passes(1.0)
    return compared


@pytest.mark.parametrize("at_once", [1, 5, 100])
def test_attackers_have_ten_tries_at_once_and_twelve_a_minute(at_once: int) -> None:
    assert guesses_in_a_minute(at_once) <= 22


def test_all_who_know_the_password_come_in_at_once() -> None:
    """However many they are, as after a restart of the server: nobody is refused because of others."""
    stage = ready("hash-of-sesame")
    for number in range(30):
        stage.join(f"m{number}", password="sesame")
    orders = [order for order in stage.ordered() if isinstance(order, CheckPassword)]
    assert len(orders) == 10, "no more are compared at a time than may be wrong"
    while orders:
        stage.feed(PasswordChecked(orders.pop(0).client_id, True))
        orders += [order for order in stage.ordered() if isinstance(order, CheckPassword)]
    assert stage.ids == ["ann", *(f"m{number}" for number in range(30))]


def test_who_waits_behind_wrong_passwords_is_answered() -> None:
    stage = ready("hash-of-sesame")
    for number in range(12):
        stage.join(f"eve-{number}", password="guess")
    stage.goes_on()
    for number in range(10):
        stage.feed(PasswordChecked(f"eve-{number}", False))
    assert [stage.error(f"eve-{number}").code for number in range(12)] == ["WrongPassword"] * 10 + ["RateLimited"] * 2


def test_who_waits_and_goes_is_not_compared() -> None:
    stage = ready("hash-of-sesame")
    for number in range(12):
        stage.join(f"m{number}", password="sesame")
    stage.loses("m10")
    stage.goes_on()
    stage.feed(PasswordChecked("m0", True))
    assert stage.ordered() == [CheckPassword("m11", "sesame", "hash-of-sesame")]


def test_breaking_off_is_no_way_past_the_limit() -> None:
    stage = ready("hash-of-sesame")
    for number in range(10):
        stage.join(f"eve-{number}", password="guess")
        stage.loses(f"eve-{number}")
        stage.feed(PasswordChecked(f"eve-{number}", False))
    stage.goes_on()
    stage.join("eve", password="guess")
    assert refusal(stage, "eve").code == "RateLimited"


def test_a_password_that_could_not_be_compared_is_no_wrong_one() -> None:
    stage = ready("hash-of-sesame")
    stage.join("bob", password="sesame")
    stage.ordered()
    stage.feed(PasswordChecked("bob", RequestRefused.rate_limited("wait")))
    assert refusal(stage, "bob").code == "RateLimited"
    assert stage.room._data.wrong_passwords.left(stage.now) == 10


def test_who_waits_for_a_password_while_the_room_is_forgotten_is_told() -> None:
    stage = Stage(password_hash="hash-of-sesame", ttl=60.0)
    stage.create("ann")
    stage.says("ann", LeaveRoom())
    stage.passes(59.9)
    for number in range(11):  # The last one is not compared yet.
        stage.join(f"m{number}", password="sesame")
    stage.goes_on()
    stage.passes(1.0)
    assert {stage.error(f"m{number}").code for number in range(11)} == {"RoomNotFound"}
    assert stage.ordered() == [*(ForgetMember(f"m{number}", "refused") for number in range(11)), ForgetRoom()]
    stage.feed(PasswordChecked("m0", True))
    stage.nobody_heard_more()
