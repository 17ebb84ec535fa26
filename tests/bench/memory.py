"""`make memory`: what a daemon with real libVLC needs after many films and many seeks, on a display as viewers have it.

Exits with 1 if it is more than a quarter above what it was after twenty films.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.support.daemons.endurance import Endurance
from tests.support.daemons.party import CLIP, TRACKS
from tests.support.desktop.screen import private_display

__all__ = ["main"]

_FIRST: Final = 20
_MORE: Final = 1.25


def main() -> int:
    parser = argparse.ArgumentParser(prog="make memory ARGS=", description=__doc__)
    parser.add_argument("--films", type=int, default=500)
    parser.add_argument("--seeks", type=int, default=2000)
    options = parser.parse_args()
    highest, first = 0, 0
    began = time.monotonic()

    def note(what: str, daemon: Endurance) -> None:
        size = f"{daemon.memory() / 2**20:.0f} MiB, {daemon.threads()} threads, {daemon.files()} files"
        print(f"{what}: {size}, {time.monotonic() - began:.0f} s", flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="hang-memory-") as folder,
        private_display() as display,
        Endurance(Path(folder), "--vout=xcb_x11 --aout=dummy", display=display) as daemon,
    ):
        for number in range(1, options.films + 1):
            if (fate := daemon.watch((CLIP, TRACKS)[number % 2], seeks=0)) != "played":
                sys.exit(f"film {number}: {fate}")
            if number == _FIRST:
                first = daemon.memory()
            highest = max(highest, daemon.memory())
            if number % 100 == 0 or number == _FIRST:
                note(f"{number} films", daemon)
        for number in range(0, options.seeks, 100):
            if (fate := daemon.watch(TRACKS, seeks=100)) != "played":
                sys.exit(f"after {number} seeks: {fate}")
            highest = max(highest, daemon.memory())
            if number % 500 == 400:
                note(f"{number + 100} seeks", daemon)
    print(f"at most {highest / first:.2f} times as much as after {_FIRST} films")
    return 0 if highest <= _MORE * first else 1


if __name__ == "__main__":
    sys.exit(main())
