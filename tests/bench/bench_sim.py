"""The speed of the simulation: viewer-hours a minute, on all cores and on one. Run as a script; it prints a table.

::

    python tests/bench/bench_sim.py [--hours N] [--json]

The stories are those of tests/sim: random rooms of two to six members for an hour each, with samples as often as VLC
gives them. Goal: 1000 viewer-hours a minute on two cores.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.sim.telling import tell_hours

GOAL: Final = 1000.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how many viewer-hours the simulation does in a minute.")
    parser.add_argument("--hours", type=float, default=100.0, help="how many viewer-hours to simulate for each row")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    rows = []
    for workers in sorted({1, cores}):
        hours = tell_hours(arguments.hours, workers=workers)
        rows.append({"workers": workers, "viewer_hours": hours.viewer_hours, "viewer_hours_a_minute": hours.pace})
        if not arguments.json:
            print(f"{workers:2d} processes: {hours.viewer_hours:6.0f} viewer-hours, {hours.pace:6.0f} a minute")
    if arguments.json:
        print(json.dumps({"goal_viewer_hours_a_minute": GOAL, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
