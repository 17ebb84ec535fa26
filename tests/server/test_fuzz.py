"""Ten thousand invalid frames: each connection gets errors or is closed, and no other one is affected."""

import asyncio
import json
import os
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
from websockets.frames import Frame, Opcode

from hangd.server.settings import ServerSettings
from tests.support.rooms.mutations import ODD, bend
from tests.support.servers.limits import UNLIMITED
from tests.support.servers.server import HASH, PATIENCE, Process, Typist, process, typist

FRAMES: Final = 10_000
BATCH: Final = 25
"""Frames on one connection. A session closes after 20 invalid ones."""
GROWTH_MAX: Final = 48 * 1024 * 1024

UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

VALID: Final[list[dict[str, Any]]] = [
    {"type": "Hello", "payload": {"protocol": 1, "name": "Eve", "client": "fuzz"}, "id": 1},
    {"type": "Ping", "payload": {"t0": 1.5}},
    {"type": "CreateRoom", "payload": {"file_hash": HASH, "file": {"size": 5, "duration": 60.0}, "name": "junk"}},
    {"type": "JoinRoom", "payload": {"room_id": "junk", "file_hash": HASH, "password": "x"}, "id": "a"},
    {"type": "SyncCommand", "payload": {"action": "Play", "timestamp": 1.0, "command_id": "c"}},
    {"type": "SyncCommand", "payload": {"action": "Speed", "rate": 1.5}},
    {"type": "Report", "payload": {"state": "playing", "position": 1.0, "at": 1.0, "error": -0.1, "rev": 3}},
    {"type": "SetFile", "payload": {"file": {"size": 5}, "file_hash": HASH}},
    {"type": "SetMedia", "payload": {"file_hash": HASH, "file": {"size": 5}, "start": 3}},
    {"type": "SetMedia", "payload": {"entry": "1-0", "clear": True, "play": True}},
    {"type": "QueueInsert", "payload": {"after": "1-0", "entries": [{"file_hash": HASH, "file": {"size": 5}}]}},
    {"type": "QueueRemove", "payload": {"ids": ["1-0", "2-0"]}},
    {"type": "QueueMove", "payload": {"ids": ["2-0"], "after": None}},
    {"type": "SetEntry", "payload": {"id": "2-0", "file_hash": HASH}},
    {"type": "Say", "payload": {"text": "hello"}},
    {"type": "SetPolicy", "payload": {"control": "host", "capacity": 3, "locked": True}},
    {"type": "SetRole", "payload": {"client_id": "x", "role": "host"}},
    {"type": "Kick", "payload": {"client_id": "x", "ban": True, "reason": "because"}},
    {"type": "LeaveRoom", "payload": {}},
    {"type": "ListRooms", "payload": {}},
    {"type": "GetRoom", "payload": {}},
]


def text(data: bytes, fin: bool = True) -> bytes:
    return frame(Opcode.TEXT, data, fin)


def frame(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def odd_value(chance: random.Random) -> bytes:
    """A valid message with one value replaced, removed or added."""
    message = json.loads(json.dumps(chance.choice(VALID)))
    place = chance.choice([message, message["payload"]])
    keys = [*place, "surplus"]
    key = chance.choice(keys)
    if key in place and chance.random() < 0.3:
        del place[key]
    else:
        place[key] = chance.choice(ODD)
    return text(json.dumps(message).encode(errors="replace"))


def bent(chance: random.Random) -> bytes:
    """A valid message with some bytes changed, doubled or lost."""
    return text(bend(json.dumps(chance.choice(VALID)).encode(), chance))


def deep(chance: random.Random) -> bytes:
    opening = chance.choice([b"[", b'{"a":', b'{"type":"Say","payload":{"text":['])
    return text(opening * chance.randint(100, 9000))


def noise(chance: random.Random) -> bytes:
    return frame(chance.choice([Opcode.TEXT, Opcode.BINARY]), chance.randbytes(chance.randrange(300)))


def large(chance: random.Random) -> bytes:
    size = chance.choice([65535, 65536, 65537, 200_000])
    return frame(chance.choice([Opcode.TEXT, Opcode.BINARY]), b" " * size)


def boast(chance: random.Random) -> bytes:
    """A header that promises more than will ever come."""
    return b"\x81\xff" + chance.choice([2**63 - 1, 2**63, 2**40]).to_bytes(8, "big") + b"mask" + b"x" * 100


def parts(chance: random.Random) -> bytes:
    data = json.dumps(chance.choice(VALID)).encode()
    cut = chance.randrange(len(data))
    between = chance.choice([b"", frame(Opcode.PING, b"?"), text(b"{}"), frame(Opcode.CLOSE, b"\x03\xe8")])
    return text(data[:cut], fin=False) + between + frame(Opcode.CONT, data[cut:], fin=chance.random() < 0.8)


def wrong_frame(chance: random.Random) -> bytes:
    head = chance.randrange(256)
    return bytes([head, chance.randrange(256)]) + chance.randbytes(chance.randrange(40))


def control(chance: random.Random) -> bytes:
    opcode = chance.choice([Opcode.PING, Opcode.PONG, Opcode.CLOSE])
    return frame(opcode, chance.randbytes(chance.randrange(126)))


MAKERS: Final[list[tuple[Callable[[random.Random], bytes], int]]] = [
    (odd_value, 40), (bent, 30), (noise, 12), (parts, 6), (control, 4), (wrong_frame, 3), (deep, 3), (large, 1),
    (boast, 1),
]  # fmt: skip


def http_junk(chance: random.Random) -> bytes:
    return chance.choice(
        [
            chance.randbytes(200),
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST /ws HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
            b"GET /" + b"x" * 20_000,
            UPGRADE.replace(b"\r\nHost", b"\r\nX: " + b"y" * 9000 + b"\r\nHost"),
            UPGRADE.replace(b"\r\nHost", b"\r\nX: y" * 300 + b"\r\nHost"),
            UPGRADE.replace(b"13", b"12"),
            UPGRADE.replace(b"Upgrade: websocket", b"Upgrade: h2c"),
            UPGRADE[: chance.randrange(len(UPGRADE))],
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\r\n\r\n\r\n",
            b"\r\n" + UPGRADE + odd_value(chance),
            b"",
        ]
    )


async def throw(server: Process, data: bytes, chance: random.Random) -> None:
    """Send this over a new connection, and end that connection in one of several ways."""
    host, port = server.url.removeprefix("ws://").removesuffix("/ws").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with suppress(OSError, TimeoutError):
        if data.startswith(UPGRADE):
            writer.write(UPGRADE)
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            data = data.removeprefix(UPGRADE)
        writer.write(data)
        match chance.randrange(4):
            case 0:
                writer.transport.abort()
            case 1:
                await asyncio.wait_for(writer.drain(), PATIENCE)
            case 2:
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 1)
            case _:
                await asyncio.wait_for(reader.read(4096), 1)
    writer.transport.abort()


