"""Members: how they do, what they are, what they may, and what becomes of them and of the rules."""

import pytest

from hangd.engine.room.effects import ForgetMember, HashPassword
from hangd.engine.room.inputs import PasswordChecked, PasswordHashed
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    GetRoom,
    Hello,
    JoinRoom,
    Kick,
    LeaveRoom,
    ListRooms,
    MediaChanged,
    MemberChanged,
    MemberLeft,
    Pause,
    Ping,
    Play,
    PolicyChanged,
    Report,
    RoomLeft,
    RoomState,
    Said,
    Say,
    SetFile,
    SetMedia,
    SetPolicy,
    SetReady,
    SetRole,
    SyncBroadcast,
)
from hangd.protocol.model import FileInfo, Policy, PolicyChange, Role, Timeline
from tests.support.stage import FILE, HASH, OTHER_HASH, SECRET, Stage, file_info

NEW_FILM = FileInfo(size=5000, duration=90.0, name="next.mkv")


def trio() -> Stage:
    """Ann, host; bob, viewer; cy, basic. Nothing is left to hear."""
    stage = Stage()
    stage.create("ann")
    stage.join("bob")
    stage.join("cy", full=False)
    stage.goes_on()
    return stage


def roles(stage: Stage) -> dict[str, Role]:
    return {member.client_id: member.role for member in stage.room.view().members}


# ---- small things ---------------------------------------------------------------------------------------------------


def test_what_is_said_goes_to_all_full_members() -> None:
    stage = trio()
    stage.says("bob", Say(text="hello \u202e there"), re=1)
    said = Said("bob", "hello \u202e there", at=stage.now)
    assert stage.heard("ann") == [said]
    assert stage.answers("bob") == [(said, 1)]
    stage.nobody_heard_more()


def test_who_is_ready_is_told_to_all() -> None:
    stage = trio()
    stage.says("bob", SetReady(ready=True), re=1)
    assert stage.member("bob").ready
    assert stage.heard("ann") == [MemberChanged(stage.member("bob"))]
    assert stage.answers("bob") == [(MemberChanged(stage.member("bob")), 1)]
    stage.nobody_heard_more()


@pytest.mark.parametrize("who", ["bob", "cy"])
def test_whoever_asks_for_the_room_gets_it(who: str) -> None:
    stage = trio()
    stage.says(who, GetRoom(), re=1)
    assert stage.answers(who) == [(RoomState(stage.room.view()), 1)]
    stage.nobody_heard_more()


@pytest.mark.parametrize("who", ["stranger", "away"])
def test_only_present_members_are_listened_to(who: str) -> None:
    stage = trio()
    stage.join("away")
    stage.loses("away")
    stage.goes_on()
    before = stage.room.view()
    stage.says(who, Play(timestamp=1.0), re=1)
    assert stage.error(who).code == "NotInRoom"
    stage.nobody_heard_more()
    assert stage.room.view() == before


