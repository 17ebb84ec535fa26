"""hangctl finds the daemon, and starts no second one, where $XDG_RUNTIME_DIR is missing (cron, acpid, su)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.server import process

pytestmark = pytest.mark.real

FILM = Path(__file__).parents[1] / "media" / "clip.mp4"

# The program as it is, but for the folder that stands for /run/user.
PROGRAM = """
import sys
from hangd import paths
paths.RUNTIME_DIRS = sys.argv.pop(1)
from {module} import main
main()
"""


class Machine:
    """A home folder, and a folder in place of /run/user. ``own`` in it is this user's, which login makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime_dirs = folder / "run"
        self.own = self.runtime_dirs / str(os.getuid())
        (folder / "home").mkdir()
        self.runtime_dirs.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUTF8": "1",
            "HOME": str(folder / "home"),
            "HANG_PLAYER": "simulated",
        }

    def log_in(self) -> None:
        self.own.mkdir(mode=0o700)

    def words(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-c", PROGRAM.format(module=module), str(self.runtime_dirs), *arguments]

    def hangctl(self, *arguments: str, **variables: str) -> str:
        done = subprocess.run(
            self.words("hangctl.main", "--timeout", "30", *arguments),
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    for folder in (machine.own / "hang", tmp_path / "home/.local/state/hang"):
        if (folder / "hangd.sock").exists():
            machine.hangctl("daemon", "stop", "--socket", str(folder / "hangd.sock"))


@pytest.fixture
def server() -> Iterator[str]:
    with process() as running:
        yield running.url


@pytest.mark.parametrize("who", ["the daemon", "hangctl", "both"])
def test_the_user_s_runtime_directory_is_found_without_the_variable(machine: Machine, who: str, server: str) -> None:
    machine.log_in()
    named = {"XDG_RUNTIME_DIR": str(machine.own)}
    machine.hangctl("daemon", "start", **({} if who in ("the daemon", "both") else named))
    socket = machine.own / "hang" / "hangd.sock"
    assert socket.is_socket()
    pid = machine.hangctl("get", "pid", **named)
    seen_from = {} if who in ("hangctl", "both") else named
    assert machine.hangctl("get", "pid", **seen_from) == pid
    machine.hangctl("create", str(FILM), "--server", server, **seen_from)
    assert machine.hangctl("get", "pid", **seen_from) == pid
    assert json.loads(machine.hangctl("status", "--json", **named))["room"] is not None


def test_a_daemon_from_before_the_login_is_found_after_it(machine: Machine, server: str) -> None:
    """cron started it at boot, when there was no runtime directory."""
    machine.hangctl("daemon", "start")
    assert (machine.folder / "home/.local/state/hang/hangd.sock").is_socket()
    pid = machine.hangctl("get", "pid")
    machine.log_in()
    for named in ({}, {"XDG_RUNTIME_DIR": str(machine.own)}):
        assert machine.hangctl("get", "pid", **named) == pid
    machine.hangctl("create", str(FILM), "--server", server)
    assert machine.hangctl("get", "pid") == pid
    assert not (machine.own / "hang").exists()
    machine.hangctl("daemon", "stop")
    machine.hangctl("daemon", "start")
    assert (machine.own / "hang" / "hangd.sock").is_socket()
