"""Where traces go: files in the state directory, readable by their owner alone. The newest few stay."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

__all__ = ["write_trace"]

_KEPT: Final = 5
"""Traces that stay: of a megabyte or two each, so that nobody has to tidy up after them."""


def write_trace(folder: Path, lines: Iterable[bytes], now: datetime) -> Path:
    """Write a trace of the moment ``now`` (UTC) into ``folder``, delete the oldest ones, and return its path.

    Raises:
        OSError: it can not be written. Nothing of it is left then.
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
    for old in sorted(folder.glob("trace-*.jsonl"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path