@pytest.mark.parametrize(
    "message",
    [
        Hello(protocol=1, name="x", client="x"),
        Ping(t0=0.0),
        CreateRoom(file_hash=HASH),
        JoinRoom(room_id="x"),
        ListRooms(),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_no_rooms_business_is_refused(message: ClientMessage) -> None:
    stage = trio()
    before = stage.room.view()
    stage.says("bob", message)
    assert stage.error("bob").code == "InvalidMessage"
    assert stage.room.view() == before


# ---- reports --------------------------------------------------------------------------------------------------------


def test_a_report_that_changes_the_state_is_told_at_once() -> None:
    stage = trio()
    stage.reports("bob", "playing", 3.0, error=0.012, clock_error=0.001)
    bob = stage.member("bob")
    assert (bob.state, bob.position, bob.error, bob.clock_error) == ("playing", 3.0, 0.012, 0.001)
    assert stage.heard("ann") == [MemberChanged(bob)]
    stage.nobody_heard_more()


def test_positions_are_told_once_a_second_and_the_last_one_is_told() -> None:
    stage = trio()
    stage.reports("bob", "paused", 3.0)
    stage.goes_on()
    for tenth in range(5):
        stage.passes(0.1)
        stage.reports("bob", "paused", 3.0 + tenth)
    stage.nobody_heard_more()
    stage.passes(1.0)
    assert stage.heard("ann") == [MemberChanged(stage.member("bob"))]
    assert stage.member("bob").position == 7.0
    stage.passes(10.0)
    stage.nobody_heard_more()


def test_large_rooms_hear_less_often() -> None:
    stage = trio()
    for number in range(57):
        stage.join(f"m{number}")
    stage.reports("bob", "paused", 1.0)
    stage.reports("bob", "paused", 2.0)
    stage.goes_on()
    stage.passes(2.9)
    stage.nobody_heard_more()
    stage.passes(0.2)  # 60 members: every 3 s
    assert stage.heard("ann") == [MemberChanged(stage.member("bob"))]


def test_a_basic_clients_report_counts_for_nothing() -> None:
    stage = trio()
    before = stage.room.view()
    stage.reports("cy", "playing", 3.0)
    stage.nobody_heard_more()
    assert stage.room.view() == before


# ---- roles ----------------------------------------------------------------------------------------------------------


def test_the_host_gives_roles() -> None:
    stage = trio()
    stage.says("ann", SetRole("bob", "controller"), re=1)
    assert roles(stage) == {"ann": "host", "bob": "controller", "cy": "viewer"}
    assert stage.answers("ann") == [(MemberChanged(stage.member("bob")), 1)]
    assert stage.heard("bob") == [MemberChanged(stage.member("bob"))]


def test_handing_the_host_on_leaves_a_controller() -> None:
    stage = trio()
    stage.says("ann", SetRole("bob", "host"), re=1)
    assert roles(stage) == {"ann": "controller", "bob": "host", "cy": "viewer"}
    changes = [MemberChanged(stage.member("ann")), MemberChanged(stage.member("bob"))]
    assert stage.heard("bob") == changes
    assert [re for _, re in stage.answers("ann")] == [None, 1]


def test_a_host_stays_host_until_another_is() -> None:
    stage = trio()
    stage.says("ann", SetRole("ann", "viewer"))
    assert stage.error("ann").code == "Forbidden"
    stage.says("ann", SetRole("ann", "host"))
    assert stage.heard("ann") == [MemberChanged(stage.member("ann"))]
    assert roles(stage)["ann"] == "host"


@pytest.mark.parametrize(
    "message",
    [SetRole("cy", "controller"), SetRole("bob", "host"), Kick("cy"), SetPolicy(locked=True), SetPolicy(password="")],
    ids=str,
)
def test_only_the_host_may(message: ClientMessage) -> None:
    stage = trio()
    stage.says("ann", SetRole("bob", "controller"))
    stage.goes_on()
    before = stage.room.view()
    stage.says("bob", message, re=1)
    error = stage.error("bob")
    assert error.code == "Forbidden"
    assert "host" in error.message
    stage.nobody_heard_more()
    assert stage.ordered() == []
    assert stage.room.view() == before


@pytest.mark.parametrize("message", [SetRole("nobody", "viewer"), Kick("nobody")])
def test_nobody_is_nobody(message: ClientMessage) -> None:
    stage = trio()
    stage.says("ann", message)
    assert stage.error("ann").code == "NotInRoom"


# ---- being sent away ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ban", "reason"), [(False, "kicked"), (True, "banned")])
def test_who_is_kicked_is_told_why(ban: bool, reason: str) -> None:
    stage = trio()
    stage.says("ann", Kick("cy", ban=ban, reason="spoilers"), re=1)
    (left,) = stage.heard("cy")
    assert isinstance(left, RoomLeft)
    assert (left.reason, left.detail) == (reason, "spoilers")
    (gone,) = stage.heard("bob")
    assert isinstance(gone, MemberLeft)
    assert (gone.client_id, gone.reason) == ("cy", reason)
    assert stage.answers("ann") == [(gone, 1)]
    assert [type(order) for order in stage.ordered()] == [ForgetMember]
    stage.goes_on()
    stage.join("cy", full=False)
    assert ("cy" in stage.ids) is not ban


def test_nobody_kicks_themselves() -> None:
    stage = trio()
    stage.says("ann", Kick("ann"))
    assert stage.error("ann").code == "Forbidden"
    assert "ann" in stage.ids


def test_an_away_member_may_be_kicked() -> None:
    """It can not be told, and does not come back."""
    stage = trio()
    stage.loses("bob")
    stage.goes_on()
    stage.says("ann", Kick("bob"))
    assert stage.heard("bob") == []
    assert stage.ordered() == [ForgetMember("bob", "kicked")]
    stage.resumes("bob")
    assert "bob" not in stage.ids


# ---- away and back --------------------------------------------------------------------------------------------------


def test_a_full_member_whose_connection_drops_keeps_its_place() -> None:
    stage = trio()
    stage.says("ann", SetRole("bob", "controller"))
    stage.reports("bob", "playing", 3.0)
    stage.goes_on()
    stage.loses("bob")
    bob = stage.member("bob")
    assert (bob.state, bob.role, bob.position) == ("away", "controller", None)
    assert stage.heard("ann") == [MemberChanged(bob)]
    stage.nobody_heard_more()
    stage.passes(89.0)
    stage.resumes("bob")
    bob = stage.member("bob")
    assert (bob.state, bob.role) == ("idle", "controller")
    assert stage.heard("ann") == [MemberChanged(bob)]
    stage.passes(1000.0)
    stage.nobody_heard_more()
    assert stage.ids == ["ann", "bob", "cy"]


def test_who_does_not_come_back_is_lost() -> None:
    stage = trio()
    stage.loses("bob")
    stage.goes_on()
    stage.passes(90.0)
    assert stage.heard("ann") == [MemberLeft("bob", "lost")]
    assert stage.ordered() == [ForgetMember("bob", "lost")]
    stage.resumes("bob")
    assert stage.ids == ["ann", "cy"]


def test_a_basic_member_is_lost_at_once() -> None:
    stage = trio()
    stage.loses("cy")
    assert stage.heard("ann") == [MemberLeft("cy", "lost")]
    assert stage.ordered() == [ForgetMember("cy", "lost")]


def test_losing_a_connection_twice_or_a_strangers_is_nothing() -> None:
    stage = trio()
    stage.loses("bob")
    stage.goes_on()
    stage.passes(60.0)
    stage.loses("bob")
    stage.loses("stranger")
    stage.resumes("stranger")
    stage.measures("stranger", 0.1)
    stage.feed(PasswordChecked("stranger", True))
    stage.feed(PasswordHashed("stranger", "hash"))
    stage.nobody_heard_more()
    stage.passes(30.0)
    assert stage.ids == ["ann", "cy"]


def test_a_replaced_connection_is_back_without_having_been_away() -> None:
    stage = trio()
    stage.reports("bob", "playing", 3.0)
    stage.goes_on()
    stage.resumes("bob")
    assert stage.member("bob").state == "idle"
    assert stage.heard("ann") == [MemberChanged(stage.member("bob"))]


# ---- succession -----------------------------------------------------------------------------------------------------


def test_a_controller_comes_before_who_was_there_longer() -> None:
    stage = trio()
    stage.join("dee")
    stage.says("ann", SetRole("dee", "controller"))
    stage.goes_on()
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "viewer", "cy": "viewer", "dee": "host"}
    assert stage.heard("bob") == [MemberLeft("ann", "left"), MemberChanged(stage.member("dee"))]


def test_else_whoever_was_there_longest() -> None:
    stage = trio()
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "host", "cy": "viewer"}


