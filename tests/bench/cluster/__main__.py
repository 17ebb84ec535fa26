"""`make bench-cluster`: several servers beside one: how long a command takes, and what 5,000 clients cost.

Arguments select cases.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.bench.cluster.cases import Scale, halls, one_command
from tests.bench.server.command_line import run_cases
from tests.bench.server.report import Row

__all__ = ["CASES", "main"]

_FULL: Final = Scale(pairs=100, seconds=10.0, rounds=5, nodes=4, halls=500)
_QUICK: Final = Scale(pairs=10, seconds=1.0, rounds=2, nodes=2, halls=20)

CASES: Final[Mapping[str, Callable[[Scale], Iterator[Row]]]] = {"command": one_command, "halls": halls}


def main() -> int:
    return run_cases(
        "cluster",
        CASES,
        full=_FULL,
        quick=_QUICK,
        about=__doc__,
        about_quick="half a minute, with fewer clients: does it work",
    )


if __name__ == "__main__":
    sys.exit(main())
