"""A restored room: what its members find after a restart of the server."""

import json
import re

import msgspec
import pytest

from hangd.engine.room.effects import CheckPassword, ForgetMember, ForgetRoom
from hangd.engine.room.inputs import PasswordChecked
from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.engine.timeline import position_at
from hangd.protocol.codec import decode_server, encode_server
from hangd.protocol.invites import CreateInvite, GetBans, GetInvites
from hangd.protocol.messages import (
    GetRoom,
    Kick,
    LeaveRoom,
    Pause,
    Play,
    RoomState,
    Say,
    Seek,
    SetPolicy,
    SetReady,
    SetRole,
    Speed,
)
from hangd.protocol.model import ROOM_ITSELF, SECONDS_MAX
from tests.support.rooms.stage import FILE, HASH, SECRET, Stage


def restart(stage: Stage, meanwhile: float = 1.0, *, shift: float = 0.0, **settings: float) -> None:
    """Restart the server. Its clock is then ``shift`` seconds ahead of the old one."""
    saved = stage.room.saved()
    stage.goes_on()
    stage.now += meanwhile + shift
    stage.room = Room.restored(
        saved.moved(shift),
        epoch="epoch-2",
        settings=RoomSettings(**settings),  # type: ignore[arg-type]  # the numbers among them
        now=stage.now,
    )
    stage.room.check()


@pytest.fixture
def two() -> Stage:
    """Ann, the host, and bob."""
    stage = Stage()
    stage.create("ann")
    stage.join("bob")
    stage.goes_on()
    return stage


@pytest.mark.parametrize("shift", [0.0, -90_000.0])
def test_a_room_that_played_continues_without_a_jump(two: Stage, shift: float) -> None:
    two.says("ann", Play(timestamp=3.0))
    two.passes(5.0)
    two.says("bob", Speed(rate=1.25))
    before, seen = two.timeline, two.now
    restart(two, 4.0, shift=shift)
    after = two.timeline
    assert (after.playing, after.rate, after.rev, after.gate) == (True, 1.25, before.rev, None)
    assert after.epoch != before.epoch, "what came after the saving is not to be mistaken for what comes now"
    for later in (0.0, 4.0, 10.0):
        expected = position_at(before, seen + later)
        assert position_at(after, seen + shift + later) == pytest.approx(expected, abs=1e-6)
    two.resumes("ann")
    two.passes(10.0)
    assert two.room.timeline.rev == before.rev, "nobody's return moves the room"


def test_the_film_may_have_ended_meanwhile(two: Stage) -> None:
    two.says("ann", Play(timestamp=50.0))
    restart(two, 20.0)
    assert two.timeline.position == 60.0
    assert not two.timeline.playing


def test_everybody_is_away_and_keeps_role_and_order(two: Stage) -> None:
    two.join("cy", name="bob")
    two.join("dee", file_hash=None)
    two.says("ann", SetRole("cy", "controller"))
    two.says("bob", SetReady(ready=True))
    restart(two)
    found = two.room.view().members
    assert [(member.name, member.role, member.state) for member in found] == [
        ("ann", "host", "away"),
        ("bob", "viewer", "away"),
        ("bob-2", "controller", "away"),
        ("dee", "viewer", "away"),
    ]
    assert [(member.ready, member.verifying, member.file) for member in found] == [
        (False, False, FILE),
        (True, False, FILE),
        (False, False, FILE),
        (False, True, FILE),
    ]
    two.resumes("cy")
    two.passes(89.0)
    assert two.ids == ["ann", "bob", "cy", "dee"]
    two.passes(1.0)
    assert two.ids == ["cy"] and two.member("cy").role == "host"
    assert two.ordered() == [ForgetMember(gone, "lost") for gone in ("ann", "bob", "dee")]


def test_basic_members_are_gone_and_a_basic_host_is_succeeded() -> None:
    stage = Stage()
    stage.create("ann", full=False)
    stage.join("bob")
    stage.join("cy")
    restart(stage)
    assert [(member.client_id, member.role) for member in stage.room.view().members] == [
        ("bob", "host"),
        ("cy", "viewer"),
    ]
    stage.join("dee", full=False, host_secret=SECRET)
    assert stage.member("dee").role == "host", "the secret reclaims the role"


def test_a_room_of_basic_members_only_is_paused() -> None:
    stage = Stage()
    stage.create("ann", full=False)
    stage.says("ann", Play(timestamp=3.0))
    restart(stage, 4.0)
    timeline = stage.timeline
    assert (timeline.playing, timeline.position) == (False, 7.0)


def test_an_empty_room_is_forgotten_at_the_same_time_as_without_a_restart() -> None:
    stage = Stage(ttl=60.0)
    stage.create("ann", full=False)
    stage.loses("ann")
    stage.passes(40.0)
    restart(stage, 10.0, shift=1000.0, ttl=60.0)
    stage.passes(9.0)
    assert stage.ordered() == []
    stage.passes(1.0)
    assert stage.ordered() == [ForgetRoom()]


def test_password_and_bans_are_restored() -> None:
    stage = Stage(password_hash="a hash")
    stage.create("ann")
    stage.join("bob", host_secret=SECRET)
    stage.says("bob", Kick("ann", ban=True))
    stage.goes_on()
    restart(stage)
    assert stage.room.view().policy.has_password
    stage.join("ann")
    assert stage.error("ann").code == "Banned"
    stage.goes_on()
    stage.join("cy")
    assert stage.error("cy").code == "WrongPassword"
    stage.goes_on()
    stage.join("dee", password="sesame")
    assert stage.ordered() == [CheckPassword("dee", "sesame", "a hash")]


