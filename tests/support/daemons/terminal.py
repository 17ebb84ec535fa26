"""hangctl at a terminal of its own, with a person who answers what it asks."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["at_terminal"]

_PATIENT: Final = 10
"""Seconds without a sign after which something is typed again."""


def at_terminal(
    *words: str,
    environment: Mapping[str, str],
    answers: Iterable[tuple[str, str]] = (),
    timeout: float = 60.0,
    columns: int = 0,
) -> tuple[int, str]:
    """Run hangctl at a terminal. Returns its exit code, and all that appeared there.

    Args:
        answers: what is typed as soon as this question (a regular expression) has appeared since the last answer.
            "\\x03" is Ctrl-C.
        columns: how wide the terminal is. 0: it does not say.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        [sys.executable, "-m", "hangctl.main", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={"TERM": "xterm", **environment},
        start_new_session=True,
        preexec_fn=_as_of_a_shell,
    )
    os.close(theirs)
    deadline = time.monotonic() + timeout
    seen, since, decoder = "", 0, codecs.getincrementaldecoder("utf-8")()
    rest, typed, quiet = list(answers), "", 0
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 1.0)[0]:
                quiet += 1
                if typed == "\x03":  # Python does not notice a signal that comes just before it waits for input.
                    os.write(ours, b"\x03")
                elif typed and quiet % _PATIENT == 0:  # It was thrown away: as a person does who sees nothing happen.
                    os.write(ours, typed.encode() + b"\n")
                continue
            quiet = 0
            try:
                data = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            seen += decoder.decode(data)
            if rest and re.search(rest[0][0], seen[since:]):
                since = len(seen)
                # The question stands before the echo is switched off, and what is typed earlier is thrown away.
                while "assword" in rest[0][0] and _echoes(ours) and time.monotonic() < deadline:
                    time.sleep(0.005)
                typed = rest.pop(0)[1]
                os.write(ours, typed.encode() if typed == "\x03" else typed.encode() + b"\n")
        try:
            code = process.wait(max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end, {len(rest)} questions before its end: {seen!r}") from None
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert not rest, f"never asked for {rest[0][0]}: {seen}"
    return code, seen.replace("\r\n", "\n")


def _as_of_a_shell() -> None:
    """Make standard input this process' terminal, and let Ctrl-C end it, also where the tests run in the background."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
