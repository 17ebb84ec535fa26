"""Each member's own copy of the film: members without it, a film whose whole hash is not known, and other encodings."""

from typing import Any

import pytest
from msgspec.structs import replace

from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.films import EntryChanged
from hangd.protocol.messages import (
    Error,
    LeaveRoom,
    MemberJoined,
    MembersReported,
    Play,
    RoomCreated,
    RoomLeft,
    Seek,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SyncBroadcast,
)
from hangd.protocol.model import FileInfo, PolicyChange
from tests.support.rooms import films
from tests.support.rooms.films import NEXT, adds, ids, is_gated, starts
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, QUICK, Stage, file_info

NOTHING: dict[str, Any] = {"file_hash": None, "file": None}


@pytest.fixture(name="two")
def two_members() -> Stage:
    return films.two()


# ---- members without the film ---------------------------------------------------------------------------------------


def test_a_full_client_may_join_without_the_film_and_control_the_room(two: Stage) -> None:
    two.join("cy", **NOTHING)
    (joined,) = [message for message in two.heard("ann") if isinstance(message, MemberJoined)]
    assert (joined.member.file, joined.member.verifying) == (None, False)
    two.says("cy", Play(timestamp=3.0))
    assert two.timeline.playing
    assert two.sync("bob").from_client == "cy"


@pytest.mark.parametrize("state", [None, "idle", "buffering"])
def test_no_gate_and_no_lead_waits_for_a_member_without_the_film(two: Stage, state: str | None) -> None:
    two.join("cy", **NOTHING)
    two.measures("cy", 0.8, 0.8)
    two.says("ann", Play(timestamp=3.0))
    assert two.timeline.at == pytest.approx(two.now + 0.080)
    two.says("ann", Seek(timestamp=40.0))
    if state is not None:
        two.reports("cy", state)  # type: ignore[arg-type]
    two.reports("ann", "paused", 40.0)
    assert is_gated(two), "bob is still seeking"
    two.reports("bob", "paused", 40.0)
    assert not is_gated(two)


def test_a_member_that_never_had_a_film_does_not_delay_the_next_one(two: Stage) -> None:
    """A telephone that only controls the room reports nothing."""
    two.join("cy", **NOTHING)
    starts(two)
    two.reports("ann", "paused")
    films.has(two, "bob")
    assert not is_gated(two)


def test_a_room_that_waits_for_everyone_does_not_wait_for_a_film_that_may_be_another(two: Stage) -> None:
    two.says("ann", SetPolicy(wait="everyone"))
    two.join("cy", **NOTHING)
    two.says("ann", Play(timestamp=3.0))
    two.reports("cy", "buffering")
    two.passes(2.0)
    assert two.timeline.gate is None


def test_a_member_brings_the_film_later_and_counts_from_then_on(two: Stage) -> None:
    two.join("cy", **NOTHING)
    two.reports("cy", "idle")
    assert not two.member("cy").film
    two.says("cy", SetFile(file=FILE, file_hash=HASH, entry=ids(two)[0]))
    assert (two.member("cy").film, two.member("cy").file, two.member("cy").verifying) == (True, FILE, False)
    two.says("ann", Play(timestamp=3.0))
    two.says("ann", Seek(timestamp=40.0))
    for client_id in ("ann", "bob"):
        two.reports(client_id, "paused", 40.0)
    assert is_gated(two)
    two.reports("cy", "paused", 40.0)
    assert not is_gated(two)


def test_who_lacks_the_film_that_the_room_moved_on_to_is_told_once(two: Stage) -> None:
    for client_id in ("ann", "bob"):
        two.reports(client_id, "paused")
    starts(two)
    assert two.member("bob").film, "it may still be looking for it"
    two.goes_on()
    two.reports("bob", "idle")
    (changed,) = two.heard("ann")
    assert isinstance(changed, MembersReported) and not changed.reports[0].film
    two.goes_on()
    two.reports("bob", "idle", at=two.now + 1)
    assert two.heard("ann") == []
    adds(two, "ann", HASH, FILE)
    two.says("ann", SetMedia(entry=ids(two)[-1]))
    assert two.member("bob").film, "the next film may be here"
    two.goes_on()
    two.reports("bob", "idle")
    assert not two.heard("ann")[0].reports[0].film  # type: ignore[union-attr]


