"""WallClock: a wall clock that a test sets, for one process. libfaketime in it reads the step from a file.

Import the fixture `wall_clock`. Give ``wall_clock.environment`` to the process.
"""

from pathlib import Path

import pytest

__all__ = ["WallClock", "wall_clock"]


class WallClock:
    """What the server takes for the wall clock. Its monotonic clock stays the machine's."""

    def __init__(self, folder: Path) -> None:
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        if not libraries:
            pytest.skip("needs libfaketime")
        self._file = folder / "step"
        self.environment = {
            "LD_PRELOAD": str(libraries[0]),
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
        }
        self.step(0)

    def step(self, seconds: int) -> None:
        """Let it be so many seconds off from now on."""
        part = self._file.with_suffix(".part")
        part.write_text(f"{seconds:+d}")
        part.rename(self._file)


@pytest.fixture
def wall_clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)
