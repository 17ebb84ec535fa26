"""daemon start, stop and log, with a small program beside hangctl in place of hangd."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.scripted_daemon import ScriptedDaemon

Run = Callable[..., "subprocess.CompletedProcess[Any]"]

HANGCTL = """#!{python}
from hangctl.main import main
main()
"""

HANGD = """#!{python}
import json, os, signal, sys, time
from pathlib import Path
from tests.support.daemons.scripted_daemon import ScriptedDaemon

print("starting \\u2026", flush=True)
with open(os.environ["WITNESS"], "a") as witness:
    said = dict(pid=os.getpid(), argv=sys.argv[1:], display=os.environ.get("DISPLAY"), cwd=os.getcwd(),
                session=os.getsid(0), input=os.readlink("/proc/self/fd/0"))
    witness.write(json.dumps(said) + "\\n")
{body}
"""

LIVES = """
daemon = ScriptedDaemon(Path(sys.argv[3]))
# Before it listens: hangctl connects as soon as it can, and asks for the version.
daemon.properties = {"pid": os.getpid(), "hang-version": "0"}
daemon.answers["room-create"] = {"error": "success", "data": {"room_id": "0d9f"}}
with daemon:
    signal.sigwait([signal.SIGTERM])
"""
DIES = "sys.exit('cannot open the display')"
HANGS = "time.sleep(600)"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" + LIVES.replace("signal.sigwait([signal.SIGTERM])", HANGS)


class Installation:
    """hangctl as it is installed: a script, with a script hangd in the same folder."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.witness = folder / "witness"
        self.environment = environment | {"WITNESS": str(self.witness), "DISPLAY": ":77"}
        self.write("hangctl", HANGCTL.format(python=sys.executable))

    def write(self, name: str, program: str) -> None:
        path = self.folder / name
        path.write_text(program)
        path.chmod(0o755)

    def daemon_that(self, body: str) -> None:
        self.write("hangd", HANGD.format(python=sys.executable, body=body))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.folder / "hangctl", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=60)
        return process.returncode, stdout, stderr

    def daemons(self) -> list[dict[str, Any]]:
        if not self.witness.exists():
            return []
        return [json.loads(line) for line in self.witness.read_text().splitlines()]


@pytest.fixture
def installation(tmp_path: Path, environment: dict[str, str]) -> Iterator[Installation]:
    folder = tmp_path / "bin"
    folder.mkdir()
    installed = Installation(folder, environment)
    yield installed
    for daemon in installed.daemons():
        try:
            os.kill(daemon["pid"], 9)
        except ProcessLookupError:
            pass


def test_start_runs_a_detached_daemon_that_answers(installation: Installation, environment: dict[str, str]) -> None:
    installation.daemon_that(LIVES)
    assert installation.run("daemon", "start") == (0, "", "")
    assert installation.run("daemon", "start") == (0, "", "")
    (started,) = installation.daemons()
    path = Path(environment["XDG_RUNTIME_DIR"], "hang", "hangd.sock")
    assert started["argv"] == ["run", "--socket", str(path)]
    assert started["display"] == ":77"
    assert started["cwd"] == "/"
    assert started["session"] == started["pid"]
    assert started["input"] == "/dev/null"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    log = Path(environment["XDG_STATE_HOME"], "hang", "hangd.log")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_only_create_and_join_start_a_daemon(installation: Installation) -> None:
    installation.daemon_that(LIVES)
    for subcommand in ("play", "status", "members", "leave", "rooms"):
        assert installation.run(subcommand)[0] == 3
    assert installation.daemons() == []
    (installation.folder / "film.mkv").write_bytes(b"film")
    assert installation.run("create", "film.mkv") == (0, "0d9f\n", "")
    assert len(installation.daemons()) == 1


def test_several_hangctl_at_once_start_one_daemon(installation: Installation) -> None:
    installation.daemon_that("time.sleep(0.5)" + LIVES)
    both = [installation.start("daemon", "start") for _ in range(4)]
    assert [process.communicate(timeout=60)[1] for process in both] == [""] * 4
    assert [process.returncode for process in both] == [0] * 4
    assert len(installation.daemons()) == 1


def test_the_error_quotes_the_log_of_a_daemon_that_ended_at_once(installation: Installation) -> None:
    installation.daemon_that(DIES)
    log = Path(installation.environment["XDG_STATE_HOME"], "hang", "hangd.log")
    log.parent.mkdir()
    log.write_text("another daemon's last words\n")
    code, _, stderr = installation.run("daemon", "start")
    assert code == 3
    assert "another" not in stderr
    assert stderr.startswith("hangctl: error: the daemon ended at once (status 1)")
    assert "cannot open the display" in stderr


def test_a_daemon_that_never_answers_times_out(installation: Installation) -> None:
    installation.daemon_that(HANGS)
    code, _, stderr = installation.run("daemon", "start", "--timeout", "1")
    assert code == 4
    assert "hangctl daemon log" in stderr


def test_start_waits_for_a_daemon_that_is_there_and_hangs(installation: Installation) -> None:
    installation.daemon_that(LIVES)
    assert installation.run("daemon", "start")[0] == 0
    pid = installation.daemons()[0]["pid"]
    os.kill(pid, signal.SIGSTOP)
    code, _, stderr = installation.run("daemon", "start", "--timeout", "0.5")
    assert (code, stderr.splitlines()[0]) == (4, "hangctl: error: no answer from the daemon within 0.5 s")