# ---- a film whose whole hash is not known ---------------------------------------------------------------------------


def by_quick_hash(match: str = "hash") -> Stage:
    stage = Stage()
    stage.create("ann", file_hash=None, policy=PolicyChange(match=match))  # type: ignore[arg-type]
    return stage


def test_a_room_exists_by_the_quick_hash_and_is_joined_by_it() -> None:
    stage = by_quick_hash()
    (created,) = stage.heard("ann")
    assert isinstance(created, RoomCreated) and created.room.file_hash is None
    stage.join("bob", file_hash=None)
    stage.join("cy", file_hash=OTHER_HASH)
    stage.join("eve", file_hash=HASH, file=None, full=False)
    stage.join("dee", file_hash=HASH, file=file_info(size=7))
    assert stage.error("dee").code == "FileHashMismatch"
    assert [member.verifying for member in stage.room.view().members] == [True] * 4


def test_the_hosts_whole_hash_proves_the_others_or_puts_them_out() -> None:
    stage = by_quick_hash()
    stage.join("bob", file_hash=None)
    stage.join("cy", file_hash=OTHER_HASH)
    stage.join("eve", file_hash=HASH, file=None, full=False)
    stage.says("cy", SetFile(file=FILE, file_hash=OTHER_HASH, entry=ids(stage)[0]))
    assert stage.room.view().file_hash is None, "another member's hash says nothing of the film"
    stage.goes_on()
    stage.says("ann", SetFile(file=FILE, file_hash=HASH, entry=ids(stage)[0]))
    (entry,) = stage.room.view().queue.entries
    assert (stage.room.view().file_hash, entry.file_hash) == (HASH, HASH)
    assert EntryChanged(entry) in stage.heard("bob")
    left = stage.heard("cy")[-1]
    assert isinstance(left, RoomLeft) and left.reason == "mismatch" and "content differs" in (left.detail or "")
    assert {member.client_id: member.verifying for member in stage.room.view().members} == {
        "ann": False,
        "bob": True,
        "eve": False,
    }
    stage.says("bob", SetFile(file=FILE, file_hash=HASH))
    assert not stage.member("bob").verifying


def test_the_next_hosts_hash_counts_where_the_host_went_before_it_was_known() -> None:
    stage = by_quick_hash()
    stage.join("bob", file_hash=None)
    stage.says("bob", SetFile(file=FILE, file_hash=OTHER_HASH))
    stage.says("ann", LeaveRoom())
    assert (stage.room.view().file_hash, stage.member("bob").verifying) == (OTHER_HASH, False)


def test_the_hash_of_a_film_that_another_member_added_is_told_by_that_member(two: Stage) -> None:
    bare = replace(NEXT, quick_hash=QUICK)
    adds(two, "bob", None, bare)
    two.says("bob", SetMedia(entry=ids(two)[1]))
    two.says("bob", SetFile(file=bare, entry=ids(two)[1]))
    two.says("ann", SetFile(file=bare, entry=ids(two)[1]))
    assert two.member("ann").verifying and two.member("bob").verifying
    two.goes_on()
    two.says("bob", SetEntry(ids(two)[1], OTHER_HASH))
    assert two.room.view().file_hash == OTHER_HASH
    assert two.heard("ann") == [EntryChanged(two.room.view().queue.entries[1])]
    two.says("bob", SetFile(file=bare, file_hash=OTHER_HASH))
    assert not two.member("bob").verifying and two.member("ann").verifying


def test_an_entry_of_which_only_name_and_size_are_known_is_shown(two: Stage) -> None:
    adds(two, "bob", None, NEXT)
    two.says("ann", SetMedia(entry=ids(two)[1]))
    quick = replace(NEXT, quick_hash=QUICK)
    two.says("ann", SetFile(file=replace(NEXT, quick_hash=OTHER_HASH), entry=ids(two)[1]))
    two.says("bob", SetFile(file=quick, entry=ids(two)[1]))
    two.goes_on()
    two.says("bob", SetEntry(ids(two)[1], file=quick))
    assert (two.ids, two.member("ann").file) == (["ann", "bob"], None), "what was told later is compared too"
    assert two.member("ann").role == "host"
    assert [message.code for message in two.heard("ann") if isinstance(message, Error)] == ["FileHashMismatch"]
    assert two.member("bob").verifying