class Bystanders:
    """Two members of a room that chat and send commands, and check that they get exactly those."""

    def __init__(self, anna: Typist, bert: Typist) -> None:
        self._anna, self._bert = anna, bert
        self._round = 0

    async def meet(self) -> None:
        await self._anna.hello("Anna")
        await self._bert.hello("Bert")
        await self._bert.join((await self._anna.create(name="quiet", policy={"capacity": 2}))["room_id"])
        await self._anna.hear("MemberJoined")

    async def talk(self) -> None:
        self._round += 1
        await self._anna.say("Say", text=f"round {self._round}")
        await self._bert.say("SyncCommand", action="Pause", timestamp=float(self._round))
        for someone in (self._anna, self._bert):
            heard = [await someone.next(), await someone.next()]
            heard.sort(key=lambda message: str(message["type"]))
            assert [message["type"] for message in heard] == ["Said", "SyncBroadcast"]
            assert heard[0]["payload"]["text"] == f"round {self._round}"
            assert heard[1]["payload"]["command"]["timestamp"] == self._round


@pytest.mark.real
@pytest.mark.timeout(300)
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="measures by /proc")
@pytest.mark.parametrize("seed", [1])
async def test_ten_thousand_frames_of_junk(seed: int) -> None:
    chance = random.Random(seed)
    makers, weights = zip(*MAKERS, strict=True)
    settings = ServerSettings(max_per_address=1000, **UNLIMITED)
    with process(settings) as server:
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            bystanders = Bystanders(anna, bert)
            await bystanders.meet()
            sent, resident = 0, 0
            while sent < FRAMES:
                batches = []
                for _ in range(8):
                    frames = [maker(chance) for maker in chance.choices(makers, weights, k=BATCH)]
                    batches.append(UPGRADE + b"".join(frames))
                    sent += len(frames)
                batches.append(http_junk(chance))
                await asyncio.gather(*(throw(server, batch, chance) for batch in batches))
                await bystanders.talk()
                assert server.child.poll() is None
                if resident == 0 and sent > FRAMES // 4:
                    resident = server.resident_bytes()
            assert server.resident_bytes() - resident < GROWTH_MAX
            assert server.log() == ""


@pytest.mark.real
async def test_each_frame_of_junk_is_answered_while_the_connection_lives() -> None:
    """One frame at a time leads to an Error or to the end of the connection."""
    chance = random.Random(2)
    with process(ServerSettings(max_per_address=1000)) as server:
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        host, port = server.url.removeprefix("ws://").removesuffix("/ws").split(":")
        for _ in range(300):
            if connection is None:
                reader, writer = connection = await asyncio.open_connection(host, int(port))
                writer.write(UPGRADE)
                await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            writer.write(text(b"{" + chance.randbytes(20).hex().encode()))
            answer = b""
            while b'"Error"' not in answer and connection is not None:
                chunk = await asyncio.wait_for(reader.read(65536), PATIENCE)
                answer += chunk
                if not chunk or b"\x88" in answer:
                    writer.close()
                    connection = None
        assert server.child.poll() is None


@pytest.mark.real
@pytest.mark.timeout(300)
async def test_junk_from_within_a_room_reaches_nobody_outside_it() -> None:
    """Valid and partly valid commands of members reach the state machines, and do not break them."""
    chance = random.Random(3)
    settings = ServerSettings(max_per_address=1000, **UNLIMITED)
    with process(settings) as server:
        async with await typist(server.url) as anna, await typist(server.url) as bert:
            bystanders = Bystanders(anna, bert)
            await bystanders.meet()
            for _ in range(40):
                async with await typist(server.url) as eve, await typist(server.url) as mallory:
                    ids = []
                    for someone, name in ((eve, "Eve"), (mallory, "Mallory")):
                        ids.append((await someone.hello(name))["client_id"])
                    room = await eve.create()
                    await mallory.join(room["room_id"])
                    with suppress(ConnectionError):
                        for _ in range(50):
                            message = json.loads(json.dumps(chance.choice(VALID[2:])))
                            payload = message["payload"]
                            for key in payload:
                                if chance.random() < 0.2:
                                    payload[key] = chance.choice(ODD[2:6])
                            if "client_id" in payload:
                                payload["client_id"] = chance.choice(ids)
                            someone = chance.choice([eve, mallory])
                            await someone.connection.send(json.dumps(message))
                await bystanders.talk()
            assert server.child.poll() is None
            assert server.log() == ""
