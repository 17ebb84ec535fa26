"""What a room keeps of the films that were watched in it."""

import msgspec
import pytest

from hangd.engine.room.effects import KeepWatched
from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import (
    Kick,
    LeaveRoom,
    Pause,
    Play,
    Seek,
    SetEntry,
    SetMedia,
    SetPolicy,
    Speed,
)
from tests.support.rooms.films import NEXT, adds, has, ids, starts, two
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, Stage, file_info

START = 0.08
"""A start's lead in a room without delays."""


def kept(stage: Stage) -> list[KeepWatched]:
    return [order for order in stage.ordered() if isinstance(order, KeepWatched)]


def plays(stage: Stage, seconds: float, *, position: float = 0.0) -> None:
    """Press Play, and let ``seconds`` of the film be played."""
    stage.says("ann", Play(timestamp=position))
    stage.passes(seconds + stage.timeline.at - stage.now)


def all_leave(stage: Stage) -> KeepWatched:
    for client_id in stage.ids:
        stage.says(client_id, LeaveRoom())
    (record,) = kept(stage)
    return record


def restart(stage: Stage, meanwhile: float, *, shift: float = 0.0, history: bool = True) -> None:
    """Kill the server, and start another one whose clock is ``shift`` seconds ahead, from what a store would keep."""
    saved = msgspec.json.decode(msgspec.json.encode(stage.room.saved()), type=SavedRoom)
    stage.goes_on()
    stage.now += meanwhile + shift
    stage.room = Room.restored(
        saved.moved(shift), epoch="epoch-2", settings=RoomSettings(history=history), now=stage.now
    )


# ---- from when to when ----------------------------------------------------------------------------------------------


def test_a_film_is_kept_once_all_have_gone() -> None:
    stage = two()
    began = stage.now
    plays(stage, 40.0)
    assert kept(stage) == []
    stage.says("bob", LeaveRoom())
    assert kept(stage) == []
    stage.says("ann", LeaveRoom())
    (record,) = kept(stage)
    assert record.started_at == pytest.approx(began + START)
    assert record.seconds == pytest.approx(40.0)
    assert msgspec.structs.replace(record, started_at=0.0, seconds=0.0) == KeepWatched(
        room=None,
        film="film.mkv",
        duration=60.0,
        started_at=0.0,
        seconds=0.0,
        members=2,
        corrections=0,
        skew_p50=None,
        skew_p95=None,
    )


def test_pauses_are_not_watched_and_do_not_end_it() -> None:
    stage = two()
    plays(stage, 12.0)
    stage.says("bob", Pause(timestamp=12.0))
    stage.passes(3600.0)
    plays(stage, 7.0, position=12.0)
    assert all_leave(stage).seconds == pytest.approx(19.0, abs=0.01)


def test_seconds_are_those_that_went_by_and_not_those_of_the_film() -> None:
    stage = two()
    plays(stage, 10.0)
    stage.says("ann", Speed(rate=2.0))
    stage.passes(10.0)
    assert all_leave(stage).seconds == pytest.approx(20.0, abs=0.1)


def test_the_time_behind_a_closed_gate_is_not_watched() -> None:
    stage = two()
    plays(stage, 10.0)
    stage.says("ann", Seek(timestamp=40.0))
    stage.passes(0.9)
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "paused", 40.0)
    stage.passes(5.0 + START)
    assert all_leave(stage).seconds == pytest.approx(15.0, abs=0.01)


def test_the_film_s_end_is_the_end_of_the_watching_however_late_the_timer() -> None:
    stage = two()
    stage.says("ann", Play(timestamp=0.0))
    stage.now += 4000.0  # The process was stopped.
    stage.reports("ann", "ended", 60.0)
    assert all_leave(stage).seconds == pytest.approx(60.0)


def test_another_film_ends_the_record_and_begins_one_of_its_own() -> None:
    stage = two()
    plays(stage, 30.0)
    starts(stage)
    (record,) = kept(stage)
    assert record.film == "film.mkv"
    assert record.seconds == pytest.approx(30.0)
    for client_id in ("ann", "bob"):
        has(stage, client_id)
    changed = stage.now
    stage.passes(20.0 + START)
    record = all_leave(stage)
    assert (record.film, record.duration) == ("next.mkv", 90.0)
    assert record.started_at == pytest.approx(changed + START)
    assert record.seconds == pytest.approx(20.0)


