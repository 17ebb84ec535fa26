"""Subcommands that follow the daemon: they go on when it restarts, and end when nobody reads their output."""

import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.scripted_daemon import ScriptedDaemon

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]
StartHangctl = Callable[..., "subprocess.Popen[str]"]

GONE = "the daemon went away; waiting for it\n"


@pytest.fixture
def path(environment: dict[str, str]) -> Path:
    folder = Path(environment["XDG_RUNTIME_DIR"], "hang")
    folder.mkdir(mode=0o700)
    return folder / "hangd.sock"


@contextmanager
def scripted(path: Path, /, **properties: Any) -> Iterator[ScriptedDaemon]:
    with ScriptedDaemon(path) as daemon:
        daemon.properties = {name.replace("_", "-"): value for name, value in properties.items()}
        yield daemon


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def complaint_of(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Interrupt the process; return its exit code and the output that was not read yet."""
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


def test_observe_goes_on_with_the_next_daemon(path: Path, start_hangctl: StartHangctl) -> None:
    with scripted(path, pause=False):
        process = start_hangctl("observe", "pause")
        assert line_of(process) == "pause=no\n"
    assert complaint_of(process) == GONE
    with scripted(path, pause=True) as daemon:
        assert line_of(process) == "pause=yes\n"
        daemon.change("pause", False)
        assert line_of(process) == "pause=no\n"
        daemon.hang_up()  # a second absence, while the socket still exists
        assert complaint_of(process) == GONE
        assert line_of(process) == "pause=no\n"
        assert ended(process) == (130, "", "")


def test_events_go_on_with_the_next_daemon(path: Path, start_hangctl: StartHangctl) -> None:
    with scripted(path) as daemon:
        process = start_hangctl("events", "said")
        emit_until_heard(daemon, process, {"event": "said", "text": "one"})
    assert complaint_of(process) == GONE
    with scripted(path) as daemon:
        heard = emit_until_heard(daemon, process, {"event": "said", "text": "two"})
        assert {"event": "said", "text": "two"} in heard
        assert {"event": "idle"} not in heard
        code, _, stderr = ended(process)
        assert (code, stderr) == (130, "")


def emit_until_heard(daemon: ScriptedDaemon, process: "subprocess.Popen[str]", event: dict[str, Any]) -> list[Any]:
    """Emit an event until something is printed, because nothing else tells that hangctl listens. Returns what was."""
    assert process.stdout is not None
    while not select.select([process.stdout], [], [], 0.1)[0]:
        assert process.poll() is None
        daemon.emit({"event": "idle"})
        daemon.emit(event)
    return [json.loads(process.stdout.readline())]


@pytest.mark.parametrize(("arguments", "absent"), [([], "no daemon"), (["--json"], "no-daemon"), (["--waybar"], "")])
def test_status_reports_the_absence_and_goes_on(
    path: Path, start_hangctl: StartHangctl, arguments: list[str], absent: str
) -> None:
    def shown(line: str) -> str:
        if not arguments:
            return line.rstrip("\n")
        status = json.loads(line)
        return str(status["state" if "--json" in arguments else "text"])

    film = {"path": "/film.mkv", "time_pos": 5.0, "duration": 10.0}
    process = start_hangctl("status", "-F", *arguments)
    assert shown(line_of(process)) == absent  # with status, no daemon at the start is not an error
    assert complaint_of(process) == f"no daemon is listening on {path}; waiting for it\n"
    for pause in (True, False):
        with scripted(path, pause=pause, **film):
            line = line_of(process)
            assert "0:05 / 0:10" in line or json.loads(line)["position"] == 5
        assert shown(line_of(process)) == absent
        assert complaint_of(process) == GONE
    assert ended(process) == (130, "", "")


@pytest.mark.parametrize("arguments", [["observe", "pause"], ["events"]])
def test_no_daemon_at_the_start_is_an_error(hangctl: Hangctl, arguments: list[str]) -> None:
    assert hangctl(*arguments).returncode == 3


def test_the_timeout_option_limits_the_absence(path: Path, start_hangctl: StartHangctl) -> None:
    with scripted(path, pause=False):
        process = start_hangctl("observe", "pause", "--timeout", "0.5")
        assert line_of(process) == "pause=no\n"
    assert process.wait(60) == 4
    assert complaint_of(process) == GONE
    assert complaint_of(process) == "hangctl: error: the daemon did not come back within 0.5 s\n"


def test_attempts_become_rarer_if_a_daemon_accepts_but_does_not_answer(path: Path, start_hangctl: StartHangctl) -> None:
    with scripted(path, pause=False):
        process = start_hangctl("observe", "pause")
        assert line_of(process) == "pause=no\n"
    assert complaint_of(process) == GONE
    accepted = 0
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(0.1)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            try:
                listener.accept()[0].close()
                accepted += 1
            except TimeoutError:
                pass
    path.unlink()
    assert 1 <= accepted <= 8  # 0.05, 0.1, 0.2, 0.4, 0.8, 1 s, 1 s
    with scripted(path, pause=True):
        assert line_of(process) == "pause=yes\n"
    assert ended(process)[:2] == (130, "")


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("arguments", [["observe", "pause"], ["status", "-F", "-f", "x"]])
def test_a_closed_stdout_ends_the_process_although_nothing_is_printed(
    path: Path, start_hangctl: StartHangctl, arguments: list[str], present: bool
) -> None:
    with scripted(path, pause=False) as daemon:
        daemon.answers["expand-text"] = {"data": "x", "error": "success"}
        process = start_hangctl(*arguments)
        assert line_of(process) in ("pause=no\n", "x\n")
        if present:
            close_output(process)
            assert process.wait(60) == 0
    if not present:
        assert complaint_of(process) == GONE
        close_output(process)
        assert process.wait(60) == 0
    assert process.stderr is not None and process.stderr.read() in ("", GONE)


def close_output(process: "subprocess.Popen[str]") -> None:
    """Close the pipe. The fixture calls communicate() at the end of the test, so stdout must still be a file."""
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY))


def test_output_to_a_file_is_not_taken_for_a_closed_pipe(
    path: Path, tmp_path: Path, start_hangctl: StartHangctl
) -> None:
    with open(tmp_path / "log", "w") as log, scripted(path, pause=False):
        process = start_hangctl("observe", "pause", stdout=log)
        while not (tmp_path / "log").read_text():
            assert process.poll() is None
            select.select([], [], [], 0.05)
        assert ended(process)[::2] == (130, "")
