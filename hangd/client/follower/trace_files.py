"""Write traces to files in the state directory that only their owner can read, and delete old ones."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hangd.client.control.port import CommandRefused
from hangd.client.follower.driver import FollowerDriver
from hangd.engine.trace.trace import FORMAT, Header, encode
from hangd.paths import state_dir
from hangd.tasks import in_thread

_FILES_KEPT: Final = 5
"""Chosen: traces are a megabyte or two each, and nobody should have to delete them by hand."""
_SECONDS: Final = 30.0
"""How long writing one may take, on a disk that sleeps."""


async def dump_trace(driver: FollowerDriver, version: str, player: str | None) -> str:
    """Write what this follower did recently into the state directory, and return the path.

    Args:
        version: hangd's.
        player: the player's name and version.

    Raises:
        CommandRefused: it cannot be written.
    """
    now = datetime.now(UTC)
    date = now.isoformat(timespec="seconds")
    header = Header(format=FORMAT, hangd=version, policies=driver.follower.policies, player=player, date=date)
    lines = [encode(header), *driver.recorder.lines()]
    folder = state_dir() / "traces"
    try:
        return str(await in_thread(write_trace, folder, lines, now, deadline=_SECONDS, doing="writing a trace"))
    except OSError as error:
        raise CommandRefused.failed("NotWritten", f"{folder} cannot be written: {error.strerror or error}") from error


def write_trace(folder: Path, lines: Iterable[bytes], now: datetime) -> Path:
    """Write a trace into ``folder``, named after the time ``now`` (UTC), delete the oldest ones, and return its path.

    Raises:
        OSError: the file could not be written. A part that was written has been deleted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"trace-{now:%Y%m%dT%H%M%S.%fZ}.jsonl"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.writelines(lines)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    for old in sorted(folder.glob("trace-*.jsonl"))[:-_FILES_KEPT]:
        old.unlink(missing_ok=True)
    return path
