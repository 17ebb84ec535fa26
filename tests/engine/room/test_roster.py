"""Members: their states, roles and permissions; how they leave; the rules of a room."""

import pytest

from hangd.engine.room.effects import ForgetMember, HashPassword
from hangd.engine.room.inputs import PasswordChecked, PasswordHashed
from hangd.protocol.errors import ErrorCode
from hangd.protocol.films import MediaChanged
from hangd.protocol.messages import (
    ClientMessage,
    CreateRoom,
    GetRoom,
    Hello,
    JoinRoom,
    Kick,
    LeaveRoom,
    ListRooms,
    MemberChanged,
    MemberLeft,
    MembersReported,
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
from hangd.protocol.model import (
    FileInfo,
    MemberReport,
    Policy,
    PolicyChange,
    QueueChange,
    ReportedState,
    Role,
    Timeline,
)
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, SECRET, Stage, file_info

NEW_FILM = FileInfo(size=5000, duration=90.0, name="next.mkv")


def trio() -> Stage:
    """Ann, host; bob, viewer; cy, basic. All messages so far are taken."""
    stage = Stage()
    stage.create("ann")
    stage.join("bob")
    stage.join("cy", full=False)
    stage.goes_on()
    return stage


def roles(stage: Stage) -> dict[str, Role]:
    return {member.client_id: member.role for member in stage.room.view().members}


# ---- when a member was heard -----------------------------------------------------------------------------------------


def test_the_others_are_told_when_a_member_was_last_heard() -> None:
    stage = trio()
    stage.reports("bob", "playing")
    stage.passes(18.0)
    said = stage.now
    stage.says("ann", SetReady(ready=True, client_id="bob"))
    (told,) = [message.member for message in stage.heard("ann") if isinstance(message, MemberChanged)][-1:]
    assert told.heard_at == said - 18.0, "what the host says of bob is no message of his"
    stage.says("bob", Say(text="here again"))
    assert stage.member("bob").heard_at == said


def test_when_a_member_was_heard_outlives_its_connection() -> None:
    stage = trio()
    left = stage.now
    stage.reports("bob", "playing")
    stage.passes(3.0)
    stage.loses("bob")
    assert (stage.member("bob").state, stage.member("bob").heard_at) == ("away", left)
    stage.passes(5.0)
    stage.resumes("bob")
    assert stage.member("bob").heard_at == left + 8.0


# ---- small things ---------------------------------------------------------------------------------------------------


def test_chat_goes_to_all_full_members() -> None:
    stage = trio()
    stage.says("bob", Say(text="hello \u202e there"), re=1)
    said = Said("bob", "hello \u202e there", at=stage.now)
    assert stage.heard("ann") == [said]
    assert stage.answers("bob") == [(said, 1)]
    stage.nobody_heard_more()


def test_ready_is_announced_to_all() -> None:
    stage = trio()
    stage.says("bob", SetReady(ready=True), re=1)
    assert stage.member("bob").ready
    assert stage.heard("ann") == [MemberChanged(stage.member("bob"))]
    assert stage.answers("bob") == [(MemberChanged(stage.member("bob")), 1)]
    stage.nobody_heard_more()


@pytest.mark.parametrize("who", ["bob", "cy"])
def test_get_room_is_answered(who: str) -> None:
    stage = trio()
    stage.says(who, GetRoom(), re=1)
    assert stage.answers(who) == [(RoomState(stage.room.view()), 1)]
    stage.nobody_heard_more()


@pytest.mark.parametrize("who", ["stranger", "away"])
def test_messages_of_absent_clients_are_refused(who: str) -> None:
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
def test_messages_that_are_not_for_a_room_are_refused(message: ClientMessage) -> None:
    stage = trio()
    before = stage.room.view()
    stage.says("bob", message)
    assert stage.error("bob").code == "InvalidMessage"
    assert stage.room.view() == before


# ---- reports --------------------------------------------------------------------------------------------------------


def test_a_report_that_changes_the_state_is_announced_at_once() -> None:
    stage = trio()
    stage.reports("bob", "playing", 3.0, error=0.012, clock_error=0.001)
    bob = stage.member("bob")
    assert (bob.state, bob.position, bob.error, bob.clock_error) == ("playing", 3.0, 0.012, 0.001)
    assert stage.heard("ann") == [MembersReported((MemberReport.of(bob),))]
    assert stage.heard("bob") == []
    stage.nobody_heard_more()


def test_a_member_that_goes_apart_is_announced_at_once_and_one_that_was_lost_is_not_apart() -> None:
    stage = trio()
    stage.reports("bob", "paused", 3.0)
    stage.heard("ann")
    stage.reports("bob", "paused", 3.0, apart=True)
    assert stage.member("bob").apart
    assert stage.heard("ann") == [MembersReported((MemberReport.of(stage.member("bob")),))]
    stage.loses("bob")
    assert not stage.member("bob").apart


@pytest.mark.parametrize(("state", "seconds"), [("playing", 1.0), ("paused", 3.0)])
def test_positions_are_told_with_the_next_report_after_a_while_or_a_second_later(
    state: ReportedState, seconds: float
) -> None:
    stage = trio()
    if state == "playing":
        stage.says("ann", Play(timestamp=0.0))
        stage.passes(5.0)
    stage.reports("bob", state, 3.0)
    stage.goes_on()
    for tenth in range(5):
        stage.passes(0.1)
        stage.reports("bob", state, 3.0 + tenth)
    stage.passes(seconds - 0.51)
    stage.nobody_heard_more()
    stage.passes(0.02)
    stage.nobody_heard_more()  # It waits for a report.
    stage.reports("cy", state)  # A basic member's is one, too.
    assert stage.heard("ann") == [MembersReported((MemberReport.of(stage.member("bob")),))]
    stage.reports("bob", state, 4.0)
    stage.passes(seconds + 0.99)
    stage.nobody_heard_more()
    stage.passes(0.02)
    assert stage.heard("ann") == [MembersReported((MemberReport.of(stage.member("bob")),))]
    assert stage.member("bob").position == 4.0
    stage.passes(10.0)
    stage.nobody_heard_more()


def test_who_reports_every_two_seconds_is_told_of_before_it_is_taken_for_silent() -> None:
    """A page does so after eight seconds."""
    for others in (1, 9, 30, 99):
        stage = hall(others)
        told_of = dict.fromkeys((f"m{number}" for number in range(others)), stage.now)
        for step in range(200):
            for number in range(step % 20, others, 20):
                stage.reports(f"m{number}", "paused", 1.0)
            stage.passes(0.1)
            for message in stage.heard("ann"):
                assert isinstance(message, MembersReported)
                for report in message.reports:
                    assert report.heard_at is not None
                    told_of[report.client_id] = report.heard_at
            assert stage.now - min(told_of.values()) < 7.5


def test_several_positions_are_told_in_one_message() -> None:
    stage = trio()
    stage.join("dee")
    for client_id in ("ann", "bob", "dee"):
        stage.reports(client_id, "paused", 3.0)
    stage.goes_on()
    for client_id in ("ann", "bob", "dee", "bob"):
        stage.passes(0.1)
        stage.reports(client_id, "paused", 4.0)
    stage.nobody_heard_more()
    stage.passes(4.0)
    told = MembersReported(tuple(MemberReport.of(stage.member(client_id)) for client_id in ("ann", "bob", "dee")))
    assert [stage.heard(client_id) for client_id in ("ann", "bob", "dee")] == [[told]] * 3
    stage.nobody_heard_more()


def hall(members: int) -> Stage:
    """Ann and so many others, m0 and so on, whose players are paused. All is told."""
    stage = Stage()
    stage.create("ann")
    for number in range(members):
        stage.join(f"m{number}")
        stage.reports(f"m{number}", "paused")
    stage.passes(10.0)
    stage.goes_on()
    return stage


def told(stage: Stage, client_id: str = "ann") -> list[list[str]]:
    """Take the messages to a member, which are MembersReported: whose reports are in each."""
    heard = stage.heard(client_id)
    assert all(isinstance(message, MembersReported) for message in heard)
    return [[report.client_id for report in message.reports] for message in heard]  # type: ignore[union-attr]


def test_in_large_rooms_states_are_told_together_and_the_last_one_in_any_case() -> None:
    stage = hall(30)
    stage.reports("m1", "buffering")
    assert told(stage) == [["m1"]], "at once after a while without any"
    for state in ("paused", "buffering", "paused"):
        stage.passes(0.1)
        stage.reports("m1", state)
        stage.reports("m2", state)
    assert told(stage) == []
    stage.passes(0.11)
    (message,) = stage.heard("ann")
    assert isinstance(message, MembersReported)
    assert [(report.client_id, report.state) for report in message.reports] == [("m1", "paused"), ("m2", "paused")]
    stage.goes_on()
    stage.passes(0.41)
    stage.reports("m1", "buffering")
    assert told(stage) == [["m1"]], "after a while it is told at once again"


def test_in_large_rooms_those_are_told_first_that_have_waited_longest_and_all_in_the_end() -> None:
    stage = hall(60)
    stage.join("basic", full=False)
    stage.goes_on()
    for number in range(60):
        stage.reports(f"m{number}", "paused", 1.0)
    assert told(stage) == [["m0"]]
    stage.reports("m0", "paused", 2.0)
    stage.reports("m1", "paused", 2.0)
    stage.passes(0.99)
    assert told(stage) == []
    for _ in range(30):
        stage.passes(0.1)
        stage.reports("basic", "paused")
    names = [f"m{number}" for number in (*range(1, 60), 0)]
    assert told(stage) == [names[:20], names[20:40], names[40:]], "20 a second"
    stage.goes_on()
    stage.passes(10.0)
    stage.nobody_heard_more()
    assert stage.member("m0").position == 2.0


def test_a_state_goes_before_positions() -> None:
    stage = hall(60)
    for number in range(60):
        stage.reports(f"m{number}", "paused", 1.0)
    stage.reports("m59", "buffering", 1.0)
    stage.goes_on()
    stage.passes(0.41)
    assert [names[:2] for names in told(stage)] == [["m59", "m1"]]


def test_of_who_has_gone_no_report_is_told() -> None:
    stage = hall(2)
    for position in (1.0, 2.0):
        for client_id in ("m0", "m1"):
            stage.reports(client_id, "paused", position)
    stage.says("m0", LeaveRoom())
    stage.loses("m1")
    stage.goes_on()
    stage.passes(5.0)
    stage.nobody_heard_more()


def test_reports_of_basic_clients_are_ignored() -> None:
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


def test_the_old_host_becomes_a_controller() -> None:
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
def test_requests_about_clients_that_are_not_members_are_refused(message: ClientMessage) -> None:
    stage = trio()
    stage.says("ann", message)
    assert stage.error("ann").code == "NotInRoom"


# ---- being sent away ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ban", "reason"), [(False, "kicked"), (True, "banned")])
def test_a_kicked_member_is_told_why(ban: bool, reason: str) -> None:
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
    """It has no connection to be told over, and cannot resume."""
    stage = trio()
    stage.loses("bob")
    stage.goes_on()
    stage.says("ann", Kick("bob"))
    assert stage.heard("bob") == []
    assert stage.ordered() == [ForgetMember("bob", "kicked")]
    stage.resumes("bob")
    assert "bob" not in stage.ids


# ---- away and back --------------------------------------------------------------------------------------------------


def test_a_full_member_whose_connection_breaks_is_away() -> None:
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


def test_a_member_that_does_not_come_back_is_lost() -> None:
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


def test_a_second_loss_or_that_of_a_stranger_is_ignored() -> None:
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


def test_a_connection_may_be_resumed_before_the_old_one_is_lost() -> None:
    stage = trio()
    stage.reports("bob", "playing", 3.0)
    stage.goes_on()
    stage.resumes("bob")
    assert stage.member("bob").state == "idle"
    assert stage.heard("ann") == [MemberChanged(stage.member("bob"))]


# ---- succession -----------------------------------------------------------------------------------------------------


def test_a_controller_succeeds_the_host_before_a_member_that_came_earlier() -> None:
    stage = trio()
    stage.join("dee")
    stage.says("ann", SetRole("dee", "controller"))
    stage.goes_on()
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "viewer", "cy": "viewer", "dee": "host"}
    assert stage.heard("bob") == [MemberLeft("ann", "left"), MemberChanged(stage.member("dee"))]