def test_a_present_viewer_comes_before_an_away_controller() -> None:
    stage = trio()
    stage.says("ann", SetRole("bob", "controller"))
    stage.loses("bob")
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "controller", "cy": "host"}


def test_an_away_host_is_host_until_its_time_is_up() -> None:
    stage = trio()
    stage.loses("ann")
    stage.passes(89.0)
    assert roles(stage)["ann"] == "host"
    stage.passes(2.0)
    assert roles(stage) == {"bob": "host", "cy": "viewer"}


def test_the_away_inherit_where_nobody_else_is_left() -> None:
    stage = trio()
    stage.says("cy", LeaveRoom())
    stage.loses("bob")
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "host"}


# ---- rules ----------------------------------------------------------------------------------------------------------


def test_rules_change_where_they_are_given() -> None:
    stage = trio()
    stage.says("ann", SetPolicy(control="host", wait="everyone"), re=1)
    policy = Policy(control="host", wait="everyone")
    assert stage.answers("ann") == [(PolicyChanged(policy), 1)]
    assert stage.heard("bob") == [PolicyChanged(policy)]
    stage.nobody_heard_more()
    stage.says("ann", SetPolicy(match="none", capacity=1000, locked=True))
    assert stage.room.view().policy == Policy("host", "none", "everyone", 100, True)


