"""A room that shows one film after the other: edits that meet, the gate before a film, what comes at its end."""

from typing import Any

import pytest
from msgspec.structs import replace

from hangd.engine.room import Room, RoomSettings
from hangd.protocol.errors import ErrorCode
from hangd.protocol.messages import (
    Kick,
    MediaChanged,
    MemberLeft,
    Pause,
    Play,
    QueueChanged,
    RoomLeft,
    RoomState,
    Seek,
    SetFile,
    SetMedia,
    SetPolicy,
    SetQueue,
    SetRole,
    Speed,
    Stop,
    SyncBroadcast,
)
from hangd.protocol.model import QUEUE_MAX, ROOM_ITSELF, FileInfo, PolicyChange, Queue, QueueItem, Role, Timeline
from tests.support.stage import FILE, HASH, OTHER_HASH, Stage, file_info

NEXT = FileInfo(size=5000, duration=90.0, name="next.mkv")
THIRD_HASH = "ef" * 32
THIRD = FileInfo(size=7000, duration=30.0, name="third.mkv")
LEAD = 0.080


@pytest.fixture
def two() -> Stage:
    """Ann, the host, and bob, both full, watch FILE of 60 s."""
    stage = Stage()
    stage.create("ann")
    stage.join("bob")
    stage.goes_on()
    return stage


def queue(stage: Stage) -> Queue:
    return stage.room.snapshot().queue


def names(stage: Stage) -> list[str | None]:
    return [entry.file.name for entry in queue(stage).entries]


def kept(stage: Stage) -> tuple[QueueItem, ...]:
    return tuple(QueueItem(id=entry.id) for entry in queue(stage).entries)


def adds(stage: Stage, client_id: str, file_hash: str = OTHER_HASH, file: FileInfo = NEXT, **fields: Any) -> None:
    """Let a member put one more film at the end of the queue."""
    items = (*kept(stage), QueueItem(file_hash=file_hash, file=file))
    stage.says(client_id, SetQueue(queue(stage).rev, items), **fields)


def has(stage: Stage, client_id: str, file_hash: str = OTHER_HASH, file: FileInfo = NEXT) -> None:
    """Let a member open the film that the room moved on to, and stand at its start."""
    stage.reports(client_id, "buffering")
    stage.says(client_id, SetFile(file=file, file_hash=file_hash))
    stage.reports(client_id, "paused", stage.timeline.position)


def moved(stage: Stage, client_id: str) -> MediaChanged:
    """Take the one MediaChanged that this client heard."""
    (message,) = [message for message in stage.heard(client_id) if isinstance(message, MediaChanged)]
    return message


def is_gated(stage: Stage) -> bool:
    return stage.timeline.gate == "seeking"


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
    assert two.room.snapshot().file_hash == HASH and two.timeline.playing
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
    before = two.room.snapshot()
    two.says("bob", SetMedia(file_hash=HASH, file=FILE))
    assert two.error("bob").code == "TooLarge"
    assert two.room.snapshot() == before
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
    assert two.answers("bob") == [(changed, 2), (RoomState(two.room.snapshot()), None)]
    assert two.heard("ann") == [changed, RoomState(two.room.snapshot())]
    assert [member.verifying for member in two.room.snapshot().members] == [True, False]
    two.passes(100.0)
    assert two.timeline == line


def test_who_moves_on_to_a_film_that_it_has_not_says_nothing_of_one(two: Stage) -> None:
    adds(two, "ann")
    entry = queue(two).entries[1]
    two.says("bob", SetMedia(entry=entry.id, play=True))
    assert [member.verifying for member in two.room.snapshot().members] == [True, True]
    assert two.room.snapshot().file == NEXT
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


# ---- the gate before a film -----------------------------------------------------------------------------------------


def starts(stage: Stage, client_id: str = "ann", **fields: Any) -> None:
    stage.says(client_id, SetMedia(**{"file_hash": OTHER_HASH, "file": NEXT, "play": True, **fields}))