def test_otherwise_the_member_that_came_first_succeeds_the_host() -> None:
    stage = trio()
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "host", "cy": "viewer"}


def test_a_present_viewer_succeeds_the_host_before_an_away_controller() -> None:
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


def test_an_away_member_succeeds_the_host_if_nobody_is_present() -> None:
    stage = trio()
    stage.says("cy", LeaveRoom())
    stage.loses("bob")
    stage.says("ann", LeaveRoom())
    assert roles(stage) == {"bob": "host"}


# ---- rules ----------------------------------------------------------------------------------------------------------


def test_set_policy_changes_only_what_is_given() -> None:
    stage = trio()
    stage.says("ann", SetPolicy(control="host", wait="everyone"), re=1)
    policy = Policy(control="host", wait="everyone")
    assert stage.answers("ann") == [(PolicyChanged(policy, "ann"), 1)]
    assert stage.heard("bob") == [PolicyChanged(policy, "ann")]
    stage.nobody_heard_more()
    stage.says("ann", SetPolicy(match="none", capacity=1000, locked=True))
    assert stage.room.view().policy == Policy("host", "none", "everyone", 100, True)


def test_a_smaller_capacity_removes_nobody() -> None:
    stage = trio()
    stage.says("ann", SetPolicy(capacity=1))
    assert len(stage.ids) == 3
    stage.goes_on()
    stage.join("dee")
    assert stage.error("dee").code == "RoomFull"


