"""RoomView: how old what is known of a member is, and who may control a room."""

from typing import Any

import pytest
from msgspec.structs import replace

from hangd.client.server.requests import WrongAnswer
from hangd.client.server.room_view import RoomView
from hangd.protocol.messages import MemberChanged, MemberJoined, MembersReported, Report
from hangd.protocol.model import MEMBERS_MAX, FileInfo, Member, MemberReport, MemberState, Policy, Room, Timeline

LINE = Timeline("e", 1, True, 0.0, 1.0, 0.0)


def room_of(*members: Member) -> RoomView:
    return RoomView(Room("r", "ab" * 32, None, Policy(), members, LINE), members[0].client_id, "ws://h/ws")


def member(name: str, heard_at: float | None) -> Member:
    return Member(name, name, "viewer", "playing", position=1.0, error=0.0, clock_error=0.001, heard_at=heard_at)


def told(room: RoomView, server_time: float | None) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = room.as_dict(server_time)["members"]
    return members


@pytest.mark.parametrize(("age", "silent"), [(0.0, False), (4.0, False), (6.0, True), (40.0, True)])
def test_a_member_that_was_not_heard_for_some_seconds_is_silent(age: float, silent: bool) -> None:
    _, bob = told(room_of(member("ann", 100.0), member("bob", 100.0)), 100.0 + age)
    assert (bob["age"], bob["silent"]) == (age, silent)
    assert "heard_at" not in bob


@pytest.mark.parametrize("state", ["paused", "ended", "idle"])
def test_a_player_at_rest_reports_seldom_and_is_silent_later(state: MemberState) -> None:
    bob = replace(member("bob", 100.0), state=state)
    assert [told(room_of(member("ann", 100.0), bob), now)[1]["silent"] for now in (133.0, 145.0)] == [False, True]
    apart = replace(bob, apart=True)
    assert told(room_of(member("ann", 100.0), apart), 106.0)[1]["silent"]


def test_in_a_large_room_the_server_tells_reports_less_often() -> None:
    many = [member(str(number), 100.0) for number in range(200)]
    assert not told(room_of(*many), 112.0)[1]["silent"]
    assert told(room_of(*many), 120.0)[1]["silent"]


def test_the_age_is_left_out_where_it_is_not_known() -> None:
    """By a server that does not tell, before the server's clock is known, and after the server was started anew."""
    for heard_at, now in ((None, 100.0), (100.0, None)):
        _, bob = told(room_of(member("ann", 100.0), member("bob", heard_at)), now)
        assert ("age" in bob, bob["silent"]) == (False, False)


def test_the_own_reports_count_and_the_age_is_never_negative() -> None:
    room = room_of(member("ann", 100.0), member("bob", 100.0))
    room.reported(Report("playing", 31.0, at=130.0))
    ann, _ = told(room, 129.999)
    assert (ann["age"], ann["silent"]) == (0.0, False)


def test_a_report_that_changes_nothing_else_is_no_event() -> None:
    for message in (MemberChanged(member("bob", 102.0)), MembersReported((MemberReport.of(member("bob", 102.0)),))):
        room = room_of(member("ann", 100.0), member("bob", 100.0))
        assert room.learn(message) == []
        assert told(room, 103.0)[1]["age"] == 1.0


def test_what_the_others_players_do_is_learned_and_all_else_stays() -> None:
    file = FileInfo(size=3)
    bob = replace(member("bob", 100.0), file=file, ready=True, rtt=0.1, apart=True)
    room = room_of(member("ann", 100.0), bob, member("cy", 100.0))
    own = room.members["ann"]
    reports = (
        MemberReport("ann", "ended"),
        MemberReport("bob", "paused", position=2.0, heard_at=102.0),
        MemberReport("cy", "idle", film=False),
        MemberReport("dee", "idle"),
    )
    events = room.learn(MembersReported(reports))
    assert [event["event"] for event in events] == ["member-changed", "member-changed", "film-missing"]
    assert room.members == {
        "ann": own,
        "bob": Member("bob", "bob", "viewer", "paused", True, position=2.0, file=file, heard_at=102.0),
        "cy": Member("cy", "cy", "viewer", "idle", film=False),
    }


@pytest.mark.parametrize(
    ("control", "role", "why"),
    [
        ("host", "host", "only the host may control this room: ask ann"),
        (
            "controllers",
            "host",
            "only the host and the controllers may control this room: ask ann to make you one of them",
        ),
        ("host", "viewer", "only the host may control this room: ask the host"),
    ],
)
def test_a_refusal_says_whom_to_ask(control: Any, role: Any, why: str) -> None:
    ann, bob = Member("ann", "ann", role), Member("bob", "bob", "viewer")
    room = RoomView(Room("r", "ab" * 32, None, Policy(control=control), (ann, bob), LINE), "bob", "ws://h/ws")
    assert not room.may_control and room.who_may_control == why


def test_a_members_account_is_told() -> None:
    ann, bob = member("ann", 100.0), member("bob", 100.0)
    room = room_of(ann, replace(bob, account="robert"))
    assert [one.get("account") for one in told(room, None)] == [None, "robert"]


@pytest.mark.parametrize("message", [MemberJoined, MemberChanged])
def test_no_room_has_more_members_than_any_room_may_have(message: Any) -> None:
    """A hostile server names members without end. The owner may be one above the capacity."""
    room = room_of(member("ann", 100.0))
    for number in range(MEMBERS_MAX - 1):
        room.learn(message(member(f"m{number}", 100.0)))
    assert len(room.members) == MEMBERS_MAX
    room.learn(message(member("ann", 101.0)))
    with pytest.raises(WrongAnswer, match="more than 1001 members"):
        room.learn(message(member("one too many", 100.0)))
    assert len(room.members) == MEMBERS_MAX