def test_the_room_plays_once_everyone_who_has_the_film_stands_there(two: Stage) -> None:
    two.says("ann", Speed(rate=1.25))
    starts(two, start=10.0)
    line = two.timeline
    assert (line.playing, line.position, line.gate, line.rate) == (True, 10.0, "seeking", 1.25)
    two.passes(1.5)
    two.reports("ann", "paused", 10.0)
    assert two.timeline == line, "longer than for a seek: a film has to be opened"
    two.reports("bob", "buffering")
    two.says("bob", SetFile(file=NEXT, file_hash=OTHER_HASH))
    assert two.timeline == line
    two.passes(1.0)
    two.goes_on()
    two.reports("bob", "paused", 10.0)
    assert (two.timeline.playing, two.timeline.gate) == (True, None)
    assert two.timeline.at == pytest.approx(two.now + LEAD)
    opened = SyncBroadcast(ROOM_ITSELF, Play(timestamp=10.0), two.timeline)
    assert two.sync("ann") == two.sync("bob") == opened


def test_the_frame_of_the_film_before_does_not_count(two: Stage) -> None:
    """Bob's player stands at 0 of the old film when it hears of the new one, and says so on the new timeline."""
    two.reports("ann", "paused")
    two.reports("bob", "paused")
    starts(two)
    two.reports("ann", "paused")
    two.reports("bob", "paused")
    assert is_gated(two)
    has(two, "bob")
    assert not is_gated(two)


def test_who_has_nothing_to_show_is_not_waited_for(two: Stage) -> None:
    starts(two)
    two.reports("ann", "paused")
    assert is_gated(two)
    two.reports("bob", "idle")
    assert not is_gated(two)


def test_nor_is_it_for_a_seek_in_that_film(two: Stage) -> None:
    starts(two)
    two.reports("ann", "paused")
    two.reports("bob", "idle")
    two.passes(1.0)
    two.says("ann", Seek(timestamp=40.0))
    two.reports("bob", "idle")
    assert is_gated(two)
    two.reports("ann", "paused", 40.0)
    assert not is_gated(two)


