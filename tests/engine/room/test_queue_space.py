"""The memory of queues: what rooms, networks and the server have, and what a room does when there is no more."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.engine.room.queue_space import Holder, QueueShare, QueueSpace, size_of
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import QueueInsert, QueueMove, QueueRemove, SetEntry, SetMedia
from hangd.protocol.model import QUEUE_END, FileInfo, QueueEntry, QueueItem
from tests.support.rooms.films import ids, names, queue
from tests.support.rooms.stage import FILE, HASH, OTHER_HASH, QUICK, Stage

NET = "net:192.0.2.0/24"
FILM = 1000
"""Bytes that one of `films` takes, within a few."""


def films(number: int) -> tuple[QueueItem, ...]:
    return tuple(QueueItem(FileInfo(size=place, name=f"{place:0500d}.mkv")) for place in range(number))


def of(refused: pytest.ExceptionInfo[RequestRefused]) -> dict[str, Any]:
    assert refused.value.code == "ServerFull"
    return dict(refused.value.details or {})


def grows(share: QueueShare, size: int) -> None:
    """Let a queue take so many bytes, if it may."""
    share.check(size - share.used)
    share.resize(size)


def test_each_room_has_a_part_that_nobody_else_can_use_up() -> None:
    space = QueueSpace(1_000_000, rooms=10)
    hungry = [space.share() for _ in range(9)]
    for share in hungry:
        grows(share, 50_000)
    grows(hungry[0], 550_000)
    with pytest.raises(RequestRefused) as refused:
        grows(hungry[1], 50_001)
    assert of(refused) == {"limit": "queues"}
    assert "--" not in str(refused.value), "a member of a room has no options"
    last = space.share()
    grows(last, 50_000)
    assert space.used == space.most == 1_000_000
    grows(hungry[0], 549_000)
    grows(last, 51_000)
    assert space.used == 1_000_000


def test_the_rooms_of_one_network_have_a_quarter_of_the_rest_together() -> None:
    met: list[tuple[Holder, str]] = []
    space = QueueSpace(800_000, rooms=4, met=lambda of, network: met.append((of, network)))
    one, two, elsewhere = space.share(NET), space.share(NET), space.share("net:198.51.100.0/24")
    grows(one, 150_000)
    grows(two, 150_000)
    with pytest.raises(RequestRefused) as refused:
        grows(two, 150_001)
    assert of(refused) == {"limit": "queues", "of": "network"} and met == [("network", NET)]
    grows(elsewhere, 200_000)
    one.end()
    grows(two, 200_000)
    two.end()
    elsewhere.end()
    assert space.used == 0
    for _ in range(3):
        grows(space.share(NET), 100_000)  # each has its own part, whatever its network has
    assert space.used == 300_000


def test_what_cannot_be_refused_is_counted_and_what_shrinks_never_is() -> None:
    space = QueueSpace(1000, rooms=1)
    share, other = space.share(), space.share()
    share.resize(5000)
    grows(other, 500)
    assert space.used == 5500
    with pytest.raises(RequestRefused):
        grows(other, 501)
    grows(share, 4999)
    assert space.used == 5499


def test_the_size_of_an_entry_is_what_it_takes_in_memory() -> None:
    full = QueueEntry("123-4", FileInfo(2**40, 5400.5, "ж" * 255, QUICK), HASH)
    file = full.file
    parts: tuple[object, ...] = (full, file, full.id, file.size, file.duration, file.name, QUICK, HASH)
    measured = sum(map(sys.getsizeof, parts)) + 8  # and its place in the tuple
    assert measured <= size_of([full]) <= 1.1 * measured
    assert size_of([full, full]) == 2 * size_of([full])
    assert size_of([QueueEntry("1-0", FileInfo(1))]) > 0


# ---- a room ---------------------------------------------------------------------------------------------------------


def stage(bytes_of_room: int) -> tuple[Stage, QueueShare]:
    """Return a room whose queue may take so much, since another has taken the rest, with ann, the host."""
    space = QueueSpace(2 * bytes_of_room, rooms=1)
    space.share().resize(2 * bytes_of_room)
    share = space.share(NET)
    there = Stage(queue_share=share)
    there.create("ann", file_hash=HASH, file=FILE)
    there.goes_on()
    return there, share


def test_a_room_adds_what_there_is_space_for_and_is_told_when_there_is_no_more() -> None:
    there, share = stage(10 * FILM)
    there.says("ann", QueueInsert(QUEUE_END, films(9)), 1)
    assert len(queue(there).entries) == 10
    there.goes_on()
    there.says("ann", QueueInsert(QUEUE_END, films(1)), 2)
    error = there.error("ann")
    assert error.code == "ServerFull" and (error.details or {})["limit"] == "queues"
    assert "take others out of your queue first" in error.message
    assert len(queue(there).entries) == 10
    before = there.timeline
    there.says("ann", SetMedia(file=FileInfo(size=5, name="n" * 255, quick_hash=QUICK)), 3)
    assert there.error("ann").code == "ServerFull"
    assert there.timeline == before and queue(there).current == ids(there)[0], "nothing has happened"
    # What takes no more is granted.
    there.says("ann", QueueMove(ids(there)[3:5], QUEUE_END), 4)
    there.says("ann", SetMedia(entry=ids(there)[4]), 5)
    there.says("ann", SetEntry(ids(there)[1], OTHER_HASH, FileInfo(0, 60.0, quick_hash=QUICK)), 6)
    there.says("ann", QueueRemove(("9-9",)), 7)
    assert not [message for message, _ in there.answers("ann") if message.__class__.__name__ == "Error"]
    there.says("ann", QueueRemove(ids(there)[:2]), 8)
    there.says("ann", QueueInsert(QUEUE_END, films(1)), 9)
    assert len(queue(there).entries) == 9
    there.says("ann", SetMedia(file=FileInfo(size=5, name="only.mkv", quick_hash=QUICK), clear=True), 10)
    assert names(there) == ["only.mkv"]
    assert share.used == size_of(queue(there).entries)
    there.room.check()


def test_the_first_film_and_a_queue_from_before_a_restart_are_never_refused() -> None:
    space = QueueSpace(2, rooms=1)
    there = Stage(queue_share=space.share(NET))
    there.create("ann", file_hash=HASH, file=FILE)
    there.goes_on()
    there.says("ann", QueueInsert(QUEUE_END, films(1)), 1)
    assert there.error("ann").code == "ServerFull"
    assert names(there) == [FILE.name]
    share = space.share(NET)
    again = Room.restored(there.room.saved(), epoch="epoch-2", settings=RoomSettings(), now=200.0, queue_share=share)
    assert len(again.view().queue.entries) == 1
    assert share.used == size_of(queue(there).entries) and space.used == 2 * share.used


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["", NET, "net:other"]), st.integers(0, 3000), st.booleans()),
        max_size=60,
    )
)
def test_what_is_counted_is_what_there_is(steps: list[tuple[int, str, int, bool]]) -> None:
    space = QueueSpace(6000, rooms=6)
    shares: dict[int, QueueShare] = {}
    forced_above = False
    for number, network, size, forced in steps:
        share = shares.setdefault(number, space.share(network))
        before = share.used
        try:
            if not forced:
                share.check(size - before)
        except RequestRefused:
            assert size > max(before, space.own)
        else:
            share.resize(size)
        forced_above |= forced
        assert space.used == sum(one.used for one in shares.values())
        assert forced_above or space.used <= space.most
    for share in shares.values():
        share.end()
    assert space.used == 0
    fresh = QueueSpace(6000, rooms=6)
    vars(fresh)["met"] = space.met
    assert vars(space) == vars(fresh), "nothing of it is left"
