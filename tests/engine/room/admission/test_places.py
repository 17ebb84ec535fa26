"""Places in a full room: those of the absent give way to who comes, and the owner always comes in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.admission.identity import Identity
from hangd.engine.room.effects import ForgetMember
from hangd.protocol.messages import (
    Error,
    LeaveRoom,
    MemberLeft,
    RoomJoined,
    RoomLeft,
    SetFile,
    SetMedia,
    SetPolicy,
    SetRole,
)
from hangd.protocol.model import PolicyChange
from tests.support.rooms.stage import HASH, OTHER_HASH, SECRET, Stage, file_info

WRONG_SECRET = "not-the-secret-of-the-host"
OTHER_FILM = file_info(size=2000, quick_hash="02" * 32)


def of(network: str) -> Identity:
    return Identity((f"net:{network}",))


def room_of(*others: str, capacity: int, **policy: Any) -> Stage:
    """Ann, host and owner, and these others, each from a network of its own. All messages so far are taken."""
    stage = Stage(capacity=capacity, ttl=1e6)
    stage.create("ann", identity=of("ann"), policy=PolicyChange(**policy))
    for name in others:
        stage.join(name, identity=of(name), secret=secret_of(name))
    stage.goes_on()
    return stage


def secret_of(name: str) -> str:
    return f"the-return-secret-of-{name}"


def comes_in(stage: Stage, name: str, network: str | None = None, **fields: Any) -> bool:
    """Let somebody join. Returns whether it is let in."""
    stage.goes_on()
    stage.join(name, identity=of(network or name), secret=secret_of(name), **fields)
    (answer,) = [one for one in stage.heard(name) if isinstance(one, Error | RoomJoined)]
    if isinstance(answer, Error):
        assert (answer.code, answer.retry) == ("RoomFull", True)
    return isinstance(answer, RoomJoined)


# ---- the absent -----------------------------------------------------------------------------------------------------


def test_the_one_that_is_away_for_longest_gives_its_place_to_who_comes() -> None:
    stage = room_of("bob", "cy", capacity=3)
    assert not comes_in(stage, "dee"), "all are here"
    stage.loses("cy")
    stage.passes(1.0)
    stage.loses("bob")
    assert comes_in(stage, "dee")
    assert stage.ids == ["ann", "bob", "dee"]
    assert MemberLeft("cy", "lost") in stage.heard("ann")
    assert ForgetMember("cy", "lost") in stage.ordered()


def test_who_gave_up_its_place_comes_back_as_what_it_was_when_there_is_space() -> None:
    stage = room_of("bob", capacity=2)
    stage.says("ann", SetRole("bob", "controller"))
    stage.loses("bob")
    assert comes_in(stage, "cy")
    assert not comes_in(stage, "bob-again", return_secret=secret_of("bob"))
    stage.loses("cy")
    assert comes_in(stage, "bob-again", return_secret=secret_of("bob"))
    assert stage.member("bob-again").role == "controller"


def test_the_place_of_an_absent_host_is_kept() -> None:
    """Else a stranger who fills the room would be host as soon as the host's connection breaks."""
    stage = room_of("bob", capacity=2)
    stage.loses("ann")
    assert not comes_in(stage, "eve")
    stage.loses("bob")
    assert comes_in(stage, "eve")
    stage.resumes("ann")
    assert stage.member("ann").role == "host"


def test_a_room_that_takes_fewer_than_it_has_needs_more_places() -> None:
    stage = room_of("bob", "cy", "dee", capacity=4)
    stage.says("ann", SetPolicy(capacity=2))
    stage.loses("bob")
    stage.loses("cy")
    assert not comes_in(stage, "eve")
    stage.loses("dee")
    assert comes_in(stage, "eve")
    assert stage.ids == ["ann", "eve"]


def test_one_network_that_comes_and_drops_pushes_out_only_its_own() -> None:
    stage = room_of("bob", "cy", capacity=20)
    stage.loses("bob")
    stage.passes(1.0)
    for number in range(100):
        assert comes_in(stage, f"eve-{number}", "mallory")
        stage.loses(f"eve-{number}")
    assert "bob" in stage.ids and len(stage.ids) == 20
    stage.resumes("bob")
    assert comes_in(stage, "dee"), "nor does it keep anybody out"