def test_a_smaller_room_throws_nobody_out() -> None:
    stage = trio()
    stage.says("ann", SetPolicy(capacity=1))
    assert len(stage.ids) == 3
    stage.goes_on()
    stage.join("dee")
    assert stage.error("dee").code == "RoomFull"


def test_a_password_holds_once_it_is_hashed() -> None:
    stage = trio()
    stage.says("ann", SetPolicy(password="sesame", locked=True), re=1)
    assert stage.ordered() == [HashPassword("ann", "sesame")]
    assert stage.answers("ann") == [(PolicyChanged(Policy(locked=True)), None)]
    stage.goes_on()
    stage.says("ann", SetPolicy(password="another"), re=2)
    assert stage.error("ann").code == "RateLimited"
    stage.feed(PasswordHashed("ann", "hash"))
    policy = Policy(locked=True, has_password=True)
    assert stage.answers("ann") == [(PolicyChanged(policy), 1)]
    assert stage.heard("bob") == [PolicyChanged(policy)]
    stage.says("ann", SetPolicy(password="another"), re=2)
    assert stage.ordered() == [HashPassword("ann", "another")]


def test_an_empty_password_takes_it_away() -> None:
    stage = Stage(password_hash="hash")
    stage.create("ann")
    assert stage.room.view().policy.has_password
    stage.says("ann", SetPolicy(password=""))
    assert not stage.room.view().policy.has_password
    stage.join("bob")
    assert stage.ids == ["ann", "bob"]


# ---- a member's own file --------------------------------------------------------------------------------------------


def verifying() -> Stage:
    stage = trio()
    stage.join("dee", file_hash=None)
    stage.goes_on()
    assert stage.member("dee").verifying
    return stage


def test_the_whole_hash_ends_verifying() -> None:
    stage = verifying()
    stage.says("dee", SetFile(file=FILE, file_hash=HASH), re=1)
    assert not stage.member("dee").verifying
    assert stage.answers("dee") == [(MemberChanged(stage.member("dee")), 1)]
    assert stage.heard("ann") == [MemberChanged(stage.member("dee"))]


def test_a_whole_hash_that_differs_ends_membership() -> None:
    stage = verifying()
    stage.says("dee", SetFile(file=FILE, file_hash=OTHER_HASH), re=1)
    (error, re), (left, _) = stage.answers("dee")
    assert getattr(error, "code", None) == "FileHashMismatch"
    assert re == 1
    assert isinstance(left, RoomLeft)
    assert left.reason == "mismatch"
    assert stage.heard("ann") == stage.heard("bob") == [MemberLeft("dee", "mismatch")]
    assert stage.ordered() == [ForgetMember("dee", "mismatch")]
    stage.nobody_heard_more()


def test_more_about_the_same_copy_undoes_no_proof() -> None:
    stage = trio()
    stage.says("bob", SetFile(file=file_info(duration=60.02, quick_hash=None)))
    assert not stage.member("bob").verifying
    assert stage.member("bob").file == file_info(duration=60.02, quick_hash=None)


def test_another_copy_has_to_be_proved_again() -> None:
    stage = Stage()
    stage.create("ann", policy=PolicyChange(match="none"))
    stage.join("bob", file_hash=OTHER_HASH, file=NEW_FILM)
    stage.says("ann", SetPolicy(match="hash"))
    assert not stage.member("bob").verifying, "who came in under the old rule is in"
    stage.says("bob", SetFile(file=FILE))
    assert stage.member("bob").verifying
    stage.says("bob", SetFile(file=file_info(size=8)))
    assert stage.ids == ["ann"]


def test_any_file_will_do_where_any_will() -> None:
    stage = Stage()
    stage.create("ann", policy=PolicyChange(match="none"))
    stage.join("bob", file_hash=None, file=None)
    stage.says("bob", SetFile(file=NEW_FILM, file_hash=OTHER_HASH))
    assert stage.member("bob").file == NEW_FILM