def test_policy_alias_and_film_are_restored() -> None:
    stage = Stage()
    stage.create("ann", name="friday")
    stage.says("ann", SetPolicy(control="host", wait="everyone", match="none", locked=True, capacity=7))
    before = stage.room.view()
    restart(stage)
    after = stage.room.view()
    assert (after.name, after.policy, after.file_hash, after.file) == (before.name, before.policy, HASH, FILE)


def test_a_smaller_capacity_of_the_server_applies_to_restored_rooms(two: Stage) -> None:
    restart(two, capacity=5)
    assert two.room.view().policy.capacity == 5


def test_a_gate_waits_for_the_first_member_that_is_back(two: Stage) -> None:
    two.says("ann", Play(timestamp=3.0))
    two.passes(2.0)
    two.says("ann", Seek(timestamp=30.0))
    assert two.timeline.gate == "seeking"
    restart(two, 5.0)
    two.passes(0.5)
    assert two.timeline.gate == "seeking", "all would be late who stand there"
    two.resumes("ann")
    two.reports("ann", "paused", 30.0)
    timeline = two.timeline
    assert (timeline.gate, timeline.position, timeline.at > two.now) == (None, 30.0, True)
    assert two.sync("ann").from_client == ROOM_ITSELF


def test_a_gate_opens_though_nobody_comes_back(two: Stage) -> None:
    two.says("ann", Play(timestamp=3.0))
    two.passes(2.0)
    two.says("ann", Seek(timestamp=30.0))
    restart(two, 5.0)
    two.passes(1.0)
    assert two.timeline.gate is None


def test_what_is_not_saved_does_not_change_what_is_saved(two: Stage) -> None:
    two.says("ann", Pause(timestamp=1.0))
    changes, saved = two.room.changes, two.room.saved()
    two.reports("ann", "paused", 1.0)
    two.says("bob", Say(text="hello"))
    two.loses("bob")
    two.resumes("bob")
    two.measures("ann", 0.01)
    two.passes(5.0)
    assert (two.room.changes, two.room.saved()) == (changes, saved)
    two.says("ann", Pause(timestamp=2.0))
    assert two.room.changes > changes


def test_a_room_that_was_saved_before_films_could_be_unhashed_is_restored(two: Stage) -> None:
    """Then, a member whose copy of the next film was not told yet was kept as verifying."""
    saved = json.loads(msgspec.json.encode(two.room.saved()))
    for member in saved["members"]:
        member |= {"verifying": True, "file": None, "file_hash": None}
    two.room = Room.restored(
        msgspec.json.decode(json.dumps(saved).encode(), type=SavedRoom),
        epoch="epoch-2",
        settings=RoomSettings(),
        now=two.now,
    )
    two.room.check()
    two.resumes("ann")
    two.passes(1.0)
    assert [(member.verifying, member.film) for member in two.room.view().members] == [(False, True)] * 2
    assert two.room.view().file_hash == HASH


def test_what_changes_nothing_is_no_reason_to_write_the_room(two: Stage) -> None:
    two.says("ann", SetPolicy(locked=True))
    changes = two.room.changes
    two.join("cy")
    assert two.error("cy").code == "RoomLocked"
    two.says("ann", GetBans())
    two.says("ann", GetInvites())
    two.says("ann", GetRoom())
    assert two.room.changes == changes
    two.join("cy", host_secret=SECRET)
    assert two.room.changes > changes


def test_a_password_that_is_wrong_is_no_reason_to_write_the_room() -> None:
    stage = Stage(password_hash="a hash")
    stage.create("ann")
    changes = stage.room.changes
    stage.join("bob", password="wrong")
    stage.feed(PasswordChecked("bob", False))
    assert stage.room.changes == changes
    stage.join("bob", password="right")
    stage.feed(PasswordChecked("bob", True))
    assert stage.room.changes > changes


def test_a_member_that_takes_the_place_of_another_is_written(two: Stage) -> None:
    two.loses("bob")
    changes = two.room.changes
    two.join("bob-again", name="bob")
    assert len(two.ids) == 2 and two.room.changes > changes


def test_a_room_that_was_kept_with_what_cannot_be_said_is_mended() -> None:
    """Earlier servers let a name begin with a space, and a room run beyond the last position that messages can name."""
    stage = Stage(invites=True)
    stage.create("ann")
    for name in ("eve", "fay", "gus"):
        stage.join(name, secret=f"a-secret-of-{name}")
    stage.says("ann", SetRole("fay", "controller"))
    stage.says("fay", CreateInvite())
    stage.says("fay", LeaveRoom())
    stage.says("ann", Kick("gus", ban=True))
    kept = msgspec.json.encode(stage.room.saved())
    kept, names = re.subn(rb'"(name|by)":"(ann|eve|fay|gus)"', rb'"\1":" \2 "', kept)
    kept, positions = re.subn(rb'"position":[0-9.]+', rb'"position":100000002.5', kept)
    assert (names, positions) == (6, 1)
    saved = msgspec.json.decode(kept, type=SavedRoom)
    assert (saved.timeline.position, {one.name for one in saved.members}) == (SECONDS_MAX, {"ann", "eve"})
    (former,), (ban,), (invite,) = saved.former, saved.bans, saved.invites
    assert (former.name, ban.name, ban.by, invite.by) == ("fay", "gus", "ann", "fay")
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    stage.room.check()
    state = RoomState(stage.room.view())
    assert decode_server(encode_server(state)).message == state