def test_another_film_after_hours_at_rest_counts_to_its_own_record_only() -> None:
    """The first film's time is counted up to the change, not up to when the room was last looked at."""
    stage = two()
    plays(stage, 30.0)
    stage.now += 15.0  # Nothing was due, and nobody reported.
    starts(stage)
    (record,) = kept(stage)
    assert record.seconds == pytest.approx(45.0)


def test_the_next_film_of_the_queue_is_another_one() -> None:
    stage = two()
    adds(stage, "ann")
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "playing")
    plays(stage, 61.0)
    (record,) = kept(stage)
    assert record.film == "film.mkv"
    assert record.seconds == pytest.approx(60.0, abs=0.2)


def test_the_same_film_again_is_the_same_record() -> None:
    stage = two()
    plays(stage, 30.0)
    stage.says("ann", SetMedia(file_hash=HASH, file=FILE, play=True))
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "paused", 0.0)
    stage.passes(20.0 + START)
    assert kept(stage) == []
    assert all_leave(stage).seconds == pytest.approx(50.0)


def test_what_becomes_known_of_the_film_does_not_end_the_record() -> None:
    stage = Stage()
    stage.create("ann", file_hash=None, file=file_info(duration=None))
    plays(stage, 15.0)
    stage.says("ann", SetEntry(id=ids(stage)[0], file_hash=HASH, file=FILE))
    stage.passes(15.0)
    assert kept(stage) == []
    assert all_leave(stage).duration == 60.0


def test_a_film_of_less_than_ten_seconds_was_not_watched() -> None:
    stage = two()
    plays(stage, 9.9)
    for client_id in ("ann", "bob"):
        stage.says(client_id, LeaveRoom())
    assert kept(stage) == []


def test_a_film_that_never_played_was_not_watched() -> None:
    stage = two()
    stage.passes(3600.0)
    starts(stage, play=False)
    assert kept(stage) == []


def test_who_comes_back_into_an_empty_room_begins_another_record() -> None:
    stage = two()
    plays(stage, 20.0)
    all_leave(stage)
    stage.join("ann")
    plays(stage, 15.0)
    assert all_leave(stage).seconds == pytest.approx(15.0)


# ---- who was there --------------------------------------------------------------------------------------------------


def test_members_are_the_most_that_had_the_film_while_it_played() -> None:
    stage = two()
    stage.join("cy")
    stage.join("dee", file_hash=None, file=None)
    plays(stage, 10.0)
    stage.says("cy", LeaveRoom())
    stage.passes(10.0)
    assert all_leave(stage).members == 3


def test_who_comes_during_a_pause_and_goes_has_not_watched() -> None:
    stage = two()
    plays(stage, 20.0)
    stage.says("ann", Pause(timestamp=20.0))
    stage.join("cy")
    stage.says("cy", LeaveRoom())
    assert all_leave(stage).members == 2


def test_a_film_that_nobody_has_is_not_watched() -> None:
    """Its members control it only."""
    stage = Stage()
    stage.create("ann")
    stage.says("ann", SetMedia(file_hash=OTHER_HASH, file=NEXT, play=True))
    stage.says("ann", LeaveRoom())
    stage.goes_on()
    stage.join("bob", file_hash=None, file=None)
    stage.says("bob", Play(timestamp=0.0))
    stage.passes(30.0)
    stage.says("bob", LeaveRoom())
    assert kept(stage) == []


def test_time_for_which_all_are_away_counts_once_one_is_back() -> None:
    stage = two()
    plays(stage, 20.0)
    for client_id in ("ann", "bob"):
        stage.loses(client_id)
    stage.passes(10.0)
    stage.resumes("bob")
    stage.reports("bob", "playing", 30.0)
    stage.passes(5.0)
    stage.resumes("ann")
    assert all_leave(stage).seconds == pytest.approx(35.0, abs=0.1)


def test_time_after_the_last_one_was_lost_was_not_watched() -> None:
    stage = two()
    plays(stage, 20.0)
    for client_id in ("ann", "bob"):
        stage.loses(client_id)
    stage.passes(600.0)
    (record,) = kept(stage)
    assert record.seconds == pytest.approx(20.0)


def test_who_is_put_out_does_not_change_the_record() -> None:
    stage = two()
    plays(stage, 20.0)
    stage.says("ann", Kick(client_id="bob"))
    stage.passes(10.0)
    assert (record := all_leave(stage)).members == 2
    assert record.seconds == pytest.approx(30.0)


# ---- names ----------------------------------------------------------------------------------------------------------


