"""Follow a daemon until interrupted, and reconnect when it restarts: for observe, events, status -F and watch.

When the daemon goes away, that is reported once. Then its socket is tried again with an increasing pause until a daemon
answers there. It has to be tried, because the system does not tell when another process opens a socket.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NoReturn

from hangctl.client import Connection, Message, NoDaemon, TimedOut, wait_readable
from hangctl.options import Settings

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two attempts to reach a daemon that went away. A restart takes less than a second."""


def follow(
    settings: Settings,
    session: Callable[[Connection], None],
    *,
    on_absence: Callable[[str], None],
    required: bool = True,
) -> NoReturn:
    """Call ``session`` with a connection, and call it again with a new one each time the daemon came back.

    Args:
        session: Works until the connection raises NoDaemon or TimedOut. It must not return.
        on_absence: Called once for each absence of the daemon, with a sentence for the user.
        required: Whether a daemon must answer at the start.

    Raises:
        NoDaemon, TimedOut: A required daemon was not there, or did not answer, at the start.
        TimedOut: --timeout was given, and the daemon stayed away for longer.
        BrokenPipeError: Nobody reads stdout any more.
        Exception: Whatever else ``session`` raises.
    """
    output = sys.stdout.fileno()
    absence = _Absence(settings, output)
    while True:
        try:
            with settings.connect() as connection:
                connection.stop_when_closed(output)
                # A process that accepts the connection may still hang, or may be about to close, so ask something.
                connection.request(["client_name"], action="follow the daemon")
                absence.end()
                required = False
                session(connection)
        except (NoDaemon, TimedOut) as error:
            if required:
                raise
            if absence.begin():
                on_absence(f"{error}; waiting for it")
        absence.pause()


class _Absence:
    """How long the daemon has been away, and how long to pause before the next attempt."""

    def __init__(self, settings: Settings, output: int) -> None:
        self._longest = settings.timeout or None
        self._output = output
        self._since: float | None = None
        self._next_pause = _FIRST_PAUSE

    def begin(self) -> bool:
        """Note that the daemon is away. Returns false if that was known."""
        if self._since is not None:
            return False
        self._since = time.monotonic()
        return True

    def end(self) -> None:
        self._since, self._next_pause = None, _FIRST_PAUSE

    def pause(self) -> None:
        """Wait before the next attempt. Raises TimedOut and BrokenPipeError as ``follow`` does."""
        pause = self._next_pause
        self._next_pause = min(2 * self._next_pause, _LONGEST_PAUSE)
        if self._longest is not None and self._since is not None:
            left = self._since + self._longest - time.monotonic()
            if left <= 0:
                raise TimedOut(f"the daemon did not come back within {self._longest:g} s")
            pause = min(pause, left)
        wait_readable(self._output, None, pause)


def observe(connection: Connection, *properties: str) -> Iterator[Message]:
    """Yield a property-change event for each property at once, and again whenever one changes.

    Raises NoDaemon when the daemon goes away.
    """
    # The first events may arrive before the answer to the request, and they must not be lost.
    early: list[Message] = []

    def on_event(event: Message) -> bool:
        early.append(event)
        return False

    connection.observe(*properties, on_event=on_event)
    for event in chain(early, events(connection)):
        if event["event"] == "property-change":
            yield event


def events(connection: Connection) -> Iterator[Message]:
    """Yield events as they arrive. Raises NoDaemon when the daemon goes away."""
    while True:
        message = connection.next_message(None)
        if "event" in message:
            yield message


def next_event(connection: Connection, timeout: float) -> Message | None:
    """Return the next event, or None if none arrives within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    with suppress(TimedOut):
        while "event" not in (message := connection.next_message(deadline - time.monotonic())):
            pass
        return message
    return None
