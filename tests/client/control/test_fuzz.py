"""Ten thousand lines that nobody in their right mind sends, while somebody else works."""

import asyncio
import random
from pathlib import Path

import pytest

from hangd.client.control.socket import ControlServer
from tests.support.conductor import RecordingConductor
from tests.support.control import ControlClient
from tests.support.junk import any_line

LINES = 10_000


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
