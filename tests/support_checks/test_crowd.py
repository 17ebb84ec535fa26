"""What compares a crowd's rooms with what they must be finds each kind of difference."""

from typing import Any

import pytest
from msgspec import structs

from hangd.protocol.model import FileInfo, Member, Policy, Queue, QueueEntry, Room, Timeline
from tests.support.crowds.crowd import Snapshot

FILM = FileInfo(size=1000, duration=60.0)
ANN = Member("ann", "Ann", "host", state="playing", ready=True, file=FILM)
BOB = Member("bob", "Bob", "viewer", state="playing", file=FILM)
QUEUE = Queue(1, (QueueEntry("1-0", FILM), QueueEntry("1-1", FILM)), "1-0")
ROOM = Room("room", "ab" * 32, FILM, Policy(), (ANN, BOB), Timeline("one", 3, True, 10.0, 1.25, 100.0), queue=QUEUE)
BEFORE = Snapshot.of(ROOM, 10.0, 100.0)


def after(position: float = 22.5, **changes: Any) -> list[str]:
    """Return the differences of a room that is at this position ten seconds later, and has these changes."""
    return BEFORE.differences(Snapshot.of(structs.replace(ROOM, **changes), position, 110.0))


@pytest.mark.parametrize("position", [22.5, 22.35, 22.65])
def test_a_room_that_plays_on_is_as_it_must_be(position: float) -> None:
    assert after(position) == []
    assert after(timeline=structs.replace(ROOM.timeline, epoch="two", rev=4)) == []


@pytest.mark.parametrize("position", [10.0, 20.0, 22.25, 22.75])
def test_a_film_that_is_elsewhere_is_found(position: float) -> None:
    assert after(position) == [f"room room: the film is at {position:.3f}, and must be at 22.500"]


def test_a_ban_that_is_lost_is_found() -> None:
    banned = Snapshot.of(ROOM, 10.0, 100.0, ("ban 1 of Eve by Ann: device",))
    assert banned.differences(BEFORE) == ["room room: lists: (), and must be ('ban 1 of Eve by Ann: device',)"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "friday"}, "name: 'friday'"),
        ({"policy": Policy(locked=True)}, "policy: "),
        ({"queue": Queue(2, QUEUE.entries[:1], "1-0")}, "queue: ('1-0 None',)"),
        ({"queue": Queue(2, QUEUE.entries, "1-1")}, "current: '1-1'"),
        ({"file_hash": "cd" * 32}, "film: "),
        ({"timeline": structs.replace(ROOM.timeline, gate="seeking")}, "motion: (True, 1.25, 'seeking')"),
        ({"members": (ANN,)}, "member Bob: None"),
        ({"members": (structs.replace(ANN, role="viewer"), BOB)}, "member Ann: Place(name='Ann', role='viewer'"),
        (
            {"members": (structs.replace(ANN, ready=False), BOB)},
            "member Ann: Place(name='Ann', role='host', ready=False",
        ),
        ({"members": (ANN, structs.replace(BOB, state="away"))}, "member Bob is away"),
        ({"members": (ANN, BOB, structs.replace(BOB, client_id="eve", name="Eve"))}, "member Eve is new"),
    ],
)
def test_each_difference_is_found(changes: dict[str, Any], words: str) -> None:
    (line,) = after(**changes)
    assert words in line
