"""A room's queue: edits that meet, to another film and back, and what a restart leaves of it."""

import pytest
from msgspec.structs import replace

from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import (
    MediaChanged,
    Play,
    QueueChanged,
    RoomState,
    SetFile,
    SetMedia,
    SetPolicy,
    SetQueue,
    SetRole,
)
from hangd.protocol.model import QUEUE_MAX, Queue, QueueItem, Role, Timeline
from tests.support import films
from tests.support.films import NEXT, THIRD, THIRD_HASH, adds, has, is_gated, kept, moved, names, queue
from tests.support.stage import FILE, HASH, OTHER_HASH, Stage, file_info


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
    assert QueueChanged(queue(stage)) in stage.heard("ann")
    rev = queue(stage).rev
    stage.join("cy", file=FILE)
    assert queue(stage).entries[0].file == file_info(name=None), "more about it is no edit"
    assert queue(stage).rev == rev


def test_everybody_hears_of_an_edit(two: Stage) -> None:
    two.join("cy", full=False)
    two.goes_on()
    adds(two, "bob", re=5)
    assert names(two) == ["film.mkv", "next.mkv"]
    assert two.heard("ann") == [QueueChanged(queue(two))]
    assert two.answers("bob") == [(QueueChanged(queue(two)), 5)]
    assert two.heard("cy") == []
    assert two.room.rev == 0, "the film goes on"


def test_of_two_edits_at_once_the_later_is_to_be_made_again(two: Stage) -> None:
    base = queue(two).rev
    own = kept(two)
    two.says("ann", SetQueue(base, (*own, QueueItem(file_hash=OTHER_HASH, file=NEXT))))
    two.goes_on()
    late = SetQueue(base, (*own, QueueItem(file_hash=THIRD_HASH, file=THIRD)))
    two.says("bob", late, re=1)
    error = two.error("bob")
    assert (error.code, error.retry, error.details) == ("Stale", True, {"rev": base + 1})
    two.nobody_heard_more()
    assert names(two) == ["film.mkv", "next.mkv"]
    adds(two, "bob", THIRD_HASH, THIRD)
    assert names(two) == ["film.mkv", "next.mkv", "third.mkv"]


def test_to_move_on_makes_an_edit_stale_as_well(two: Stage) -> None:
    adds(two, "ann")
    base, items = queue(two).rev, kept(two)
    two.says("bob", SetMedia(entry=queue(two).entries[1].id))
    two.goes_on()
    two.says("ann", SetQueue(base, items[:1]))
    assert two.error("ann").code == "Stale"


def test_the_film_that_is_shown_goes_on_without_its_entry(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=50.0))
    two.says("bob", SetQueue(queue(two).rev, kept(two)[1:]))
    assert (names(two), queue(two).current) == (["next.mkv"], None)
    assert two.room.view().file_hash == HASH and two.timeline.playing
    two.passes(11.0)
    assert queue(two).current == queue(two).entries[0].id, "what stands in the queue comes after it"


def test_a_queue_can_be_emptied_and_its_film_ends_as_ever(two: Stage) -> None:
    two.says("ann", SetQueue(1, ()))
    two.says("ann", Play(timestamp=50.0))
    two.passes(11.0)
    assert (two.timeline.playing, two.timeline.position) == (False, 60.0)


def test_a_hundred_films_and_no_more(two: Stage) -> None:
    items = tuple(QueueItem(file_hash=OTHER_HASH, file=NEXT) for _ in range(QUEUE_MAX - 1))
    two.says("ann", SetQueue(1, (*kept(two), *items)))
    assert len(queue(two).entries) == QUEUE_MAX
    two.says("ann", SetMedia(file_hash=THIRD_HASH, file=THIRD))
    assert (len(queue(two).entries), names(two)[0]) == (QUEUE_MAX, "third.mkv")
    two.says("ann", SetQueue(queue(two).rev, kept(two)[1:]))
    two.says("ann", SetQueue(queue(two).rev, (*kept(two), *items[:1])))
    two.goes_on()
    before = two.room.view()
    two.says("bob", SetMedia(file_hash=HASH, file=FILE))
    assert two.error("bob").code == "TooLarge"
    assert two.room.view() == before
    two.nobody_heard_more()


