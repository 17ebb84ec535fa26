"""A real server whose members ask for the state of rooms with long queues and never read: its memory."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.network.dialed import DialedClient
from tests.support.servers.limits import UNLIMITED_OPTIONS
from tests.support.servers.server import HASH, PATIENCE
from tests.support.servers.server_process import ServerProcess, server_process

pytestmark = pytest.mark.real

SILENT: Final = 40
ASKS: Final = 30
MAX_MIB: Final = 24
"""--max-waiting-memory."""
BESIDE: Final = 40
"""MiB that are not counted: requests under way, and what the C library loses to fragments."""


def message(type: str, **payload: Any) -> bytes:
    return json.dumps({"type": type, "payload": payload}).encode()


async def hear(client: DialedClient, type: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        async for data, _ in client:
            heard = json.loads(data)
            if heard["type"] == type:
                return dict(heard["payload"])
    raise ConnectionError("the server went away")


def resident(server: ServerProcess) -> float:
    """Return the MiB of memory that the server has."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def room_with_a_long_queue(url: str, name: str) -> DialedClient:
    client = await DialedClient.dial(url, timeout=PATIENCE)
    client.write(message("Hello", protocol=1, name=name, client="test"))
    await hear(client, "Welcome")
    client.write(message("CreateRoom", file_hash=HASH, file={"size": 1, "name": "film.mkv"}))
    await hear(client, "RoomCreated")
    for part in range(4):
        files = [
            {"size": 1 + part, "name": f"{number:03}{'x' * 240}", "quick_hash": "01" * 32} for number in range(120)
        ]
        client.write(message("QueueInsert", after="end", entries=[{"file": file} for file in files]))
        await hear(client, "QueueChanged")
    return client


async def test_members_that_do_not_read_cost_bounded_memory_which_is_given_back(tmp_path: Path) -> None:
    options = (*UNLIMITED_OPTIONS, "--max-waiting-memory", str(MAX_MIB))
    async with server_process(tmp_path, *options) as server:
        silent = [await room_with_a_long_queue(server.url, f"silent {number}") for number in range(SILENT)]
        before = resident(server)
        for client in silent:
            client.transport._transport.pause_reading()
        peak = before
        for number in range(ASKS):
            for client in silent:
                # With an id each answer is one's own: a newer state does not replace it.
                client.write(json.dumps({"type": "GetRoom", "id": number}).encode())
            await asyncio.sleep(0.05)
            peak = max(peak, resident(server))
        for client in silent:
            client.abort()
        after = peak
        async with asyncio.timeout(PATIENCE):
            while (after := resident(server)) > before + (peak - before) / 2 + 5:  # noqa: ASYNC110  # a process
                await asyncio.sleep(0.1)
        print(f"\n{SILENT} members that do not read: {before:.0f} MiB before, {peak:.0f} at most, {after:.0f} after")
        assert peak - before < MAX_MIB + BESIDE
        assert "slow clients are cut off" in server.log()
        assert server.runs
