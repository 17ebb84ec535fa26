"""`make bench-server`: what the room server costs, beside a floor and other servers. Arguments select cases.

Processor time is what counts: it says the same on a machine that does something else as well, if only just. Delays do
not.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rich.console import Console

from tests.bench.server import cases
from tests.bench.server.cases import Scale
from tests.bench.server.command_line import run_cases
from tests.bench.server.fanout import Sizes, compare, rounds
from tests.bench.server.processes import contestants
from tests.bench.server.report import Row
from tests.bench.server.storm import storm
from tests.bench.server.watching import watching

__all__ = ["CASES", "main"]

_FULL: Final = Scale(
    sizes=Sizes(rooms=10, members=50, rounds=7, seconds=3.0),
    idle_members=1000,
    idle_seconds=60.0,
    clients=500,
    halls=500,
    seconds=30.0,
    churn_seconds=600.0,
    calm_seconds=25.0,
)
_QUICK: Final = Scale(
    sizes=Sizes(rooms=4, members=50, rounds=2, seconds=0.3),
    idle_members=100,
    idle_seconds=3.0,
    clients=100,
    halls=20,
    seconds=1.0,
    churn_seconds=3.0,
    calm_seconds=1.0,
)


CASES: Final[Mapping[str, Callable[[Scale], Iterator[Row]]]] = {
    "fan-out": lambda scale: compare(rounds(contestants(), scale.sizes)),
    "memory": cases.memory,
    "idle": cases.idle,
    "joins": cases.joins_and_commands,
    "halls": cases.halls,
    "large-room": cases.one_large_room,
    "storm": lambda scale: storm(2 * scale.clients),
    "watching": lambda scale: watching(scale.seconds, calm=scale.calm_seconds),
    "churn": cases.coming_and_going,
}


def main() -> int:
    return run_cases(
        "server",
        CASES,
        full=_FULL,
        quick=_QUICK,
        about=__doc__,
        about_quick="a minute in all, with fewer clients: does it work",
        first=_first,
    )


def _first(console: Console, is_quick: bool) -> None:
    for one in contestants():
        if one.absent:
            console.print(f"left out: {one.absent}")
    if is_quick:
        console.print("quick: too few clients for too short a time to say whether a goal is reached")


if __name__ == "__main__":
    sys.exit(main())
