"""`make bench-server` works: each case gives its figures, and each server that is installed is measured."""

import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.bench.server.__main__ import CASES
from tests.bench.server.processes import contestants
from tests.bench.server.report import Row, at_most

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.real


class Figures(msgspec.Struct):
    rows: list[Row]


def figures(folder: Path, case: str) -> list[Row]:
    path = folder / "figures.json"
    words = [sys.executable, "-m", "tests.bench.server", "--quick", "--case", case, "--json", str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return msgspec.json.decode(path.read_bytes(), type=Figures).rows


def test_a_goal_is_reached_or_missed() -> None:
    assert at_most("case", "figure", 20.0, "KiB", 20.0).met
    assert at_most("case", "figure", 20.1, "KiB", 20.0).met is False


@pytest.mark.parametrize("case", CASES)
def test_a_case_gives_its_figures(case: str, tmp_path: Path) -> None:
    rows = figures(tmp_path, case)
    assert rows
    assert all(math.isfinite(row.value) for row in rows), rows
    if case == "fan-out":
        assert {one.name for one in contestants() if not one.absent} <= {row.what for row in rows}
