"""Limits with real sockets: who floods gets no more than it may, is told, and closed; others go on.

A server's addresses here are those of the loopback network: each is a network of its own.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hangd.protocol.errors import CLOSE_RATE_LIMITED
from hangd.server.settings import ServerSettings
from hangd.tasks import Tasks
from tests.support.servers.server import HASH, PATIENCE, Process, process

pytestmark = pytest.mark.real

FLOODING, HONEST = "127.0.0.2", "127.0.0.3"
SMALL = ServerSettings(deliveries_per_member=0.1)
"""The least that there is: 1,000 deliveries a second and 6,000 at once for a room and an address."""
PER_SECOND, AT_ONCE = 1000, 6000


class Client:
    """A connection from an address of its own. It counts what it gets."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.messages = self.errors = self.bytes = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def dial(cls, server: Process, address: str, behind: str | None = None) -> AsyncIterator[Self]:
        """Connect from this address. ``behind``: for whom this proxy connects."""
        headers = None if behind is None else {"X-Forwarded-For": behind}
        async with connect(
            server.url,
            local_addr=(address, 0),
            open_timeout=PATIENCE,
            max_size=None,
            max_queue=None,
            additional_headers=headers,
        ) as connection:
            yield cls(connection)

    async def says(self, type: str, id: int | None = None, **payload: Any) -> None:
        message = {"type": type, "payload": payload} | ({} if id is None else {"id": id})
        await self.connection.send(json.dumps(message))

    async def hears(self, *types: str) -> dict[str, Any]:
        """Return the next message of one of these types, with its type."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = json.loads(await self._next())
                if message["type"] in types:
                    return {"type": message["type"], **message["payload"]}

    async def asks(self, type: str, *answers: str, **payload: Any) -> dict[str, Any]:
        await self.says(type, 1, **payload)
        return await self.hears("Error", *answers)

    async def reads_all(self) -> None:
        """Read what comes until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._next()

    async def _next(self) -> str | bytes:
        data = await self.connection.recv()
        self.messages += 1
        self.bytes += len(data)
        self.errors += b'"Error"' in (data if isinstance(data, bytes) else data.encode())[:30]
        return data


@contextlib.asynccontextmanager
async def crowd(server: Process, size: int) -> AsyncIterator[list[Client]]:
    """So many members of one room, from one address."""
    async with contextlib.AsyncExitStack() as stack:
        members = [await stack.enter_async_context(Client.dial(server, FLOODING)) for _ in range(size)]
        for number, member in enumerate(members):
            await member.says("Hello", protocol=1, name=f"m{number}", client="test")
            await member.hears("Welcome")
        room = (await members[0].asks("CreateRoom", "RoomCreated", file_hash=HASH))["room_id"]
        for member in members[1:]:
            assert (await member.asks("JoinRoom", "RoomJoined", room_id=room, file_hash=HASH))["type"] == "RoomJoined"
        yield members


async def test_members_that_all_talk_at_once_get_no_more_than_their_address_may_and_others_do() -> None:
    with process(SMALL) as server:
        async with crowd(server, 20) as members, Client.dial(server, HONEST) as honest:
            await honest.asks("CreateRoom", "RoomCreated", file_hash=HASH)
            began = time.monotonic()
            readers = Tasks()
            for member in members:
                readers.start(member.reads_all(), name="read")
            for _ in range(55):
                for member in members:
                    await member.says("Say", 1, text="a")
            # Each was answered: by what it said, or by an Error.
            async with asyncio.timeout(PATIENCE):
                while sum(member.errors for member in members) < 600:  # noqa: ASYNC110  # a process
                    await asyncio.sleep(0.05)
            assert (await honest.asks("GetRoom", "RoomState"))["type"] == "RoomState"
            delivered = sum(member.messages - member.errors for member in members)
            # What came before the flood: joining, 20 x 20 and each one's own Welcome and answer.
            assert delivered <= AT_ONCE + PER_SECOND * (time.monotonic() - began) + 20 * 25
            await readers.cancel()


async def test_who_goes_on_for_long_is_closed_for_good() -> None:
    with process(SMALL) as server:
        async with Client.dial(server, FLOODING) as flood:
            await flood.asks("CreateRoom", "RoomCreated", file_hash=HASH)
            with contextlib.suppress(ConnectionClosed):
                for _ in range(2000):
                    await flood.says("Say", text="a")
            await flood.reads_all()
            assert flood.connection.close_code == CLOSE_RATE_LIMITED
            assert 1 <= flood.errors < 20, "it was told, and not once for each"


async def test_who_is_refused_is_granted_the_same_after_the_time_that_it_was_told() -> None:
    with process(ServerSettings(lists_per_minute=60.0, publish_rooms=True)) as server:
        async with Client.dial(server, FLOODING) as client:
            answers = [await client.asks("ListRooms", "Rooms") for _ in range(61)]
            while answers[-1]["type"] == "Rooms":  # on a slow machine
                answers.append(await client.asks("ListRooms", "Rooms"))
            assert answers[-1]["code"] == "RateLimited"
            await asyncio.sleep(answers[-1]["details"]["retry_after"])
            assert (await client.asks("ListRooms", "Rooms"))["type"] == "Rooms"


async def test_connections_that_come_one_after_the_other_make_no_more_rooms_than_their_address_may() -> None:
    with process(ServerSettings(rooms_per_minute=1.0)) as server:
        made, refused, began = 0, 0, time.monotonic()
        for _ in range(30):
            async with Client.dial(server, FLOODING) as client:
                for _ in range(2):
                    answer = await client.asks("CreateRoom", "RoomCreated", file_hash=HASH)
                    made += answer["type"] == "RoomCreated"
                    refused += answer.get("code") == "RateLimited"
                    if answer["type"] == "RoomCreated":
                        await client.says("LeaveRoom")
        assert 25 <= made <= 25 + (time.monotonic() - began) / 2.4
        assert made + refused == 60
        async with Client.dial(server, HONEST) as honest:
            assert (await honest.asks("CreateRoom", "RoomCreated", file_hash=HASH))["type"] == "RoomCreated"


async def test_a_slider_that_is_dragged_for_some_seconds_meets_no_limit() -> None:
    with process(ServerSettings()) as server:
        async with crowd(server, 10) as members:
            readers = Tasks()
            for member in members:
                readers.start(member.reads_all(), name="read")
            for number in range(100):
                await members[0].says("SyncCommand", action="Seek", timestamp=float(number))
                await asyncio.sleep(0.05)
            async with asyncio.timeout(PATIENCE):
                while members[-1].messages < 100:  # noqa: ASYNC110  # a process
                    await asyncio.sleep(0.05)
            assert [member.errors for member in members] == [0] * 10
            await readers.cancel()


async def test_an_ipv6_network_is_a_64_and_clients_of_a_proxy_are_not_one() -> None:
    settings = ServerSettings(rooms_per_minute=1.0, max_per_address=4, trusted_proxies=("127.0.0.0/8",))
    made = {}
    with process(settings) as server:
        for behind in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "192.0.2.1", "192.0.2.2"):
            async with Client.dial(server, FLOODING, behind) as client:
                made[behind] = (await client.asks("CreateRoom", "RoomCreated", file_hash=HASH))["type"]
    assert [behind for behind, answer in made.items() if answer == "Error"] == ["2001:db8:1:2:ffff::9"]
