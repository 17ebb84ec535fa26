"""Ctrl-C at any time ends hangctl and hangd without a word: real processes, interrupted after 0 to 200 ms."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.daemons.scripted_daemon import ScriptedDaemon

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent

# The dot tells that the interpreter has started. What it prints when it is interrupted before is not ours to mend.
# Nor is an interruption between the lines of this program, whose traceback has no other frame.
PROGRAM = """
import os, sys, {module} as entry
try:
    os.write(1, b".")
    code = entry.main()
except KeyboardInterrupt as interrupt:
    if interrupt.__traceback__.tb_next is not None:
        raise
    os._exit(130)
sys.exit(code)
"""


def interrupted(module: str, arguments: list[str], delay: float, environment: dict[str, str]) -> tuple[int, str]:
    """Start the entry point, send SIGINT after ``delay`` seconds, and return the exit code and what is on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(module=module), *arguments],
        env=os.environ | environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # As from an interactive shell: tests that run in the background ignore SIGINT, which is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    process.stdout.read(1)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=60)[1]
    return process.returncode, stderr.decode()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    names = ("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    return {"PYTHONPATH": str(ROOT), **{name: str(tmp_path) for name in names}}


DELAYS = [*range(0, 40, 3), *range(40, 201, 20)]


def test_hangctl_is_quiet(tmp_path: Path, environment: dict[str, str]) -> None:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        daemon.answers["hang-wait"] = lambda _: time.sleep(10)
        for delay in DELAYS:
            ended = interrupted(
                "hangctl.__main__", ["--socket", str(daemon.path), "wait", "ended"], delay / 1000, environment
            )
            assert ended == (130, ""), f"after {delay} ms"


def test_hangd_is_quiet(environment: dict[str, str]) -> None:
    for delay in [*DELAYS, 400, 800]:
        code, stderr = interrupted("hangd.__main__", ["--player", "simulated"], delay / 1000, environment)
        # Once the daemon runs, SIGINT is a request to end, and granted.
        assert code in (130, 0), f"after {delay} ms: {stderr}"
        assert "Traceback" not in stderr and "Aborted" not in stderr, f"after {delay} ms"


def test_a_process_that_ignores_interrupts_goes_on_ignoring_them(tmp_path: Path, environment: dict[str, str]) -> None:
    with ScriptedDaemon(tmp_path / "s") as daemon:
        process = subprocess.Popen(
            [sys.executable, "-m", "hangctl", "--socket", str(daemon.path), "get", "pause"],
            env=os.environ | environment,
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        for _ in range(5):
            time.sleep(0.01)
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 1  # the property is not available: hangctl has gone on to the end
