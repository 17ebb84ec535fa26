"""One film after the other: the gate before a film, and what comes at its end."""

import pytest
from msgspec.structs import replace

from hangd.engine.timeline import position_at
from hangd.protocol.films import MediaChanged
from hangd.protocol.messages import (
    Kick,
    MemberLeft,
    Pause,
    Play,
    QueueRemove,
    RoomLeft,
    Seek,
    SetFile,
    SetMedia,
    Speed,
    Stop,
    SyncBroadcast,
)
from hangd.protocol.model import ROOM_ITSELF, FileInfo, PolicyChange, QueueChange
from tests.support.rooms import films
from tests.support.rooms.films import NEXT, THIRD, THIRD_HASH, adds, has, ids, is_gated, moved, queue, starts
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, Stage, file_info

LEAD = 0.080


@pytest.fixture(name="two")
def two_members() -> Stage:
    return films.two()


# ---- the gate before a film -----------------------------------------------------------------------------------------


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
    opened = SyncBroadcast(ROOM_ITSELF, Play(timestamp=10.0), two.timeline, reason="settled")
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


def test_a_member_without_the_film_is_not_waited_for(two: Stage) -> None:
    starts(two)
    two.reports("ann", "paused")
    assert is_gated(two)
    two.reports("bob", "idle")
    assert not is_gated(two)


def test_a_member_without_the_film_is_not_waited_for_at_a_seek(two: Stage) -> None:
    starts(two)
    two.reports("ann", "paused")
    two.reports("bob", "idle")
    two.passes(1.0)
    two.says("ann", Seek(timestamp=40.0))
    two.reports("bob", "idle")
    assert is_gated(two)
    two.reports("ann", "paused", 40.0)
    assert not is_gated(two)


def test_the_room_waits_five_seconds_for_somebody_to_have_the_film(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", SetMedia(entry=queue(two).entries[1].id, play=True))
    two.reports("ann", "idle")
    two.reports("bob", "idle")
    two.passes(4.9)
    assert is_gated(two)
    has(two, "ann")
    assert two.timeline.playing and not is_gated(two)


def test_a_film_that_nobody_has_is_not_played(two: Stage) -> None:
    """The room pauses at its start, in a form that clients of hang 1 know, and a film that comes late is not over."""
    adds(two, "ann", file=replace(NEXT, duration=None))
    adds(two, "bob", THIRD_HASH, THIRD)
    two.says("ann", SetMedia(entry=queue(two).entries[1].id, play=True, start=2.0))
    two.reports("ann", "idle")
    two.reports("bob", "idle")
    two.goes_on()
    two.passes(5.1)
    assert (two.timeline.playing, two.timeline.gate, two.timeline.position) == (False, None, 2.0)
    assert two.sync("bob").command == Pause(timestamp=2.0)
    two.passes(500.0)
    has(two, "ann")
    assert (two.room.view().file, two.timeline.position) == (NEXT, 2.0)
    two.says("ann", Play(timestamp=2.0))
    two.passes(10.0)
    assert two.timeline.playing


@pytest.mark.parametrize(("ran", "film", "position"), [(95.0, NEXT, 0.0), (90.5, THIRD, 0.0), (80.0, NEXT, 80.0)])
def test_a_length_that_is_told_too_late_does_not_end_the_film(
    two: Stage, ran: float, film: FileInfo, position: float
) -> None:
    """A member played it though nobody had it. Within a second of its end it ends as ever."""
    adds(two, "ann", file=replace(NEXT, duration=None))
    adds(two, "bob", THIRD_HASH, THIRD)
    two.says("ann", SetMedia(entry=queue(two).entries[1].id))
    two.says("bob", Play(timestamp=0.0))
    two.passes(ran + LEAD)
    two.goes_on()
    two.says("ann", SetFile(file=NEXT, file_hash=OTHER_HASH))
    assert two.room.view().file == film
    assert position_at(two.timeline, two.now) == pytest.approx(position)
    assert two.timeline.playing == (ran != 95.0)


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
def test_a_member_that_goes_is_not_waited_for_any_more(two: Stage, kicked: bool) -> None:
    starts(two)
    two.reports("ann", "paused")
    if kicked:
        two.says("ann", Kick("bob"))
    else:
        two.loses("bob")
    assert not is_gated(two)


def test_a_member_that_was_away_comes_back_to_the_film_that_plays(two: Stage) -> None:
    two.loses("bob")
    starts(two)
    two.reports("ann", "paused")
    assert not is_gated(two)
    two.resumes("bob")
    assert two.member("bob").file is None
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
    assert two.heard("cy") == [SyncBroadcast(ROOM_ITSELF, Play(timestamp=20.0), two.timeline, reason="settled")]


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
    (end, changed) = two.heard("ann")
    assert isinstance(end, SyncBroadcast) and isinstance(changed, MediaChanged)
    assert (end.from_client, end.command) == (ROOM_ITSELF, Pause(timestamp=60.0))
    assert not end.timeline.playing
    assert changed == MediaChanged(OTHER_HASH, NEXT, two.timeline, QueueChange(3, current=queue(two).current))
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
    two.passes(60.1)
    has(two, "ann")
    two.passes(5.1 + 90.1)
    has(two, "bob", THIRD_HASH, THIRD)
    two.passes(5.1)
    assert (two.room.view().file, two.timeline.playing, two.timeline.gate) == (THIRD, True, None)


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
    assert two.room.view().file == FILE


def test_a_room_that_runs_and_is_sent_to_the_end_goes_on(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=0.0))
    two.says("bob", Seek(timestamp=60.0))
    two.passes(2.0)
    assert two.room.view().file == NEXT