def test_a_film_whose_name_is_private_has_none() -> None:
    stage = Stage()
    stage.create("ann", file=file_info(name=None))
    stage.join("bob")  # who shares the name of the own file
    plays(stage, 20.0)
    assert all_leave(stage).film is None


def test_the_room_s_name_is_kept() -> None:
    stage = Stage()
    stage.create("ann", name="Friday")
    plays(stage, 20.0)
    assert all_leave(stage).room == "Friday"


# ---- rooms without a history ----------------------------------------------------------------------------------------


def test_a_room_whose_rules_say_no_keeps_nothing() -> None:
    stage = two()
    stage.says("ann", SetPolicy(history=False))
    plays(stage, 30.0)
    starts(stage)
    assert stage.room.saved().watching is None
    for client_id in ("ann", "bob"):
        stage.says(client_id, LeaveRoom())
    assert kept(stage) == []


def test_what_runs_is_dropped_when_the_rules_say_no() -> None:
    stage = two()
    plays(stage, 30.0)
    assert stage.room.saved().watching is not None
    stage.says("ann", SetPolicy(history=False))
    assert stage.room.saved().watching is None
    stage.passes(5.0)
    stage.says("ann", SetPolicy(history=True))
    stage.passes(15.0)
    assert all_leave(stage).seconds == pytest.approx(15.0)


def test_a_server_without_a_history_has_none() -> None:
    stage = Stage(history=False)
    stage.create("ann")
    plays(stage, 30.0)
    assert stage.room.saved().watching is None
    stage.says("ann", LeaveRoom())
    assert kept(stage) == []


# ---- how well it went -----------------------------------------------------------------------------------------------


def test_corrections_are_players_that_seek_or_wait_while_the_film_runs() -> None:
    stage = two()
    plays(stage, 10.0)
    stage.reports("ann", "playing", 10.0)
    for state in ("seeking", "paused", "playing", "buffering", "playing", "paused", "playing"):
        stage.passes(1.0)
        stage.reports("ann", state, 10.0)
    assert all_leave(stage).corrections == 3


def test_a_stall_for_which_the_room_waits_is_one_correction() -> None:
    stage = two()
    stage.says("ann", SetPolicy(wait="everyone"))
    plays(stage, 12.0)
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "playing", 12.0)
    stage.reports("bob", "buffering", 12.0)
    stage.passes(1.0)
    assert stage.timeline.gate == "buffering"
    stage.reports("ann", "paused", 12.5)
    stage.reports("bob", "paused", 12.5)
    stage.passes(1.0)
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "playing", 13.0)
    assert all_leave(stage).corrections == 1


def test_a_member_that_was_away_in_between_needed_no_correction() -> None:
    stage = two()
    plays(stage, 12.0)
    stage.reports("ann", "playing", 12.0)
    stage.reports("ann", "seeking", 12.0)
    stage.loses("ann")
    stage.resumes("ann")
    stage.reports("ann", "playing", 12.0)
    assert all_leave(stage).corrections == 0


def test_a_pause_that_is_reported_before_it_is_requested_is_no_correction() -> None:
    stage = two()
    plays(stage, 12.0)
    stage.reports("ann", "playing", 12.0)
    stage.reports("ann", "seeking", 12.0)
    stage.says("ann", Pause(timestamp=12.0))
    stage.reports("ann", "paused", 12.0)
    plays(stage, 5.0, position=12.0)
    stage.reports("ann", "playing", 17.0)
    assert all_leave(stage).corrections == 0


def test_what_the_room_ordered_is_no_correction() -> None:
    stage = two()
    plays(stage, 10.0)
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "playing", 10.0)
    stage.says("ann", Seek(timestamp=30.0))
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "seeking", 30.0)
        stage.reports(client_id, "paused", 30.0)
    stage.passes(1.0)
    for client_id in ("ann", "bob"):
        stage.reports(client_id, "playing", 31.0)
    stage.says("bob", Pause(timestamp=31.0))
    stage.reports("ann", "paused", 31.0)
    assert all_leave(stage).corrections == 0


def test_a_player_that_seeks_before_it_heard_of_a_start_is_no_correction() -> None:
    stage = two()
    plays(stage, 10.0)
    rev = stage.timeline.rev
    stage.reports("ann", "playing", 10.0)
    stage.says("bob", Pause(timestamp=10.0))
    stage.says("bob", Play(timestamp=10.0))
    stage.passes(1.0)
    stage.reports("ann", "paused", 10.0, rev=rev + 1)
    assert all_leave(stage).corrections == 0


