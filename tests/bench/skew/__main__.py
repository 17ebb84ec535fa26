"""`make bench-skew`: measures how far apart two viewers are, by the pictures on their screens and by their recorded
sound, and does the same with Syncplay. Arguments select films and cases; see ``--help``.
"""

import argparse
import contextlib
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from tests.bench.skew import clips, peers, sound
from tests.bench.skew.cases import CASES, FAR, SPECIAL, Case, Row
from tests.bench.skew.hands import moving
from tests.bench.skew.report import machine, plot, print_table, write_json
from tests.bench.skew.rig import Rig, rig
from tests.support.desktop.framebuffer import virtual_screen
from tests.support.desktop.skew import distances, watching
from tests.support.figures import percentile
from tests.support.network.badlink import BadLink

__all__ = ["main"]

_BUILD: Final = Path(__file__).parents[3] / "build" / "skew"
_FILMS: Final = ("mp4", "mkv", "webm")
_STEP: Final = 3.0
_TRIALS: Final = 3


def _hang(console: Console, film: str, cases: list[Case], *, hands: bool) -> list[Row]:
    rows: list[Row] = []
    with rig(clips.make(film)) as bench, moving(bench.people) if hands else contextlib.nullcontext():
        for case in cases:
            began = time.monotonic()
            found = case(bench)
            if missed := [row.case for row in found if not row.met]:
                _keep(console, bench, missed[0])
            bench.part()
            rows += found
            for row in found:
                shown = "" if row.p95 is None else f"p95 {row.p95 * 1000:.1f} ms"
                verdict = "met" if row.met else "MISSED"
                console.print(f"  {film}: {row.case}: {verdict}", shown, row.note)
            console.print(f"  ({time.monotonic() - began:.0f} s)")
    return rows


def _keep(console: Console, bench: Rig, case: str) -> None:
    """Save the viewers' traces of the last minutes, for `hangd replay`, and their logs."""
    for number, viewer in enumerate(bench.people):
        about = _BUILD / re.sub(r"\W+", "-", f"missed {bench.clip.name} {case} {number}")
        about.parent.mkdir(parents=True, exist_ok=True)
        about.with_suffix(".log").write_text(viewer.log)
        dump = viewer.run("debug", "dump", about.with_suffix(".jsonl"))
        console.print(f"  kept: {about}.log", dump.stderr)


def _syncplay(console: Console, film: str, *, far: bool) -> list[Row]:
    """Put Syncplay's viewers through the same steps. Its rows have no goals."""
    clip = clips.make(film)
    link = partial(BadLink, out=0.100, back=0.100, jitter=0.030) if far else None
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="hang-bench-") as folder,
        virtual_screen() as left,
        virtual_screen() as right,
        watching(left, right) as (one, other),
        peers.Syncplay(clip.path, (left.display, right.display), Path(folder), far=link) as pair,
    ):

        def measure(case: str, steps: list[Callable[[], object]]) -> None:
            found = []
            for step in steps:
                step()
                time.sleep(1.0)
                began = time.monotonic()
                time.sleep(_STEP)
                found += distances(one, other, began, began + _STEP)
            sizes = [distance.apart for distance in found]
            apart = [(distance.at, distance.apart) for distance in found]
            p95, worst = percentile(sizes), percentile(sizes, 1.0)
            note = f"median {statistics.median(map(abs, sizes)) * 1000:.1f} ms"
            name = f"Syncplay{', far' if far else ''}: {case}"
            rows.append(Row(name, film, "", True, p95, worst, note=note, apart=apart))
            console.print(f"  {name}: p95 {p95 * 1000:.0f} ms")

        def again(by: int) -> None:
            pair.pause(by)
            time.sleep(1.0)
            pair.play(by)

        measure("start", [pair.start])
        measure("seek while playing", [partial(pair.seek, 20.0 + 15 * n, n % 2) for n in range(_TRIALS)])
        measure("pause and play", [partial(again, n % 2) for n in range(_TRIALS)])
    return rows


def _compare(rows: list[Row]) -> list[Row]:
    """Compare hang's rows with Syncplay's: hang must be ten times closer. For the far viewer hang has only one row."""
    compared = []
    for theirs in rows:
        who, _, case = theirs.case.partition(": ")
        if not who.startswith("Syncplay"):
            continue
        wanted = FAR if who.endswith("far") else case
        ours = next((row for row in rows if row.case == wanted and row.clip == theirs.clip), None)
        if ours is not None and ours.p95 and theirs.p95:
            ratio = theirs.p95 / ours.p95
            note = f"{ratio:.0f} x closer than Syncplay"
            compared.append(Row(f"beside {theirs.case}", theirs.clip, "10 x", ratio >= 10, note=note))
    return compared


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-skew ARGS=", description=__doc__)
    parser.add_argument("films", nargs="*", metavar="FILM", help=f"of {', '.join(clips.NAMES)}; {', '.join(_FILMS)}")
    parser.add_argument("--case", action="append", choices=[*CASES, *SPECIAL], help="only this one; may be repeated")
    parser.add_argument("--no-long", action="store_true", help="without the ten minutes")
    parser.add_argument("--no-peers", action="store_true", help="without Syncplay")
    parser.add_argument("--hands", action="store_true", help="with the controller and messages on both pictures")
    options = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
    if missing := clips.available():
        sys.exit(missing)
    for absent in filter(None, (sound.available(), peers.available())):
        console.print(f"left out: {absent}")
    films = options.films or list(_FILMS)
    names = options.case or [*CASES, "slow-file", *([] if options.no_long else ["undisturbed"])]
    rows: list[Row] = []
    for film in films if any(name in CASES for name in names) else []:
        console.print(f"[bold]{film}[/]")
        rows += _hang(console, film, [case for name, case in CASES.items() if name in names], hands=options.hands)
    for name, (film, case) in SPECIAL.items():
        if name in names:
            rows += _hang(console, film, [case], hands=options.hands)
    if not options.no_peers and not options.case and peers.available() is None:
        console.print("[bold]Syncplay[/]")
        rows += _syncplay(console, films[0], far=False)
        rows += _syncplay(console, films[0], far=True)
        rows += _compare(rows)
    about = machine({"VLC": _vlc_version()} | ({} if peers.available() else {"peer": peers.versions()}))
    print_table(console, rows, about)
    write_json(_BUILD / "skew.json", rows, about)
    plot(_BUILD / "skew.png", rows)
    console.print(f"{_BUILD}/skew.json, skew.png")
    return 0 if all(row.met for row in rows) else 1


def _vlc_version() -> str:
    from hangd.player.vlc.libvlc import load_bindings, version

    return version(load_bindings())


if __name__ == "__main__":
    sys.exit(main())