def test_a_daemon_starts_where_its_log_cannot_be_written(
    installation: Installation, environment: dict[str, str]
) -> None:
    Path(environment["XDG_STATE_HOME"], "hang").write_text("")  # a file in place of the folder
    installation.daemon_that(LIVES)
    code, _, stderr = installation.run("daemon", "start")
    assert code == 0
    assert stderr.startswith("note: the daemon has no log: ") and "[Errno" not in stderr
    assert len(installation.daemons()) == 1


def test_a_runtime_folder_that_cannot_be_made_is_an_error(installation: Installation) -> None:
    (installation.folder / "file").write_text("")
    code, _, stderr = installation.run("daemon", "start", "--socket", "file/hangd.sock")
    assert code == 3
    assert stderr.splitlines()[0].endswith("/bin/file: File exists") and "[Errno" not in stderr


def test_a_stale_socket_does_not_prevent_a_start(installation: Installation, environment: dict[str, str]) -> None:
    path = Path(environment["XDG_RUNTIME_DIR"], "hang", "hangd.sock")
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    installation.daemon_that("Path(sys.argv[3]).unlink()" + LIVES)
    assert installation.run("daemon", "start") == (0, "", "")


def test_stop_waits_until_the_daemon_has_ended(installation: Installation) -> None:
    installation.daemon_that(LIVES)
    assert installation.run("daemon", "start")[0] == 0
    assert installation.run("daemon", "stop") == (0, "", "")
    assert state_of(installation.daemons()[0]["pid"]) in (None, "Z")  # ended, though perhaps not yet reaped
    assert installation.run("daemon", "stop")[0] == 3


def state_of(process: int) -> str | None:
    """Return the state of a process as the kernel names it, such as "Z" for a zombie; None if there is no process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None


def test_a_daemon_that_does_not_stop_times_out(installation: Installation) -> None:
    installation.daemon_that(DEAF)
    assert installation.run("daemon", "start")[0] == 0
    assert installation.run("daemon", "stop", "--timeout", "0.5")[0] == 4


@pytest.mark.parametrize("process", [None, 0, -1, 1, "1"])
def test_an_invalid_process_id_is_not_signalled(daemon: ScriptedDaemon, hangctl: Run, process: object) -> None:
    daemon.properties["pid"] = process
    done = hangctl("daemon", "stop")
    assert done.returncode == 1
    assert "does not tell its process" in done.stderr


def test_the_log_is_printed_and_followed(installation: Installation) -> None:
    assert installation.run("daemon", "log")[0] == 1
    installation.daemon_that(LIVES)
    assert installation.run("daemon", "start")[0] == 0
    assert installation.run("daemon", "log") == (0, "starting …\n", "")
    follower = installation.start("daemon", "log", "-f")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "starting …\n"
    log = Path(installation.environment["XDG_STATE_HOME"], "hang", "hangd.log")
    with log.open("a") as stream:
        stream.write("another line\n")
    assert follower.stdout.readline() == "another line\n"
    follower.kill()
    follower.communicate()


SYSTEMCTL = """#!/bin/sh
echo "$@" >> {said}
[ "$2" = is-enabled ] && exit {enabled}
[ "$2" = start ] && {{ {start} & }}
exit 0
"""


def test_an_enabled_systemd_socket_unit_is_started(installation: Installation, environment: dict[str, str]) -> None:
    runtime = Path(environment["XDG_RUNTIME_DIR"])
    (runtime / "systemd").mkdir()
    said = installation.folder / "said"
    installation.daemon_that(LIVES)
    unit = f"{installation.folder}/hangd run --socket {runtime}/hang/hangd.sock >/dev/null 2>&1"
    installation.environment["PATH"] = f"{installation.folder}:{environment['PATH']}"
    installation.write("systemctl", SYSTEMCTL.format(said=said, enabled=0, start=unit))
    assert installation.run("daemon", "start") == (0, "", "")
    assert said.read_text().splitlines() == [
        "--user is-enabled --quiet hangd.socket",
        "--user import-environment DISPLAY",
        "--user start hangd.socket",
    ]
    assert not Path(environment["XDG_STATE_HOME"], "hang", "hangd.log").exists()


@pytest.mark.parametrize("why", ["not enabled", "another socket"])
def test_a_disabled_or_different_systemd_socket_is_not_started(
    installation: Installation, environment: dict[str, str], why: str
) -> None:
    runtime = Path(environment["XDG_RUNTIME_DIR"])
    (runtime / "systemd").mkdir()
    said = installation.folder / "said"
    installation.daemon_that(LIVES)
    installation.environment["PATH"] = f"{installation.folder}:{environment['PATH']}"
    installation.write("systemctl", SYSTEMCTL.format(said=said, enabled=int(why == "not enabled"), start="true"))
    elsewhere = ["--socket", str(installation.folder / "s")] if why == "another socket" else []
    assert installation.run("daemon", "start", *elsewhere) == (0, "", "")
    assert len(installation.daemons()) == 1
    assert not said.exists() or "start" not in said.read_text()
