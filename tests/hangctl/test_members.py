"""The table of members on a terminal, and that other people's text in it is escaped."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from hangctl.commands.room.members import member_line
from tests.support.daemons.scripted_daemon import ScriptedDaemon

MEMBERS = [
    {
        "client_id": "c1", "name": "ada", "role": "host", "state": "playing", "ready": True, "verifying": False,
        "error": 0.002, "clock_error": 0.004, "self": True,
    },
    {
        "client_id": "c2", "name": "[bold]eve\x1b[2J", "role": "viewer", "state": "paused", "ready": False,
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


def test_a_member_without_the_film_is_marked() -> None:
    member = {"name": "bob", "role": "viewer", "state": "idle", "film": False, "verifying": False}
    assert member_line(member) == "  bob              viewer              idle      has not got the film"


def test_the_account_is_beside_the_name_that_anybody_may_take() -> None:
    member = {"name": "bob", "role": "viewer", "state": "idle", "account": "bob\x1b"}
    assert member_line(member) == r"  bob              viewer              idle      account bob\x1b"


def test_a_member_that_was_not_heard_for_long_has_no_numbers() -> None:
    member = {**MEMBERS[0], "self": False, "rtt": 0.03, "age": 18.2, "silent": True}
    assert member_line(member) == "  ada              host                playing   last heard 18 s ago, ready"
    assert member_line({**member, "silent": False}).endswith("+2 ms, known to 4 ms, rtt 30 ms, ready")
    assert "rtt" not in member_line({**member, "silent": False, "state": "away"}), "nothing comes from it any more"
    assert "last heard 5 min ago" in member_line({**member, "age": 300.0})
