"""`make damaged`: give a daemon with real libVLC one damaged film after the other, and count what becomes of it.

The films are the same for the same seed. One that kills the daemon, or takes longer than the deadlines allow, is kept
in build/damaged, and its index is printed; ``--only`` repeats it.
"""

import argparse
import collections
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.clips.damage import damage, sources
from tests.support.daemons.endurance import ANSWER_SECONDS, Endurance, Fate
from tests.support.desktop.screen import private_display

__all__ = ["films", "main"]

_BUILD: Final = Path(__file__).parents[2] / "build"
_KEPT: Final = _BUILD / "damaged"
_EVERY: Final = 50


def films(seed: int, indices: Iterator[int] | range, folder: Path, whole: list[Path]) -> Iterator[tuple[int, Path]]:
    """Yield the films of these indices with their paths, each until the next is made."""
    for index in indices:
        source = whole[index % len(whole)]
        path = folder / f"damaged-{index}{source.suffix}"
        path.write_bytes(damage(source.read_bytes(), random.Random(f"{seed}:{index}")))
        try:
            yield index, path
        finally:
            path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make damaged ARGS=", description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, metavar="INDEX")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="INDEX", help="only this film, and keep it")
    parser.add_argument("--shown", action="store_true", help="with a picture, on a display of its own")
    options = parser.parse_args()
    indices = range(options.first, options.first + options.count)
    if options.only is not None:
        indices = range(options.only, options.only + 1)
    fates: collections.Counter[tuple[Fate, str]] = collections.Counter()
    whole = sources(_BUILD / "damaged-sources")
    bad = []
    output = "xcb_x11" if options.shown else "dummy"
    with (
        tempfile.TemporaryDirectory(prefix="hang-damaged-") as folder,
        private_display() if options.shown else contextlib.nullcontext("") as display,
        Endurance(Path(folder), f"--vout={output} --aout=dummy", display=display) as daemon,
    ):
        for index, film in films(options.seed, indices, Path(folder), whole):
            began, daemon.slowest = time.monotonic(), 0.0
            fate = daemon.watch(film)
            fates[fate, film.suffix] += 1
            slow = daemon.slowest > ANSWER_SECONDS
            if fate == "died" or slow or options.only is not None:
                _KEPT.mkdir(parents=True, exist_ok=True)
                (_KEPT / film.name).write_bytes(film.read_bytes())
                why = f"the daemon died ({daemon.ended_by})" if fate == "died" else f"{daemon.slowest:.1f} s"
                bad.append(f"seed {options.seed}, index {index}, {film.name}: {fate}, {why}")
                print(bad[-1], flush=True)
            if (took := time.monotonic() - began) > 8:
                print(f"index {index} ({film.name}): {fate} after {took:.1f} s", flush=True)
            if index % _EVERY == 0:
                size = daemon.memory() / 2**20
                print(f"{index}: {size:.0f} MiB, {daemon.threads()} threads, {daemon.files()} files", flush=True)
        lost = Path(folder, "hangd.log").read_text(errors="replace").count("the player is lost")
    print(f"players replaced: {lost}")
    for (fate, suffix), count in sorted(fates.items()):
        print(f"{fate:8} {suffix:5} {count}")
    return 1 if any("died" in line for line in bad) else 0


if __name__ == "__main__":
    sys.exit(main())
