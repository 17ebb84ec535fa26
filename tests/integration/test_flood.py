"""Two hundred clients of a real daemon at once, by Unix socket and TCP, some of them hostile."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.skew.cost import used_by
from tests.support.crowds.flood import HOSTILE, Hostile, asking, besieged, crowd
from tests.support.daemons.control import ControlClient
from tests.support.daemons.party import CLIP, PATIENCE, Person, free_port, person, wait_for

pytestmark = pytest.mark.real

CLIENTS = 200
MOST_BYTES = 64 << 20
"""Memory that the daemon may use for all of them: its buffers are 64 KiB for each client, and 1 MiB for a line."""


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Person]:
    with person("ada", tmp_path, player="simulated") as ada:
        ada.environment["HANG_CONTROL_TCP"] = f"127.0.0.1:{free_port()}"
        ada.start_daemon()
        ada.ctl("ipc", json.dumps({"command": ["loadfile", str(CLIP)]}))
        ada.ctl("play")
        ada.ctl("wait", "playing")
        yield ada


async def test_every_client_is_answered_and_memory_is_bounded(ada: Person) -> None:
    pid = await asyncio.to_thread(ada.pid)
    before = used_by(pid).memory
    async with besieged(ada.socket), crowd(ada.socket, CLIENTS) as clients:
        for client in clients:
            await asyncio.wait_for(client.full.wait(), PATIENCE)
        # A second round, to see that the first one has not slowed the daemon down for good.
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
async def test_a_hostile_client_does_not_delay_the_answers_of_others(hostile: Hostile, ada: Person) -> None:
    async with besieged(ada.socket, [hostile]):
        with asking(ada.socket) as ask:
            for _ in range(200):
                answer = await asyncio.to_thread(ask)
                assert answer == b'{"data":false,"request_id":5,"error":"success"}\n'


def test_at_most_five_hundred_clients_are_accepted(ada: Person) -> None:
    """The clients before them, and the player, keep their file descriptors."""
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
