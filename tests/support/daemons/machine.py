"""One person's machine, with hangctl and a daemon as processes. The player is simulated."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["FILM", "Person"]

_ROOT = Path(__file__).parents[3]
FILM = _ROOT / "tests" / "media" / "clip.mp4"


class Person:
    """One person's machine: a home folder, a runtime folder, and a daemon that hangctl starts."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder / name
        for part in ("run", "home"):
            (self.folder / part).mkdir(parents=True, mode=0o700)
        (self.folder / "film.mp4").write_bytes(FILM.read_bytes())
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(_ROOT),
            "PYTHONUTF8": "1",
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "HANG_NAME": name,
            "HANG_PLAYER": "simulated",
        }

    def hangctl(self, *arguments: str, code: int = 0, typed: str | None = None) -> str:
        """Run hangctl and check its exit code. Returns its stdout, or its stderr if ``code`` is not 0.

        ``typed``: a line on its standard input.
        """
        done = subprocess.run(
            [sys.executable, "-m", "hangctl.main", "--timeout", "30", *arguments],
            env=self.environment,
            cwd=self.folder,
            **({"stdin": subprocess.DEVNULL} if typed is None else {"input": f"{typed}\n"}),
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.returncode == code, f"{arguments}: {done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.hangctl("status", "--json"))
        return status

    def watch(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Follow the status until ``condition`` is true of it, and return that status."""
        follower = subprocess.Popen(
            [sys.executable, "-m", "hangctl.main", "status", "--json", "-F"],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert follower.stdout is not None
            for line in follower.stdout:
                status: dict[str, Any] = json.loads(line)
                if condition(status):
                    return status
        finally:
            follower.kill()
            follower.communicate()
        raise AssertionError("the status ended")

    def stop(self) -> None:
        """Stop the daemon, if one runs."""
        try:
            self.hangctl("daemon", "stop")
        except AssertionError:
            self.hangctl("status", code=3)  # it had ended already