def test_a_password_applies_when_it_is_hashed() -> None:
    stage = trio()
    stage.says("ann", SetPolicy(password="sesame", locked=True), re=1)
    assert stage.ordered() == [HashPassword("ann", "sesame")]
    assert stage.answers("ann") == [(PolicyChanged(Policy(locked=True), "ann"), None)]
    stage.goes_on()
    stage.says("ann", SetPolicy(password="another"), re=2)
    assert stage.error("ann").code == "RateLimited"
    stage.feed(PasswordHashed("ann", "hash"))
    policy = Policy(locked=True, has_password=True)
    assert stage.answers("ann") == [(PolicyChanged(policy, "ann"), 1)]
    assert stage.heard("bob") == [PolicyChanged(policy, "ann")]
    stage.says("ann", SetPolicy(password="another"), re=2)
    assert stage.ordered() == [HashPassword("ann", "another")]


def test_an_empty_password_removes_the_password() -> None:
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


def test_more_details_about_the_same_copy_do_not_restart_verifying() -> None:
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


def test_a_room_without_match_takes_any_file() -> None:
    stage = Stage()
    stage.create("ann", policy=PolicyChange(match="none"))
    stage.join("bob", file_hash=None, file=None)
    stage.says("bob", SetFile(file=NEW_FILM, file_hash=OTHER_HASH))
    assert stage.member("bob").file == NEW_FILM