def test_durations_are_compared_anew() -> None:
    stage = Stage()
    stage.create("ann", policy=PolicyChange(match="duration"))
    stage.join("bob")
    stage.says("bob", SetFile(file=file_info(duration=70.0)))
    assert stage.ids == ["ann"]


# ---- another film ---------------------------------------------------------------------------------------------------


def test_the_room_moves_on_to_another_film() -> None:
    stage = trio()
    stage.says("bob", SetReady(ready=True))
    stage.says("ann", Play(timestamp=5.0))
    stage.goes_on()
    stage.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEW_FILM, start=30.0), re=1)
    timeline = Timeline("epoch-1", 2, False, 30.0, 1.0, stage.now)
    room = stage.room.view()
    assert (room.file_hash, room.file, room.timeline) == (OTHER_HASH, NEW_FILM, timeline)
    assert [(member.client_id, member.verifying, member.ready) for member in room.members] == [
        ("ann", False, False),
        ("bob", True, False),
    ]
    changed = MediaChanged(OTHER_HASH, NEW_FILM, timeline, room.queue)
    assert stage.answers("ann") == [(MemberLeft("cy", "mismatch"), None), (changed, 1), (RoomState(room), None)]
    assert stage.heard("bob") == [MemberLeft("cy", "mismatch"), changed, RoomState(room)]
    (left,) = stage.heard("cy")
    assert isinstance(left, RoomLeft)
    assert left.reason == "mismatch"
    stage.says("bob", SetFile(file=NEW_FILM, file_hash=OTHER_HASH))
    assert not stage.member("bob").verifying
    stage.says("ann", Play(timestamp=85.0))
    assert stage.timeline.position == 85.0, "the new film is longer than the old one"


def test_a_basic_member_that_has_the_film_stays_and_hears_where_it_stands() -> None:
    stage = trio()
    stage.says("ann", SetMedia(file_hash=HASH, file=FILE, start=30.0))
    assert stage.heard("cy") == [SyncBroadcast("ann", Pause(timestamp=30.0), stage.timeline)]
    assert not stage.member("bob").verifying


def test_a_basic_member_may_choose_the_film() -> None:
    stage = trio()
    stage.says("cy", SetMedia(file_hash=OTHER_HASH, file=NEW_FILM))
    assert stage.ids == ["ann", "bob", "cy"]
    assert stage.heard("cy") == []


def test_nothing_starts_past_the_end_of_a_film() -> None:
    stage = trio()
    before = stage.room.view()
    stage.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEW_FILM, start=92.0))
    error = stage.error("ann")
    assert (error.code, error.details) == ("InvalidMessage", {"path": "$.payload.start"})
    assert stage.room.view() == before
    stage.nobody_heard_more()


@pytest.mark.parametrize(("role", "code"), [("viewer", "Forbidden"), ("controller", None)])
def test_who_may_choose_the_film(role: Role, code: ErrorCode | None) -> None:
    stage = trio()
    stage.says("ann", SetPolicy(control="controllers"))
    stage.says("ann", SetRole("bob", role))
    stage.goes_on()
    stage.says("bob", SetMedia(file_hash=OTHER_HASH, file=NEW_FILM))
    if code is None:
        assert stage.room.view().file == NEW_FILM
    else:
        assert stage.error("bob").code == code
        assert stage.room.view().file == FILE


def test_nobody_but_its_owner_ever_hears_a_secret() -> None:
    stage = trio()
    stage.join("dee", host_secret=SECRET)
    heard = [repr(message) for who in ("ann", "bob", "cy", "dee") for message in stage.heard(who)]
    assert heard
    assert not any(SECRET in text for text in heard)


def test_a_report_is_a_claim_about_its_sender_only() -> None:
    stage = trio()
    others = [stage.member("ann"), stage.member("cy")]
    stage.says("bob", Report(state="playing", position=1e8, at=-1e12, error=-1e8, clock_error=1e8, rev=2**53 - 1))
    assert [stage.member("ann"), stage.member("cy")] == others
    assert stage.room.rev == 0
