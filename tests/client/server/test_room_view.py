"""RoomView: how old what is known of a member is."""

from typing import Any

import pytest

from hangd.client.server.room_view import RoomView
from hangd.protocol.messages import MemberChanged, Report
from hangd.protocol.model import Member, Policy, Room, Timeline

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
    room = room_of(member("ann", 100.0), member("bob", 100.0))
    assert room.learn(MemberChanged(member("bob", 102.0))) == []
    assert told(room, 103.0)[1]["age"] == 1.0