def test_where_nobody_has_the_film_yet_the_room_waits(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", SetMedia(entry=queue(two).entries[1].id, play=True))
    two.reports("ann", "idle")
    two.reports("bob", "idle")
    two.passes(4.9)
    assert is_gated(two)
    two.passes(0.2)
    assert two.timeline.playing and not is_gated(two)


def test_nobody_is_waited_for_longer_than_five_seconds(two: Stage) -> None:
    starts(two)
    began = two.now
    two.reports("ann", "paused")
    two.passes(4.99)
    assert is_gated(two)
    two.passes(0.02)
    assert two.timeline.playing and not is_gated(two)
    assert two.timeline.at == pytest.approx(began + 5.0 + LEAD)


@pytest.mark.parametrize("kicked", [True, False])
def test_who_goes_meanwhile_is_waited_for_no_more(two: Stage, kicked: bool) -> None:
    starts(two)
    two.reports("ann", "paused")
    if kicked:
        two.says("ann", Kick("bob"))
    else:
        two.loses("bob")
    assert not is_gated(two)


def test_who_is_away_comes_back_to_the_film_that_runs(two: Stage) -> None:
    two.loses("bob")
    starts(two)
    two.reports("ann", "paused")
    assert not is_gated(two)
    two.resumes("bob")
    assert (two.member("bob").verifying, two.member("bob").file) == (True, None)
    has(two, "bob")
    assert not two.member("bob").verifying and two.timeline.playing


def test_a_seek_before_the_film_has_begun_leaves_its_time_to_open_it(two: Stage) -> None:
    starts(two)
    two.passes(1.0)
    two.says("ann", Seek(timestamp=40.0))
    two.reports("ann", "paused", 40.0)
    two.passes(2.0)
    assert (two.timeline.gate, two.timeline.position) == ("seeking", 40.0)
    has(two, "bob")
    assert not is_gated(two)


@pytest.mark.parametrize(("command", "playing"), [(Pause(timestamp=0.0), False), (Stop(), False), (Play(0.0), True)])
def test_a_command_before_the_film_has_begun_stands(two: Stage, command: Pause | Stop | Play, playing: bool) -> None:
    starts(two)
    two.says("bob", command)
    line = two.timeline
    assert (line.playing, line.gate) == (playing, None)
    two.passes(10.0)
    assert two.timeline == line


def test_the_next_seek_waits_no_longer_than_ever(two: Stage) -> None:
    starts(two)
    two.passes(6.0)
    two.says("ann", Seek(timestamp=40.0))
    two.passes(1.1)
    assert not is_gated(two)


def test_a_basic_member_that_has_the_film_hears_where_it_stands_and_when_it_plays(two: Stage) -> None:
    two.join("cy", full=False)
    two.goes_on()
    starts(two, file_hash=HASH, file=FILE, start=20.0)
    assert two.heard("cy") == [SyncBroadcast("ann", Pause(timestamp=20.0), two.timeline)]
    two.reports("ann", "paused", 20.0)
    two.reports("bob", "paused", 20.0)
    assert two.heard("cy") == [SyncBroadcast(ROOM_ITSELF, Play(timestamp=20.0), two.timeline)]


def test_a_room_of_basic_members_waits_for_none() -> None:
    stage = Stage()
    stage.create("ann", full=False)
    starts(stage)
    assert (stage.timeline.playing, stage.timeline.gate) == (True, None)


# ---- the end of a film ----------------------------------------------------------------------------------------------


def test_the_next_film_is_played_at_the_end_of_one(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=50.0))
    two.goes_on()
    two.passes(10.1)
    (end, changed, state) = two.heard("ann")
    assert isinstance(end, SyncBroadcast) and isinstance(changed, MediaChanged)
    assert (end.from_client, end.command) == (ROOM_ITSELF, Pause(timestamp=60.0))
    assert not end.timeline.playing
    assert changed == MediaChanged(OTHER_HASH, NEXT, two.timeline, queue(two))
    assert state == RoomState(two.room.snapshot())
    assert queue(two).current == queue(two).entries[1].id
    line = two.timeline
    assert (line.playing, line.position, line.gate, line.rev) == (True, 0.0, "seeking", end.timeline.rev + 1)
    has(two, "ann")
    has(two, "bob")
    assert (two.timeline.playing, two.timeline.gate) == (True, None)
    two.passes(95.0)
    assert (two.timeline.playing, two.timeline.position) == (False, 90.0), "the last one ends as ever"
    two.passes(100.0)
    assert (two.timeline.playing, two.timeline.position) == (False, 90.0)


def test_one_film_after_the_other(two: Stage) -> None:
    adds(two, "ann")
    adds(two, "bob", THIRD_HASH, THIRD)
    two.says("ann", Play(timestamp=0.0))
    two.passes(60.1 + 5.1 + 90.1 + 5.1)
    assert (two.room.snapshot().file, two.timeline.playing, two.timeline.gate) == (THIRD, True, None)


@pytest.mark.parametrize("command", [Pause(timestamp=60.0), Seek(timestamp=60.0)])
def test_a_room_that_was_paused_or_sent_to_the_end_stays_there(two: Stage, command: Pause | Seek) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=0.0))
    if isinstance(command, Seek):
        two.says("ann", Pause(timestamp=1.0))
    two.says("bob", command)
    line = two.timeline
    two.reports("ann", "ended", 60.0)
    two.reports("bob", "ended", 60.0)
    two.passes(100.0)
    assert two.timeline == line
    assert two.room.snapshot().file == FILE


def test_a_room_that_runs_and_is_sent_to_the_end_goes_on(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=0.0))
    two.says("bob", Seek(timestamp=60.0))
    two.passes(2.0)
    assert two.room.snapshot().file == NEXT


def test_a_film_added_after_the_end_is_not_played_by_itself(two: Stage) -> None:
    two.says("ann", Play(timestamp=55.0))
    two.passes(10.0)
    adds(two, "ann")
    two.passes(10.0)
    assert (two.room.snapshot().file, two.timeline.position) == (FILE, 60.0)