def test_a_film_added_after_the_end_is_not_played_by_itself(two: Stage) -> None:
    two.says("ann", Play(timestamp=55.0))
    two.passes(10.0)
    adds(two, "ann")
    two.passes(10.0)
    assert (two.room.view().file, two.timeline.position) == (FILE, 60.0)


def test_basic_members_cannot_follow_by_themselves(two: Stage) -> None:
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


def test_a_film_of_unknown_length_ends_when_all_players_report_its_end(endless: Stage) -> None:
    endless.reports("ann", "ended", 99.0)
    assert endless.room.view().file != NEXT
    endless.reports("bob", "ended", 99.1)
    assert (endless.room.view().file, endless.timeline.gate) == (NEXT, "seeking")
    assert moved(endless, "ann").timeline == endless.timeline


def test_only_members_that_have_the_film_and_report_count_for_its_end(endless: Stage) -> None:
    endless.join("cy", file=file_info(duration=None))
    endless.join("dee", file_hash=None, file=None)
    endless.reports("dee", "idle")
    endless.join("eve", full=False)
    endless.reports("ann", "ended", 99.0)
    endless.loses("bob")
    assert endless.room.view().file == NEXT


def test_a_reported_end_from_before_a_seek_does_not_count(endless: Stage) -> None:
    endless.reports("ann", "ended", 99.0)
    endless.says("bob", Seek(timestamp=10.0))
    endless.passes(2.0)
    endless.reports("bob", "ended", 99.0)
    assert endless.room.view().file != NEXT
    endless.reports("ann", "ended", 99.0)
    assert endless.room.view().file == NEXT


def test_a_room_that_is_paused_has_not_ended(endless: Stage) -> None:
    endless.says("bob", Pause(timestamp=99.0))
    endless.reports("ann", "ended", 99.0)
    endless.reports("bob", "ended", 99.0)
    assert endless.room.view().file != NEXT


def test_the_last_film_of_unknown_length_plays_on(endless: Stage) -> None:
    endless.says("ann", QueueRemove(ids(endless)[1:]))
    line = endless.timeline
    endless.reports("ann", "ended", 99.0)
    endless.reports("bob", "ended", 99.0)
    assert endless.timeline == line


def test_an_end_that_a_gate_covered_comes_before_what_is_said_next(endless: Stage) -> None:
    """Both stand at the end as the gate opens there, and claim a rev so high that this counts for the new timeline."""
    endless.says("ann", Seek(timestamp=40.0))
    endless.reports("ann", "ended", 40.0, rev=2**53 - 1)
    endless.reports("bob", "ended", 40.0, rev=2**53 - 1)
    assert (endless.room.view().file == NEXT, is_gated(endless)) == (False, False)
    endless.reports("bob", "playing", 40.0)
    assert endless.room.view().file == NEXT


def test_a_film_that_is_shorter_than_its_file_says_ends_when_all_players_report_its_end(two: Stage) -> None:
    adds(two, "ann")
    two.says("ann", Play(timestamp=0.0))
    two.reports("bob", "playing", 0.0)
    two.passes(50.0)
    two.reports("ann", "ended", 49.0)
    assert two.room.view().file == FILE
    two.reports("bob", "ended", 49.0)
    assert (two.room.view().file, two.timeline.gate) == (NEXT, "seeking")


def test_the_last_film_that_is_shorter_than_its_file_says_is_paused_at_its_end(two: Stage) -> None:
    two.says("ann", Play(timestamp=0.0))
    two.passes(50.0)
    for client_id in ("ann", "bob"):
        two.reports(client_id, "ended", 49.0)
    assert (two.timeline.playing, two.timeline.position) == (False, FILE.duration)
