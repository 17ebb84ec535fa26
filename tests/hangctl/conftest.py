"""Fixtures that run hangctl as a process with its own environment and socket."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemons.scripted_daemon import ScriptedDaemon

Hangctl = Callable[..., "subprocess.CompletedProcess[Any]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment variables with empty home, runtime and state folders."""
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
    """A scripted daemon on the default path of the socket."""
    folder = Path(environment["XDG_RUNTIME_DIR"], "hang")
    folder.mkdir(mode=0o700)
    with ScriptedDaemon(folder / "hangd.sock") as scripted:
        yield scripted


@pytest.fixture
def hangctl(environment: dict[str, str], tmp_path: Path) -> Hangctl:
    """Return a function that runs hangctl in tmp_path until it ends. ``variables`` adds to its environment.

    ``program``: what Python runs as hangctl.
    """

    def call(
        *arguments: str,
        variables: dict[str, str] | None = None,
        program: tuple[str, str] = ("-m", "hangctl.main"),
        **options: Any,
    ) -> "subprocess.CompletedProcess[Any]":
        return subprocess.run(
            [sys.executable, *program, *arguments],
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
    """Return a function that starts hangctl and leaves it running. All processes are killed at the end of the test."""
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
                # As from an interactive shell: tests that run in the background ignore SIGINT, which is inherited.
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
