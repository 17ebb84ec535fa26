"""What Ctrl-C (SIGINT) does to a process of hang: it ends without a word, with exit code 130, whenever it comes.

The entry points ``hangd.__main__`` and ``hangctl.__main__`` call this before they import anything else, because most of
a short command's time goes into imports, and a KeyboardInterrupt there is a traceback on the user's terminal.
"""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

INTERRUPTED = 130
"""The exit code, as shells report a process that SIGINT has ended."""


def end_at_once() -> None:
    """Let SIGINT end the process on the spot. Where it is ignored, as in the background of a shell, it stays so."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)


def interruptible(work: Callable[[], int]) -> int:
    """Return what ``work`` returns, or 130 if SIGINT interrupts it: it gets a KeyboardInterrupt, and can clean up.

    Before and after that, SIGINT ends the process at once. If `end_at_once` was not called, this only calls ``work``.
    """
    if signal.getsignal(signal.SIGINT) is not _end:
        return work()
    try:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = work()
        finally:
            signal.signal(signal.SIGINT, _end)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, _end)
        code = INTERRUPTED
    return code


def _end(_signal: int, _frame: object) -> NoReturn:
    os._exit(INTERRUPTED)