def test_a_film_that_only_the_quick_hash_names_is_the_same_after_a_restart() -> None:
    stage = by_quick_hash()
    stage.join("bob", file_hash=None)
    saved = stage.room.saved()
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    stage.room.check()
    stage.resumes("ann")
    stage.says("ann", SetFile(file=FILE, file_hash=HASH))
    assert stage.room.view().file_hash == HASH


def test_who_is_back_with_nothing_open_has_not_got_the_film_until_it_is_opened() -> None:
    stage = by_quick_hash()
    stage.join("bob", file_hash=None)
    for returning in ("reload", "reload again"):
        stage.reports("bob", "paused")
        assert stage.member("bob").film, returning
        stage.loses("bob")
        stage.resumes("bob")
        assert stage.member("bob").film, "it has not said yet what it shows"
        stage.reports("bob", "idle")
        assert not stage.member("bob").film
        assert stage.member("bob").verifying, "what it has told is not proven by closing it"
    stage.says("bob", SetFile(file=FILE, entry=ids(stage)[0]))
    assert stage.member("bob").film
    stage.reports("bob", "paused")
    stage.reports("bob", "idle")
    assert stage.member("bob").film, "a player that was stopped opens the film again"


# ---- another encoding -----------------------------------------------------------------------------------------------

OTHER = FileInfo(size=700, duration=61.5, name="other.avi", quick_hash="03" * 32)


@pytest.mark.parametrize("match", ["duration", "none"])
def test_a_member_with_another_encoding_never_moves_the_room_and_is_not_put_out_for_a_hash(match: str) -> None:
    stage = by_quick_hash(match)
    stage.join("bob", file_hash=None, file=OTHER)
    assert not stage.member("bob").verifying
    before = stage.room.view().queue
    stage.says("bob", SetFile(file=OTHER, file_hash=OTHER_HASH, entry=ids(stage)[0]))
    stage.says("ann", SetFile(file=FILE, file_hash=HASH, entry=ids(stage)[0]))
    view = stage.room.view()
    assert (view.file_hash, view.file, view.queue.rev) == (HASH, FILE, before.rev)
    assert [(member.client_id, member.file, member.verifying) for member in view.members] == [
        ("ann", FILE, False),
        ("bob", OTHER, False),
    ]


def test_the_duration_of_the_next_film_is_learned_and_then_compared() -> None:
    stage = by_quick_hash("duration")
    stage.join("bob", file_hash=None, file=OTHER)
    bare = FileInfo(size=5000, name="next.mkv", quick_hash="04" * 32)
    adds(stage, "ann", None, bare)
    next_ = ids(stage)[1]
    stage.says("ann", SetMedia(entry=next_))
    stage.says("bob", SetFile(file=replace(OTHER, size=800, duration=92.5), entry=next_))
    assert stage.member("bob").verifying, "the room does not know its own film's duration yet"
    stage.goes_on()
    stage.says("ann", SetFile(file=replace(bare, duration=90.0), entry=next_))
    assert stage.room.view().file == replace(bare, duration=90.0)
    assert EntryChanged(stage.room.view().queue.entries[1]) in stage.heard("ann")
    left = stage.heard("bob")[-1]
    assert isinstance(left, RoomLeft) and left.detail == "your file is 92.5 s long, the room's 90.0 s"


def test_what_an_other_encoding_is_like_is_not_what_the_film_is_like() -> None:
    stage = by_quick_hash("none")
    stage.join("bob", file_hash=OTHER_HASH, file=replace(OTHER, duration=5.0))
    stage.says("bob", SetFile(file=replace(OTHER, duration=6.0), file_hash=OTHER_HASH))
    stage.says("ann", Play(timestamp=50.0))
    stage.passes(8.0)
    assert stage.timeline.playing
    assert not [message for message in stage.heard("ann") if isinstance(message, SyncBroadcast)][1:]
