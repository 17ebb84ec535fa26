"""Write traces to files in the state directory that only their owner can read, and delete old ones."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

_FILES_KEPT: Final = 5
"""Chosen: traces are a megabyte or two each, and nobody should have to delete them by hand."""


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
