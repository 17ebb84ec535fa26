"""What a viewer's daemon costs, and what VLC costs all by itself."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Plain", "Usage", "plain_player", "used_by"]

_PLAYER: Final = """
import sys, time, vlc
instance = vlc.Instance(sys.argv[2:])
player = instance.media_player_new()
player.set_media(instance.media_new_path(sys.argv[1]))
player.play()
print("playing", flush=True)
sys.stdin.read()
"""
"""The same bindings as the daemon's, and nothing else: the interpreter's own memory is on both sides."""


class Usage(NamedTuple):
    """A process until now: seconds of processor, bytes of memory (resident set size)."""

    at: float
    processor: float
    memory: int


class Plain(NamedTuple):
    share: float
    """Of one core."""
    memory: int


def used_by(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")
    kibibytes = next(int(line.split()[1]) for line in rollup if line.startswith("Rss:"))
    return Usage(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), kibibytes << 10)


def plain_player(film: Path, environment: Mapping[str, str], *, seconds: float) -> Plain:
    """Play the film with bare libVLC, with the options that a viewer's VLC has, and see what that costs."""
    options = [*environment.get("HANG_VLC_OPTIONS", "").split(), "--no-audio-time-stretch", "--no-lua", "--quiet"]
    if "PULSE_SERVER" not in environment:
        options.append("--aout=dummy")
    words = [sys.executable, "-c", _PLAYER, str(film), *options]
    with subprocess.Popen(
        words, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as player:
        assert player.stdout is not None
        player.stdout.readline()
        time.sleep(3)
        before = used_by(player.pid)
        time.sleep(seconds)
        after = used_by(player.pid)
        player.kill()
    return Plain((after.processor - before.processor) / (after.at - before.at), after.memory)
