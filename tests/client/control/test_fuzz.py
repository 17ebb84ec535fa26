"""Ten thousand lines that nobody in their right mind sends, while somebody else works."""

import asyncio
import random
from pathlib import Path

import pytest

from hangd.client.control.commands import COMMANDS
from hangd.client.control.properties import HANG_PROPERTIES, PROPERTIES
from hangd.client.control.socket import ControlServer
from tests.support.conductor import RecordingConductor
from tests.support.control import ControlClient

LINES = 10_000
VERBS = (
    "get_property", "get_property_string", "set_property", "observe_property", "unobserve_property", "client_name",
    "get_version", "enable_event", "disable_event", "request_log_messages", *COMMANDS,
)  # fmt: skip
NAMES = (*PROPERTIES, *HANG_PROPERTIES, "nope", "track-list/0/id", "room/members/0", "", "all", "/")
VALUES = (
    "0", "1", "-1", "1e308", "1e999", "null", "true", '"yes"', '"no"', '"x"', "[]", "{}", '"up"', '"absolute"',
    '"\\xff"',
    '"\\u0000"', '"${pause:${time-pos}}"', "9223372036854775808", '"' + "y" * 300 + '"',
)  # fmt: skip


def sensible(chance: random.Random) -> bytes:
    words = [f'"{chance.choice(VERBS)}"']
    words += [chance.choice([f'"{chance.choice(NAMES)}"', chance.choice(VALUES)]) for _ in range(chance.randrange(5))]
    more = chance.choice(["", ',"async":true', ',"async":1', ',"request_id":' + chance.choice(VALUES)])
    return f'{{"command":[{",".join(words)}]{more}}}'.encode()


def mutated(chance: random.Random) -> bytes:
    line = bytearray(sensible(chance))
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(line))
        match chance.randrange(4):
            case 0:
                line[at] = chance.randrange(256)
            case 1:
                del line[at : at + chance.randrange(1, 9)]
            case 2:
                line[at:at] = chance.choice([b"[", b"{", b'"', b"\\", b",", b"\0", b"\xff\xfe", b"[" * 60, b"}"])
            case 3:
                line[at:at] = line[chance.randrange(len(line)) :][:20]
    return bytes(line)


def any_line(chance: random.Random) -> bytes:
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(100))
        case 1:
            return sensible(chance).replace(b'"', b"").replace(b"{command:[", b"").replace(b",", b" ")
        case 2:
            return sensible(chance)
    return mutated(chance)


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_line_is_answered_or_the_connection_closed(
    seed: int, tmp_path: Path, conductor: RecordingConductor, server: ControlServer
) -> None:
    chance = random.Random(seed)
    conductor.gate.set()
    bystander = await ControlClient.connect(tmp_path / "hangd.sock")
    await bystander.ask("disable_event", "all")
    done = asyncio.Event()
    asked = 0

    async def work() -> None:
        nonlocal asked
        while not done.is_set():
            assert (await bystander.ask("get_property", "playlist-count"))["error"] == "success"
            asked += 1

    async def attack() -> None:
        left = LINES // 2
        while left:
            client = await ControlClient.connect(tmp_path / "hangd.sock")
            for _ in range(min(left, chance.randrange(1, 200))):
                client.send(any_line(chance).replace(b"\n", b" "))
                left -= 1
            if chance.random() < 0.1:
                client.writer.transport.abort()  # killed, whatever is on its way
                continue
            client.send(b'{"command":["client_name"],"request_id":"the last"}')
            client.writer.write_eof()
            assert b'"request_id":"the last","error":"success"}\n' in await client.rest()
            await client.close()
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(work())
        group.create_task(attack())
    assert asked
    assert len(server.connections) <= 2, "nobody but the bystander is left, and perhaps one that is just going"
    await bystander.close()
