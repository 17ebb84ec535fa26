"""The command line of a bench whose cases print rows: which cases, quick or not, and where the figures are kept."""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from rich.console import Console

from tests.bench.server.processes import use_cores
from tests.bench.server.report import Row, print_rows
from tests.bench.skew.report import machine

__all__ = ["run_cases"]

_BUILD: Final = Path(__file__).parents[3] / "build"
_FILES: Final = 20_000

_Scale = TypeVar("_Scale")


def run_cases(
    name: str,
    cases: Mapping[str, Callable[[_Scale], Iterator[Row]]],
    *,
    full: _Scale,
    quick: _Scale,
    about: str | None,
    about_quick: str,
    first: Callable[[Console, bool], None] = lambda console, is_quick: None,
) -> int:
    """Run the cases that the arguments select, print their rows, and keep them. Returns the exit code.

    Args:
        name: of the bench: "server" for ``make bench-server``.
        about: what it measures, for its help.
        about_quick: how long ``--quick`` takes, and what for.
        first: prints what is to be known before the first case. It is told whether this run is quick.
    """
    parser = argparse.ArgumentParser(prog=f"make bench-{name} ARGS=", description=about)
    parser.add_argument("--case", action="append", choices=[*cases], help="only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help=about_quick)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", default=_BUILD / name / f"{name}.json", help="keep the figures here"
    )
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, _FILES), most))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    where = machine({"load": f"{os.getloadavg()[0]:.1f}"})
    console.print(f"{', '.join(f'{key} {value}' for key, value in where.items())}; {use_cores()}")
    first(console, options.quick)
    rows: list[Row] = []
    for case in options.case or cases:
        began = time.monotonic()
        found = list(cases[case](quick if options.quick else full))
        if options.quick:
            found = [msgspec.structs.replace(row, met=None) for row in found]
        print_rows(console, found, f"{case} ({time.monotonic() - began:.0f} s)")
        rows += found
    print_rows(console, rows, "All figures")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_bytes(msgspec.json.encode({"machine": where, "rows": rows}))
    return 0 if all(row.met is not False for row in rows) else 1