def test_a_member_that_is_apart_needs_no_correction() -> None:
    stage = two()
    plays(stage, 10.0)
    stage.reports("ann", "playing", 10.0)
    stage.reports("ann", "paused", 10.0, apart=True)
    assert all_leave(stage).corrections == 0


def test_percentiles_are_of_the_errors_that_are_reported() -> None:
    stage = two()
    plays(stage, 1.0)
    for index in range(10):
        stage.reports("ann", "playing", 1.0, error=0.010, clock_error=0.002)
        stage.reports("bob", "playing", 1.0, error=-0.040 if index < 8 else -0.2, clock_error=0.002)
        stage.passes(2.0)
    record = all_leave(stage)
    assert record.skew_p50 == pytest.approx(0.010, rel=0.05)
    assert record.skew_p95 == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("fields", [{"clock_error": 0.5}, {"rev": 0}, {"error": None}])
def test_errors_that_say_nothing_are_left_out(fields: dict[str, float]) -> None:
    stage = two()
    plays(stage, 1.0)
    for _ in range(20):
        stage.reports("ann", "playing", 1.0, **{"error": 0.010, "clock_error": 0.0, **fields})
        stage.passes(1.0)
    assert all_leave(stage).skew_p50 is None


# ---- a restart of the server ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.0, -90_000.0])
def test_a_restart_in_the_middle_is_one_record(shift: float) -> None:
    stage = two()
    began = stage.now
    plays(stage, 20.0)
    for _ in range(12):
        stage.reports("ann", "playing", 20.0, error=0.010, clock_error=0.0)
    restart(stage, 4.0, shift=shift)
    for client_id in ("ann", "bob"):
        stage.resumes(client_id)
        stage.reports(client_id, "playing", 24.0)
    stage.passes(10.0)
    record = all_leave(stage)
    assert record.seconds == pytest.approx(34.0, abs=0.1)
    assert record.started_at == pytest.approx(began + START + shift)
    assert record.members == 2
    assert record.skew_p50 == pytest.approx(0.010, rel=0.05)


def test_a_restart_after_which_nobody_comes_back_ends_the_record() -> None:
    stage = two()
    plays(stage, 20.0)
    stage.reports("ann", "playing", 20.0)
    restart(stage, 4.0)
    stage.passes(600.0)
    (record,) = kept(stage)
    assert record.seconds <= 20.0 + 0.1


def test_a_room_without_members_to_come_back_ends_the_record_in_its_first_turn() -> None:
    """Until then it is still saved with the room: nobody takes the effects of restoring it."""
    stage = Stage()
    stage.create("ann", full=False)
    plays(stage, 20.0)
    stage.says("ann", Seek(timestamp=30.0))
    restart(stage, 1.0)
    assert stage.ids == []
    assert stage.room.saved().watching is not None
    stage.join("bob")
    (record,) = kept(stage)
    assert record.seconds == pytest.approx(20.0, abs=0.1)
    assert stage.room.saved().watching is None


def test_a_server_that_is_restarted_without_a_history_drops_what_ran() -> None:
    stage = two()
    plays(stage, 20.0)
    restart(stage, 1.0, history=False)
    stage.passes(600.0)
    assert kept(stage) == []


def test_a_room_that_was_saved_before_there_was_a_history_is_restored() -> None:
    stage = two()
    plays(stage, 20.0)
    plain = msgspec.json.decode(msgspec.json.encode(stage.room.saved()))
    del plain["watching"]
    assert msgspec.convert(plain, SavedRoom).watching is None


def test_a_saved_room_is_a_copy() -> None:
    """It is written on another thread."""
    stage = two()
    plays(stage, 20.0)
    saved = stage.room.saved()
    before = msgspec.json.encode(saved)
    stage.reports("ann", "playing", 20.0, error=0.010, clock_error=0.0)
    stage.passes(20.0)
    stage.says("ann", Pause(timestamp=40.0))
    assert msgspec.json.encode(saved) == before


def test_what_is_learned_of_a_film_is_saved_once_a_minute() -> None:
    stage = Stage()
    stage.create("ann", file=file_info(duration=7200.0))
    plays(stage, 0.0)
    before = stage.room.changes
    for _ in range(300):
        stage.passes(2.0)
        stage.reports("ann", "playing", error=0.01)
    assert 9 <= stage.room.changes - before <= 11
