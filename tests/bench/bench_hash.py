"""The speed of hashing a whole file, compared with `openssl dgst -sha256`: `python -m tests.bench.bench_hash`.

Prints both speeds in MB/s (the best of several alternating rounds) and their ratio. Exits with 1 if the ratio is below
the promised one. The file's content is random and in the page cache, so reading and hashing are measured, not the disk.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from hangd.client.media.files import MediaFiles

PROMISED: Final = 0.9
MIB: Final = 1024 * 1024


def ours(path: Path) -> str:
    return asyncio.run(MediaFiles().whole_hash(str(path), lambda done, total: None))


def openssl(path: Path) -> str:
    command = ["openssl", "dgst", "-sha256", "-r", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]


def quick(path: Path) -> str:
    return asyncio.run(MediaFiles().quick(str(path))).quick_hash or ""


def timed(work: Callable[[Path], str], path: Path) -> tuple[str, float]:
    begun = time.perf_counter()
    result = work(path)
    return result, time.perf_counter() - begun


@click.command()
@click.option("--mebibytes", default=512, show_default=True, help="Size of the file.")
@click.option("--rounds", default=5, show_default=True, help="Rounds; the best one counts.")
def main(mebibytes: int, rounds: int) -> None:
    """Compare hangd's hashing of a whole file with openssl's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film")
        with path.open("wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(MIB))
        best_ours = best_openssl = best_quick = float("inf")
        for _ in range(rounds):
            our_hash, our_seconds = timed(ours, path)
            their_hash, their_seconds = timed(openssl, path)
            _, quick_seconds = timed(quick, path)
            assert our_hash == their_hash
            best_ours = min(best_ours, our_seconds)
            best_openssl = min(best_openssl, their_seconds)
            best_quick = min(best_quick, quick_seconds)
    megabytes = mebibytes * MIB / 1e6
    ratio = best_openssl / best_ours
    click.echo(f"file                {megabytes:8.0f} MB")
    click.echo(f"openssl dgst        {megabytes / best_openssl:8.0f} MB/s")
    click.echo(f"hangd, whole hash   {megabytes / best_ours:8.0f} MB/s")
    click.echo(f"ratio               {ratio:8.2f}  (promised: at least {PROMISED})")
    click.echo(f"hangd, quick hash   {best_quick * 1000:8.1f} ms")
    sys.exit(0 if ratio >= PROMISED else 1)


if __name__ == "__main__":
    main()