def test_durations_are_compared_again_on_set_file() -> None:
    stage = Stage()
    stage.create("ann", policy=PolicyChange(match="duration"))
    stage.join("bob")
    stage.says("bob", SetFile(file=file_info(duration=70.0, quick_hash=OTHER_HASH)))
    assert stage.ids == ["ann"]


# ---- another film ---------------------------------------------------------------------------------------------------


def test_set_media_changes_the_film() -> None:
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
        ("bob", False, False),
    ]
    assert [member.file for member in room.members] == [NEW_FILM, None]
    first, second = room.queue.entries
    change = QueueChange(2, inserted=(second,), after=first.id, current=second.id)
    changed = MediaChanged(OTHER_HASH, NEW_FILM, timeline, change, copies=("ann",), by="ann")
    told = MemberChanged(room.members[0])
    assert stage.answers("ann") == [(MemberLeft("cy", "mismatch"), None), (changed, 1), (told, None)]
    assert stage.heard("bob") == [MemberLeft("cy", "mismatch"), changed, told]
    (left,) = stage.heard("cy")
    assert isinstance(left, RoomLeft)
    assert left.reason == "mismatch"
    stage.says("bob", SetFile(file=NEW_FILM, file_hash=OTHER_HASH))
    assert stage.member("bob").file == NEW_FILM
    stage.says("ann", Play(timestamp=85.0))
    assert stage.timeline.position == 85.0, "the new film is longer than the old one"


def test_a_basic_member_with_the_new_film_stays_and_gets_the_timeline() -> None:
    stage = trio()
    stage.says("ann", SetMedia(file_hash=HASH, file=FILE, start=30.0))
    assert stage.heard("cy") == [SyncBroadcast("ann", Pause(timestamp=30.0), stage.timeline)]
    assert not stage.member("bob").verifying


def test_a_basic_member_may_choose_the_film() -> None:
    stage = trio()
    stage.says("cy", SetMedia(file_hash=OTHER_HASH, file=NEW_FILM))
    assert stage.ids == ["ann", "bob", "cy"]
    assert stage.heard("cy") == []


def test_a_film_cannot_start_past_its_end() -> None:
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


def test_a_report_changes_only_its_sender() -> None:
    stage = trio()
    others = [stage.member("ann"), stage.member("cy")]
    stage.says("bob", Report(state="playing", position=1e8, at=-1e12, error=-1e8, clock_error=1e8, rev=2**53 - 1))
    assert [stage.member("ann"), stage.member("cy")] == others
    assert stage.room.timeline.rev == 0
