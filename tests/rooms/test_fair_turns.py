"""A room that is told more than its share waits for its turn, in order, and the others do not."""

import asyncio
from collections import defaultdict, deque
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.protocol.codec import ClientFrame
from hangd.protocol.messages import Say
from hangd.rooms.edge.fair_turns import SLICE, WAITING_MAX, FairTurns, Lane
from tests.rooms.test_hub import Someone, make_hub, until


class Member:
    """What `FairTurns` needs of a peer. Its program has sent all of ``unread``."""

    def __init__(self, name: str, lane: Lane | None, unread: int, network: str = "") -> None:
        self.name = name
        self.lane = lane
        self.network = network
        self.unread = deque(range(unread))
        self.waiting: list[ClientFrame | None] = []
        self.held = False

    def pause_reading(self) -> None:
        self.held = True

    def resume_reading(self) -> None:
        self.held = False


class Rooms:
    """Rooms whose members talk, on simulated time. Each message takes a third of a slice.

    Args:
        rooms: how much each member says, by the room's name. The first letter of a name is the network that made it. A
            name that ends in "-": these are in no room.
    """

    def __init__(self, rooms: dict[str, list[int]]) -> None:
        self.now = 0.0
        self.fair = FairTurns(self.handle, SLICE, lambda: self.now)  # type: ignore[arg-type]
        self.members = []
        for room, counts in rooms.items():
            lane = None if room.endswith("-") else Lane()
            self.members += [Member(f"{room}{number}", lane, said, room[0]) for number, said in enumerate(counts)]
        self.handled: list[tuple[str, str]] = []

    def handle(self, member: Member, frame: ClientFrame | None) -> None:
        assert frame is not None and isinstance(frame.message, Say)
        self.handled.append((member.name, frame.message.text))
        self.now += SLICE / 3
        self.fair.charge(member.lane, SLICE / 3, self.now)

    def read(self) -> None:
        """Read all sockets once, as an event loop does."""
        for member in self.members:
            while member.unread and not member.held:
                frame = ClientFrame(Say(text=str(member.unread.popleft())), None)
                if self.fair.has_to_wait(member.lane, member, self.now):  # type: ignore[arg-type]
                    self.fair.wait(member.lane, member.network, member, frame)  # type: ignore[arg-type]
                else:
                    self.handle(member, frame)


_SLICE_MOST: Final = 4
"""Messages: three take a slice, and the last one that begins in it is finished."""


@given(
    st.dictionaries(
        st.sampled_from(["a1", "a2", "a3", "a-", "b1", "b2", "b-", "c1"]),
        st.lists(st.integers(0, 40), min_size=1, max_size=4),
        min_size=1,
    )
)
def test_everything_is_handled_in_each_members_order_a_few_slices_at_a_time(rooms: dict[str, list[int]]) -> None:
    async def talk() -> None:
        talking = Rooms(rooms)
        said = {member.name: [str(number) for number in member.unread] for member in talking.members}
        networks, lanes = len({name[0] for name in rooms}), len(talking.members)
        before, unheard = 0, dict.fromkeys(said, 0)
        while any(member.unread or member.waiting for member in talking.members):
            talking.read()
            in_calls = len(talking.handled) - before
            assert in_calls <= _SLICE_MOST, "a slice, for all rooms together"
            assert all(len(member.waiting) <= WAITING_MAX for member in talking.members)
            waiting = {member.name for member in talking.members if member.waiting}
            await asyncio.sleep(0)
            assert len(talking.handled) - before - in_calls <= 3 * _SLICE_MOST, "three slices"
            heard_now = {name for name, _ in talking.handled[before:]}
            unheard = {name: unheard[name] + 1 if name in waiting - heard_now else 0 for name in said}
            assert max(unheard.values()) <= networks * lanes, "each has its turn"
            before = len(talking.handled)
        heard = defaultdict(list)
        for name, text in talking.handled:
            heard[name].append(text)
        assert dict(heard) == {name: texts for name, texts in said.items() if texts}
        assert not any(member.held for member in talking.members), "who has to wait is read from again"

    asyncio.run(talk())


async def test_a_quiet_room_does_not_wait_for_a_busy_one() -> None:
    talking = Rooms({"busy": [60] * 99, "quiet": [0]})
    quiet = talking.members[-1]
    talking.read()
    for _ in range(50):
        await asyncio.sleep(0)
        talking.now += SLICE
        quiet.unread.append(0)
        talking.read()
        assert talking.handled[-1][0] == quiet.name, "in the very call"
    assert talking.members[0].waiting, "the busy one has not been told everything"


