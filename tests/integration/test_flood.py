"""Two hundred clients of a real daemon at once, by both doors, and among them some that mean no good."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.skew.cost import used_by
from tests.support.control import ControlClient
from tests.support.flood import HOSTILE, Hostile, asking, besieged, crowd
from tests.support.party import CLIP, PATIENCE, Person, free_port, person, wait_for

pytestmark = pytest.mark.real

CLIENTS = 200
MOST_BYTES = 64 << 20
"""What the daemon may take for all of them: its own buffers are 64 KiB for each, and 1 MiB for a line."""


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, player="simulated") as ada:
        ada.environment["HANG_CONTROL_TCP"] = f"127.0.0.1:{free_port()}"
        ada.start_daemon()
        ada.ctl("ipc", json.dumps({"command": ["loadfile", str(CLIP)]}))
        ada.ctl("play")
        ada.ctl("wait", "playing")
        yield ada


async def test_everybody_is_answered_and_memory_is_bounded(ada: Person) -> None:
    pid = await asyncio.to_thread(ada.pid)
    before = used_by(pid).memory
    async with besieged(ada.socket), crowd(ada.socket, CLIENTS) as clients:
        for client in clients:
            await asyncio.wait_for(client.full.wait(), PATIENCE)
        # A second round: whatever the first one has done to the daemon, the second one is answered too.
        for client in clients:
            client.full.clear()
        for client in clients:
            await asyncio.wait_for(client.full.wait(), PATIENCE)
        known = await by_tcp(ada)
        assert (await known.ask("get_property", "pause"))["data"] is False
        await known.close()
        assert [client.strange for client in clients if client.strange] == []
        assert not any(client.lost for client in clients)
        assert all(client.events for client in clients)
        grown = used_by(pid).memory - before
    assert grown < MOST_BYTES
    assert "Traceback" not in ada.log
    assert (await asyncio.to_thread(ada.get, "pause")) is False


async def by_tcp(somebody: Person) -> ControlClient:
    token = somebody.folder / "home" / ".local" / "state" / "hang" / "control-token"
    host, _, port = somebody.environment["HANG_CONTROL_TCP"].rpartition(":")
    client = await ControlClient.connect_tcp((host, int(port)))
    assert (await client.ask("auth", token.read_text().strip()))["error"] == "success"
    return client


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.__name__)
async def test_each_of_them_alone_costs_nobody_an_answer(hostile: Hostile, ada: Person) -> None:
    async with besieged(ada.socket, [hostile]):
        with asking(ada.socket) as ask:
            for _ in range(200):
                answer = await asyncio.to_thread(ask)
                assert answer == b'{"data":false,"request_id":5,"error":"success"}\n'


def test_five_hundred_may_come_and_the_next_ones_may_not(ada: Person) -> None:
    """And whoever is there already, the player among them, still has its descriptors."""
    with asking(ada.socket) as ask:
        assert ask()
        code = (
            "import socket, sys\n"
            "socks = [socket.socket(socket.AF_UNIX) for _ in range(600)]\n"
            "for sock in socks:\n"
            "    sock.connect(sys.argv[1])\n"
            "    sock.settimeout(30)\n"
            "answered = 0\n"
            "for sock in socks:\n"
            "    try:\n"
            '        sock.sendall(b\'{"command":["client_name"]}\\n\')\n'
            "        answered += bool(sock.recv(4096))\n"
            "    except OSError:\n"
            "        pass\n"
            "print(answered)\n"
        )
        words = [sys.executable, "-c", code, str(ada.socket)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=4 * PATIENCE)
        assert done.stdout == "499\n", done.stderr
        assert ask()
    wait_for(lambda: ada.get("pause") is False, "room for one more")
    assert ada.log.count("more are turned away") == 1
