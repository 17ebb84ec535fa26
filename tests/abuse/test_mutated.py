"""Two thousand mutated frames. ``python -m tests.abuse.mutated`` throws a million."""

from pathlib import Path

import pytest

from tests.abuse.mutated import attack
from tests.abuse.siege import many, siege

pytestmark = pytest.mark.real


@pytest.mark.timeout(300)
async def test_mutated_frames(tmp_path: Path) -> None:
    async with siege(tmp_path) as besieged:
        await attack(besieged, many(50_000, 2000), 7)
