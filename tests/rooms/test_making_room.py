"""Making room for a new room at the maximum: it costs whoever asks, never a room that strangers have kept."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hangd.engine.room.admission.identity import Identity
from hangd.engine.room.effects import OpenRoom
from hangd.engine.room.inputs import MessageReceived
from hangd.engine.room.room import Room
from hangd.engine.room.state import RoomSettings
from hangd.protocol.errors import RequestRefused
from hangd.protocol.messages import CreateRoom, LeaveRoom
from hangd.rooms.edge.entering import creation
from hangd.rooms.hosting.directory import Directory, Hosted
from hangd.rooms.hub import Hub
from tests.rooms.test_hub import HASH, PlainPasswords, Someone, make_hub, until
from tests.rooms.test_restart import Servers

ELSEWHERE = "198.51.100.7"
DAY = 86400.0


def strangers(hub: Hub, count: int, address: str = "203.0.113.{}") -> list[str]:
    """Let strangers make rooms with names and leave them at once. Returns the names."""
    names = []
    for number in range(count):
        stranger = Someone(hub, address.format(number))
        names.append(str(stranger.create(name=f"{number} of {address}")["room"]["name"]))
        stranger.say("LeaveRoom")
        stranger.drop()
    return names


def finds(hub: Hub, name: str) -> bool:
    guest = Someone(hub, "192.0.2.99")
    guest.say("JoinRoom", room_id=name, file_hash=HASH)
    found = "RoomJoined" in guest.types()
    guest.say("LeaveRoom")
    guest.drop()
    return found


def makes(hub: Hub, address: str = ELSEWHERE, **fields: Any) -> str | None:
    """Let somebody new make a room, and stay. Returns the code of the refusal."""
    maker = Someone(hub, address)
    maker.say("CreateRoom", file_hash=HASH, **fields)
    (answer,) = maker.heard()
    return answer["payload"]["code"] if answer["type"] == "Error" else None


def room_hub(**more: Any) -> Hub:
    return make_hub(None, RoomSettings(ttl=DAY), **more)


@pytest.mark.parametrize("most_of_one", [50, 100_000])
async def test_who_makes_rooms_and_leaves_them_removes_nobodys_but_its_own(most_of_one: int) -> None:
    hub = room_hub(max_rooms_per_address=most_of_one)
    names = strangers(hub, 20)
    attacker = Someone(hub, ELSEWHERE)
    for _ in range(1100):
        attacker.create()
        attacker.say("LeaveRoom")
        attacker.heard()
    assert hub.room_count == min(20 + most_of_one, 1000)
    assert all(finds(hub, name) for name in names)


async def test_one_network_cannot_fill_the_server_with_rooms_that_it_stays_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub = room_hub(max_rooms=10, max_rooms_per_address=4)
    hub.journal.begins("c7", ELSEWHERE)
    refused = Someone(hub, ELSEWHERE, connection="c7")
    answers = [makes(hub) for _ in range(4)]
    assert answers == [None] * 4
    refused.say("CreateRoom", file_hash=HASH)
    error = refused.last("Error")
    assert (
        error["message"].startswith("4 rooms were made from your network, and it may have no more: join")
        and error["retry"]
    )
    assert caplog.messages == [f"{ELSEWHERE} has 4 rooms already, and is refused more (--max-rooms-per-address)"]
    assert [makes(hub) for _ in range(3)] == ["ServerFull"] * 3 and len(caplog.messages) == 1
    assert makes(hub, "203.0.113.1") is None


async def test_rooms_with_passwords_are_of_the_number_too_and_also_while_they_are_hashed() -> None:
    passwords = PlainPasswords()
    hub = make_hub(passwords, max_rooms_per_address=3)
    passwords.gate.clear()
    waiting = [Someone(hub, ELSEWHERE) for _ in range(3)]
    for one in waiting:
        one.say("CreateRoom", file_hash=HASH, password="sesame")
    assert makes(hub) == "ServerFull"
    waiting.pop().drop()
    passwords.gate.set()
    await until(lambda: hub.room_count == 2)
    for one in waiting:
        one.say("LeaveRoom")
    assert makes(hub) is None
    assert makes(hub) == "ServerFull", "nobody loses a room that has a password, not even its own network"


async def test_a_unix_socket_is_not_limited() -> None:
    hub = room_hub(max_rooms_per_address=2)
    assert [makes(hub, "") for _ in range(5)] == [None] * 5


async def test_rooms_of_one_ghost_each_fill_no_server() -> None:
    hub = room_hub(max_rooms=100, max_rooms_per_address=1000)
    for number in range(150):
        ghost = Someone(hub, ELSEWHERE)
        ghost.hello(f"ghost {number}")
        ghost.create()
        ghost.drop()
    assert hub.room_count == 100
    assert hub.census().away_members == 100
    for number in range(30):
        assert makes(hub, f"203.0.113.{number}") is None
    assert hub.census().away_members == 70 == len(hub._clients) - 30, "who was away in a room that went is forgotten"


async def test_a_network_with_many_rooms_gives_way_to_one_with_few() -> None:
    hub = room_hub(max_rooms=8)
    names = strangers(hub, 3) + strangers(hub, 5, "203.0.113.200")
    assert [makes(hub) for _ in range(4)] == [None, None, "ServerFull", "ServerFull"]
    assert [finds(hub, name) for name in names] == [True] * 3 + [False] * 2 + [True] * 3


async def test_rooms_with_passwords_of_networks_with_very_many_fill_no_server() -> None:
    hub = make_hub(PlainPasswords(), RoomSettings(ttl=DAY), max_rooms=20, max_rooms_per_address=6)
    kept = Someone(hub, "203.0.113.1")
    kept.say("CreateRoom", file_hash=HASH, password="sesame", name="kept")
    await until(lambda: hub.room_count == 1)
    kept.say("LeaveRoom")
    for network in range(4):
        for _ in range(6):
            attacker = Someone(hub, f"198.51.100.{network}")
            attacker.say("CreateRoom", file_hash=HASH, password="sesame")
            await until(lambda attacker=attacker: bool(attacker.types()))  # type: ignore[misc]
            attacker.say("LeaveRoom")
    assert hub.room_count == 20
    assert [makes(hub, f"203.0.113.{number}") for number in range(2, 7)] == [None] * 5
    guest = Someone(hub, "192.0.2.99")
    guest.say("JoinRoom", room_id="kept", file_hash=HASH)
    assert guest.last("Error")["code"] == "WrongPassword", "it is still there"


async def test_rooms_from_before_a_restart_are_strangers_rooms() -> None:
    servers = Servers(max_rooms=3, room=RoomSettings(ttl=DAY))
    names = strangers(servers.hub, 3, ELSEWHERE)
    hub = await servers.restart()
    assert makes(hub) == "ServerFull"
    assert all(finds(hub, name) for name in names)


# ---- the directory, with real rooms ---------------------------------------------------------------------------------


class Making:
    """Networks a, b and c make rooms in one directory."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self.removed: list[str] = []
        self.directory = Directory(most, most_of_one, self.removed.append)
        self.made = 0

    def make(self, network: str, *, stays: bool, password: bool) -> Hosted | None:
        """Make a room. Returns the one that went for it. Raises RequestRefused."""
        goes = self.directory.reserve(None, network)
        if goes is not None:
            self.directory.remove(goes)
        self.made += 1
        id = f"room {self.made}"
        room = Room(room_id=id, epoch="e", settings=RoomSettings(), now=0.0, password_hash="h" if password else None)
        client = f"client {id}"
        effect = OpenRoom(CreateRoom(HASH), "ann", True)
        room.handle(creation(client, effect, Identity()), 0.0)
        if not stays:
            room.handle(MessageReceived(client, LeaveRoom()), 0.0)
        self.directory.add(Hosted(room, None, lambda hosted, now: None), network)
        return goes

    def counts(self) -> dict[str | None, int]:
        networks = [hosted.network for hosted in self.directory]
        return {network: networks.count(network) for network in ("a", "b", "c")}


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.lists(st.tuples(st.sampled_from("aaabc"), st.booleans(), st.booleans()), max_size=40),
)
def test_a_room_goes_only_for_its_own_network_or_for_one_that_has_fewer(
    most: int, most_of_one: int, story: list[tuple[str, bool, bool]]
) -> None:
    making = Making(most, most_of_one)
    for network, stays, password in story:
        before = making.counts()
        could_go = [hosted for hosted in making.directory if hosted.room.makes_place]
        of_many = [
            hosted
            for hosted in making.directory
            if hosted.room.makes_place_of_many and 2 * before[str(hosted.network)] > most_of_one
        ]
        try:
            goes = making.make(network, stays=stays, password=password)
        except RequestRefused as refused:
            assert refused.code == "ServerFull"
            assert before[network] >= most_of_one or sum(before.values()) >= most
            assert not any(hosted.network == network for hosted in could_go)
            continue
        after = making.counts()
        assert after[network] <= most_of_one and sum(after.values()) <= most
        if goes is not None:
            assert goes in could_go or (goes in of_many and goes.network != network)
            assert goes.network == network or before[goes.network] > before[network] + 1
