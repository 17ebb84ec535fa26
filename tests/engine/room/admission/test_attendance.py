"""How long people were in a room: what makes place for another room, and what is forgotten sooner than others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.admission.identity import Identity
from hangd.engine.room.effects import ForgetRoom
from hangd.engine.room.inputs import IdentityChanged
from hangd.engine.room.room import Room
from hangd.engine.room.saved import SavedRoom
from hangd.engine.room.state import RoomSettings
from hangd.protocol.messages import LeaveRoom
from tests.support.rooms.stage import SECRET, Stage

DAY = 86400.0
HOUR = 3600.0
ANN = Identity(("acc:ann",), "ann")


def room_of_ann(password_hash: str | None = None, **fields: Any) -> Stage:
    stage = Stage(password_hash=password_hash, ttl=DAY, accounts=True)
    stage.create("ann", **fields)
    return stage


def is_gone_after(stage: Stage, seconds: float) -> bool:
    stage.goes_on()
    stage.passes(seconds)
    return ForgetRoom() in stage.ordered()


def test_a_room_with_somebody_in_it_makes_no_place() -> None:
    stage = room_of_ann()
    assert not stage.room.makes_place
    stage.says("ann", LeaveRoom())
    assert stage.room.makes_place


def test_a_room_of_the_absent_makes_place() -> None:
    stage = room_of_ann()
    stage.loses("ann")
    assert stage.room.makes_place
    stage.resumes("ann")
    assert not stage.room.makes_place


def test_a_room_that_somebody_waits_to_enter_makes_no_place() -> None:
    stage = room_of_ann()
    stage.says("ann", LeaveRoom())
    stage.room._data.set_password_hash("a hash")
    stage.join("bob", password="sesame")
    stage.room._data.set_password_hash(None)
    assert not stage.room.makes_place


def test_a_room_with_a_password_makes_no_place() -> None:
    stage = room_of_ann("a hash")
    stage.says("ann", LeaveRoom())
    assert not stage.room.makes_place
    assert not is_gone_after(stage, DAY - 1) and is_gone_after(stage, 1)


def test_a_room_whose_owner_has_an_account_makes_no_place() -> None:
    stage = room_of_ann(identity=ANN)
    stage.says("ann", LeaveRoom())
    assert not stage.room.makes_place

    stage = room_of_ann()
    stage.feed(IdentityChanged("ann", ANN))
    stage.says("ann", LeaveRoom())
    assert not stage.room.makes_place

    stage = room_of_ann()
    stage.says("ann", LeaveRoom())
    stage.join("guest", identity=ANN)
    stage.says("guest", LeaveRoom())
    assert stage.room.makes_place, "that of a guest makes no difference"
    stage.join("owner", host_secret=SECRET, identity=ANN)
    stage.says("owner", LeaveRoom())
    assert not stage.room.makes_place


@pytest.mark.parametrize("visits", [[299.0], [300.0], [150.0, 149.0], [150.0, 150.0]])
def test_a_room_that_was_used_for_five_minutes_makes_no_place(visits: list[float]) -> None:
    stage = Stage(ttl=DAY)
    stage.create("ann 0")
    for number, seconds in enumerate(visits):
        stage.passes(seconds)
        stage.says(f"ann {number}", LeaveRoom())
        stage.passes(1000.0)
        stage.join(f"ann {number + 1}")
    stage.says(f"ann {len(visits)}", LeaveRoom())
    assert stage.room.makes_place == (sum(visits) < 300)


def test_the_time_after_the_last_one_has_dropped_does_not_count() -> None:
    stage = room_of_ann()
    stage.loses("ann")
    stage.passes(80.0)
    stage.resumes("ann")
    stage.passes(1.0)
    stage.says("ann", LeaveRoom())
    assert stage.room.saved().attended == 1.0


@pytest.mark.parametrize(("seconds", "kept"), [(0.0, HOUR), (9.0, HOUR), (10.0, DAY), (1000.0, DAY)])
def test_a_room_that_was_left_at_once_is_forgotten_sooner(seconds: float, kept: float) -> None:
    stage = room_of_ann()
    stage.passes(seconds)
    stage.says("ann", LeaveRoom())
    assert not is_gone_after(stage, kept - 1) and is_gone_after(stage, 1)


def test_but_not_later_than_others() -> None:
    stage = Stage(ttl=60.0)
    stage.create("ann")
    stage.says("ann", LeaveRoom())
    assert not is_gone_after(stage, 59) and is_gone_after(stage, 1)


def test_a_restart_changes_nothing_about_that_and_a_room_from_before_this_was_counted_makes_no_place() -> None:
    stage = room_of_ann()
    stage.passes(7.0)
    stage.says("ann", LeaveRoom())
    saved = stage.room.saved()
    assert saved.attended == 7.0
    settings = RoomSettings(ttl=DAY)
    assert Room.restored(saved, epoch="e", settings=settings, now=stage.now).makes_place
    stage.join("bob")
    stage.passes(300.0)
    stage.says("bob", LeaveRoom())
    saved = stage.room.saved()
    assert not Room.restored(saved, epoch="e", settings=settings, now=stage.now).makes_place
    assert saved.attended == SavedRoom.__struct_defaults__[-1], "as that of a room whose time is not known"


@given(st.lists(st.tuples(st.sampled_from(["joins", "leaves", "drops", "resumes"]), st.floats(0, 200))))
def test_the_time_counts_during_which_somebody_was_present(story: list[tuple[str, float]]) -> None:
    stage = Stage(ttl=1e9, away=1e9)
    stage.create("m0", identity=Identity())
    present, away, attended = {"m0"}, list[str](), 0.0
    for number, (action, seconds) in enumerate(story, start=1):
        stage.passes(seconds)
        attended += seconds if present else 0.0
        match action:
            case "joins":
                stage.join(f"m{number}")
                present.add(f"m{number}")
            case "leaves" if present:
                stage.says(present.pop(), LeaveRoom())
            case "drops" if present:
                away.append(present.pop())
                stage.loses(away[-1])
            case "resumes" if away:
                stage.resumes(away[-1])
                present.add(away.pop())
        if not present:
            assert stage.room.saved().attended == pytest.approx(min(attended, 300.0))
            assert stage.room.makes_place == (stage.room.saved().attended < 300.0)
