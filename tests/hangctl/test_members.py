"""The table of members on a terminal, and that other people's text in it is escaped."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from tests.support.scripted_daemon import ScriptedDaemon

MEMBERS = [
    {
        "client_id": "c1", "name": "ada", "role": "host", "state": "playing", "ready": True, "verifying": False,
        "error": 0.002, "clock_error": 0.004, "self": True,
    },
    {
        "client_id": "c2", "name": "[bold]eve\x1b[2J", "role": "viewer", "state": "away", "ready": False,
        "verifying": True, "rtt": 0.03, "self": False,
    },
]  # fmt: skip


def run_on_terminal(*words: str, **environment: str) -> str:
    """Run hangctl with a terminal as stdout and return what appeared on it."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "hangctl.main", *words],
        stdout=writer, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=os.environ | environment,
    )  # fmt: skip
    os.close(writer)
    seen = b""
    while select.select([reader], [], [], 30)[0]:
        try:
            seen += os.read(reader, 4096)
        except OSError:  # the other end is closed
            break
    os.close(reader)
    assert process.wait(30) == 0, seen
    return seen.decode()


def test_members_are_printed_as_a_table_on_a_terminal(tmp_path: Path) -> None:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        daemon.properties.update({"room/members": MEMBERS, "room/id": "r"})
        seen = run_on_terminal("--socket", str(tmp_path / "s"), "members", COLUMNS="100", TERM="xterm", NO_COLOR="1")
    lines = seen.splitlines()
    assert any(line.split()[:4] == ["name", "role", "state", "off"] for line in lines)
    assert any("ada" in line and "+2 ms, known to 4 ms" in line and "ready" in line for line in lines)
    assert any("[bold]eve\\x1b[2J" in line and "30 ms" in line and "file not yet checked" in line for line in lines)
    assert "\x1b[2J" not in seen
