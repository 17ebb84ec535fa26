"""Ten thousand lines that nobody in their right mind sends, while somebody else works. A million: ``fuzz.py``."""

from pathlib import Path

import pytest

from tests.client.control.fuzz import fuzz

LINES = 10_000


@pytest.mark.parametrize("seed", [1, 2])
async def test_nobody_minds(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    report = await fuzz(tmp_path, LINES, seed)
    assert not report.faults, str(report)
    assert report.asked > 10, "somebody else worked all the while"
    _, half, end = report.sizes
    # Not the resident memory: so few lines can not tell it from what an allocator keeps. fuzz.py prints it.
    assert end.objects - half.objects < LINES / 10, str(report)
    assert end.files <= half.files + 3
