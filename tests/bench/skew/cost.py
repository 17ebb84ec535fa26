"""Processor time and memory of a viewer's daemon, and of plain VLC."""

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Cost", "Usage", "between", "plain_players", "used_by"]

_PLAYER: Final = """
import sys, time, vlc
instance = vlc.Instance(sys.argv[3:])
player = instance.media_player_new()
player.set_media(instance.media_new_path(sys.argv[1]))
player.play()
time.sleep(1)
player.set_time(int(sys.argv[2]))
print("playing", flush=True)
sys.stdin.read()
"""
"""A player with the same bindings as the daemon, so that the interpreter's memory is in both measurements.

It seeks once, as a viewer does. Without a seek, libVLC 3 reads a webm into memory to its end within a second, and its
input does nothing from then on; after any seek it reads while it plays.
"""


class Usage(NamedTuple):
    """What a process has used until ``at``: seconds of processor time, and bytes of memory (resident set size)."""

    at: float
    processor: float
    memory: int


class Cost(NamedTuple):
    share: float
    """Of one core."""
    memory: int


def used_by(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")
    kibibytes = next(int(line.split()[1]) for line in rollup if line.startswith("Rss:"))
    return Usage(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), kibibytes << 10)


def plain_players(
    film: Path, environments: Sequence[Mapping[str, str]], *, position: float, settling: float, seconds: float
) -> Cost:
    """Play the film from ``position`` with plain libVLC on each screen at the same time, with a viewer's VLC options.

    Returns the cost of one of them from ``settling`` seconds on.
    """
    with contextlib.ExitStack() as stack:
        players = [stack.enter_context(_playing(film, position, environment)) for environment in environments]
        time.sleep(settling)
        before = [used_by(player.pid) for player in players]
        time.sleep(seconds)
        return between(before, [used_by(player.pid) for player in players])


def between(before: Sequence[Usage], after: Sequence[Usage]) -> Cost:
    """Return the cost of one of several equal processes between two measurements. The memory is that of the largest.

    The share is the mean, because the process on the busier core takes up to a sixth more for the same work.
    """
    share = statistics.mean((b.processor - a.processor) / (b.at - a.at) for a, b in zip(before, after, strict=True))
    return Cost(share, max(usage.memory for usage in after))


@contextlib.contextmanager
def _playing(film: Path, position: float, environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    options = [*environment.get("HANG_VLC_OPTIONS", "").split(), "--no-audio-time-stretch", "--no-lua", "--quiet"]
    if "PULSE_SERVER" not in environment:
        options.append("--aout=dummy")
    words = [sys.executable, "-c", _PLAYER, str(film), str(round(position * 1000)), *options]
    with subprocess.Popen(
        words, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as player:
        try:
            assert player.stdout is not None
            player.stdout.readline()
            yield player
        finally:
            player.kill()
