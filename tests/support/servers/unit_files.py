"""What systemd-analyze says about units."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

__all__ = ["exposure", "needs_systemd", "root_folder", "run", "verified"]

needs_systemd: Final = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. Its stdout has also what it writes to stderr."""
    return subprocess.run(
        list(map(str, arguments)),
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


def root_folder(root: Path, *programs: str, units: str = "etc") -> Path:
    """Make the root of a machine that has these programs, by their paths, and systemd's targets. Return the folder of
    its units."""
    folder = root / units / "systemd/system"
    folder.mkdir(parents=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "bin").symlink_to("usr/bin")
    for name in programs:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    for target in Path("/usr/lib/systemd/system").glob("*.target"):
        shutil.copy(target, folder)
    return folder


def verified(root: Path, *units: str) -> str:
    """Return what is wrong with these units of the machine at ``root``: "" for nothing."""
    done = run("systemd-analyze", f"--root={root}", "--man=no", "verify", *units)
    return done.stdout if done.stdout or done.returncode == 0 else f"exit {done.returncode}"


def exposure(path: Path) -> float:
    """Return what systemd finds of this unit, from 0 (sealed) to 10, and print what is left."""
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", path)
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", done.stdout)
    assert found is not None, done.stdout
    print(*(line for line in done.stdout.splitlines() if line.startswith("✗")), found[0], sep="\n")
    return float(found[1])
