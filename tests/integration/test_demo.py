"""``make demo`` succeeds and says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.timed]

ROOT = Path(__file__).parent.parent.parent


def test_the_demonstration_shows_two_viewers_together() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "together" in done.stdout
    assert "Traceback" not in done.stderr
