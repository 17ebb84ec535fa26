"""Counting a film that is watched: for how long, with whom."""

import os

import msgspec
import pytest

from hangd.client.history.record import Company, Record, Scene, Watching

FILM = "/films/film.mkv"
ROOM = Company("room-1", "Friday", ("bob", "cy"), True)


def alone(path: str | None = FILM, *, running: bool = True) -> Scene:
    return Scene(path, running, 5400.0, None)


def together(*others: str, running: bool = True, keeps_names: bool = True, room_id: str = "room-1") -> Scene:
    return Scene(FILM, running, 5400.0, Company(room_id, "Friday", others, keeps_names))


def watch(*scenes: tuple[Scene, float]) -> Record:
    """Let each scene last so many seconds. Local time begins at 10, wall-clock time at 1000."""
    watching = Watching.of(scenes[0][0], "id-1", 1000.0)
    assert watching is not None
    now = 10.0
    for scene, seconds in scenes:
        assert watching.is_in(scene)
        watching.see(scene, now, 990.0 + now)
        now += seconds
    watching.count(now, 990.0 + now)
    return watching.record()


@pytest.mark.parametrize("scene", [alone(None), alone(None, running=False), alone(running=False)])
def test_what_does_not_play_is_not_watched(scene: Scene) -> None:
    assert Watching.of(scene, "id-1", 1000.0) is None


def test_pauses_are_not_counted() -> None:
    record = watch((alone(), 60.0), (alone(running=False), 3600.0), (alone(), 30.0))
    assert (record.seconds, record.started_at, record.ended_at) == (90.0, 1000.0, 4690.0)


def test_the_end_is_when_it_last_played() -> None:
    record = watch((alone(), 60.0), (alone(running=False), 3600.0))
    assert (record.seconds, record.ended_at) == (60.0, 1060.0)


@pytest.mark.parametrize(
    "scene", [alone("/films/next.mkv"), alone(None), together(), together(room_id="room-2")], ids=str
)
def test_another_file_or_another_room_is_another_record(scene: Scene) -> None:
    watching = Watching.of(alone(), "id-1", 1000.0)
    assert watching is not None
    assert not watching.is_in(scene)


def test_all_who_watched_are_named_and_the_most_at_one_time_are_counted() -> None:
    record = watch((together("bob"), 60.0), (together("cy", "dee"), 60.0), (together("bob"), 60.0))
    assert (record.names, record.others) == (("bob", "cy", "dee"), 2)
    assert (record.room_id, record.room) == ("room-1", "Friday")


def test_who_was_there_during_a_pause_only_has_not_watched() -> None:
    record = watch((together("bob"), 60.0), (together("bob", "cy", running=False), 600.0))
    assert (record.names, record.others) == (("bob",), 1)


def test_names_are_not_kept_where_the_room_does_not_allow_it() -> None:
    record = watch((together("bob", "cy", keeps_names=False), 60.0))
    assert (record.names, record.others) == ((), 2)


def test_names_are_forgotten_when_the_room_stops_to_allow_it() -> None:
    record = watch((together("bob"), 60.0), (together("bob", keeps_names=False), 1.0), (together("cy"), 60.0))
    assert record.names == ("cy",)


def test_a_crowd_costs_no_more_memory_than_a_hundred() -> None:
    record = watch((together(*map(str, range(999))), 60.0))
    assert (len(record.names), record.others) == (100, 999)


def test_a_name_that_is_not_text_survives() -> None:
    path = os.fsdecode(b"/films/\xff\xfe.mkv")
    record = watch((alone(path), 60.0))
    again = msgspec.json.decode(msgspec.json.encode(record), type=Record)
    assert again == record
    assert (again.plain()["path"], again.plain()["film"]) == (path, os.fsdecode(b"\xff\xfe.mkv"))
