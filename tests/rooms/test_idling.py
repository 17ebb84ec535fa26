"""Connections in no room that ask for nothing are closed after a time, and give way when the server is full."""

import asyncio
import time
from collections.abc import Callable

import pytest

from hangd.protocol.errors import CLOSE_IDLE
from hangd.rooms.hub import Hub
from tests.rooms.test_hub import PATIENCE, Someone, make_hub

HASH = "a" * 64


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def greeted(hub: Hub, name: str, address: str) -> Someone:
    someone = Someone(hub, address)
    someone.say("Hello", protocol=1, name=name, client="test")
    return someone


def codes(*clients: Someone) -> list[int | None]:
    return [None if client.wire.closed is None else client.wire.closed[0] for client in clients]


async def test_who_says_nothing_is_closed_and_a_member_that_says_nothing_is_not() -> None:
    hub = make_hub(idle_timeout=0.5)
    silent, greets, member = Someone(hub), greeted(hub, "Ann", "192.0.2.1"), greeted(hub, "Ben", "192.0.2.1")
    basic = Someone(hub)
    basic.say("JoinRoom", room_id="x", file_hash=HASH)
    member.say("CreateRoom", file_hash=HASH)
    pinging = greeted(hub, "Cas", "192.0.2.1")
    while pinging.wire.closed is None:
        pinging.say("Ping", t0=0.0)
        pinging.say("Pause", timestamp=1.0)  # is refused: it is in no room
        await asyncio.sleep(0.05)
    await until(lambda: None not in codes(silent, greets, basic))
    assert codes(silent, greets, pinging, basic, member) == [CLOSE_IDLE] * 4 + [None]
    assert b'"idle"' in greets.wire.heard[-1] and not silent.wire.heard
    assert hub.client_count == 1
    member.say("LeaveRoom")
    assert member.wire.closed is None
    await until(lambda: codes(member) == [CLOSE_IDLE])
    await until(lambda: hub.client_count == 0)
    await hub.aclose()


async def test_who_asks_for_something_is_kept() -> None:
    hub = make_hub(idle_timeout=1.0)
    busy, idle = greeted(hub, "Ann", "192.0.2.1"), greeted(hub, "Ben", "192.0.2.1")
    until_then = time.monotonic() + 3.0
    while time.monotonic() < until_then:
        busy.say("ListRooms")
        await asyncio.sleep(0.05)
    assert codes(busy, idle) == [None, CLOSE_IDLE]
    await hub.aclose()


async def test_a_full_server_takes_newcomers_in_place_of_the_idle_ones_of_the_address_with_most(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub = make_hub(max_clients=6)
    hoard = [Someone(hub, "198.51.100.1") for _ in range(3)]
    idle = greeted(hub, "Ann", "192.0.2.1")
    members = [greeted(hub, name, "192.0.2.2") for name in ("Ben", "Cas")]
    for member in members:
        member.say("CreateRoom", file_hash=HASH)
    newcomers = [greeted(hub, f"new {number}", f"203.0.113.{number}") for number in range(2)]
    assert codes(*hoard, idle, *members, *newcomers) == [CLOSE_IDLE, CLOSE_IDLE, *[None] * 6]
    assert hoard[0].wire.closed == (CLOSE_IDLE, "the server is full, and this client is in no room")
    full = "6 are here, which is the most (--max-clients)"
    assert caplog.messages == [f"clients in no room are closed for new ones: {full}"]
    for newcomer in newcomers:
        newcomer.say("CreateRoom", file_hash=HASH)
    # Both addresses have one that is idle. A newcomer of one of them takes the place of the other's, and no member's.
    third = greeted(hub, "third", "203.0.113.9")
    assert codes(hoard[2]) == [CLOSE_IDLE] and third.wire.closed is None
    third.say("CreateRoom", file_hash=HASH)
    again = Someone(hub, "192.0.2.1")
    assert codes(idle, again, *members, third) == [None, 1013, None, None, None]
    assert caplog.messages[1:] == [f"clients are refused: {full}"]
    await hub.aclose()


def members_of(hub: Hub, network: str, number: int) -> list[Someone]:
    """Return clients of one network, each of which has made a room."""
    members = [greeted(hub, f"{network} {place}", network) for place in range(number)]
    for member in members:
        member.say("CreateRoom", file_hash=HASH)
    return members


async def test_at_a_full_server_the_members_of_the_network_with_most_give_way_to_networks_with_few(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hub = make_hub(max_clients=60)
    many, some = members_of(hub, "192.0.2.1", 40), members_of(hub, "192.0.2.2", 20)
    newcomers = members_of(hub, "198.51.100.1", 13)
    # Each newcomer takes the place of the last one that had come of the largest network.
    assert codes(*newcomers, *some) == [None] * 33
    assert codes(*many) == [None] * 27 + [1013] * 13
    assert hub.client_count == 60
    said = many[-1].last("Error")
    assert said["code"] == "ServerFull" and said["details"] == {"limit": "clients", "of": "network"}
    # 27 are not more than twice the 14 that this one would have then.
    assert codes(*members_of(hub, "198.51.100.1", 1)) == [1013]
    # Those of networks that have none come in until nobody has more than 20.
    others = [one for number in range(8) for one in members_of(hub, f"203.0.113.{number}", 1)]
    assert codes(*others) == [None] * 7 + [1013]
    assert codes(*many) == [None] * 20 + [1013] * 20
    closed = "clients of networks with many are closed for new ones of others"
    full = "60 are here, which is the most (--max-clients)"
    assert caplog.messages == [f"{closed}: {full}", f"clients are refused: {full}"]
    await hub.aclose()


async def test_hosts_give_way_last() -> None:
    hub = make_hub(max_clients=30)
    hosts = members_of(hub, "192.0.2.1", 1)
    room = hosts[0].last("RoomCreated")["room_id"]
    guests = [greeted(hub, f"guest {number}", "192.0.2.1") for number in range(27)]
    for guest in guests:
        guest.say("JoinRoom", room_id=room, file_hash=HASH)
    hosts += members_of(hub, "192.0.2.1", 2)
    members_of(hub, "198.51.100.1", 5)
    assert codes(*hosts) == [None] * 3
    assert codes(*guests) == [None] * 22 + [1013] * 5
    await hub.aclose()


async def test_clients_of_a_unix_socket_never_give_way() -> None:
    hub = make_hub(max_clients=30)
    members = members_of(hub, "", 30)
    assert codes(*members_of(hub, "198.51.100.1", 1)) == [1013]
    assert codes(*members) == [None] * 30
    await hub.aclose()