@pytest.mark.parametrize("room", ["a{}", "a{}-"], ids=["rooms of their own", "in no room"])
async def test_many_quiet_rooms_of_one_network_are_one_busy_one(room: str) -> None:
    talking = Rooms({room.format(number): [7] for number in range(900)} | {"b": [0]})
    other = talking.members[-1]
    handled = []
    for _ in range(50):
        other.unread.append(0)
        begin = len(talking.handled)
        talking.read()
        await asyncio.sleep(0)
        assert (other.name, "0") in talking.handled[begin:], "in the same turn of the event loop"
        handled.append(len(talking.handled) - begin)
    assert max(handled) <= 4 * _SLICE_MOST
    assert len({name for name, _ in talking.handled}) > 90, "its rooms take turns, too"


async def test_networks_take_turns_however_many_rooms_they_have() -> None:
    rooms = {f"{network}{number}": [30] for network in "abcdefghij" for number in range(45)}
    talking = Rooms(rooms | {"k": [3]})
    turns = 0
    while talking.members[-1].unread or talking.members[-1].waiting:
        talking.read()
        await asyncio.sleep(0)
        turns += 1
    assert turns <= 7, "two of eleven networks have their turn at once"


async def test_who_says_little_waits_for_no_network_that_says_much() -> None:
    rooms = {f"{network}{number}": [30] for network in "abcdefghij" for number in range(45)}
    talking = Rooms(rooms | {"k": [0]})
    one = talking.members[-1]
    for _ in range(10):
        talking.read()
        await asyncio.sleep(0)
    for _ in range(30):
        one.unread.append(0)
        begin = len(talking.handled)
        talking.read()
        await asyncio.sleep(0)
        assert (one.name, "0") in talking.handled[begin:], "in the same turn of the event loop"
    assert {name[0] for name, _ in talking.handled} == set("abcdefghijk"), "and the others have their turns"


async def test_the_members_of_a_busy_room_take_turns() -> None:
    talking = Rooms({"busy": [60, 3]})
    for _ in range(40):
        talking.read()
        await asyncio.sleep(0)
    names = [name for name, _ in talking.handled]
    assert len(names) == 63
    assert names.index("busy1") < 10 and names.count("busy1") == 3


async def busy_room(**settings: Any) -> tuple[Someone, Someone]:
    """Return two members of a room in which everything has to wait."""
    hub = make_hub(slice=0.0, **settings)
    anna, bert = Someone(hub), Someone(hub)
    for one, name in ((anna, "Anna"), (bert, "Bert")):
        await one.asks("Hello", protocol=1, name=name, client="test")
    room = await anna.asks("CreateRoom", file_hash="ab" * 32)
    await bert.asks("JoinRoom", room_id=room["room_id"], file_hash="ab" * 32)
    return anna, bert


async def texts(someone: Someone, count: int) -> list[str]:
    found: list[str] = []

    def all_there() -> bool:
        found.extend(one["payload"]["text"] for one in someone.heard() if one["type"] == "Said")
        return len(found) >= count

    await until(all_there)
    return found


async def test_what_has_to_wait_is_told_in_order_and_nothing_is_dropped() -> None:
    anna, bert = await busy_room()
    await asyncio.sleep(0.01)
    anna.heard()
    said = [str(number) for number in range(100)]
    for text in said:
        bert.say("Say", text=text)
    assert bert.wire.held, "who says so much at once is not read from"
    assert anna.heard() == []
    assert await texts(anna, 100) == said
    assert not bert.wire.held


async def test_a_ping_does_not_wait() -> None:
    anna, _bert = await busy_room()
    await asyncio.sleep(0.01)
    anna.heard()
    anna.say("Say", text="hello")
    anna.say("Ping", t0=1.0)
    assert anna.types() == ["Pong"]
    assert await texts(anna, 1) == ["hello"]


@pytest.mark.parametrize("ends", ["drop", "leave"])
async def test_what_a_member_said_before_it_went_is_heard(ends: str) -> None:
    anna, bert = await busy_room()
    await asyncio.sleep(0.01)
    anna.heard()
    bert.say("Say", text="one")
    bert.say("Say", text="two")
    if ends == "drop":
        bert.drop()
    else:
        bert.say("LeaveRoom")
        bert.say("JoinRoom", room_id="nowhere", file_hash="ab" * 32)
    assert await texts(anna, 2) == ["one", "two"]
    if ends == "leave":
        await asyncio.sleep(0.01)
        assert bert.types()[-2:] == ["RoomLeft", "Error"], "a request after LeaveRoom finds it done"
