"""A room's queue: edits that meet, to another film and back, and what a restart leaves of it."""

import pytest
from msgspec.structs import replace

from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import ErrorCode
from hangd.protocol.films import EntryChanged, FilmDescribed, MediaChanged, QueueChanged
from hangd.protocol.messages import (
    Done,
    Play,
    QueueInsert,
    QueueMove,
    QueueRemove,
    SetEntry,
    SetFile,
    SetMedia,
    SetPolicy,
    SetRole,
)
from hangd.protocol.model import QUEUE_END, QUEUE_MAX, Queue, QueueChange, QueueItem, Role, Timeline
from tests.support.rooms import films
from tests.support.rooms.films import NEXT, THIRD, THIRD_HASH, adds, has, ids, is_gated, moved, names, queue
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, Stage, file_info


@pytest.fixture(name="two")
def two_members() -> Stage:
    return films.two()


# ---- what is in it --------------------------------------------------------------------------------------------------


def test_a_new_room_has_its_film_in_its_queue(two: Stage) -> None:
    found = queue(two)
    assert [(entry.file_hash, entry.file) for entry in found.entries] == [(HASH, FILE)]
    assert (found.rev, found.current) == (1, found.entries[0].id)


def test_a_film_is_in_the_queue_as_soon_as_somebody_describes_it() -> None:
    stage = Stage()
    stage.create("ann", file=None)
    assert queue(stage) == Queue()
    adds(stage, "ann")
    stage.goes_on()
    stage.join("bob", file=file_info(duration=None))
    assert names(stage) == [None, "next.mkv"]
    assert queue(stage).current == queue(stage).entries[0].id
    entry = queue(stage).entries[0]
    heard = stage.heard("ann")
    assert QueueChanged(QueueChange(2, inserted=(entry,), current=entry.id)) in heard
    assert FilmDescribed(HASH, file_info(name=None, duration=None)) in heard
    rev = queue(stage).rev
    stage.join("cy", file=FILE)
    assert queue(stage).entries[0].file == file_info(name=None), "more about it is no edit"
    assert queue(stage).rev == rev


def test_everybody_hears_of_an_edit(two: Stage) -> None:
    two.join("cy", full=False)
    two.goes_on()
    adds(two, "bob", re=5)
    assert names(two) == ["film.mkv", "next.mkv"]
    first, new = queue(two).entries
    changed = QueueChanged(QueueChange(2, inserted=(new,), after=first.id, current=first.id), by="bob")
    assert two.heard("ann") == [changed]
    assert two.answers("bob") == [(changed, 5)]
    assert two.heard("cy") == []
    assert two.room.timeline.rev == 0, "the film goes on"


def test_two_members_that_edit_at_once_both_succeed(two: Stage) -> None:
    adds(two, "ann")
    adds(two, "bob", THIRD_HASH, THIRD)
    assert names(two) == ["film.mkv", "next.mkv", "third.mkv"]
    _, second, third = ids(two)
    two.says("ann", QueueMove((third, second), after=None))
    two.says("bob", QueueInsert(second, (QueueItem(FILE, HASH),)))
    assert names(two) == ["third.mkv", "next.mkv", "film.mkv", "film.mkv"]
    two.goes_on()
    two.says("ann", QueueRemove((second,)), re=1)
    two.says("bob", QueueRemove((second,)), re=2)
    two.says("bob", QueueMove((second,), after=None))
    change = QueueChange(queue(two).rev, removed=(second,), current=queue(two).current)
    changed = QueueChanged(change, by="ann")
    assert (two.answers("ann"), two.answers("bob")) == ([(changed, 1)], [(changed, None), (Done(), 2)])
    two.says("ann", QueueInsert(second, (QueueItem(NEXT, OTHER_HASH),)))
    assert names(two) == ["third.mkv", "film.mkv", "film.mkv", "next.mkv"], "what it was to come after is gone"


