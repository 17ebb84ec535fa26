"""The checks of what is promised find what they are for, and nothing where a server keeps its promises."""

from pathlib import Path

import pytest

from hangd.protocol import messages
from hangd.protocol.model import Policy, Queue, Room, Timeline
from hangd.tasks import Tasks
from tests.support.crowds.crowd import crowd
from tests.support.crowds.fan import Fan
from tests.support.crowds.promises import Ears, promises
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.server_process import server_process


def ears() -> Ears:
    return Ears(Fan("ann", "ws://127.0.0.1:9/ws", Tasks()))


def line(epoch: str, rev: int) -> Timeline:
    return Timeline(epoch=epoch, rev=rev, playing=False, position=0.0, rate=1.0, at=0.0)


def state(epoch: str, rev: int) -> messages.RoomState:
    room = Room(
        room_id="r", file_hash=None, file=None, policy=Policy(), members=(), timeline=line(epoch, rev), queue=Queue()
    )
    return messages.RoomState(room)


def said(text: str) -> messages.Said:
    return messages.Said(from_client="c", text=text, at=0.0)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ([state("a", 1), state("a", 1), state("a", 5), state("b", 2)], None),
        ([state("a", 2), state("a", 1)], "rev 1 after 2, in epoch a"),
        ([state("a", 1), state("b", 1), state("a", 2)], "epoch a is back, after b"),
        ([state("a", 2), messages.Pong(t0=0.0, t1=0.0, t2=0.0, epoch="a", rev=1)], "rev 1 after 2, in epoch a"),
        ([said("bob:1"), said("bob:3"), said("eve:1"), said("hello"), said("a:b")], None),
        ([said("bob:1"), said("bob:1")], "line 1 of bob is told twice, after 1"),
        ([said("bob:2"), said("bob:1")], "line 1 of bob is told late, after 2"),
    ],
)
def test_broken_promises_are_found(told: list[messages.ServerMessage], problem: str | None) -> None:
    one = ears()
    for message in told:
        one.told(message)
    assert one.problems == ([] if problem is None else [f"ann: {problem}"])


def test_a_film_that_was_added_with_an_answer_must_stay() -> None:
    one = ears()
    one.told(state("a", 1))
    one.acknowledged.append("e1")
    one.told(state("a", 2))
    assert one.problems == ["ann: 1 films are gone that were added with an answer, the first is e1"]


def test_a_line_may_be_missing_only_while_somebody_was_not_there() -> None:
    one = ears()
    for number in (2, 4):
        one.told(said(f"bob:{number}"))
    one.fan.lost.append((0.0, 1006))
    for number in (6, 8):
        one.told(said(f"bob:{number}"))
    one.told(messages.RoomLeft("r", "closed"))
    one.told(said("bob:10"))
    assert not one.was_there
    assert one.gaps("bob", {*range(1, 12)}) == [3, 7]
    assert one.gaps("bob", {1, 2, 4, 5, 6, 8, 9, 10, 11}) == [], "before it came, and while it was away"


@pytest.mark.real
async def test_one_server_keeps_its_promises(tmp_path: Path) -> None:
    async with (
        server_process(tmp_path, *UNLIMITED_OPTIONS) as server,
        crowd(server.url, rooms=3, members=3) as people,
    ):
        async with promises(people) as kept:
            host = people.groups[0].host
            await host.until(lambda: min(adder.count for adder in kept.adders) >= 120, "120 films in each room")
            await host.until(lambda: min(map(len, kept.said.values()), default=0) >= 3, "three lines of each")
        print("\n" + await kept.checked())
        assert kept.epochs() == 0 and all(one.stayed for one in kept.ears.values())
        assert all(len(adder.names) < 100 for adder in kept.adders), "they were taken out when there were many"
        assert all(len(kept.said[fan.name]) >= 3 for fan in people.members)
        kept.ears[people.members[0].name].lines[people.members[1].name].remove(2)
        with pytest.raises(AssertionError, match=r"1 lines of ann-0-1 are missing, the first is 2"):
            await kept.checked()
