"""What one network may have counts at all nodes together."""

import asyncio
from pathlib import Path

import pytest

from hangd.protocol.messages import CreateRoom, JoinRoom, RoomCreated, RoomJoined
from tests.support.crowds.fan import HASH, PATIENCE, Fan, Refused
from tests.support.crowds.fans import Fans, fans
from tests.support.servers.cluster_processes import Service, service

pytestmark = pytest.mark.real

MOST = 8


async def _both_have_said(cluster: Service, what: str) -> None:
    """Wait until both nodes have told Redis how many of these the network has."""

    def said() -> bool:
        keys = cluster.redis.ask("KEYS", f"hang:s:{what}:*")
        return any(cluster.redis.ask("HLEN", key) == 2 for key in keys)

    await cluster.until(said, f"both nodes tell how many {what} there are")


async def _let_in(people: Fans, url: str, most: int) -> int:
    """Connect until that is refused, which it must be before there are so many. Returns how many were let in."""
    for count in range(most):
        fan = people.new(url, f"more-{count}")
        fan.connect()
        await fan.until(lambda fan=fan: fan.is_up or fan.link.reason, "an answer")  # type: ignore[misc]
        if not fan.is_up:
            assert "takes no more connections" in (fan.link.reason or ""), fan.link.reason
            fan.leave()
            return count
    raise AssertionError(f"{most} more were let in")


async def _guesses(fan: Fan, rooms: list[str]) -> int:
    """Guess passwords until the network may not. Returns how often that was allowed."""
    for number in range(60):
        try:
            # Each room limits guesses of its password, too.
            await fan.ask(JoinRoom(rooms[number % len(rooms)], HASH, password="wrong"), RoomJoined)
        except Refused as error:
            if "from your network" in error.message:
                return number
        await asyncio.sleep(0.0 if number < 20 and fan.name == "guesser" else 1.0)
    raise AssertionError("60 guesses were allowed")


async def _refused_at_last(fan: Fan, message: CreateRoom, code: str, most: int) -> None:
    """Ask until it is refused with this code, before it was asked so often."""
    for _ in range(most):
        try:
            await fan.ask(message, RoomCreated)
        except Refused as error:
            if error.code == code:
                return
        await asyncio.sleep(1.5)
    raise AssertionError(f"{message} was not refused with {code}")


async def test_connections_and_rooms_and_guesses_of_a_network_count_at_all_nodes(tmp_path: Path) -> None:
    options = ("--max-per-address", str(MOST), "--max-rooms-per-address", "4")
    async with service(tmp_path, *options, nodes=2) as cluster, fans() as people:
        first, second = cluster.nodes
        hosts = [await people.at(first.url, f"host-{number}") for number in range(4)]
        rooms = [(await host.create(password="sesame")).room_id for host in hosts]
        guesser = await people.at(first.url, "guesser")
        assert await _guesses(guesser, rooms) >= 20
        other = await people.at(second.url, "other")
        assert await _guesses(other, rooms) <= 5, "this node learns within a second or two that these were too many"
        host = await people.at(second.url, "another host")
        await host.create()
        await _both_have_said(cluster, "rooms")
        creator = await people.at(second.url, "creator")
        async with asyncio.timeout(PATIENCE):
            await _refused_at_last(creator, CreateRoom(HASH), "ServerFull", most=2)

        await _both_have_said(cluster, "clients")
        assert await _let_in(people, second.url, MOST - 3) <= 2, "5 are at the first node, and 3 at this one"