def test_the_film_that_is_shown_goes_on_without_its_entry(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=50.0))
    two.says("bob", QueueRemove(ids(two)[:1]))
    assert (names(two), queue(two).current) == (["next.mkv"], None)
    assert two.room.view().file_hash == HASH and two.timeline.playing
    two.passes(11.0)
    assert queue(two).current == queue(two).entries[0].id, "what is in the queue comes after it"


def test_a_queue_can_be_emptied_and_its_film_ends_as_ever(two: Stage) -> None:
    two.says("ann", QueueRemove(ids(two)))
    two.says("ann", Play(timestamp=50.0))
    two.passes(11.0)
    assert (two.timeline.playing, two.timeline.position) == (False, 60.0)


def test_a_full_queue(two: Stage) -> None:
    more = QueueInsert(QUEUE_END, (QueueItem(NEXT, OTHER_HASH),) * (QUEUE_MAX - 1))
    two.says("ann", more)
    assert len(queue(two).entries) == QUEUE_MAX
    two.says("ann", SetMedia(file_hash=THIRD_HASH, file=THIRD))
    assert (len(queue(two).entries), names(two)[0]) == (QUEUE_MAX, "third.mkv")
    two.says("ann", QueueRemove(ids(two)[:1]))
    adds(two, "ann")
    two.goes_on()
    before = two.room.view()
    for message in (SetMedia(file_hash=HASH, file=FILE), QueueInsert(None, more.entries[:1])):
        two.says("bob", message)
        assert two.error("bob").code == "TooLarge"
    assert two.room.view() == before
    two.nobody_heard_more()


@pytest.mark.parametrize(("role", "code"), [("viewer", "Forbidden"), ("controller", None)])
def test_members_edit_the_queue_as_the_policy_allows(two: Stage, role: Role, code: ErrorCode | None) -> None:
    two.says("ann", SetPolicy(control="controllers"))
    two.says("ann", SetRole("bob", role))
    two.goes_on()
    adds(two, "bob")
    if code is None:
        assert names(two) == ["film.mkv", "next.mkv"]
    else:
        assert two.error("bob").code == code
        two.nobody_heard_more()
        assert names(two) == ["film.mkv"]


def test_a_basic_client_may_edit_the_queue_without_an_answer(two: Stage) -> None:
    two.join("cy", full=False)
    two.goes_on()
    adds(two, "cy")
    assert (two.heard("cy"), names(two)) == ([], ["film.mkv", "next.mkv"])


# ---- films whose whole hash follows ---------------------------------------------------------------------------------


BARE = file_info(size=5000, name="next.mkv", duration=90.0)


def test_the_whole_hash_of_an_entry_may_follow(two: Stage) -> None:
    adds(two, "ann", None, BARE)
    two.goes_on()
    before = queue(two)
    two.says("ann", SetEntry(ids(two)[1], OTHER_HASH), re=3)
    entry = queue(two).entries[1]
    assert (entry.file_hash, queue(two).rev) == (OTHER_HASH, before.rev)
    assert (two.answers("ann"), two.heard("bob")) == ([(EntryChanged(entry), 3)], [EntryChanged(entry)])
    two.says("bob", SetEntry(entry.id, OTHER_HASH), re=4)
    assert (two.answers("bob"), two.heard("ann")) == ([(EntryChanged(entry), 4)], [])
    two.says("bob", SetEntry(entry.id, THIRD_HASH))
    assert two.error("bob").code == "FileHashMismatch"
    two.says("bob", SetMedia(entry=entry.id))
    assert moved(two, "ann").file_hash == OTHER_HASH


def test_at_the_end_of_a_film_the_next_is_shown_without_its_whole_hash(two: Stage) -> None:
    adds(two, "ann", None, BARE)
    two.says("ann", Play(timestamp=50.0))
    two.passes(11.0)
    assert (queue(two).current, two.timeline.playing, two.timeline.gate) == (ids(two)[1], True, "seeking")
    assert (two.room.view().file_hash, two.room.view().file) == (None, BARE)


# ---- to another film ------------------------------------------------------------------------------------------------


