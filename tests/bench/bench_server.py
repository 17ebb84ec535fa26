"""How long the server takes for a command, from the received frame to the sent frames. Run as a script.

::

    python tests/bench/bench_server.py [--json]

It prints a table. "turn" is the server's own part: the code that runs in production (parse the frame, decide, encode
once, write to each member), with a null socket in place of the kernel. "wire" is measured with a real server in its own
process, from the sender's write until the last member of the room has received the broadcast. So it includes the kernel
and all clients, which share this process. Goal: less than 5 ms for "turn" in a room of 50.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from websockets.frames import Frame, Opcode

from hangd.engine.room.connection.session import SessionSettings
from hangd.engine.room.state import RoomSettings
from hangd.rooms.clock import ServerClock
from hangd.rooms.hub import Hub
from hangd.rooms.settings import HubSettings
from hangd.server.passwords import Passwords, PasswordThreads
from hangd.server.settings import ServerSettings
from hangd.transport.accepting import Ending, ServerTransport
from hangd.transport.base import Listener, Transport
from hangd.transport.http import Answer, Fields, Request, Turns
from tests.support.network.dialed import DialedClient
from tests.support.servers.limits import UNLIMITED, UNLIMITED_RATES, UNLIMITED_SHARES
from tests.support.servers.server import HASH, PATIENCE, process

SIZES: Final = (2, 10, 50, 100)
COMMANDS: Final = 300
GOAL_MS: Final = 5.0
UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class NullSocket(asyncio.Transport):
    """A transport that discards what is written. It keeps the number of writes and the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.last = b""

    def write(self, data: Any) -> None:
        self.writes += 1
        self.last = data

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def abort(self) -> None:
        pass


class Open:
    """An `Acceptor` that attaches every connection to the hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @property
    def fields(self) -> Fields:
        return ()

    def accepted(self, transport: Transport) -> bool:
        return False

    def pace_connection(self, transport: Transport) -> float:
        return 0.0

    def pace_request(self, transport: Transport, request: Request) -> float | Answer:
        return 0.0

    def forwarded(self, transport: Transport) -> None:
        pass

    def requested(self, transport: Transport, request: Request) -> Answer | None:
        return None

    def opened(self, transport: Transport, at: float) -> Listener:
        return self._hub.attach(transport, at, address="192.0.2.1")  # So their network has limits, too.

    def ended(self, transport: Transport, ending: Ending) -> None:
        pass


def frame(type: str, **payload: Any) -> bytes:
    data = json.dumps({"type": type, "payload": payload}).encode()
    return Frame(Opcode.TEXT, data).serialize(mask=True)


def command(number: int) -> dict[str, Any]:
    return {"action": "Pause", "timestamp": float(number), "command_id": str(number)}


class Crowd(NamedTuple):
    """The members of one room, each with what its frames are written to. Close the hub in the end."""

    hub: Hub
    members: list[tuple[ServerTransport, NullSocket]]


async def crowd(size: int) -> Crowd:
    """Return so many members of a new room."""
    session = SessionSettings(**UNLIMITED_RATES)
    hub = Hub(
        HubSettings(server="bench", room=RoomSettings(capacity=size), session=session, shared=UNLIMITED_SHARES),
        passwords=Passwords(PasswordThreads(), "room"),
        clock=ServerClock(),
        store=None,
    )
    acceptor, turn = Open(hub), Turns()
    members = [(ServerTransport(acceptor, turn), NullSocket()) for _ in range(size)]
    room = ""
    for number, (member, sock) in enumerate(members):
        member.connection_made(sock)
        member.data_received(UPGRADE)
        await asyncio.sleep(0)
        member.data_received(frame("Hello", protocol=1, name=f"member {number}", client="bench"))
        if number == 0:
            member.data_received(frame("CreateRoom", file_hash=HASH))
            answer = json.loads(sock.last[sock.last.index(b"{") :])
            room = answer["payload"]["room_id"]
        else:
            member.data_received(frame("JoinRoom", room_id=room, file_hash=HASH))
    return Crowd(hub, members)


async def turns(size: int) -> list[float]:
    """Return for each command the seconds from its bytes to the frame for the last member, without the kernel."""
    hub, members = await crowd(size)
    taken = []
    for number in range(COMMANDS):
        sender = members[number % size][0]
        data = frame("SyncCommand", **command(number))
        before = sum(sock.writes for _, sock in members)
        start = time.perf_counter()
        sender.data_received(data)
        taken.append(time.perf_counter() - start)
        assert sum(sock.writes for _, sock in members) - before == size
    await hub.aclose()
    return taken


async def hear(client: DialedClient, type: str) -> tuple[dict[str, Any], float]:
    async for data, at in client:
        message = json.loads(data)
        if message["type"] == type:
            return message["payload"], at
    raise ConnectionError("the server went away")


async def trips(size: int) -> list[float]:
    """Return for each command the seconds from the member's write until the last member has received the broadcast."""
    settings = ServerSettings(max_per_address=size + 1, **UNLIMITED)
    with process(settings) as server:
        clients = []
        room = ""
        for number in range(size):
            client = await DialedClient.dial(server.url, timeout=PATIENCE)
            clients.append(client)
            client.write(json.dumps({"type": "Hello", "payload": _hello(number)}).encode())
            await hear(client, "Welcome")
            entry = {"file_hash": HASH} | ({"room_id": room} if room else {})
            client.write(json.dumps({"type": "JoinRoom" if room else "CreateRoom", "payload": entry}).encode())
            room = (await hear(client, "RoomJoined" if room else "RoomCreated"))[0]["room_id"]
        taken = []
        for number in range(COMMANDS):
            data = json.dumps({"type": "SyncCommand", "payload": command(number)}).encode()
            start = time.monotonic()
            clients[number % size].write(data)
            heard = await asyncio.gather(*(hear(client, "SyncBroadcast") for client in clients))
            taken.append(max(at for _, at in heard) - start)
        for client in clients:
            client.abort()
    return taken


def _hello(number: int) -> dict[str, Any]:
    return {"protocol": 1, "name": f"member {number}", "client": "bench"}


class Figures(NamedTuple):
    """Milliseconds."""

    median: float
    p95: float
    worst: float

    @classmethod
    def of(cls, taken: list[float]) -> "Figures":
        ranked = sorted(taken)
        return cls(
            *(1000 * value for value in (statistics.median(ranked), ranked[len(ranked) * 95 // 100], ranked[-1]))
        )

    def __str__(self) -> str:
        return f"{self.median:>12.2f} {self.p95:>7.2f} {self.worst:>7.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(description="measure the server's part of a command's latency")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    as_json = parser.parse_args().json
    results = {size: (Figures.of(asyncio.run(turns(size))), Figures.of(asyncio.run(trips(size)))) for size in SIZES}
    reached = results[50][0].p95 < GOAL_MS
    if as_json:
        rows = [
            {"members": size, "turn_ms": turn._asdict(), "wire_ms": wire._asdict()}
            for size, (turn, wire) in results.items()
        ]
        print(json.dumps({"bench": "server", "goal_ms": GOAL_MS, "reached": reached, "results": rows}))
        return 0 if reached else 1
    print(f"a command in the server, {COMMANDS} of them each, in ms")
    print(
        f"{'members':>8} | {'turn: median':>12} {'p95':>7} {'worst':>7} | {'wire: median':>12} {'p95':>7} {'worst':>7}"
    )
    for size, (turn, wire) in results.items():
        print(f"{size:>8} | {turn} | {wire}")
    print(f"goal: the server's part (turn, p95, 50 members) < {GOAL_MS:g} ms: {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
