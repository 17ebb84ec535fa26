"""Lateness: how late this machine lets a process go on, while a block runs.

For tests of what must happen within seconds: a node that the machine holds up for longer than a fault of the test does
has another fault.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Final

__all__ = ["Lateness", "lateness"]

_PAUSE: Final = 0.02


class Lateness:
    def __init__(self) -> None:
        self.most = 0.0
        """By how many seconds a thread that slept was woken too late, at the most."""


@contextlib.contextmanager
def lateness() -> Iterator[Lateness]:
    """Measure while the block runs."""
    measured, ends = Lateness(), threading.Event()

    def measure() -> None:
        while not ends.is_set():
            began = time.monotonic()
            time.sleep(_PAUSE)
            measured.most = max(measured.most, time.monotonic() - began - _PAUSE)

    thread = threading.Thread(target=measure, name="measures how late the machine is", daemon=True)
    thread.start()
    try:
        yield measured
    finally:
        ends.set()
        thread.join()
