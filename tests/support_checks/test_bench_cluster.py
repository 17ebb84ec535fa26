"""`make bench-cluster` works: each case gives its figures, of one server and of several."""

import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.bench.cluster.__main__ import CASES
from tests.bench.server.report import Row

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.real


class Figures(msgspec.Struct):
    rows: list[Row]


@pytest.mark.parametrize("case", CASES)
def test_a_case_gives_its_figures(case: str, tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    words = [sys.executable, "-m", "tests.bench.cluster", "--quick", "--case", case, "--json", str(path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    rows = msgspec.json.decode(path.read_bytes(), type=Figures).rows
    assert all(math.isfinite(row.value) for row in rows), rows
    assert {row.what.startswith("one server") for row in rows} == {True, False}