def test_a_controller_that_gave_up_its_place_is_remembered_before_viewers() -> None:
    stage = room_of("bob", capacity=4)
    stage.says("ann", SetRole("bob", "controller"))
    stage.loses("bob")
    stage.passes(91.0)
    for number in range(50):
        assert comes_in(stage, f"eve-{number}", "mallory")
        stage.loses(f"eve-{number}")
    assert comes_in(stage, "bob-again", return_secret=secret_of("bob"))
    assert stage.member("bob-again").role == "controller"


@given(
    st.integers(2, 6),
    st.lists(st.tuples(st.sampled_from(["joins", "owner", "drops", "drops", "resumes"]), st.integers(0, 9))),
)
def test_who_is_present_stays_and_nobody_is_refused_while_others_are_absent(
    capacity: int, story: list[tuple[str, int]]
) -> None:
    """Only the owner gives up a place where it is present: for itself."""
    stage = room_of(capacity=capacity)
    present, absent, owners = {"ann"}, set[str](), {"ann"}
    for number, (action, which) in enumerate(story):
        stage.passes(0.5)
        name = f"m{number}"
        match action:
            case "owner":
                assert comes_in(stage, name, host_secret=SECRET) and stage.member(name).role == "host"
                owners.add(name)
                gone = present - set(stage.ids)
                assert len(gone) <= 1 and gone <= owners
                present = present - gone | {name}
            case "joins" if comes_in(stage, name, f"network {which % 3}"):
                present.add(name)
            case "joins":
                assert len(stage.ids) >= capacity
                assert all(stage.member(one).role == "host" for one in absent & set(stage.ids))
            case "drops" if present:
                lost = sorted(present)[which % len(present)]
                present.remove(lost)
                absent.add(lost)
                stage.loses(lost)
            case "resumes" if back := sorted(absent & set(stage.ids)):
                absent.remove(back[0])
                present.add(back[0])
                stage.resumes(back[0])
        assert present <= set(stage.ids) <= present | absent
        assert len(stage.ids) <= capacity + 1


# ---- the owner ------------------------------------------------------------------------------------------------------


def test_the_owner_comes_into_a_room_that_is_full_of_others_and_is_host() -> None:
    stage = room_of("bob", "cy", capacity=3)
    stage.says("ann", LeaveRoom())
    assert comes_in(stage, "dee") and not comes_in(stage, "eve")
    assert not comes_in(stage, "eve", host_secret=WRONG_SECRET)
    assert comes_in(stage, "ann-again", host_secret=SECRET)
    assert [stage.member(name).role for name in stage.ids] == ["controller", "viewer", "viewer", "host"], (
        "bob was host meanwhile"
    )
    assert not comes_in(stage, "fay"), "one more than it takes, and no second one"


def test_the_owner_takes_the_place_of_somebody_absent_first() -> None:
    stage = room_of("bob", capacity=2)
    stage.says("ann", SetRole("bob", "host"))
    stage.loses("bob")
    assert comes_in(stage, "phone", host_secret=SECRET), "also that of an absent host"
    assert stage.ids == ["ann", "phone"] and stage.member("phone").role == "host"


def test_an_owner_whose_old_connection_the_server_has_not_missed_takes_its_place() -> None:
    stage = room_of("bob", capacity=2)
    assert comes_in(stage, "ann-again", host_secret=SECRET)
    assert stage.ids == ["bob", "ann-again"]
    (left,) = [message for message in stage.heard("ann") if isinstance(message, RoomLeft)]
    assert left.reason == "left" and left.detail
    assert comes_in(stage, "ann-3", host_secret=SECRET), "and so on: never more than one above what it takes"
    assert stage.ids == ["bob", "ann-3"]


@pytest.mark.parametrize("full", [True, False])
def test_the_owner_comes_into_a_locked_room_whose_film_has_changed_without_the_film(full: bool) -> None:
    stage = room_of("bob", capacity=2)
    stage.says("ann", SetMedia(file=OTHER_FILM, file_hash=OTHER_HASH))
    stage.says("ann", SetPolicy(locked=True, access="invited"))
    stage.loses("ann")
    stage.passes(91.0)
    assert comes_in(stage, "ann-again", host_secret=SECRET, full=full, file_hash=HASH)
    owner = stage.member("ann-again")
    assert (owner.role, owner.file, owner.verifying) == ("host", None, False)
    assert stage.room.view().file_hash == OTHER_HASH, "what it had is not the room's film"
    if full:
        stage.reports("ann-again", "idle")
        assert not stage.member("ann-again").film
        stage.says("ann-again", SetFile(file=OTHER_FILM, file_hash=OTHER_HASH))
        assert stage.member("ann-again").file == OTHER_FILM
