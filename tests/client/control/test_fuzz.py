"""Ten thousand junk lines, while another client works. ``fuzz.py`` sends any number."""

from pathlib import Path

import pytest

from tests.client.control.fuzz import fuzz

LINES = 10_000


@pytest.mark.parametrize("seed", [1, 2])
async def test_junk_disturbs_no_other_client(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    report = await fuzz(tmp_path, LINES, seed)
    assert not report.faults, str(report)
    assert report.asked > 10, "the other client was answered all the time"
    _, half, end = report.sizes
    # Not the resident memory: in so few lines it cannot be told from what the allocator keeps. fuzz.py prints it.
    assert end.objects - half.objects < LINES / 10, str(report)
    assert end.files <= half.files + 3