def test_basic_members_can_not_follow_by_themselves(two: Stage) -> None:
    two.join("cy", full=False)
    adds(two, "ann")
    two.says("ann", Play(timestamp=55.0))
    two.goes_on()
    two.passes(5.5)
    heard = two.heard("cy")
    assert isinstance(heard[0], SyncBroadcast) and heard[0].command == Pause(timestamp=60.0)
    assert heard[1] == RoomLeft("room-1", "mismatch", "the room moved on to another film")
    assert MemberLeft("cy", "mismatch") in two.heard("ann")
    two.join("cy", full=False, file_hash=OTHER_HASH, file=None)
    assert two.ids == ["ann", "bob", "cy"]
    has(two, "ann")
    has(two, "bob")
    assert two.sync("cy").command == Play(timestamp=0.0)


def test_a_basic_member_stays_where_the_same_film_is_shown_again(two: Stage) -> None:
    two.join("cy", full=False)
    adds(two, "ann", HASH, FILE)
    two.says("ann", Play(timestamp=55.0))
    two.goes_on()
    two.passes(5.2)
    commands = [message.command for message in two.heard("cy") if isinstance(message, SyncBroadcast)]
    assert commands == [Pause(timestamp=60.0), Pause(timestamp=0.0)]
    two.passes(5.0)
    assert two.sync("cy").command == Play(timestamp=0.0)


# ---- a film of unknown length ---------------------------------------------------------------------------------------


@pytest.fixture
def endless() -> Stage:
    """Ann and bob play a film whose length nobody knows; another comes after it."""
    stage = Stage()
    stage.create("ann", file=file_info(duration=None), policy=PolicyChange(match="none"))
    stage.join("bob", file=file_info(duration=None))
    adds(stage, "ann")
    stage.says("ann", Play(timestamp=0.0))
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "playing", 1.0)
    stage.passes(100.0)
    stage.goes_on()
    return stage


def test_it_has_ended_when_everybodys_player_says_so(endless: Stage) -> None:
    endless.reports("ann", "ended", 99.0)
    assert endless.room.snapshot().file != NEXT
    endless.reports("bob", "ended", 99.1)
    assert (endless.room.snapshot().file, endless.timeline.gate) == (NEXT, "seeking")
    assert moved(endless, "ann").timeline == endless.timeline


def test_who_never_told_or_has_no_film_or_is_away_is_not_asked(endless: Stage) -> None:
    endless.join("cy", file=file_info(duration=None))
    endless.join("dee", file_hash=None, file=None)
    endless.reports("dee", "idle")
    endless.join("eve", full=False)
    endless.reports("ann", "ended", 99.0)
    endless.loses("bob")
    assert endless.room.snapshot().file == NEXT


def test_an_end_of_before_somebody_went_back_does_not_count(endless: Stage) -> None:
    endless.reports("ann", "ended", 99.0)
    endless.says("bob", Seek(timestamp=10.0))
    endless.passes(2.0)
    endless.reports("bob", "ended", 99.0)
    assert endless.room.snapshot().file != NEXT
    endless.reports("ann", "ended", 99.0)
    assert endless.room.snapshot().file == NEXT


def test_a_room_that_is_paused_has_not_ended(endless: Stage) -> None:
    endless.says("bob", Pause(timestamp=99.0))
    endless.reports("ann", "ended", 99.0)
    endless.reports("bob", "ended", 99.0)
    assert endless.room.snapshot().file != NEXT


def test_the_last_one_runs_on(endless: Stage) -> None:
    endless.says("ann", SetQueue(queue(endless).rev, kept(endless)[:1]))
    line = endless.timeline
    endless.reports("ann", "ended", 99.0)
    endless.reports("bob", "ended", 99.0)
    assert endless.timeline == line


# ---- over a restart -------------------------------------------------------------------------------------------------


def restart(stage: Stage, meanwhile: float = 1.0) -> None:
    saved = stage.room.save()
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
    assert (two.room.snapshot().file, two.timeline.playing, two.timeline.gate) == (NEXT, True, "seeking")
    two.resumes("ann")
    has(two, "ann")
    assert not is_gated(two)


def test_a_room_of_before_there_were_queues_has_its_film(two: Stage) -> None:
    saved = replace(two.room.save(), queue=Queue())
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
    assert two.room.save().queue == queue(two)
