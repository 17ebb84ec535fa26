"""Ten thousand random lines on the socket of a real daemon while it plays in a room."""

import json
import random
import socket
import time
from pathlib import Path

import pytest

from tests.support.crowds.junk import any_line
from tests.support.daemons.party import CLIP, PATIENCE, Person, person, room_server

pytestmark = pytest.mark.real

LINES = 10_000


def ask_junk(somebody: Person, lines: list[bytes]) -> bytes:
    """Send lines, then a request; return everything until the daemon closes the connection."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(somebody.socket))
        sock.sendall(b"".join(line.replace(b"\n", b" ") + b"\n" for line in lines))
        sock.sendall(b'{"command":["client_name"],"request_id":"the last"}\n')
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := sock.recv(1 << 16):
            answer += chunk
    return answer


def is_excluded(line: bytes) -> bool:
    """Return whether a line may take long to be answered, or may leave the room or the server."""
    return any(word in line for word in (b"hang-wait", b"room-leave", b"server-", b"room_leave", b"server_"))


def test_the_daemon_and_the_room_go_on(tmp_path: Path) -> None:
    chance = random.Random(3)
    with (
        room_server() as server,
        person("ada", tmp_path, player="simulated") as ada,
        person("bob", tmp_path, player="simulated") as bob,
    ):
        room = ada.ctl("create", CLIP, "--server", server.url)
        bob.ctl("join", room, CLIP, "--server", server.url)
        ada.ctl("play")
        pid = ada.pid()
        left = LINES
        while left > 0:
            lines = [
                line for line in (any_line(chance) for _ in range(chance.randrange(1, 400))) if not is_excluded(line)
            ]
            left -= len(lines)
            assert b'"request_id":"the last","error":"success"}\n' in ask_junk(ada, lines)
        assert ada.pid() == pid
        assert "Traceback" not in ada.log
        assert {member["name"] for member in bob.status()["members"]} == {"ada", "bob"}
        # The junk has used up the member's message rate (a burst of 60, then 20 a second), so the next requests would
        # be refused. It may also have stopped the film, or have seeked to its end.
        time.sleep(3.0)
        for command in (["loadfile", str(CLIP)], ["seek", 60, "absolute"], ["set_property", "pause", False]):
            for asked in (command, ["hang-wait", "done"]):
                ada.ctl("ipc", json.dumps({"command": asked}))
        bob.ctl("wait", "playing")
