"""The page's own unit tests, which node runs: tests/web/unit."""

import shutil
import subprocess
from pathlib import Path

import pytest

_HERE = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_the_units_of_the_page() -> None:
    tests = sorted(str(path) for path in _HERE.glob("unit/**/*.test.js"))
    assert tests, "there is nothing to run"
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", *tests],
        cwd=_HERE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
