"""`make bench-web`: the page's goals, each measured and printed beside it. Arguments select cases; see ``--help``."""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from tests.bench.skew import clips, sound
from tests.bench.skew.report import machine
from tests.bench.web.cases import CASES
from tests.bench.web.loading import first_load, large_file
from tests.bench.web.report import Row, print_rows
from tests.bench.web.rig import KINDS, web_rig
from tests.support.browsers.browser import CHROMIUM
from tests.support.browsers.firefox import FIREFOX

__all__ = ["main"]

_BUILD: Final = Path(__file__).parents[3] / "build" / "web"
_PAIRS: Final = ("hangd+chromium", "chromium+chromium", "hangd+firefox")


def _version(program: str) -> str:
    words = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split()
    return next((word for word in words if word[:1].isdigit()), "?")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-web ARGS=", description=__doc__)
    parser.add_argument("--pair", action="append", help=f"A+B of {', '.join(KINDS)}; all: {', '.join(_PAIRS)}")
    parser.add_argument("--case", action="append", choices=[*CASES], help="only this one; may be repeated")
    parser.add_argument("--no-loading", action="store_true", help="without the first load and the large file")
    parser.add_argument("--film", default="mp4", choices=clips.NAMES)
    parser.add_argument("--silent", action="store_true", help="without PulseAudio: browsers then start less exactly")
    options = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 170)
    if missing := clips.available():
        sys.exit(missing)
    if not options.silent and (missing := sound.available()):
        console.print(f"left out: {missing}")
    clip = clips.make(options.film)
    rows: list[Row] = []
    if not options.no_loading and not options.case:
        for found in (first_load(), large_file(clips.make("mp4"))):
            rows += found
            print_rows(console, found, {})
    for pair in options.pair or _PAIRS:
        one, other = pair.split("+")
        name = f"{one}, {other}"
        console.print(f"[bold]{name}[/]")
        with web_rig(clip, (one, other), hear=not options.silent) as rig:
            for case, measure in CASES.items():
                if options.case and case not in options.case:
                    continue
                began = time.monotonic()
                found = measure(rig, name)
                rig.part()
                rows += found
                print_rows(console, found, {})
                console.print(f"  ({time.monotonic() - began:.0f} s)")
    about = machine({"chromium": _version(CHROMIUM), "firefox": _version(FIREFOX)})
    print_rows(console, rows, about)
    _BUILD.mkdir(parents=True, exist_ok=True)
    (_BUILD / "web.json").write_bytes(msgspec.json.encode({"machine": about, "rows": rows}))
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
