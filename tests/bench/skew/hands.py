"""Hands on both viewers' mice: the controller stays in sight and is drawn again all the time, and messages come up.

What is drawn above the picture must not cost the picture its time; this lets the rig measure that.
"""

import contextlib
import itertools
import threading
from collections.abc import Iterator, Sequence
from typing import Final

from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.support.daemons.party import Person

__all__ = ["moving"]

_MOVES: Final = 20
"""A second, on each screen."""
_TEXT_SECONDS: Final = 2.0
"""Between two messages."""


@contextlib.contextmanager
def moving(people: Sequence[Person]) -> Iterator[None]:
    """Move both mice over the lower part of the screens, and let the viewers be told something, until the end."""
    ended = threading.Event()
    displays = [Display(viewer.environment["DISPLAY"]) for viewer in people]

    def move() -> None:
        for step in itertools.count():
            if ended.wait(1 / _MOVES):
                return
            for display in displays:
                screen = display.screen()
                across = 0.1 + 0.8 * abs((step % 80) / 40 - 1)
                x, y = round(screen.width_in_pixels * across), round(screen.height_in_pixels * 0.94)
                xtest.fake_input(display, X.MotionNotify, x=x, y=y)
                display.flush()

    def tell() -> None:
        for step in itertools.count():
            if ended.wait(_TEXT_SECONDS):
                return
            people[step % len(people)].run("say", f"this is line {step}")

    threads = [threading.Thread(target=work, daemon=True) for work in (move, tell)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        for display in displays:
            display.close()