@pytest.mark.parametrize(("role", "code"), [("viewer", "Forbidden"), ("controller", None)])
def test_who_may_edit_the_queue(two: Stage, role: Role, code: ErrorCode | None) -> None:
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


def test_a_basic_client_may_edit_what_it_never_hears_of(two: Stage) -> None:
    two.join("cy", full=False)
    two.goes_on()
    adds(two, "cy")
    assert (two.heard("cy"), names(two)) == ([], ["film.mkv", "next.mkv"])


# ---- to another film ------------------------------------------------------------------------------------------------


def test_an_entry_is_shown_paused_where_nobody_says_play(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=5.0))
    two.goes_on()
    entry = queue(two).entries[1]
    two.says("bob", SetMedia(file_hash=OTHER_HASH, file=NEXT, start=30.0, entry=entry.id), re=2)
    line = Timeline("epoch-1", 2, False, 30.0, 1.0, two.now)
    changed = MediaChanged(OTHER_HASH, NEXT, line, queue(two))
    assert queue(two).current == entry.id
    assert two.answers("bob") == [(changed, 2), (RoomState(two.room.view()), None)]
    assert two.heard("ann") == [changed, RoomState(two.room.view())]
    assert [member.verifying for member in two.room.view().members] == [True, False]
    two.passes(100.0)
    assert two.timeline == line


def test_who_moves_on_to_a_film_that_it_has_not_says_nothing_of_one(two: Stage) -> None:
    adds(two, "ann")
    entry = queue(two).entries[1]
    two.says("bob", SetMedia(entry=entry.id, play=True))
    assert [member.verifying for member in two.room.view().members] == [True, True]
    assert two.room.view().file == NEXT
    two.reports("bob", "idle")
    has(two, "ann")
    assert not is_gated(two), "bob is not waited for"


def test_a_film_alone(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", SetMedia(file_hash=THIRD_HASH, file=THIRD, clear=True))
    assert names(two) == ["third.mkv"]
    assert moved(two, "bob").queue == queue(two)


def test_a_file_of_another_film_of_the_queue_is_no_reason_to_go(two: Stage) -> None:
    """The room may have moved on while the member was still hashing the film before."""
    two.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEXT))
    two.goes_on()
    for message in (SetFile(file=FILE, file_hash=HASH), SetFile(file=file_info(name=None))):
        two.says("bob", message)
        assert two.error("bob").code == "FileHashMismatch"
    assert two.ids == ["ann", "bob"] and two.member("bob").verifying
    two.says("bob", SetFile(file=NEXT, file_hash=OTHER_HASH))
    assert not two.member("bob").verifying
    two.says("bob", SetFile(file=THIRD, file_hash=THIRD_HASH))
    assert two.ids == ["ann"]


# ---- over a restart -------------------------------------------------------------------------------------------------


def restart(stage: Stage, meanwhile: float = 1.0) -> None:
    saved = stage.room.saved()
    stage.goes_on()
    stage.now += meanwhile
    stage.room = Room.restored(saved, epoch="epoch-2", settings=RoomSettings(), now=stage.now)
    stage.room.check()


def test_the_queue_is_as_it_was(two: Stage) -> None:
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


def test_whoever_keeps_the_room_hears_of_an_edit_and_of_an_end(two: Stage) -> None:
    changes = two.room.changes
    adds(two, "ann")
    assert two.room.changes > changes
    two.says("ann", Play(timestamp=50.0))
    changes = two.room.changes
    two.passes(11.0)
    assert two.room.changes > changes
    assert two.room.saved().queue == queue(two)
