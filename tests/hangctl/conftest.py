"""hangctl as its users run it: as a process, with an environment and a socket of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_daemon import ScriptedDaemon

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of this machine's user is found."""
    for name in ("home", "runtime", "state"):
        (tmp_path / name).mkdir(mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "PYTHONUTF8": "1",
        "HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(tmp_path / "runtime"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@pytest.fixture
def daemon(environment: dict[str, str]) -> Iterator[ScriptedDaemon]:
    """A scripted daemon at the socket's usual place."""
    folder = Path(environment["XDG_RUNTIME_DIR"], "hang")
    folder.mkdir(mode=0o700)
    with ScriptedDaemon(folder / "hangd.sock") as scripted:
        yield scripted


@pytest.fixture
def hangctl(environment: dict[str, str], tmp_path: Path) -> Hangctl:
    """Run hangctl to its end in tmp_path; keyword ``variables`` adds to its environment."""

    def call(
        *arguments: str, variables: dict[str, str] | None = None, **options: Any
    ) -> "subprocess.CompletedProcess[Any]":
        return subprocess.run(
            [sys.executable, "-m", "hangctl.main", *arguments],
            **{
                "env": environment | (variables or {}),
                "cwd": tmp_path,
                "stdin": subprocess.DEVNULL,
                "capture_output": True,
                "text": True,
                "timeout": 60,
                **options,
            },
        )

    return call


@pytest.fixture
def start_hangctl(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start hangctl and leave it running; the test reads its pipes, and what is left at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def call(*arguments: str, **options: Any) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "hangctl.main", *arguments],
            **{
                "env": environment,
                "cwd": tmp_path,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                # As from a shell that one types at: tests that were started in the background have SIGINT ignored.
                "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                **options,
            },
        )
        processes.append(process)
        return process

    yield call
    for process in processes:
        process.kill()
        process.communicate()