def test_an_entry_is_shown_paused_without_play(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=5.0))
    two.goes_on()
    entry = queue(two).entries[1]
    two.says("bob", SetMedia(start=30.0, entry=entry.id), re=2)
    line = Timeline("epoch-1", 2, False, 30.0, 1.0, two.now)
    changed = MediaChanged(OTHER_HASH, NEXT, line, QueueChange(3, current=entry.id), by="bob")
    assert queue(two).current == entry.id
    assert two.answers("bob") == [(changed, 2)]
    assert two.heard("ann") == [changed]
    assert [member.file for member in two.room.view().members] == [None, None]
    two.passes(100.0)
    assert two.timeline == line


def test_a_member_may_move_on_to_an_entry_without_having_the_film(two: Stage) -> None:
    adds(two, "ann")
    entry = queue(two).entries[1]
    two.says("bob", SetMedia(entry=entry.id, play=True))
    assert [member.file for member in two.room.view().members] == [None, None]
    assert two.room.view().file == NEXT
    two.reports("bob", "idle")
    has(two, "ann")
    assert not is_gated(two), "bob is not waited for"


def test_a_film_may_replace_the_whole_queue(two: Stage) -> None:
    adds(two, "ann")
    before = ids(two)
    two.says("ann", SetMedia(file_hash=THIRD_HASH, file=THIRD, clear=True))
    assert names(two) == ["third.mkv"]
    (entry,) = queue(two).entries
    assert moved(two, "bob").change == QueueChange(3, removed=before, inserted=(entry,), current=entry.id)


def test_a_member_with_the_file_of_another_entry_is_not_put_out(two: Stage) -> None:
    """The room may have moved on while the member was still hashing the film before."""
    (first,) = ids(two)
    two.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEXT))
    two.goes_on()
    two.says("bob", SetFile(file=FILE, file_hash=HASH, entry=first))
    assert two.error("bob").code == "NoSuchEntry"
    assert two.ids == ["ann", "bob"] and two.member("bob").file is None
    two.says("bob", SetFile(file=NEXT, file_hash=OTHER_HASH, entry=ids(two)[1]))
    assert two.member("bob").file == NEXT
    two.says("bob", SetFile(file=THIRD, file_hash=THIRD_HASH))
    assert two.ids == ["ann"]


# ---- over a restart -------------------------------------------------------------------------------------------------


def restart(stage: Stage, meanwhile: float = 1.0) -> None:
    saved = stage.room.saved()
    stage.goes_on()
    stage.now += meanwhile
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    stage.room.check()


def test_the_queue_is_the_same_after_a_restart(two: Stage) -> None:
    adds(two, "ann")
    adds(two, "ann", THIRD_HASH, THIRD)
    two.says("ann", SetMedia(entry=queue(two).entries[1].id))
    before = queue(two)
    restart(two)
    assert queue(two) == before
    two.resumes("bob")
    adds(two, "bob", HASH, FILE)
    assert names(two) == ["film.mkv", "next.mkv", "third.mkv", "film.mkv"]


def test_a_film_that_ended_meanwhile_is_followed_by_the_next(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=50.0))
    restart(two, 30.0)
    assert (two.room.view().file, two.timeline.playing, two.timeline.gate) == (NEXT, True, "seeking")
    two.resumes("ann")
    has(two, "ann")
    assert not is_gated(two)


def test_a_room_of_before_there_were_queues_has_its_film(two: Stage) -> None:
    saved = replace(two.room.saved(), queue=Queue())
    two.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=two.now)
    assert (names(two), queue(two).rev) == (["film.mkv"], 1)


def test_an_edit_and_an_end_count_as_changes_to_be_saved(two: Stage) -> None:
    changes = two.room.changes
    adds(two, "ann")
    assert two.room.changes > changes
    two.says("ann", Play(timestamp=50.0))
    changes = two.room.changes
    two.passes(11.0)
    assert two.room.changes > changes
    assert two.room.saved().queue == queue(two)
